"""Files of records held against what the database says of them (part of `fieldsync doctor`)."""

import hashlib
from collections.abc import Callable

from sqlalchemy.orm import Session

from fieldsync.services.doctor_report import Report
from fieldsync.store import associations, attachments
from fieldsync.store.associations import AssociationRow
from fieldsync.store.attachments import AttachmentRow
from fieldsync.store.file_store import FileStore, key_of, thumbnail_key

PAGE_ROWS = 500
"""Rows in hand at a time; of an association's files the digests alone are all in memory, 100 MiB for a million."""

COMING_MS = 3600 * 1000
"""What is in a store for less than that may still be on its way into the database."""

LookAgain = Callable[[int, str], AttachmentRow | None]
"""(association id, digest) → how a file stands now, after the snapshot."""


def examine(
    session: Session, store: FileStore, look_again: LookAgain, now_ms: int, report: Report, hashes: bool = True
) -> None:
    """Find files that are missing, changed, or that nothing knows of; `hashes`: read all of them."""
    for owner in associations.everyone(session):
        known: set[bytes] = set()
        after = ""
        while page := attachments.page(session, owner.id, after, PAGE_ROWS):
            after = page[-1].sha256
            for row in page:
                report.checked["files"] += 1
                known.add(bytes.fromhex(row.kept_sha256))
                _examine(store, row, look_again, report, hashes)
        _orphans(session, owner, store, known, now_ms, report)


def _examine(store: FileStore, row: AttachmentRow, look_again: LookAgain, report: Report, hashes: bool) -> None:
    what = _fault(store, row, hashes)
    now = look_again(row.association_id, row.sha256) if what else row
    if now is not None and now.kept_sha256 != row.kept_sha256:  # a picture was drawn anew meanwhile
        what = _fault(store, now, hashes)
    if what and now is not None:
        report.tell("files", key_of(row.association_id, row.kept_sha256), what)


def _fault(store: FileStore, row: AttachmentRow, hashes: bool) -> str:
    key = key_of(row.association_id, row.kept_sha256)
    size = store.size(key)
    if size is None:
        return "is missing"
    if size != row.kept_size:
        return f"has {size} bytes, and had {row.kept_size}"
    if hashes and _digest(store, key) != row.kept_sha256:
        return "was changed: its digest is another"
    if row.thumbnail and store.size(thumbnail_key(row.association_id, row.sha256)) is None:
        return "misses its small picture"
    return ""


def _digest(store: FileStore, key: str) -> str:
    found = hashlib.sha256()
    for chunk in store.read(key) or ():
        found.update(chunk)
    return found.hexdigest()


def _orphans(
    session: Session, owner: AssociationRow, store: FileStore, known: set[bytes], now_ms: int, report: Report
) -> None:
    for each in store.names(owner.id):
        _, folder, name = each.key.split("/", 2)
        if folder == "thumbnails":
            row = attachments.find(session, owner.id, name)
            is_known = row is not None and row.thumbnail
        else:
            is_known = _hex(name) in known and each.key == key_of(owner.id, name)
        if not is_known and each.changed_ms < now_ms - COMING_MS:
            report.tell("files", each.key, "is a file that nothing knows of")


def _hex(name: str) -> bytes:
    try:
        return bytes.fromhex(name)
    except ValueError:
        return b""
