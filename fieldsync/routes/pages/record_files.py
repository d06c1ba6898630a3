"""Files of a record on its page: a small picture to look at, the file itself to be saved."""

import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import READ_HISTORY, READ_RECORDS
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.core.problems import Problem, render
from fieldsync.routes import original_files
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import language, shell
from fieldsync.routes.pages.addresses import find_record, record_uuid
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import files_read, originals, pictures, reading
from fieldsync.services.desk import Found
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.files_read import FileShown
from fieldsync.store import attachments

FILES_MAX = 100
"""Files of one record that a page looks up."""

SHOWN_MS = 15 * 60 * 1000
"""How long the pictures of a page on which personal answers were revealed can be fetched."""

TICKET_MAX = 64


@dataclass(frozen=True)
class FileHere:
    """Where a file that has come can be fetched; `thumbnail` is empty where it is no picture.

    `is_uncleaned`: it may tell where and when it was made; its address is empty for who must not know. `is_unreadable`:
    a picture that cannot be drawn, and is shown to nobody.
    """

    address: str
    thumbnail: str
    is_uncleaned: bool = False
    is_unreadable: bool = False


def here(session: Any, form: str, record: Mapping[str, Any], revealed: bool, needs: bool) -> dict[str, FileHere]:
    """The files of a record that have come, by digest; those that are not among them are still awaited.

    `needs`: whether she reads the personal answers of the record.
    """
    association_id = reader().association_id
    values = [value for value in record["fields"].values() if isinstance(value, dict) and "sha256" in value]
    found = {}
    for sha256 in dict.fromkeys(str(value["sha256"]) for value in values[:FILES_MAX]):
        row = attachments.find(session, association_id, sha256)
        if row is not None and row.state == attachments.UNREADABLE:
            found[sha256] = FileHere("", "", is_unreadable=True)
        elif row is not None:
            named = {"form": form, "record": record["record"], "sha256": sha256}
            named |= {"ticket": _ticket(session, record["record"])} if revealed else {}
            file, small = (_address(endpoint, named) for endpoint in ("record_file", "record_thumbnail"))
            uncleaned = row.state == attachments.UNCLEANED
            found[sha256] = FileHere("" if uncleaned and not needs else file, small if row.thumbnail else "", uncleaned)
    return found


def _address(endpoint: str, named: Mapping[str, str]) -> str:
    return url_for(f"pages.{endpoint}", **named)  # type: ignore[arg-type]


@blueprint.get("/submissions/<form>/<record>/files/<sha256>")
@page_access(READ_RECORDS)
def record_file(form: str, record: str, sha256: str) -> Response:
    """A file that an answer names: always to be saved, never shown in place."""
    file = _find(record, sha256)
    ready = pictures.make_ready(context().database, context().files, file.row)
    chunks = pictures.content(context().files, ready, file.reads_personal)
    ending = mimetypes.guess_extension(file.media_type) or ""
    response = _answered(chunks, "application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{sha256[:12]}{ending}"'
    return response


@blueprint.get("/submissions/<form>/<record>/thumbnails/<sha256>")
@page_access(READ_RECORDS)
def record_thumbnail(form: str, record: str, sha256: str) -> Response:
    """A small picture, drawn anew by this server."""
    file = _find(record, sha256)
    return _answered(pictures.thumbnail(context().files, file.row), "image/jpeg")


@blueprint.post("/submissions/<form>/<record>/originals/<digest>")
@page_access(READ_HISTORY, fresh=True)
def record_original(form: str, record: str, digest: str) -> Response:
    """The XML of a submission as it came; that it was fetched is written down before."""
    at, who = context(), reader()

    def work(session: Any) -> bytes | Problem:
        found = find_record(session, who, "submission", form, record, READ_HISTORY)
        return originals.fetched(session, who, found, digest, at.now_ms())

    response = shell.dressed(original_files.handed_out(at.database.write(work), digest))
    response.headers["Content-Security-Policy"] = original_files.POLICY
    return response


def came(session: Any, found: Found, record: Mapping[str, Any], revealed: bool) -> dict[str, Any]:
    """What came with a record: its files, and the XML of its submissions."""
    needs = reading.shows_personal(reader(), found, revealed)
    return {"files": here(session, found.of, record, revealed, needs), "originals": _originals(session, found)}


def _originals(session: Any, found: Found) -> dict[str, Any]:
    """The submissions by OpenRosa behind a record, for whoever reads its history; `closed`: why their XML is not."""
    who = reader()
    if not reading.may_read(who, found, found.row, READ_HISTORY):
        return {"listed": (), "closed": ""}
    listed = originals.listed(session, who, found)
    problem = originals.refusal(session, who, found) if listed else None
    return {"listed": listed, "closed": render(problem, language.chosen()) if problem else ""}


def _find(record: str, sha256: str) -> FileShown:
    """The file, where an answer names it that is hers to see; masked ones for a while after a click."""
    who, at = reader(), context()
    with at.database.read() as session:
        until = open_number(request.args.get("ticket", "")[:TICKET_MAX], _purpose(record), secret_of(session))
        revealed = until is not None and at.now_ms() <= until
        found = files_read.find(session, who, record_uuid(record), sha256, language.chosen(), revealed)
    if found is None:
        raise Refused(Problem("not_found"))
    return found


def _answered(chunks: Iterable[bytes] | None, media_type: str) -> Response:
    if chunks is None:
        raise Refused(Problem("not_found"))
    response = shell.dressed(Response(chunks, mimetype=media_type))
    response.headers["Content-Security-Policy"] = original_files.POLICY
    return response


def _ticket(session: Any, record: str) -> str:
    return seal_number(context().now_ms() + SHOWN_MS, _purpose(record), secret_of(session))


def _purpose(record: str) -> str:
    """A ticket is good for whoever revealed, in her session, of that record."""
    who = reader()
    return f"files {record} {who.session.uuid if who.session else ''}"
