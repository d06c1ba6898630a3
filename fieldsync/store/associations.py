"""Associations and the collections of records that they own."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, places


@dataclass(frozen=True)
class AssociationRow:
    """An association as stored."""

    id: int
    slug: str
    name: str


class CollectionRow(msgspec.Struct, frozen=True):
    """The records of one association, kind and form or entity list."""

    id: int
    association_id: int
    kind: str
    of: str


def add(session: Session, slug: str, name: str) -> AssociationRow:
    """Store a new association; its change log begins at 0."""
    sql = "INSERT INTO association (slug, name, position, forms_position) VALUES (?, ?, 0, 0) RETURNING id"
    return AssociationRow(execute(session, sql, (slug, name)).scalar_one(), slug, name)


def find(session: Session, slug: str) -> AssociationRow | None:
    """The association of that slug."""
    row = execute(session, "SELECT id, slug, name FROM association WHERE slug = ?", (slug,)).first()
    return AssociationRow(*row) if row else None


def everyone(session: Session) -> list[AssociationRow]:
    """All associations, by slug."""
    return [AssociationRow(*row) for row in execute(session, "SELECT id, slug, name FROM association ORDER BY slug")]


def slug_of(session: Session, association_id: int) -> str:
    """The slug of an association."""
    return str(execute(session, "SELECT slug FROM association WHERE id = ?", (association_id,)).scalar_one())


def positions(session: Session, association_id: int) -> tuple[int, int]:
    """(position of its change log, position of its forms)."""
    sql = "SELECT position, forms_position FROM association WHERE id = ?"
    row = execute(session, sql, (association_id,)).one()
    return row[0], row[1]


def draw_positions(session: Session, association_id: int, count: int) -> range:
    """Take the next `count` positions of the change log. The row stays locked until the commit: call this last."""
    sql = "UPDATE association SET position = position + ? WHERE id = ? RETURNING position"
    end = execute(session, sql, (count, association_id)).scalar_one()
    return range(end - count + 1, end + 1)


def forms_changed(session: Session, association_id: int) -> None:
    """Tell devices at their next sync that the list of forms is another."""
    execute(session, "UPDATE association SET forms_position = forms_position + 1 WHERE id = ?", (association_id,))


def collection(session: Session, association_id: int, kind: str, of: str) -> CollectionRow | None:
    """The collection of that name, or None while no record was ever said in it."""
    sql = "SELECT id FROM collection WHERE association_id = ? AND kind = ? AND of = ?"
    found = execute(session, sql, (association_id, kind, of)).scalar()
    return CollectionRow(found, association_id, kind, of) if found else None


def ensure_collection(session: Session, association_id: int, kind: str, of: str) -> CollectionRow:
    """The collection of that name, made when it is new."""
    known = collection(session, association_id, kind, of)
    if known is None:
        sql = "INSERT INTO collection (association_id, kind, of) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        execute(session, sql, (association_id, kind, of))
        known = collection(session, association_id, kind, of)
        assert known is not None
    return known


def collections_by_id(session: Session, ids: Collection[int]) -> dict[int, CollectionRow]:
    """Some collections by row id; a page has tens of them."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    sql = f"SELECT id, association_id, kind, of FROM collection WHERE id IN ({places(len(wanted))})"
    return {row[0]: CollectionRow(*row) for row in execute(session, sql, wanted)}


def collections(session: Session, association_id: int) -> list[CollectionRow]:
    """All collections of an association, by kind and name."""
    sql = "SELECT id, association_id, kind, of FROM collection WHERE association_id = ? ORDER BY kind, of"
    return [CollectionRow(*row) for row in execute(session, sql, (association_id,))]
