"""The door for OpenRosa clients (ODK Collect, Enketo): forms out, submissions in; its secret is in the path."""

import io
import mimetypes
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from fieldsync.core.openrosa import Sheet, read_sheet
from fieldsync.core.problems import Problem
from fieldsync.routes import openrosa_xml
from fieldsync.routes.access import access, sender
from fieldsync.routes.bodies import read_body
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.services import openrosa, openrosa_forms

blueprint = Blueprint("openrosa", __name__, url_prefix="/v1/key/<token>")

SUBMISSION = "xml_submission_file"
PARTS_MAX = 1000
"""Parts of one request; Collect sends at most a hundred files at a time."""

MESSAGES = {"applied": "submission_received", "held": "submission_waits", "quarantined": "submission_set_apart"}

Found = TypeVar("Found")


@blueprint.get("/formList")
@access("key")
def form_list(token: str) -> Response:
    """The open forms of the device's association."""
    every_version = request.args.get("listAllVersions", "").lower() == "true"
    form = request.args.get("formID") or None
    with context().database.read() as session:
        forms = openrosa_forms.offered(session, sender(), form, every_version)
    return openrosa_xml.form_list(token, forms)


@blueprint.get("/forms/<name>/form.xml")
@access("key")
def form_xml(token: str, name: str) -> Response:
    """The XForm, the bytes that its hash on the list was made of."""
    data = _read(lambda session: openrosa_forms.xform(session, sender(), name))
    return openrosa_xml.download(data, openrosa_xml.CONTENT_TYPE)


@blueprint.get("/forms/<name>/manifest")
@access("key")
def form_manifest(token: str, name: str) -> Response:
    """The form's media and CSV attachments."""
    files = _read(lambda session: openrosa_forms.files(session, sender(), name))
    return openrosa_xml.manifest(token, name, files)


@blueprint.get("/forms/<name>/media/<file>")
@access("key")
def form_media(token: str, name: str, file: str) -> Response:
    """One media file or CSV attachment."""
    data = _read(lambda session: openrosa_forms.file(session, sender(), name, file))
    response = openrosa_xml.download(data, mimetypes.guess_type(file)[0] or "application/octet-stream")
    response.headers["Content-Disposition"] = "attachment"
    return response


@blueprint.route("/submission", methods=["HEAD"])
@access("key")
def submission_asked(token: str) -> Response:
    """Collect asks before every record how much it may send."""
    return openrosa_xml.mark(Response(status=204, content_type=openrosa_xml.CONTENT_TYPE))


@blueprint.post("/submission")
@access("key")
def submission(token: str) -> Response:
    """Take a record in; 201 is said once it is durable, and for every repeat."""
    here, device_id = context(), sender().device.id
    sheet = _sheet()
    with here.database.read() as session:
        status = openrosa.status_of(session, sender().device, sheet)
    if status is None:
        author, now_ms = here.draw(16).hex(), here.now_ms()
        status = here.database.write(lambda session: openrosa.receive(session, device_id, sheet, author, now_ms))
    if status == openrosa.RETRY:
        raise Refused(Problem("internal"))
    return openrosa_xml.said(Problem(MESSAGES[status]), 201)


def _read(work: Callable[[Any], Found | None]) -> Found:
    with context().database.read() as session:
        found = work(session)
    if found is None:
        raise Refused(Problem("not_found"))
    return found


def _sheet() -> Sheet:
    """The record in the request. Its files cannot be stored: rather than lose them, the whole request is refused."""
    form, files = _parts()
    if any(name != SUBMISSION for name in files):
        raise Refused(Problem("files_not_kept"))
    sent = [each.read() for each in files.getlist(SUBMISSION)] + [each.encode() for each in form.getlist(SUBMISSION)]
    sheet = read_sheet(sent[0]) if len(sent) == 1 else Problem("not_a_submission")
    if isinstance(sheet, Problem):
        raise Refused(sheet)
    return sheet


def _parts() -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
    settings = context().settings
    unpacked_max = settings.request_unpacked_bytes_max
    body = read_body(settings.request_packed_bytes_max, unpacked_max)
    if isinstance(body, Problem):
        raise Refused(_as_told_here(body))
    parser = FormDataParser(max_form_memory_size=unpacked_max, max_form_parts=PARTS_MAX)
    try:
        _, form, files = parser.parse(io.BytesIO(body), request.mimetype, len(body), _options())
    except (RequestEntityTooLarge, ValueError):
        raise Refused(Problem("not_a_submission")) from None
    return form, files


def _options() -> dict[str, Any]:
    return dict(request.mimetype_params)


def _as_told_here(problem: Problem) -> Problem:
    """A body that is too large carries photos; one that cannot be unpacked is no XML."""
    if problem.code == "too_large" and request.mimetype == "multipart/form-data":
        return Problem("files_not_kept")
    return Problem("not_xml") if problem.code == "not_json" else problem
