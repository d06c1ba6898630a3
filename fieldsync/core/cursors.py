"""Cursors and witnesses: opaque to devices, signed so that nobody can make one (docs/protocol.md section 5)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from fieldsync.core.roles import PHONE_ROLE

MAC_BYTES = 12

Read = TypeVar("Read")


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a device has read.

    `mode` is records or operations. `positions`: view → position in the association's change log. `leaving`: a view
    that was withdrawn → (next, end) positions of what must still be taken away. `forms`: position of the forms.
    `role`: the phone's when it read this; `former`: those it had before, whose records are still being taken away.
    """

    mode: str
    epoch: str
    positions: Mapping[str, int] = {}
    leaving: Mapping[str, tuple[int, int]] = {}
    whole: Mapping[str, int] = {}
    forms: int = -1
    role: str = PHONE_ROLE
    former: tuple[str, ...] = ()


class Witness(msgspec.Struct, frozen=True):
    """What the server knew when it answered a device.

    `position` is the last of the `association`'s change log, written at `logged_ms`; `known` is author → greatest
    counter.
    """

    epoch: str
    association: int
    position: int
    logged_ms: int
    known: Mapping[str, int]


_cursor_decoder = msgspec.json.Decoder(Cursor)
_witness_decoder = msgspec.json.Decoder(Witness)


def write_cursor(cursor: Cursor, secret: bytes) -> str:
    """The text that a device stores."""
    return _signed(msgspec.json.encode(cursor), secret)


def read_cursor(text: str, secret: bytes) -> Cursor | None:
    """The cursor of such a text; None where this server did not write it."""
    return _read(text, secret, _cursor_decoder)


def write_witness(witness: Witness, secret: bytes) -> str:
    """The text that a device gives back with its next request."""
    return _signed(msgspec.json.encode(witness), secret)


def read_witness(text: str, secret: bytes) -> Witness | None:
    """The witness of such a text; None where this server did not write it."""
    return _read(text, secret, _witness_decoder)


def _signed(body: bytes, secret: bytes) -> str:
    return base64.urlsafe_b64encode(_mac(body, secret) + body).decode().rstrip("=")


def _read(text: str, secret: bytes, decoder: msgspec.json.Decoder[Read]) -> Read | None:
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mac, body = packed[:MAC_BYTES], packed[MAC_BYTES:]
        return decoder.decode(body) if hmac.compare_digest(mac, _mac(body, secret)) else None
    except (binascii.Error, ValueError):
        return None


def _mac(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, hashlib.sha256)[:MAC_BYTES]
