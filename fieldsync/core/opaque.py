"""Row numbers as texts that tell nothing: how many records others have stays theirs."""

import base64
import binascii
import hashlib
import hmac

_NUMBER_BYTES = 8
_MAC_BYTES = 8


def seal_number(number: int, purpose: str, secret: bytes) -> str:
    """A number as a text that only this server reads, and only for the same purpose (`quarantine 7`)."""
    plain = number.to_bytes(_NUMBER_BYTES, "big")
    mac = _mac(plain, purpose, secret)
    return base64.urlsafe_b64encode(mac + _mixed(plain, mac, secret)).decode().rstrip("=")


def open_number(text: str, purpose: str, secret: bytes) -> int | None:
    """The number of such a text; None where this server did not write it, or for another purpose."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(packed) != _MAC_BYTES + _NUMBER_BYTES:
        return None
    mac, mixed = packed[:_MAC_BYTES], packed[_MAC_BYTES:]
    plain = _mixed(mixed, mac, secret)
    return int.from_bytes(plain, "big") if hmac.compare_digest(mac, _mac(plain, purpose, secret)) else None


def _mac(plain: bytes, purpose: str, secret: bytes) -> bytes:
    return hmac.digest(secret, b"number\0" + purpose.encode() + b"\0" + plain, hashlib.sha256)[:_MAC_BYTES]


def _mixed(number: bytes, mac: bytes, secret: bytes) -> bytes:
    """The number under a pad drawn from its own check value: the same pad never covers two numbers."""
    pad = hmac.digest(secret, b"pad\0" + mac, hashlib.sha256)
    return bytes(one ^ other for one, other in zip(number, pad, strict=False))
