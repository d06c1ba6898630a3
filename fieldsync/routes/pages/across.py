"""Pairs of two associations: the queue, one pair, deciding; nothing is there for whoever does not act for both."""

from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import duplicates, fields, labels, language, pair_cards, shell
from fieldsync.routes.pages.addresses import NOWHERE, record_uuid
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import across as crossing
from fieldsync.services import pair_told, readers, reading
from fieldsync.services.across import Across
from fieldsync.services.deciding import OPEN, WHY_MAX, Verdict
from fieldsync.services.readers import Reader

ROWS = 100
"""Pairs of the page; the next come up as these are decided."""


@blueprint.get("/duplicates/across")
@page_access(ACT_ON_RECORDS)
def across() -> Response:
    """The queue over borders, the likeliest first."""
    who = reader()
    with context().database.read() as session:
        if not crossing.couples(session, who):
            raise Refused(Problem("not_found"))
        waiting = crossing.waiting(session, who)
        titles = labels.titles(session, who.association_id)
        lines = [pair_cards.line(each.pair, titles, "pages.across_pair") for each in waiting[:ROWS]]
    return shell.page("across.html", lines=lines, total=len(waiting))


@blueprint.get("/duplicates/across/<pair>")
@page_access(ACT_ON_RECORDS)
def across_pair(pair: str) -> Response:
    """One pair, side by side."""
    return _shown(pair)


@blueprint.post("/duplicates/across/<pair>/reveal")
@page_access(ACT_ON_RECORDS)
def reveal_across(pair: str) -> Response:
    """The same with the personal answers of both; that they were shown is written down in both associations."""
    here, who = context(), reader()

    def work(session: Any) -> None:
        found = _find(session, who, pair)
        for at_work, each in zip(_at_work(session, who, found), (found.pair.left, found.pair.right), strict=True):
            reading.note_revealed(session, at_work, each, here.now_ms())

    here.database.write(work)
    return _shown(pair, revealed=True)


@blueprint.post("/duplicates/across/<pair>/decide")
@page_access(ACT_ON_RECORDS)
def decide_across(pair: str) -> Response:
    """Say whether the two are one person, or take that back."""
    here, who, decision = context(), reader(), request.form.get("decision", "")
    if decision not in duplicates.NOTICES:
        raise Refused(Problem("not_found"))
    said = OPEN if decision == duplicates.UNDO else decision
    verdict = Verdict(said, fields.whole("turn", 0, duplicates.TURN_MAX) or 0, fields.text("why", WHY_MAX))
    problem = here.database.write(
        lambda session: crossing.decide(session, who, _find(session, who, pair), verdict, here.now_ms())
    )
    if problem is not None:
        return _shown(pair, refused=problem)
    return shell.onward("pages.across_pair", duplicates.NOTICES[decision], pair=pair)


def _shown(pair: str, revealed: bool = False, refused: Problem | None = None) -> Response:
    who, chosen = reader(), language.chosen()
    with context().database.read() as session:
        found = _find(session, who, pair)
        told = pair_told.told(session, _at_work(session, who, found), found.pair, chosen, revealed)
        card = pair_cards.card(session, told, labels.titles(session, who.association_id), is_across=True)
        named = labels.associations_by_id(session)
        for side, owner in zip(card["sides"], found.couple, strict=True):
            side["association"] = named.get(owner)
        names = [pair_cards.name_of(each.pair) for each in crossing.waiting(session, who)]
    following = next((each for each in names if each != pair), "")
    return duplicates.pair_page(
        told,
        refused,
        address=url_for("pages.across_pair", pair=pair),
        card=card,
        revealed=revealed,
        following=url_for("pages.across_pair", pair=following) if following else "",
        done=None,
        is_across=True,
    )


def _at_work(session: Any, who: Reader, found: Across) -> tuple[Reader, Reader]:
    left, right = (readers.within(session, who, each) for each in found.couple)
    return left, right


def _find(session: Any, who: Reader, pair: str) -> Across:
    """The pair that an address names, where both records are hers and both associations allow it; else nothing."""
    one, mark, other = pair.partition("_")
    found = crossing.find(session, who, record_uuid(one), record_uuid(other) if mark else NOWHERE)
    if found is None:
        raise Refused(Problem("not_found"))
    return found
