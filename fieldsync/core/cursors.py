"""Cursors: opaque to devices, signed so that nobody can make one (docs/protocol.md section 5)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

MAC_BYTES = 12


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a device has read.

    `mode` is records or operations. `positions`: view → position in the association's change log. `leaving`: a view
    that was withdrawn → (next, end) positions of what must still be taken away. `forms`: position of the forms.
    """

    mode: str
    epoch: str
    positions: Mapping[str, int] = {}
    leaving: Mapping[str, tuple[int, int]] = {}
    whole: Mapping[str, int] = {}
    forms: int = -1


_decoder = msgspec.json.Decoder(Cursor)


def write_cursor(cursor: Cursor, secret: bytes) -> str:
    """The text that a device stores."""
    body = msgspec.json.encode(cursor)
    return base64.urlsafe_b64encode(_mac(body, secret) + body).decode().rstrip("=")


def read_cursor(text: str, secret: bytes) -> Cursor | None:
    """The cursor of such a text; None where this server did not write it."""
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mac, body = packed[:MAC_BYTES], packed[MAC_BYTES:]
        return _decoder.decode(body) if hmac.compare_digest(mac, _mac(body, secret)) else None
    except (binascii.Error, ValueError):
        return None


def _mac(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, hashlib.sha256)[:MAC_BYTES]
