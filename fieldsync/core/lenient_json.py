"""Reading JSON that msgspec refuses: enough to answer for the one odd operation, and to keep its neighbours."""

import json
import re
from typing import Any

TOKENS_MAX = 2_000_000
"""Texts, brackets and commas read of one body; a full batch of a thousand operations has a tenth of that."""
DEPTH_MAX = 32
"""Brackets inside brackets; the deepest value that the protocol names needs 8."""
_DIGITS_MAX = 17  # 2^53 has 16; a longer number need not be read exactly to be refused

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},"]', re.DOTALL)
_NAME = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:', re.DOTALL)
_CLOSES = {b"[": b"]", b"{": b"}"}


class Repeated(dict[str, Any]):
    """An object that names a member twice."""


def read(raw: bytes) -> Any:
    """The JSON value, with NaN, infinite and huge numbers as floats, and lone surrogates in texts.

    ValueError: not JSON. RecursionError: deeper than Python reads. Bytes that are not UTF-8 become lone surrogates.
    """
    return json.loads(raw.decode("utf-8", "surrogateescape"), object_pairs_hook=_object, parse_int=_integer)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Repeated(members)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS_MAX else float(digits)


def has_repeated_members(value: Any) -> bool:
    """Whether any object inside names a member twice. The value's depth was bounded before."""
    if isinstance(value, dict):
        return isinstance(value, Repeated) or any(map(has_repeated_members, value.values()))
    return isinstance(value, list) and any(map(has_repeated_members, value))


def too_deep(raw: bytes) -> bool:
    """Whether brackets nest deeper than DEPTH_MAX."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for token in _TOKEN.finditer(raw):
        if token[0] in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif token[0] in b"]}":
            depth -= 1
    return False


def members(raw: bytes) -> dict[str, bytes] | None:
    """The members of a JSON object as raw slices, whatever is inside them; None where it is no object."""
    parts = _parts(raw, b"{")
    if parts is None:
        return None
    found: dict[str, bytes] = {}
    for part in parts:
        name = _NAME.match(part)
        if not name:
            return None
        try:
            found[read(name[1])] = part[name.end() :].strip()
        except ValueError:
            return None
    return found


def elements(raw: bytes) -> list[bytes] | None:
    """The elements of a JSON list as raw slices, whatever is inside them; None where it is no list."""
    return _parts(raw, b"[")


def _parts(raw: bytes, opening: bytes) -> list[bytes] | None:
    """What stands between the outermost commas; None where brackets or quotes do not match or nothing stands."""
    text = raw.strip()
    commas = _outermost_commas(text) if text[:1] == opening else None
    if commas is None:
        return None
    starts, ends = [1, *(comma + 1 for comma in commas)], [*commas, len(text) - 1]
    parts = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    if parts == [b""]:
        return []
    return parts if all(parts) else None


def _outermost_commas(text: bytes) -> list[int] | None:
    """Where the commas directly inside the outermost brackets stand; None where that is not one bracketed whole."""
    commas: list[int] = []
    open_brackets: list[bytes] = []
    last = -1
    for count, token in enumerate(_TOKEN.finditer(text)):
        sign, last = token[0], token.end()
        if count > TOKENS_MAX or (count and not open_brackets) or sign == b'"':
            return None
        if sign in _CLOSES:
            open_brackets.append(_CLOSES[sign])
        elif sign in b"]}":
            if open_brackets.pop() != sign:
                return None
        elif sign == b"," and len(open_brackets) == 1:
            commas.append(token.start())
    return None if open_brackets or last != len(text) else commas
