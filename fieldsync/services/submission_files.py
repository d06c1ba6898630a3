"""Submissions by OpenRosa as they came: their XML and their files, put into a folder; envelopes among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from fieldsync.core import odk_encryption
from fieldsync.core.odk_encryption import Envelope
from fieldsync.core.problems import Problem
from fieldsync.services.uploads import Files
from fieldsync.store import attachments, openrosa, openrosa_files
from fieldsync.store.file_store import key_of
from fieldsync.store.openrosa import SubmissionRow

RECORD = "submission.xml"
CLEAR = "decrypted"
PAGE_ROWS = 100


@dataclass(frozen=True)
class Written:
    """A submission that was put into a folder, and the names of files that have not come."""

    instance: str
    folder: str
    missing: list[str]


def write_all(session: Session, files: Files, association_id: int, form: str, target: Path) -> Iterator[Written]:
    """Put every submission of a form into a folder of its own, byte for byte as it came."""
    after = 0
    while rows := openrosa.page_of_form(session, association_id, form, after, PAGE_ROWS):
        for row in rows:
            yield _write(session, files, row, target / f"{row.id}")
        after = rows[-1].id


def decrypt(folder: Path, private_key: bytes, passphrase: bytes | None) -> list[str] | Problem:
    """Open the envelope in a folder into `decrypted` beside it; the names of what is clear now. Needs no database."""
    envelope = odk_encryption.read_envelope((folder / RECORD).read_bytes())
    if isinstance(envelope, Problem):
        return envelope
    clear = odk_encryption.opened(envelope, _beside(folder, envelope), private_key, passphrase)
    if isinstance(clear, Problem):
        return clear
    (folder / CLEAR).mkdir(mode=0o700, exist_ok=True)
    for name, data in clear.items():
        path = folder / CLEAR / name
        path.touch(mode=0o600)
        path.write_bytes(data)
    return sorted(clear)


def _write(session: Session, files: Files, row: SubmissionRow, folder: Path) -> Written:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / RECORD).write_bytes(bytes(row.xml or b""))
    named = openrosa_files.named(session, row.association_id, row.form, [row.instance])
    missing = [name for name, _path in openrosa_files.awaited(session, row.id)]
    for name, file in named.items():
        kept = attachments.find(session, row.association_id, file.sha256)
        chunks = files.store.read(key_of(row.association_id, kept.kept_sha256)) if kept else None
        if chunks is None:
            missing.append(name)
            continue
        with (folder / name).open("wb") as target:
            target.writelines(chunks)
    return Written(row.instance, folder.name, sorted(missing))


def _beside(folder: Path, envelope: Envelope) -> dict[str, bytes]:
    found = {name: folder / name for name in envelope.files if "/" not in name and name not in (".", "..")}
    return {name: path.read_bytes() for name, path in found.items() if path.is_file()}
