"""What looks across records: report keys, and flags outside the fold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 250
"""How many keys one look-up names."""


class FlagRow(NamedTuple):
    """A flag as stored. `other`: what it is about; `numbers` may be told; `dismissed_ms` is None while it stands."""

    record_id: int
    code: str
    other: str
    raised_ms: int
    numbers: Mapping[str, str]
    evidence: str
    dismissed_ms: int | None
    dismissed_by: str
    dismissed_why: str

    @property
    def name(self) -> tuple[str, str]:
        """Which flag of its record it is."""
        return self.code, self.other


_COLUMNS = "record_id, code, other, raised_ms, numbers, evidence, dismissed_ms, dismissed_by, dismissed_why"


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


def of_records(session: Session, record_ids: Collection[int]) -> dict[int, list[FlagRow]]:
    """All flags of some records, dismissed ones too: record id → flags."""
    found: dict[int, list[FlagRow]] = {}
    ids = sorted(record_ids)
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM flag WHERE record_id IN ({places(len(chunk))}) ORDER BY code, other"
        for row in execute(session, sql, chunk):
            numbers = msgspec.json.decode(bytes(row[4]), type=dict[str, str]) if row[4] else {}
            found.setdefault(row[0], []).append(FlagRow(*row)._replace(numbers=numbers))
    return found


def put(session: Session, rows: Sequence[FlagRow]) -> None:
    """Raise flags, or say anew why they stand."""
    names = [name.strip() for name in _COLUMNS.split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
    sql = (
        f"INSERT INTO flag ({_COLUMNS}) VALUES ({places(len(names))})"
        f" ON CONFLICT (record_id, code, other) DO UPDATE SET {changes}"
    )
    execute_many(session, sql, [(*row[:4], msgspec.json.encode(row.numbers), *row[5:]) for row in sorted(rows)])


def withdraw(session: Session, rows: Sequence[FlagRow]) -> None:
    """Take flags away whose reason is gone."""
    sql = "DELETE FROM flag WHERE record_id = ? AND code = ? AND other = ?"
    execute_many(session, sql, [(row.record_id, *row.name) for row in sorted(rows)])


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
