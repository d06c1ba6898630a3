"""Possible duplicates: the queue, one pair, deciding on it and taking that back."""

from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.core.wire_values import valid_id
from fieldsync.routes.access import access, reader
from fieldsync.routes.acts import desk_of_reader, refused
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.schemas import page_of
from fieldsync.routes.schemas_pairs import PairQuerySchema, PairSchema, UndoSchema, VerdictOnPairSchema
from fieldsync.services import asking, deciding, pair_queue
from fieldsync.services.deciding import UNSURE, Pair, Verdict
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.pair_queue import open_rank, seal_rank
from fieldsync.services.readers import Reader

blueprint = ApiBlueprint("duplicates", __name__, url_prefix="/api/v1/duplicates", description="Who may be whom")


@blueprint.get("")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(PairQuerySchema, location="query")
@blueprint.response(200, page_of(PairSchema))
@refuses(400)
def list_duplicates(asked: dict[str, Any]) -> Response:
    """Pairs that wait for a decision, the most useful first."""
    who = reader()
    purpose, cursor = f"page {who.association_id} duplicates", asked.get("cursor")
    with context().database.read() as session:
        secret = secret_of(session)
        after = open_rank(cursor, purpose, secret) if cursor else None
        if cursor and after is None:
            raise Refused(Problem("bad_cursor"))
        page = pair_queue.page(session, who, after, asked["limit"], asked["of"])
    items = [pair_queue.told(each.pair) for each in page.items]
    following = seal_rank(page.following, purpose, secret) if page.following else None
    return json_response({"items": items, "next": following})


@blueprint.get("/<uuid:uuid>/<uuid:partner>")
@access("reader", ACT_ON_RECORDS)
@blueprint.response(200, PairSchema)
@refuses(404)
def show_duplicate(uuid: UUID, partner: UUID) -> Response:
    """One pair: what was compared, what was decided last."""
    with context().database.read() as session:
        return json_response(pair_queue.told(_find(session, reader(), uuid, partner)))


@blueprint.post("/<uuid:uuid>/<uuid:partner>/decide")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(VerdictOnPairSchema)
@blueprint.response(200, PairSchema)
@refuses(400, 404, 409, 413, 415, 422)
def decide_on_pair(given: dict[str, Any], uuid: UUID, partner: UUID) -> Response:
    """Say whether a pair is one; nothing is written where somebody decided after `turn`."""
    taken: dict[str, OperationId] = {path: said for path, id in given["taken"].items() if (said := valid_id(id))}
    duplicate = str(given["duplicate"]) if given.get("duplicate") else ""
    verdict = Verdict(given["decision"], given["turn"], given["why"], taken, duplicate)
    who, by, language = reader(), desk_of_reader(), reader_language()

    def work(session: Any) -> Problem | None:
        pair = _find(session, who, uuid, partner)
        problem = deciding.decide(session, by, pair, verdict, language)
        if problem is None and given["decision"] == UNSURE and given["question"].strip():
            return asking.ask(session, who, by, pair, given["question"].strip(), given["ask"])
        return problem

    problem = context().database.write(work)
    return _told(problem, who, uuid, partner)


@blueprint.post("/<uuid:uuid>/<uuid:partner>/undo")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(UndoSchema)
@blueprint.response(200, PairSchema)
@refuses(400, 404, 409, 413, 415, 422)
def undo_decision(given: dict[str, Any], uuid: UUID, partner: UUID) -> Response:
    """Take the last decision on a pair back; a merge is un-merged."""
    who, by, language = reader(), desk_of_reader(), reader_language()
    problem = context().database.write(
        lambda session: deciding.undo(session, by, _find(session, who, uuid, partner), given["turn"], language)
    )
    return _told(problem, who, uuid, partner)


def _told(problem: Problem | None, who: Reader, uuid: UUID, partner: UUID) -> Response:
    if problem is not None:
        raise refused(problem)
    with context().database.read() as session:
        return json_response(pair_queue.told(_find(session, who, uuid, partner)))


def _find(session: Any, who: Reader, uuid: UUID, partner: UUID) -> Pair:
    found = deciding.find(session, who, str(uuid), str(partner))
    if found is None:
        raise Refused(Problem("not_found"))
    return found
