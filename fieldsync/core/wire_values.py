"""The shapes that a path, an id and a value must have by themselves, without a form (docs/protocol.md, section 1)."""

import re
from functools import lru_cache
from typing import Any, TypeGuard

from fieldsync.core.answer_paths import UUID
from fieldsync.core.operations import OperationId, Value

INTEGER_MAX = 2**53 - 1
"""The largest integer that every JSON reader holds exactly."""
PATH_LENGTH_MAX = 500
"""Characters. XLSForm names are short; nested groups and occurrences add up to 200 or so."""
READABLE_AUTHOR_MAX = 100
"""Characters of an author that an answer repeats, be it valid or not."""
READABLE_COUNTER_MAX = 10**17
"""Likewise for its numbers; a database holds them."""
_INNER_DEPTH_MAX = 8

_STEP = r"[^\x00-\x20\x7f/\[\]@\"'<>\ud800-\udfff]+"
_PATH = re.compile(rf"{_STEP}(?:\[{UUID}\])?(?:/{_STEP}(?:\[{UUID}\])?)*(?:/@{_STEP})?").fullmatch
_AUTHOR = re.compile(r"[a-z0-9-]{1,40}").fullmatch
_RECORD = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]").search
_POINT = frozenset(("lat", "lon", "alt", "accuracy"))
_FILE = frozenset(("file", "sha256", "size", "type"))
_SEALED = frozenset(("sealed", "header", "keys"))


@lru_cache(maxsize=4096)
def is_path(path: str) -> bool:
    """Steps joined by "/", each with an occurrence's [UUID] or not; an attribute (@id) may come last."""
    return len(path) <= PATH_LENGTH_MAX and _PATH(path) is not None


@lru_cache(maxsize=128)
def occurrences_among(paths: tuple[str, ...]) -> tuple[str, ...] | None:
    """The occurrences' own paths; None unless all are paths. The operations of a form name much the same ones."""
    return tuple(path for path in paths if path[-1] == "]") if all(map(is_path, paths)) else None


@lru_cache(maxsize=4096)
def is_author(author: str) -> bool:
    return _AUTHOR(author) is not None


def is_uuid(value: Any) -> bool:
    """A UUID's canonical text, in lower case."""
    return type(value) is str and _RECORD(value) is not None


def is_text(value: Any) -> bool:
    """Text without U+0000 and lone surrogates."""
    return type(value) is str and not _NOT_TEXT(value)


def integer(value: Any) -> int | None:
    """The integer that a JSON number stands for (1.0 is 1), within ±(2^53-1); None for anything else."""
    value = _as_integer(value)
    return value if type(value) is int and -INTEGER_MAX <= value <= INTEGER_MAX else None


def _as_integer(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value


def readable_id(value: Any) -> OperationId | None:
    """What an answer can repeat: [text, integer] or [text, integer, integer], be it valid or not."""
    if _is_usual_id(value):
        return value
    if not isinstance(value, list | tuple) or len(value) not in (2, 3):
        return None
    author, numbers = value[0], [_as_integer(number) for number in value[1:]]
    if not is_text(author) or len(author) > READABLE_AUTHOR_MAX:
        return None
    if any(type(number) is not int or abs(number) > READABLE_COUNTER_MAX for number in numbers):
        return None
    return (author, *numbers)


def _is_usual_id(value: Any) -> TypeGuard[OperationId]:
    """Whether it plainly is what devices say: a tuple of an author and a count."""
    return (
        type(value) is tuple
        and len(value) == 2
        and type(value[1]) is int
        and 1 <= value[1] <= INTEGER_MAX
        and type(value[0]) is str
        and is_author(value[0])
    )


def valid_id(value: Any) -> OperationId | None:
    """An operation's id; None where it breaks a rule."""
    id = readable_id(value)
    return id if id and is_author(id[0]) and all(1 <= number <= INTEGER_MAX for number in id[1:]) else None


def normal_value(value: Value) -> Value:
    """The value with integers as integers. ValueError where it has none of the shapes that an answer has."""
    if value is None or type(value) is bool or is_text(value):
        return value
    number = integer(value)
    if number is not None:
        return number
    if type(value) is list and all(is_text(item) or is_point(item) for item in value):
        return value
    if isinstance(value, dict):
        return _normal_object(value)
    raise ValueError("no answer has this shape")


def _normal_object(value: dict[str, Any]) -> Value:
    names = value.keys()
    if is_set(value) or is_point(value):
        return value
    if names <= _FILE and is_text(value.get("file")) and is_text(value.get("sha256")):
        size, kind = integer(value.get("size", 0)), value.get("type", "")
        if size is not None and is_text(kind):
            return {**value, "size": size} if "size" in value else value
    elif names == _SEALED and is_plain(value):
        return value
    raise ValueError("no answer has this shape")


def is_set(value: Any) -> bool:
    """{"set": [choice, …]}."""
    return isinstance(value, dict) and value.keys() == {"set"} and _are_texts(value["set"])


def _are_texts(value: Any) -> bool:
    return type(value) is list and all(map(is_text, value))


def is_point(value: Any) -> bool:
    """{lat, lon, alt, accuracy} as texts; the last two may be absent or null."""
    if not isinstance(value, dict) or not {"lat", "lon"} <= value.keys() <= _POINT:
        return False
    return all(is_text(item) or (item is None and name in ("alt", "accuracy")) for name, item in value.items())


def is_order_key(value: Value) -> bool:
    """What an occurrence's own path holds: text or an integer; null removes it."""
    return value is None or type(value) is int or is_text(value)


def is_plain(value: Any, depth: int = 0) -> bool:
    """JSON without fractions, U+0000 and lone surrogates, not deep."""
    if depth > _INNER_DEPTH_MAX:
        return False
    if isinstance(value, dict):
        return all(is_text(name) and is_plain(item, depth + 1) for name, item in value.items())
    if type(value) is list:
        return all(is_plain(item, depth + 1) for item in value)
    return value is None or type(value) is bool or is_text(value) or integer(value) is not None
