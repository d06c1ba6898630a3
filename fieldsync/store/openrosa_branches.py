"""Steps of offline work on entities, as OpenRosa clients number them, and those that wait for the one before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

ROWS_MAX = 200
"""Steps that are looked at once."""

_COLUMNS = "submission_id, path, association_id, list, entity, branch, trunk, base, said, waits, since_ms"


@dataclass(frozen=True)
class StepRow:
    """One update of an entity, as stored (store/openrosa_models.OpenRosaBranch)."""

    submission_id: int
    path: str
    association_id: int
    list: str
    entity: str
    branch: str
    trunk: str
    base: int
    said: str
    waits: bool
    since_ms: int


def add(session: Session, rows: Sequence[StepRow]) -> None:
    """Remember steps."""
    sql = f"INSERT INTO openrosa_branch ({_COLUMNS}) VALUES ({places(11)})"
    execute_many(session, sql, [tuple(vars(row).values()) for row in rows])


def is_taken(session: Session, association_id: int, entity: str, branch: str, base: int) -> bool:
    """Whether the step after a version was taken, and waits no more."""
    sql = (
        "SELECT 1 FROM openrosa_branch WHERE association_id = ? AND entity = ? AND branch = ? AND base = ?"
        " AND waits = ? LIMIT 1"
    )
    return execute(session, sql, (association_id, entity, branch, base, False)).first() is not None


def waiting(session: Session, association_id: int, entities: Collection[str]) -> list[StepRow]:
    """The steps of some entities that wait, the earliest first."""
    wanted = sorted(entities)[:ROWS_MAX]
    if not wanted:
        return []
    sql = (
        f"SELECT {_COLUMNS} FROM openrosa_branch WHERE association_id = ? AND entity IN ({places(len(wanted))})"
        " AND waits = ? ORDER BY base, submission_id LIMIT ?"
    )
    return [StepRow(*row) for row in execute(session, sql, (association_id, *wanted, True, ROWS_MAX))]


def waiting_since(session: Session, before_ms: int) -> list[StepRow]:
    """The steps that have waited since before a time, the earliest first."""
    sql = f"SELECT {_COLUMNS} FROM openrosa_branch WHERE waits = ? AND since_ms < ? ORDER BY since_ms, base LIMIT ?"
    return [StepRow(*row) for row in execute(session, sql, (True, before_ms, ROWS_MAX))]


def taken(session: Session, row: StepRow) -> None:
    """A step waits no more."""
    sql = "UPDATE openrosa_branch SET waits = ? WHERE submission_id = ? AND path = ?"
    execute(session, sql, (False, row.submission_id, row.path))


def forget(session: Session, submission_id: int) -> set[str]:
    """A submission is read anew; the paths of its steps that wait no more."""
    sql = "DELETE FROM openrosa_branch WHERE submission_id = ? RETURNING path, waits"
    return {path for path, waits in execute(session, sql, (submission_id,)) if not waits}
