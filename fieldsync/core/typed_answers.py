"""Answers as somebody types them into a form of a page, and back: texts and values of each type of question."""

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo

from fieldsync.core.answer_text import UnknownValueError, text_of, value_from_text
from fieldsync.core.forms import Question
from fieldsync.core.operations import Value

CONTROLS = {
    "text": "text",
    "integer": "number",
    "decimal": "number",
    "date": "date",
    "time": "time",
    "dateTime": "moment",
    "select_one": "one",
    "select_multiple": "several",
    "boolean": "yes_no",
    "geopoint": "point",
}
"""Types of questions that can be answered on a page, and by which control; others are shown and stay as they are."""

_SPACES = re.compile(r"[\s\u00a0\u202f]+")


def typed(question: Question, value: Value, zone: tzinfo) -> list[str]:
    """The texts that a page's form shows for a value: one, or one for each ticked choice; none where nothing is said.

    Raises UnknownValueError for a sealed answer.
    """
    if value is None:
        return []
    if isinstance(value, dict) and "set" in value:
        return [str(each) for each in value["set"]]
    text = text_of(value)
    return [_local(text, zone) if question.type == "dateTime" else text] if text else []


def _local(text: str, zone: tzinfo) -> str:
    """A moment as `2026-11-23T16:20` in the programme's zone; as it is where it is none."""
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return text
    here = stated.astimezone(zone) if stated.tzinfo else stated
    return here.isoformat(timespec="minutes")[:16]


def answered(question: Question, texts: Sequence[str], before: Value, zone: tzinfo) -> Value:
    """The value that the texts of a form mean; `before` where they are the ones that it would show for that.

    What does not fit the type stays text, so that the check of types names it.
    """
    given = [text for text in (each.replace("\r\n", "\n").strip() for each in texts) if text]
    try:
        if given == [text.strip() for text in typed(question, before, zone)]:
            return before
    except UnknownValueError:
        return before
    if not given:
        return None
    if question.type == "select_multiple":
        return {"set": given}
    return _one(question.type, given[0], zone)


def _one(question_type: str, text: str, zone: tzinfo) -> Value:
    if question_type in ("integer", "decimal"):
        text = _SPACES.sub("", text).replace(",", ".").replace("−", "-")
    if question_type == "geopoint":
        text = _SPACES.sub(" ", text.replace(", ", " "))
    if question_type == "dateTime":
        text = _with_offset(text, zone)
    return value_from_text(question_type, text)


def _with_offset(text: str, zone: tzinfo) -> str:
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if stated.tzinfo or "T" not in text else stated.replace(tzinfo=zone).isoformat(timespec="seconds")
