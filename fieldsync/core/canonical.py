"""The canonical form of JSON (RFC 8785), and when two operations say the same (docs/protocol.md, section 1)."""

import hashlib
import json
import re
from typing import Any, Never

import msgspec

from fieldsync.core import lenient_json

OPTIONAL_MEMBERS = ("seen", "writes", "bases", "delete", "act")
"""An operation's own members for which absent, [] and {} are equal."""
_FIXED_FROM, _FIXED_BELOW = -7, 21  # powers of ten between which ECMAScript writes a number without an exponent

_string = json.encoder.encode_basestring
_quick_encoder = msgspec.json.Encoder(order="sorted")
_LONG_NUMBER = re.compile(rb"\d{16}").search
_BEYOND_PLANE = re.compile(rb"[\xf0-\xf4]").search


def canonical(value: Any) -> bytes:
    """The RFC 8785 form. ValueError for what has none: lone surrogates, numbers that are not finite, other types."""
    return _written(value).encode()


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict):
        names = sorted(value, key=_utf16)
        return "{" + ",".join(f"{_string(name)}:{_written(value[name])}" for name in names) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    raise ValueError(f"JSON has no {type(value).__name__}")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")


def _number(value: int | float) -> str:
    """As ECMAScript writes the double nearest to it."""
    try:
        double = float(value)
    except OverflowError:
        raise ValueError("not a finite number") from None
    if double != double or double in (float("inf"), float("-inf")):
        raise ValueError("not a finite number")
    if double == 0:
        return "0"
    mantissa, _, exponent = repr(abs(double)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return ("-" if double < 0 else "") + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    """Digits with the decimal point after the first `point` of them (ECMA-262, Number::toString)."""
    if len(digits) <= point <= _FIXED_BELOW:
        return digits.ljust(point, "0")
    if 0 < point <= _FIXED_BELOW:
        return f"{digits[:point]}.{digits[point:]}"
    if _FIXED_FROM < point - 1 <= 0:
        return "0." + "0" * -point + digits
    power = f"e{point - 1:+d}"
    return digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "") + power


class _NotQuickError(ValueError):
    """Something that msgspec does not write as RFC 8785 does."""


def _refuse(_text: str) -> Never:
    raise _NotQuickError


_quick_decoder = msgspec.json.Decoder(float_hook=_refuse)


def sameness(raw: bytes) -> bytes:
    """The digest under which two operations are the same: SHA-256 over the canonical form, 32 bytes.

    Bytes that have no canonical form are only ever the same as themselves.
    """
    try:
        text = _quick_form(raw) or canonical(_own(_read(raw)))
    except (ValueError, RecursionError):
        text = raw
    return hashlib.sha256(text).digest()


def _read(raw: bytes) -> Any:
    if lenient_json.too_deep(raw):
        raise ValueError("too deep to compare")
    value = lenient_json.read(raw)
    if lenient_json.has_repeated_members(value):
        raise ValueError("a member stands twice")
    return value


def _quick_form(raw: bytes) -> bytes | None:
    """The canonical form where msgspec writes the same; None where numbers or the order of names could differ."""
    if b"\\u" in raw or _BEYOND_PLANE(raw) or _LONG_NUMBER(raw):
        return None
    try:
        return _quick_encoder.encode(_own(_quick_decoder.decode(raw)))
    except ValueError:
        return None


def _own(operation: Any) -> Any:
    """The operation without its empty optional members."""
    if isinstance(operation, dict):
        for name in OPTIONAL_MEMBERS:
            if operation.get(name, 0) in ([], {}):
                del operation[name]
    return operation
