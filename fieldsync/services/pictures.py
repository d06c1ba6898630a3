"""Files that came are made ready to be read: out of pictures goes what cameras write into them."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from fieldsync.services import limited_process
from fieldsync.services.picture_worker import Picture
from fieldsync.services.uploads import Files
from fieldsync.store import attachments
from fieldsync.store.attachments import READY, UNREADABLE, AttachmentRow
from fieldsync.store.db import Transactions
from fieldsync.store.file_store import key_of, thumbnail_key

SECONDS, MEMORY_MIB = 20, 768
"""What one picture may take: 50 million pixels are 150 MB each time they are copied."""

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


def content(files: Files, row: AttachmentRow) -> Iterator[bytes] | None:
    """The bytes that may be read of a file; None where there are none, or where nobody has looked at them."""
    return files.store.read(key_of(row.association_id, row.kept_sha256)) if row.state == READY else None


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
    data = _bytes(files, row)
    if data is None or not _is_picture(data):
        return replace(row, state=READY)
    answer = limited_process.run("fieldsync.services.picture_worker", [str(SECONDS), str(MEMORY_MIB)], data, SECONDS)
    if answer is None:
        return replace(row, state=UNREADABLE)
    picture = msgspec.msgpack.decode(answer, type=Picture)
    _put(files, thumbnail_key(row.association_id, row.sha256), picture.thumbnail)
    if as_sent:
        return replace(row, state=READY, thumbnail=True)
    sha256 = hashlib.sha256(picture.clean).hexdigest()
    _put(files, key_of(row.association_id, sha256), picture.clean)
    return replace(row, kept_sha256=sha256, kept_size=len(picture.clean), state=READY, thumbnail=True)


def _bytes(files: Files, row: AttachmentRow) -> bytes | None:
    """A file's content, where it is small enough for a picture."""
    chunks: Iterable[bytes] | None = None
    if row.kept_size <= PICTURE_BYTES_MAX:
        chunks = files.store.read(key_of(row.association_id, row.kept_sha256))
    return b"".join(chunks) if chunks is not None else None


def _is_picture(data: bytes) -> bool:
    return data.startswith(_BEGINNINGS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _put(files: Files, key: str, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="fieldsync-picture-", delete=False) as file:
        file.write(data)
    path = Path(file.name)
    try:
        files.store.put(key, path)
    finally:
        path.unlink(missing_ok=True)
