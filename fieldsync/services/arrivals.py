"""A file has come: it is noted, and the records that missed it are whole."""

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from fieldsync.services import auditing
from fieldsync.store import associations, attachments, changes, flags, openrosa_files, records
from fieldsync.store.attachments import AttachmentRow
from fieldsync.store.changes import NewChange
from fieldsync.store.db import Database


def bring(database: Database, association_id: int, device_id: int, files: Mapping[str, int], now_ms: int) -> None:
    """Files (digest → size) of a device are here: noted in one transaction, told in others to those who missed them.

    Two transactions, so that whoever notes that a file is missing and whoever brings it never wait for each other.
    """
    if not files:
        return
    database.write(lambda session: _note(session, association_id, device_id, files, now_ms))
    for sha256 in files:
        while database.write(lambda session, each=sha256: _settle(session, association_id, each, now_ms)):  # type: ignore[misc]
            pass


def _note(session: Session, association_id: int, device_id: int, files: Mapping[str, int], now_ms: int) -> None:
    attachments.keep_others_from(session, association_id, files.keys(), alone=True)
    for sha256, size in sorted(files.items()):
        if attachments.find(session, association_id, sha256) is None:
            row = AttachmentRow(association_id, sha256, size, sha256, size, device_id, True, now_ms)
            attachments.add(session, row)
            actor = f"device:{device_id}"
            auditing.note(session, association_id, actor, "file_received", "", now_ms, detail=sha256)


def _settle(session: Session, association_id: int, sha256: str, now_ms: int) -> bool:
    """Tell some of those who missed a file; whether there may be more."""
    rows = attachments.missing(session, association_id, sha256)
    if not rows:
        return False
    attachments.here(session, association_id, [sha256])
    attachments.found_missing(session, sha256, [(author_id, counter) for author_id, counter, _ in rows])
    _tell(session, association_id, _made_whole(session, {record_id for _, _, record_id in rows}), now_ms)
    return True


def here(session: Session, association_id: int, digests: Collection[str]) -> set[str]:
    """Which of the files that operations name are here; whoever brings one meanwhile waits until this is committed."""
    attachments.keep_others_from(session, association_id, digests, alone=False)
    return attachments.here(session, association_id, digests)


def want_as_sent(session: Session, association_id: int, digests: Collection[str]) -> None:
    """A form wants these files with all that a camera wrote into them."""
    attachments.want_as_sent(session, association_id, digests)


def make_whole_if_it_is(session: Session, record_id: int) -> None:
    """A record that misses no file any more says so; whoever changes it otherwise writes the change log."""
    _made_whole(session, {record_id})


def tell_if_it_is_whole(session: Session, association_id: int, record_id: int, now_ms: int) -> None:
    """A record that misses no file any more says so, and whoever reads it hears of it: nothing else of it changes."""
    _tell(session, association_id, _made_whole(session, {record_id}), now_ms)


def _tell(session: Session, association_id: int, whole: list[NewChange], now_ms: int) -> None:
    if whole:
        positions = associations.draw_positions(session, association_id, len(whole))
        changes.append(session, association_id, positions, whole, now_ms)


def _made_whole(session: Session, record_ids: set[int]) -> list[NewChange]:
    rows = records.by_ids(session, record_ids, lock=True)
    waiting = flags.records_missing_files(session, record_ids) | openrosa_files.records_waiting(session, record_ids)
    whole = sorted(rows.keys() - waiting)
    records.set_incomplete(session, whole, False)
    return [NewChange(record_id, None, 0, rows[record_id].place) for record_id in whole]
