"""Work on anybody's files in a process of its own: nothing of ours in its environment, and time that ends."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import fieldsync

WALL_FACTOR = 6.0
"""Wall time to processor time: a process on a busy machine waits, and what it works on is not to blame."""


def run(module: str, arguments: Sequence[str], data: bytes, seconds: float) -> bytes | None:
    """What a module of ours answers to `data` on its standard input; None where it failed or took too long.

    OSError where the process could not be started. The module limits its own memory, time and files first.
    """
    with tempfile.TemporaryDirectory(prefix="fieldsync-limited-") as folder:
        path = Path(folder) / "answer"
        with path.open("wb") as output:
            try:
                ended = subprocess.run(
                    [sys.executable, "-P", "-m", module, *arguments],
                    input=data, stdout=output, stderr=subprocess.DEVNULL, cwd=folder, env=_environment(folder),
                    timeout=seconds * WALL_FACTOR, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return None
        return path.read_bytes() if ended.returncode == 0 else None


def _environment(folder: str) -> dict[str, str]:
    """Nothing of ours but the way to the package; a fixed hash seed, so that the same input gives the same bytes."""
    package = Path(fieldsync.__file__).parent.parent
    return {
        "PYTHONPATH": str(package),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": folder,
        "HOME": folder,
    }
