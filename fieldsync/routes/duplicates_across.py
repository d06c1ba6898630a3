"""Pairs of two associations that both allow it: the queue, one pair, deciding on it and taking that back.

For people who act upon both records; for everybody else, and for scripts, nothing is there. Nothing is merged.
"""

from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, reader
from fieldsync.routes.acts import refused
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.schemas_pairs import AcrossListSchema, AcrossPairSchema, AcrossVerdictSchema, UndoSchema
from fieldsync.services import across
from fieldsync.services.across import Across
from fieldsync.services.deciding import OPEN, Verdict
from fieldsync.services.readers import Reader

ITEMS_MAX = 100
"""Pairs that one answer tells; the next come up as these are decided."""

blueprint = ApiBlueprint(
    "duplicates_across", __name__, url_prefix="/api/v1/duplicates/across", description="Who may be whom over a border"
)


@blueprint.get("")
@access("reader", ACT_ON_RECORDS)
@blueprint.response(200, AcrossListSchema)
def list_across() -> Response:
    """Pairs that wait for a decision, the likeliest first; none for whoever does not act for two associations."""
    who = reader()
    with context().database.read() as session:
        items = [across.told(session, each) for each in across.waiting(session, who)[:ITEMS_MAX]]
    return json_response({"items": items})


@blueprint.get("/<uuid:uuid>/<uuid:partner>")
@access("reader", ACT_ON_RECORDS)
@blueprint.response(200, AcrossPairSchema)
@refuses(404)
def show_across(uuid: UUID, partner: UUID) -> Response:
    """One pair: what was compared, what was decided last."""
    return _told(None, reader(), uuid, partner)


@blueprint.post("/<uuid:uuid>/<uuid:partner>/decide")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(AcrossVerdictSchema)
@blueprint.response(200, AcrossPairSchema)
@refuses(400, 404, 409, 413, 415, 422)
def decide_across(given: dict[str, Any], uuid: UUID, partner: UUID) -> Response:
    """Note whether the two are one person; nothing is written where somebody decided after `turn`."""
    return _decided(Verdict(given["decision"], given["turn"], given["why"]), uuid, partner)


@blueprint.post("/<uuid:uuid>/<uuid:partner>/undo")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(UndoSchema)
@blueprint.response(200, AcrossPairSchema)
@refuses(400, 404, 409, 413, 415, 422)
def undo_across(given: dict[str, Any], uuid: UUID, partner: UUID) -> Response:
    """Take back what was noted last."""
    return _decided(Verdict(OPEN, given["turn"]), uuid, partner)


def _decided(verdict: Verdict, uuid: UUID, partner: UUID) -> Response:
    here, who = context(), reader()
    problem = here.database.write(
        lambda session: across.decide(session, who, _find(session, who, uuid, partner), verdict, here.now_ms())
    )
    return _told(problem, who, uuid, partner)


def _told(problem: Problem | None, who: Reader, uuid: UUID, partner: UUID) -> Response:
    if problem is not None:
        raise refused(problem)
    with context().database.read() as session:
        return json_response(across.told(session, _find(session, who, uuid, partner)))


def _find(session: Any, who: Reader, uuid: UUID, partner: UUID) -> Across:
    found = across.find(session, who, str(uuid), str(partner))
    if found is None:
        raise Refused(Problem("not_found"))
    return found
