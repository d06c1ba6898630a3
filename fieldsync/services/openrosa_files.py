"""Files of OpenRosa submissions, whichever comes first: the file, or the record that names it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO

from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.core.odk_encryption import Envelope
from fieldsync.core.openrosa import Sheet
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.services import arrivals, desk, uploads
from fieldsync.services.uploads import Files
from fieldsync.store import attachments, openrosa_files, records
from fieldsync.store.attachments import BLOCK_BYTES
from fieldsync.store.db import Database
from fieldsync.store.file_store import key_of
from fieldsync.store.openrosa import SubmissionRow
from fieldsync.store.openrosa_files import NamedFile

Fields = Mapping[str, Value]


@dataclass(frozen=True)
class Part:
    """A file of a request, from its beginning, under the name of its part; `file`: the name that the file bears."""

    name: str
    media_type: str
    stream: IO[bytes]
    file: str = ""


def named_by(sheet: Sheet, parts: Sequence[Part]) -> list[Part]:
    """The files of a submission under the names that it says: those of the parts, as Collect and Enketo write them.

    Where it does not know a part's name, as other clients make them up, the file's own name counts. Of an envelope,
    what it does not name is left out.
    """
    texts = sheet.root.itertext() if sheet.envelope is None else sheet.envelope.files
    said = {text.strip() for text in texts if text.strip()}
    free = said - {part.name for part in parts}
    found = [replace(part, name=part.file) if part.name not in said and part.file in free else part for part in parts]
    return [part for part in found if sheet.envelope is None or part.name in said]


def keep(
    database: Database, files: Files, settings: Settings, owner: tuple[int, int], parts: Sequence[Part], now_ms: int
) -> tuple[list[NamedFile], Problem | None]:
    """Keep files for an owner (association id, device id); durable, and noted as here.

    What there is no room for is left out and told: the answers are taken all the same, and the client, which hears
    that not all is here, sends the files again.
    """
    if not parts:
        return [], None
    association_id, device_id = owner
    with database.read() as session:
        left = uploads.room(session, settings, device_id, now_ms).both
    kept: list[NamedFile] = []
    problem = None
    for part in parts:
        path, sha256, size = files.partial.written(part.stream)
        try:
            refused = _no_room(size, left, settings)
            if refused is None or _is_known(database, association_id, sha256):
                files.store.put(key_of(association_id, sha256), path)
                kept.append(NamedFile(part.name, sha256, size, part.media_type))
                left -= max(size, BLOCK_BYTES)
            else:
                problem = refused
        finally:
            path.unlink(missing_ok=True)
    uploads.bring(database, files, owner, {each.sha256: each.size for each in kept}, now_ms)
    return kept, problem


def _no_room(size: int, left: int, settings: Settings) -> Problem | None:
    if size > settings.attachment_bytes_max:
        return Problem("file_left_out", detail={"limit": f"{settings.attachment_bytes_max // 1024} KiB"})
    return Problem("files_left_out") if size > left else None


def _is_known(database: Database, association_id: int, sha256: str) -> bool:
    with database.read() as session:
        return attachments.find(session, association_id, sha256) is not None


def names_any(fields: Fields) -> bool:
    """Whether some answer names a file of which it says no more."""
    return any(isinstance(value, dict) and "file" in value and len(value) == 1 for value in fields.values())


def filled(fields: Fields, files: Mapping[str, Value]) -> tuple[dict[str, Value], list[tuple[str, str]]]:
    """Answers with the files that they name; what is not here is left out, and told as (path, name)."""
    found: dict[str, Value] = {}
    missing = []
    for path, value in fields.items():
        name = _name_of(value)
        if name is None:
            found[path] = value
        elif name in files:
            found[path] = files[name]
        else:
            missing.append((path, name))
    return found, missing


def named_in(fields: Fields) -> dict[str, Value]:
    """The files that answers name already, by name."""
    return {str(value["file"]): value for value in fields.values() if isinstance(value, dict) and "sha256" in value}


def by_name(session: Session, association_id: int, form: str, *instances: str) -> dict[str, Value]:
    """The files that came with these instances, by name; those of the last stand."""
    found = openrosa_files.named(session, association_id, form, instances)
    return {name: value_of(file) for name, file in found.items()}


def value_of(file: NamedFile) -> Value:
    """A file as an answer (docs/protocol.md section 1)."""
    return {"file": file.name, "sha256": file.sha256, "size": file.size, "type": file.media_type}


def sealed(envelope: Envelope) -> Value:
    """An envelope as an answer (docs/protocol.md section 1): opaque to everybody here."""
    header = {"instance": envelope.instance, "media": list(envelope.media), "signature": envelope.signature}
    return {"sealed": envelope.record, "header": header, "keys": [envelope.key]}


def with_those_that_came(session: Session, row: SubmissionRow, content: Fields) -> dict[str, Value]:
    """What a submission said, with its files that came after it."""
    files = by_name(session, row.association_id, row.form, row.instance)
    later = openrosa_files.named_later(session, row.id)
    return {**content, **{path: files[name] for path, name in later if name in files}}


def await_files(session: Session, row: SubmissionRow, missing: Sequence[tuple[str, str]]) -> None:
    """A submission that is taken in names files that are not here: its record is incomplete until they come.

    Unless an edit of it came first: that has said already which files are awaited.
    """
    record_id = _record_id(session, row)
    if missing and record_id is not None:
        openrosa_files.await_files(session, row.id, record_id, missing)
    if missing and record_id is not None and not openrosa_files.is_replaced(session, row.id):
        records.set_incomplete(session, [record_id], True)
    elif record_id is not None and row.base_id is not None:
        arrivals.make_whole_if_it_is(session, record_id)


def has_those_of_replaced(session: Session, edit: SubmissionRow) -> bool:
    """Whether files that an edit waits for came with what it replaces; from now on they are the edit's own too."""
    wanted = {name for _path, name in openrosa_files.awaited(session, edit.id)}
    replaced = [edit.deprecated] if wanted else []
    came = openrosa_files.named(session, edit.association_id, edit.form, replaced)
    found = [file for name, file in came.items() if name in wanted]
    openrosa_files.remember(session, edit.association_id, edit.form, edit.instance, found)
    return bool(found)


def what_came(session: Session, row: SubmissionRow) -> dict[str, Value]:
    """Path → file, of those that a submission waited for and that are here now."""
    files = by_name(session, row.association_id, row.form, row.instance)
    return {path: files[name] for path, name in openrosa_files.awaited(session, row.id) if name in files}


def came(session: Session, row: SubmissionRow, paths: Collection[str], is_said: bool, now_ms: int) -> None:
    """A submission waits for these no longer; its record is whole where nothing else is missing.

    `is_said`: an operation names the files; else what is known of the record changes by this alone.
    """
    openrosa_files.came(session, row.id, list(paths))
    record_id = _record_id(session, row)
    if record_id is not None and is_said:
        arrivals.make_whole_if_it_is(session, record_id)
    elif record_id is not None and paths:
        arrivals.tell_if_it_is_whole(session, row.association_id, record_id, now_ms)


def _record_id(session: Session, row: SubmissionRow) -> int | None:
    found = desk.find(session, row.association_id, records.uuid_text(bytes(row.record)))
    return next((each.row.id for each in found if (each.kind, each.of) == ("submission", row.form)), None)


def _name_of(value: Value) -> str | None:
    """The name of a file of which an answer says no more."""
    return str(value["file"]) if isinstance(value, dict) and value.keys() == {"file"} else None
