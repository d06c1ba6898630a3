"""Lets linkage have its night in a process of its own, and waits for it."""

import logging
import os
import tempfile
import threading
from subprocess import Popen

import msgspec

from fieldsync.services import own_process
from fieldsync.services.linkage_process import Night

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often it looks whether the process is done, or whether the server stops."""


def run(night: Night, stopping: threading.Event) -> int:
    """Let an association's lists have their night, unless the server stops first; what the process ended with.

    What DuckDB puts on disk lies in a folder that goes, however the process ends.
    """
    with tempfile.TemporaryDirectory(prefix="fieldsync-night-") as folder:
        process = start_process(night, folder)
        while process.poll() is None:
            if stopping.wait(LOOK_SECONDS):
                own_process.end(process)
    if process.returncode != 0 and not stopping.is_set():
        logger.warning("a night of linkage ended with %s", process.returncode)
    return int(process.returncode)


def start_process(night: Night, folder: str) -> "Popen[bytes]":
    """Start the process, with a folder for what its memory does not hold."""
    order = msgspec.structs.replace(night, server=os.getpid())
    return own_process.start("fieldsync.services.linkage_process", order, {**os.environ, "TMPDIR": folder})
