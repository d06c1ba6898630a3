"""Possible duplicates: the queue, and one pair side by side; deciding, taking back, un-merging."""

from collections.abc import Iterable
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS, MANAGE_PEOPLE
from fieldsync.core.form_texts import FormText
from fieldsync.core.operations import OperationId
from fieldsync.core.pair_questions import NAMES, QUESTIONS, question
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import fields, heads, labels, language, map_ground, pair_cards, shell
from fieldsync.routes.pages.addresses import NOWHERE, find_record, record_uuid
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import (
    across,
    asking,
    deciding,
    deciding_together,
    merging,
    pair_figures,
    pair_queue,
    pair_reports,
    pair_told,
    reading,
)
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, WHY_MAX, Pair, Verdict
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.pair_queue import open_rank, seal_rank
from fieldsync.services.pair_told import PairPage
from fieldsync.services.readers import Reader

ROWS = 30
UNDO = "undo"
NOTICES = {SAME: "pair_same", DIFFERENT: "pair_different", UNSURE: "pair_unsure", UNDO: "pair_open"}
CROSSING_MAX = 99
"""Up to which number pairs over a border are counted."""

TAKEN_MAX = 200
TURN_MAX = 1_000_000
TAKE = "take:"
"""Before the path in the name of a field that chooses which value survives."""


@blueprint.get("/duplicates")
@page_access(ACT_ON_RECORDS)
def duplicates() -> Response:
    """The queue, most useful first, and what was decided last."""
    who = reader()
    with context().database.read() as session:
        secret = secret_of(session)
        after = open_rank(request.args.get("after", ""), _purpose(who), secret)
        found = pair_queue.page(session, who, after, ROWS, is_grouped=True)
        recent = pair_queue.recent(session, who)
        titles = labels.titles(session, who.association_id)
        keys = _keys(session, who, [each.pair for each in found.items])
        done = _done_together(session, who, request.args.get("done", ""))
        crossing = across.count_at_most(session, who, CROSSING_MAX)
    following = seal_rank(found.following, _purpose(who), secret) if found.following else ""
    return shell.page(
        "duplicates.html",
        lines=[
            pair_cards.waiting_line(
                each.pair, titles, found.together.get(each.rank.left_id, ()), keys.get(each.pair.left.of, ())
            )
            for each in found.items
        ],
        recent=pair_cards.recent_lines(recent, titles),
        done=done,
        total=found.total,
        following=shell.address_with(after=following) if following else "",
        first=shell.address_with(after="") if request.args.get("after") else "",
        crossing=crossing,
        may_set=who.may(MANAGE_PEOPLE),
    )


@blueprint.get("/duplicates/<pair>")
@page_access(ACT_ON_RECORDS)
def duplicate(pair: str) -> Response:
    """One pair, side by side; personal answers are masked for who need not read them."""
    return _shown(pair)


@blueprint.post("/duplicates/<pair>/reveal")
@page_access(ACT_ON_RECORDS)
def reveal_duplicate(pair: str) -> Response:
    """The same with the personal answers of both; that they were shown is written down before."""
    here, who = context(), reader()

    def work(session: Any) -> None:
        found = find_pair(session, who, pair)
        for each in (found.left, found.right):
            reading.note_revealed(session, who, each, here.now_ms())

    here.database.write(work)
    return _shown(pair, revealed=True)


@blueprint.post("/duplicates/<pair>/decide")
@page_access(ACT_ON_RECORDS)
def decide_duplicate(pair: str) -> Response:
    """Say what a pair is, or take that back; then comes the next."""
    here, who, by, chosen = context(), reader(), desk_of_reader(), language.chosen()
    decision = request.form.get("decision", "")
    if decision not in NOTICES:
        raise Refused(Problem("not_found"))
    verdict, asked, sides = _verdict(decision), _asked(), fields.several("ask", asking.SIDES)

    def work(session: Any) -> Problem | None:
        found = find_pair(session, who, pair)
        if decision == UNDO:
            return deciding.undo(session, by, found, verdict.turn, chosen)
        problem = deciding.decide(session, by, found, verdict, chosen)
        if problem is None and decision == UNSURE and asked:
            return asking.ask(session, who, by, found, asked, sides)
        return problem

    problem = here.database.write(work)
    if problem is not None:
        return _shown(pair, refused=problem)
    notice = "pair_asked" if decision == UNSURE and asked and sides else NOTICES[decision]
    if decision == UNDO:
        return shell.onward("pages.duplicate", NOTICES[UNDO], pair=pair)
    with here.database.read() as session:
        following = pair_queue.standing(session, who, find_pair(session, who, pair)).following
    if following is None:
        return shell.onward("pages.duplicates", notice)
    return shell.onward("pages.duplicate", notice, pair=pair_cards.name_of(following.pair), done=pair)


@blueprint.get("/entities/<list>/<record>/unmerge")
@page_access(ACT_ON_RECORDS)
def ask_unmerge(list: str, record: str) -> Response:
    """Ask before a merge is undone."""
    with context().database.read() as session:
        found = find_record(session, reader(), "entity", list, record, ACT_ON_RECORDS)
        if not merging.merges_of(session, found) or not deciding.may_part(session, reader(), found):
            raise Refused(Problem("not_found"))
    return shell.deed(
        question=_("Undo the merge?"),
        consequence=_(
            "Each entity shows again what was said of it alone; what was written since stays where it was written. "
            "The two are held apart until somebody says that they are one."
        ),
        back="pages.entity",
        keep=_("Keep it merged"),
        deed=_("Undo the merge"),
        list=list,
        record=record,
    )


@blueprint.post("/entities/<list>/<record>/unmerge")
@page_access(ACT_ON_RECORDS)
def unmerge(list: str, record: str) -> Response:
    """Undo the merges of an entity; what was said since stays where it was said."""
    who, by = reader(), desk_of_reader()

    def work(session: Any) -> Problem | None:
        return deciding.part_for(session, who, by, find_record(session, who, "entity", list, record, ACT_ON_RECORDS))

    problem = context().database.write(work)
    if problem is not None:
        raise Refused(problem)
    return shell.onward("pages.entity", "unmerged", list=list, record=record)


def _shown(pair: str, revealed: bool = False, refused: Problem | None = None) -> Response:
    who, chosen = reader(), language.chosen()
    with context().database.read() as session:
        found = find_pair(session, who, pair)
        told = pair_told.told(session, (who, who), found, chosen, revealed)
        titles = labels.titles(session, who.association_id)
        done = _done(session, who, request.args.get("done", ""))
        named = pair_told.labelled(session, who, told.shared, chosen)
        keys = _keys(session, who, [found])
        card = pair_cards.card(session, told, titles, named, keys.get(found.left.of, ()))
        standing = pair_queue.standing(session, who, found)
        effect = pair_figures.of_merge(session, who.association_id, found)
        needs_another = deciding.needs_another(session, desk_of_reader(), found)
    following = standing.following
    return pair_page(
        told,
        refused,
        address=url_for("pages.duplicate", pair=pair),
        card=card,
        revealed=revealed,
        following=url_for("pages.duplicate", pair=pair_cards.name_of(following.pair)) if following else "",
        done=done,
        standing=standing,
        needs_another=needs_another,
        effect=pair_cards.effect(effect, chosen) if effect else None,
    )


def pair_page(told: PairPage, refused: Problem | None, *, revealed: bool, **values: Any) -> Response:
    """The page of a pair, within an association or over the border of two (`is_across`)."""
    return map_ground.page(
        "duplicate.html",
        shell.status_of(refused) if refused else 200,
        has_map=any(side.spots for side in told.sides),
        is_personal=True,
        pair=told.pair,
        seen=heads.as_text(told.heads),
        revealed=revealed,
        masked=told.masked,
        may_hide=bool(told.masked) or revealed,
        errors=shell.said(refused) if refused else {},
        limit=WHY_MAX,
        questions=QUESTIONS,
        question_limit=asking.QUESTION_MAX,
        is_personal_list=told.pair.left.kind == "entity",
        **values,
    )


def find_pair(session: Any, who: Reader, pair: str) -> Pair:
    """The pair that an address names, where both are hers; else it is not there."""
    one, mark, other = pair.partition("_")
    found = deciding.find(session, who, record_uuid(one), record_uuid(other) if mark else NOWHERE)
    if found is None:
        raise Refused(Problem("not_found"))
    return found


def _keys(session: Any, who: Reader, pairs: Iterable[Pair]) -> dict[str, list[Spoken | FormText]]:
    """Form → what its key questions are called, of pairs of submissions."""
    forms = {each.left.of for each in pairs if each.left.kind == "submission"}
    named = pair_reports.key_labels(session, who, forms, language.chosen())
    return {form: [labels.answer(path, label) for path, label in keys] for form, keys in named.items()}


def _done(session: Any, who: Reader, pair: str) -> dict[str, Any] | None:
    """The pair that was just decided, to be taken back."""
    one, mark, other = pair[:80].partition("_")
    found = deciding.find(session, who, record_uuid(one), record_uuid(other)) if mark else None
    return pair_cards.decided(found) if found and found.decision else None


def _done_together(session: Any, who: Reader, named: str) -> dict[str, Any] | None:
    """What was just decided in one step, to be taken back."""
    of, _mark, record = named[:240].rpartition(":")
    found = reading.find(session, who, record_uuid(record), "entity", of, ACT_ON_RECORDS)
    step = deciding_together.last(session, who, found[0]) if found else None
    return pair_cards.step(session, who, step) if step else None


def _asked() -> str:
    """The question to the companions, where there is one."""
    return question(fields.one_of("question", NAMES), fields.text("words", asking.QUESTION_MAX))


def _verdict(decision: str) -> Verdict:
    taken: dict[str, OperationId] = {}
    for name, value in list(request.form.items())[:TAKEN_MAX]:
        said = heads.read(value) if name.startswith(TAKE) else None
        if said is not None:
            taken[name.removeprefix(TAKE)] = said
    return Verdict(
        decision,
        fields.whole("turn", 0, TURN_MAX) or 0,
        fields.text("why", WHY_MAX),
        taken,
        request.form.get("duplicate", "")[:40],
        heads.given_if_any(),
    )


def _purpose(who: Reader) -> str:
    return f"pages {who.association_id} duplicates"
