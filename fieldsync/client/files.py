"""Files of a device's records: kept beside its store until the server has them for good, and sent by tus."""

import hashlib
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldsync.client import pace
from fieldsync.client.store import Store
from fieldsync.client.transport import UploadTransport
from fieldsync.client.uploading import AGAIN, DAMAGED, DONE, ENROL_AGAIN, LINK_DOWN, REFUSED, Upload, Went

NOT_ENROLLED = "not_enrolled"

_CHUNK = 256 * 1024

_COLUMNS = "sha256, size, name, type, upload, named, epoch, refused, failures, next_attempt_ms"


@dataclass(frozen=True)
class KeptFile:
    """A file that the device keeps; `epoch`: in which the server had it whole; `refused`: why it never takes it."""

    sha256: str
    size: int
    name: str
    media_type: str
    upload: str | None
    named: int
    epoch: str | None
    refused: str | None
    failures: int
    next_attempt_ms: int

    def value(self) -> dict[str, Any]:
        """The answer that names it (docs/protocol.md, section 1)."""
        return {"file": self.name, "sha256": self.sha256, "size": self.size, "type": self.media_type}


@dataclass(frozen=True)
class FilesReport:
    """How sending went: `status` is ok, link_down, enrol_again or not_enrolled; whatever it is, nothing was lost.

    `sent` now, `waiting` still; `refused`: digest → why the server never takes it, or `damaged`: it changed on the
    phone.
    """

    status: str
    sent: int = 0
    waiting: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)


class Files:
    """The files of one store, in a folder that belongs to it alone. What `keep` returned for is on disk."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        transport: UploadTransport,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        dice: random.Random | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._transport = transport
        self._now_ms = now_ms
        self._dice = dice or random.SystemRandom()

    def keep(self, source: Path, media_type: str, name: str = "") -> dict[str, Any]:
        """Take a copy of a file, and give the answer that names it; the same bytes are kept once."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        coming = self._folder / f"coming-{os.getpid()}-{self._dice.getrandbits(64):x}"
        try:
            sha256, size = _copied(source, coming)
            coming.replace(self.path(sha256))
        finally:
            coming.unlink(missing_ok=True)
        _flush(self._folder)
        with self._store.transaction():
            self._store.write(
                "INSERT INTO attachment (sha256, size, name, type) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                *(sha256, size, name or source.name, media_type),
            )
        return KeptFile(sha256, size, name or source.name, media_type, None, 0, None, None, 0, 0).value()

    def path(self, sha256: str) -> Path:
        """Where a kept file lies."""
        return self._folder / sha256

    def kept(self) -> list[KeptFile]:
        """Every file that is kept, by digest."""
        return [KeptFile(*row) for row in self._store.rows(f"SELECT {_COLUMNS} FROM attachment ORDER BY sha256")]

    def send(self) -> FilesReport:
        """Send what the server of this epoch does not have yet, then let go of what it has for good.

        A file that fails waits by itself, and keeps no other from its turn. Call it after a sync; never raises for what
        the link or the server does.
        """
        state, sent = self._store.state(), 0
        if state.token is None:
            return self._report(NOT_ENROLLED, 0)
        for each in self.kept():
            if (
                each.epoch == (state.epoch or "")
                or each.refused
                or not pace.is_due(each.next_attempt_ms, self._now_ms())
            ):
                continue
            went = self._sent(each, state.token)
            self._settle(each, went, state.epoch or "")
            sent += went.status == DONE
            if went.status in (LINK_DOWN, ENROL_AGAIN):
                return self._report(went.status, sent)
        self._let_go()
        return self._report("ok", sent)

    def _sent(self, each: KeptFile, token: str) -> Went:
        path = self.path(each.sha256)
        if not path.exists() or _digest(path) != each.sha256:
            return Went(DAMAGED, each.upload)
        metadata = {"sha256": each.sha256, "filename": each.name}
        upload = Upload(self._transport, token, path, each.size, metadata, each.upload)
        return upload.send()

    def _settle(self, each: KeptFile, went: Went, epoch: str) -> None:
        failures = 0 if went.status in (DONE, AGAIN) else each.failures + 1
        wait = 0 if not failures else pace.wait_ms(failures, self._dice)
        if went.retry_after:
            wait = max(wait, pace.asked_wait_ms(went.retry_after, self._now_ms(), self._dice))
        refused = went.detail if went.status == REFUSED else DAMAGED if went.status == DAMAGED else None
        with self._store.transaction():
            self._store.write(
                "UPDATE attachment SET upload = ?, epoch = ?, refused = ?, failures = ?, next_attempt_ms = ?"
                " WHERE sha256 = ?",
                *(went.upload, epoch if went.status == DONE else each.epoch, refused, failures),
                *(self._now_ms() + wait if wait else 0, each.sha256),
            )

    def _let_go(self) -> None:
        """Remove what the server has, once every operation of ours that names it is safe there with its files.

        A file that no operation has named yet stays: its form is not finished.
        """
        epoch = self._store.state().epoch or ""
        for each in self.kept():
            if each.epoch == epoch and each.named and not self._store.is_needed(each.sha256):
                self.drop(each.sha256)

    def drop(self, sha256: str) -> None:
        """Give a file up, for instance one of a form that was never finished."""
        with self._store.transaction():
            self._store.write("DELETE FROM attachment WHERE sha256 = ?", sha256)
        self.path(sha256).unlink(missing_ok=True)

    def _report(self, status: str, sent: int) -> FilesReport:
        epoch, kept = self._store.state().epoch or "", self.kept()
        waiting = sum(each.epoch != epoch and not each.refused for each in kept)
        return FilesReport(status, sent, waiting, {each.sha256: each.refused for each in kept if each.refused})


def _copied(source: Path, target: Path) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    with source.open("rb") as data, target.open("xb") as file:
        os.chmod(target, 0o600)
        while chunk := data.read(_CHUNK):
            file.write(chunk)
            found.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return found.hexdigest(), size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
