"""Statements by SQLite's own driver: SQLAlchemy's way to it costs ten times what a short statement does."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError


class Rows(list[tuple[Any, ...]]):
    """What one statement returned, and in `rowcount` how many rows it touched."""

    __slots__ = ("rowcount",)

    def __init__(self, rows: Iterable[tuple[Any, ...]], rowcount: int) -> None:
        super().__init__(rows)
        self.rowcount = rowcount

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


def execute_on_sqlite(connection: Connection, sql: str, parameters: Sequence[Any] = ()) -> Rows:
    """Run one statement."""
    try:
        cursor = sqlite_cursor(connection).execute(sql, parameters)
        return Rows(cursor.fetchall(), cursor.rowcount)
    except BaseException as error:
        tell_as_sqlalchemy_does(connection, sql, error)
        raise


def roll_back_on_sqlite(connection: Connection) -> None:
    """End the transaction, and keep nothing of it."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        driver.rollback()
    except BaseException as error:
        tell_as_sqlalchemy_does(connection, "ROLLBACK", error)
        raise


def sqlite_cursor(connection: Connection) -> sqlite3.Cursor:
    """The driver's own cursor."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver.cursor()


def tell_as_sqlalchemy_does(connection: Connection, sql: str, error: BaseException) -> None:
    """A fault of the driver under SQLAlchemy's name, without the values; what ends the program ends the connection."""
    if isinstance(error, sqlite3.Error):
        raise DBAPIError.instance(sql, None, error, sqlite3.Error, dialect=connection.dialect) from error
    if not isinstance(error, Exception):
        connection.invalidate(error)
