"""Where a page of the list begins, as an address says it: no row number leaves the server."""

import base64
import binascii

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.inbox import Filter
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.inbox import Cursor
from fieldsync.services.readers import Reader
from fieldsync.store.inbox_query import KEYS

TEXT_MAX = 400

_SHIFT = 2**62
"""What is added to a row's number, since that of something quarantined is below 0."""

_TYPES = {"kind": str, "of": str, "place": str, "arrived_ms": int, "changed_ms": int, "state": int}


def write(session: Session, reader: Reader, wanted: Filter, cursor: Cursor) -> str:
    """A cursor as a text that fits the same order only."""
    values = base64.urlsafe_b64encode(msgspec.json.encode(cursor.key[:-1])).decode().rstrip("=")
    sealed = seal_number(cursor.key[-1] + _SHIFT, _purpose(wanted), secret_of(session))
    return f"{'b' if cursor.backwards else 'a'}.{sealed}.{values}"


def read(session: Session, reader: Reader, wanted: Filter, text: str) -> Cursor | None:
    """The cursor of such a text; None, the beginning, for any other."""
    parts = text.split(".")
    if len(text) > TEXT_MAX or len(parts) != 3:
        return None
    number = open_number(parts[1], _purpose(wanted), secret_of(session))
    values = _values(parts[2], KEYS[wanted.sort][:-1])
    if number is None or values is None:
        return None
    return Cursor((*values, number - _SHIFT), parts[0] == "b")


def _purpose(wanted: Filter) -> str:
    return f"inbox {wanted.sort}"


def _values(text: str, columns: tuple[str, ...]) -> tuple[object, ...] | None:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        values = msgspec.json.decode(packed, type=list[int | str])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    fits = len(values) == len(columns) and all(
        type(value) is _TYPES[column] for value, column in zip(values, columns, strict=True)
    )
    return tuple(values) if fits and all(_is_storable(value) for value in values) else None


def _is_storable(value: int | str) -> bool:
    return "\0" not in value if isinstance(value, str) else abs(value) < 2**63
