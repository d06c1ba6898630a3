"""Published forms, as designers, scripts and devices read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.forms import Form
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.reading import Page
from fieldsync.store import form_versions, records
from fieldsync.store.form_versions import FormVersionRow

_UNTOLD = frozenset({"initial", "project", "appearance", "keep_metadata"})
"""Members of a question that only matter where it is drawn: the XForm has them."""


@dataclass(frozen=True)
class FormFile:
    """A file of a form version; `tag` changes only with its content."""

    data: bytes
    tag: str


def page(session: Session, reader: Reader, after_id: int, limit: int, with_counts: bool) -> Page:
    """A page of the association's form versions, oldest first; a phone is shown those of its role's families."""
    rows = form_versions.page(session, reader.association_id, after_id, limit)
    items = [summary(row) for row in rows if is_open_to(reader, row.form)]
    if with_counts and reader.person is not None and reader.may(access.READ_RECORDS):
        counts = {of: found for of, found in _counts(session, reader.association_id).items() if reader.counts(of)}
        items = [{**item, "counts": counts.get(item["id"], {})} for item in items]
    return Page(items, rows[-1].id if len(rows) == limit else None)


def is_open_to(reader: Reader, form: str) -> bool:
    """Whether a form is the reader's to see: people see what is published, a phone the families of its role."""
    return reader.sender is None or reader.sender.opens("submission", form)


def version(session: Session, association_id: int, form: str, version: str) -> dict[str, Any] | None:
    """One form version without its content."""
    row = form_versions.find(session, association_id, form, version)
    return None if row is None else summary(row)


def row(session: Session, association_id: int, form: str, version: str) -> FormVersionRow | None:
    """One form version as stored, without its bytes."""
    return form_versions.find(session, association_id, form, version)


def summary(row: FormVersionRow) -> dict[str, Any]:
    """A form version without its content."""
    return {
        "id": row.form,
        "version": row.version,
        "title": row.title,
        "state": row.state,
        "hash": row.hash,
        "published_ms": row.published_ms,
    }


def described(session: Session, reader: Reader, form: str, version: str) -> dict[str, Any] | None:
    """A form version with its questions, rules, choices and files."""
    found = published(session, reader.association_id, form, version)
    if found is None or not is_open_to(reader, form):
        return None
    files = form_versions.file_hashes(session, found.row.id)
    media = [{"name": name, "sha256": sha256} for name, sha256 in files.items()]
    return {**summary(found.row), **_content(found.form), "media": media}


def xform(session: Session, reader: Reader, form: str, version: str) -> FormFile | None:
    """A version's XForm."""
    row = _find(session, reader, form, version)
    return None if row is None else FormFile(form_versions.content(session, row.id).xform, row.hash)


def xlsx(session: Session, reader: Reader, form: str, version: str) -> FormFile | None:
    """A version's workbook; None too where it came as an XForm, which has no way back to its sheets."""
    row = _find(session, reader, form, version)
    data = form_versions.content(session, row.id).xlsx if row is not None else None
    return None if row is None or data is None else FormFile(data, row.hash)


def media(session: Session, reader: Reader, form: str, version: str, name: str) -> FormFile | None:
    """One media file or CSV attachment of a version."""
    row = _find(session, reader, form, version)
    sha256 = form_versions.file_hash(session, row.id, name) if row is not None else None
    data = form_versions.file(session, row.id, name) if row is not None and sha256 is not None else None
    return None if data is None or sha256 is None else FormFile(data, sha256)


def _find(session: Session, reader: Reader, form: str, version: str) -> FormVersionRow | None:
    row = form_versions.find(session, reader.association_id, form, version)
    return row if row is not None and is_open_to(reader, form) else None


def _counts(session: Session, association_id: int) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for kind, of, review, count in records.count_by_review(session, association_id):
        if kind == "submission":
            found.setdefault(of, {})[review] = count
    return found


def _content(form: Form) -> dict[str, Any]:
    plain = msgspec.to_builtins(form)
    questions = [{name: each[name] for name in each if name not in _UNTOLD} for each in plain["questions"]]
    lists = {each["id"]: each["rows"] for each in plain["instances"] if each["rows"]}
    kept = {name: plain[name] for name in ("languages", "default_language", "repeats", "groups", "entities")}
    return {**kept, "questions": questions, "lists": lists}
