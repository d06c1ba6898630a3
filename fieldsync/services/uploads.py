"""Files that come by tus: begun, continued over days, and taken in once they are what they were said to be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.core.problems import Problem
from fieldsync.core.tus import Announced, Checksum
from fieldsync.services import arrivals
from fieldsync.services.senders import Sender
from fieldsync.store import attachments, partial_files
from fieldsync.store.attachments import AttachmentRow, UploadRow
from fieldsync.store.db import Database, Transactions
from fieldsync.store.file_store import FileStore, digest_of_file, key_of, open_store
from fieldsync.store.partial_files import PartialFiles

DAY_MS = 24 * 3600 * 1000

UPLOADS_MAX = 200
"""Files that one device may have on their way."""

IN_USE = "upload_in_use"
"""Code of a problem (core.messages): somebody else adds to the same upload."""


@dataclass(frozen=True)
class Files:
    """Where files lie, and where those lie that are on their way."""

    store: FileStore
    partial: PartialFiles


def open_files(settings: Settings) -> Files:
    """The places that the settings name."""
    store = open_store(settings.attachments, settings.data, settings.attachments_endpoint)
    return Files(store, PartialFiles(settings.data / "uploads"))


@dataclass(frozen=True)
class Room:
    """How many bytes a device may still bring: on their way or named by no record yet, and within a day."""

    waiting: int
    day: int

    @property
    def both(self) -> int:
        """What it may bring now."""
        return min(self.waiting, self.day)


def room(session: Session, settings: Settings, device_id: int, now_ms: int) -> Room:
    """How much room a device's files have left."""
    _, waiting = attachments.bytes_waiting(session, device_id)
    came = attachments.bytes_since(session, device_id, now_ms - DAY_MS)
    return Room(settings.attachments_waiting_bytes_max - waiting, settings.attachments_day_bytes_max - came)


def _kib(size: int) -> str:
    return f"{size // 1024} KiB"


def begin(
    session: Session, settings: Settings, sender: Sender, said: Announced, uuid: str, now_ms: int
) -> UploadRow | Problem:
    """A file is on its way; refused where the device has too much on its way already."""
    device = sender.device
    left = room(session, settings, device.id, now_ms)
    if attachments.bytes_waiting(session, device.id)[0] >= UPLOADS_MAX or said.size > left.waiting:
        return Problem("uploads_full", detail={"limit": _kib(settings.attachments_waiting_bytes_max)})
    if said.size > left.day:
        return Problem("files_of_day", detail={"limit": _kib(settings.attachments_day_bytes_max)})
    row = UploadRow(uuid, device.association_id, device.id, said.sha256, said.size, said.name, said.record, now_ms)
    attachments.add_upload(session, row)
    return row


def is_here(session: Session, files: Files, row: UploadRow) -> bool:
    """Whether the association has the file already, and its bytes; of what others have nothing is told."""
    found = attachments.find(session, row.association_id, row.sha256)
    return found is not None and _lies_there(files, found)


def _lies_there(files: Files, row: AttachmentRow) -> bool:
    return files.store.size(key_of(row.association_id, row.kept_sha256)) == row.kept_size


def receive(
    files: Files, row: UploadRow, offset: int, chunks: Iterable[bytes], checksum: Checksum | None
) -> int | Problem:
    """Add bytes to a file on its way; the new offset. A file that is whole now is checked and kept, durably."""
    with files.partial.held(row.uuid) as file:
        if file is None:
            return Problem(IN_USE)
        there = partial_files.append(file, offset, row.size, chunks, checksum)
        if isinstance(there, str):
            return Problem(there)
        if there == row.size and not _keep(files, row):
            return Problem("file_differs")
        return there


def _keep(files: Files, row: UploadRow) -> bool:
    path = files.partial.path(row.uuid)
    if digest_of_file(path) != row.sha256:
        files.partial.remove(row.uuid)
        return False
    files.store.put(key_of(row.association_id, row.sha256), path)
    files.partial.remove(row.uuid)
    return True


def come_so_far(database: Database, files: Files, row: UploadRow, now_ms: int) -> int | Problem | None:
    """How far a file has come; None where what came of it is lost.

    One that is whole and was not noted, because the server ended before it could or another request is about to, is
    kept and noted now: its sender hears that nothing is left to send, and never comes back with it.
    """
    with database.read() as session:
        if is_here(session, files, row):
            return row.size
    there = files.partial.offset(row.uuid)
    if there == row.size:
        kept = receive(files, row, there, (), None)
        if isinstance(kept, Problem):
            return kept if kept.code == IN_USE else None
    elif there is not None or files.store.size(key_of(row.association_id, row.sha256)) != row.size:
        return there
    finish(database, files, row, now_ms)
    return row.size


def expires_ms(settings: Settings, files: Files, row: UploadRow) -> int:
    """When an upload is given up: so many days after bytes came last."""
    touched = files.partial.touched_ms(row.uuid) or row.made_ms
    return max(touched, row.made_ms) + settings.upload_days * DAY_MS


def finish(database: Database, files: Files, row: UploadRow, now_ms: int) -> None:
    """The file is here, durably."""
    bring(database, files, (row.association_id, row.device_id), {row.sha256: row.size}, now_ms)


def bring(database: Database, files: Files, owner: tuple[int, int], sizes: Mapping[str, int], now_ms: int) -> None:
    """Files (digest → size) of an owner (association id, device id) lie in the store as they were sent: they are here.

    Of one that came before, and of which other bytes are kept, those that were sent do not stay.
    """
    if not sizes:
        return
    association_id, device_id = owner
    arrivals.bring(database, association_id, device_id, sizes, now_ms)
    with database.read() as session:
        rows = [attachments.find(session, association_id, sha256) for sha256 in sizes]
    for row in rows:
        if row is not None and row.kept_sha256 != row.sha256:
            if _lies_there(files, row):
                files.store.remove(key_of(association_id, row.sha256))
            else:
                database.write(lambda session, row=row: attachments.came_again(session, row))  # type: ignore[misc]


def end(session: Session, files: Files, row: UploadRow) -> None:
    """The sender gives an upload up."""
    attachments.drop_upload(session, row.uuid)
    files.partial.remove(row.uuid)


def give_up(database: Transactions, settings: Settings, files: Files, now_ms: int) -> int:
    """Forget uploads that expired, and files that nobody named for as long; how many there were."""
    _sweep(database, files, now_ms)
    return _give_up_uploads(database, settings, files, now_ms) + _give_up_orphans(database, settings, files, now_ms)


def _sweep(database: Transactions, files: Files, now_ms: int) -> None:
    """Remove what a server that was killed left half read or half looked at, and what belongs to no upload."""
    for name in files.partial.untouched(now_ms - DAY_MS):
        with database.read() as session:
            is_wanted = attachments.is_upload(session, name)
        if not is_wanted:
            files.partial.remove(name)


def _give_up_uploads(database: Transactions, settings: Settings, files: Files, now_ms: int) -> int:
    gone, after = 0, ""
    while True:
        with database.read() as session:
            rows = attachments.uploads_made_before(session, now_ms - settings.upload_days * DAY_MS, after)
        for row in rows:
            if expires_ms(settings, files, row) <= now_ms:
                database.write(lambda session, row=row: end(session, files, row))  # type: ignore[misc]
                gone += 1
        if not rows:
            return gone
        after = rows[-1].uuid


def _give_up_orphans(database: Transactions, settings: Settings, files: Files, now_ms: int) -> int:
    gone, before_ms = 0, now_ms - settings.upload_days * DAY_MS
    with database.read() as session:
        orphans = [
            row
            for row in attachments.orphans(session, before_ms)
            if not attachments.is_quarantined(session, row.association_id, row.sha256)
        ]
    for row in orphans:
        if database.write(lambda session, row=row: attachments.forget(session, row.association_id, row.sha256)):  # type: ignore[misc]
            files.store.remove(key_of(row.association_id, row.kept_sha256))
            gone += 1
    return gone
