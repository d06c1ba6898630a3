"""`fieldsync backup` and `fieldsync restore`."""

import secrets
from pathlib import Path

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, lines, operated, sqlite_file
from fieldsync.cli.serving import alone
from fieldsync.config import program_folder
from fieldsync.core.problems import Problem
from fieldsync.services.backup import Copied, back_up, restore_file, restore_into, unsound
from fieldsync.store.engines import open_engine

MIGRATIONS = program_folder("migrations")


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@operated
def backup(operator: Operator, file: Path) -> None:
    """Copy the database into FILE while the server runs, and verify the copy.

    FILE appears once it is whole; it holds personal data, encrypt it. With the setting durability = "backup" phones may
    let go of what it holds.

    \b
    Example:
      fieldsync backup /backup/monday.fsb --data /srv/fieldsync
    """
    with operator.database() as database:
        copied = back_up(database, file, MIGRATIONS)
    _answer(operator, copied)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Move a database that has data aside; nothing is ever deleted.")
@operated
def restore(operator: Operator, file: Path, replace: bool) -> None:
    """Bring a backup back, into a data folder without a server or into an empty PostgreSQL.

    The restored server has a new epoch: every device notices at its next sync and says again what the backup did not
    have. Devices that were revoked since the backup must be revoked again.

    \b
    Example:
      fieldsync restore /backup/monday.fsb --data /srv/new
    """
    problem = unsound(file, MIGRATIONS)
    if problem is not None:
        raise Refused(problem)
    settings, epoch = operator.settings, secrets.token_hex(8)
    if settings.database_url:
        engine = open_engine(settings.sqlalchemy_url, lock_timeout_seconds=settings.lock_timeout_seconds)
        try:
            restored = restore_into(file, engine, epoch, MIGRATIONS)
        finally:
            engine.dispose()
    else:
        with alone(settings):
            restored = restore_file(file, sqlite_file(settings), epoch, replace, now_ms())
    _answer(operator, restored)


def _answer(operator: Operator, copied: Copied | Problem) -> None:
    if isinstance(copied, Problem):
        raise Refused(copied)
    aside = {"aside": copied.aside} if copied.aside else {}
    found = {"operations": copied.operations, "epoch": copied.epoch, **aside}
    operator.show(found, lines(found))
