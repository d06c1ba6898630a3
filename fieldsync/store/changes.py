"""The dense change log of an association (docs/protocol.md section 5; docs/architecture.md, "The cursor")."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many


class ChangeRow(NamedTuple):
    """One position. `said_by` is the author of a submission operation that simply went on, else 0."""

    position: int
    record_id: int
    operation_id: int | None
    said_by: int
    place: str


class NewChange(NamedTuple):
    """A row to write; its position is drawn last."""

    record_id: int
    operation_id: int | None
    said_by: int
    place: str


def append(
    session: Session, association_id: int, positions: Sequence[int], changes: Sequence[NewChange], now_ms: int
) -> None:
    """Write changes at the positions drawn for them. Nothing else writes this table."""
    sql = (
        "INSERT INTO change_log (association_id, position, record_id, operation_id, said_by, place, logged_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    rows = [(association_id, position, *change, now_ms) for position, change in zip(positions, changes, strict=True)]
    execute_many(session, sql, rows)


def after(session: Session, association_id: int, position: int, through: int, limit: int) -> list[ChangeRow]:
    """Changes after a position, up to and including another, in order."""
    sql = (
        "SELECT position, record_id, operation_id, said_by, place FROM change_log"
        " WHERE association_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?"
    )
    return [ChangeRow(*row) for row in execute(session, sql, (association_id, position, through, limit))]


def logged_ms(session: Session, association_id: int, position: int) -> int | None:
    """When a position was written, in ms since 1970; None where the log does not reach so far, 0 before the first."""
    sql = "SELECT logged_ms FROM change_log WHERE association_id = ? AND position = ?"
    return execute(session, sql, (association_id, position)).scalar() if position else 0


def gaps(session: Session, association_id: int) -> tuple[int, int, int]:
    """(rows, lowest, highest position) of a log: dense when rows = highest and lowest is 1."""
    sql = (
        "SELECT count(*), coalesce(min(position), 0), coalesce(max(position), 0) FROM change_log"
        " WHERE association_id = ?"
    )
    row = execute(session, sql, (association_id,)).one()
    return row[0], row[1], row[2]
