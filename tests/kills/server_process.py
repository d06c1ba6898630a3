"""The real server process: started, killed without warning, started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

STARTS_WITHIN_SECONDS = 60
"""How long a start may take before it counts as one that never comes; nothing is measured by it."""


class ServerProcess:
    """`fieldsync run` on a data folder; on PostgreSQL where a URL is given."""

    def __init__(self, data: Path, database_url: str = "") -> None:
        self.data = data
        self.environment = {**os.environ, "FIELDSYNC_DATABASE_URL": database_url}
        if not database_url:
            del self.environment["FIELDSYNC_DATABASE_URL"]
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        command = self._command("run", "--host", "127.0.0.1", "--port", "0", "--no-jobs", "--log-level", "error")
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self.environment)

    def start(self) -> str:
        """Start, and wait for the line that tells the address."""
        self.launch()
        assert self.process is not None and self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the server did not start: {(self.data / 'server.log').read_text()[-2000:]}"
        self.url = msgspec.json.decode(line)["url"]
        return self.url

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.process is not None and self.process.stdout is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def command(self, *arguments: str) -> tuple[int, dict[str, object]]:
        """Run an operator's command; (exit code, what it printed)."""
        done = subprocess.run(
            self._command(*arguments), capture_output=True, env=self.environment, check=False, timeout=600
        )
        return done.returncode, msgspec.json.decode(done.stdout or b"{}")

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "fieldsync.cli", *arguments, "--data", str(self.data), "--json"]
