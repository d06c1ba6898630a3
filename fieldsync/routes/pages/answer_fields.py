"""Fields in which people write an answer: by the question's type, with the labels of its choices."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from fieldsync.core.answer_text import UnknownValueError, text_of, value_from_text
from fieldsync.core.answer_types import TEXT_LENGTH_MAX
from fieldsync.core.form_texts import Choices, FormText
from fieldsync.core.forms import Question
from fieldsync.core.operations import Value
from fieldsync.core.registers import same
from fieldsync.core.sets import normal_form

SELECT, SEVERAL, DATE, NUMBER, LINES, LINE = "select", "several", "date", "number", "lines", "line"

LINE_CHARACTERS = 60
"""A longer text is written in several lines."""

CHOICES_MAX = 500
"""Choices offered as a list; of a longer list the name is typed."""

BY_INSTRUMENT = frozenset(("file", "geotrace", "geoshape"))
"""Types whose answers a phone makes; nobody types them."""

THERE = "-there"
"""Ends the name of a hidden field beside each field: boxes that nobody ticks send nothing."""

_BY_TYPE = {"date": DATE, "integer": NUMBER, "decimal": NUMBER, "select_multiple": SEVERAL, "select_one": SELECT}


@dataclass(frozen=True)
class Field:
    """One field of a form. `options`: (name, label) of choices; `chosen`: those that are ticked."""

    name: str
    label: FormText
    kind: str
    text: str = ""
    options: tuple[tuple[str, FormText], ...] = ()
    chosen: tuple[str, ...] = ()


def field(name: str, label: FormText, question: Question | None, value: Value, choices: Choices | None) -> Field:
    """The field for an answer to a question, filled with a value."""
    text = _text(value)
    kind = _BY_TYPE.get(question.type, LINE) if question else LINE
    options = _options(question, choices) if kind in (SELECT, SEVERAL) else ()
    chosen = _chosen(value)
    if kind in (SELECT, SEVERAL) and (not options or len(options) > CHOICES_MAX):
        return Field(name, label, LINE, text)
    if kind == LINE and (len(text) > LINE_CHARACTERS or "\n" in text):
        kind = LINES
    strange = tuple((each, FormText(each)) for each in chosen if each not in {option for option, _ in options})
    return Field(name, label, kind, text, (*options, *strange) if kind in (SELECT, SEVERAL) else (), chosen)


def is_offered(question: Question | None, value: Value) -> bool:
    """Whether an answer can be written by hand: no file, no trace, nothing sealed, nothing that no form asks."""
    return question is not None and question.type not in BY_INSTRUMENT and not (
        isinstance(value, dict) and "sealed" in value
    )  # fmt: skip


def given(name: str, question: Question | None) -> Value:
    """What was written in a field, as a value of the question's type; None where nothing was."""
    text = " ".join(request.form.getlist(name)).replace("\r\n", "\n")[: TEXT_LENGTH_MAX + 1]
    return value_from_text(question.type if question else "text", text)


def is_changed(name: str, question: Question | None, value: Value) -> bool:
    """Whether the form had this field, and it says something else than the value with which it was filled."""
    return f"{name}{THERE}" in request.form and not same(normal_form(given(name, question)), normal_form(value))


def _options(question: Question | None, choices: Choices | None) -> Sequence[tuple[str, FormText]]:
    return choices.pairs(question) if question is not None and choices is not None else ()


def _chosen(value: Value) -> tuple[str, ...]:
    if isinstance(value, dict):
        return tuple(str(each) for each in value.get("set", ()))
    return () if value is None or isinstance(value, list) else (str(value),)


def _text(value: Value) -> str:
    try:
        return text_of(value)
    except (UnknownValueError, AttributeError, TypeError):
        return ""  # a sealed answer, or what has no text in any form
