"""Files of records come in by tus 1.0 (docs/attachments.md): resumable at any byte, over days."""

import sys
from collections.abc import Iterator
from email.utils import formatdate

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import ClientDisconnected

from fieldsync.core import tus
from fieldsync.core.problems import Problem
from fieldsync.core.tus import Announced
from fieldsync.routes.access import access, sender
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.services import signing, uploads
from fieldsync.store import attachments
from fieldsync.store.attachments import UploadRow
from fieldsync.store.file_store import CHUNK_BYTES

blueprint = Blueprint("attachments", __name__, url_prefix="/api/v1/attachments")

RESUMABLE = "Tus-Resumable"


@blueprint.route("", methods=["OPTIONS"])
@access("public")
def describe_uploads() -> Response:
    """What this server speaks."""
    response = _answer(204)
    response.headers["Tus-Version"] = tus.VERSION
    response.headers["Tus-Extension"] = ",".join(tus.EXTENSIONS)
    response.headers["Tus-Max-Size"] = str(context().settings.attachment_bytes_max)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(tus.CHECKSUMS)
    return response


@blueprint.post("")
@access("device")
def begin_upload() -> Response:
    """Announce a file; one that the association has already is complete at once."""
    _check_version()
    here, who = context(), sender()
    said = tus.announced(
        request.headers.get("Upload-Length", ""),
        request.headers.get("Upload-Metadata", ""),
        here.settings.attachment_bytes_max,
    )
    if isinstance(said, Problem):
        raise Refused(said)
    uuid = signing.new_uuid(here.draw)
    row = here.database.write(lambda session: uploads.begin(session, here.settings, who, said, uuid, here.now_ms()))
    if isinstance(row, Problem):
        raise Refused(row)
    here.files.partial.make(uuid)
    there = row.size if _is_here(row) else 0
    if not there and (row.size == 0 or request.mimetype == tus.BODY_TYPE):
        there = _take(row, 0)
    response = _told(201, row, there)
    response.headers["Location"] = url_for("attachments.upload_offset", upload=uuid)
    return response


@blueprint.route("/<upload>", methods=["HEAD"])
@access("device")
def upload_offset(upload: str) -> Response:
    """How far a file has come."""
    _check_version()
    row = _row(upload)
    response = _told(200, row, _offset(row))
    response.headers["Upload-Length"] = str(row.size)
    response.headers["Upload-Metadata"] = tus.metadata(Announced(row.sha256, row.size, row.name, row.record))
    return response


@blueprint.patch("/<upload>")
@access("device")
def continue_upload(upload: str) -> Response:
    """Add bytes where the file stands."""
    _check_version()
    row = _row(upload)
    if request.mimetype != tus.BODY_TYPE:
        raise Refused(Problem("unsupported_type", detail={"allowed": tus.BODY_TYPE}))
    offset = tus.offset(request.headers.get("Upload-Offset", ""))
    if isinstance(offset, Problem):
        raise Refused(offset)
    if offset != _offset(row):
        raise Refused(Problem("upload_elsewhere"))
    there = row.size if _is_here(row) else _take(row, offset)
    return _told(204, row, there)


@blueprint.post("/<upload>")
@access("device")
def ask_otherwise(upload: str) -> Response:
    """What the protocol asks for where something in between knows GET and POST only: another method in a header."""
    work = {"PATCH": continue_upload, "DELETE": end_upload, "HEAD": upload_offset}.get(
        request.headers.get("X-HTTP-Method-Override", "").upper()
    )
    if work is None:
        _row(upload)
        raise Refused(Problem("method_not_allowed"))
    response: Response = work(upload)
    return response


@blueprint.delete("/<upload>")
@access("device")
def end_upload(upload: str) -> Response:
    """Give a file up that has not come whole."""
    _check_version()
    here, row = context(), _row(upload)
    here.database.write(lambda session: uploads.end(session, here.files, row))
    return _answer(204)


def _take(row: UploadRow, offset: int) -> int:
    """Take the request's body in; the offset after it."""
    here = context()
    checksum = tus.checksum(request.headers.get("Upload-Checksum", ""))
    if isinstance(checksum, Problem):
        raise Refused(checksum)
    request.max_content_length = sys.maxsize  # a file on its way has a size of its own; None would be the app's
    there = uploads.receive(here.files, row, offset, _chunks(), checksum)
    if isinstance(there, Problem):
        raise Refused(there)
    if there == row.size:
        uploads.finish(here.database, here.files, row, here.now_ms())
    return there


def _chunks() -> Iterator[bytes]:
    try:
        while chunk := request.stream.read(CHUNK_BYTES):
            yield chunk
    except ClientDisconnected as cut:
        raise ConnectionError from cut


def _row(upload: str) -> UploadRow:
    here, who = context(), sender()
    with here.database.read() as session:
        row = attachments.find_upload(session, who.device.id, upload)
    if row is None:
        raise Refused(Problem("not_found"))
    if uploads.expires_ms(here.settings, here.files, row) <= here.now_ms():
        raise Refused(Problem("upload_expired"))
    return row


def _is_here(row: UploadRow) -> bool:
    here = context()
    with here.database.read() as session:
        return uploads.is_here(session, here.files, row)


def _offset(row: UploadRow) -> int:
    here = context()
    offset = uploads.come_so_far(here.database, here.files, row, here.now_ms())
    if isinstance(offset, Problem):
        raise Refused(offset)
    if offset is None:
        raise Refused(Problem("upload_expired"))
    return offset


def _check_version() -> None:
    if request.headers.get(RESUMABLE) != tus.VERSION:
        raise Refused(Problem("upload_version"))


def _told(status: int, row: UploadRow, offset: int) -> Response:
    here = context()
    response = _answer(status)
    response.headers["Upload-Offset"] = str(offset)
    if offset < row.size:
        expires_ms = uploads.expires_ms(here.settings, here.files, row)
        response.headers["Upload-Expires"] = formatdate(expires_ms / 1000, usegmt=True)
    return response


def _answer(status: int) -> Response:
    return Response(status=status, headers={RESUMABLE: tus.VERSION, "Cache-Control": "no-store"})


@blueprint.after_request
def mark(response: Response) -> Response:
    """Every answer of tus names its version."""
    response.headers[RESUMABLE] = tus.VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = tus.VERSION
    return response
