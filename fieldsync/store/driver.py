"""Statements by SQLite's own driver: SQLAlchemy's way to it costs ten times what a short statement does."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError


class Rows(list[tuple[Any, ...]]):
    """What one statement returned, and in `rowcount` how many rows it touched."""

    __slots__ = ("rowcount",)
    rowcount: int

    def first(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        return self[0] if self else None

    def one(self) -> tuple[Any, ...]:
        """The first row, which is there."""
        return self[0]

    def scalar(self) -> Any | None:
        """The first value of the first row; None where there is none."""
        return self[0][0] if self else None

    def scalar_one(self) -> Any:
        """The first value of the first row, which is there."""
        return self[0][0]


def rows_of(cursor: Any) -> Rows:
    """What a statement left in a cursor, the driver's or SQLAlchemy's."""
    rows = Rows(cursor.fetchall())
    rows.rowcount = cursor.rowcount
    return rows


def execute_on_sqlite(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> Rows:
    """Run one statement."""
    try:
        return rows_of(sqlite_of(connection).execute(sql, parameters))
    except BaseException as error:
        tell_as_sqlalchemy_does(connection, sql, error)
        raise


def roll_back_on_sqlite(connection: Connection) -> None:
    """End the transaction, and keep nothing of it."""
    try:
        sqlite_of(connection).rollback()
    except BaseException as error:
        tell_as_sqlalchemy_does(connection, "ROLLBACK", error)
        raise


def kept_open(connection: Connection) -> Connection:
    """To SQLAlchemy the connection is in one transaction for good; the driver begins and ends the true ones."""
    if not connection.in_transaction():
        connection.begin()
        roll_back_on_sqlite(connection)
    return connection


@contextmanager
def transaction_on_sqlite(connection: Connection) -> Iterator[None]:
    """A writer's transaction on a connection that is `kept_open`; committed at the end, unless an exception ends it."""
    execute_on_sqlite(connection, "BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if not connection.invalidated:
            roll_back_on_sqlite(connection)
        raise
    commit_on_sqlite(connection)


def commit_on_sqlite(connection: Connection) -> None:
    """End the transaction; what it wrote is durable."""
    try:
        sqlite_of(connection).commit()
    except BaseException as error:
        tell_as_sqlalchemy_does(connection, "COMMIT", error)
        raise


def sqlite_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


def tell_as_sqlalchemy_does(connection: Connection, sql: str, error: BaseException) -> None:
    """A fault of the driver under SQLAlchemy's name, without the values; what ends the program ends the connection."""
    if isinstance(error, sqlite3.Error):
        raise DBAPIError.instance(sql, None, error, sqlite3.Error, dialect=connection.dialect) from error
    if not isinstance(error, Exception):
        connection.invalidate(error)
