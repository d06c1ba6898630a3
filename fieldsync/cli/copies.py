"""`fieldsync backup` and `fieldsync restore`."""

import dataclasses
import secrets
from contextlib import nullcontext
from pathlib import Path

import click
from sqlalchemy import Engine

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, lines, operated, sqlite_file
from fieldsync.cli.serving import alone
from fieldsync.config import Settings, program_folder
from fieldsync.core.problems import Problem
from fieldsync.services.backup import Copied, FilesTo, back_up, restore_file, restore_into, unsound
from fieldsync.services.backup_files import bring_files, folder_of, names_files
from fieldsync.services.uploads import open_files
from fieldsync.store.engines import open_engine
from fieldsync.store.file_store import FolderStore

MIGRATIONS = program_folder("migrations")


FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--files", "folder", type=FOLDER, help="A folder that backups share; by default FILE.files, for this one."
)
@click.option("--without-files", is_flag=True, help="Leave out the files of records: something else keeps them safe.")
@click.option("--reread", is_flag=True, help="Read what lies in the folder already, too, and mend what has changed.")
@operated
def backup(operator: Operator, file: Path, folder: Path | None, without_files: bool, reread: bool) -> None:
    """Copy the database into FILE and files of records into FILE.files while the server runs, and verify both.

    FILE appears once it is whole. Both hold personal data, encrypt them. With the setting durability = "backup" phones
    may let go of what they hold. Exits with 1 where a file is missing or changed.

    \b
    Example:
      fieldsync backup /backup/monday.fsb --data /srv/fieldsync
    """
    store = open_files(operator.settings).store
    to = None if without_files else FilesTo(store, folder or folder_of(file), folder is not None, reread)
    with operator.database() as database:
        copied = back_up(database, file, MIGRATIONS, to, counts=to is not None or not isinstance(store, FolderStore))
    _answer(operator, copied)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--files", "folder", type=FOLDER, help="Where the backup's files lie; by default in FILE.files.")
@click.option("--without-files", is_flag=True, help="Files of records lie in their place already.")
@click.option("--replace", is_flag=True, help="Move a database that has data aside; nothing is ever deleted.")
@operated
def restore(operator: Operator, file: Path, folder: Path | None, without_files: bool, replace: bool) -> None:
    """Bring a backup back, into a data folder without a server or into an empty PostgreSQL.

    The restored server has a new epoch: every device notices at its next sync and says again what the backup did not
    have. Devices that were revoked since the backup must be revoked again. Exits with 1 where a file did not come back.

    \b
    Example:
      fieldsync restore /backup/monday.fsb --data /srv/new
    """
    problem = unsound(file, MIGRATIONS)
    if problem is not None:
        raise Refused(problem)
    settings, source = operator.settings, folder or folder_of(file)
    if not without_files and names_files(file) and not source.is_dir():
        raise Refused(Problem("backup_without_files", detail={"folder": str(source)}))
    engine = open_engine(settings.sqlalchemy_url, lock_timeout_seconds=settings.lock_timeout_seconds)
    try:
        with nullcontext() if settings.database_url else alone(settings):
            restored = _restored(settings, file, engine, replace)
            if isinstance(restored, Copied) and not without_files:
                store = open_files(settings).store
                carried = bring_files(engine, file, source, store, MIGRATIONS, now_ms())
                restored = dataclasses.replace(restored, files=carried.named, missing_files=len(carried.missing))
    finally:
        engine.dispose()
    _answer(operator, restored)


def _restored(settings: Settings, file: Path, engine: Engine, replace: bool) -> Copied | Problem:
    epoch = secrets.token_hex(8)
    if settings.database_url:
        return restore_into(file, engine, epoch, MIGRATIONS)
    return restore_file(file, sqlite_file(settings), epoch, replace, now_ms())


def _answer(operator: Operator, copied: Copied | Problem) -> None:
    if isinstance(copied, Problem):
        raise Refused(copied)
    aside = {"aside": copied.aside} if copied.aside else {}
    counts = {"files": copied.files, "missing_files": copied.missing_files}
    found = {"operations": copied.operations, "epoch": copied.epoch, **counts, **aside}
    if copied.missing_files:
        raise Refused(Problem("files_missing", detail={"count": str(copied.missing_files)}), found, lines(found))
    operator.show(found, lines(found))
