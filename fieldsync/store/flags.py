"""What looks across records: report keys, and flags outside the fold."""

from collections.abc import Collection, Iterable

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 250
"""How many keys one look-up names."""


def claim_keys(session: Session, rows: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], int]:
    """Give keys (space, digest, record id) to the records that bear them first.

    Returned are those that another record bears already, with its row id. Where all were free nothing is looked up.
    """
    sql = "INSERT INTO report_key (space, digest, record_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    wanted = sorted(rows)
    if execute_many(session, sql, wanted) == len(wanted):
        return {}
    bearers = _bearers(session, wanted)
    return {row: bearers[row[:2]] for row in wanted if bearers[row[:2]] != row[2]}


def free_keys(session: Session, rows: Iterable[tuple[int, int, int]]) -> None:
    """Take keys (space, digest, record id) from records that bear them no longer."""
    sql = "DELETE FROM report_key WHERE space = ? AND digest = ? AND record_id = ?"
    execute_many(session, sql, sorted(rows))


def _bearers(session: Session, rows: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    by_space: dict[int, set[int]] = {}
    for space, digest, _ in rows:
        by_space.setdefault(space, set()).add(digest)
    found: dict[tuple[int, int], int] = {}
    for space, digests in by_space.items():
        listed = sorted(digests)
        for start in range(0, len(listed), CHUNK_ROWS):
            chunk = listed[start : start + CHUNK_ROWS]
            sql = f"SELECT digest, record_id FROM report_key WHERE space = ? AND digest IN ({places(len(chunk))})"
            found.update(((space, row[0]), row[1]) for row in execute(session, sql, (space, *chunk)))
    return found


def raise_flags(session: Session, rows: Iterable[tuple[int, str, str, int]]) -> None:
    """Flag records: (record id, code, what it is about, when in ms); a flag that stands stays as it is."""
    sql = "INSERT INTO flag (record_id, code, other, raised_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, sorted(rows))


def of_records(session: Session, record_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Flags of some records: record id → [(code, what it is about)]."""
    found: dict[int, list[tuple[str, str]]] = {}
    ids = sorted(record_ids)
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT record_id, code, other FROM flag WHERE record_id IN ({places(len(chunk))}) ORDER BY code, other"
        for record_id, code, other in execute(session, sql, chunk):
            found.setdefault(record_id, []).append((code, other))
    return found


def add_missing_files(session: Session, rows: Iterable[tuple[int, int, str, int]]) -> None:
    """Remember files that operations name and that are not here: (author id, counter, sha256, record id)."""
    sql = "INSERT INTO missing_file (author_id, counter, sha256, record_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, sorted(rows))


def records_missing_files(session: Session, record_ids: Collection[int]) -> set[int]:
    """Which of these records still miss a file."""
    if not record_ids:
        return set()
    ids = sorted(record_ids)[:CHUNK_ROWS]
    sql = f"SELECT DISTINCT record_id FROM missing_file WHERE record_id IN ({places(len(ids))})"
    return {row[0] for row in execute(session, sql, ids)}
