"""Sessions for readers, each on one snapshot; on SQLite they are kept ready, which costs less than what is read."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fieldsync.store.driver import execute_on_sqlite, roll_back_on_sqlite, sqlite_of

CONNECTION = "connection"
"""Under which a session carries its connection: SQLAlchemy's way to it costs more than a short statement."""

SQLITE = "sqlite"
"""Under which it carries, where it speaks to SQLite, the driver's own connection."""


def carried(connection: Connection) -> dict[str, Any]:
    """What a session on a connection carries."""
    if connection.dialect.name == "sqlite":
        return {CONNECTION: connection, SQLITE: sqlite_of(connection)}
    return {CONNECTION: connection}


class Snapshots(Protocol):
    """Where sessions for readers come from."""

    def read(self, info: Mapping[str, Any]) -> AbstractContextManager[Session]:
        """A session on one snapshot that carries `info`; what it writes is lost."""

    def close(self) -> None:
        """Let go of what is kept."""


class FreshSnapshots:
    """A session and a transaction made for each reader."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self, info: Mapping[str, Any]) -> Iterator[Session]:
        """A session on one snapshot that carries `info`."""
        with self._engine.connect() as connection:
            connection.begin()
            known = {**info, **carried(connection)}
            with Session(bind=connection, join_transaction_mode="rollback_only", info=known) as session:
                yield session

    def close(self) -> None:
        """Nothing is kept."""


class KeptSnapshots:
    """SQLite's: as many sessions as there were readers at a time, each on a connection of its own.

    To SQLAlchemy a kept connection is in one transaction for good; the driver begins and ends one for each reader.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ready: list[Session] = []

    @contextmanager
    def read(self, info: Mapping[str, Any]) -> Iterator[Session]:
        """A session on one snapshot that carries `info`."""
        session = self._taken()
        session.info.update(info)
        try:
            yield session
        except DBAPIError:
            _let_go(session)  # whatever is wrong with it, the next reader begins anew
            raise
        except BaseException:
            self._take_back(session)
            raise
        self._take_back(session)

    def close(self) -> None:
        """Let go of what is ready."""
        while self._ready:
            _let_go(self._ready.pop())

    def _taken(self) -> Session:
        try:
            session = self._ready.pop()
        except IndexError:
            return self._opened()
        try:
            execute_on_sqlite(session.info[CONNECTION], "BEGIN")
        except BaseException:
            _let_go(session)
            raise
        return session

    def _opened(self) -> Session:
        connection = self._engine.connect()
        connection.begin()
        session = Session(bind=connection, join_transaction_mode="rollback_only", info=carried(connection))
        session.connection()
        return session

    def _take_back(self, session: Session) -> None:
        connection: Connection = session.info[CONNECTION]
        if not session.in_transaction():  # whoever read has ended it
            _let_go(session)
            return
        roll_back_on_sqlite(connection)
        known = session.info[SQLITE]
        session.info.clear()
        session.info[CONNECTION], session.info[SQLITE] = connection, known
        self._ready.append(session)


def _let_go(session: Session) -> None:
    connection: Connection = session.info[CONNECTION]
    session.close()
    connection.close()
