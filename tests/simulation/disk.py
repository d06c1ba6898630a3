"""Real SQLite in memory, as a disk that can fill up and lose power at every write and every commit."""

import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

WRITES = frozenset({"CREATE", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"})
COMMIT = "COMMIT"
FULL = "database or disk is full"


class SimulatedCrash(BaseException):
    """The process is gone: no handler of the product runs to its end."""


@dataclass
class Fault:
    """What happens at the `left`-th write point from now: crash or full; before or after the point."""

    left: int
    kind: str
    after: bool


class Disk:
    """What survives a process. SQLite alone decides what a crash leaves: what was committed, and nothing else.

    A commit whose fsync had not returned is a crash just before it: nobody can have seen the difference. Statements
    pass by whether they are executed on a cursor or on the connection itself, as the store of a phone does.
    """

    def __init__(self, image: bytes | None = None) -> None:
        self.fault: Fault | None = None
        self.is_down = False
        """Whether the process has died of a fault and not started again."""
        self.faults: Counter[str] = Counter()
        self._connection = self._load(image)

    def connect(self) -> sqlite3.Connection:
        """The one connection of the one process that has the file open."""
        return self._connection

    def image(self) -> bytes:
        """A copy of the file as the last commit left it."""
        assert not self._connection.in_transaction
        return self._connection.serialize()

    def replace(self, image: bytes | None) -> None:
        """Another file stands in the place of this one; the process that had it open is gone."""
        self._connection = self._load(image)

    def lose_power(self) -> None:
        """The process is gone, its open statements too, and what it had not committed."""
        sqlite3.Connection.rollback(self._connection)
        self._connection = self._load(self._connection.serialize() if self._holds_something() else None)

    def arm(self, left: int, kind: str, after: bool) -> None:
        self.fault = Fault(left, kind, after)

    def disarm(self) -> None:
        self.fault = None

    @property
    def in_transaction(self) -> bool:
        """Whether something is written and not committed."""
        return self._connection.in_transaction

    def reaches(self, statement: str, after: bool) -> None:
        """A statement begins or has ended: perhaps its time has come."""
        if self.fault is None:
            return
        word = statement.lstrip()[:7].partition(" ")[0].upper()
        if word == COMMIT or word in WRITES:
            self.passes("commit" if word == COMMIT else "write", after, sqlite3.OperationalError(FULL))

    def passes(self, where: str, after: bool, full: Exception) -> None:
        """Something is written, or has been: the time of the fault that waits may have come. `full`: what is raised."""
        if self.fault is None:
            return
        if not after:
            self.fault.left -= 1
        if self.fault.left <= 0 and self.fault.after == after:
            self._strike(where, full)

    def _strike(self, where: str, full: Exception) -> None:
        fault, self.fault = self.fault, None
        assert fault is not None
        self.faults[f"{fault.kind} {'after' if fault.after else 'before'} {where}"] += 1
        if fault.kind == "full":
            raise full
        self.is_down = True
        self.lose_power()
        raise SimulatedCrash

    def _holds_something(self) -> bool:
        """Whether anything was ever committed: SQLite cannot copy a file without a page."""
        return bool(sqlite3.Connection.execute(self._connection, "PRAGMA page_count").fetchone()[0])

    def _load(self, image: bytes | None) -> sqlite3.Connection:
        made = _connections_of(self)
        connection = sqlite3.connect(":memory:", factory=made, isolation_level=None, check_same_thread=False)
        if image is not None:
            connection.deserialize(image)
        return connection


def _cursors_of(disk: Disk) -> type[sqlite3.Cursor]:
    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, parameters: Any = ()) -> Self:
            disk.reaches(statement, after=False)
            result = super().execute(statement, parameters)
            disk.reaches(statement, after=True)
            return result

        def executemany(self, statement: str, parameters: Any) -> Self:
            disk.reaches(statement, after=False)
            result = super().executemany(statement, parameters)
            disk.reaches(statement, after=True)
            return result

    return Cursor


def _connections_of(disk: Disk) -> type[sqlite3.Connection]:
    cursors = _cursors_of(disk)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = cursors) -> Any:
            return super().cursor(factory)

        def execute(self, statement: str, parameters: Any = ()) -> Any:
            return self.cursor().execute(statement, parameters)

        def executemany(self, statement: str, parameters: Any) -> Any:
            return self.cursor().executemany(statement, parameters)

        def commit(self) -> None:
            disk.reaches(COMMIT, after=False)
            super().commit()
            disk.reaches(COMMIT, after=True)

        def close(self) -> None:
            """A pool lets go of it; the file stays."""
            with contextlib.suppress(sqlite3.Error):
                super().rollback()

    return Connection
