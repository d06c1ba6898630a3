"""Engines, transactions and the one writer (docs/architecture.md, "What commits")."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from fieldsync.store.driver import (
    Rows,
    execute_on_sqlite,
    kept_open,
    rows_of,
    sqlite_of,
    tell_as_sqlalchemy_does,
    transaction_on_sqlite,
)
from fieldsync.store.file_lock import FileLock
from fieldsync.store.groups import Groups, Task
from fieldsync.store.snapshots import CONNECTION, SQLITE, FreshSnapshots, KeptSnapshots, Snapshots, carried

Result = TypeVar("Result")

ATTEMPTS_MAX = 4
"""How often a PostgreSQL transaction is tried when another one was in its way."""

_translated: dict[str, str] = {}


class Overtaken(Exception):
    """Another transaction committed what this one should have known of; it must begin again."""


class Busy(Exception):
    """The database could not take a transaction for a passing reason: a lock, a full disk, a restart."""


SQLITE_OF_THE_STATEMENT = frozenset((1, 18, 20, 25))
"""SQLITE_ERROR, TOOBIG, MISMATCH, RANGE: the statement is to blame, though the driver calls it operational."""


def is_passing(error: BaseException) -> bool:
    """Whether a lock, a full disk, a lost connection or another transaction is to blame, and not what was asked."""
    if not isinstance(error, OperationalError | InterfaceError):
        return isinstance(error, Overtaken | Busy)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF not in SQLITE_OF_THE_STATEMENT
    state = getattr(error.orig, "sqlstate", None) or ""
    return not state.startswith("54")  # a limit of the program: the same the next time


def execute(session: Session, sql: str, parameters: Sequence[Any] = ()) -> Rows:
    """Run one statement written with `?` placeholders."""
    sqlite: sqlite3.Connection | None = session.info.get(SQLITE)
    if sqlite is not None and not session.in_nested_transaction():
        try:
            return rows_of(sqlite.execute(sql, parameters))
        except BaseException as error:
            tell_as_sqlalchemy_does(session.info[CONNECTION], sql, error)
            raise
    connection = _connection_of(session)
    if connection.dialect.name == "postgresql":
        return _execute_on_postgresql(connection, sql, parameters)
    return execute_on_sqlite(connection, sql, parameters)


def _execute_on_postgresql(connection: Connection, sql: str, parameters: Sequence[Any]) -> Rows:
    result = connection.exec_driver_sql(_for_postgresql(sql), tuple(parameters))
    rows = Rows(result.all() if result.returns_rows else ())
    rows.rowcount = result.rowcount
    return rows


def execute_many(session: Session, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run one statement for each row; return how many rows of the table it touched in all."""
    if not rows:
        return 0
    connection = _connection_of(session)
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_for_postgresql(sql), list(rows)).rowcount
    sqlite: sqlite3.Connection = session.info.get(SQLITE) or sqlite_of(connection)
    try:
        return sqlite.executemany(sql, rows).rowcount
    except BaseException as error:
        tell_as_sqlalchemy_does(connection, sql, error)
        raise


def _connection_of(session: Session) -> Connection:
    """The session's connection, without the way that SQLAlchemy takes to it: it costs more than a short statement."""
    known: Connection | None = session.info.get(CONNECTION)
    return session.connection() if known is None or session.in_nested_transaction() else known


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """What is written inside is undone where an exception leaves it, and nothing else of the transaction."""
    if is_postgresql(session):
        with session.begin_nested():
            yield
        return
    with _savepoint_on_sqlite(_connection_of(session)):
        yield


@contextmanager
def _savepoint_on_sqlite(connection: Connection) -> Iterator[None]:
    """By the driver: SQLAlchemy's own costs more than what most of them guard. Inner ones may bear the same name."""
    execute_on_sqlite(connection, "SAVEPOINT task")
    try:
        yield
    except Exception as error:
        if not is_passing(error):  # else the whole transaction is in doubt, and goes
            execute_on_sqlite(connection, "ROLLBACK TO task")
            execute_on_sqlite(connection, "RELEASE task")
        raise
    execute_on_sqlite(connection, "RELEASE task")


MASTER_KEY = "master_key"
"""Under which a session carries the key that is not in the database."""


def master_key(session: Session) -> bytes:
    """The key outside the database, from which others are derived (core.keys); empty where none was given."""
    key: bytes = session.info.get(MASTER_KEY, b"")
    return key


def places(count: int) -> str:
    """`?` placeholders for a list, as `?,?,?`."""
    return ",".join("?" * count)


def for_update(session: Session) -> str:
    """The clause that locks the rows read; SQLite has one writer and needs none.

    Rows that only refer to these may still be written: the lock leaves their keys free.
    """
    return " FOR NO KEY UPDATE" if is_postgresql(session) else ""


def is_postgresql(session: Session) -> bool:
    """Whether the session speaks to PostgreSQL."""
    return _connection_of(session).dialect.name == "postgresql"


def reserve_ids(session: Session, wanted: Mapping[str, int]) -> dict[str, Sequence[int]]:
    """Draw so many row ids for each table; rising, and never used before."""
    if is_postgresql(session):
        return {table: _drawn(session, table, count) for table, count in wanted.items()}
    last = execute(session, f"SELECT {', '.join(f'(SELECT max(id) FROM {table})' for table in wanted)}").one()
    return {
        table: range((before or 0) + 1, (before or 0) + 1 + count)
        for (table, count), before in zip(wanted.items(), last, strict=True)
    }


def _drawn(session: Session, table: str, count: int) -> Sequence[int]:
    if count == 0:
        return ()
    sql = "SELECT nextval(?::regclass) FROM generate_series(1, ?)"
    return [row[0] for row in execute(session, sql, (f"{table}_id_seq", count))]


def _for_postgresql(sql: str) -> str:
    translated = _translated.get(sql)
    if translated is None:
        translated = _translated[sql] = sql.replace("?", "%s")
    return translated


class Step(Protocol):
    """Runs a piece of work in a transaction of its own."""

    def __call__(self, work: Callable[[Session], Result], /) -> Result: ...


class Transactions(Protocol):
    """Where sessions come from, one transaction after the other: a database, or what stands before one."""

    def read(self) -> AbstractContextManager[Session]:
        """As `Database.read`."""

    def write(self, work: Callable[[Session], Result]) -> Result:
        """As `Database.write`."""


class Database:
    """Where sessions come from. The edge calls `read` or `write`; services get the session and never commit.

    SQLite: one thread at a time takes what waits, up to `group_max` tasks, into one transaction, and lets all go on
    after the commit; a file lock keeps other processes out meanwhile. Work may begin again, as on PostgreSQL: where one
    task of a group fails nothing of the group is kept, and each is done once more in a savepoint of its own.
    `key` goes with every session (`master_key`).
    PostgreSQL: a transaction in the calling thread. `inline` runs SQLite tasks in the calling thread (simulation).

    On SQLite whoever writes and those who `read_in_turn` take turns. Python's threads compute one at a time anyway; but
    the driver lets go of the interpreter at every row, and whoever then takes it keeps it from the others for long.
    """

    def __init__(
        self,
        engine: Engine,
        group_max: int = 64,
        inline: bool = False,
        writer_cache_kib: int = 48 * 1024,
        key: bytes = b"",
    ) -> None:
        self.engine = engine
        self.key = key
        self.session_info = {MASTER_KEY: key}
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self.is_sqlite and not inline else nullcontext()
        )
        self._inline = inline
        self._groups = Groups(self._run_group, group_max)
        self._writing = threading.Lock()
        path = engine.url.database
        self._connection: Connection | None = None
        self._session = Session()
        self._carried: Mapping[str, Any] = {}
        self._writer_cache_kib = writer_cache_kib
        is_file = bool(self.is_sqlite and path and path != ":memory:")
        self._file_lock = FileLock(Path(f"{path}.lock") if is_file else None)
        readers = _for_readers(engine)
        self._snapshots: Snapshots = KeptSnapshots(readers) if is_file and not inline else FreshSnapshots(readers)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one snapshot; what it writes is lost."""
        try:
            with self._snapshots.read(self.session_info) as session:
                yield session
        except (OperationalError, InterfaceError) as error:
            if not is_passing(error):
                raise
            raise Busy(type(error.orig).__name__) from error

    @contextmanager
    def read_in_turn(self) -> Iterator[Session]:
        """`read` for those who compute much meanwhile. Nobody may `write` inside: that waits for the turn too."""
        with self._turn, self.read() as session:
            yield session

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a transaction; its result comes once that is durable, `Busy` where it may be tried again."""
        if not self.is_sqlite:
            return self._write_postgresql(work)
        task = Task(work)
        if self._inline:
            self._run_group([task])
        else:
            self._groups.do(task)
        if task.error is not None:
            raise task.error
        return task.result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Finish what is being written, and let go of all connections."""
        with self._writing:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._file_lock.close()
        self._snapshots.close()
        self.engine.dispose()

    def _write_postgresql(self, work: Callable[[Session], Result]) -> Result:
        for attempt in range(ATTEMPTS_MAX):
            try:
                with Session(self.engine, info=self.session_info) as session, session.begin():
                    return work(session)
            except IntegrityError:
                if attempt == ATTEMPTS_MAX - 1:
                    raise
            except (OperationalError, InterfaceError, Overtaken) as error:
                if not is_passing(error):
                    raise
                if attempt == ATTEMPTS_MAX - 1 or "lock timeout" in str(error):
                    raise Busy(type(getattr(error, "orig", error)).__name__) from error
        raise AssertionError("the last attempt returns or raises")

    def _run_group(self, group: Sequence[Task]) -> None:
        with self._writing:
            self._write_group(group)

    def _write_group(self, group: Sequence[Task]) -> None:
        """All in one transaction. A savepoint for each would cost every task: only where one fails, all begin again."""
        try:
            try:
                self._write_together(group, _run)
            except _TaskFailed as failure:
                if len(group) == 1:
                    group[0].error = failure.error
                else:
                    self._write_together(group, _run_in_savepoint)
        except (DBAPIError, OSError) as error:
            self._drop_writer_connection()
            _fail(group, Busy(type(getattr(error, "orig", error)).__name__))
        except Exception as error:  # a fault of ours: nothing was committed, and the writer goes on
            self._drop_writer_connection()
            _fail(group, error)
        except BaseException as error:
            self._drop_writer_connection()
            _fail(group, error)
            raise

    def _write_together(self, group: Sequence[Task], run: Callable[[Session, Task, Mapping[str, Any]], None]) -> None:
        connection = self._writer_connection()
        with self._file_lock, transaction_on_sqlite(connection), self._turn:
            for task in group:
                run(self._session, task, self._carried)

    def _writer_connection(self) -> Connection:
        """The one connection that writes keeps its large page cache from batch to batch; it has one session."""
        if self._connection is None:
            self._connection = self.engine.connect().execution_options(read_only=True)  # begins no transaction to write
            self._session = Session(bind=self._connection, join_transaction_mode="rollback_only")
            self._carried = {**self.session_info, **carried(self._connection)}
            driver = self._connection.connection.driver_connection
            assert driver is not None
            driver.execute(f"PRAGMA cache_size = -{self._writer_cache_kib}")
            driver.execute("PRAGMA temp_store = MEMORY")  # what a savepoint would undo: else a file, written each time
        return kept_open(self._connection)

    def _drop_writer_connection(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _for_readers(engine: Engine) -> Engine:
    """The engine as readers use it: each transaction one snapshot. SQLite's always are."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(read_only=True)
    return engine.execution_options(isolation_level="REPEATABLE READ")


class _TaskFailed(Exception):
    """A task failed by itself, and with it the transaction."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


def _run(session: Session, task: Task, info: Mapping[str, Any]) -> None:
    """One task in a session that knows nothing of the tasks before; to make one costs more than short statements."""
    session.info.clear()
    session.info.update(info)
    try:
        task.result = task.work(session)
        session.flush()
    except Exception as error:
        if is_passing(error):
            raise  # the whole transaction is in doubt: a full disk, an interrupted statement
        raise _TaskFailed(error) from error
    finally:
        if session.in_transaction():
            session.close()


def _run_in_savepoint(session: Session, task: Task, info: Mapping[str, Any]) -> None:
    try:
        with _savepoint_on_sqlite(info[CONNECTION]):
            _run(session, task, info)
    except _TaskFailed as failure:
        task.error = failure.error


def _fail(group: Sequence[Task], error: BaseException) -> None:
    for task in group:
        task.error, task.result = error, None
