"""Who sends: a device or a hub, and the authors it may speak for."""

import hashlib
from collections.abc import Mapping

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.roles import NO_ROLES, RoleBook
from fieldsync.services import role_book
from fieldsync.store import authors, devices
from fieldsync.store.authors import AuthorRow
from fieldsync.store.devices import DeviceRow, ViewRow


class Sender(msgspec.Struct, frozen=True):
    """A device with its own authors by name (the present one last) and what it may read."""

    device: DeviceRow
    authors: Mapping[str, AuthorRow]
    views: tuple[ViewRow, ...]
    book: RoleBook = NO_ROLES

    @property
    def author(self) -> AuthorRow:
        """Its present author."""
        return list(self.authors.values())[-1]

    @property
    def is_hub(self) -> bool:
        """Whether it relays what others said."""
        return self.device.kind == "hub"

    def opens(self, kind: str, of: str) -> bool:
        """Whether records of a form or list come down to it: a hub relays all, a phone has its role's families."""
        role = self.book.role(self.device.role)
        if self.is_hub or not self.book.roles:
            return True
        return role is not None and role.opens(self.book.family(kind, of))

    @property
    def sees_restricted(self) -> bool:
        """Whether restricted answers (P3) that others wrote come down to it."""
        role = self.book.role(self.device.role)
        return self.is_hub or (role is not None and role.restricted)

    @property
    def is_revoked(self) -> bool:
        """Whether what it says is quarantined and nothing comes down to it."""
        return self.device.status == "revoked"


def digest_of(token: str) -> bytes:
    """What is stored of a token: its SHA-256. Tokens are 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).digest()


def find_sender(session: Session, token: str) -> Sender | None:
    """The device that bears this token, or None."""
    device = devices.find_by_token(session, digest_of(token))
    return None if device is None else load_sender(session, device)


def load_sender(session: Session, device: DeviceRow) -> Sender:
    """A device with its authors and views."""
    own = {author.name: author for author in authors.of_device(session, device.id)}
    return Sender(device, own, tuple(devices.views(session, device.id)), role_book.book(session))
