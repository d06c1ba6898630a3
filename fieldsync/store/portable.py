"""A whole database as one SQLite file: copied while it is in use, checked, and brought back."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, func, insert, select, text, update
from sqlalchemy.orm import Session

from fieldsync.store.attachments import AttachmentRow
from fieldsync.store.engines import open_engine
from fieldsync.store.migrate import migrate
from fieldsync.store.models import Base

CHUNK_ROWS = 1000
"""Rows that are in memory at the same time while tables are copied."""

FAULTS_READ_MAX = 10
"""Lines of SQLite's own report that are shown; the first says enough."""


@contextmanager
def snapshot(engine: Engine, info: Mapping[Any, Any] | None = None) -> Iterator[Session]:
    """A session that reads one state of the whole database for as long as it is open, and keeps nobody from writing.

    `info`: what it carries, such as the key outside the database (Database.session_info).
    """
    options: dict[str, Any] = {"read_only": True}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        engine.connect().execution_options(**options) as connection,
        Session(bind=connection, info=dict(info or {})) as session,
    ):
        yield session


def copy_into_file(engine: Engine, file: Path, migrations: Path) -> None:
    """Copy a database that may be in use into a new SQLite file."""
    if engine.dialect.name == "sqlite":
        _copy_sqlite(engine, file)
        return
    with snapshot(engine) as session, _portable(file, migrations) as target:
        copy_tables(session.connection(), target)


def _copy_sqlite(engine: Engine, file: Path) -> None:
    with engine.connect().execution_options(read_only=True) as connection:
        source = connection.connection.driver_connection
        assert source is not None
        _copy_whole(source, file)


def copy_file(source: Path, file: Path) -> None:
    """Copy a SQLite database, with what its log holds, into one file."""
    with closing(_open_read_only(source)) as connection:
        _copy_whole(connection, file)


def _copy_whole(source: sqlite3.Connection, file: Path) -> None:
    with closing(sqlite3.connect(file)) as target:
        source.backup(target)  # one step: one snapshot, however much is written meanwhile
        target.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _portable(file: Path, migrations: Path) -> Iterator[Connection]:
    """A transaction on a new SQLite file with the present schema; what refers to what is checked afterwards."""
    with bring_up_to_date(file, migrations) as engine, engine.connect() as target:
        driver = target.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys = OFF")
        with target.begin():
            yield target
        driver.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def bring_up_to_date(file: Path, migrations: Path) -> Iterator[Engine]:
    """An engine on a SQLite file that has the present schema."""
    engine = open_engine(f"sqlite:///{file}")
    try:
        migrate(engine, migrations)
        yield engine
    finally:
        engine.dispose()


def copy_tables(source: Connection, target: Connection) -> None:
    """Copy every row of every table, those first that others refer to."""
    streaming = source.execution_options(stream_results=True, yield_per=CHUNK_ROWS)
    for table in Base.metadata.sorted_tables:
        inner = _references_to_itself(table)
        later: list[dict[str, Any]] = []
        for rows in streaming.execute(select(table)).mappings().partitions(CHUNK_ROWS):
            values = [dict(row) for row in rows]
            later += [row for row in values if any(row[column.name] is not None for column in inner)]
            target.execute(insert(table), [{**row, **{column.name: None for column in inner}} for row in values])
        for row in later:
            changes = {column.name: row[column.name] for column in inner}
            target.execute(update(table).where(table.c.id == row["id"]).values(changes))


def _references_to_itself(table: Table) -> list[Column[Any]]:
    return [key.parent for key in table.foreign_keys if key.column.table is table]


def is_empty(connection: Connection) -> bool:
    """Whether nobody has put anything into a database yet."""
    return connection.execute(select(func.count()).select_from(Base.metadata.tables["association"])).scalar_one() == 0


def clear_identity(connection: Connection) -> None:
    """Forget who an empty database was, and keep others out of it until the commit."""
    connection.execute(text("LOCK TABLE association, server IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text("DELETE FROM server"))


def continue_sequences(connection: Connection) -> None:
    """Let PostgreSQL number new rows after the copied ones."""
    for table in Base.metadata.sorted_tables:
        if "id" in table.c and table.c.id.primary_key:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), coalesce(max(id), 1),"
                    f" max(id) IS NOT NULL) FROM {table.name}"
                )
            )


def faults(file: Path) -> list[str]:
    """What SQLite finds wrong with a file; nothing for a sound one."""
    try:
        with closing(_open_read_only(file)) as connection:
            said = [row[0] for row in connection.execute(f"PRAGMA integrity_check({FAULTS_READ_MAX})")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchmany(FAULTS_READ_MAX)
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [line for line in said if line != "ok"] + [f"{row[0]} {row[1]} refers to no {row[2]}" for row in broken]


def revision_of(file: Path) -> str | None:
    """The schema of a sound file, or None for a file that is no database of ours."""
    try:
        with closing(_open_read_only(file)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("SELECT epoch, secret FROM server WHERE id = 1").fetchone()
    except sqlite3.DatabaseError:
        return None
    return str(row[0]) if row else None


def operations_and_epoch(file: Path) -> tuple[int, str]:
    """(how many operations it holds, its epoch) of a sound file."""
    with closing(_open_read_only(file)) as connection:
        count = connection.execute("SELECT count(*) FROM operation").fetchone()[0]
        return count, str(connection.execute("SELECT epoch FROM server WHERE id = 1").fetchone()[0])


def durable_in(file: Path) -> list[tuple[int, int]]:
    """(author id, durable_through) as a copy holds them."""
    with closing(_open_read_only(file)) as connection:
        return list(connection.execute("SELECT id, durable_through FROM author ORDER BY id"))


def attachments_in(file: Path) -> Iterator[AttachmentRow]:
    """The files of records that a copy names; none where it is older than files are."""
    with closing(_open_read_only(file)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'attachment'").fetchone():
            names = ", ".join(field.name for field in fields(AttachmentRow))
            for row in connection.execute(f"SELECT {names} FROM attachment ORDER BY association_id, sha256"):
                yield AttachmentRow(*row)


def correct_attachment(file: Path, row: AttachmentRow, now: AttachmentRow | None) -> None:
    """A file became another, or went, between the copy of the database and its own: the copy says so too."""
    with closing(sqlite3.connect(file)) as connection, connection:
        if now is None:
            sql = "DELETE FROM attachment WHERE association_id = ? AND sha256 = ?"
            connection.execute(sql, (row.association_id, row.sha256))
            return
        sql = (
            "UPDATE attachment SET kept_sha256 = ?, kept_size = ?, state = ?, thumbnail = ?"
            " WHERE association_id = ? AND sha256 = ?"
        )
        what = (now.kept_sha256, now.kept_size, now.state, now.thumbnail)
        connection.execute(sql, (*what, row.association_id, row.sha256))


def holds_data(file: Path) -> bool:
    """Whether anybody has put anything into a SQLite database; a damaged file counts as data."""
    try:
        with closing(_open_read_only(file)) as connection:
            return bool(connection.execute("SELECT count(*) FROM association").fetchone()[0])
    except sqlite3.DatabaseError:
        return True


def renew_epoch(file: Path, epoch: str) -> None:
    """Begin a new incarnation in a file that nobody uses yet."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE server SET epoch = ? WHERE id = 1", (epoch,))


def _open_read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
