"""Entity lists as phones download them: how often each changed, and its entities with how often each was said."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many


class EntityRow(NamedTuple):
    """Of an entity what a list needs; `version`: how many of its operations are folded, as ODK counts them."""

    id: int
    uuid: bytes
    created_by: int
    place: str
    merged: bool
    state: bytes
    version: int


def note_changed(session: Session, association_id: int, names: Collection[str], position: int) -> None:
    """Something in these lists changed, by a position of the change log."""
    sql = (
        "INSERT INTO entity_list_change (association_id, list, changed) VALUES (?, ?, ?)"
        " ON CONFLICT (association_id, list) DO UPDATE SET changed = excluded.changed"
    )
    execute_many(session, sql, [(association_id, name, position) for name in sorted(names)])


def changed(session: Session, association_id: int, name: str) -> int:
    """The position of the change log by which something in a list changed last, or 0."""
    sql = "SELECT changed FROM entity_list_change WHERE association_id = ? AND list = ?"
    return execute(session, sql, (association_id, name)).scalar() or 0


def page(session: Session, collection_id: int, first: int, end: int, limit: int) -> list[EntityRow]:
    """Entities of a collection that are there, in the order of arrival: from a row id on, up to but not another."""
    sql = (
        "SELECT r.id, r.uuid, r.created_by, r.place, r.merged, r.state, (SELECT count(*) FROM operation o"
        " WHERE o.record_id = r.id AND o.status = 'applied') FROM record r WHERE r.collection_id = ? AND r.id >= ?"
        " AND r.id < ? AND NOT r.deleted AND r.merged_into IS NULL ORDER BY r.id LIMIT ?"
    )
    return [EntityRow(*row) for row in execute(session, sql, (collection_id, first, end, limit))]


def changed_since(session: Session, association_id: int, collection_id: int, position: int) -> list[int]:
    """The row ids of a collection's entities that changed after a position of the change log."""
    sql = (
        "SELECT DISTINCT r.id FROM change_log c JOIN record r ON r.id = c.record_id"
        " WHERE c.association_id = ? AND c.position > ? AND r.collection_id = ?"
    )
    return [row[0] for row in execute(session, sql, (association_id, position, collection_id))]
