"""Which records merge and un-merge operations speak of."""

from collections.abc import Collection, Iterable

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

GROUP_RECORDS_MAX = 400
"""More records than people ever merge into one; the walk over a hostile chain of merges stops here."""


def add(session: Session, operation_id: int, record_ids: Iterable[int]) -> None:
    """Remember that an act speaks of these records."""
    rows = [(record_id, operation_id) for record_id in sorted(set(record_ids))]
    execute_many(session, "INSERT INTO merge (record_id, operation_id) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
    execute_many(session, "UPDATE record SET merged = ? WHERE id = ?", [(True, row[0]) for row in rows])


def ever_joined(session: Session, record_ids: Collection[int]) -> set[int]:
    """All records that any merge, in force or undone, connects with these."""
    group, front = set(record_ids), set(record_ids)
    while front and len(group) < GROUP_RECORDS_MAX:
        ids = sorted(front)[:GROUP_RECORDS_MAX]
        sql = (
            "SELECT DISTINCT other.record_id FROM merge mine JOIN merge other ON other.operation_id = mine.operation_id"
            f" WHERE mine.record_id IN ({places(len(ids))})"
        )
        front = {row[0] for row in execute(session, sql, ids)} - group
        group |= front
    return group
