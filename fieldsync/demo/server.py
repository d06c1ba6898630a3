"""The demo's server: `fieldsync run` in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG = "server.log"
STOP_SECONDS = 30.0
"""More than the server itself gives to requests in flight."""

OWN = (
    *("FIELDSYNC_DATABASE_URL", "FIELDSYNC_DATABASE_URL_FILE", "FIELDSYNC_DATA", "FIELDSYNC_PUBLIC_URL"),
    *("FIELDSYNC_SECRET_KEY", "FIELDSYNC_SECRET_KEY_FILE"),
)
"""Settings of the operator that must not lead the demo to real data."""


class NotStarted(Exception):
    """The server ended before it accepted anything; the message is its own."""


@contextmanager
def running(folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """A server on a data folder, ended at the end."""
    command = [sys.executable, "-m", "fieldsync.cli", "run", "--data", str(folder), "--port", str(port), "--json"]
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    with (folder / LOG).open("a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    try:
        yield process
    finally:
        stop(process)


def url_of(process: "subprocess.Popen[str]") -> str:
    """The server's address, once it accepts."""
    assert process.stdout is not None
    line = process.stdout.readline()
    said = json.loads(line) if line.startswith("{") else {}
    if "url" not in said:
        raise NotStarted(said.get("message") or f"see {LOG}")
    return str(said["url"])


def stop(process: "subprocess.Popen[str]") -> None:
    """End the server, as an operator would; a second Ctrl-C does not leave it behind."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
