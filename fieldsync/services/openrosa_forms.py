"""The forms that an OpenRosa client may download: what each is called, and the digests by which it knows a change."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.services import entity_csv
from fieldsync.services.published import published
from fieldsync.services.publishing import OPEN
from fieldsync.services.senders import Sender
from fieldsync.store import form_versions, openrosa
from fieldsync.store.form_versions import FormVersionRow

_PREFIX = "sha256:"


@dataclass(frozen=True)
class Offered:
    """A form version on the list. `name` stands in its addresses; `md5` is that of the XForm's bytes."""

    form: str
    version: str
    title: str
    name: str
    md5: str
    has_files: bool


def offered(session: Session, sender: Sender, form: str | None, every_version: bool) -> list[Offered]:
    """The open forms of a device's families, the newest version of each unless all are asked for; none once revoked."""
    if sender.is_revoked:
        return []
    known = form_versions.versions(session, sender.device.association_id, form)
    rows = [row for row in known if row.state == OPEN and sender.opens("submission", row.form)]
    newest = {row.form: row for row in rows}  # they come oldest first
    return [_offered(session, row) for row in (rows if every_version else newest.values())]


def _offered(session: Session, row: FormVersionRow) -> Offered:
    content = form_versions.content(session, row.id).xform
    has_files = bool(form_versions.file_hashes(session, row.id)) or bool(_lists(session, row))
    return Offered(row.form, row.version, row.title, row.hash.removeprefix(_PREFIX), md5_of(content), has_files)


def xform(session: Session, sender: Sender, name: str) -> bytes | None:
    """The XForm of a version, byte for byte as it was published."""
    row = _find(session, sender, name)
    return None if row is None else form_versions.content(session, row.id).xform


def files(session: Session, sender: Sender, name: str) -> Mapping[str, str] | None:
    """A version's files: name → MD5."""
    row = _find(session, sender, name)
    if row is None:
        return None
    return {file: md5_of(data) for file, data in form_versions.files(session, row.id).items()}


def lists(session: Session, sender: Sender, name: str) -> Mapping[str, str] | None:
    """The entity lists that a version reads: name → what changes with the list, and with what this device may read."""
    row = _find(session, sender, name)
    if row is None:
        return None
    return {each: entity_csv.digest(session, sender, each) for each in _lists(session, row)}


def _lists(session: Session, row: FormVersionRow) -> list[str]:
    found = published(session, row.association_id, row.form, row.version)
    return entity_csv.named_by(found.form, form_versions.file_hashes(session, row.id)) if found else []


def file(session: Session, sender: Sender, name: str, file_name: str) -> bytes | None:
    """One file of a version."""
    row = _find(session, sender, name)
    return None if row is None else form_versions.file(session, row.id, file_name)


def md5_of(data: bytes) -> str:
    """The digest that OpenRosa clients compare; it guards nothing."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _find(session: Session, sender: Sender, name: str) -> FormVersionRow | None:
    if sender.is_revoked:
        return None
    found = openrosa.form_by_hash(session, sender.device.association_id, _PREFIX + name)
    return found if found is not None and sender.opens("submission", found.form) else None
