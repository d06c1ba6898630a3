"""A submission: its answers, what became of them, what people say about it, and the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from fieldsync.core import observing, shown_values
from fieldsync.core.access import ACT_ON_RECORDS, READ_RECORDS
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.core.problems import Problem, render
from fieldsync.core.review_moves import APPROVED, HAS_ISSUES, REJECTED
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import (
    conflict_cards,
    heads,
    labels,
    language,
    map_ground,
    pair_cards,
    record_files,
    record_way,
    record_words,
    rows,
    shell,
)
from fieldsync.routes.pages.addresses import find_record
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.record_way import kept_filter
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import quality_told, reading, record_page, reviewing
from fieldsync.services.desk import Desk
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.record_page import Asked, RecordPage
from fieldsync.store import records

CURSOR_MAX = 200

COMMENT_MAX = 2000
"""Characters of a comment: what fits a phone's screen several times."""

DECISIONS = ((APPROVED, "approve"), (HAS_ISSUES, "send_back"), (REJECTED, "reject"))


@dataclass(frozen=True)
class Given:
    """What a refused form carried, so that nobody types it twice."""

    text: str = ""
    decision: str = ""


@blueprint.get("/submissions/<form>/<record>")
@page_access(READ_RECORDS)
def submission(form: str, record: str) -> Response:
    """One submission; personal answers are masked for who need not read them."""
    return shown(form, record)


@blueprint.post("/submissions/<form>/<record>/reveal")
@page_access(READ_RECORDS)
def reveal(form: str, record: str) -> Response:
    """The same with the personal answers; that they were shown is written down before."""
    here, who = context(), reader()

    def work(session: Any) -> None:
        reading.note_revealed(session, who, find_record(session, who, "submission", form, record), here.now_ms())

    here.database.write(work)
    return shown(form, record, revealed=True)


@blueprint.post("/submissions/<form>/<record>/review")
@page_access(ACT_ON_RECORDS)
def review(form: str, record: str) -> Response:
    """Approve, send back, reject."""
    decision = next((code for code, name in DECISIONS if request.form.get("decision") == name), "")
    if not decision:
        raise Refused(Problem("not_found"))
    text, by, who, seen = said_text(), desk_of_reader(), reader(), heads.given_if_any()
    problem = too_long(text)

    def work(session: Any) -> Problem | None:
        found = find_record(session, who, "submission", form, record, ACT_ON_RECORDS)
        if not text and reviewing.takes_reason(found, decision):
            return Problem("reason_due" if found.row.review == APPROVED else "comment_due")
        return reviewing.decide(session, by, found, decision, text, seen)

    problem = problem or context().database.write(work)
    if problem is not None:
        return shown(form, record, refused=problem, given=Given(text, request.form.get("decision", "")))
    return onward(form, record, record_words.DECIDED[decision])


@blueprint.post("/submissions/<form>/<record>/comment")
@page_access(ACT_ON_RECORDS)
def comment(form: str, record: str) -> Response:
    """Say something to whoever works with the record; it is on her phone after its next sync."""
    text, by, who, seen = said_text(), desk_of_reader(), reader(), heads.given_if_any()
    problem = too_long(text) or (None if text else Problem("comment_due"))

    def work(session: Any) -> Problem | None:
        found = find_record(session, who, "submission", form, record, ACT_ON_RECORDS)
        return reviewing.comment(session, by, found, text, seen)

    problem = problem or context().database.write(work)
    if problem is not None:
        return shown(form, record, refused=problem, given=Given(text))
    return onward(form, record, "commented")


def said_text(name: str = "text") -> str:
    """What somebody wrote, lines and all, without blanks around it."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()


def desk_of_reader() -> Desk:
    """The desk at which whoever is signed in acts."""
    who = reader()
    assert who.person is not None
    return Desk(who.association_id, f"p{who.person.id}", context().now_ms())


def too_long(text: str) -> Problem | None:
    """What is wrong with a comment or a reason that is too long."""
    return Problem("comment_too_long", detail={"limit": str(COMMENT_MAX)}) if len(text) > COMMENT_MAX else None


def onward(form: str, record: str, notice: str) -> Response:
    """After a deed: the submission's page, with the filter that somebody came from."""
    return shell.onward_to(url_for("pages.submission", form=form, record=record) + kept_filter(), notice)


def shown(
    form: str,
    record: str,
    revealed: bool = False,
    refused: Problem | None = None,
    given: Given | None = None,
    settling: Mapping[str, str] | None = None,
) -> Response:
    """The page; `refused`: why a decision was, `settling`: what is wrong with how a conflict was to be, by path."""
    chosen, who = language.chosen(), reader()
    with context().database.read() as session:
        secret, purpose = secret_of(session), f"pages {who.association_id} older {record}"
        older = open_number(request.args.get("older", "")[:CURSOR_MAX], purpose, secret)
        found = find_record(session, who, "submission", form, record)
        told = record_page.told(session, who, found, Asked(chosen, older, revealed))
        marks = quality_told.told(session, who, found.row, chosen)
        speech = conflict_cards.speech_of(session, who, found, told.words, chosen)
        cards = conflict_cards.of(session, who, found, speech, revealed, settling, request.form.get("reason", ""))
        way = record_way.way(session, found)
        elsewhere = record_way.elsewhere(session)
        pairs = pair_cards.asked_of(session, who, found)
        came = record_files.came(session, found, told.record, revealed)
    older_id = told.history.older_id if told.history else None
    address = url_for("pages.submission", form=form, record=record)
    return map_ground.page(
        "submission.html",
        shell.status_of(refused) if refused else 422 if settling else 200,
        page=told,
        title=labels.form(told.form.title, form) if told.form else Spoken(form),
        address=address,
        way=way,
        elsewhere=elsewhere,
        kept=kept_filter(),
        map_address=way.on_map,
        revealed=revealed,
        place=labels.place(found.row.place) if found.row.place else "",
        flags={"marks": marks, "address": url_for("pages.flags", form=form, record=record)},
        conflicts=cards,
        pairs=pairs,
        conflicts_address=f"{address}/conflicts{kept_filter()}",
        heads=heads.as_text(told.record["heads"]),
        blocked=render(told.blocked, chosen) if told.blocked and APPROVED in told.moves else "",
        older=shell.address_at(address, older=seal_number(older_id, purpose, secret)) if older_id else "",
        newest=f"{address}{kept_filter()}" if older else "",
        errors={"text": render(refused, chosen)} if refused else {},
        given=given or Given(),
        **came,
        **_words(told),
    )


def _words(told: RecordPage) -> dict[str, Any]:
    """How the page puts into words where a record stands, and what was said about it; what a map may show of it."""
    return {
        "has_map": any(map(shown_values.spots, told.record["fields"].values())),
        "is_personal": told.form is None or not observing.tells_places(told.form),
        "state": record_words.REVIEW_STATES.get(told.found.row.review),
        "facts": record_words.facts(told),
        "problems": record_page.misplaced(told),
        "states": record_words.REVIEW_STATES,
        "deeds": record_words.DEEDS,
        "verdicts": record_words.VERDICTS,
        "speakers": record_words.SPEAKERS,
        "decisions": _decisions(told),
        "uuid_text": records.uuid_text,
        "entity_address": lambda entity_list, uuid: rows.record_address("entity", entity_list, uuid),
    }


def _decisions(told: RecordPage) -> dict[str, str]:
    """What may be decided now: name → whether a reason is due."""
    return {name: told.moves[code] for code, name in DECISIONS if code in told.moves}
