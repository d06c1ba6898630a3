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


def survivors(session: Session, association_id: int, list_name: str, uuids: Collection[bytes]) -> dict[bytes, bytes]:
    """Of those of some entities of a list that are merged away, the UUID of the one that each shows through."""
    wanted, found = sorted(uuids), dict[bytes, bytes]()
    for start in range(0, len(wanted), GROUP_RECORDS_MAX):
        chunk = wanted[start : start + GROUP_RECORDS_MAX]
        sql = (
            "SELECT r.uuid, s.uuid FROM record r JOIN record s ON s.id = r.merged_into"
            " JOIN collection c ON c.id = r.collection_id"
            f" WHERE r.uuid IN ({places(len(chunk))}) AND c.association_id = ? AND c.kind = 'entity' AND c.of = ?"
        )
        rows = execute(session, sql, (*chunk, association_id, list_name))
        found.update((bytes(row[0]), bytes(row[1])) for row in rows)
    return found


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
