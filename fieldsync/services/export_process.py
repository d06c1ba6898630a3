"""The process in which one export is made: what it takes of memory and time goes with it.

`python -m fieldsync.services.export_process`, with an `Order` as JSON on standard input.
"""

import gc
import logging
import os
import secrets
import sys
import time

import msgspec

from fieldsync.config import Settings
from fieldsync.services import exporting
from fieldsync.services.exporting import Surroundings
from fieldsync.services.own_process import open_beside, unpacked
from fieldsync.store import exports

NICE = 5
"""Requests go first."""

CACHE_KIB = 4 * 1024
"""Page cache of the connection that writes how far it is."""


class Order(msgspec.Struct):
    """Which export is to be made, by which settings."""

    settings: Settings
    export: str
    worker: str


def main() -> None:
    """Make the export that standard input names."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    order = unpacked(sys.stdin.buffer.read(), Order)
    os.nice(NICE)
    gc.disable()  # rows hold no cycles, and looking for some is an eighth of the work
    database = open_beside(order.settings, CACHE_KIB)
    try:
        with database.read() as session:
            row = exports.find(session, order.export)
        if row is not None and row.state == exports.RUNNING and row.worker == order.worker:
            folder = order.settings.exports_folder
            exporting.make(Surroundings(database, folder, _now_ms, secrets.token_bytes), row)
    finally:
        database.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
