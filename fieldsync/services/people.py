"""People who sign in, and who reads by the API."""

import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.services.senders import Sender, digest_of, find_sender
from fieldsync.store import people
from fieldsync.store.people import PersonRow

TOKEN_HOURS = 24
"""How long a person's token is good for."""

HASHES_AT_ONCE = 2
"""Each takes 19 MiB and a core for some 30 ms; others wait their turn."""

ROLES = tuple(access.PERSON_ROLES)

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash("nobody has this passphrase")
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)


@dataclass(frozen=True)
class Reader:
    """Who reads: a device with its views, or a person with a role. One of the two is None."""

    association_id: int
    sender: Sender | None
    person: PersonRow | None

    @property
    def permissions(self) -> frozenset[str]:
        """What the reader may do (core.access)."""
        if self.person is not None:
            return access.permissions_of_role(self.person.role)
        return access.permissions_of_device(self.sender.device.kind) if self.sender else frozenset()

    def may(self, permission: str) -> bool:
        """Whether the reader has a permission."""
        return permission in self.permissions


def find_reader(session: Session, token: str, now_ms: int) -> Reader | None:
    """Whoever bears this token; nobody where the device was revoked."""
    found = find_sender(session, token)
    if found is not None:
        return None if found.is_revoked else Reader(found.device.association_id, found, None)
    person = people.find_by_token(session, digest_of(token), now_ms)
    return None if person is None else Reader(person.association_id, None, person)


def hash_of(password: str) -> str:
    """Argon2id at 19 MiB and two passes: the parameters for a server with 1 GB of memory."""
    return _hasher.hash(password)


def is_password_of(person: PersonRow | None, password: str) -> bool:
    """Whether the passphrase is the person's; nobody's costs the same hash."""
    with _hashing:
        try:
            _hasher.verify(person.password_hash if person else _nobody, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return person is not None


def sign_in(session: Session, person: PersonRow, token: str, now_ms: int) -> int:
    """Store a new token, forget those that have expired; return when it expires (ms)."""
    expires_ms = now_ms + TOKEN_HOURS * 3600 * 1000
    people.remove_expired(session, person.id, now_ms)
    people.add_token(session, digest_of(token), person.id, expires_ms)
    return expires_ms
