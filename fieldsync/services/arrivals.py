"""A file has come: it is noted, and the records that missed it are whole."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from fieldsync.services import auditing
from fieldsync.store import associations, attachments, changes, flags, records
from fieldsync.store.attachments import AttachmentRow, UploadRow
from fieldsync.store.changes import NewChange


def note(session: Session, upload: UploadRow, now_ms: int) -> None:
    """The association has the file from now on. `settle` must follow, in a transaction of its own."""
    attachments.keep_others_from(session, upload.association_id, [upload.sha256], alone=True)
    known = attachments.find(session, upload.association_id, upload.sha256)
    if known is not None:
        return
    row = AttachmentRow(
        upload.association_id, upload.sha256, upload.size, upload.sha256, upload.size, upload.device_id, True, now_ms
    )
    attachments.add(session, row)
    actor = f"device:{upload.device_id}"
    auditing.note(session, upload.association_id, actor, "file_received", "", now_ms, detail=upload.sha256)


def settle(session: Session, association_id: int, sha256: str, now_ms: int) -> bool:
    """Tell those who missed the file, some at a time; whether there may be more."""
    rows = attachments.missing(session, association_id, sha256)
    if not rows:
        return False
    attachments.here(session, association_id, [sha256])
    attachments.found_missing(session, sha256, [(author_id, counter) for author_id, counter, _ in rows])
    _make_whole(session, association_id, {record_id for _, _, record_id in rows}, now_ms)
    return True


def here(session: Session, association_id: int, digests: Collection[str]) -> set[str]:
    """Which of the files that operations name are here; whoever brings one meanwhile waits until this is committed."""
    attachments.keep_others_from(session, association_id, digests, alone=False)
    return attachments.here(session, association_id, digests)


def want_as_sent(session: Session, association_id: int, digests: Collection[str]) -> None:
    """A form wants these files with all that a camera wrote into them."""
    attachments.want_as_sent(session, association_id, digests)


def _make_whole(session: Session, association_id: int, record_ids: set[int], now_ms: int) -> None:
    """Records that miss nothing any more change for everybody who may see them."""
    rows = records.by_ids(session, record_ids, lock=True)
    whole = sorted(rows.keys() - flags.records_missing_files(session, record_ids))
    if not whole:
        return
    records.set_incomplete(session, whole, False)
    new = [NewChange(record_id, None, 0, rows[record_id].place) for record_id in whole]
    positions = associations.draw_positions(session, association_id, len(new))
    changes.append(session, association_id, positions, new, now_ms)
