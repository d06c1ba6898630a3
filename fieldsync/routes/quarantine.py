"""What waits for people: quarantined and held operations, and the verdicts on the former."""

from typing import Any

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, reader
from fieldsync.routes.acts import desk_of_reader, refused
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.description import refuses
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import (
    OperationSchema,
    PageQuerySchema,
    QuarantinedSchema,
    VerdictActSchema,
    VerdictSchema,
    page_of,
)
from fieldsync.services import desk_lists, verdicts

blueprint = ApiBlueprint("quarantine", __name__, url_prefix="/api/v1", description="What was kept and not folded")


@blueprint.get("/quarantine")
@access("reader", READ_HISTORY)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(QuarantinedSchema))
@refuses(400)
def list_quarantined(asked: dict[str, Any]) -> Response:
    """Operations that are wrong in themselves and that nobody has judged yet, oldest first."""
    who, language = reader(), reader_language()
    return paged("quarantine", asked, lambda session, after, limit: desk_lists.quarantined(
        session, who, after, limit, language))  # fmt: skip


@blueprint.get("/held")
@access("reader", READ_HISTORY)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(OperationSchema))
@refuses(400)
def list_held(asked: dict[str, Any]) -> Response:
    """Operations that wait for a form version, an author, or what they have seen, oldest first."""
    who = reader()
    return paged("held", asked, lambda session, after, limit: desk_lists.held(session, who, after, limit))


@blueprint.post("/quarantine/<quarantined>/release")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(VerdictActSchema, required=False)
@blueprint.response(200, VerdictSchema)
@refuses(400, 404, 409, 413, 415, 422)
def release(given: dict[str, Any], quarantined: str) -> Response:
    """Let an operation into its record in spite of its problems; the note says why."""
    return _judge(quarantined, verdicts.RELEASE, given["note"])


@blueprint.post("/quarantine/<quarantined>/reject")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(VerdictActSchema, required=False)
@blueprint.response(200, VerdictSchema)
@refuses(400, 404, 409, 413, 415, 422)
def reject(given: dict[str, Any], quarantined: str) -> Response:
    """Say that an operation shall not count; it stays on file, and the note says why."""
    return _judge(quarantined, verdicts.REJECT, given["note"])


def _judge(ticket: str, verdict: str, note: str) -> Response:
    who, by = reader(), desk_of_reader()

    def work(session: Any) -> Problem | None:
        row = desk_lists.find_quarantined(session, who, ticket)
        return Problem("not_found") if row is None else verdicts.judge(session, by, row, verdict, note)

    problem = context().database.write(work)
    if problem is not None:
        raise refused(problem)
    return json_response({"quarantined": ticket, "status": f"{verdict}d" if verdict == "release" else "rejected"})
