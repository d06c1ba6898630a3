"""Trying a form: filled on a page by its own rules, published or not; nothing that is typed is kept."""

from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import PUBLISH_FORMS, READ_FORMS
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import form_uploads, forms, labels, language, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.typed_form import read_typed
from fieldsync.services import form_trying, record_editing, record_form
from fieldsync.services.record_editing import Opened

CHECK = "check"


@blueprint.get("/forms/<form>/try")
@page_access(READ_FORMS)
def try_form(form: str) -> Response:
    """A published version, empty."""
    return _shown(_of_version(form), url_for("pages.form", form=form), "")


@blueprint.post("/forms/<form>/try")
@page_access(READ_FORMS)
def follow_form(form: str) -> Response:
    """The same, as far as it is filled."""
    return _shown(_of_version(form), url_for("pages.form", form=form), request.form.get("step", ""))


@blueprint.get("/form-uploads/<upload>/try")
@page_access(PUBLISH_FORMS)
def try_upload(upload: str) -> Response:
    """A form before it is published, empty."""
    return _shown(_of_upload(upload), url_for("pages.upload", upload=upload), "")


@blueprint.post("/form-uploads/<upload>/try")
@page_access(PUBLISH_FORMS)
def follow_upload(upload: str) -> Response:
    """The same, as far as it is filled."""
    return _shown(_of_upload(upload), url_for("pages.upload", upload=upload), request.form.get("step", ""))


def _of_version(form: str) -> Callable[[Any], Opened | None]:
    return lambda session: form_trying.of_version(session, forms.named(session, form), context().now_ms())


def _of_upload(upload: str) -> Callable[[Any], Opened | None]:
    return lambda session: form_trying.of_upload(session, form_uploads.row_of(session, upload), context().now_ms())


def _shown(read: Callable[[Any], Opened | None], back: str, step: str) -> Response:
    who, now_ms, chosen = reader(), context().now_ms(), language.chosen()
    with context().database.read() as session:
        opened = read(session)
        if opened is None:
            raise Refused(Problem("not_found"))
        typed = read_typed(step) if step else record_editing.as_it_is(opened)
        corrected = record_editing.corrected(opened, typed, now_ms)
        built = record_form.Form(session, who, opened, typed, corrected, chosen, now_ms)
        parts, findings = built.parts(), record_form.summary(built)
    is_checked = step == CHECK
    form = opened.version.form
    return shell.page(
        "try.html",
        title=labels.form(form.title, form.id),
        of=form.id,
        form_version=form.version,
        back=back,
        here=request.full_path.rstrip("?"),
        parts_of_form=parts if is_checked else record_form.without_errors(parts),
        findings=findings if is_checked else [],
        is_checked=is_checked,
        rows=[row for rows in built.occurrences.values() for row in rows],
        may_reveal=False,
    )
