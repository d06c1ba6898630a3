"""The operator at a terminal: commands in this process, where the promise is not about processes, and real ones."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from fieldsync.cli.commands import main

Json = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output: anything else there fails."""
        return json.loads(self.output)


class Operator:
    """Gives commands on one data folder."""

    def __init__(self, data: Path, environ: dict[str, str] | None = None) -> None:
        self.data = data
        self.environ = {"LC_ALL": "C.UTF-8", **(environ or {})}

    def types(self, *command: str | Path) -> Said:
        """A command with --json, in this process."""
        return self.reads(*command, "--json")

    def reads(self, *command: str | Path) -> Said:
        """A command whose text is read by a person."""
        typed = [*map(str, command), "--data", str(self.data)]
        result = CliRunner().invoke(main, typed, env=self.environ)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    @contextmanager
    def starts(self, *command: str | Path) -> Iterator["subprocess.Popen[str]"]:
        """A command as a process of its own, ended at the end."""
        typed = [sys.executable, "-m", "fieldsync.cli", *map(str, command), "--data", str(self.data), "--json"]
        environ = {**os.environ, **self.environ}
        process = subprocess.Popen(typed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def first_line(process: "subprocess.Popen[str]") -> Json:
    """The JSON object that a process prints first."""
    assert process.stdout is not None
    said: Json = json.loads(process.stdout.readline())
    return said
