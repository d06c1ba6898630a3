"""The door for OpenRosa clients (ODK Collect, Enketo): forms out, submissions in; its secret is in the path."""

import mimetypes
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from fieldsync.core.openrosa import read_sheet
from fieldsync.core.problems import Problem
from fieldsync.routes import openrosa_xml
from fieldsync.routes.access import access, look_up, refuse_client, secret_used, sender
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.errors import Refused
from fieldsync.routes.openrosa_parts import read_parts
from fieldsync.routes.openrosa_signing import forget
from fieldsync.services import entity_csv, entity_list_files, openrosa, openrosa_files, openrosa_forms
from fieldsync.services.openrosa_keys import Bringer

blueprint = Blueprint("openrosa", __name__, url_prefix="/v1/key/<key>")

Found = TypeVar("Found")


@blueprint.get("/formList")
@access("key")
def form_list(key: str) -> Response:
    """The open forms of the device's association."""
    every_version = request.args.get("listAllVersions", "").lower() == "true"
    form = request.args.get("formID") or None
    with context().database.read() as session:
        forms = openrosa_forms.offered(session, sender(), form, every_version)
    return openrosa_xml.form_list(key, forms)


@blueprint.get("/forms/<name>/form.xml")
@access("key")
def form_xml(key: str, name: str) -> Response:
    """The XForm, the bytes that its hash on the list was made of."""
    data = _read(lambda session: openrosa_forms.xform(session, sender(), name))
    return openrosa_xml.download(data, openrosa_xml.CONTENT_TYPE)


@blueprint.get("/forms/<name>/manifest")
@access("key")
def form_manifest(key: str, name: str) -> Response:
    """The form's media and CSV attachments, and the entity lists that it reads."""
    here, who = context(), sender()
    entity_csv.catch_up(here.database.write, who.device.association_id)
    files = _read(lambda session: openrosa_forms.files(session, who, name))
    lists = _read(lambda session: openrosa_forms.lists(session, who, name))
    return openrosa_xml.manifest(key, name, files, lists)


@blueprint.get("/lists/<name>/entities.csv")
@access("key")
def entity_list(key: str, name: str) -> Response:
    """An entity list as this phone may read it; one that it may not read is like one that is empty."""
    here, who = context(), sender()
    entity_csv.catch_up(here.database.write, who.device.association_id)
    with here.database.read() as session:
        mark = entity_csv.digest(session, who, name)
        if request.if_none_match.contains_weak(mark):
            return openrosa_xml.mark(Response(status=304, headers={"ETag": f'"{mark}"'}))
        packed = entity_list_files.packed(session, who, name, mark, here.settings.data)
    return openrosa_xml.packed_csv(packed, mark)


@blueprint.get("/lists/<name>/integrity")
@access("key")
def entity_integrity(key: str, name: str) -> Response:
    """Whether entities are gone, of those that a phone asks for because it made them itself."""
    who, ids = sender(), request.args.get("id", "").lower().split(",")
    with context().database.read() as session:
        found = entity_csv.deleted(session, who, name, ids)
    return openrosa_xml.integrity(found)


@blueprint.get("/forms/<name>/media/<file>")
@access("key")
def form_media(key: str, name: str, file: str) -> Response:
    """One media file or CSV attachment."""
    data = _read(lambda session: openrosa_forms.file(session, sender(), name, file))
    response = openrosa_xml.download(data, mimetypes.guess_type(file)[0] or "application/octet-stream")
    response.headers["Content-Disposition"] = "attachment"
    return response


@blueprint.route("/submission", methods=["HEAD"])
@access("key_up")
def submission_asked(key: str) -> Response:
    """Collect asks before every record how much it may send."""
    return openrosa_xml.mark(Response(status=204, content_type=openrosa_xml.CONTENT_TYPE))


@blueprint.post("/submission")
@access("key_up")
def submission(key: str) -> Response:
    """Take a record in; 201 is said once it is durable, and for every repeat."""
    here, device = context(), sender().device
    parts, now_ms = read_parts(), here.now_ms()
    sheet = read_sheet(parts.record)
    if isinstance(sheet, Problem):
        raise Refused(sheet)
    wanted = openrosa_files.named_by(sheet, parts.files) if parts.files else []
    if wanted:
        device = look_up(key).device  # files are stored before the record, on nobody's mere memory
    owner = (device.association_id, device.id)
    files, left_out = openrosa_files.keep(here.database, here.files, here.settings, owner, wanted, now_ms)
    bringer = Bringer(device.id, secret_used(), lambda: here.draw(16).hex())
    status = openrosa.receive(here.database, bringer, sheet, files, now_ms)
    if status == openrosa.UNKNOWN:
        forget(key)
        refuse_client()
    if status == openrosa.RETRY:
        raise Refused(Problem("internal"))
    left_out = parts.left_out or left_out
    if left_out is not None:
        raise Refused(left_out)  # the answers are kept; the client keeps its copy and sends the files again
    return openrosa_xml.received(status, reader_language(), here.settings.openrosa_bytes_max)


def _read(work: Callable[[Any], Found | None]) -> Found:
    with context().database.read() as session:
        found = work(session)
    if found is None:
        raise Refused(Problem("not_found"))
    return found
