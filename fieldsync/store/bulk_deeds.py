"""States that were given to several records at once, so that they can be taken back."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, places

_COLUMNS = "ticket, person_id, state, records, done_ms, undone_ms, undone, expires_ms"


@dataclass(frozen=True)
class DeedRow:
    """One such deed: `records` is JSON, `undone` how many were taken back."""

    ticket: str
    person_id: int
    state: str
    records: bytes
    done_ms: int
    undone_ms: int
    undone: int
    expires_ms: int


def add(session: Session, row: DeedRow) -> None:
    """Remember a deed."""
    values = (
        row.ticket, row.person_id, row.state, row.records, row.done_ms, row.undone_ms, row.undone, row.expires_ms,
    )  # fmt: skip
    execute(session, f"INSERT INTO bulk_deed ({_COLUMNS}) VALUES ({places(len(values))})", values)


def go_on(session: Session, row: DeedRow) -> None:
    """Note what a deed did further."""
    sql = "UPDATE bulk_deed SET records = ? WHERE ticket = ? AND person_id = ?"
    execute(session, sql, (row.records, row.ticket, row.person_id))


def find(session: Session, ticket: str, person_id: int) -> DeedRow | None:
    """The deed of a ticket, where it is that person's."""
    sql = f"SELECT {_COLUMNS} FROM bulk_deed WHERE ticket = ? AND person_id = ?"
    row = execute(session, sql, (ticket, person_id)).first()
    return DeedRow(*row) if row else None


def of_person(session: Session, person_id: int, since_ms: int, limit: int) -> list[DeedRow]:
    """A person's last deeds, newest first."""
    sql = f"SELECT {_COLUMNS} FROM bulk_deed WHERE person_id = ? AND done_ms >= ? ORDER BY done_ms DESC LIMIT ?"
    return [DeedRow(*row) for row in execute(session, sql, (person_id, since_ms, limit))]


def begin_undoing(session: Session, ticket: str, at_ms: int) -> bool:
    """Note that a deed is taken back; whether it had not been before."""
    sql = "UPDATE bulk_deed SET undone_ms = ? WHERE ticket = ? AND undone_ms = 0"
    return execute(session, sql, (at_ms, ticket)).rowcount == 1


def note_undone(session: Session, ticket: str, undone: int) -> None:
    """Note of how many records a deed was taken back."""
    execute(session, "UPDATE bulk_deed SET undone = ? WHERE ticket = ?", (undone, ticket))


def forget(session: Session, now_ms: int) -> int:
    """Drop what can no longer be taken back; return how many."""
    return execute(session, "DELETE FROM bulk_deed WHERE expires_ms < ?", (now_ms,)).rowcount
