"""Several records that may all be one: the list, one of it, deciding on it in one step and taking that back in one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.core.wire_values import valid_id
from fieldsync.routes.access import access, reader
from fieldsync.routes.acts import desk_of_reader, refused
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.records import the_one
from fieldsync.routes.schemas import page_of
from fieldsync.routes.schemas_pairs import (
    ClusterLineSchema,
    ClusterSchema,
    PairQuerySchema,
    UndoSchema,
    VerdictOnClusterSchema,
)
from fieldsync.services import deciding_together, pair_clusters, pair_queue, reading
from fieldsync.services.deciding_together import Said, Step
from fieldsync.services.desk import Found
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.pair_clusters import LOOKED_AT_MAX, Line
from fieldsync.services.pair_queue import open_rank, seal_rank
from fieldsync.services.readers import Reader
from fieldsync.store import records

blueprint = ApiBlueprint(
    "duplicate_clusters", __name__, url_prefix="/api/v1/duplicates/clusters", description="Several who may all be one"
)


@blueprint.get("")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(PairQuerySchema, location="query")
@blueprint.response(200, page_of(ClusterLineSchema))
@refuses(400)
def list_clusters(asked: dict[str, Any]) -> Response:
    """Three records or more that hang together by pairs that wait, the most useful first."""
    who = reader()
    purpose, cursor = f"page {who.association_id} clusters", asked.get("cursor")
    with context().database.read() as session:
        secret = secret_of(session)
        after = open_rank(cursor, purpose, secret) if cursor else None
        if cursor and after is None:
            raise Refused(Problem("bad_cursor"))
        lines, following = pair_clusters.lines(session, who, after, asked["limit"], asked["of"])
    onward = seal_rank(following, purpose, secret) if following else None
    return json_response({"items": [_line(each) for each in lines], "next": onward})


@blueprint.get("/<uuid:uuid>")
@access("reader", ACT_ON_RECORDS)
@blueprint.response(200, ClusterSchema)
@refuses(404, 409)
def show_cluster(uuid: UUID) -> Response:
    """The records that hang together with one; alone, where nothing of it waits."""
    return _told(None, reader(), uuid)


@blueprint.post("/<uuid:uuid>/decide")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(VerdictOnClusterSchema)
@blueprint.response(200, ClusterSchema)
@refuses(400, 404, 409, 413, 415, 422)
def decide_on_cluster(given: dict[str, Any], uuid: UUID) -> Response:
    """Say which are one and which are not, in one step; nothing is written where somebody decided after `turn`."""
    same, apart = ({str(each) for each in given[side]} for side in ("same", "apart"))
    seen = [said for id in given["seen"] if (said := valid_id(id))] if "seen" in given else None
    who, by = reader(), desk_of_reader()
    problem = context().database.write(
        lambda session: deciding_together.decide(
            session, by, who, _find(session, who, uuid), Said(same, apart, given["turn"], seen)
        )
    )
    return _told(problem, who, uuid)


@blueprint.post("/<uuid:uuid>/undo")
@access("reader", ACT_ON_RECORDS)
@blueprint.arguments(UndoSchema)
@blueprint.response(200, ClusterSchema)
@refuses(400, 404, 409, 413, 415, 422)
def undo_step(given: dict[str, Any], uuid: UUID) -> Response:
    """Take back all that was decided in the last step of a record; `turn` is that of the step."""
    who, by = reader(), desk_of_reader()
    problem = context().database.write(
        lambda session: deciding_together.undo(session, by, who, _find(session, who, uuid), given["turn"])
    )
    return _told(problem, who, uuid)


def _told(problem: Problem | None, who: Reader, uuid: UUID) -> Response:
    if problem is not None:
        raise refused(problem)
    with context().database.read() as session:
        found = _find(session, who, uuid)
        cluster = pair_clusters.around(session, who, found)
        step = deciding_together.last(session, who, found)
    return json_response(
        {
            "of": found.of,
            "records": _uuids(cluster.members),
            "proposed": _uuids([each for each in cluster.members if each.row.id in cluster.proposed]),
            "more": cluster.more,
            "turn": cluster.turns,
            "seen": [list(each) for each in cluster.heads],
            "pairs": [pair_queue.told(each) for each in cluster.pairs],
            "step": _step(step) if step else None,
        }
    )


def _line(line: Line) -> dict[str, Any]:
    [first, *_] = line.members
    named = _uuids(line.members[:LOOKED_AT_MAX])
    return {"of": first.of, "records": named, "size": len(line.members), "weight": line.weight}


def _step(step: Step) -> dict[str, Any]:
    said = step.decision
    same, apart = _uuids(step.same), _uuids(step.apart)
    return {"same": same, "apart": apart, "by": said.decided_by, "at_ms": said.decided_ms, "turn": step.turns}


def _uuids(found: Sequence[Found]) -> list[str]:
    return [records.uuid_text(each.row.uuid) for each in found]


def _find(session: Any, who: Reader, uuid: UUID) -> Found:
    return the_one(reading.find(session, who, str(uuid), "entity", permission=ACT_ON_RECORDS))
