"""One state for what is ticked in the inbox, and its way back."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import Response, request

from fieldsync.core import inbox
from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.inbox import Filter
from fieldsync.core.problems import Problem
from fieldsync.core.review_moves import APPROVED, HAS_ISSUES, REJECTED
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import inbox as pages
from fieldsync.routes.pages import inbox_filters, shell
from fieldsync.routes.pages.addresses import record_uuid
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.record_words import REVIEW_STATES
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.submission import COMMENT_MAX, said_text
from fieldsync.services import bulk
from fieldsync.services.bulk import Ticked

TICKET_BYTES = 16

DECISIONS = {"approve": APPROVED, "send_back": HAS_ISSUES, "reject": REJECTED}


@blueprint.post("/inbox/decide")
@page_access(ACT_ON_RECORDS)
def decide() -> Response:
    """Approve, send back or reject what is ticked."""
    state, note, ticked = _state(request.form.get("decision", "")), said_text("note"), _ticked()
    problem = _keeps_from(state, note, ticked)
    if problem is not None:
        return pages.shown(errors=shell.said(problem, "note"), ticked=request.form.getlist("row"), note=note)
    return _done(ticked, state, note)


@blueprint.get("/inbox/every")
@page_access(ACT_ON_RECORDS)
def every() -> Response:
    """Ask whether all that the list shows shall get a state: how many they are, and which."""
    return _every(request.args.get("decision", ""))


@blueprint.post("/inbox/every")
@page_access(ACT_ON_RECORDS)
def decide_every() -> Response:
    """Decide on all of them, if they are still those that were seen."""
    decision, note = request.form.get("decision", ""), said_text("note")
    with context().database.read() as session:
        found = bulk.decidable(session, reader(), inbox.parse(request.args), _state(decision))
    if request.form.get("seen") != _seen(found):
        changed = _("The list has changed since you looked: look at the number again.")
        return _every(decision, {"": changed}, 409, note)
    problem = _keeps_from(_state(decision), note, found)
    return _every(decision, shell.said(problem, "note"), 422, note) if problem else _done(found, _state(decision), note)


def _every(decision: str, errors: Mapping[str, str] = pages.NOTHING, status: int = 200, note: str = "") -> Response:
    who, wanted = reader(), inbox.parse(request.args)
    behind = pages.catch_up(who, wanted)
    with context().database.read() as session:
        found = bulk.decidable(session, who, wanted, _state(decision))
        chosen = inbox_filters.in_words(session, who, wanted)
    return shell.page(
        "inbox_every.html",
        status,
        decision=decision,
        state=REVIEW_STATES[_state(decision)],
        number=len(found),
        has_more=len(found) == bulk.EVERY_MAX,
        seen=_seen(found),
        chosen=chosen,
        kept=inbox.query(wanted),
        back=pages.address(wanted),
        behind=behind,
        errors=errors,
        note=note,
    )


def _state(decision: str) -> str:
    if decision not in DECISIONS:
        raise Refused(Problem("not_found"))
    return DECISIONS[decision]


def _seen(found: Sequence[Ticked]) -> str:
    """Which records somebody looked at, in a word."""
    return hashlib.sha256("\n".join(each.uuid for each in found).encode()).hexdigest()


def _done(ticked: Sequence[Ticked], state: str, note: str) -> Response:
    """Decide, some at a time, since phones write between them; then the list, which tells what was done."""
    here, who, wanted = context(), reader(), inbox.parse(request.args)
    ticket = base64.urlsafe_b64encode(here.draw(TICKET_BYTES)).decode().rstrip("=")
    for start in range(0, len(ticked), bulk.TICKED_MAX):
        some = ticked[start : start + bulk.TICKED_MAX]
        give = partial(bulk.give_state, reader=who, ticked=some, state=state, note=note, ticket=ticket)
        here.database.write(partial(give, now_ms=here.now_ms()))
    return shell.onward_to(pages.address(wanted, done=ticket))


@blueprint.post("/inbox/deeds/<ticket>/undo")
@page_access(ACT_ON_RECORDS)
def undo_deed(ticket: str) -> Response:
    """Take a deed back, as far as nobody decided otherwise since."""
    here, who, note = context(), reader(), _("Taken back")
    found = here.database.write(lambda session: bulk.undo(session, who, ticket, note, here.now_ms()))
    if found is None:
        raise Refused(Problem("not_found"))
    return shell.onward_to(pages.address(inbox.parse(request.args), done=ticket))


@blueprint.get("/inbox/deeds")
@page_access(ACT_ON_RECORDS)
def deeds() -> Response:
    """What the reader decided about several records at once, as long as it can be taken back."""
    here, who = context(), reader()
    with here.database.read() as session:
        found = bulk.recent(session, who, here.now_ms())
    back = pages.address(inbox.view(Filter(), "to_review"))
    return shell.page("inbox_deeds.html", deeds=found, states=REVIEW_STATES, back=back)


def _ticked() -> list[Ticked]:
    """What was ticked, as far as it can name a record."""
    named = [each.split(" ") for each in request.form.getlist("row")[: bulk.TICKED_MAX]]
    return [
        Ticked(each[0], each[1], record_uuid(each[2])) for each in named if len(each) == 3 and each[0] in inbox.KINDS
    ]


def _keeps_from(state: str, note: str, ticked: list[Any]) -> Problem | None:
    if not ticked:
        return Problem("nothing_ticked")
    if len(note) > COMMENT_MAX:
        return Problem("comment_too_long", detail={"limit": str(COMMENT_MAX)})
    return Problem("comment_due") if state != APPROVED and not note else None
