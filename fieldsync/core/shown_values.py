"""An answer as people read it: what kind of thing it is, its text, the labels of its choices."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from fieldsync.core.form_texts import Choices, FormText
from fieldsync.core.forms import Question
from fieldsync.core.observing import point_of
from fieldsync.core.operations import Value

TEXT, NUMBER, DATE, TIME, MOMENT, CHOICES, YES_NO = "text", "number", "date", "time", "moment", "choices", "yes_no"
POINT, POINTS, FILE, SEALED, CLEARED = "point", "points", "file", "sealed", "cleared"

_BY_TYPE = {"integer": NUMBER, "decimal": NUMBER, "date": DATE, "time": TIME, "dateTime": MOMENT}
_LIKE_YEARS = range(1000, 3000)
"""Whole numbers that are as often years: nobody sets their thousands apart."""
SPOTS_MAX = 500
"""Points of a trace or shape that a map shows, taken evenly from all of them."""

_CHOSEN = ("select_one", "select_multiple", "rank")


class ShownValue(NamedTuple):
    """`kind` is one of the words above. `parts`: members of a point or a file; `length`: points of a trace or shape.

    `spots`: (latitude, longitude) of what a map can show of it.
    """

    kind: str
    text: str = ""
    choices: tuple[FormText, ...] = ()
    parts: Mapping[str, str] = {}
    length: int = 0
    spots: tuple[tuple[float, float], ...] = ()


def shown_value(value: Value, question: Question | None, choices: Choices | None) -> ShownValue:
    """A value as it is shown; what is no value of its question's type shows as it is."""
    if value is None:
        return ShownValue(CLEARED)
    if isinstance(value, bool):
        return ShownValue(YES_NO, "true" if value else "false")
    if isinstance(value, dict):
        return _members(value, question, choices)
    if isinstance(value, list):
        return _several(value, question, choices)
    if question is not None and question.type == "select_one" and choices is not None:
        return ShownValue(CHOICES, str(value), (choices.label(question, str(value)),))
    if isinstance(value, int):
        return ShownValue(TEXT if abs(value) in _LIKE_YEARS else NUMBER, str(value))
    return ShownValue(_BY_TYPE.get(question.type if question else "", TEXT), str(value))


def in_words(shown: ShownValue) -> str:
    """A value as a text within another: the labels of its choices, or as it was said."""
    return ", ".join(choice.text for choice in shown.choices) or shown.text


def spots(value: Value) -> tuple[tuple[float, float], ...]:
    """(latitude, longitude) of a point, or of the points of a trace or shape; nothing for any other value."""
    found = [spot for each in (value if isinstance(value, list) else [value]) if (spot := point_of(each)) is not None]
    step = max(1, -(-len(found) // SPOTS_MAX))
    return (*found[::step], *(found[-1:] if step > 1 else ()))


def _members(value: Mapping[str, Value], question: Question | None, choices: Choices | None) -> ShownValue:
    if "set" in value:
        return _chosen(value["set"], question, choices)
    if "lat" in value:
        parts = {name: str(part) for name, part in value.items() if part is not None}
        return ShownValue(POINT, parts=parts, spots=spots(value))
    if "sealed" in value:
        return ShownValue(SEALED)
    if "sha256" in value:
        return ShownValue(FILE, str(value["file"]), parts={name: str(part) for name, part in value.items()})
    return _plain(value)


def _several(values: list[Value], question: Question | None, choices: Choices | None) -> ShownValue:
    if values and all(isinstance(each, dict) and "lat" in each for each in values):
        return ShownValue(POINTS, length=len(values), spots=spots(values))
    if question is not None and question.type in _CHOSEN:
        return _chosen(values, question, choices)
    return _plain(values)


def _chosen(names: list[str], question: Question | None, choices: Choices | None) -> ShownValue:
    labels = [choices.label(question, str(name)) if question and choices else FormText(str(name)) for name in names]
    return ShownValue(CHOICES, " ".join(map(str, names)), tuple(labels))


def _plain(value: Value) -> ShownValue:
    return ShownValue(TEXT, json.dumps(value, ensure_ascii=False))
