"""Entity lists that were written once and are asked for by many phones: files under what changes with the list."""

import gzip
import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, cast

from fieldsync.store.file_store import flush

FOLDER = "lists"

KEPT_SECONDS = 7 * 24 * 3600
"""A list that nobody asked for so long is written anew."""


def packed(data: Path, mark: str, write: Callable[[IO[str]], None]) -> bytes:
    """A list as gzip, from its file where there is one; `mark` is hexadecimal and changes whenever the list does."""
    path = data / FOLDER / f"{mark}.csv.gz"
    try:
        found = path.read_bytes()
        os.utime(path)
        return found
    except FileNotFoundError:
        return _written(path, write)


def sweep(data: Path) -> int:
    """Drop what nobody asked for; how many files."""
    before = time.time() - KEPT_SECONDS
    old = [path for path in (data / FOLDER).glob("*.csv.gz") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _written(path: Path, write: Callable[[IO[str]], None]) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        NamedTemporaryFile(dir=path.parent, delete=False) as file,
        gzip.GzipFile("", "wb", 6, cast(IO[bytes], file), 0) as packer,
        io.TextIOWrapper(cast(IO[bytes], packer), encoding="utf-8", newline="") as target,
    ):
        write(target)
    flush(Path(file.name))  # after a power cut a name without its bytes would be an empty list, until the next change
    Path(file.name).replace(path)
    return path.read_bytes()
