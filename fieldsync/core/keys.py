"""Keys for single purposes, derived from the one key that is kept outside the database."""

import hashlib
import hmac
from functools import lru_cache

KEY_BYTES = 32


@lru_cache(maxsize=64)
def derived(master: bytes, purpose: str) -> bytes:
    """A key for one purpose: HMAC-SHA-256, as HKDF expands."""
    return hmac.digest(master, b"fieldsync key\0" + purpose.encode(), hashlib.sha256)


def digest(master: bytes, purpose: str, text: str) -> bytes:
    """What is stored of a short secret or an address: worthless without the key."""
    return hmac.digest(derived(master, purpose), text.encode(), hashlib.sha256)
