"""The real server process, and what it costs: processor time, memory, bytes of the write-ahead log."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

PROGRAM = (sys.executable, "-m", "fieldsync.cli")
WITHOUT_JOBS = {"FIELDSYNC_JOBS": "false"}
"""Jobs that follow what came in have rows of their own: they must not fall into those of the requests."""


class Server:
    """`fieldsync run` on a data folder, as a context."""

    def __init__(self, data: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.settings = settings or {}

    def __enter__(self) -> "Server":
        began = time.perf_counter()
        words = [*PROGRAM, "run", "--data", str(self.data), "--port", "0", "--json"]
        environment = {**os.environ, **self.settings}
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
            assert answer.status == 200
        self.start_seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_error: object) -> None:
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.stop_seconds = time.perf_counter() - began
        assert self.process.stdout is not None
        self.process.stdout.close()

    def cpu_seconds(self) -> float:
        """User and system time that the process has used."""
        return _cpu_seconds(self.process.pid)

    def pss_mib(self) -> float:
        """Memory by proportional share."""
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the kernel tells no PSS")

    def wal_bytes(self) -> int:
        """Length of the write-ahead log."""
        path = self.data / "fieldsync.db-wal"
        return path.stat().st_size if path.exists() else 0


class GunicornServer(Server):
    """The same application as docs/operating.md has it served by gunicorn: here one worker, since it is on SQLite."""

    def __enter__(self) -> "GunicornServer":
        with socket.create_server(("127.0.0.1", 0)) as probe:
            place = f"127.0.0.1:{probe.getsockname()[1]}"
        words = ["gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind", place, "fieldsync.app:wsgi()"]
        environment = {**os.environ, **self.settings, "FIELDSYNC_DATA": str(self.data)}
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([sys.executable, "-m", *words], text=True, env=environment, **quiet)  # type: ignore[call-overload]
        self.url = f"http://{place}"
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=10):
                    break
            except OSError:  # it listens before it answers
                assert self.process.poll() is None
                time.sleep(0.1)
        own = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        [self.worker] = own.read_text().split()
        return self

    def cpu_seconds(self) -> float:
        """User and system time that the worker has used."""
        return _cpu_seconds(int(self.worker))


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def empty_wal(data: Path) -> None:
    """Move the write-ahead log into the file; nobody else has it open."""
    connection = sqlite3.connect(data / "fieldsync.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
