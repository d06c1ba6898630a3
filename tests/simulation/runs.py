"""Many schedules over the processors of the machine: counted, and one by one replayable."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WORKERS = min(2, os.cpu_count() or 1)


@dataclass
class Outcome:
    """What a run of schedules showed; `failing`: seed to verdicts with their evidence."""

    schedules: int = 0
    steps: int = 0
    cpu_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failing: dict[int, dict[str, list[str]]] = field(default_factory=dict)
    bugs: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    """Seeded bug to the seed that caught it and the verdicts."""

    def add(self, told: dict[str, Any]) -> None:
        """Take in one line of a worker."""
        if "bug" in told:
            self.bugs[told["bug"]] = (told["seed"], told["verdicts"])
            self.cpu_seconds += told["cpu"]
            return
        self.schedules += 1
        self.steps += told["steps"]
        self.cpu_seconds += told["cpu"]
        self.faults.update(told["faults"])
        if told["found"]:
            self.failing[told["seed"]] = told["found"]


def run(job: str, first: int, count: int) -> Outcome:
    """Run schedules, or seeded bugs, in processes of their own with a fixed hash seed."""
    workers = [_start(job, first, count, part) for part in range(WORKERS)]
    outcome = Outcome()
    with ThreadPoolExecutor(WORKERS) as readers:  # a worker whose pipe is full would wait for its reader
        told = list(readers.map(lambda worker: list(_lines(worker)), workers))
    for line in chain.from_iterable(told):
        outcome.add(line)
    for worker in workers:
        if worker.wait() != 0:
            raise RuntimeError(f"a worker of the simulation ended with {worker.returncode}")
    return outcome


def replay_command(seed: int, job: str = "schedules", bug: str = "") -> str:
    """What a person types to see one schedule of a job."""
    kind = f" --{job}" if job in ("collects", "decides") else ""
    return f"python -m tests.simulation --seed {seed} --trace{kind}" + (f" --bug {bug!r}" if bug else "")


def environment() -> dict[str, str]:
    """Nothing may depend on the order of sets of texts, and nothing on the place from which it is run."""
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}


def _start(job: str, first: int, count: int, part: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.simulation", "--worker", job, "--seed", str(first), "--count", str(count)]
    return subprocess.Popen(
        [*command, "--part", str(part), "--parts", str(WORKERS)],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _lines(worker: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert worker.stdout is not None
    for line in worker.stdout:
        yield json.loads(line)
