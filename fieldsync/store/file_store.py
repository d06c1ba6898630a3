"""Where the bytes of files lie: a folder, or object storage that speaks S3. Keys are made here, never from names."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

CHUNK_BYTES = 256 * 1024
"""How much of a file is in memory at a time."""

S3 = "s3://"


@dataclass(frozen=True)
class StoredFile:
    """What lies in a store: under which key, how many bytes, since when (milliseconds since 1970)."""

    key: str
    size: int
    changed_ms: int


class FileStore(Protocol):
    """Bytes by key, which is made of their digest; what `put` returned from is durable. What is there already stays."""

    def put(self, key: str, source: Path) -> None:
        """Take a file's bytes in; the file may be moved away."""

    def read(self, key: str) -> Iterator[bytes] | None:
        """The bytes in chunks; None where there are none."""

    def size(self, key: str) -> int | None:
        """How many bytes there are; None where there are none."""

    def remove(self, key: str) -> None:
        """Forget the bytes."""

    def names(self, association_id: int) -> Iterator[StoredFile]:
        """Everything that lies there for an association, in no order."""


def key_of(association_id: int, sha256: str) -> str:
    """Where a file of an association lies: associations share no bytes, so that none learns what another has."""
    return f"{association_id}/{sha256[:2]}/{sha256}"


def thumbnail_key(association_id: int, sha256: str) -> str:
    """Where the small picture of a file lies."""
    return f"{association_id}/thumbnails/{sha256}"


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class FolderStore:
    """Files below a folder, each put there by a rename after it was flushed."""

    folder: Path
    _sure: set[Path] = field(default_factory=set, compare=False)

    def made(self) -> Path:
        """The folder, which is there from now on."""
        make_sure(self.folder, self.folder, self._sure)
        return self.folder

    def put(self, key: str, source: Path) -> None:
        target = self.folder / key
        make_sure(target.parent, self.folder, self._sure)
        if self.size(key) == source.stat().st_size:
            flush(target.parent)  # whoever put it there may have ended before its name was flushed
            return
        try:
            flush(source)
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Another file system: it is copied beside its place first.
            beside = target.with_name(f"{target.name}.{os.getpid()}.partial")
            shutil.copyfile(source, beside)
            flush(beside)
            beside.replace(target)
        flush(target.parent)

    def read(self, key: str) -> Iterator[bytes] | None:
        try:
            file = (self.folder / key).open("rb")
        except FileNotFoundError:
            return None
        return _chunks(file)

    def size(self, key: str) -> int | None:
        try:
            return (self.folder / key).stat().st_size
        except FileNotFoundError:
            return None

    def remove(self, key: str) -> None:
        target = self.folder / key
        with suppress(FileNotFoundError):
            target.unlink()
            flush(target.parent)

    def names(self, association_id: int) -> Iterator[StoredFile]:
        for path in (self.folder / str(association_id)).glob("*/*"):
            with suppress(FileNotFoundError):  # moved to its place, or removed, meanwhile
                found = path.stat()
                key = path.relative_to(self.folder).as_posix()
                yield StoredFile(key, found.st_size, found.st_mtime_ns // 1_000_000)


class ObjectStore:
    """Files in a bucket, through obstore (`pip install 'fieldsync[s3]'`); credentials come from the environment."""

    def __init__(self, url: str, endpoint: str = "") -> None:
        import obstore.store

        options: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        if endpoint.startswith("http://"):
            options["client_options"] = {"allow_http": True}
        self._bucket = obstore.store.S3Store.from_url(url, **options)

    def put(self, key: str, source: Path) -> None:
        import obstore

        if self.size(key) != source.stat().st_size:
            obstore.put(self._bucket, key, source)

    def read(self, key: str) -> Iterator[bytes] | None:
        import obstore

        try:
            found = obstore.get(self._bucket, key)
        except FileNotFoundError:
            return None
        return (bytes(chunk) for chunk in found.stream(CHUNK_BYTES))

    def size(self, key: str) -> int | None:
        import obstore

        try:
            return int(obstore.head(self._bucket, key)["size"])
        except FileNotFoundError:
            return None

    def remove(self, key: str) -> None:
        import obstore

        try:
            obstore.delete(self._bucket, key)
        except FileNotFoundError:
            return

    def names(self, association_id: int) -> Iterator[StoredFile]:
        import obstore

        for page in obstore.list(self._bucket, prefix=f"{association_id}"):
            for each in page:
                changed_ms = int(each["last_modified"].timestamp() * 1000)
                yield StoredFile(str(each["path"]), int(each["size"]), changed_ms)


def open_store(where: str, data: Path, endpoint: str = "") -> FileStore:
    """The store that a setting names: `s3://bucket/prefix`, a folder, or (empty) `attachments` in the data folder."""
    if where.startswith(S3):
        return ObjectStore(where, endpoint)
    return FolderStore(Path(where) if where else data / "attachments")


def make_sure(folder: Path, base: Path, sure: set[Path]) -> None:
    """Make a folder at or below a base, its owner's alone, whose name survives a power cut as do those up to the base.

    `sure` holds the folders for which this process has seen to that: whoever made one may have ended before.
    """
    if folder in sure and folder.is_dir():
        return
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True, mode=0o700)
    for each in (folder, *folder.parents):
        flush(each.parent)
        if each == base:
            break
    sure.add(folder)


def flush(path: Path) -> None:
    """Make what was written to a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _chunks(file: Any) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
