"""Aliases: what stands for an id in an export, and leads back to nobody without the key."""

import hashlib
from collections.abc import Callable

_ALIAS_BYTES = 10  # 80 bits: among ten million records two share an alias once in 20 billion exports


def aliases_under(key: bytes) -> Callable[[str], str]:
    """A function from an id to its alias under a key of at most 64 bytes: "r" and twenty hexadecimal digits."""

    def alias(text: str) -> str:
        return "r" + hashlib.blake2b(text.encode(), digest_size=_ALIAS_BYTES, key=key).hexdigest()

    return alias
