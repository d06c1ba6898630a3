"""Exports that people asked for, and the records that go into one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, is_postgresql, places

_COLUMNS = (
    "id, uuid, association_id, person_id, options, state, reason, reason_text, asked_ms, worker, beat_ms, ended_ms,"
    " expires_ms, percent, records, bytes, file, file_name, problem"
)

ASKED, WAITING, RUNNING, READY = "asked", "waiting", "running", "ready"
FAILED, CANCELLED, EXPIRED = "failed", "cancelled", "expired"

QUEUE_LOCK = 7_305_460_219
"""The number of PostgreSQL's advisory lock under which exports are counted and taken up."""


@dataclass(frozen=True)
class ExportRow:
    """An export as stored (store.export_models.Export)."""

    id: int
    uuid: str
    association_id: int
    person_id: int
    options: bytes
    state: str
    reason: str
    reason_text: str
    asked_ms: int
    worker: str
    beat_ms: int
    ended_ms: int
    expires_ms: int
    percent: int
    records: int
    bytes: int
    file: str
    file_name: str
    problem: str


class SourceRow(NamedTuple):
    """A record as an export reads it; `state` is the fold as JSON."""

    id: int
    uuid: bytes
    created_by: int
    place: str
    review: str
    arrived_ms: int
    changed_ms: int
    state: bytes


def add(
    session: Session, uuid: str, association_id: int, person_id: int, options: bytes, state: str, now_ms: int
) -> ExportRow:
    """Store an export that somebody asks for."""
    sql = (
        f"INSERT INTO export ({_COLUMNS[4:]}) VALUES (?, ?, ?, ?, ?, '', '', ?, '', 0, 0, 0, 0, 0, 0, '', '', '')"
        f" RETURNING {_COLUMNS}"
    )
    return _row(execute(session, sql, (uuid, association_id, person_id, options, state, now_ms)).one())


def find(session: Session, uuid: str) -> ExportRow | None:
    """An export by its UUID, whosever it is."""
    row = execute(session, f"SELECT {_COLUMNS} FROM export WHERE uuid = ?", (uuid,)).first()
    return _row(row) if row else None


def of_person(session: Session, person_id: int, association_id: int, after_id: int, limit: int) -> list[ExportRow]:
    """A page of somebody's exports in an association, the newest first; `after_id` 0 begins."""
    after = "AND id < ? " if after_id else ""
    sql = f"SELECT {_COLUMNS} FROM export WHERE person_id = ? AND association_id = ? {after}ORDER BY id DESC LIMIT ?"
    given = (person_id, association_id, *((after_id,) if after_id else ()), limit)
    return [_row(row) for row in execute(session, sql, given)]


def count(session: Session, states: Collection[str], person_id: int | None = None) -> int:
    """How many exports stand in these states, of somebody or of everybody."""
    sql = f"SELECT count(*) FROM export WHERE state IN ({places(len(states))})"
    given: list[Any] = list(states)
    if person_id is not None:
        sql, given = f"{sql} AND person_id = ?", [*given, person_id]
    return int(execute(session, sql, given).scalar_one())


def lock_queue(session: Session) -> None:
    """Nobody else counts or takes up exports before the commit."""
    if is_postgresql(session):
        execute(session, "SELECT pg_advisory_xact_lock(?)", (QUEUE_LOCK,))


def take_up(session: Session, worker: str, now_ms: int) -> ExportRow | None:
    """The oldest export that waits, from now on this worker's."""
    sql = (
        "UPDATE export SET state = 'running', worker = ?, beat_ms = ? WHERE id ="
        f" (SELECT id FROM export WHERE state = 'waiting' ORDER BY id LIMIT 1) RETURNING {_COLUMNS}"
    )
    row = execute(session, sql, (worker, now_ms)).first()
    return _row(row) if row else None


def beat(session: Session, export_id: int, worker: str, percent: int, records: int, now_ms: int) -> bool:
    """Note how far it is; whether the worker shall go on."""
    sql = "UPDATE export SET percent = ?, records = ?, beat_ms = ? WHERE id = ? AND state = 'running' AND worker = ?"
    return execute(session, sql, (percent, records, now_ms, export_id, worker)).rowcount == 1


def finish(session: Session, row: ExportRow) -> bool:
    """It is ready, unless it was cancelled meanwhile."""
    sql = (
        "UPDATE export SET state = 'ready', percent = 100, records = ?, bytes = ?, file = ?, file_name = ?,"
        " ended_ms = ?, expires_ms = ? WHERE id = ? AND state = 'running' AND worker = ?"
    )
    given = (row.records, row.bytes, row.file, row.file_name, row.ended_ms, row.expires_ms, row.id, row.worker)
    return execute(session, sql, given).rowcount == 1


def end(session: Session, export_id: int, states: Collection[str], state: str, now_ms: int, problem: str = "") -> bool:
    """Bring it from one of these states to its end; whether it was in one."""
    sql = f"UPDATE export SET state = ?, problem = ?, ended_ms = ? WHERE id = ? AND state IN ({places(len(states))})"
    return execute(session, sql, (state, problem, now_ms, export_id, *states)).rowcount == 1


def give_reason(session: Session, export_id: int, reason: str, reason_text: str) -> bool:
    """Remember why personal answers are taken out; from now on it waits to be made."""
    sql = "UPDATE export SET state = 'waiting', reason = ?, reason_text = ? WHERE id = ? AND state = 'asked'"
    return execute(session, sql, (reason, reason_text, export_id)).rowcount == 1


def silent(session: Session, before_ms: int, limit: int) -> list[ExportRow]:
    """Exports whose worker has given no sign since a moment."""
    sql = f"SELECT {_COLUMNS} FROM export WHERE state = 'running' AND beat_ms < ? ORDER BY id LIMIT ?"
    return [_row(row) for row in execute(session, sql, (before_ms, limit))]


def over(session: Session, now_ms: int, limit: int) -> list[ExportRow]:
    """Exports whose file has had its time."""
    sql = f"SELECT {_COLUMNS} FROM export WHERE state = 'ready' AND expires_ms <= ? ORDER BY id LIMIT ?"
    return [_row(row) for row in execute(session, sql, (now_ms, limit))]


def files(session: Session) -> set[str]:
    """The files that somebody may still fetch."""
    return {row[0] for row in execute(session, "SELECT file FROM export WHERE state = 'ready'")}


def forget(session: Session, before_ms: int) -> int:
    """Drop exports that were asked for before a moment and came to nothing or to their end; return how many."""
    kept = (WAITING, RUNNING, READY)
    sql = f"DELETE FROM export WHERE asked_ms < ? AND state NOT IN ({places(len(kept))})"
    return execute(session, sql, (before_ms, *kept)).rowcount


def bounds(session: Session, collection_id: int) -> tuple[int, int]:
    """The first and the last row id of a collection; (0, 0) where it is empty."""
    sql = "SELECT min(id), max(id) FROM record WHERE collection_id = ?"
    first, last = execute(session, sql, (collection_id,)).one()
    return first or 0, last or 0


def source_page(
    session: Session, collection_id: int, states: Sequence[str], arrived: tuple[int, int], after_id: int, limit: int
) -> list[SourceRow]:
    """The next records in these states that arrived within [from, to), neither deleted nor merged away."""
    sql = (
        "SELECT id, uuid, created_by, place, review, arrived_ms, changed_ms, state FROM record"
        f" WHERE collection_id = ? AND id > ? AND review IN ({places(len(states))}) AND arrived_ms >= ?"
        " AND arrived_ms < ? AND deleted = ? AND merged_into IS NULL ORDER BY id LIMIT ?"
    )
    rows = execute(session, sql, (collection_id, after_id, *states, *arrived, False, limit))
    return [SourceRow(*row) for row in rows]


def sources(
    session: Session, collection_id: int, states: Sequence[str], arrived: tuple[int, int], ids: Sequence[int]
) -> list[SourceRow]:
    """Those of some records that `source_page` would give, by row id."""
    if not ids:
        return []
    sql = (
        "SELECT id, uuid, created_by, place, review, arrived_ms, changed_ms, state FROM record"
        f" WHERE id IN ({places(len(ids))}) AND collection_id = ? AND review IN ({places(len(states))})"
        " AND arrived_ms >= ? AND arrived_ms < ? AND deleted = ? AND merged_into IS NULL ORDER BY id"
    )
    return [SourceRow(*row) for row in execute(session, sql, (*ids, collection_id, *states, *arrived, False))]


def _row(row: tuple[Any, ...]) -> ExportRow:
    found = ExportRow(*row)
    return replace(found, options=bytes(found.options))
