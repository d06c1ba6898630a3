"""Publishing form versions: immutable, hashed, with their files (the same content again changes nothing)."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.forms import EntityDeclaration, Finding, Form
from fieldsync.core.masking import RESTRICTED
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, folding, following, openrosa, searchable
from fieldsync.services.settling import conclude, settle_form
from fieldsync.store import associations, form_versions, records
from fieldsync.store.form_versions import FormBytes, FormVersionRow, PropertyRow

OPEN = "open"
RETIRED = "retired"


@dataclass(frozen=True)
class Definition:
    """A form definition that was converted without an error."""

    form: Form
    xform: bytes
    xlsx: bytes | None
    source: bytes
    source_kind: str
    findings: tuple[Finding, ...] = ()
    media: Mapping[str, bytes] = field(default_factory=dict)


def publish(
    session: Session, association_id: int, definition: Definition, now_ms: int, by: str = auditing.OPERATOR
) -> FormVersionRow | Problem:
    """Make a version receive submissions; what was held for it is taken in."""
    form = definition.form
    content_hash = hash_of(definition.xform, definition.media)
    known = form_versions.find(session, association_id, form.id, form.version)
    if known is not None:
        if known.hash == content_hash:
            return known
        return Problem("version_taken", detail={"form": form.id, "version": form.version})
    row = FormVersionRow(0, association_id, form.id, form.version, form.title, content_hash, OPEN, now_ms)
    findings = msgspec.json.encode(definition.findings)
    content = FormBytes(definition.xform, definition.xlsx, definition.source, definition.source_kind, findings)
    files = {name: (hashlib.sha256(data).hexdigest(), data) for name, data in definition.media.items()}
    restricted = searchable.restricted(session, association_id, form)
    form_versions.add(session, row, content, files)
    shown_otherwise = [each.list for each in form.entities if _save_properties(session, association_id, form, each)]
    searchable.look_again(session, association_id, form, restricted)
    settled = settle_form(session, association_id, form.id, form.version, now_ms)
    for list_name in shown_otherwise:
        settled.add(folding.refold(session, association_id, _in_conflict(session, association_id, list_name), now_ms))
    associations.forms_changed(session, association_id)
    conclude(session, association_id, settled, now_ms)
    openrosa.take_waiting(session, association_id, form.id, form.version, now_ms)
    stored = form_versions.find(session, association_id, form.id, form.version)
    assert stored is not None
    auditing.note(session, association_id, by, "form_published", f"form:{form.id}", now_ms, detail=content_hash)
    return stored


def retire(
    session: Session, association_id: int, form: str, version: str, now_ms: int, by: str = auditing.OPERATOR
) -> FormVersionRow | None:
    """Stop offering a version to devices; it still receives what they have filled."""
    row = form_versions.find(session, association_id, form, version)
    if row is not None:
        form_versions.set_state(session, row.id, RETIRED)
        associations.forms_changed(session, association_id)
        auditing.note(session, association_id, by, "form_retired", f"form:{form}", now_ms, detail=row.hash)
    return row


def reopen(
    session: Session, association_id: int, form: str, version: str, now_ms: int, by: str = auditing.OPERATOR
) -> FormVersionRow | None:
    """Offer a retired version to devices again."""
    row = form_versions.find(session, association_id, form, version)
    if row is not None and row.state == RETIRED:
        form_versions.set_state(session, row.id, OPEN)
        associations.forms_changed(session, association_id)
        auditing.note(session, association_id, by, "form_reopened", f"form:{form}", now_ms, detail=row.hash)
    return row


def hash_of(xform: bytes, media: Mapping[str, bytes]) -> str:
    """The hash of a version: of its XForm and of each file's name and content."""
    digest = hashlib.sha256(hashlib.sha256(xform).digest())
    for name in sorted(media):
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(media[name]).digest())
    return f"sha256:{digest.hexdigest()}"


def open_forms(session: Session, association_id: int, opens: Callable[[str], bool]) -> list[dict[str, object]]:
    """The association's open forms that are open to a device, as the sync answer lists them."""
    return [
        {"id": row.form, "version": row.version, "hash": row.hash, "media": _media(session, row)}
        for row in form_versions.versions(session, association_id)
        if row.state == OPEN and opens(row.form)
    ]


def _media(session: Session, row: FormVersionRow) -> list[dict[str, str]]:
    return [{"name": name, "sha256": digest} for name, digest in form_versions.file_hashes(session, row.id).items()]


def _save_properties(session: Session, association_id: int, form: Form, declaration: EntityDeclaration) -> bool:
    """Remember what a form says of an entity list; whether conflicts in it now show another value."""
    before = {row.name: row for row in form_versions.properties(session, association_id, declaration.list)}
    properties = list(_properties(form, declaration))
    form_versions.save_properties(session, association_id, declaration.list, properties)
    if any(_part(row) != _part(before.get(row.name)) for row in properties):
        following.compare_again(session, association_id, declaration.list)
    return any(row.protective != (before[row.name].protective if row.name in before else ()) for row in properties)


def _part(row: PropertyRow | None) -> tuple[str, bool]:
    """What decides whether and how entities are compared by a property."""
    return ("", False) if row is None else (row.part, row.sensitivity == RESTRICTED)


def _in_conflict(session: Session, association_id: int, list_name: str) -> list[int]:
    collection = associations.collection(session, association_id, "entity", list_name)
    return records.ids_in_conflict(session, collection.id) if collection else []


def _properties(form: Form, declaration: EntityDeclaration) -> Iterable[PropertyRow]:
    questions = {question.path: question for question in form.questions}
    for name, path in sorted(declaration.properties.items()):
        question = questions.get(path)
        if question is not None:
            yield PropertyRow(name, question.sensitivity, question.protective, question.place, question.part)
