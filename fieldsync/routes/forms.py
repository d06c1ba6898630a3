"""Published forms: the list, one with its questions, and its files as devices fetch them."""

import mimetypes
from collections.abc import Callable
from typing import Any

from flask import Response, request

from fieldsync.core.access import READ_FORMS
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import fill, json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import answers_bytes, refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import page_of
from fieldsync.routes.schemas_forms import FormSchema, FormsQuerySchema, FormVersionSchema
from fieldsync.services import forms_read
from fieldsync.services.forms_read import FormFile
from fieldsync.services.readers import Reader

blueprint = ApiBlueprint("forms", __name__, url_prefix="/api/v1/forms", description="Published forms and their files")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("")
@access("reader", READ_FORMS)
@blueprint.arguments(FormsQuerySchema, location="query")
@blueprint.response(200, page_of(FormVersionSchema))
@refuses(400)
def list_forms(asked: dict[str, Any]) -> Response:
    """All form versions of the association, oldest first."""
    who = reader()
    return paged("forms", asked, lambda session, after, limit: forms_read.page(
        session, who, after, limit, asked["counts"]))  # fmt: skip


@blueprint.get("/<form>/<version>")
@access("reader", READ_FORMS)
@blueprint.response(200, FormSchema)
@refuses(404)
def show_form(form: str, version: str) -> Response:
    """One version with its questions, rules, choices and files."""
    with context().database.read() as session:
        found = forms_read.described(session, reader(), form, version)
    if found is None:
        raise Refused(Problem("not_found"))
    return json_response(found)


@blueprint.get("/<form>/<version>/form.xml")
@access("reader", READ_FORMS)
@answers_bytes("application/xml")
@refuses(404)
def form_xml(form: str, version: str) -> Response:
    """The XForm; send If-None-Match to fetch it only once."""
    return _file(lambda session, who: forms_read.xform(session, who, form, version), "application/xml")


@blueprint.get("/<form>/<version>/form.xlsx")
@access("reader", READ_FORMS)
@answers_bytes(XLSX)
@refuses(404)
def form_xlsx(form: str, version: str) -> Response:
    """The XLSForm workbook, where the form came as sheets."""
    return _file(lambda session, who: forms_read.xlsx(session, who, form, version), XLSX)


@blueprint.get("/<form>/<version>/media/<name>")
@access("reader", READ_FORMS)
@answers_bytes("*/*")
@refuses(404)
def form_media(form: str, version: str, name: str) -> Response:
    """A picture, sound or CSV attachment of a version."""
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _file(lambda session, who: forms_read.media(session, who, form, version, name), content_type)


def _file(read: Callable[[Any, Reader], FormFile | None], content_type: str) -> Response:
    """A file, or that the caller has it already; a browser saves it and runs nothing in it."""
    with context().database.read() as session:
        found = read(session, reader())
    if found is None:
        raise Refused(Problem("not_found"))
    response = Response(mimetype=content_type)
    fill(response, found.data)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = "attachment"
    response.set_etag(found.tag, weak=True)
    response.make_conditional(request)
    return response
