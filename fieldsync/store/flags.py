"""What looks across records: report keys, and flags outside the fold."""

from collections.abc import Collection, Iterable

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 250
"""How many keys one look-up names."""


def same_keys(session: Session, keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    """Records that bear these (space, digest) keys."""
    found: dict[tuple[int, int], list[int]] = {}
    by_space: dict[int, list[int]] = {}
    for space, digest in sorted(keys):
        by_space.setdefault(space, []).append(digest)
    for space, digests in by_space.items():
        for start in range(0, len(digests), CHUNK_ROWS):
            chunk = digests[start : start + CHUNK_ROWS]
            sql = f"SELECT digest, record_id FROM report_key WHERE space = ? AND digest IN ({places(len(chunk))})"
            for digest, record_id in execute(session, sql, (space, *chunk)):
                found.setdefault((space, digest), []).append(record_id)
    return found


def replace_keys(session: Session, changed: Collection[int], rows: Iterable[tuple[int, int, int]]) -> None:
    """Write keys (space, digest, record id); those of `changed` records are dropped first."""
    execute_many(session, "DELETE FROM report_key WHERE record_id = ?", [(each,) for each in sorted(changed)])
    sql = "INSERT INTO report_key (space, digest, record_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, sorted(rows))


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
