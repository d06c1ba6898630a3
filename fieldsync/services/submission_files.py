"""Submissions by OpenRosa as they came: their XML and their files, put into a folder; envelopes among them."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
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
DOUBTFUL = "doubtful"
PAGE_ROWS = 100

NAME_BYTES_MAX = 255
"""What file systems take as a name."""


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


@dataclass(frozen=True)
class Decrypted:
    """A submission that was opened: the names of its files, and of those that are not here.

    `is_doubtful`: it was opened, and is not what its signature says.
    """

    files: list[str]
    missing: list[str]
    is_doubtful: bool


def decrypt(folder: Path, private_key: bytes, passphrase: bytes | None) -> Decrypted | Problem:
    """Open the envelope in a folder into `decrypted` beside it, or `doubtful`; all of it or nothing. No database."""
    envelope = odk_encryption.read_envelope((folder / RECORD).read_bytes())
    if isinstance(envelope, Problem):
        return envelope
    found = odk_encryption.opened(envelope, _beside(folder, envelope), private_key, passphrase)
    if isinstance(found, Problem):
        return found
    is_doubtful = found.fits is False
    _put(folder, DOUBTFUL if is_doubtful else CLEAR, found.files)
    return Decrypted(sorted(found.files), sorted(found.missing), is_doubtful)


def _put(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Files in a folder that only their owner opens; until all are there, they have no name."""
    made = Path(tempfile.mkdtemp(prefix=".opening-", dir=folder))
    try:
        for each, data in files.items():
            path = made / each
            path.touch(mode=0o600)
            path.write_bytes(data)
        for earlier in (CLEAR, DOUBTFUL):
            shutil.rmtree(folder / earlier, ignore_errors=True)
        made.rename(folder / name)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


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
        with (folder / _place(name, file.sha256)).open("wb") as target:
            target.writelines(chunks)
    return Written(row.instance, folder.name, sorted(missing))


def _place(name: str, sha256: str) -> str:
    """Where a file lies in its submission's folder: under its name, or under its digest where that cannot be."""
    is_taken = name in ("", ".", "..", RECORD, CLEAR, DOUBTFUL)
    return sha256 if is_taken or "/" in name or len(os.fsencode(name)) > NAME_BYTES_MAX else name


def _beside(folder: Path, envelope: Envelope) -> dict[str, bytes]:
    found = {name: folder / name for name in envelope.files if _is_name(name)}
    return {name: path.read_bytes() for name, path in found.items() if path.is_file()}


def _is_name(name: str) -> bool:
    """Whether a file of that name stands in its folder, sealed and in clear."""
    return "/" not in name and odk_encryption.clear_name(name) not in ("", ".", "..")
