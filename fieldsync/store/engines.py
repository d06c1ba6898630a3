"""Engines: how a database is opened, on SQLite and on PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection

from fieldsync.store.driver import execute_on_sqlite


@dataclass(frozen=True)
class SqliteOptions:
    """How a SQLite file is opened: a small transaction costs less with small pages, a large one no more."""

    cache_kib: int = 4 * 1024
    busy_timeout_ms: int = 30_000
    page_bytes: int = 4096
    checkpoint_pages: int = 16_000
    """Of `page_bytes`, also where the file has others: the log is as long as it is on a new server."""


def open_engine(url: str, options: SqliteOptions = SqliteOptions(), lock_timeout_seconds: float = 5.0) -> Engine:
    """An engine for a database URL, with the settings on which the promises of docs/protocol.md section 10 rest."""
    engine = create_engine(url, **engine_options(url, lock_timeout_seconds))
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine, options)
    return engine


def engine_options(url: str, lock_timeout_seconds: float = 5.0) -> dict[str, Any]:
    """What an engine of ours is made with: how many connections, and on PostgreSQL how long a lock is waited for."""
    if make_url(url).get_backend_name() == "sqlite":
        return {"pool_size": 32, "max_overflow": 32, "pool_use_lifo": True}
    timeout_ms = int(lock_timeout_seconds * 1000)
    connect_args = {"options": f"-c lock_timeout={timeout_ms} -c synchronous_commit=on"}
    return {"pool_size": 20, "max_overflow": 12, "pool_pre_ping": True, "connect_args": connect_args}


def prepare_sqlite(engine: Engine, options: SqliteOptions = SqliteOptions()) -> None:
    """Make SQLAlchemy open SQLite transactions itself: `BEGIN IMMEDIATE` for writers, a snapshot for readers.

    In the driver's own mode, rows written inside a savepoint survive the outer rollback.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"page_size = {options.page_bytes}",
            "journal_mode = WAL",
            "synchronous = FULL",
            f"busy_timeout = {options.busy_timeout_ms}",
            f"cache_size = -{options.cache_kib}",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        [page_bytes] = connection.execute("PRAGMA page_size").fetchone()  # a file keeps the one that it was made with
        log_pages = options.checkpoint_pages * options.page_bytes // page_bytes
        connection.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        execute_on_sqlite(
            connection, "BEGIN" if connection.get_execution_options().get("read_only") else "BEGIN IMMEDIATE"
        )
