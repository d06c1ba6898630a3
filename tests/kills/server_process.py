"""The real server process: started, killed without warning, started again."""

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

import msgspec

from tests.kills.served import serve

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.kills.served"])


class ServerProcess:
    """`fieldsync run` on a data folder; on PostgreSQL where a URL is given."""

    def __init__(self, data: Path, database_url: str = "") -> None:
        self.data = data
        self.environment = {**os.environ, "FIELDSYNC_DATABASE_URL": database_url}
        if not database_url:
            del self.environment["FIELDSYNC_DATABASE_URL"]
        self.process: BaseProcess | None = None
        self.url = ""
        self._told: IO[bytes]

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        arguments = ["run", "--host", "127.0.0.1", "--port", "0", "--no-jobs", "--log-level", "error"]
        heard, told = FORKING.Pipe(duplex=False)
        given = ([*arguments, *self._everywhere()], self.environment, told, self.data / "server.log")
        self.process = FORKING.Process(target=serve, args=given, daemon=True)
        self.process.start()
        told.close()
        self._told = os.fdopen(os.dup(heard.fileno()), "rb")
        heard.close()

    def start(self) -> str:
        """Start, and wait for the line that tells the address."""
        self.launch()
        line = self._told.readline()
        assert line, f"the server did not start: {(self.data / 'server.log').read_text()[-2000:]}"
        self.url = msgspec.json.decode(line)["url"]
        return self.url

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.join()
        self._told.close()

    def is_running(self) -> bool:
        """Whether there is a process to kill."""
        return self.process is not None and self.process.is_alive()

    def command(self, *arguments: str) -> tuple[int, dict[str, object]]:
        """Run an operator's command; (exit code, what it printed)."""
        done = subprocess.run(
            [sys.executable, "-m", "fieldsync.cli", *arguments, *self._everywhere()],
            capture_output=True, env=self.environment, check=False, timeout=600,
        )  # fmt: skip
        return done.returncode, msgspec.json.decode(done.stdout or b"{}")

    def _everywhere(self) -> list[str]:
        return ["--data", str(self.data), "--json"]
