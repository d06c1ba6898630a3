"""Facts that records state, and which subjects are one or gone."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

Key = TypeVar("Key")

CHUNK = 400
"""How many keys one look-up names."""

SUBJECT_FACTS_MAX = 5000
"""Facts of one subject that are counted; a person who attended more often is a mistake."""


class FactRow(NamedTuple):
    """A fact as stored; `data` is JSON."""

    record_id: int
    n: int
    association_id: int
    kind: str
    subject: str
    other: str
    month: int
    level: int
    rank: int
    data: bytes


class TimeRow(NamedTuple):
    """How long a submission took to arrive and to be reviewed (None: not yet), in hours."""

    record_id: int
    association_id: int
    month: int
    level: int
    lag_hours: int
    review_hours: int | None


_COLUMNS = "record_id, n, association_id, kind, subject, other, month, level, rank, data"
_TIMES = "record_id, association_id, month, level, lag_hours, review_hours"


def of_records(session: Session, record_ids: Sequence[int]) -> list[FactRow]:
    """The facts that some records state so far."""
    found: list[FactRow] = []
    for chunk in _chunks(record_ids):
        sql = f"SELECT {_COLUMNS} FROM fact WHERE record_id IN ({places(len(chunk))})"
        found += [FactRow(*row) for row in execute(session, sql, chunk)]
    return found


def replace(session: Session, record_ids: Sequence[int], rows: Iterable[FactRow]) -> None:
    """What some records state from now on."""
    execute_many(session, "DELETE FROM fact WHERE record_id = ?", [(each,) for each in record_ids])
    execute_many(session, f"INSERT INTO fact ({_COLUMNS}) VALUES ({places(10)})", list(rows))


def of_subjects(session: Session, association_id: int, subjects: Collection[str]) -> list[FactRow]:
    """The facts about some subjects."""
    return _about(session, "subject", association_id, subjects)


def of_others(session: Session, association_id: int, others: Collection[str]) -> list[FactRow]:
    """The facts that join somebody to one of these."""
    return _about(session, "other", association_id, others)


def _about(session: Session, column: str, association_id: int, keys: Collection[str]) -> list[FactRow]:
    found: list[FactRow] = []
    for chunk in _chunks(sorted(keys)):
        sql = (
            f"SELECT {_COLUMNS} FROM fact WHERE association_id = ? AND {column} IN ({places(len(chunk))})"
            " ORDER BY record_id, n LIMIT ?"
        )
        limit = SUBJECT_FACTS_MAX * len(chunk)
        found += [FactRow(*row) for row in execute(session, sql, (association_id, *chunk, limit))]
    return found


def roots(session: Session, association_id: int, subjects: Collection[str]) -> dict[str, tuple[str, bool]]:
    """Of those subjects that are merged or gone: (under whom they count, whether they are gone)."""
    found: dict[str, tuple[str, bool]] = {}
    for chunk in _chunks(sorted(subjects)):
        wanted = f"association_id = ? AND subject IN ({places(len(chunk))})"
        sql = f"SELECT subject, root, gone FROM subject_root WHERE {wanted}"
        rows = execute(session, sql, (association_id, *chunk))
        found.update((row[0], (row[1], bool(row[2]))) for row in rows)
    return found


def members(session: Session, association_id: int, keys: Collection[str]) -> list[tuple[str, str]]:
    """(subject, root) of all that is merged into one of these."""
    found: list[tuple[str, str]] = []
    for chunk in _chunks(sorted(keys)):
        sql = f"SELECT subject, root FROM subject_root WHERE association_id = ? AND root IN ({places(len(chunk))})"
        found += [(row[0], row[1]) for row in execute(session, sql, (association_id, *chunk))]
    return found


def set_roots(session: Session, association_id: int, rows: Iterable[tuple[str, str, bool]]) -> None:
    """(subject, root, gone): a subject that is its own and not gone needs no row."""
    wanted = list(rows)
    sql = "DELETE FROM subject_root WHERE association_id = ? AND subject = ?"
    execute_many(session, sql, [(association_id, subject) for subject, _, _ in wanted])
    kept = [(association_id, *row) for row in wanted if row[2] or row[0] != row[1]]
    execute_many(session, "INSERT INTO subject_root (association_id, subject, root, gone) VALUES (?, ?, ?, ?)", kept)


def times(session: Session, record_ids: Sequence[int]) -> list[TimeRow]:
    """How long some submissions took, as far as it is noted."""
    found: list[TimeRow] = []
    for chunk in _chunks(record_ids):
        sql = f"SELECT {_TIMES} FROM report_time WHERE record_id IN ({places(len(chunk))})"
        found += [TimeRow(*row) for row in execute(session, sql, chunk)]
    return found


def set_times(session: Session, record_ids: Sequence[int], rows: Iterable[TimeRow]) -> None:
    """How long some submissions took, from now on."""
    execute_many(session, "DELETE FROM report_time WHERE record_id = ?", [(each,) for each in record_ids])
    execute_many(session, f"INSERT INTO report_time ({_TIMES}) VALUES ({places(6)})", list(rows))


def forget(session: Session, association_id: int) -> None:
    """Drop everything that was counted in an association, to count it anew."""
    for table in ("fact", "subject_root", "counted_item", "figure_cell", "report_time"):
        execute(session, f"DELETE FROM {table} WHERE association_id = ?", (association_id,))


def _chunks(keys: Sequence[Key]) -> Iterable[list[Key]]:
    for start in range(0, len(keys), CHUNK):
        yield list(keys[start : start + CHUNK])
