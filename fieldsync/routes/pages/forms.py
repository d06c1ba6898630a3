"""Published forms: which there are and who has them; one with its versions, files and findings; taking one back."""

import mimetypes
from typing import Any

from flask import Response, request

from fieldsync.core.access import PUBLISH_FORMS, READ_FORMS, SEE_DEVICES
from fieldsync.core.form_languages import Completeness
from fieldsync.core.problems import Problem
from fieldsync.routes.bodies import fill
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import form_words, labels, language, shell
from fieldsync.routes.pages.finding_words import findings_shown
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _, ngettext
from fieldsync.services import auditing, form_desk, form_uploads, forms_read, publishing
from fieldsync.services.form_desk import FormLine, FormPage
from fieldsync.services.forms_read import FormFile
from fieldsync.store.form_versions import FormVersionRow

ROWS = 50
PHONES_SHOWN = 50
ID_MAX = 100

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/forms")
@page_access(READ_FORMS)
def forms() -> Response:
    """The association's forms, by id."""
    who, after = reader(), request.args.get("after", "")[:ID_MAX].replace("\0", "")
    with context().database.read() as session:
        lines, last = form_desk.lines(session, who, after, ROWS)
        waiting = form_uploads.pending(session, who, context().now_ms()) if who.may(PUBLISH_FORMS) else []
        named = labels.associations_by_id(session).get(who.association_id)
    return shell.page(
        "forms.html",
        lines=[_line(each) for each in lines],
        following=shell.address_with(after=last) if last else "",
        first=shell.address_with(after="") if after else "",
        waiting=waiting,
        association=named,
        may_publish=who.may(PUBLISH_FORMS),
        may_count=any(each.submissions is not None for each in lines),
    )


@blueprint.get("/forms/<form>")
@page_access(READ_FORMS)
def form(form: str) -> Response:
    """One form: its versions, languages and findings, its files, the phones that have not the version in use."""
    who = reader()
    with context().database.read() as session:
        found = form_desk.page(session, who, form)
        if found is None:
            raise Refused(Problem("not_found"))
        authors = form_desk.authors_of(session, found.phones.behind[:PHONES_SHOWN]) if who.may(SEE_DEVICES) else {}
    return shell.page(
        "form.html",
        form=_shown(found),
        findings=findings_shown(found.findings),
        phones=[(each, authors.get(each.device_id, "")) for each in found.phones.behind[:PHONES_SHOWN]],
        may_see_phones=who.may(SEE_DEVICES),
        may_publish=who.may(PUBLISH_FORMS),
    )


@blueprint.get("/forms/<form>/form.xml")
@page_access(READ_FORMS)
def form_xml(form: str) -> Response:
    """The XForm of a version, as a file."""
    with context().database.read() as session:
        row = named(session, form)
        found = forms_read.xform(session, reader(), row.form, row.version)
    return _file(found, f"{form}.xml", "application/xml")


@blueprint.get("/forms/<form>/form.xlsx")
@page_access(READ_FORMS)
def form_xlsx(form: str) -> Response:
    """The workbook of a version, as a file."""
    with context().database.read() as session:
        row = named(session, form)
        found = forms_read.xlsx(session, reader(), row.form, row.version)
    return _file(found, f"{form}.xlsx", XLSX)


@blueprint.get("/forms/<form>/media/<file>")
@page_access(READ_FORMS)
def form_media(form: str, file: str) -> Response:
    """A picture, sound or CSV attachment of a version, as a file."""
    with context().database.read() as session:
        row = named(session, form)
        found = forms_read.media(session, reader(), row.form, row.version, file)
    return _file(found, file, mimetypes.guess_type(file)[0] or "application/octet-stream")


@blueprint.get("/forms/<form>/retire")
@page_access(PUBLISH_FORMS)
def retire_form(form: str) -> Response:
    """Whether to take a version back from the phones."""
    row, have = _version_of(form)
    texts = [
        ngettext("%(num)s phone has it, as far as the phones have said.",
                 "%(num)s phones have it, as far as the phones have said.", have),
        _("Phones offer it no longer after their next sync. What was begun or filled with it still arrives and counts; "
          "how many drafts there are on the phones is not known here."),
        _("It can be put back into use."),
    ]  # fmt: skip
    return shell.deed(
        question=_("Take this version back from the phones?"),
        about=f"{row.form} · {row.version or '–'}",
        consequence=" ".join(texts),
        back="pages.form",
        form=form,
        keep=_("Keep it in use"),
        deed=_("Retire the version"),
    )


@blueprint.post("/forms/<form>/retire")
@page_access(PUBLISH_FORMS)
def take_retirement(form: str) -> Response:
    """Take it back."""
    row, _have = _version_of(form)
    here, by = context(), auditing.by(reader())
    here.database.write(
        lambda session: publishing.retire(session, row.association_id, form, row.version, here.now_ms(), by)
    )
    return shell.onward("pages.form", "form_retired", form=form)


@blueprint.post("/forms/<form>/reopen")
@page_access(PUBLISH_FORMS)
def reopen_form(form: str) -> Response:
    """Offer a retired version to the phones again."""
    row, _have = _version_of(form)
    here, by = context(), auditing.by(reader())
    here.database.write(
        lambda session: publishing.reopen(session, row.association_id, form, row.version, here.now_ms(), by)
    )
    return shell.onward("pages.form", "form_reopened", form=form)


def _version_of(form: str) -> tuple[FormVersionRow, int]:
    """The version that the address names, and how many phones said that they have it."""
    with context().database.read() as session:
        row = named(session, form)
        phones = form_desk.behind(form_desk.reported(session, row.association_id), row)
    return row, len(phones.current)


def named(session: Any, form: str) -> FormVersionRow:
    """The version that stands behind the question mark, since it may be empty; the one in use where none does."""
    owner, version = reader().association_id, request.args.get("version")
    row = (
        form_desk.latest(session, owner, form)
        if version is None
        else forms_read.row(session, owner, form, version[:ID_MAX].replace("\0", ""))
    )
    if row is None:
        raise Refused(Problem("not_found"))
    return row


def _file(found: FormFile | None, name: str, content_type: str) -> Response:
    """A file for the disk: a browser runs nothing in it."""
    if found is None:
        raise Refused(Problem("not_found"))
    response = Response(mimetype=content_type)
    fill(response, found.data)
    response.headers.update(shell.HEADERS)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _line(line: FormLine) -> dict[str, Any]:
    return {
        "form": line.row.form,
        "title": labels.form(line.row.title, line.row.form),
        "version": line.row.version,
        "state": form_words.VERSION_STATES[line.row.state],
        "versions": line.versions,
        "published_ms": line.row.published_ms,
        "languages": [_language(each) for each in line.languages],
        "warnings": line.warnings,
        "submissions": count_said(line.submissions),
        "behind": line.behind,
    }


def _shown(found: FormPage) -> dict[str, Any]:
    row = found.latest
    return {
        "id": row.form,
        "title": labels.form(row.title, row.form),
        "version": row.version,
        "state": form_words.VERSION_STATES[row.state],
        "is_open": row.state == publishing.OPEN,
        "languages": [_language(each) for each in found.languages],
        "media": found.media,
        "has_workbook": found.has_workbook,
        "submissions": count_said(found.submissions),
        "current": len(found.phones.current),
        "behind": len(found.phones.behind),
        "silent": len(found.phones.silent),
        "versions": [
            {
                "version": each.version,
                "state": form_words.VERSION_STATES[each.state],
                "is_open": each.state == publishing.OPEN,
                "published_ms": each.published_ms,
            }
            for each in found.versions
        ],
    }


def _language(each: Completeness) -> dict[str, Any]:
    name = language.NAMES.get(each.code, each.code) or _("without language")
    return {"code": each.code, "name": name, "percent": each.percent, "missing": each.texts - each.translated}


def count_said(count: int | None) -> str:
    """A number of submissions; "more than" where counting stopped; empty where it is not hers to know."""
    if count is None:
        return ""
    if count > form_desk.COUNTED_MAX:
        return _("more than %(count)s", count=language.number(form_desk.COUNTED_MAX))
    return language.number(count)
