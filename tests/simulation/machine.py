"""The server of a world: the real application over a simulated disk, with a clock and dice of the world's."""

import base64
import io
import random
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from fieldsync.app import create_app, set_up
from fieldsync.client.transport import Answer
from fieldsync.config import Settings, program_folder
from fieldsync.routes.context import EXTENSION, Context
from fieldsync.services.uploads import open_files
from fieldsync.store import associations, authors, server
from fieldsync.store.db import Database
from fieldsync.store.engines import prepare_sqlite
from fieldsync.store.migrate import migrate
from tests.simulation.disk import Disk
from tests.simulation.file_disk import FileDisk

Result = TypeVar("Result")

_plugged_in: list[Disk] = []
"""The disk that the one engine of this process has open: the last."""


@cache
def _engine() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool, creator=lambda: _plugged_in[-1].connect())
    prepare_sqlite(engine)
    return engine


@cache
def _application() -> Flask:
    """Built once a process: building it again for each restart would cost more than all its requests."""
    nothing = Database(_engine(), inline=True)
    return create_app(Settings(), nothing, lambda: 0, bytes)


@cache
def empty_database() -> bytes:
    """The image of a migrated database without content."""
    disk = Disk()
    _plugged_in[:] = [disk]
    _engine().dispose()
    migrate(_engine(), program_folder("migrations"))
    _engine().dispose()
    return disk.image()


class Machine:
    """One server, which can be switched off, backed up and restored."""

    def __init__(
        self, clock: Callable[[], int], draw: Callable[[int], bytes], settings: Settings, keeps_files: bool = False
    ) -> None:
        """`keeps_files`: its disk has a folder for files, too."""
        self._clock = clock
        self._draw = draw
        self.disk = Disk(empty_database())
        self.files = FileDisk(self.disk, random.Random(draw(8)), clock) if keeps_files else None
        self.settings = replace(settings, data=self.files.folder) if self.files else settings
        self.database: Database
        self.struck = False
        """Whether the disk failed in the last request."""
        self.boot()

    def boot(self) -> None:
        """Start the process on what the disk holds."""
        self.disk.is_down = False
        _plugged_in[:] = [self.disk]
        _engine().dispose()
        self.database = set_up(_engine(), self.settings, self._clock, self._draw, inline=True)
        _application().extensions[EXTENSION] = Context(
            self.settings, self.database, self._clock, self._draw, open_files(self.settings)
        )

    def lose_power(self) -> None:
        """Its process ends wherever it is."""
        self.disk.lose_power()
        if self.files:
            self.files.lose_power()

    def write(self, work: Callable[[Session], Result]) -> Result:
        """What an operator does at the machine itself."""
        return self.database.write(work)

    def read(self, work: Callable[[Session], Result]) -> Result:
        with self.database.read() as session:
            return work(session)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands on the disk, read around the product."""
        return sqlite3.Connection.execute(self.disk.connect(), statement, values).fetchall()

    def association(self, slug: str) -> int:
        """The row id of an association, which is made where it is not there."""
        found = self.write(lambda x: associations.find(x, slug) or associations.add(x, slug, slug))
        return found.id

    @property
    def epoch(self) -> str:
        return str(self.rows("SELECT epoch FROM server")[0][0])

    @property
    def secret(self) -> bytes:
        return bytes(self.rows("SELECT secret FROM server")[0][0])

    def remember_backup(self) -> None:
        """The image just taken is a verified backup: the server knows what it covers."""
        covered = self.read(authors.all_durable)
        self.write(lambda session: authors.remember_backup(session, covered))

    def restore(self, image: bytes, told: bool) -> None:
        """Put a backup in place of the database; `told`: the way `fieldsync restore` does, with a new epoch."""
        self.disk.replace(image)
        self.boot()
        if told:
            epoch = self._draw(8).hex()
            self.write(lambda session: server.renew_epoch(session, epoch))

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str], cut: int = 0) -> Answer:
        """Carry one request through the application; `cut`: so many bytes of the body never arrive."""
        failed_before = self.disk.faults.total()
        arrived = io.BytesIO(body[: len(body) - cut])
        path, _, query = path.partition("?")
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "village",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.get("Content-Type", ""), "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": arrived, "wsgi.errors": io.StringIO(), "wsgi.multithread": False,
            "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        for name, text in headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = text

        def start(status: str, found: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
            told[:] = [int(status[:3]), dict(found)]
            return lambda _data: None

        content = b"".join(_application().wsgi_app(environ, start))
        self.struck = self.disk.faults.total() > failed_before
        if self.files:
            self.files.stamp()
        return Answer(told[0], told[1], content)


def token_text(drawn: bytes) -> str:
    """Drawn bytes as a token."""
    return base64.urlsafe_b64encode(drawn).decode().rstrip("=")
