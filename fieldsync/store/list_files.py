"""Entity lists that were written once and are asked for by many phones, each in parts of some hundred entities."""

import os
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from fieldsync.store.file_store import flush

FOLDER = "lists"

KEPT_SECONDS = 7 * 24 * 3600
"""A list that nobody asked for so long is written anew."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """The entities from a row id up to the next part's; how many bytes they take, packed."""

    first: int
    size: int


class ListFile(msgspec.Struct, frozen=True, array_like=True):
    """A list as it was at a position of the change log, and when that was written, in ms (None before the first).

    `mark` changes whenever the list does. `packed` is all of it (core/packed_parts).
    """

    mark: str
    position: int
    logged_ms: int | None
    parts: list[Part]
    packed: bytes


def read(data: Path, name: str) -> ListFile | None:
    """What is kept under a name."""
    path = data / FOLDER / name
    try:
        found = msgspec.msgpack.decode(path.read_bytes(), type=ListFile)
        os.utime(path)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return found


def write(data: Path, name: str, kept: ListFile) -> None:
    """Keep a list in place of what the name had before."""
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(msgspec.msgpack.encode(kept))
    flush(Path(file.name))
    Path(file.name).replace(folder / name)


def sweep(data: Path) -> None:
    """Drop what nobody asked for."""
    before = time.time() - KEPT_SECONDS
    for path in (data / FOLDER).glob("*"):
        with suppress(FileNotFoundError):  # one that is just being written gets its name meanwhile
            if path.stat().st_mtime < before:
                path.unlink()
