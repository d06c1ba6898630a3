"""The rules of merging: by itself or not, lists that need two people, and with whom lists are compared."""

from datetime import date
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS, MANAGE_PEOPLE
from fieldsync.core.problems import Problem
from fieldsync.core.short_codes import short_code
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import duplicates, fields, labels, language, pair_cards, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import agreements, auditing, deciding, linkage_lists, merging_itself
from fieldsync.services.deciding import Pair
from fieldsync.services.merging_itself import Measure
from fieldsync.services.readers import Reader
from fieldsync.store import associations, pairs, records

DAY_LENGTH = 10


@blueprint.get("/duplicates/settings")
@page_access(MANAGE_PEOPLE)
def linkage_settings() -> Response:
    """What holds, and what may be changed."""
    return _shown(_settler())


@blueprint.post("/duplicates/settings/automatic")
@page_access(MANAGE_PEOPLE, fresh=True)
def set_automatic() -> Response:
    """Let pairs merge by themselves from a weight on that was earned, or never."""
    who, by = _settler(), desk_of_reader()
    weight = fields.whole("weight", 1, 100)
    problem = context().database.write(
        lambda session: merging_itself.allow(session, by, None if weight is None else float(weight))
    )
    if problem is not None:
        return _shown(who, problem)
    return shell.onward("pages.linkage_settings", "merging_itself_off" if weight is None else "merging_itself_on")


@blueprint.get("/duplicates/settings/undo")
@page_access(MANAGE_PEOPLE, fresh=True)
def ask_undo_day() -> Response:
    """Ask before all that was merged by itself on a day is taken back."""
    _settler()
    day = _day(request.args.get("day", ""))
    return shell.deed(
        question=_("Take back what was merged by itself on %(day)s?", day=language.calendar_day(day)),
        consequence=_(
            "Each record shows again what was said of it alone; what was written since stays where it was written. "
            "The pairs wait for a person."
        ),
        back="pages.linkage_settings",
        keep=_("Keep them merged"),
        deed=_("Take them all back"),
    )


@blueprint.post("/duplicates/settings/undo")
@page_access(MANAGE_PEOPLE, fresh=True)
def undo_day() -> Response:
    """Take it back."""
    _settler()
    by, day = desk_of_reader(), _day(request.values.get("day", ""))
    merging_itself.undo_day(context().database.write, by, day)
    return shell.onward("pages.linkage_settings", "merges_undone")


@blueprint.post("/duplicates/settings/confirm")
@page_access(MANAGE_PEOPLE)
def confirm_merge() -> Response:
    """Say that a merge of the sample is right."""
    who, by = _settler(), desk_of_reader()
    name, turn = request.form.get("pair", "")[:80], fields.whole("turn", 0, duplicates.TURN_MAX) or 0
    problem = context().database.write(
        lambda session: deciding.confirm(session, by, duplicates.find_pair(session, who, name), turn)
    )
    if problem is not None:
        return _shown(who, problem)
    return shell.onward("pages.linkage_settings", "merge_confirmed")


@blueprint.post("/duplicates/settings/partners")
@page_access(MANAGE_PEOPLE, fresh=True)
def set_partner() -> Response:
    """Allow that lists are compared with those of another association, or end it."""
    who, here = _settler(), context()
    slug, is_given = fields.text("partner"), fields.one_of("allow", ("yes", "no")) == "yes"

    def work(session: Any) -> Problem | None:
        partner = associations.find(session, slug) if slug else None
        if partner is None:
            return Problem("not_found")
        actor = auditing.by(who)
        if is_given:
            return agreements.allow(session, who.association_id, partner.id, actor, here.now_ms())
        agreements.withdraw(session, who.association_id, partner.id, actor, here.now_ms())
        return None

    problem = here.database.write(work)
    if problem is not None:
        raise Refused(problem)
    return shell.onward("pages.linkage_settings", "partner_allowed" if is_given else "partner_ended")


@blueprint.post("/duplicates/settings/reviewers")
@page_access(MANAGE_PEOPLE, fresh=True)
def set_reviewers() -> Response:
    """Let merges of a list need two people, or one."""
    _settler()
    by, of, two = desk_of_reader(), fields.text("list"), fields.one_of("two", ("yes", "no")) == "yes"
    problem = context().database.write(lambda session: deciding.need_two(session, by, of, two))
    if problem is not None:
        raise Refused(problem)
    return shell.onward("pages.linkage_settings", "two_people_due" if two else "one_person_due")


def _settler() -> Reader:
    """Whoever may set rules for the whole association: she acts on its records herself, not in some places only."""
    who = reader()
    for grant in who.grants:
        wide = grant.covers(who.association_id) and not (grant.places or grant.team)
        if wide and {MANAGE_PEOPLE, ACT_ON_RECORDS} <= grant.role.permissions:
            return who
    raise Refused(Problem("forbidden"))


def _shown(who: Reader, refused: Problem | None = None) -> Response:
    with context().database.read() as session:
        standing = merging_itself.standing(session, who.association_id)
        by_two = pairs.reviewed_twice(session, who.association_id)
        lists = sorted(each.collection.of for each in linkage_lists.linked_lists(session, who.association_id).values())
        partners = [
            (each, labels.association(each.association.slug, each.association.name))
            for each in agreements.partners(session, who.association_id)
            if each.ours or each.theirs or labels.is_of_programme(each.association.slug)
        ]
    return shell.page(
        "linkage_settings.html",
        shell.status_of(refused) if refused else 200,
        errors=shell.said(refused) if refused else {},
        weight=standing.weight,
        measures=[_measure(each) for each in standing.measures],
        is_measured=any(each.decided for each in standing.measures),
        is_any_earned=any(each.is_earned for each in standing.measures),
        decided_least=merging_itself.DECIDED_LEAST,
        nights=[(each.day.isoformat(), language.calendar_day(each.day), each.merges) for each in standing.nights],
        sample=[_sampled(each) for each in standing.sample],
        lists=[(each, labels.entity_list(each), each in by_two) for each in lists],
        partners=partners,
    )


def _measure(each: Measure) -> dict[str, Any]:
    low, high = each.interval
    return {
        "weight": each.weight,
        "decided": each.decided,
        "wrong": each.decided - each.right,
        "precision": None if each.precision is None else _percent(each.precision),
        "interval": f"{_percent(low)}–{_percent(high)}",
        "waiting": each.waiting,
        "is_earned": each.is_earned,
    }


def _percent(share: float) -> str:
    return language.number(round(100 * share, 1))


def _sampled(pair: Pair) -> dict[str, Any]:
    name = pair_cards.name_of(pair)
    return {
        "name": name,
        "address": url_for("pages.duplicate", pair=name),
        "codes": [short_code(records.uuid_text(each.row.uuid)) for each in (pair.left, pair.right)],
        "state": merging_itself.sample_state(pair),
        "turn": pair.turn,
        "at_ms": pair.decision.decided_ms if pair.decision else 0,
        "list": labels.entity_list(pair.left.of),
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:DAY_LENGTH])
    except ValueError:
        raise Refused(Problem("not_found")) from None
