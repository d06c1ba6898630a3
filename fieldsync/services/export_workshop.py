"""The workshop: takes exports up one after the other, each in a process of its own, and sweeps up behind them."""

import logging
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.services import exports as owned
from fieldsync.services import own_process
from fieldsync.services.export_process import Order
from fieldsync.store import exports
from fieldsync.store.db import Database
from fieldsync.store.exports import ExportRow

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often it looks whether the process is done, or whether the server stops."""

ORPHAN_SECONDS = 3600
"""A file that no export knows stays so long: another process may be about to hand it over."""

Run = Callable[[Order], "subprocess.Popen[bytes]"]


class Workshop:
    """Of the process that leads (jobs.Leadership): one export is made at a time, whatever the number of servers."""

    def __init__(
        self,
        settings: Settings,
        now_ms: Callable[[], int],
        draw: Callable[[int], bytes],
        start: Run | None = None,
    ) -> None:
        self._settings = settings
        self._folder = settings.exports_folder
        self._now_ms = now_ms
        self._draw = draw
        self._start = start or start_process
        self._stopping = threading.Event()

    def work(self, database: Database) -> None:
        """Make what waits, until nothing does."""
        self._leave(database, owned.lost)
        while not self._stopping.is_set():
            worker = self._draw(24).hex()
            row = self._take_up(database, worker)
            if row is None:
                return
            self._make(database, row)

    def sweep(self, database: Database) -> None:
        """End what has had its time; remove what nobody may fetch any more."""
        self._leave(database, owned.over)
        if not self._folder.is_dir():
            return
        with database.read() as session:
            known = exports.files(session)
        oldest_s = self._now_ms() / 1000 - ORPHAN_SECONDS
        for path in self._folder.iterdir():
            if path.suffix in (".part", ".export") and path.name not in known and _age_s(path) < oldest_s:
                path.unlink(missing_ok=True)

    def stop(self) -> None:
        """Leave what is being made: it stands as failed, to be asked for again."""
        self._stopping.set()

    def _take_up(self, database: Database, worker: str) -> ExportRow | None:
        with database.read() as session:
            if not exports.count(session, (exports.WAITING,)):
                return None
        return database.write(lambda session: exports.take_up(session, worker, self._now_ms()))

    def _make(self, database: Database, row: ExportRow) -> None:
        process = self._start(Order(self._settings, row.uuid, row.worker))
        while process.poll() is None:
            if self._stopping.wait(LOOK_SECONDS):
                own_process.end(process)
        if process.returncode != 0:
            logger.warning("an export ended with %s", process.returncode)

        def work(session: Session) -> bool:
            states = (exports.RUNNING,)
            return exports.end(session, row.id, states, exports.FAILED, self._now_ms(), "export_interrupted")

        if database.write(work):
            owned.remove_files(self._folder, owned.names_of(row.worker))

    def _leave(self, database: Database, end: Callable[[Session, int], list[str]]) -> None:
        at = self._now_ms()
        owned.remove_files(self._folder, database.write(lambda session: end(session, at)))


def start_process(order: Order) -> "subprocess.Popen[bytes]":
    """Start the process that makes an export."""
    return own_process.start("fieldsync.services.export_process", order)


def _age_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
