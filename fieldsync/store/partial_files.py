"""What has come of the files that are on their way: one file an upload, whose length is how far it has come."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from fieldsync.core.tus import Checksum
from fieldsync.store.file_store import CHUNK_BYTES, flush, make_sure

AT_ANOTHER_OFFSET, CHECKSUM_DIFFERS = "upload_elsewhere", "checksum_differs"
"""Codes of problems (core.messages)."""

WAITS, WAIT_SECONDS = 25, 0.02
"""How often, and how long each time, a request waits for another that adds to the same upload."""


@dataclass(frozen=True)
class PartialFiles:
    """A folder of unfinished files; processes that share a database share it."""

    folder: Path
    _sure: set[Path] = field(default_factory=set, compare=False)

    def path(self, uuid: str) -> Path:
        """Where an upload's bytes lie; a UUID is the server's own."""
        return self.folder / uuid

    def offset(self, uuid: str) -> int | None:
        """How many bytes of an upload are here, on disk; None where there is no such file.

        What another thread still reads of a link that was cut counts, if that is a matter of a moment.
        """
        try:
            with self.path(uuid).open("rb") as file:
                rests = _waited(file, fcntl.LOCK_SH)
                size = os.fstat(file.fileno()).st_size
                if not rests:
                    os.fsync(file.fileno())  # who adds to it has not come to that
                return size
        except FileNotFoundError:
            return None

    def touched_ms(self, uuid: str) -> int | None:
        """When bytes came last."""
        try:
            return self.path(uuid).stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            return None

    def make(self, uuid: str) -> None:
        """Begin a file; its name survives a power cut, as do the bytes that are added."""
        make_sure(self.folder, self.folder, self._sure)
        self.path(uuid).touch(mode=0o600)
        flush(self.folder)

    @contextmanager
    def held(self, uuid: str) -> Iterator[IO[bytes] | None]:
        """An upload's file, open for adding, that nobody else adds to meanwhile; None where somebody goes on doing so.

        A link that was just cut may still be read by another thread to its end.
        """
        try:
            file = self.path(uuid).open("r+b")
        except FileNotFoundError:
            yield None
            return
        with file:
            is_ours = _waited(file, fcntl.LOCK_EX)
            was_finished = os.fstat(file.fileno()).st_nlink == 0
            yield file if is_ours and not was_finished else None

    def written(self, stream: IO[bytes]) -> tuple[Path, str, int]:
        """A stream as a file of its own here: its path, its SHA-256 in hexadecimal, its size."""
        make_sure(self.folder, self.folder, self._sure)
        sum_of, size = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self.folder, delete=False) as file:
            while chunk := stream.read(CHUNK_BYTES):
                file.write(chunk)
                sum_of.update(chunk)
                size += len(chunk)
        return Path(file.name), sum_of.hexdigest(), size

    def remove(self, uuid: str) -> None:
        """Forget what came of an upload."""
        self.path(uuid).unlink(missing_ok=True)

    def untouched(self, since_ms: int) -> list[str]:
        """The names of all files here to which nothing was added since a moment."""
        names = [path.name for path in self.folder.glob("*")]
        return sorted(name for name in names if (self.touched_ms(name) or since_ms) < since_ms)


def _waited(file: IO[bytes], how: int) -> bool:
    """Whether a lock is had, after a moment at the latest."""
    for _ in range(WAITS):
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(WAIT_SECONDS)
        else:
            return True
    return False


def append(file: IO[bytes], offset: int, size: int, chunks: Iterable[bytes], checksum: Checksum | None) -> int | str:
    """Add bytes at an offset, never past `size`; how many are there then, flushed, or why none were added.

    What was read before the sender was cut off stays, unless a checksum was to cover the whole.
    """
    if file.seek(0, os.SEEK_END) != offset:
        return AT_ANOTHER_OFFSET
    sum_of = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
    whole = _write(file, size - offset, chunks, sum_of)
    if sum_of is not None and checksum is not None and (not whole or sum_of.digest() != checksum.digest):
        file.truncate(offset)
        return CHECKSUM_DIFFERS
    file.flush()
    os.fsync(file.fileno())
    return file.seek(0, os.SEEK_END)


def _write(file: IO[bytes], room: int, chunks: Iterable[bytes], sum_of: "hashlib._Hash | None") -> bool:
    """Write what comes, at most `room` bytes; whether all of it came."""
    try:
        for chunk in chunks:
            taken = chunk[:room]
            file.write(taken)
            room -= len(taken)
            if sum_of is not None:
                sum_of.update(taken)
    except ConnectionError:
        return False
    return True
