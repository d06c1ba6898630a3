"""Values as the text that an answer sheet (XML) and an expression see, and back."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from fieldsync.core.answer_types import INTEGER_MAX, NUMBER_LENGTH_MAX
from fieldsync.core.operations import Value

_POINT_PARTS = ("lat", "lon", "alt", "accuracy")

_SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?[Ee][+-]?[0-9]{1,2}").fullmatch
_WHOLE_HOURS = re.compile(r"(.*[0-9]:[0-9.:]+[+-](?:0[0-9]|1[0-4]))").fullmatch


class UnknownValueError(Exception):
    """What cannot be known here: a sealed answer, a random number, a file that is not here. Never a problem."""


def text_of(value: Value) -> str:
    """A value's text; null is empty. Raises UnknownValueError for a sealed answer."""
    if value is None:
        return ""
    if value.__class__ is str:
        return str(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, dict):
        return _text_of_members(value)
    if isinstance(value, list | tuple):
        return _text_of_list(value)
    return str(value)


def _text_of_members(value: Mapping[str, Value]) -> str:
    if "set" in value:
        return " ".join(map(str, value["set"]))
    if "lat" in value:
        return _point_text(value)
    if "sealed" in value:
        raise UnknownValueError("sealed")
    return str(value.get("file", ""))


def _text_of_list(values: list[Value] | tuple[Value, ...]) -> str:
    if values and isinstance(values[0], dict):
        return "; ".join(map(_point_text, values))
    return " ".join(map(str, values))


def _point_text(point: Mapping[str, Value]) -> str:
    parts = [point.get(part) for part in _POINT_PARTS]
    while parts and parts[-1] is None:
        parts.pop()
    return " ".join("0" if part is None else str(part) for part in parts)


def value_from_text(question_type: str, text: str) -> Value:
    """The value that a question of this type has where its answer sheet says `text`; None where it says nothing.

    What does not fit the type stays text, so that the check of types names it. A file needs more than its name.
    """
    if text == "" or (question_type not in _TEXT_TYPES and not text.strip()):
        return None
    reader = _READERS.get(question_type)
    return text if reader is None else reader(text.strip())


def _integer(text: str) -> Value:
    digits = text[1:] if text[0] in "+-" else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 16 or int(digits) > INTEGER_MAX:
        return text
    return int(text)


def _decimal(text: str) -> str:
    """A decimal as it is written; ODK Collect writes ten million as 1.0E7 and a thousandth of a tenth as 1.0E-4."""
    if "E" not in text.upper() or not _SCIENTIFIC(text):
        return text
    plain = format(Decimal(text), "f")
    return plain if len(plain) <= NUMBER_LENGTH_MAX else text


def _time(text: str) -> str:
    """A time or a moment as it is written; older Collects say an offset of whole hours without its minutes."""
    return f"{text}:00" if _WHOLE_HOURS(text) else text


def _boolean(text: str) -> Value:
    return {"true": True, "1": True, "false": False, "0": False}.get(text, text)


def _point(text: str) -> Value:
    parts = text.split()
    if not 2 <= len(parts) <= len(_POINT_PARTS):
        return text
    return dict(zip(_POINT_PARTS, map(_decimal, parts), strict=False))


def _points(text: str) -> Value:
    return [_point(point.strip()) for point in text.rstrip("; ").split(";")]


_TEXT_TYPES = frozenset(("text", "note", "calculate"))
_READERS: dict[str, Callable[[str], Value]] = {
    "integer": _integer,
    "boolean": _boolean,
    "select_multiple": lambda text: {"set": text.split()},
    "rank": lambda text: text.split(),
    "geopoint": _point,
    "geotrace": _points,
    "geoshape": _points,
    "decimal": _decimal,
    "date": str,
    "time": _time,
    "dateTime": _time,
    "select_one": str,
}
