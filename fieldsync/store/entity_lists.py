"""Entity lists as phones download them: how often each changed, and its entities with how often each was said."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places


def note_changed(session: Session, association_id: int, names: Collection[str]) -> None:
    """Something in these lists changed."""
    sql = (
        "INSERT INTO entity_list_change (association_id, list, changed) VALUES (?, ?, 1)"
        " ON CONFLICT (association_id, list) DO UPDATE SET changed = entity_list_change.changed + 1"
    )
    execute_many(session, sql, [(association_id, name) for name in sorted(names)])


def changed(session: Session, association_id: int, name: str) -> int:
    """A number that grows whenever something in a list changes."""
    sql = "SELECT changed FROM entity_list_change WHERE association_id = ? AND list = ?"
    return execute(session, sql, (association_id, name)).scalar() or 0


def versions(session: Session, record_ids: Collection[int]) -> dict[int, int]:
    """How many operations of each of these records are folded: its version, as ODK counts them."""
    ids = sorted(record_ids)
    if not ids:
        return {}
    sql = (
        f"SELECT record_id, count(*) FROM operation WHERE record_id IN ({places(len(ids))}) AND status = 'applied'"
        " GROUP BY record_id"
    )
    return {row[0]: row[1] for row in execute(session, sql, ids)}
