"""Roles that people hold, and the book that says what a role is."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, places


@dataclass(frozen=True)
class GrantRow:
    """A role that a person holds; `places` are codes with spaces between, none for all."""

    id: int
    uuid: str
    person_id: int
    role: str
    association_id: int | None
    places: str
    team: str
    status: str
    waiver: str
    granted_by: int | None
    confirmed_by: int | None
    granted_ms: int
    ended_ms: int | None


_COLUMNS = (
    "id, uuid, person_id, role, association_id, places, team, status, waiver, granted_by, confirmed_by, granted_ms,"
    " ended_ms"
)


def add(session: Session, row: GrantRow) -> GrantRow:
    """Store a grant; its id is drawn here."""
    sql = (
        "INSERT INTO role_grant (uuid, person_id, role, association_id, places, team, status, waiver, granted_by,"
        f" confirmed_by, granted_ms, ended_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}"
    )
    given = (
        *(row.uuid, row.person_id, row.role, row.association_id, row.places, row.team, row.status, row.waiver),
        *(row.granted_by, row.confirmed_by, row.granted_ms, row.ended_ms),
    )
    return GrantRow(*execute(session, sql, given).one())


def of_person(session: Session, person_id: int) -> list[GrantRow]:
    """What a person holds or is about to hold, oldest first."""
    return of_people(session, [person_id])


def of_people(session: Session, person_ids: Collection[int]) -> list[GrantRow]:
    """What these people hold or are about to hold, oldest first."""
    if not person_ids:
        return []
    sql = (
        f"SELECT {_COLUMNS} FROM role_grant WHERE person_id IN ({places(len(person_ids))})"
        " AND status <> 'withdrawn' ORDER BY id"
    )
    return [GrantRow(*row) for row in execute(session, sql, tuple(person_ids))]


def find(session: Session, person_id: int, uuid: str) -> GrantRow | None:
    """One grant of a person."""
    sql = f"SELECT {_COLUMNS} FROM role_grant WHERE uuid = ? AND person_id = ? AND status <> 'withdrawn'"
    row = execute(session, sql, (uuid, person_id)).first()
    return GrantRow(*row) if row else None


def confirm(session: Session, grant_id: int, by: int | None) -> bool:
    """A second person agreed; whether the grant still waited for one."""
    sql = "UPDATE role_grant SET status = 'active', confirmed_by = ? WHERE id = ? AND status = 'proposed'"
    return execute(session, sql, (by, grant_id)).rowcount == 1


def withdraw(session: Session, grant_id: int, now_ms: int) -> bool:
    """Take a role away; whether it was held until now."""
    sql = "UPDATE role_grant SET status = 'withdrawn', ended_ms = ? WHERE id = ? AND status <> 'withdrawn'"
    return execute(session, sql, (now_ms, grant_id)).rowcount == 1


def read_book(session: Session) -> bytes | None:
    """The role book as JSON, or None where none was loaded."""
    found = execute(session, "SELECT roles FROM server WHERE id = 1").scalar()
    return bytes(found) if found is not None else None


def write_book(session: Session, book: bytes) -> None:
    """Replace the role book."""
    execute(session, "UPDATE server SET roles = ? WHERE id = 1", (book,))
