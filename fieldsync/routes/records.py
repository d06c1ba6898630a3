"""Records: lists of them, one by its UUID, what was said about it, its files."""

import mimetypes
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core import inbox
from fieldsync.core.access import READ_HISTORY, READ_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.routes import original_files
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.description import answers_bytes, refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import (
    EntitiesQuerySchema,
    HistoryQuerySchema,
    OperationSchema,
    OriginalsSchema,
    PageQuerySchema,
    RecordSchema,
    RecordsSchema,
    SubmissionsQuerySchema,
    WhichQuerySchema,
    page_of,
)
from fieldsync.routes.schemas_filter import FilteredSchema, FilterQuerySchema
from fieldsync.services import files_read, inbox_cursors, inbox_projection, originals, pictures, reading
from fieldsync.services import inbox as inbox_list
from fieldsync.services.desk import Found
from fieldsync.services.reading import Asked

blueprint = ApiBlueprint("records", __name__, url_prefix="/api/v1", description="Records and their history")

ONE_OR_SEVERAL = {"anyOf": [RecordSchema, RecordsSchema]}


@blueprint.get("/submissions")
@access("reader", READ_RECORDS)
@blueprint.arguments(SubmissionsQuerySchema, location="query")
@blueprint.response(200, page_of(RecordSchema))
@refuses(400)
def list_submissions(asked: dict[str, Any]) -> Response:
    """Submissions in the order of arrival, of one form or of all."""
    return _listed("submission", asked.get("form"), asked)


@blueprint.get("/entities")
@access("reader", READ_RECORDS)
@blueprint.arguments(EntitiesQuerySchema, location="query")
@blueprint.response(200, page_of(RecordSchema))
@refuses(400)
def list_entities(asked: dict[str, Any]) -> Response:
    """Entities in the order of arrival, of one list or of all."""
    return _listed("entity", asked.get("list"), asked)


@blueprint.get("/conflicts")
@access("reader", READ_HISTORY)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(RecordSchema))
@refuses(400)
def list_conflicts(asked: dict[str, Any]) -> Response:
    """Records in which authors who did not know of each other wrote different values."""
    who, language = reader(), reader_language()
    return paged("conflicts", asked, lambda session, after, limit: reading.in_conflict(
        session, who, after, limit, language))  # fmt: skip


@blueprint.get("/records")
@access("person", READ_RECORDS)
@blueprint.arguments(FilterQuerySchema, location="query")
@blueprint.response(200, FilteredSchema)
@refuses(400)
def list_records(asked: dict[str, Any]) -> Response:
    """Submissions and entities by the inbox's filter, in its order (docs/desk.md)."""
    cursor, limit, who, language = asked.pop("cursor", None), asked.pop("limit"), reader(), reader_language()
    wanted = inbox.parse({name: _word(value) for name, value in asked.items()})
    with context().database.read() as session:
        at = inbox_cursors.read(session, who, wanted, cursor) if cursor else None
        if cursor and at is None:
            raise Refused(Problem("bad_cursor"))
        page = inbox_list.page(session, who, wanted, at, limit)
        following = page.after and inbox_cursors.write(session, who, wanted, page.after)
        shown = reading.listed(session, who, [row.id for row in page.rows if row.id > 0], language)
        behind = inbox_projection.behind(session, [who.association_id])
    return json_response({"items": shown, "next": following, "behind": behind})


@blueprint.get("/records/<uuid:uuid>")
@access("reader", READ_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.response(200, ONE_OR_SEVERAL)
@refuses(400, 404)
def show_record(asked: dict[str, Any], uuid: UUID) -> Response:
    """The folded record; `records` where a submission and an entity, or two forms' submissions, share the UUID."""
    with context().database.read() as session:
        found = reading.find(session, reader(), str(uuid), asked.get("kind"), asked.get("of"))
        shown = reading.told(session, reader(), found, reader_language())
    if not shown:
        raise Refused(Problem("not_found"))
    return json_response(shown[0] if len(shown) == 1 else {"records": shown})


@blueprint.get("/records/<uuid:uuid>/operations")
@access("reader", READ_HISTORY)
@blueprint.arguments(HistoryQuerySchema, location="query")
@blueprint.response(200, page_of(OperationSchema))
@refuses(400, 404, 409)
def list_operations(asked: dict[str, Any], uuid: UUID) -> Response:
    """Everything said about a record, in the order in which it came."""
    who = reader()
    with context().database.read() as session:
        found = the_one(reading.find(session, who, str(uuid), asked.get("kind"), asked.get("of")))
    return paged(f"operations {uuid}", asked, lambda session, after, limit: reading.history(
        session, who, found, after, limit))  # fmt: skip


@blueprint.post("/records/<uuid:uuid>/reveal")
@access("session", READ_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409)
def reveal_record(asked: dict[str, Any], uuid: UUID) -> Response:
    """The folded record with the personal answers that were masked; the audit log notes who saw them."""
    here, who, language = context(), reader(), reader_language()

    def work(session: Any) -> dict[str, Any]:
        found = the_one(reading.find(session, who, str(uuid), asked.get("kind"), asked.get("of")))
        return reading.revealed(session, who, found, language, here.now_ms())

    return json_response(here.database.write(work))


@blueprint.get("/records/<uuid:uuid>/files/<sha256>")
@access("reader", READ_RECORDS)
@answers_bytes("*/*")
@refuses(404)
def show_file(uuid: UUID, sha256: str) -> Response:
    """A file that an answer of the record names: always to be saved, never shown in place."""
    here, who, language = context(), reader(), reader_language()
    with here.database.read() as session:
        found = files_read.find(session, who, str(uuid), sha256, language)
    row = pictures.make_ready(here.database, here.files, found.row) if found else None
    chunks = pictures.content(here.files, row, found.reads_personal) if found and row else None
    if found is None or row is None or chunks is None:
        raise Refused(Problem("not_found"))
    response = Response(chunks, mimetype="application/octet-stream")
    response.headers["Content-Length"] = str(row.kept_size)
    ending = mimetypes.guess_extension(found.media_type) or ""
    response.headers["Content-Disposition"] = f'attachment; filename="{sha256[:12]}{ending}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/records/<uuid:uuid>/originals")
@access("session", READ_HISTORY)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.response(200, OriginalsSchema)
@refuses(400, 404, 409)
def list_originals(asked: dict[str, Any], uuid: UUID) -> Response:
    """The submissions by OpenRosa behind a record, edits included; a digest names the XML of each."""
    who = reader()
    with context().database.read() as session:
        found = the_one(reading.find(session, who, str(uuid), asked.get("kind"), asked.get("of"), READ_HISTORY))
        items = [asdict(each) for each in originals.listed(session, who, found)]
    return json_response({"items": items})


@blueprint.get("/records/<uuid:uuid>/originals/<digest>")
@access("session", READ_HISTORY, fresh=True)
@blueprint.arguments(WhichQuerySchema, location="query")
@answers_bytes("*/*")
@refuses(400, 404, 409)
def fetch_original(asked: dict[str, Any], uuid: UUID, digest: str) -> Response:
    """The XML as it came, for whoever may read every answer of its form; the audit log notes it."""
    here, who = context(), reader()

    def work(session: Any) -> bytes | Problem:
        found = the_one(reading.find(session, who, str(uuid), asked.get("kind"), asked.get("of"), READ_HISTORY))
        return originals.fetched(session, who, found, digest, here.now_ms())

    return original_files.handed_out(here.database.write(work), digest)


def the_one(found: list[Found]) -> Found:
    """The one record that is meant, or the refusal."""
    if not found:
        raise Refused(Problem("not_found"))
    if len(found) > 1:
        raise Refused(Problem("several_bear_it"))
    return found[0]


def _word(value: Any) -> str:
    """A word of the filter as an address says it."""
    return {True: "1", False: ""}.get(value, str(value))


def _listed(kind: str, of: str | None, asked: dict[str, Any]) -> Response:
    who, language = reader(), reader_language()

    def read(session: Any, after: int, limit: int) -> reading.Page:
        wanted = Asked(kind, of, asked.get("review"), asked["all"], after, limit)
        return reading.page_of(session, who, wanted, language)

    return paged(kind, asked, read)
