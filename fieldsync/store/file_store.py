"""Where the bytes of files lie: a folder, or object storage that speaks S3. Keys are made here, never from names."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

CHUNK_BYTES = 256 * 1024
"""How much of a file is in memory at a time."""

PIECE_BYTES = 1024 * 1024
"""How much is asked of object storage at a time."""

REASON_LENGTH_MAX = 300

BACKOFF: Any = {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=2), "base": 2}
"""Between two tries of a request to object storage."""

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

        client: Any = {"timeout": "30s", "connect_timeout": "5s"}
        if endpoint.startswith("http://"):
            client["allow_http"] = True
        options: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        # Phones wait for 60 s: they hear of an outage before that, and the threads are soon free for others.
        retries: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=30), "backoff": BACKOFF}
        self._url = url
        self._bucket = obstore.store.S3Store.from_url(url, client_options=client, retry_config=retries, **options)

    def put(self, key: str, source: Path) -> None:
        import obstore

        if self.size(key) == source.stat().st_size:
            return
        try:
            with self._reached():
                obstore.put(self._bucket, key, source, max_concurrency=2)
        except FileNotFoundError as error:
            raise self._failing(error) from error  # it is the bucket that is not there

    def read(self, key: str) -> Iterator[bytes] | None:
        size = self.size(key)
        return None if size is None else self._pieces(key, size)

    def _pieces(self, key: str, size: int) -> Iterator[bytes]:
        """Each piece is a request of its own: whoever reads slowly keeps none open until it is timed out."""
        import obstore

        for start in range(0, size, PIECE_BYTES):
            with self._reached():
                piece = obstore.get_range(self._bucket, key, start=start, length=min(PIECE_BYTES, size - start))
            yield bytes(piece)

    def size(self, key: str) -> int | None:
        import obstore

        try:
            with self._reached():
                return int(obstore.head(self._bucket, key)["size"])
        except FileNotFoundError:
            return None

    def remove(self, key: str) -> None:
        import obstore

        with suppress(FileNotFoundError), self._reached():
            obstore.delete(self._bucket, key)

    def names(self, association_id: int) -> Iterator[StoredFile]:
        import obstore

        with self._reached():
            for page in obstore.list(self._bucket, prefix=f"{association_id}"):
                for each in page:
                    changed_ms = int(each["last_modified"].timestamp() * 1000)
                    yield StoredFile(str(each["path"]), int(each["size"]), changed_ms)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raises `StorageFails` where the storage does not answer as it should."""
        import obstore.exceptions

        try:
            yield
        except obstore.exceptions.BaseError as error:
            raise self._failing(error) from error

    def _failing(self, error: Exception) -> "StorageFails":
        reason = str(error).partition("\n")[0][:REASON_LENGTH_MAX]
        return StorageFails(errno.EIO, reason or type(error).__name__, self._url)


class StorageFails(OSError):
    """Object storage is not reached, refuses, or has no such bucket; `strerror` tells. It may be tried again."""


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
