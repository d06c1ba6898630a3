"""Files of OpenRosa submissions: by which name each came, and which names still wait for theirs."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

NAMES_MAX = 1000
"""Files of one submission that are looked at."""


@dataclass(frozen=True)
class NamedFile:
    """A file under the name that the submission gives it; `size` in bytes."""

    name: str
    sha256: str
    size: int
    media_type: str


def remember(session: Session, association_id: int, form: str, instance: str, files: Collection[NamedFile]) -> None:
    """These files came with an instance; the last one of a name stands."""
    sql = (
        "INSERT INTO openrosa_file (association_id, form, instance, name, sha256, size, media_type)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (association_id, form, instance, name)"
        " DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, media_type = excluded.media_type"
    )
    rows = [
        (association_id, form, instance, each.name, each.sha256, each.size, each.media_type)
        for each in sorted(files, key=lambda file: file.name)
    ]
    execute_many(session, sql, rows)


def named(session: Session, association_id: int, form: str, instances: Collection[str]) -> dict[str, NamedFile]:
    """Files of some instances by name; what came with a later one of the list stands."""
    found: dict[str, NamedFile] = {}
    for instance in instances:
        sql = (
            "SELECT name, sha256, size, media_type FROM openrosa_file"
            " WHERE association_id = ? AND form = ? AND instance = ? ORDER BY name LIMIT ?"
        )
        rows = execute(session, sql, (association_id, form, instance, NAMES_MAX))
        found.update((row[0], NamedFile(*row)) for row in rows)
    return found


_REPLACED = (
    "(EXISTS (SELECT 1 FROM openrosa_submission e WHERE e.base_id = s.id AND e.status <> 'quarantined')"
    " OR EXISTS (SELECT 1 FROM openrosa_submission e WHERE e.association_id = s.association_id AND e.form = s.form"
    " AND e.deprecated = s.instance AND e.deprecated <> '' AND e.status = 'applied'))"
)
"""An edit of submission `s` was taken in, be it before the submission itself."""

_WAITING = (
    f"openrosa_missing m JOIN openrosa_submission s ON s.id = m.submission_id WHERE m.came = ? AND NOT {_REPLACED}"
)
"""What an edit has replaced waits no longer: the edit says itself what it names."""


def await_files(session: Session, submission_id: int, record_id: int, paths: Collection[tuple[str, str]]) -> None:
    """A submission names files that are not here: (path, name)."""
    sql = "INSERT INTO openrosa_missing (submission_id, path, name, record_id, came) VALUES (?, ?, ?, ?, ?)"
    execute_many(session, sql, [(submission_id, path, name, record_id, False) for path, name in sorted(paths)])


def awaited(session: Session, submission_id: int) -> list[tuple[str, str]]:
    """What a submission waits for: (path, name)."""
    return _later(session, submission_id, False)


def named_later(session: Session, submission_id: int) -> list[tuple[str, str]]:
    """What a submission waited for and has now: (path, name)."""
    return _later(session, submission_id, True)


def _later(session: Session, submission_id: int, came: bool) -> list[tuple[str, str]]:
    sql = "SELECT path, name FROM openrosa_missing WHERE submission_id = ? AND came = ? ORDER BY path LIMIT ?"
    return [(row[0], row[1]) for row in execute(session, sql, (submission_id, came, NAMES_MAX))]


def came(session: Session, submission_id: int, paths: Collection[str]) -> None:
    """A submission waits for these no longer."""
    sql = "UPDATE openrosa_missing SET came = ? WHERE submission_id = ? AND path = ?"
    execute_many(session, sql, [(True, submission_id, path) for path in sorted(paths)])


def forget(session: Session, submission_id: int) -> None:
    """A submission is read anew: what it waits for is found again."""
    execute(session, "DELETE FROM openrosa_missing WHERE submission_id = ?", (submission_id,))


def records_waiting(session: Session, record_ids: Collection[int]) -> set[int]:
    """Which of these records wait for a file of a submission."""
    ids = sorted(record_ids)[:NAMES_MAX]
    if not ids:
        return set()
    sql = f"SELECT DISTINCT m.record_id FROM {_WAITING} AND m.record_id IN ({places(len(ids))})"
    return {row[0] for row in execute(session, sql, (False, *ids))}


def awaited_answers(session: Session, record_ids: Collection[int]) -> list[tuple[int, str]]:
    """Answers whose files records wait for: (record id, path); the files of an envelope belong to no answer."""
    ids = sorted(record_ids)[:NAMES_MAX]
    if not ids:
        return []
    sql = (
        f"SELECT DISTINCT m.record_id, m.path FROM {_WAITING} AND m.path <> m.name"
        f" AND m.record_id IN ({places(len(ids))}) ORDER BY m.record_id, m.path LIMIT ?"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (False, *ids, NAMES_MAX))]


def is_replaced(session: Session, submission_id: int) -> bool:
    """Whether an edit of a submission was taken in, be it before the submission itself."""
    sql = f"SELECT 1 FROM openrosa_submission s WHERE s.id = ? AND {_REPLACED}"
    return execute(session, sql, (submission_id,)).first() is not None
