"""A form that somebody tries: filled by its own rules, and forgotten."""

from sqlalchemy.orm import Session

from fieldsync.core.form_filling import filling_of
from fieldsync.core.validation import PROGRAMME_ZONE, compile_form
from fieldsync.services import form_uploads
from fieldsync.services.published import Published, published, remembered
from fieldsync.services.publishing import OPEN
from fieldsync.services.record_editing import Opened
from fieldsync.store.form_uploads import UploadRow
from fieldsync.store.form_versions import FormVersionRow


def of_version(session: Session, row: FormVersionRow, now_ms: int) -> Opened | None:
    """A new record of a published version, of which nothing is kept."""
    version = published(session, row.association_id, row.form, row.version)
    return None if version is None else _begun(version, now_ms)


def of_upload(session: Session, row: UploadRow, now_ms: int) -> Opened | None:
    """The same of a form that is not published; None while an error stands in it."""
    looked = form_uploads.look(session, row)
    form = looked.form
    if form is None:
        return None
    content_hash = looked.outcome.hash
    compiled = remembered(content_hash, lambda: compile_form(form, form_uploads.files_of(session, row)))
    made = FormVersionRow(0, row.association_id, form.id, form.version, form.title, content_hash, OPEN, now_ms)
    return _begun(Published(made, compiled), now_ms)


def _begun(version: Published, now_ms: int) -> Opened:
    base = filling_of(version.compiled).begun(now_ms, PROGRAMME_ZONE)
    return Opened(version, (), base, frozenset(), now_ms)
