"""Several records that may all be one: side by side, and decided at once."""

from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.pages import fields, heads, labels, language, pair_cards, shell
from fieldsync.routes.pages.addresses import find_record
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import deciding, deciding_together, pair_clusters, reading
from fieldsync.services.deciding_together import Said
from fieldsync.services.pair_clusters import SHOWN_MAX
from fieldsync.store import records

TURNS_MAX = 1_000_000
UNDO = "undo"


@blueprint.get("/duplicates/cluster/<list>/<record>")
@page_access(ACT_ON_RECORDS)
def cluster(list: str, record: str) -> Response:
    """All that hang together with an entity by pairs that wait; personal answers are masked as everywhere."""
    return _shown(list, record)


@blueprint.post("/duplicates/cluster/<list>/<record>/reveal")
@page_access(ACT_ON_RECORDS)
def reveal_cluster(list: str, record: str) -> Response:
    """The same with the personal answers of all; that they were shown is written down before."""
    here, who = context(), reader()

    def work(session: Any) -> None:
        found = find_record(session, who, "entity", list, record, ACT_ON_RECORDS)
        for each in pair_clusters.around(session, who, found).members:
            reading.note_revealed(session, who, each, here.now_ms())

    here.database.write(work)
    return _shown(list, record, revealed=True)


@blueprint.post("/duplicates/cluster/<list>/<record>/decide")
@page_access(ACT_ON_RECORDS)
def decide_cluster(list: str, record: str) -> Response:
    """Say in one step which of them are one, and perhaps that the others are not; or take that step back."""
    who, by, turn = reader(), desk_of_reader(), fields.whole("turn", 0, TURNS_MAX) or 0
    same = set(request.form.getlist("member")[:SHOWN_MAX])
    is_rest_apart, takes_back = request.form.get("rest") == "apart", request.form.get("decision") == UNDO
    others = set(request.form.getlist("shown")[:SHOWN_MAX]) - same
    said = Said(same, others if is_rest_apart else (), turn, heads.given_if_any() or ())

    def work(session: Any) -> Problem | None:
        found = find_record(session, who, "entity", list, record, ACT_ON_RECORDS)
        if takes_back:
            return deciding_together.undo(session, by, who, found, turn)
        return deciding_together.decide(session, by, who, found, said)

    problem = context().database.write(work)
    if problem is not None:
        return _shown(list, record, refused=problem)
    if takes_back:
        return shell.onward("pages.cluster", "step_open", list=list, record=record)
    return shell.onward("pages.duplicates", "pair_same" if len(same) > 1 else "pair_different", done=f"{list}:{record}")


def _shown(list: str, record: str, revealed: bool = False, refused: Problem | None = None) -> Response:
    who, chosen = reader(), language.chosen()
    with context().database.read() as session:
        found = find_record(session, who, "entity", list, record, ACT_ON_RECORDS)
        told = pair_clusters.around(session, who, found)
        answers = pair_clusters.rows(session, who, told, chosen, revealed)
        titles = labels.titles(session, who.association_id)
        step = deciding_together.last(session, who, found)
        decided = pair_cards.step(session, who, step) if step else None
        by_two = deciding.is_by_two(session, who.association_id, list)
    masked = any(cell.hidden == "masked" for row in answers for cell in row.cells)
    return shell.page(
        "cluster.html",
        shell.status_of(refused) if refused else 200,
        address=url_for("pages.cluster", list=list, record=record),
        title=labels.entity_list(list),
        members=[
            pair_cards.member(each) | {"chosen": each.row.id in told.proposed, "uuid": records.uuid_text(each.row.uuid)}
            for each in told.members
        ],
        rows=[pair_cards.cluster_row(each) for each in answers],
        lines=[pair_cards.line(each, titles) for each in told.pairs],
        more=told.more,
        turn=told.turns,
        step=decided,
        by_two=by_two,
        seen=heads.as_text(told.heads),
        masked=masked,
        revealed=revealed,
        errors=shell.said(refused) if refused else {},
    )
