"""The audit log: read, filtered by kind, person and time; whether its chain holds."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request

from fieldsync.core.access import READ_AUDIT
from fieldsync.core.chain import Fault
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.routes.context import context
from fieldsync.routes.pages import lists, shell, words
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import audit_read, auditing, people
from fieldsync.services.audit_read import State

DATE_LENGTH = 10
UUID_LENGTH = 36
FAULTS_SHOWN = 20
PEOPLE_MAX = 200
"""People to choose from; whoever looks for another one filters by kind and day."""


@blueprint.get("/audit")
@page_access(READ_AUDIT)
def audit() -> Response:
    """The newest rows first."""
    return _page(None)


@blueprint.post("/audit/check")
@page_access(READ_AUDIT, fresh=True)
def check_audit() -> Response:
    """Go through every row of every chain, and say whether they hold."""
    with context().database.read() as session:
        return _page(audit_read.verify(session))


def _page(checked: State | None) -> Response:
    who = reader()
    kind, person = request.args.get("kind", ""), request.args.get("person", "")[:UUID_LENGTH]
    since, until = _day(request.args.get("since", "")), _day(request.args.get("until", ""))
    wanted = {
        "action": kind if kind in words.ACTIONS else None,
        "from_ms": _begins_ms(since) if since else None,
        "to_ms": _begins_ms(until + timedelta(days=1)) if until else None,
    }
    with context().database.read() as session:
        chosen = people.find(session, who, person) if person else None
        wanted["actor"] = auditing.by_person(chosen.id) if chosen is not None else None
        known = people.page(session, who, 0, PEOPLE_MAX)
        found = lists.shown("audit", lambda on, after, limit: audit_read.page(on, who, after, limit, wanted), session)
    given = {
        "kind": kind, "person": person, "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "", "any": any(wanted.values()),
    }  # fmt: skip
    return shell.page(
        "audit.html",
        rows=[_row(each) for each in found.items],
        following=found.following,
        first=found.first,
        kinds=sorted(((code, str(label)) for code, label in words.ACTIONS.items()), key=lambda each: each[1]),
        people=[(each["person"], each["email"]) for each in known.items],
        given=given,
        checked=checked,
        faults=[(words.CHAIN_FAULTS.get(each.what, each.what), each.number) for each in _faults(checked)],
    )


def _faults(checked: State | None) -> Sequence[Fault]:
    return checked.faults[:FAULTS_SHOWN] if checked is not None else ()


def _row(told: dict[str, Any]) -> dict[str, Any]:
    label = words.ACTIONS.get(told["action"])
    return {
        "what": str(label) if label else told["action"],
        "outcome": str(words.OUTCOMES.get(told["outcome"], "")),
        "at_ms": told["at_ms"],
        "who": told["actor_name"] or _actor(told["actor"]),
        "about": told["about_name"] or told["about"],
        "n": " ".join(filter(None, ((told["association"] or "").upper(), str(told["number"])))),
    }


def _actor(code: str) -> str:
    known = {
        "operator": _("the server's command line"),
        "nobody": _("nobody signed in"),
        "code": _("an enrolment code"),
    }
    return known.get(code, code)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:DATE_LENGTH])
    except ValueError:
        return None


def _begins_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=PROGRAMME_ZONE).timestamp() * 1000)
