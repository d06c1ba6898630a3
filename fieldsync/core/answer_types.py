"""What a value of each question type looks like (docs/protocol.md, section 1): a checker names the fault, or None."""

import re
from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache

from fieldsync.core.answer_paths import UUID
from fieldsync.core.operations import Value

Checker = Callable[[Value], str | None]
"""Takes a value that is not null; gives the code of what is wrong with it, or None."""

TEXT_LENGTH_MAX = 32_767
"""Characters; a cell of a spreadsheet holds no more, and exports keep whole answers."""
NUMBER_LENGTH_MAX = 64
"""Characters of a decimal; a double needs 25."""
POINTS_MAX = 5_000
"""Points of a trace or shape: an hour's walk at one a second, and within the 64 KiB of an operation."""
CHOICES_MAX = 1_000
"""Choices in one answer."""
INTEGER_MAX = 2**53 - 1
"""The greatest integer that JavaScript holds exactly."""
FILE_BYTES_MAX = 2**40
"""Bytes that a file may claim to have; what is stored is limited where it is stored."""
FILE_NAME_LENGTH_MAX = 255
ORDER_KEY_LENGTH_MAX = 255

WRONG_TYPE, TOO_LONG, OUT_OF_RANGE = "wrong_type", "too_long", "out_of_range"
UNKNOWN_CHOICE, REPEATED_CHOICE, FORBIDDEN_CHARACTER = "unknown_choice", "repeated_choice", "forbidden_character"

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)").fullmatch
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?"
_TIME = re.compile(_CLOCK).fullmatch
_TIME_OF_DAY = re.compile(f"T{_CLOCK}").fullmatch
_SHA256 = re.compile("[0-9a-f]{64}").fullmatch
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}").fullmatch
_UUID = re.compile(f"(?:uuid:)?{UUID}").fullmatch
_COUNT = re.compile("[0-9]{0,15}").fullmatch
_FILE_MEMBERS = frozenset(("file", "sha256", "size", "type"))
_POINT_AT = frozenset(("lat", "lon"))
_POINT_MEMBERS = _POINT_AT | {"alt", "accuracy"}
_SEALED_MEMBERS = frozenset(("sealed", "header", "keys"))


def wrong_text(value: Value) -> str | None:
    """Text of bounded length, of characters that XML 1.0 can carry."""
    if value.__class__ is not str:
        return WRONG_TYPE
    if len(value) > TEXT_LENGTH_MAX:
        return TOO_LONG
    if not value.isprintable() and _FORBIDDEN.search(value):
        return FORBIDDEN_CHARACTER
    return None


def wrong_integer(value: Value) -> str | None:
    """A JSON integer up to 2^53−1 either way."""
    if value.__class__ is not int:
        return WRONG_TYPE
    return None if -INTEGER_MAX <= value <= INTEGER_MAX else OUT_OF_RANGE


def wrong_decimal(value: Value) -> str | None:
    """Decimal text without exponent, or an integer."""
    if value.__class__ is not str:
        return wrong_integer(value)
    if len(value) > NUMBER_LENGTH_MAX:
        return TOO_LONG
    return None if _DECIMAL(value) else WRONG_TYPE


def wrong_boolean(value: Value) -> str | None:
    """true or false."""
    return None if value is True or value is False else WRONG_TYPE


def wrong_date(value: Value) -> str | None:
    """YYYY-MM-DD, a day that exists."""
    return None if value.__class__ is str and len(value) == 10 and _is_day(value) else WRONG_TYPE


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    """Whether ten characters name a day; the answers of a season name few."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text[4] == "-" and text[7] == "-"


def wrong_time(value: Value) -> str | None:
    """hh:mm, with seconds, fraction and offset where they are known."""
    return None if value.__class__ is str and _TIME(value) else WRONG_TYPE


def wrong_datetime(value: Value) -> str | None:
    """A date, "T" and a time; a date alone is a dateTime whose time nobody stated."""
    if value.__class__ is not str or not _is_day(value[:10]):
        return WRONG_TYPE
    return None if len(value) == 10 or _TIME_OF_DAY(value, 10) else WRONG_TYPE


def wrong_point(value: Value) -> str | None:
    """{lat, lon, alt, accuracy} as decimal texts; alt and accuracy may be absent or null."""
    if value.__class__ is not dict or not _POINT_AT <= value.keys() <= _POINT_MEMBERS:
        return WRONG_TYPE
    for name, number in value.items():
        if number.__class__ is not str:
            if number is not None or name in _POINT_AT:
                return WRONG_TYPE
        elif len(number) > NUMBER_LENGTH_MAX or not _DECIMAL(number):
            return WRONG_TYPE
    return None if _point_in_range(value) else OUT_OF_RANGE


def _point_in_range(point: dict[str, str | None]) -> bool:
    latitude, longitude = float(point["lat"] or ""), float(point["lon"] or "")
    return -90 <= latitude <= 90 and -180 <= longitude <= 180 and float(point.get("accuracy") or 0) >= 0


def wrong_points(value: Value) -> str | None:
    """A trace or shape: a list of points."""
    if value.__class__ is not list:
        return WRONG_TYPE
    if len(value) > POINTS_MAX:
        return TOO_LONG
    return next((fault for fault in map(wrong_point, value) if fault), None)


def wrong_file(value: Value) -> str | None:
    """{file, sha256, size in bytes, media type}; the name is a plain file name."""
    if value.__class__ is not dict or value.keys() != _FILE_MEMBERS:
        return WRONG_TYPE
    name, size, digest, kind = value["file"], value["size"], value["sha256"], value["type"]
    if wrong_text(name) or wrong_text(digest) or wrong_text(kind) or size.__class__ is not int:
        return WRONG_TYPE
    if not name or "/" in name or "\\" in name or name in (".", ".."):
        return WRONG_TYPE
    if len(name) > FILE_NAME_LENGTH_MAX:
        return TOO_LONG
    if not _SHA256(digest) or not _MEDIA_TYPE(kind.partition(";")[0]):
        return WRONG_TYPE
    return None if 0 <= size <= FILE_BYTES_MAX else OUT_OF_RANGE


def wrong_sealed(value: Value) -> str | None:
    """{sealed, header, keys}: an opaque register that only its readers can open."""
    if value.__class__ is not dict or value.keys() != _SEALED_MEMBERS or value["sealed"].__class__ is not str:
        return WRONG_TYPE
    readable = isinstance(value["header"], str | dict) and isinstance(value["keys"], list | dict)
    return None if readable and value["sealed"] and value["keys"] else WRONG_TYPE


def wrong_simple(value: Value) -> str | None:
    """What a calculation or a note may hold: text, a number or a boolean."""
    if value.__class__ is str:
        return wrong_text(value)
    return None if value is True or value is False else wrong_integer(value)


def wrong_order_key(value: Value) -> str | None:
    """The place of an occurrence among its siblings: an integer or a short text."""
    if value.__class__ is not str:
        return wrong_integer(value)
    return TOO_LONG if len(value) > ORDER_KEY_LENGTH_MAX else wrong_text(value)


def one_of(names: Collection[str] | None) -> Checker:
    """A checker of one choice; None where the list is not known here, then any short text will do."""
    if names is None:
        return wrong_text
    known = frozenset(names)

    def wrong_choice(value: Value) -> str | None:
        if value.__class__ is not str:
            return WRONG_TYPE
        return None if value in known else UNKNOWN_CHOICE

    return wrong_choice


def _several(names: Collection[str] | None) -> Checker:
    wrong_choice = one_of(names)

    def wrong_choices(chosen: Value) -> str | None:
        if chosen.__class__ is not list:
            return WRONG_TYPE
        if len(chosen) > CHOICES_MAX:
            return TOO_LONG
        for name in chosen:
            fault = wrong_choice(name)
            if fault:
                return fault
        return None if len(set(chosen)) == len(chosen) else REPEATED_CHOICE

    return wrong_choices


def set_of(names: Collection[str] | None) -> Checker:
    """A checker of {"set": […]}: choices without doubles."""
    wrong_choices = _several(names)

    def wrong_set(value: Value) -> str | None:
        if value.__class__ is not dict or len(value) != 1 or "set" not in value:
            return WRONG_TYPE
        return wrong_choices(value["set"])

    return wrong_set


def ranking_of(names: Collection[str] | None) -> Checker:
    """A checker of an ordered list of choices without doubles."""
    return _several(names)


def sealed_or(checker: Checker) -> Checker:
    """For a P3 question: a sealed register, or what the question takes in the clear."""

    def wrong(value: Value) -> str | None:
        if value.__class__ is dict and "sealed" in value:
            return wrong_sealed(value)
        return checker(value)

    return wrong


def exactly(text: str) -> Checker:
    """A checker of one fixed text."""
    return lambda value: None if value == text else WRONG_TYPE


def wrong_uuid(value: Value) -> str | None:
    """A UUID, with or without "uuid:" before it."""
    return None if value.__class__ is str and _UUID(value) else WRONG_TYPE


def wrong_uuid_or_empty(value: Value) -> str | None:
    """A UUID or nothing."""
    return None if value == "" else wrong_uuid(value)


def wrong_switch(value: Value) -> str | None:
    """An entity declaration's create or update: a boolean, or any text, which is false unless it is "1" or "true"."""
    return None if value is True or value is False else wrong_text(value)


def wrong_count(value: Value) -> str | None:
    """An entity's version: a whole number from 0, as integer or text; empty where it has none."""
    if value.__class__ is int:
        return None if 0 <= value <= INTEGER_MAX else OUT_OF_RANGE
    return None if value.__class__ is str and _COUNT(value) else WRONG_TYPE


PLAIN_CHECKERS: dict[str, Checker] = {
    "text": wrong_text,
    "integer": wrong_integer,
    "decimal": wrong_decimal,
    "date": wrong_date,
    "time": wrong_time,
    "dateTime": wrong_datetime,
    "geopoint": wrong_point,
    "geotrace": wrong_points,
    "geoshape": wrong_points,
    "file": wrong_file,
    "boolean": wrong_boolean,
    "note": wrong_simple,
    "calculate": wrong_simple,
}
CHOICE_CHECKERS: dict[str, Callable[[Collection[str] | None], Checker]] = {
    "select_one": one_of,
    "select_multiple": set_of,
    "rank": ranking_of,
}
ENTITY_CHECKERS: dict[str, Checker] = {
    "id": wrong_uuid_or_empty,
    "create": wrong_switch,
    "update": wrong_switch,
    "baseVersion": wrong_count,
    "trunkVersion": wrong_count,
    "branchId": wrong_uuid_or_empty,
}
