"""People who sign in, and what they or a device may read by the API."""

from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from fieldsync.services.senders import Sender, digest_of, find_sender
from fieldsync.store import people
from fieldsync.store.people import PersonRow

TOKEN_HOURS = 24
"""How long a person's token is good for."""

ROLES = ("coordinator", "designer", "association_reviewer", "viewer")
"""Roles that this version knows by name: who may do what is decided in core.access."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash("nobody has this passphrase")


@dataclass(frozen=True)
class Reader:
    """Who reads: a device with its views, or a person with a role. One of the two is None."""

    association_id: int
    sender: Sender | None
    person: PersonRow | None

    @property
    def may_see_history(self) -> bool:
        """Operations, conflicts and quarantine are for those who review, and for hubs."""
        if self.person is not None:
            return self.person.role in ("coordinator", "association_reviewer")
        return self.sender is not None and self.sender.is_hub

    @property
    def may_publish(self) -> bool:
        """Publishing is for designers."""
        return self.person is not None and self.person.role == "designer"

    @property
    def may_see_records(self) -> bool:
        """Designers edit forms and see no records; viewers see totals."""
        return self.sender is not None or self.may_see_history


def find_reader(session: Session, token: str, now_ms: int) -> Reader | None:
    """Whoever bears this token."""
    found = find_sender(session, token)
    if found is not None:
        return None if found.is_revoked else Reader(found.device.association_id, found, None)
    person = people.find_by_token(session, digest_of(token), now_ms)
    return None if person is None else Reader(person.association_id, None, person)


def hash_of(password: str) -> str:
    """Argon2id at 19 MiB and two passes: the parameters for a server with 1 GB of memory."""
    return _hasher.hash(password)


def check(session: Session, email: str, password: str) -> PersonRow | None:
    """The person, if the passphrase is hers; an unknown address costs the same hash."""
    person = people.find(session, email)
    try:
        _hasher.verify(person.password_hash if person else _nobody, password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return person
