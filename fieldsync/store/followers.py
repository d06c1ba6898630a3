"""Those who follow the change log of an association, and what they must look at again without a row in it."""

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, is_postgresql, places


def position(session: Session, name: str, association_id: int, version: int = 0) -> int:
    """How far somebody has followed; 0 for who has not begun, or began by another version of what she goes by."""
    sql = "SELECT position FROM follower WHERE name = ? AND association_id = ? AND version = ?"
    return execute(session, sql, (name, association_id, version)).scalar() or 0


def take_position(session: Session, name: str, association_id: int, version: int = 0) -> int | None:
    """The same, kept from others until the commit; None where another transaction just goes on from there."""
    sql = "INSERT INTO follower (name, association_id, position, version) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING"
    execute(session, sql, (name, association_id, version))
    lock = " FOR UPDATE SKIP LOCKED" if is_postgresql(session) else ""
    sql = f"SELECT position, version FROM follower WHERE name = ? AND association_id = ?{lock}"
    found = execute(session, sql, (name, association_id)).first()
    return None if found is None else int(found[0]) if found[1] == version else 0


def move(session: Session, name: str, association_id: int, position: int, version: int = 0) -> None:
    """Note how far somebody has followed, and by which version of what she goes by."""
    sql = "UPDATE follower SET position = ?, version = ? WHERE name = ? AND association_id = ?"
    execute(session, sql, (position, version, name, association_id))


def touch(session: Session, names: Collection[str], association_id: int, record_ids: Collection[int]) -> None:
    """Let followers look at records again."""
    sql = "INSERT INTO touched (follower, association_id, record_id) VALUES (?, ?, ?)"
    execute_many(session, sql, [(name, association_id, each) for name in names for each in sorted(record_ids)])


def touched(session: Session, name: str, association_id: int, limit: int) -> list[tuple[int, int]]:
    """(number, record id) of what a follower is to look at again, oldest first."""
    sql = "SELECT id, record_id FROM touched WHERE follower = ? AND association_id = ? ORDER BY id LIMIT ?"
    return [(row[0], row[1]) for row in execute(session, sql, (name, association_id, limit))]


def forget_touched(session: Session, numbers: Sequence[int]) -> None:
    """Strike what was looked at; at most as many as one look took."""
    if numbers:
        execute(session, f"DELETE FROM touched WHERE id IN ({places(len(numbers))})", list(numbers))


def touch_all(session: Session, names: Collection[str], association_id: int, kind: str, of: str) -> None:
    """Let followers look at every record of a form or list again."""
    sql = (
        "INSERT INTO touched (follower, association_id, record_id) SELECT ?, c.association_id, r.id FROM record r"
        " JOIN collection c ON c.id = r.collection_id WHERE c.association_id = ? AND c.kind = ? AND c.of = ?"
    )
    for name in names:
        execute(session, sql, (name, association_id, kind, of))


def touch_naming(session: Session, name: str, association_id: int, list_name: str, uuid: bytes) -> None:
    """Let a follower look again at every submission that names an entity of a list."""
    sql = (
        "INSERT INTO touched (follower, association_id, record_id) SELECT ?, association_id, record_id FROM mention"
        " WHERE association_id = ? AND list = ? AND uuid = ?"
    )
    execute(session, sql, (name, association_id, list_name, uuid))


def begin_again_in(session: Session, name: str, association_id: int) -> None:
    """Put a follower back to the beginning of one association's log."""
    execute(session, "UPDATE follower SET position = 0 WHERE name = ? AND association_id = ?", (name, association_id))


def begin_again(session: Session, names: Collection[str]) -> None:
    """Put followers back to the beginning of every log."""
    for name in names:
        execute(session, "UPDATE follower SET position = 0 WHERE name = ?", (name,))
