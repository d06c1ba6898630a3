"""One state for what is ticked in the inbox, and its way back."""

import base64
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
from fieldsync.routes.pages import shell
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
    here, who = context(), reader()
    state, note, ticked = DECISIONS.get(request.form.get("decision", "")), said_text("note"), _ticked()
    if state is None:
        raise Refused(Problem("not_found"))
    problem = _keeps_from(state, note, ticked)
    if problem is not None:
        return pages.shown(errors=shell.said(problem, "note"), ticked=request.form.getlist("row"), note=note)
    ticket = base64.urlsafe_b64encode(here.draw(TICKET_BYTES)).decode().rstrip("=")
    here.database.write(lambda session: bulk.give_state(session, who, ticked, state, note, ticket, here.now_ms()))
    return shell.onward_to(pages.address(inbox.parse(request.args), done=ticket))


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
