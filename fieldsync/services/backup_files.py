"""Files of records in backups: beside the copy of the database, under the same keys, each checked by its digest."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.services import losses
from fieldsync.store import attachments, portable
from fieldsync.store.attachments import AttachmentRow
from fieldsync.store.db import Database
from fieldsync.store.file_store import FileStore, FolderStore, digest_of_file, key_of, thumbnail_key
from fieldsync.store.migrate import migrate

ENDING = ".files"
"""Behind the name of a backup: the folder of its files."""


@dataclass
class Carried:
    """How many files a backup names; those that could not be brought whole, as (association id, digest)."""

    named: int = 0
    missing: list[tuple[int, str]] = field(default_factory=list)


def folder_of(backup: Path) -> Path:
    """Where the files of a backup lie unless somebody says otherwise."""
    return backup.with_name(backup.name + ENDING)


def copy_out(database: Database, copy: Path, store: FileStore, folder: Path, reread: bool = False) -> Carried:
    """Bring what a fresh copy of the database names into a folder; what lies there already in its length stays.

    With `reread` that is read too, and brought anew where it is not what its name says. Files come under their
    digests, and few go: one that became another since the copy was made is corrected in it.
    """
    target, carried = FolderStore(folder), Carried()
    if reread:
        _drop_changed(copy, target)
    for row in list(_changed(database, copy, store, target, carried)):
        with database.read() as session:
            now = attachments.find(session, row.association_id, row.sha256)
        if now is not None and (now == row or not _carry_row(store, target, now)):
            carried.missing.append((row.association_id, row.sha256))
        else:
            portable.correct_attachment(copy, row, now)
    return carried


def _changed(
    database: Database, copy: Path, store: FileStore, target: FileStore, carried: Carried
) -> Iterator[AttachmentRow]:
    for row in portable.attachments_in(copy):
        carried.named += 1
        if not _carry_row(store, target, row):
            yield row


def _drop_changed(copy: Path, target: FolderStore) -> None:
    """Remove from a folder what the copy names and what is no longer as its name says."""
    for row in portable.attachments_in(copy):
        path = target.folder / key_of(row.association_id, row.kept_sha256)
        if path.is_file() and digest_of_file(path) != row.kept_sha256:
            path.unlink()


def prune(backup: Path, folder: Path) -> None:
    """Remove from the folder of a backup what an earlier backup of that name had and this one has not."""
    store, named = FolderStore(folder), set()
    for row in portable.attachments_in(backup):
        named |= {key_of(row.association_id, row.kept_sha256), thumbnail_key(row.association_id, row.sha256)}
    owners = folder.iterdir() if folder.is_dir() else ()
    for owner in [path.name for path in owners if path.name.isdecimal()]:
        for each in list(store.names(int(owner))):
            if each.key not in named:
                store.remove(each.key)


def names_files(backup: Path) -> bool:
    """Whether a backup names files of records."""
    return next(portable.attachments_in(backup), None) is not None


def bring_files(engine: Engine, backup: Path, folder: Path, store: FileStore, migrations: Path, now_ms: int) -> Carried:
    """Bring the files of a backup, which is restored already, back into a store; what lies there already stays.

    Records whose files did not come back say so, so that whoever still has one brings it.
    """
    source, carried = FolderStore(folder), Carried()
    for row in portable.attachments_in(backup):
        carried.named += 1
        if not _carry_row(source, store, row):
            carried.missing.append((row.association_id, row.sha256))
    if carried.missing:
        migrate(engine, migrations)
    for owner in sorted({association_id for association_id, _sha256 in carried.missing}):
        lost = {sha256 for association_id, sha256 in carried.missing if association_id == owner}
        with Session(engine) as session, session.begin():
            losses.note(session, owner, lost, now_ms)
    return carried


def _carry_row(source: FileStore, target: FileStore, row: AttachmentRow) -> bool:
    small = thumbnail_key(row.association_id, row.sha256)
    if row.thumbnail and target.size(small) is None:
        _carry(source, target, small, "", 0)
    return _carry(source, target, key_of(row.association_id, row.kept_sha256), row.kept_sha256, row.kept_size)


def _carry(source: FileStore, target: FileStore, key: str, sha256: str, size: int) -> bool:
    """Bring one file over, and whether it is there whole; without a digest it is taken as it is."""
    there = target.size(key)
    if sha256 and there == size:
        return True
    chunks = source.read(key)
    if chunks is None:
        return False
    found, beside = hashlib.sha256(), _folder_beside(target)
    with tempfile.NamedTemporaryFile(dir=beside, prefix="fieldsync-file-", delete=False) as file:
        for chunk in chunks:
            file.write(chunk)
            found.update(chunk)
    path = Path(file.name)
    try:
        if sha256 and found.hexdigest() != sha256:
            return False
        if there is not None:
            target.remove(key)
        target.put(key, path)
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
    return True


def _folder_beside(target: FileStore) -> Path | None:
    """Where a file waits until it is whole: where there must be room for it anyway; None for the system's own place."""
    if not isinstance(target, FolderStore):
        return None
    return target.made()
