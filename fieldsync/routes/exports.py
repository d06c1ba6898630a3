"""Taking records out as a file: asked for, made in the background, fetched by whoever asked."""

from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core.access import EXPORT_RECORDS
from fieldsync.core.export_options import Options
from fieldsync.core.problems import Problem
from fieldsync.routes import export_files
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.description import answers_bytes, refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import PageQuerySchema, page_of
from fieldsync.routes.schemas_exports import AskExportSchema, ExportSchema
from fieldsync.services import exports
from fieldsync.services.readers import Reader
from fieldsync.store.exports import ExportRow

blueprint = ApiBlueprint("exports", __name__, url_prefix="/api/v1/exports", description="Records as files")


@blueprint.get("")
@access("person", EXPORT_RECORDS)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(ExportSchema))
@refuses(400)
def list_exports(asked: dict[str, Any]) -> Response:
    """One's own exports in the association where one works, the newest first."""
    who, language = reader(), reader_language()
    return paged("exports", asked, lambda session, after, limit: exports.page(session, who, after, limit, language))


@blueprint.post("")
@access("person", EXPORT_RECORDS)
@blueprint.arguments(AskExportSchema)
@blueprint.response(202, ExportSchema)
@refuses(400, 404, 413, 415, 422, 429)
def ask_export(given: dict[str, Any]) -> Response:
    """Ask for a file. One that tells of people takes a session that has just proved itself, and a reason."""
    here, who = context(), reader()
    reason, text = given.pop("reason"), given.pop("reason_text")
    options = _options(given)
    if options.tells_of_people:
        _check_reason(who, reason, text)

    def work(session: Any) -> ExportRow | Problem:
        asked = exports.ask(session, who, options, here.draw, here.now_ms())
        if isinstance(asked, ExportRow) and options.tells_of_people:
            problem = exports.give_reason(session, asked, reason, text)
            assert problem is None
        return asked

    asked = here.database.write(work)
    if isinstance(asked, Problem):
        raise Refused(asked)
    return json_response(exports.told(_found(asked.uuid), reader_language()), 202)


@blueprint.get("/<uuid:export_id>")
@access("person", EXPORT_RECORDS)
@blueprint.response(200, ExportSchema)
@refuses(404)
def show_export(export_id: UUID) -> Response:
    """How far it is."""
    return json_response(exports.told(_found(str(export_id)), reader_language()))


@blueprint.delete("/<uuid:export_id>")
@access("person", EXPORT_RECORDS)
@blueprint.response(204)
@refuses(404)
def end_export(export_id: UUID) -> Response:
    """Stop it, or remove its file."""
    export_files.take_back(_found(str(export_id)))
    return Response(status=204)


@blueprint.get("/<uuid:export_id>/file")
@access("person", EXPORT_RECORDS)
@answers_bytes("*/*")
@refuses(404, 409, 410)
def fetch_export(export_id: UUID) -> Response:
    """The file, once it is ready; one that tells of people by a session that has just proved itself."""
    here, who, row = context(), reader(), _found(str(export_id))
    with here.database.read() as session:
        problem = exports.keeps_from_fetching(session, who, row, here.now_ms())
    if problem is not None:
        raise Refused(problem)
    return export_files.handed_out(who, row)


def _options(given: dict[str, Any]) -> Options:
    days = {name: given[name].isoformat() if given[name] else "" for name in ("since", "until")}
    return Options(**{**given, **days, "states": tuple(given["states"])})


def _check_reason(who: Reader, reason: str, text: str) -> None:
    if who.token is not None:
        raise Refused(Problem("export_needs_person"))
    if not who.is_fresh(context().now_ms()):
        raise Refused(Problem("confirmation_needed"))
    problem = exports.wrong_reason(reason, text)
    if problem is not None:
        raise Refused(problem)


def _found(uuid: str) -> ExportRow:
    with context().database.read() as session:
        row = exports.find(session, reader(), uuid)
    if row is None:
        raise Refused(Problem("not_found"))
    return row
