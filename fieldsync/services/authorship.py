"""Who speaks under an author: which phone, who at the desk, the server, an import."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store import authors, devices, people
from fieldsync.store.authors import AuthorRow

PHONE, HUB, DESK, OTHER = "phone", "hub", "desk", "other"
UNKNOWN_SHOWN = 8
"""Characters shown of an author whom nobody here knows."""


@dataclass(frozen=True)
class Author:
    """Who speaks under an author; `name` is a phone's, or a colleague's, and empty where there is none."""

    kind: str
    name: str
    is_revoked: bool = False


def named(session: Session, association_id: int, names: Collection[str]) -> dict[str, Author]:
    """Authors by name; one of another association is told like one whom nobody knows."""
    known = authors.named(session, set(names))
    return {name: _author(session, association_id, name, known.get(name)) for name in names}


def _author(session: Session, association_id: int, name: str, row: AuthorRow | None) -> Author:
    if row is None or row.association_id != association_id:
        return Author(OTHER, name[:UNKNOWN_SHOWN])
    device = devices.find(session, row.device_id or row.hub_id or 0)
    if device is not None:
        revoked = device.status == "revoked"
        return Author(HUB if device.kind == "hub" else PHONE, device.name, revoked)
    return Author(DESK, _colleague(session, name)) if row.kind == "desk" else Author(OTHER, "")


def _colleague(session: Session, author: str) -> str:
    """The name of whoever acted at the desk; empty for the operator at the command line."""
    who = author.rpartition("-")[2]
    person = people.find_by_id(session, int(who[1:])) if who[:1] == "p" and who[1:].isdigit() else None
    return "" if person is None else person.name or person.email
