"""The audit log: read, filtered by kind, who, record and day; whether its chains hold, and up to which anchor."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request

from fieldsync.core.access import READ_AUDIT
from fieldsync.core.chain import Fault
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.routes.context import context
from fieldsync.routes.pages import language, lists, shell, words
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import audit_read, auditing, people
from fieldsync.services.audit_read import State
from fieldsync.services.readers import Reader

DATE_LENGTH = 10
UUID_LENGTH = 36
FAULTS_SHOWN = 20
DETAIL_SHOWN = 60
"""Characters of what a row says beside ids: a role, views, the beginning of a digest."""
ACTORS = ("operator", "nobody", "code")
"""Who acts without being a person or a phone."""

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
        return _page(audit_read.verify(session, only=audit_read.chain_of(reader())))


def _page(checked: State | None) -> Response:
    who = reader()
    with context().database.read() as session:
        known = people.page(session, who, 0, PEOPLE_MAX)
        given, wanted = _filter(session, who)
        found = lists.shown("audit", lambda on, after, limit: audit_read.page(on, who, after, limit, wanted), session)
        anchor = audit_read.last_anchor(session, audit_read.chain_of(who))
    named = [(each["person"], each["email"]) for each in known.items]
    return shell.page(
        "audit.html",
        rows=[_row(each) for each in found.items],
        following=found.following,
        first=found.first,
        kinds=sorted(((code, str(label)) for code, label in words.ACTIONS.items()), key=lambda each: each[1]),
        actors=[*((code, _actor(code)) for code in ACTORS), *named],
        given=given,
        checked=checked,
        faults=[(words.CHAIN_FAULTS.get(each.what, each.what), each.number) for each in _faults(checked)],
        anchor=anchor,
        anchor_day=language.calendar_day(date.fromisoformat(anchor.day)) if anchor else "",
        since_anchor=checked.rows - anchor.rows if checked and anchor else 0,
    )


def _filter(session: Any, who: Reader) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the form as it was filled, what is asked of the log)."""
    kind, actor = request.args.get("kind", ""), request.args.get("who", "")[:UUID_LENGTH]
    record = request.args.get("record", "").strip().lower()[:UUID_LENGTH]
    since, until = _day(request.args.get("since", "")), _day(request.args.get("until", ""))
    chosen = people.find(session, who, actor) if actor not in ("", *ACTORS) else None
    wanted = {
        "action": kind if kind in words.ACTIONS else None,
        "actor": actor if actor in ACTORS else auditing.by_person(chosen.id) if chosen is not None else None,
        "about": f"record:{record}" if record else None,
        "from_ms": _begins_ms(since) if since else None,
        "to_ms": _begins_ms(until + timedelta(days=1)) if until else None,
    }
    given = {
        "kind": kind, "who": actor, "record": record, "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "", "any": any(wanted.values()),
    }  # fmt: skip
    return given, wanted


def _faults(checked: State | None) -> Sequence[Fault]:
    return checked.faults[:FAULTS_SHOWN] if checked is not None else ()


def _row(told: dict[str, Any]) -> dict[str, Any]:
    label = words.ACTIONS.get(told["action"])
    return {
        "what": str(label) if label else told["action"],
        "outcome": str(words.OUTCOMES.get(told["outcome"], "")),
        "detail": told["detail"] if len(told["detail"]) <= DETAIL_SHOWN else f"{told['detail'][:DETAIL_SHOWN]}…",
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
