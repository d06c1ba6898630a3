"""Backups: one verified file, made while the server runs; a restored server is a new incarnation."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from fieldsync.core.problems import Problem
from fieldsync.services import backup_files
from fieldsync.services.backup_files import Carried
from fieldsync.store import authors, portable
from fieldsync.store.db import Database
from fieldsync.store.file_store import FileStore, flush
from fieldsync.store.migrate import head_revision, migrate

BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside its file; both belong to the old database when it is moved aside."""


@dataclass(frozen=True)
class Copied:
    """What a backup or a restored database holds; `aside`: where the database went that was there before.

    `files` of records it names, of which so many could not be brought along (`missing_files`).
    """

    operations: int
    epoch: str
    aside: str = ""
    files: int = 0
    missing_files: int = 0


@dataclass(frozen=True)
class FilesTo:
    """Where files of records lie, and into which folder they are copied; `shared`: with other backups.

    `reread`: what earlier backups put there is read whole, and brought anew where it has changed.
    """

    store: FileStore
    folder: Path
    shared: bool = False
    reread: bool = False


def back_up(
    database: Database, target: Path, migrations: Path, files: FilesTo | None = None, counts: bool = True
) -> Copied | Problem:
    """Copy a database, then its files, while others use it; the copy appears under its name once it is verified.

    What it holds counts as backed up from then on (`durability = "backup"`, docs/operating.md), unless a file is
    missing or it is said not to (`counts`). Without `files` something else keeps those safe.
    """
    if database.is_sqlite and _is_same(target, Path(database.engine.url.database or "")):
        return Problem("backup_onto_itself", detail={"file": str(target)})
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        portable.copy_into_file(database.engine, partial, migrations)
        problem = unsound(partial)
        if problem is not None:
            return problem
        carried = _carried(database, partial, files) if files else Carried()
        copied, covered = Copied(*portable.operations_and_epoch(partial)), portable.durable_in(partial)
        flush(partial)
        partial.replace(target)
        flush(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    if files and not files.shared:
        backup_files.prune(target, files.folder)
    if counts and not carried.missing:
        database.write(lambda session: authors.remember_backup(session, covered))
    return replace(copied, files=carried.named, missing_files=len(carried.missing))


def _carried(database: Database, copy: Path, files: FilesTo) -> Carried:
    return backup_files.copy_out(database, copy, files.store, files.folder, files.reread)


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def unsound(file: Path, migrations: Path | None = None) -> Problem | None:
    """Why a file is no backup that this program could restore."""
    if not file.is_file():
        return Problem("not_a_backup", detail={"file": str(file), "reason": "-"})
    faults = portable.faults(file)
    revision = None if faults else portable.revision_of(file)
    if revision is None:
        return Problem("not_a_backup", detail={"file": str(file), "reason": faults[0] if faults else "no schema"})
    if migrations is not None and revision > head_revision(migrations):
        return Problem("backup_newer")
    return None


def restore_file(source: Path, target: Path, epoch: str, replace: bool, now_ms: int) -> Copied | Problem:
    """Put a verified backup in the place of a SQLite database that no server uses; the old one is moved aside."""
    if target.exists() and portable.holds_data(target) and not replace:
        return Problem("database_not_empty", detail={"folder": str(target.parent)})
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        partial.touch(mode=0o600)
        portable.copy_file(source, partial)
        portable.renew_epoch(partial, epoch)
        problem = unsound(partial)
        if problem is not None:
            return problem
        flush(partial)
        aside = _move_aside(target, now_ms)
        partial.replace(target)
        flush(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return Copied(portable.operations_and_epoch(target)[0], epoch, aside)


def _move_aside(target: Path, now_ms: int) -> str:
    """Rename a database with what SQLite keeps beside it; its name says when."""
    if not target.exists():
        return ""
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    number, aside = 1, target.with_name(f"{target.name}.before-{stamp}")
    while aside.exists():
        number += 1
        aside = target.with_name(f"{target.name}.before-{stamp}-{number}")
    for ending in BESIDE:
        beside = target.with_name(target.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    target.rename(aside)
    return str(aside)


def restore_into(source: Path, engine: Engine, epoch: str, migrations: Path) -> Copied | Problem:
    """Copy a verified backup into an empty PostgreSQL database, in one transaction."""
    migrate(engine, migrations)
    with tempfile.TemporaryDirectory(prefix="fieldsync-restore-") as folder:
        newest = Path(folder) / "backup"
        portable.copy_file(source, newest)
        portable.renew_epoch(newest, epoch)
        with portable.bring_up_to_date(newest, migrations) as old, engine.begin() as target:
            if not portable.is_empty(target):
                return Problem("database_not_empty", detail=_place(engine))
            portable.clear_identity(target)
            with portable.snapshot(old) as session:
                portable.copy_tables(session.connection(), target)
            portable.continue_sequences(target)
        return Copied(portable.operations_and_epoch(newest)[0], epoch)


def _place(engine: Engine) -> Mapping[str, str]:
    return {"folder": f"{engine.url.host or ''}/{engine.url.database or ''}"}
