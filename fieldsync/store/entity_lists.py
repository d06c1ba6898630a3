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


def page(session: Session, collection_id: int, after_id: int, limit: int) -> list[EntityRow]:
    """The next entities of a collection that are there, in the order of arrival."""
    sql = (
        "SELECT r.id, r.uuid, r.created_by, r.place, r.merged, r.state, (SELECT count(*) FROM operation o"
        " WHERE o.record_id = r.id AND o.status = 'applied') FROM record r WHERE r.collection_id = ? AND r.id > ?"
        " AND NOT r.deleted AND r.merged_into IS NULL ORDER BY r.id LIMIT ?"
    )
    return [EntityRow(*row) for row in execute(session, sql, (collection_id, after_id, limit))]
