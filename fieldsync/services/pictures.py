"""Files that came are made ready to be read: out of pictures, films and sounds goes what recorders write into them."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from fieldsync.services import limited_process, media_worker
from fieldsync.services.picture_worker import Picture
from fieldsync.services.uploads import Files
from fieldsync.store import attachments
from fieldsync.store.attachments import READY, UNCLEANED, UNREADABLE, AttachmentRow
from fieldsync.store.db import Transactions
from fieldsync.store.file_store import digest_of_file, key_of, thumbnail_key

SECONDS, MEMORY_MIB = 20, 768
"""What one picture may take: 50 million pixels are 150 MB each time they are copied."""

CLEANING_MEMORY_MIB = 256

PICTURE_BYTES_MAX = 40 * 1024 * 1024

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def make_ready(database: Transactions, files: Files, row: AttachmentRow) -> AttachmentRow:
    """A file that is new is looked at once; how it stands from then on. Nothing new is ever shown to anybody."""
    if row.state != attachments.NEW:
        return row
    with database.read() as session:
        as_sent = attachments.is_wanted_as_sent(session, row.association_id, row.sha256)
    now = _looked_at(files, row, as_sent)
    if database.write(lambda session: attachments.is_now(session, now)):
        if now.kept_sha256 != row.kept_sha256:
            files.store.remove(key_of(row.association_id, row.kept_sha256))
        return now
    with database.read() as session:
        return attachments.find(session, row.association_id, row.sha256) or row


def content(files: Files, row: AttachmentRow, reads_personal: bool) -> Iterator[bytes] | None:
    """The bytes that somebody may read of a file; None where there are none, or where nobody has looked at them.

    `reads_personal`: she may read the personal answers of the record that names it, and so what may tell a place.
    """
    shown = row.state == READY or (row.state == UNCLEANED and reads_personal)
    return files.store.read(key_of(row.association_id, row.kept_sha256)) if shown else None


def thumbnail(files: Files, row: AttachmentRow) -> Iterator[bytes] | None:
    """The small picture of a file, a JPEG that this server drew; None where there is none."""
    return files.store.read(thumbnail_key(row.association_id, row.sha256)) if row.thumbnail else None


def make_all_ready(database: Transactions, files: Files) -> int:
    """Look at what has come; how many files that were."""
    count = 0
    while rows := _new(database):
        for row in rows:
            make_ready(database, files, row)
        count += len(rows)
    return count


def _new(database: Transactions) -> list[AttachmentRow]:
    with database.read() as session:
        return attachments.new_ones(session)


def _looked_at(files: Files, row: AttachmentRow, as_sent: bool) -> AttachmentRow:
    head = next(files.store.read(key_of(row.association_id, row.kept_sha256)) or iter(()), b"")
    if _is_picture(head):
        return _drawn_anew(files, row, as_sent)
    if as_sent or media_worker.cleaner_of(head) is None:
        return replace(row, state=READY)
    return _cleaned(files, row)


def _drawn_anew(files: Files, row: AttachmentRow, as_sent: bool) -> AttachmentRow:
    if row.kept_size > PICTURE_BYTES_MAX:
        return replace(row, state=READY if as_sent else UNCLEANED)
    data = b"".join(files.store.read(key_of(row.association_id, row.kept_sha256)) or ())
    answer = limited_process.run("fieldsync.services.picture_worker", [str(SECONDS), str(MEMORY_MIB)], data, SECONDS)
    if answer is None:
        return replace(row, state=UNREADABLE)
    picture = msgspec.msgpack.decode(answer, type=Picture)
    with _written(files, [picture.thumbnail]) as path:
        files.store.put(thumbnail_key(row.association_id, row.sha256), path)
    if as_sent:
        return replace(row, state=READY, thumbnail=True)
    with _written(files, [picture.clean]) as path:
        return replace(_kept(files, row, path), thumbnail=True)


def _cleaned(files: Files, row: AttachmentRow) -> AttachmentRow:
    """A film or a sound without what its recorder wrote, or as it came where that cannot be told apart safely."""
    with _written(files, files.store.read(key_of(row.association_id, row.kept_sha256)) or ()) as path:
        limits = [str(path), str(SECONDS), str(CLEANING_MEMORY_MIB)]
        answer = limited_process.run("fieldsync.services.media_worker", limits, b"", SECONDS)
        return _kept(files, row, path) if answer == media_worker.CLEANED else replace(row, state=UNCLEANED)


def _kept(files: Files, row: AttachmentRow, path: Path) -> AttachmentRow:
    """What is kept of a file from now on, put into the store."""
    sha256, size = digest_of_file(path), path.stat().st_size
    files.store.put(key_of(row.association_id, sha256), path)
    return replace(row, kept_sha256=sha256, kept_size=size, state=READY)


@contextmanager
def _written(files: Files, chunks: Iterable[bytes]) -> Iterator[Path]:
    """Bytes as a file for a while, where files on their way lie: nobody else's folder, nobody else's disk."""
    files.partial.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=files.partial.folder, prefix="looked-at-", delete=False) as file:
        file.writelines(chunks)
    path = Path(file.name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _is_picture(data: bytes) -> bool:
    return data.startswith(_BEGINNINGS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
