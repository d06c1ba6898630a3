"""Published form versions, compiled once and remembered by their hash."""

import threading
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import unindexed
from fieldsync.core.forms import Form
from fieldsync.core.validation import CompiledForm, compile_form
from fieldsync.core.xform import read_form
from fieldsync.store import form_versions
from fieldsync.store.form_versions import FormVersionRow

COMPILED_MAX = 64
"""How many compiled versions a process keeps; a programme uses some twenty at a time, each about 1 MiB."""

_FOUND = "published"
"""Under which a session remembers the versions that it asked for; a published version never changes."""

_compiled: OrderedDict[str, CompiledForm] = OrderedDict()
_guard = threading.Lock()


class Published(msgspec.Struct, frozen=True):
    """A form version that records can be checked against."""

    row: FormVersionRow
    compiled: CompiledForm

    @property
    def form(self) -> Form:
        """The form itself."""
        return self.compiled.form

    def keeps_metadata(self, path: str) -> bool:
        """Whether the form wants the picture at an answer's path as the camera made it."""
        plain = unindexed(path)
        return any(question.keep_metadata and question.path == plain for question in self.form.questions)


def published(session: Session, association_id: int, form: str, version: str | None) -> Published | None:
    """The version that a submission names, or None while it is not here. No version and an empty one are the same."""
    known: dict[tuple[int, str, str], Published] = session.info.setdefault(_FOUND, {})
    asked = (association_id, form, version or "")
    if asked not in known:
        row = form_versions.find(session, *asked)
        if row is None:
            return None
        known[asked] = Published(row, _compile_once(session, row))
    return known[asked]


def form_of(session: Session, row: FormVersionRow) -> Form:
    """The form of a stored version, for which nothing needs to be compiled."""
    with _guard:
        known = _compiled.get(row.hash)
    return known.form if known is not None else _read(session, row)


def _compile_once(session: Session, row: FormVersionRow) -> CompiledForm:
    def compiled() -> CompiledForm:
        return compile_form(_read(session, row), form_versions.files(session, row.id))

    return remembered(row.hash, compiled)


def _read(session: Session, row: FormVersionRow) -> Form:
    form = read_form(form_versions.content(session, row.id).xform)
    if isinstance(form, list):
        raise AssertionError(f"the stored form version {row.id} cannot be read: {form[0].code}")
    return form


def remembered(content_hash: str, make: Callable[[], CompiledForm]) -> CompiledForm:
    """What a form of this content was compiled to, or what `make` compiles now."""
    with _guard:
        known = _compiled.get(content_hash)
        if known is not None:
            _compiled.move_to_end(content_hash)
            return known
    compiled = make()
    with _guard:
        _compiled[content_hash] = compiled
        while len(_compiled) > COMPILED_MAX:
            _compiled.popitem(last=False)
    return compiled
