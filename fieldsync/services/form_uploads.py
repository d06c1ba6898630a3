"""A definition that somebody looks at before she publishes it: kept for a while, for her alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.form_changes import Change, form_changes
from fieldsync.core.forms import Finding, Form
from fieldsync.core.problems import Problem
from fieldsync.core.xform import read_form
from fieldsync.services import auditing, form_publication
from fieldsync.services.conversion import Converted
from fieldsync.services.form_publication import Outcome, Sent
from fieldsync.services.published import published
from fieldsync.services.publishing import OPEN, Definition
from fieldsync.services.readers import Reader
from fieldsync.services.signing import Draw, new_uuid
from fieldsync.store import form_uploads, form_versions
from fieldsync.store.form_uploads import UploadRow
from fieldsync.store.form_versions import FormVersionRow

KEPT_MS = 24 * 3600 * 1000
"""How long an upload stays: a working day and a night."""

KEPT_COUNT = 3
"""Uploads that one person has at a time; the oldest goes when another comes."""

SIZE_MAX = 16 * 1024 * 1024
"""Bytes of a definition and its files together: what one request can carry."""

ROWS_AROUND = 1
ROWS_SHOWN = 40
CELL_SHOWN = 200


class Excerpt(msgspec.Struct, frozen=True):
    """Rows of a sheet around its findings; `rows` is (row number, cells)."""

    sheet: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


class Kept(msgspec.Struct, frozen=True):
    """What an upload became. `xform` is empty where an error stands in `findings`."""

    source: bytes
    kind: str
    xform: bytes
    xlsx: bytes | None
    findings: list[Finding]
    excerpts: list[Excerpt]


@dataclass(frozen=True)
class Looked:
    """An upload as its owner sees it: what publishing would do, and what differs from the version in use."""

    row: UploadRow
    kept: Kept
    form: Form | None
    outcome: Outcome
    in_use: FormVersionRow | None
    changes: Sequence[Change]
    files: Mapping[str, int]
    """Name → size in bytes."""


def keep(
    session: Session, reader: Reader, file_name: str, sent: Sent, made: Converted, now_ms: int, draw: Draw
) -> str | Problem:
    """Keep what was uploaded and converted; its public name. Her oldest uploads make room."""
    assert reader.person is not None
    files = sent.files or {}
    size = len(sent.source) + len(made.xform) + len(made.xlsx or b"") + sum(map(len, files.values()))
    if size > SIZE_MAX:
        return Problem("too_large", detail={"limit": f"{SIZE_MAX // 1024 // 1024} MiB"})
    kept = Kept(sent.source, sent.kind, made.xform, made.xlsx, made.findings, excerpts(made))
    uuid, owner = new_uuid(draw), reader.association_id
    row = UploadRow(0, uuid, reader.person.id, owner, file_name, now_ms, now_ms + KEPT_MS, size)
    form_uploads.drop_expired(session, now_ms)
    form_uploads.add(session, row, msgspec.msgpack.encode(kept), files)
    form_uploads.keep_newest(session, reader.person.id, KEPT_COUNT)
    return uuid


def find(session: Session, reader: Reader, uuid: str, now_ms: int) -> UploadRow | None:
    """An upload of hers, in the association where she works."""
    person = reader.person
    return None if person is None else form_uploads.find(session, person.id, reader.association_id, uuid, now_ms)


def pending(session: Session, reader: Reader, now_ms: int) -> list[UploadRow]:
    """What she is looking at, newest first."""
    person = reader.person
    return [] if person is None else form_uploads.of_person(session, person.id, reader.association_id, now_ms)


def look(session: Session, row: UploadRow) -> Looked:
    """An upload, what publishing it would do, and what differs from the version in use."""
    kept, files = _kept(session, row), form_uploads.files(session, row.id)
    sizes = {name: len(data) for name, data in files.items()}
    definition = _definition(kept, files)
    if isinstance(definition, Outcome):
        return Looked(row, kept, None, definition, None, (), sizes)
    outcome = form_publication.look(session, row.association_id, definition)
    in_use = newest_open(session, row.association_id, definition.form.id)
    before = published(session, row.association_id, in_use.form, in_use.version) if in_use else None
    changes = form_changes(before.form, definition.form) if before else ()
    return Looked(row, kept, definition.form, outcome, in_use, changes, sizes)


def publish(session: Session, row: UploadRow, now_ms: int, by: str = auditing.OPERATOR) -> Outcome:
    """Publish an upload, and forget it once it is published."""
    definition = _definition(_kept(session, row), form_uploads.files(session, row.id))
    if isinstance(definition, Outcome):
        return definition
    outcome = form_publication.publish(session, row.association_id, definition, now_ms, by)
    if outcome.problem is None:
        form_uploads.drop(session, row.id)
    return outcome


def drop(session: Session, row: UploadRow) -> None:
    """Forget an upload."""
    form_uploads.drop(session, row.id)


def files_of(session: Session, row: UploadRow) -> dict[str, bytes]:
    """The files that came with an upload, by name."""
    return form_uploads.files(session, row.id)


def newest_open(session: Session, association_id: int, form: str) -> FormVersionRow | None:
    """The version that phones are offered: the newest that is not retired."""
    rows = [row for row in form_versions.versions(session, association_id, form) if row.state == OPEN]
    return rows[-1] if rows else None


def _kept(session: Session, row: UploadRow) -> Kept:
    return msgspec.msgpack.decode(form_uploads.definition(session, row.id), type=Kept)


def _definition(kept: Kept, files: Mapping[str, bytes]) -> Definition | Outcome:
    form = read_form(kept.xform) if kept.xform else None
    made = Converted(None if isinstance(form, list) else form, kept.xform, kept.xlsx, kept.findings)
    return form_publication.ready(made, Sent(kept.source, kept.kind, files))


def excerpts(made: Converted) -> list[Excerpt]:
    """The rows of each sheet around its findings: a bounded piece of what the designer wrote."""
    found = []
    for sheet, rows in made.sheets.items():
        wanted = {each.row for each in made.findings if each.sheet == sheet and each.row and each.row > 1}
        numbers = sorted({row + step for row in wanted for step in range(-ROWS_AROUND, ROWS_AROUND + 1)})
        shown = [number for number in numbers if 1 < number <= len(rows)][:ROWS_SHOWN]
        if shown:
            cut = [(number, [cell[:CELL_SHOWN] for cell in rows[number - 1]]) for number in shown]
            found.append(Excerpt(sheet, [cell[:CELL_SHOWN] for cell in rows[0]], cut))
    return found
