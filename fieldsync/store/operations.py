"""Operations as they were said, and what held ones wait for."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 500
"""How many ids one look-up names."""


class OperationRow(NamedTuple):
    """An operation as stored; `status` is applied or held, `n` is 0 unless it was derived."""

    id: int
    author_id: int
    counter: int
    n: int
    record_id: int
    status: str
    body: bytes


class HistoryRow(NamedTuple):
    """An operation with what people want to know of it: its author's name and when it came."""

    id: int
    author: str
    counter: int
    n: int
    status: str
    body: bytes
    received_ms: int | None
    device_id: int | None


_COLUMNS = "id, author_id, counter, n, record_id, status, body"


def known(session: Session, author_id: int, counters: Sequence[int]) -> dict[int, OperationRow]:
    """Those of an author's said operations that are here, by counter."""
    low, high = min(counters), max(counters)
    if high - low < 2 * len(counters):
        sql = f"SELECT {_COLUMNS} FROM operation WHERE author_id = ? AND counter BETWEEN ? AND ? AND n = 0"
        rows = execute(session, sql, (author_id, low, high))
    else:
        sql = f"SELECT {_COLUMNS} FROM operation WHERE author_id = ? AND n = 0 AND counter IN ({places(len(counters))})"
        rows = execute(session, sql, (author_id, *counters))
    return {row[2]: OperationRow(*row) for row in rows}


def present(session: Session, author_id: int, keys: Collection[tuple[int, int]], status: str) -> set[tuple[int, int]]:
    """Which of an author's (counter, n) are here with that status."""
    counters = sorted({counter for counter, _ in keys})
    found: set[tuple[int, int]] = set()
    for start in range(0, len(counters), CHUNK_ROWS):
        chunk = counters[start : start + CHUNK_ROWS]
        sql = (
            f"SELECT counter, n FROM operation WHERE author_id = ? AND status = ? AND counter IN ({places(len(chunk))})"
        )
        found.update((row[0], row[1]) for row in execute(session, sql, (author_id, status, *chunk)))
    return found & set(keys)


def of_records(session: Session, record_ids: Collection[int], status: str = "applied") -> dict[int, list[OperationRow]]:
    """All operations of some records with that status, by record, in the order in which they came."""
    found: dict[int, list[OperationRow]] = {record_id: [] for record_id in record_ids}
    ids = sorted(record_ids)
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM operation WHERE record_id IN ({places(len(chunk))}) AND status = ? ORDER BY id"
        for row in execute(session, sql, (*chunk, status)):
            found[row[4]].append(OperationRow(*row))
    return found


def of_merges(session: Session, record_ids: Collection[int]) -> list[OperationRow]:
    """The merge and un-merge operations that speak of records, in the order in which they came."""
    columns = ", ".join(f"o.{column.strip()}" for column in _COLUMNS.split(","))
    ids = sorted(record_ids)
    sql = (
        f"SELECT DISTINCT {columns} FROM merge m JOIN operation o ON o.id = m.operation_id"
        f" WHERE m.record_id IN ({places(len(ids))}) ORDER BY o.id"
    )
    return [OperationRow(*row) for row in execute(session, sql, ids)]


def by_ids(session: Session, operation_ids: Collection[int]) -> list[OperationRow]:
    """Operations by row id, in that order."""
    ids, found = sorted(operation_ids), list[OperationRow]()
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM operation WHERE id IN ({places(len(chunk))}) ORDER BY id"
        found.extend(OperationRow(*row) for row in execute(session, sql, chunk))
    return found


def add_many(session: Session, rows: Sequence[tuple[int, int, int, int, int, int | None, str, bytes]]) -> None:
    """Append operations: (id, author id, counter, n, record id, receipt id, status, body)."""
    sql = (
        "INSERT INTO operation (id, author_id, counter, n, record_id, receipt_id, status, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    execute_many(session, sql, rows)


def set_status(session: Session, operation_ids: Iterable[int], status: str) -> None:
    """Move operations between held and applied."""
    execute_many(session, "UPDATE operation SET status = ? WHERE id = ?", [(status, each) for each in operation_ids])


def remove_held(session: Session, operation_id: int) -> None:
    """Take a held operation out of the log: it goes to quarantine, where it occupies no id."""
    stop_waiting(session, operation_id)
    execute(session, "DELETE FROM operation WHERE id = ? AND status = 'held'", (operation_id,))


def history(session: Session, record_ids: Collection[int]) -> list[HistoryRow]:
    """Everything said about some records, in the order in which it came."""
    ids = sorted(record_ids)
    sql = (
        "SELECT o.id, a.name, o.counter, o.n, o.status, o.body, r.received_ms, r.device_id FROM operation o"
        " JOIN author a ON a.id = o.author_id LEFT JOIN receipt r ON r.id = o.receipt_id"
        f" WHERE o.record_id IN ({places(len(ids))}) ORDER BY o.id"
    )
    return [HistoryRow(*row) for row in execute(session, sql, ids)]


def held(session: Session, association_id: int, after_id: int, limit: int) -> list[tuple[HistoryRow, bytes]]:
    """A page of what waits for something in an association, with its record's UUID (16 bytes), oldest first."""
    sql = (
        "SELECT o.id, a.name, o.counter, o.n, o.status, o.body, r.received_ms, r.device_id, c.uuid FROM operation o"
        " JOIN author a ON a.id = o.author_id JOIN record c ON c.id = o.record_id"
        " LEFT JOIN receipt r ON r.id = o.receipt_id WHERE o.id IN (SELECT operation_id FROM waiting"
        " WHERE association_id = ? AND operation_id > ? GROUP BY operation_id ORDER BY operation_id LIMIT ?)"
        " ORDER BY o.id"
    )
    rows = execute(session, sql, (association_id, after_id, limit))
    return [(HistoryRow(*row[:8]), bytes(row[8])) for row in rows]


def find_held(session: Session, association_id: int, operation_id: int) -> tuple[HistoryRow, bytes] | None:
    """One operation that waits in an association, with its record's UUID (16 bytes)."""
    rows = held(session, association_id, operation_id - 1, 1)
    return rows[0] if rows and rows[0][0].id == operation_id else None


def held_count(session: Session, association_id: int) -> int:
    """How many operations of an association wait for something."""
    sql = "SELECT count(DISTINCT operation_id) FROM waiting WHERE association_id = ?"
    return int(execute(session, sql, (association_id,)).scalar_one())


def history_page(session: Session, record_id: int, after_id: int, limit: int) -> list[HistoryRow]:
    """A page of what was said about a record, in the order in which it came."""
    sql = (
        "SELECT o.id, a.name, o.counter, o.n, o.status, o.body, r.received_ms, r.device_id FROM operation o"
        " JOIN author a ON a.id = o.author_id LEFT JOIN receipt r ON r.id = o.receipt_id"
        " WHERE o.record_id = ? AND o.id > ? ORDER BY o.id LIMIT ?"
    )
    return [HistoryRow(*row) for row in execute(session, sql, (record_id, after_id, limit))]


def newest(session: Session, record_ids: Collection[int], before_id: int | None, limit: int) -> list[HistoryRow]:
    """What was said about some records last, or before a row id: the newest first."""
    ids = sorted(record_ids)
    earlier, given = ("", ()) if before_id is None else (" AND o.id < ?", (before_id,))
    sql = (
        "SELECT o.id, a.name, o.counter, o.n, o.status, o.body, r.received_ms, r.device_id FROM operation o"
        " JOIN author a ON a.id = o.author_id LEFT JOIN receipt r ON r.id = o.receipt_id"
        f" WHERE o.record_id IN ({places(len(ids))}){earlier} ORDER BY o.id DESC LIMIT ?"
    )
    return [HistoryRow(*row) for row in execute(session, sql, (*ids, *given, limit))]


def count_of(session: Session, record_ids: Collection[int]) -> int:
    """How many operations speak of some records."""
    ids = sorted(record_ids)
    sql = f"SELECT count(*) FROM operation WHERE record_id IN ({places(len(ids))})"
    return int(execute(session, sql, ids).scalar_one())


def derived_from(session: Session, author: str, counters: Collection[int], limit: int) -> list[tuple[int, int, int]]:
    """(counter, n, record's row id) of the entity operations that follow from what an author said."""
    wanted = sorted(counters)[:CHUNK_ROWS]
    sql = (
        "SELECT o.counter, o.n, o.record_id FROM operation o JOIN author a ON a.id = o.author_id"
        f" WHERE a.name = ? AND o.counter IN ({places(len(wanted))}) AND o.n > 0 ORDER BY o.counter, o.n LIMIT ?"
    )
    return [(row[0], row[1], row[2]) for row in execute(session, sql, (author, *wanted, limit))]


def spoken_about(session: Session, author: str, counters: Collection[int]) -> dict[int, int]:
    """Counter → the record's row id, of what an author said itself."""
    wanted, found = sorted(counters), dict[int, int]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = (
            "SELECT o.counter, o.record_id FROM operation o JOIN author a ON a.id = o.author_id"
            f" WHERE a.name = ? AND o.n = 0 AND o.counter IN ({places(len(chunk))})"
        )
        found.update((row[0], row[1]) for row in execute(session, sql, (author, *chunk)))
    return found


def count(session: Session) -> int:
    """How many operations are stored, derived ones included."""
    return int(execute(session, "SELECT count(*) FROM operation").scalar_one())


# What held operations wait for


def wait(session: Session, rows: Iterable[tuple[int, str, str, int]]) -> None:
    """Remember what held operations wait for: (association id, kind, what, operation id)."""
    sql = "INSERT INTO waiting (association_id, kind, what, operation_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, list(rows))


def anything_waits(session: Session, association_id: int) -> bool:
    """Whether any operation of the association is held for want of something."""
    sql = "SELECT 1 FROM waiting WHERE association_id = ? LIMIT 1"
    return execute(session, sql, (association_id,)).first() is not None


def waits_for(session: Session, association_id: int, kind: str, what: Collection[str]) -> bool:
    """Whether anything waits for one of these."""
    wanted = sorted(what)
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT 1 FROM waiting WHERE association_id = ? AND kind = ? AND what IN ({places(len(chunk))}) LIMIT 1"
        if execute(session, sql, (association_id, kind, *chunk)).first() is not None:
            return True
    return False


def arrived(session: Session, association_id: int, kind: str, what: Collection[str]) -> list[int]:
    """Strike what has come from the waiting list; return the operations that now wait for nothing."""
    names, touched = sorted(what), set[int]()
    for start in range(0, len(names), CHUNK_ROWS):
        chunk = names[start : start + CHUNK_ROWS]
        sql = (
            f"DELETE FROM waiting WHERE association_id = ? AND kind = ? AND what IN ({places(len(chunk))})"
            " RETURNING operation_id"
        )
        touched.update(row[0] for row in execute(session, sql, (association_id, kind, *chunk)))
    return sorted(touched - _still_waiting(session, touched))


def stop_waiting(session: Session, operation_id: int) -> None:
    """Strike everything that one operation waits for: a verdict released it."""
    execute(session, "DELETE FROM waiting WHERE operation_id = ?", (operation_id,))


def waits_of(session: Session, operation_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """What each of some held operations waits for, as (kind, what)."""
    found: dict[int, list[tuple[str, str]]] = {each: [] for each in operation_ids}
    for start in range(0, len(found), CHUNK_ROWS):
        chunk = sorted(found)[start : start + CHUNK_ROWS]
        sql = f"SELECT operation_id, kind, what FROM waiting WHERE operation_id IN ({places(len(chunk))})"
        for operation_id, kind, what in execute(session, sql, chunk):
            found[operation_id].append((kind, what))
    return found


def _still_waiting(session: Session, operation_ids: set[int]) -> set[int]:
    return {each for each, waits in waits_of(session, operation_ids).items() if waits}
