"""One server on a data folder at a time, and where it answers."""

import fcntl
import gc
import logging
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any

from flask import Flask
from waitress.server import create_server

from fieldsync.cli import large_pages
from fieldsync.cli.connections import StayingChannel
from fieldsync.cli.operating import Refused
from fieldsync.cli.rounds import PlainRounds, rounds_of
from fieldsync.config import Settings
from fieldsync.core.problems import Problem

LOCK = "server.lock"
"""In the data folder; held by the server, which writes its address into it."""

DRAIN_SECONDS = 20.0
"""How long requests in flight may take after the server was asked to stop."""

BACKLOG = 1024
"""Connections that wait to be accepted: a workshop of phones that sync at the same moment."""

CONNECTIONS_MAX = 1000
"""Open connections; one thread each is not needed, one file descriptor is."""

ADDRESS_BYTES_MAX = 2048

BODY_BYTES_MAX = 1024**3
"""The largest body that is read at all, unless some door takes larger ones: the doors refuse in their own words."""

GARBAGE_OBJECTS = 10_000
"""New objects after which cycles are looked for: not in every request; what nothing refers to goes at once anyway."""


@contextmanager
def alone(settings: Settings) -> Iterator[IO[str] | None]:
    """Hold a data folder for one server; with PostgreSQL several may run, and nothing is held."""
    if settings.database_url:
        yield None
        return
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.data / LOCK).open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(Problem("server_running", detail={"url": _written(handle)})) from None
        handle.truncate(0)
        yield handle
        handle.truncate(0)


def address_of_running(settings: Settings) -> Settings:
    """The settings, with the address of the server that runs on the data folder where none is said."""
    path = settings.data / LOCK
    if settings.public_url or settings.database_url or not path.exists():
        return settings
    with path.open("r") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return replace(settings, public_url=_written(handle))
    return settings


def _written(handle: IO[str]) -> str:
    handle.seek(0)
    return handle.read(ADDRESS_BYTES_MAX).strip()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; they are answered once the server runs."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Refused(Problem("address_in_use", detail={"address": f"{host}:{port}", "reason": reason})) from error
    return listening


def url_of(host: str, listening: socket.socket) -> str:
    """The address of a listening socket, for people and phones."""
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Flask, listening: socket.socket, settings: Settings) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish what is being answered."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    large_pages.gather()  # no thread has a stack yet that would take one
    server = create_server(
        app,
        sockets=[listening],
        threads=settings.threads,
        backlog=BACKLOG,
        connection_limit=CONNECTIONS_MAX,
        max_request_body_size=max(BODY_BYTES_MAX, 2 * settings.openrosa_bytes_max, 2 * settings.attachment_bytes_max),
        ident=None,
    )
    rounds = rounds_of(server)
    server.channel_class = StayingChannel.among(rounds)
    try:
        while True:
            rounds.go(1)
    except (SystemExit, KeyboardInterrupt):
        _drain(server, rounds)
    finally:
        server.task_dispatcher.shutdown(timeout=1)


def _drain(server: Any, rounds: PlainRounds) -> None:
    server.del_channel()
    server.socket.close()
    rounds.begin_anew()  # the signal may have broken one off
    until = time.monotonic() + DRAIN_SECONDS
    while _is_answering(server) and time.monotonic() < until:
        rounds.go(0.05)
    for channel in list(server.active_channels.values()):
        channel.handle_close()  # what came of an upload is kept


def _is_answering(server: Any) -> bool:
    """Whether a request is read, worked on, or its answer is not all sent."""
    return any(
        channel.requests or channel.request is not None or channel.total_outbufs_len
        for channel in list(server.active_channels.values())
    )


def stop_on_signal(_number: int, _frame: object) -> None:
    """SIGTERM ends the server as Ctrl-C does."""
    sys.exit(0)
