"""`fieldsync run`: the server."""

import logging
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from typing import Any

import click

from fieldsync.app import create_app, now_ms
from fieldsync.cli.operating import Operator, operated
from fieldsync.cli.serving import alone, listen, serve, stop_on_signal, url_of
from fieldsync.config import Settings
from fieldsync.store.db import Database

JOBS_AFTER_SECONDS = 5.0
"""The first requests do not wait for a scheduler to be loaded."""

NOT_FLAGS = {"data", "jobs"}


def every_setting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each setting but secrets, which other users of the machine would see."""
    for item in reversed(fields(Settings)):
        if item.name not in NOT_FLAGS and not item.metadata["secret"]:
            flag = f"--{item.name.replace('_', '-')}"
            unit = item.metadata["unit"].upper().replace(" ", "-") or "TEXT"
            command = click.option(flag, item.name, metavar=unit, help=item.metadata["meaning"])(command)
    return command


def flagged(command: Callable[..., None]) -> Callable[..., None]:
    """Gather the flags of settings into one argument, as the settings are loaded before the command runs."""

    def gather(**arguments: Any) -> None:
        names = {item.name for item in fields(Settings)} - {"data"}
        flags = {name: arguments.pop(name) for name in names & arguments.keys()}
        command(flags=flags, **arguments)

    gather.__click_params__ = command.__click_params__  # type: ignore[attr-defined]
    gather.__doc__ = command.__doc__
    return gather


@click.command("run")
@every_setting
@click.option("--jobs/--no-jobs", default=None, help="Whether this process may run the scheduled jobs.")
@flagged
@operated
def run(operator: Operator) -> None:
    """Start the server: migrates the database, serves, and prints its URL once it accepts.

    Ctrl-C or SIGTERM ends it; requests being answered are finished first.

    \b
    Examples:
      fieldsync run --data /srv/fieldsync --host 0.0.0.0 --port 8000
      fieldsync run --data /tmp/try --port 0 --json
    """
    settings = operator.settings
    signal.signal(signal.SIGTERM, stop_on_signal)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with alone(settings) as held, operator.database(make=True) as database:
        listening = listen(settings.host, settings.port)
        url = url_of(settings.host, listening)
        settings = replace(settings, public_url=settings.public_url or url)
        app = create_app(settings, database)
        if held is not None:
            held.write(url)
            held.flush()
        with scheduled(database, settings, settings.jobs):
            operator.show({"url": url}, f"fieldsync answers at {url}")
            serve(app, listening, settings)


@click.command("worker")
@operated
def worker(operator: Operator) -> None:
    """Run the scheduled jobs without serving: beside gunicorn, with PostgreSQL. One worker at a time leads.

    \b
    Example:
      FIELDSYNC_DATABASE_URL=postgresql+psycopg://… fieldsync worker
    """
    signal.signal(signal.SIGTERM, stop_on_signal)
    with operator.database() as database, scheduled(database, operator.settings, wanted=True):
        operator.show({"worker": "started"}, "the worker runs; Ctrl-C ends it")
        with suppress(KeyboardInterrupt, SystemExit):
            threading.Event().wait()


@contextmanager
def scheduled(database: Database, settings: Settings, wanted: bool) -> Iterator[None]:
    """Run the jobs beside the server; they are loaded while it already answers."""
    if not wanted:
        yield
        return
    stopping = threading.Event()
    thread = threading.Thread(target=_run_jobs, args=(database, settings, stopping), name="fieldsync-jobs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _run_jobs(database: Database, settings: Settings, stopping: threading.Event) -> None:
    if stopping.wait(JOBS_AFTER_SECONDS):
        return
    from fieldsync.jobs import JOBS, Schedule, export_jobs, file_jobs, night_jobs
    from fieldsync.services.export_workshop import Workshop

    workshop = Workshop(settings, now_ms, secrets.token_bytes)
    schedule = Schedule(database, (*JOBS, *export_jobs(workshop), *file_jobs(settings), *night_jobs(settings)))
    schedule.start()
    stopping.wait()
    workshop.stop()
    schedule.stop()
