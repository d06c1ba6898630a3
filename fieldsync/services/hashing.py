"""Passphrases: hashed by Argon2id, a few at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fieldsync.store.db import Busy

HASHES_AT_ONCE = 2
"""Each takes 19 MiB and a core for some 30 ms; others wait their turn."""

WAIT_SECONDS = 10.0
"""Then the server is busy: a queue of guesses must not hold all its threads."""

NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$OcEKpf+eKdbtZc7kC2iTTA$64aZ2XL5tvpcj5hp4MZFT6iOazSDbusckbWQ5sK9N/A"
"""The hash, by today's parameters, of a passphrase that was drawn at random and thrown away."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _hashing.acquire(timeout=WAIT_SECONDS):
        raise Busy("hashing")
    try:
        yield
    finally:
        _hashing.release()


def hash_of(passphrase: str) -> str:
    """Argon2id at 19 MiB and two passes: the parameters for a server with 1 GB of memory."""
    with _in_turn():
        return _hasher.hash(passphrase)


def is_passphrase(stored: str | None, passphrase: str) -> bool:
    """Whether a passphrase has this hash; where there is none, the same work is done and the answer is no."""
    with _in_turn():
        try:
            _hasher.verify(stored or NOBODY, passphrase)
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
