"""The process in which one export is made: what it takes of memory and time goes with it.

`python -m fieldsync.services.export_process`, with an `Order` as JSON on standard input.
"""

import gc
import logging
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from fieldsync.config import Settings
from fieldsync.services import exporting
from fieldsync.services.exporting import Surroundings
from fieldsync.store import exports, outside_key
from fieldsync.store.db import Database
from fieldsync.store.engines import SqliteOptions, open_engine

NICE = 5
"""Requests go first."""

CACHE_KIB = 4 * 1024
"""Page cache of the connection that writes how far it is."""


class Order(msgspec.Struct):
    """Which export is to be made, by which settings; these hold secrets, so that no argument carries them."""

    settings: Settings
    export: str
    worker: str


def packed(order: Order) -> bytes:
    """An order as JSON."""
    return msgspec.json.encode(order, enc_hook=str)


def unpacked(data: bytes) -> Order:
    """The order of that JSON."""
    return msgspec.json.decode(data, type=Order, dec_hook=_hook)


def open_beside(settings: Settings) -> Database:
    """The database of a server that runs already; its schema and its key are there."""
    options = SqliteOptions(busy_timeout_ms=int(settings.sqlite_busy_timeout_seconds * 1000))
    engine = open_engine(settings.sqlalchemy_url, options, settings.lock_timeout_seconds)
    key = outside_key.given(settings.secret_key) or outside_key.of_folder(settings.data, secrets.token_bytes)
    return Database(engine, writer_cache_kib=CACHE_KIB, key=key)


def main() -> None:
    """Make the export that standard input names."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    order = unpacked(sys.stdin.buffer.read())
    os.nice(NICE)
    gc.disable()  # rows hold no cycles, and looking for some is an eighth of the work
    database = open_beside(order.settings)
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


def _hook(kind: type[Any], value: Any) -> Any:
    return Path(value) if issubclass(kind, Path) else value


if __name__ == "__main__":
    main()
