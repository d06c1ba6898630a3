"""What a request costs: its statements, and how often a passphrase was hashed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event

from fieldsync.routes.calls import CALLS, Calls
from fieldsync.services import hashing
from fieldsync.store import driver
from tests.world import World


@dataclass
class Work:
    """Two requests that must not be told apart by their work have equal ones."""

    statements: int = 0
    hashes: int = 0


@contextmanager
def watched(world: World) -> Iterator[Work]:
    """What is done meanwhile."""
    work = Work()
    world.app.extensions[CALLS] = Calls()  # every fiftieth call is written down, whatever it asks

    def count(*_: Any) -> None:
        work.statements += 1

    directly = driver.sqlite_cursor  # on SQLite statements reach the driver, past SQLAlchemy's events

    def counted(connection: Connection) -> Any:
        count()
        return directly(connection)

    verify = hashing.is_passphrase

    def hashed(*given: Any) -> bool:
        work.hashes += 1
        return verify(*given)

    event.listen(world.engine, "before_cursor_execute", count)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hashing, "is_passphrase", hashed)
        patched.setattr(driver, "sqlite_cursor", counted)
        yield work
    event.remove(world.engine, "before_cursor_execute", count)
