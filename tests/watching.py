"""What a request costs: its statements, and how often a passphrase was hashed."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event

from fieldsync.routes.calls import CALLS, Calls
from fieldsync.services import hashing
from fieldsync.store import driver, snapshots
from tests.world import World


@dataclass
class Work:
    """Two requests that must not be told apart by their work have equal ones."""

    statements: int = 0
    hashes: int = 0


class _Counted:
    """A connection of SQLite's driver that counts: statements reach it past SQLAlchemy's events."""

    def __init__(self, connection: sqlite3.Connection, count: Callable[[], None]) -> None:
        self._connection = connection
        self._count = count

    def execute(self, *given: Any) -> sqlite3.Cursor:
        self._count()
        return self._connection.execute(*given)

    def executemany(self, *given: Any) -> sqlite3.Cursor:
        self._count()
        return self._connection.executemany(*given)


@contextmanager
def watched(world: World) -> Iterator[Work]:
    """What is done meanwhile."""
    work = Work()
    world.app.extensions[CALLS] = Calls()  # every fiftieth call is written down, whatever it asks

    def count(*_: Any) -> None:
        work.statements += 1

    def counted(connection: Connection) -> Any:
        return _Counted(driver.sqlite_of(connection), count)

    verify = hashing.is_passphrase

    def hashed(*given: Any) -> bool:
        work.hashes += 1
        return verify(*given)

    event.listen(world.engine, "before_cursor_execute", count)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hashing, "is_passphrase", hashed)
        patched.setattr(snapshots, "sqlite_of", counted)
        world.database._snapshots.close()  # those that were kept ready are not counted
        yield work
    world.database._snapshots.close()
    event.remove(world.engine, "before_cursor_execute", count)
