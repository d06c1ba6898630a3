"""A form before it is published: uploaded, its findings read, compared with the version in use, published or not."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from werkzeug.datastructures import FileStorage

from fieldsync.core.access import PUBLISH_FORMS
from fieldsync.core.form_changes import Change
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.files import plain_name, read_files
from fieldsync.routes.pages import fields, form_words, labels, language, shell
from fieldsync.routes.pages.finding_words import findings_shown, grids
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import auditing, form_publication, form_uploads
from fieldsync.services.conversion import definition_kind
from fieldsync.services.entity_lists import known_lists
from fieldsync.services.form_publication import Sent
from fieldsync.services.form_uploads import Looked
from fieldsync.store.form_uploads import UploadRow

KINDS = (".xlsx", ".csv", ".md", ".yaml", ".yml", ".xml")
NAME_MAX = 120
CHANGES_SHOWN = 300
VALUE_SHOWN = 300


@blueprint.get("/form-uploads/new")
@page_access(PUBLISH_FORMS)
def new_upload() -> Response:
    """Where a definition is chosen."""
    return _asked({}, 200)


@blueprint.post("/form-uploads/new")
@page_access(PUBLISH_FORMS)
def take_upload() -> Response:
    """Read a definition with its files, and keep it to be looked at; files of an upload that it mends come along."""
    here, who = context(), reader()
    given = request.files.get("definition")
    kind = definition_kind(given.filename or "") if given is not None else None
    if given is None or not given.filename:
        return _asked({"definition": _("Choose the form's file.")}, 422)
    if kind is None:
        return _asked({"definition": _("The name of the file must end in one of these: %(kinds)s.",
                                       kinds=", ".join(KINDS))}, 422)  # fmt: skip
    files = {**_files_before(fields.text("mends")), **read_files(request.files.getlist("media"))}
    sent, name = Sent(given.read(), kind, files), _shown_name(given)
    with here.database.read() as session:
        known = known_lists(session, who.association_id)
    made = form_publication.converted(sent, known, here.settings)
    kept: str | Problem = (
        made
        if isinstance(made, Problem)
        else here.database.write(
            lambda session: form_uploads.keep(session, who, name, sent, made, here.now_ms(), here.draw)
        )
    )
    if isinstance(kept, Problem):
        return _asked(shell.said(kept, "definition"), shell.status_of(kept))
    return shell.onward("pages.upload", upload=kept)


@blueprint.get("/form-uploads/<upload>")
@page_access(PUBLISH_FORMS)
def upload(upload: str) -> Response:
    """What was found in a definition, and what publishing it would change."""
    return _page(upload, None, 200)


@blueprint.post("/form-uploads/<upload>/publish")
@page_access(PUBLISH_FORMS)
def publish_upload(upload: str) -> Response:
    """Publish it, if no error stands in the way."""
    row, here, by = _looked_up(upload), context(), auditing.by(reader())
    outcome = here.database.write(lambda session: form_uploads.publish(session, row, here.now_ms(), by))
    if outcome.problem is not None:
        return _page(upload, outcome.problem, shell.status_of(outcome.problem))
    return shell.onward("pages.form", "form_published" if outcome.is_new else "form_known", form=outcome.form)


@blueprint.post("/form-uploads/<upload>/drop")
@page_access(PUBLISH_FORMS)
def drop_upload(upload: str) -> Response:
    """Throw it away."""
    row = _looked_up(upload)
    context().database.write(lambda session: form_uploads.drop(session, row))
    return shell.onward("pages.forms", "upload_dropped")


def _asked(errors: dict[str, str], status: int) -> Response:
    return shell.page("upload_new.html", status, errors=errors, kinds=", ".join(KINDS), accept=",".join(KINDS))


def _page(upload: str, refused: Problem | None, status: int) -> Response:
    with context().database.read() as session:
        looked = form_uploads.look(session, row_of(session, upload))
    problem = refused or looked.outcome.problem
    findings = findings_shown(looked.outcome.findings)
    return shell.page(
        "upload.html",
        status,
        upload=_shown(looked),
        findings=findings,
        grids=grids(looked.kept.excerpts, looked.outcome.findings),
        changes=_changes(looked),
        errors=shell.said(problem) if problem is not None and not findings["errors"] else {},
        may_publish=problem is None and looked.outcome.is_new,
        accept=",".join(KINDS),
    )


def _shown(looked: Looked) -> dict[str, Any]:
    return {
        "upload": looked.row.uuid,
        "file": looked.row.file_name,
        "expires_ms": looked.row.expires_ms,
        "form": looked.form.id if looked.form else "",
        "title": labels.form(looked.form.title, looked.form.id) if looked.form else None,
        "version": looked.form.version if looked.form else "",
        "is_known": looked.form is not None and looked.outcome.problem is None and not looked.outcome.is_new,
        "in_use": looked.in_use,
        "files": list(looked.files.items()),
    }


def _changes(looked: Looked) -> dict[str, Any]:
    """What differs, by question; changes beyond what fits a page are counted."""
    by_path: dict[str, list[dict[str, Any]]] = {}
    for change in looked.changes[:CHANGES_SHOWN]:
        by_path.setdefault(change.path, []).append(_change(change))
    kinds = [change.kind for change in looked.changes]
    return {
        "by_path": list(by_path.items()),
        "more": max(0, len(looked.changes) - CHANGES_SHOWN),
        "added": kinds.count("added"),
        "removed": kinds.count("removed"),
        "changed": len({change.path for change in looked.changes if change.kind not in ("added", "removed")}),
    }


def _change(change: Change) -> dict[str, Any]:
    spoken = change.language in language.DIRECTIONS
    return {
        "kind": change.kind,
        "what": form_words.CHANGES[change.kind],
        "effect": form_words.EFFECTS.get(change.kind, ""),
        "is_grave": change.kind in form_words.GRAVE,
        "old": form_words.value(change, change.old)[:VALUE_SHOWN],
        "new": form_words.value(change, change.new)[:VALUE_SHOWN],
        "lang": change.language if spoken else "",
        "dir": language.DIRECTIONS[change.language] if spoken else "ltr",
        "language": language.NAMES.get(change.language, change.language),
        "choice": change.choice,
    }


def _looked_up(upload: str) -> UploadRow:
    with context().database.read() as session:
        return row_of(session, upload)


def row_of(session: Any, upload: str) -> UploadRow:
    found = form_uploads.find(session, reader(), upload, context().now_ms())
    if found is None:
        raise Refused(Problem("not_found"))
    return found


def _files_before(upload: str) -> Mapping[str, bytes]:
    """The files that came with an upload which this one mends."""
    with context().database.read() as session:
        row = form_uploads.find(session, reader(), upload, context().now_ms()) if upload else None
        return form_uploads.files_of(session, row) if row else {}


def _shown_name(given: FileStorage) -> str:
    """A file's name as the page shows it: one line, not too long."""
    return "".join(each for each in plain_name(given) if each.isprintable())[:NAME_MAX]
