"""The process in which linkage has its night: what Splink and DuckDB take of memory goes with it.

`python -m fieldsync.services.linkage_process`, with a `Night` as JSON on standard input. Asked to end, or where the
server that started it is gone, it ends between two steps, and the night is due again.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.services import linkage_training
from fieldsync.services.linkage_training import RECORDS_LEAST
from fieldsync.services.own_process import open_beside, unpacked

NICE = 10
"""Everything else goes first."""

CACHE_KIB = 16 * 1024
"""Page cache of the connection that writes pairs."""

Result = TypeVar("Result")


class Night(msgspec.Struct):
    """Whose lists have their night, by which settings; shorter ones than `least` have none. `server`: its process."""

    settings: Settings
    association_id: int
    least: int = RECORDS_LEAST
    server: int = 0


def main() -> None:
    """Let the association that standard input names have its night."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    night = unpacked(sys.stdin.buffer.read(), Night)
    os.nice(NICE)
    asked_to_end: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked_to_end.append(number))
    database = open_beside(night.settings, CACHE_KIB)

    def read(work: Callable[[Session], Result]) -> Result:
        _go_on(asked_to_end, night.server)
        with database.read() as session:
            return work(session)

    def write(work: Callable[[Session], Result]) -> Result:
        _go_on(asked_to_end, night.server)
        return database.write(work)

    try:
        linkage_training.train(read, write, night.association_id, time.time_ns() // 1_000_000, least=night.least)
    finally:
        database.close()


def _go_on(asked_to_end: list[int], server: int) -> None:
    """A server that was killed asks nobody to end; the next one would have the same night beside this one."""
    if asked_to_end or os.getppid() != server:
        raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
