"""What `fieldsync doctor` asks of the tables as they lie."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.authors import AuthorRow
from fieldsync.store.db import execute, is_postgresql, places

SHOWN_MAX = 20
"""Rows of one kind of fault that are named; that many say what is wrong."""

CHUNK_ROWS = 500
"""How many ids one look-up names."""


@dataclass(frozen=True)
class Spoken:
    """What is here of an author by any way: said, quarantined or void. `within`: counters up to its durable one."""

    highest: int
    within: int
    next_is_here: bool


@dataclass(frozen=True)
class WaitingRow:
    """What a held operation waits for, and that operation's status."""

    operation_id: int
    kind: str
    what: str
    status: str


def file_faults(session: Session) -> list[str]:
    """What SQLite finds wrong with its file; PostgreSQL checks itself."""
    if is_postgresql(session):
        return []
    said = [str(row[0]) for row in execute(session, f"PRAGMA integrity_check({SHOWN_MAX})")]
    broken = execute(session, f'SELECT "table", rowid, parent FROM pragma_foreign_key_check LIMIT {SHOWN_MAX}')
    return [line for line in said if line != "ok"] + [f"{row[0]} row {row[1]} refers to no {row[2]}" for row in broken]


def count(session: Session, table: str) -> int:
    """Rows of a table."""
    return int(execute(session, f"SELECT count(*) FROM {table}").scalar_one())


def unlogged_operations(session: Session) -> list[int]:
    """Row ids of operations that no change log names."""
    sql = "SELECT id FROM operation EXCEPT SELECT operation_id FROM change_log ORDER BY 1 LIMIT ?"
    return [row[0] for row in execute(session, sql, (SHOWN_MAX,))]


def strange_changes(session: Session, association_id: int) -> list[int]:
    """Positions of a change log whose record is not there or belongs to another association."""
    sql = (
        "SELECT c.position FROM change_log c LEFT JOIN record r ON r.id = c.record_id"
        " LEFT JOIN collection k ON k.id = r.collection_id"
        " WHERE c.association_id = ? AND (k.id IS NULL OR k.association_id <> c.association_id) ORDER BY 1 LIMIT ?"
    )
    return [row[0] for row in execute(session, sql, (association_id, SHOWN_MAX))]


def twofold_ids(session: Session) -> list[tuple[int, int, int]]:
    """(author id, counter, n) under which more than one operation is stored."""
    sql = "SELECT author_id, counter, n FROM operation GROUP BY author_id, counter, n HAVING count(*) > 1 LIMIT ?"
    return [(row[0], row[1], row[2]) for row in execute(session, sql, (SHOWN_MAX,))]


def strange_statuses(session: Session) -> list[int]:
    """Row ids of operations that are neither applied nor held."""
    sql = "SELECT id FROM operation WHERE status NOT IN ('applied', 'held') ORDER BY id LIMIT ?"
    return [row[0] for row in execute(session, sql, (SHOWN_MAX,))]


def orphans(session: Session) -> list[int]:
    """Row ids of derived operations whose submission operation does not apply."""
    sql = (
        "SELECT d.id FROM operation d LEFT JOIN operation s"
        " ON s.author_id = d.author_id AND s.counter = d.counter AND s.n = 0 AND s.status = 'applied'"
        " WHERE d.n > 0 AND s.id IS NULL ORDER BY d.id LIMIT ?"
    )
    return [row[0] for row in execute(session, sql, (SHOWN_MAX,))]


def held_for_nothing(session: Session) -> list[int]:
    """Row ids of held operations that wait for nothing."""
    sql = (
        "SELECT o.id FROM operation o LEFT JOIN waiting w ON w.operation_id = o.id"
        " WHERE o.status = 'held' AND w.operation_id IS NULL ORDER BY o.id LIMIT ?"
    )
    return [row[0] for row in execute(session, sql, (SHOWN_MAX,))]


def complete_without_files(session: Session) -> list[int]:
    """Row ids of records that miss a file and do not say so."""
    sql = (
        "SELECT DISTINCT r.id FROM missing_file m JOIN record r ON r.id = m.record_id"
        " WHERE r.incomplete = ? ORDER BY r.id LIMIT ?"
    )
    return [row[0] for row in execute(session, sql, (False, SHOWN_MAX))]


def author_page(session: Session, association_id: int, after_id: int, limit: int) -> list[AuthorRow]:
    """A page of an association's authors."""
    sql = (
        "SELECT id, name, association_id, kind, device_id, hub_id, enrolled, known_through, durable_through,"
        " backed_up_through FROM author WHERE association_id = ? AND id > ? ORDER BY id LIMIT ?"
    )
    return [AuthorRow(*row) for row in execute(session, sql, (association_id, after_id, limit))]


def authors_by_id(session: Session, author_ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """Author row id → (name, association id)."""
    found: dict[int, tuple[str, int]] = {}
    ids = sorted(set(author_ids))
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT id, name, association_id FROM author WHERE id IN ({places(len(chunk))})"
        found.update((row[0], (row[1], row[2])) for row in execute(session, sql, chunk))
    return found


def spoken(session: Session, author: AuthorRow) -> Spoken:
    """What is here of an author."""
    through = author.durable_through
    sql = (
        "SELECT coalesce(max(counter), 0), coalesce(sum(CASE WHEN counter <= ? THEN 1 ELSE 0 END), 0),"
        " coalesce(sum(CASE WHEN counter = ? THEN 1 ELSE 0 END), 0) FROM ("
        "SELECT counter FROM operation WHERE author_id = ? AND n = 0"
        " UNION SELECT counter FROM quarantine WHERE association_id = ? AND author = ? AND counts = ? AND n = 0"
        " UNION SELECT counter FROM void WHERE author_id = ?) said"
    )
    said = (author.id, author.association_id, author.name, True, author.id)
    row = execute(session, sql, (through, through + 1, *said)).one()
    return Spoken(int(row[0]), int(row[1]), bool(row[2]))


def waiting_page(session: Session, association_id: int, after_id: int, limit: int) -> list[WaitingRow]:
    """A page of what held operations wait for; `limit` operations with all their waits."""
    ids = (
        "SELECT DISTINCT operation_id FROM waiting WHERE association_id = ? AND operation_id > ?"
        " ORDER BY operation_id LIMIT ?"
    )
    sql = (
        f"SELECT w.operation_id, w.kind, w.what, o.status FROM waiting w JOIN ({ids}) page"
        " ON page.operation_id = w.operation_id LEFT JOIN operation o ON o.id = w.operation_id ORDER BY 1, 2, 3"
    )
    rows = execute(session, sql, (association_id, after_id, limit))
    return [WaitingRow(row[0], row[1], row[2], row[3] or "gone") for row in rows]


def released_page(session: Session, association_id: int, after_id: int, limit: int) -> list[tuple[int, str, int]]:
    """(quarantine row id, author, counter) of a page of what verdicts released."""
    sql = (
        "SELECT id, author, counter FROM quarantine WHERE association_id = ? AND status = 'released' AND id > ?"
        " ORDER BY id LIMIT ?"
    )
    return [(row[0], row[1], row[2]) for row in execute(session, sql, (association_id, after_id, limit))]


def record_ids(session: Session, association_id: int, after_id: int, limit: int) -> list[int]:
    """A page of the row ids of an association's records."""
    sql = (
        "SELECT r.id FROM record r JOIN collection c ON c.id = r.collection_id"
        " WHERE c.association_id = ? AND r.id > ? ORDER BY r.id LIMIT ?"
    )
    return [row[0] for row in execute(session, sql, (association_id, after_id, limit))]


def derived(session: Session, author_id: int, counters: Sequence[int]) -> dict[tuple[int, int], bytes]:
    """(counter, n) → body of what was derived from an author's operations."""
    found: dict[tuple[int, int], bytes] = {}
    for start in range(0, len(counters), CHUNK_ROWS):
        chunk = counters[start : start + CHUNK_ROWS]
        among = places(len(chunk))
        sql = f"SELECT counter, n, body FROM operation WHERE author_id = ? AND n > 0 AND counter IN ({among})"
        found.update(((row[0], row[1]), bytes(row[2])) for row in execute(session, sql, (author_id, *chunk)))
    return found


def merges_of(session: Session, operation_ids: Collection[int]) -> set[tuple[int, int]]:
    """(operation id, record id) pairs that are noted for merge and un-merge operations."""
    found: set[tuple[int, int]] = set()
    ids = sorted(operation_ids)
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT operation_id, record_id FROM merge WHERE operation_id IN ({places(len(chunk))})"
        found.update((row[0], row[1]) for row in execute(session, sql, chunk))
    return found
