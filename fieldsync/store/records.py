"""Records: the stored fold of their operations."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import Overtaken, execute, execute_many, for_update, is_postgresql, places

CHUNK_ROWS = 500
"""How many ids one look-up names."""

_COLUMNS = (
    "id, collection_id, uuid, created_by, place, review, deleted, conflicts, merged, merged_into, incomplete,"
    " arrived_ms, changed_ms, state, problems"
)


class RecordRow(NamedTuple):
    """A record as stored: `state` is the fold as JSON, `problems` a JSON list or None, `uuid` 16 bytes."""

    id: int
    collection_id: int
    uuid: bytes
    created_by: int
    place: str
    review: str
    deleted: bool
    conflicts: int
    merged: bool
    merged_into: int | None
    incomplete: bool
    arrived_ms: int
    changed_ms: int
    state: bytes
    problems: bytes | None

    @property
    def is_there(self) -> bool:
        """Neither deleted nor shown through another record."""
        return not self.deleted and self.merged_into is None


def uuid_bytes(text: str) -> bytes:
    """A UUID in its canonical spelling as its 16 bytes."""
    return bytes.fromhex(text.replace("-", ""))


def uuid_text(packed: bytes) -> str:
    """16 bytes as a UUID in its canonical spelling."""
    digits = packed.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def by_uuids(session: Session, uuids: Collection[bytes], lock: bool = False) -> list[RecordRow]:
    """Records of any collection that bear one of these UUIDs, by UUID; locked when `lock`."""
    clause = for_update(session) if lock else ""
    wanted, found = sorted(uuids), list[RecordRow]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = _padded(wanted[start : start + CHUNK_ROWS])
        sql = f"SELECT {_COLUMNS} FROM record WHERE uuid IN ({places(len(chunk))}) ORDER BY uuid{clause}"
        found.extend(RecordRow(*row) for row in execute(session, sql, chunk))
    return found


def by_ids(session: Session, record_ids: Collection[int], lock: bool = False) -> dict[int, RecordRow]:
    """Records by row id; locked when `lock`."""
    clause = for_update(session) if lock else ""
    wanted, found = sorted(record_ids), dict[int, RecordRow]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM record WHERE id IN ({places(len(chunk))}) ORDER BY id{clause}"
        found.update((row[0], RecordRow(*row)) for row in execute(session, sql, chunk))
    return found


def of_collection(session: Session, collection_id: int, after_id: int, limit: int) -> list[RecordRow]:
    """A page of a collection in the order of arrival."""
    sql = f"SELECT {_COLUMNS} FROM record WHERE collection_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [RecordRow(*row) for row in execute(session, sql, (collection_id, after_id, limit))]


def ids_of_collections(session: Session, collection_ids: Collection[int], after_id: int, limit: int) -> list[int]:
    """The next row ids of some collections together, in the order of arrival; each collection's index is read alone."""
    found: list[int] = []
    sql = "SELECT id FROM record WHERE collection_id = ? AND id > ? ORDER BY id LIMIT ?"
    for collection_id in collection_ids:
        found.extend(row[0] for row in execute(session, sql, (collection_id, after_id, limit)))
    return sorted(found)[:limit]


def add_many(session: Session, rows: Iterable[RecordRow]) -> None:
    """Store new records, survivors before those that are merged into them.

    Where transactions may meet on a UUID, each takes them in the same order, and `Overtaken` is raised for the one that
    comes second: it must begin again and find them, since to go on one by one would lock them in another order.
    """
    may_meet = is_postgresql(session)
    if may_meet:
        rows = sorted(rows, key=lambda row: row.uuid)
    rows = sorted(rows, key=lambda row: row.merged_into is not None)
    sql = f"INSERT INTO record ({_COLUMNS}) VALUES ({places(15)}){' ON CONFLICT DO NOTHING' if may_meet else ''}"
    if execute_many(session, sql, list(rows)) < len(rows):
        raise Overtaken


def update_many(session: Session, rows: Iterable[RecordRow]) -> None:
    """Store what became of known records."""
    sql = (
        "UPDATE record SET created_by = ?, place = ?, review = ?, deleted = ?, conflicts = ?, merged = ?,"
        " merged_into = ?, incomplete = ?, changed_ms = ?, state = ?, problems = ? WHERE id = ?"
    )
    execute_many(session, sql, [_changes(row) for row in sorted(rows, key=lambda row: row.id)])


def arrived_ms(session: Session, record_ids: Collection[int]) -> dict[int, int]:
    """When each record arrived."""
    found, wanted = dict[int, int](), sorted(record_ids)
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        rows = execute(session, f"SELECT id, arrived_ms FROM record WHERE id IN ({places(len(chunk))})", chunk)
        found.update((row[0], row[1]) for row in rows)
    return found


def problems_of(session: Session, record_ids: Collection[int]) -> dict[int, bytes]:
    """Stored problems of those of the records that have any."""
    wanted, found = sorted(record_ids), dict[int, bytes]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT id, problems FROM record WHERE id IN ({places(len(chunk))}) AND problems IS NOT NULL"
        found.update((row[0], bytes(row[1])) for row in execute(session, sql, chunk))
    return found


def count_by_review(session: Session, association_id: int) -> list[tuple[str, str, str, int]]:
    """(kind, form or list, review state, how many) of the records that are neither deleted nor merged away."""
    sql = (
        "SELECT c.kind, c.of, r.review, count(*) FROM record r JOIN collection c ON c.id = r.collection_id"
        " WHERE c.association_id = ? AND r.deleted = ? AND r.merged_into IS NULL"
        " GROUP BY c.kind, c.of, r.review ORDER BY c.kind, c.of, r.review"
    )
    return [(row[0], row[1], row[2], row[3]) for row in execute(session, sql, (association_id, False))]


def in_conflict(session: Session, association_id: int, after_id: int, limit: int) -> list[RecordRow]:
    """A page of an association's records with values in conflict, in the order of arrival."""
    columns = ", ".join(f"r.{column.strip()}" for column in _COLUMNS.split(","))
    sql = (
        f"SELECT {columns} FROM record r JOIN collection c ON c.id = r.collection_id"
        " WHERE c.association_id = ? AND r.conflicts > 0 AND r.id > ? ORDER BY r.id LIMIT ?"
    )
    return [RecordRow(*row) for row in execute(session, sql, (association_id, after_id, limit))]


def ids_in_conflict(session: Session, collection_id: int) -> list[int]:
    """Row ids of a collection's records with values in conflict."""
    sql = "SELECT id FROM record WHERE collection_id = ? AND conflicts > 0 ORDER BY id"
    return [row[0] for row in execute(session, sql, (collection_id,))]


def set_incomplete(session: Session, record_ids: Iterable[int], incomplete: bool) -> None:
    """Mark records whose files are not all here, or are now."""
    execute_many(session, "UPDATE record SET incomplete = ? WHERE id = ?", [(incomplete, each) for each in record_ids])


def _padded(values: list[bytes]) -> list[bytes]:
    """Repeat the last value up to one of a few lengths, so that the driver can reuse prepared statements."""
    for length in (1, 10, 50, 100, CHUNK_ROWS):
        if len(values) <= length:
            return values + values[-1:] * (length - len(values))
    return values


def _changes(row: RecordRow) -> tuple[object, ...]:
    return (
        row.created_by, row.place, row.review, row.deleted, row.conflicts, row.merged, row.merged_into,
        row.incomplete, row.changed_ms, row.state, row.problems, row.id,
    )  # fmt: skip


def count_up_to(session: Session, collection_id: int, most: int) -> int:
    """How many records a collection has, counted no further than `most`."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM record WHERE collection_id = ? LIMIT ?) AS counted"
    return int(execute(session, sql, (collection_id, most)).scalar_one())


def count_there(session: Session, collection_id: int) -> int:
    """How many records of a collection are neither deleted nor merged into another."""
    sql = "SELECT count(*) FROM record WHERE collection_id = ? AND merged_into IS NULL AND NOT deleted"
    return int(execute(session, sql, (collection_id,)).scalar_one())
