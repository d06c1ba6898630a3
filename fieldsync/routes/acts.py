"""What people at the desk do to records; every act is an operation, and nothing is lost by it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem, http_status
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.records import the_one
from fieldsync.routes.schemas import (
    CommentActSchema,
    CorrectActSchema,
    MergeActSchema,
    RecordSchema,
    ReviewActSchema,
    WhichQuerySchema,
)
from fieldsync.services import deciding, desk, reading, reviewing, showing
from fieldsync.services.desk import Desk, Found

blueprint = ApiBlueprint("acts", __name__, url_prefix="/api/v1/records", description="What people do to records")

Act = Callable[[Any, Desk, Found], Problem | None]


@blueprint.post("/<uuid:uuid>/review")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.arguments(ReviewActSchema)
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409, 413, 415, 422)
def review(which: dict[str, Any], given: dict[str, Any], uuid: UUID) -> Response:
    """Give a record a review state, by the table of allowed moves (docs/desk.md)."""
    state, note = given["state"], given["note"]
    return _act(uuid, which, lambda session, by, found: reviewing.decide(session, by, found, state, note))


@blueprint.post("/<uuid:uuid>/comment")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.arguments(CommentActSchema)
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409, 413, 415, 422)
def comment(which: dict[str, Any], given: dict[str, Any], uuid: UUID) -> Response:
    """Say something about a record to those who work with it."""
    return _act(uuid, which, lambda session, by, found: desk.comment(session, by, found, given["text"]))


@blueprint.post("/<uuid:uuid>/correct")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.arguments(CorrectActSchema)
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409, 413, 415, 422)
def correct(which: dict[str, Any], given: dict[str, Any], uuid: UUID) -> Response:
    """Write other values, as one who has seen all that the record shows; what is approved takes a note."""
    writes, note = given["writes"], given["note"]
    return _act(uuid, which, lambda session, by, found: reviewing.correct(session, by, found, writes, None, note))


@blueprint.post("/<uuid:uuid>/merge")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.arguments(MergeActSchema)
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409, 413, 415, 422)
def merge(which: dict[str, Any], given: dict[str, Any], uuid: UUID) -> Response:
    """Decide that entities of one list are the same; the oldest shows them all, and it can be undone."""
    others, who = [str(each) for each in given["records"]], reader()

    def act(session: Any, by: Desk, found: Found) -> Problem | None:
        if any(not reading.find(session, who, each, found.kind, found.of, ACT_ON_RECORDS) for each in others):
            return Problem("not_found")
        return deciding.unite(session, by, found, others)

    return _act(uuid, which, act)


@blueprint.post("/<uuid:uuid>/unmerge")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409, 422)
def unmerge(which: dict[str, Any], uuid: UUID) -> Response:
    """Cancel the merges of a record, all of whose records are the caller's to act upon; edits made since stay."""
    who = reader()
    return _act(uuid, which, lambda session, by, found: deciding.part_for(session, who, by, found))


@blueprint.post("/<uuid:uuid>/delete")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(WhichQuerySchema, location="query")
@blueprint.response(200, RecordSchema)
@refuses(400, 404, 409, 422)
def delete(which: dict[str, Any], uuid: UUID) -> Response:
    """Delete a record; what was said stays, and a later write brings it back."""
    return _act(uuid, which, desk.delete)


def desk_of_reader() -> Desk:
    """The desk at which the caller acts; the log names persons by number, never by address."""
    who = reader()
    assert who.person is not None
    return Desk(who.association_id, f"p{who.person.id}", context().now_ms())


def _act(uuid: UUID, which: dict[str, Any], act: Act) -> Response:
    """Do something to the one record that is meant, and show it."""
    who, by, language = reader(), desk_of_reader(), reader_language()

    def find(session: Any) -> Found:
        asked = (str(uuid), which.get("kind"), which.get("of"))
        return the_one(reading.find(session, who, *asked, permission=ACT_ON_RECORDS))

    problem = context().database.write(lambda session: act(session, by, find(session)))
    if problem is not None:
        raise refused(problem)
    with context().database.read() as session:
        [shown] = reading.told(session, who, [find(session)], language)
    return json_response(shown)


def refused(problem: Problem) -> Refused:
    """An act that is wrong in itself: 422 with what is wrong, unless the problem has a status of its own."""
    status = http_status(problem.code)
    if status is not None:
        return Refused(problem)
    return Refused(problem, 422, {"problems": showing.told([problem], reader_language())})
