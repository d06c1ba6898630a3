"""Work of ours in a process of its own, beside a server: what it takes of memory and time goes with it.

What is to be done travels as JSON on standard input: it holds settings, and these hold secrets.
"""

import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fieldsync.config import Settings
from fieldsync.services import own_names
from fieldsync.store import outside_key
from fieldsync.store.db import Database
from fieldsync.store.engines import SqliteOptions, open_engine

ENDING_SECONDS = 10

Order = TypeVar("Order", bound=msgspec.Struct)


def packed(order: msgspec.Struct) -> bytes:
    """An order as JSON."""
    return msgspec.json.encode(order, enc_hook=str)


def unpacked(data: bytes, kind: type[Order]) -> Order:
    """The order of that JSON."""
    return msgspec.json.decode(data, type=kind, dec_hook=_hook)


def start(
    module: str, order: msgspec.Struct, surroundings: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a module of ours with an order; a signal to the server's terminal does not reach it."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module], stdin=subprocess.PIPE, start_new_session=True, env=surroundings
    )
    assert process.stdin is not None
    process.stdin.write(packed(order))
    process.stdin.close()
    return process


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and end it where it does not."""
    process.terminate()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def open_beside(settings: Settings, cache_kib: int) -> Database:
    """The database of a server that runs already; its schema, its key and its own names are there."""
    own_names.take(settings)
    options = SqliteOptions(busy_timeout_ms=int(settings.sqlite_busy_timeout_seconds * 1000))
    engine = open_engine(settings.sqlalchemy_url, options, settings.lock_timeout_seconds)
    key = outside_key.given(settings.secret_key) or outside_key.of_folder(settings.data, secrets.token_bytes)
    return Database(engine, writer_cache_kib=cache_kib, key=key)


def _hook(kind: type[Any], value: Any) -> Any:
    return Path(value) if issubclass(kind, Path) else value
