"""What `fieldsync doctor` asks of the desk's list and of what it lists."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fieldsync.store.checks import SHOWN_MAX
from fieldsync.store.db import execute
from fieldsync.store.inbox import Tally


def unfollowed(session: Session, name: str, association_id: int) -> frozenset[int]:
    """Records that changed since a follower last looked."""
    sql = (
        "SELECT DISTINCT record_id FROM change_log WHERE association_id = ? AND position > coalesce("
        "(SELECT position FROM follower WHERE name = ? AND association_id = ?), 0)"
        " UNION SELECT record_id FROM touched WHERE follower = ? AND association_id = ?"
    )
    rows = execute(session, sql, (association_id, name, association_id, name, association_id))
    return frozenset(row[0] for row in rows)


def quarantine_beside(session: Session, association_id: int) -> list[int]:
    """Quarantined operations that wait and stand in no list, and those that stand in one and wait no longer."""
    sql = (
        "SELECT q.id FROM quarantine q LEFT JOIN inbox_row r ON r.id = -q.id WHERE q.association_id = ?"
        " AND (q.status = 'quarantined') <> (r.id IS NOT NULL) ORDER BY q.id LIMIT ?"
    )
    return [row[0] for row in execute(session, sql, (association_id, SHOWN_MAX))]


def marks_beside(session: Session, association_id: int, ids: Sequence[int]) -> bool:
    """Whether the marks of the rows in a range of ids are others than the list of marks has."""
    bounds = (association_id, ids[0], ids[-1])
    sql = "SELECT id, marks FROM inbox_row WHERE association_id = ? AND id BETWEEN ? AND ? AND marks <> ''"
    borne = {(row[0], mark) for row in execute(session, sql, bounds) for mark in row[1].split()}
    sql = "SELECT id, mark FROM inbox_mark WHERE association_id = ? AND id BETWEEN ? AND ?"
    return borne != {(row[0], row[1]) for row in execute(session, sql, bounds)}


def counts(session: Session, association_id: int) -> dict[Tally, int]:
    """How many rows of records there are of each kind, form, state and gone."""
    sql = (
        "SELECT kind, of, state, gone, count(*) FROM inbox_row WHERE association_id = ? AND id > 0"
        " GROUP BY kind, of, state, gone"
    )
    return {(row[0], row[1], row[2], row[3]): row[4] for row in execute(session, sql, (association_id,))}
