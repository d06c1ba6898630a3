"""The inbox: what came in, as filters, views and pages of a list; the address says which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from flask import Response, request, url_for

from fieldsync.core import access, inbox
from fieldsync.core.access import READ_RECORDS
from fieldsync.core.inbox import Filter
from fieldsync.core.names import search_keys
from fieldsync.core.problems import Problem, render
from fieldsync.routes.context import context
from fieldsync.routes.pages import fields, inbox_filters, labels, language, rows, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.record_words import REVIEW_STATES
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import Words, _l
from fieldsync.services import bulk, inbox_cursors, inbox_projection, searching
from fieldsync.services import inbox as services
from fieldsync.services.readers import Reader
from fieldsync.store.db import Busy

ROWS = 50
"""Lines of a page: what fits a few screens, and loads over a thin link."""

NOTHING: Mapping[str, str] = MappingProxyType({})

COUNTED_MAX = 1000
"""Beyond this many, a list that is narrowed says only that there are more."""

CAUGHT_UP_MAX = 200
"""Changes that the reader of a page waits for."""

VIEWS: dict[str, tuple[str, str, Words]] = {
    "to_review": ("action", "inbox", _l("To review")),
    "to_correct": ("warn", "flag", _l("To correct")),
    "conflict": ("clash", "fork", _l("Conflict")),
    "quarantined": ("bad", "shield", _l("Quarantined")),
    "held": ("still", "hourglass", _l("Held")),
    "approved": ("ok", "check", _l("Approved")),
    "rejected": ("still", "cross", _l("Rejected")),
    "everything": ("still", "list", _l("Everything")),
}
"""Tone, icon and word of each view."""

OF_THE_HISTORY = frozenset({"quarantined", "held"})
"""Views for those who may read the history."""


@dataclass(frozen=True)
class Tab:
    """A view of the list, with how many lines it has."""

    address: str
    tone: str
    icon: str
    label: str
    count: str
    is_here: bool


def catch_up(who: Reader, wanted: Filter) -> int:
    """Sort in what has just come, as far as a reader can wait for it; how many changes are still to be sorted in."""
    here = context()
    with here.database.read() as session:
        late = inbox_projection.late(session, services.association_ids(session, who, wanted))
    for association_id in late:
        try:
            here.database.write(
                lambda session, each=association_id: inbox_projection.step(session, each, CAUGHT_UP_MAX)  # type: ignore[misc]
            )
        except Busy:
            break  # others write: the page tells that it lags
    if not late:
        return 0
    with here.database.read() as session:
        return inbox_projection.behind(session, late)


@blueprint.get("/inbox", endpoint="inbox")
@page_access(READ_RECORDS)
def inbox_page() -> Response:
    """The list."""
    return shown()


def shown(errors: Mapping[str, str] = NOTHING, ticked: Sequence[str] = (), note: str = "") -> Response:
    """The list as the address asks for it; with what is wrong in a form about it, and what that form said."""
    who, wanted = reader(), asked()
    behind = catch_up(who, wanted)
    with context().database.read() as session:
        at = inbox_cursors.read(session, who, wanted, request.args.get("at", ""))
        page = services.page(session, who, wanted, at, ROWS)
        values = _shown(session, who, wanted, page)
    return shell.page(
        "inbox.html", 422 if errors else 200, behind=behind, errors=errors, ticked=ticked, note=note, **values
    )


@blueprint.post("/inbox/search")
@page_access(READ_RECORDS)
def search_inbox() -> Response:
    """Keep the words that are searched for; the address gets a ticket in their place, and somebody else only that."""
    here, who, words = context(), reader(), fields.text("words", searching.TEXT_MAX)
    wanted = inbox.parse(request.args)
    if not search_keys(words):
        return shell.onward_to(address(replace(wanted, search="")))
    drawn = here.draw(searching.TICKET_BYTES)
    ticket = here.database.write(lambda session: searching.remember(session, who, words, drawn, here.now_ms()))
    return shell.onward_to(address(replace(wanted, search=ticket)))


def asked() -> Filter:
    """The filter of the address; of an address that asks for nothing, what waits for a decision."""
    wanted = inbox.parse(request.args)
    if wanted != Filter() or "view" in request.args:
        return wanted
    return replace(inbox.view(wanted, "to_review"), association=inbox_filters.usual_association(reader()))


def address(wanted: Filter, **more: str) -> str:
    """The address of a filter."""
    said = inbox.query(wanted) or {"view": "everything"}
    return url_for("pages.inbox", **said, **more)  # type: ignore[arg-type]


def _shown(session: Any, who: Reader, wanted: Filter, page: services.Page) -> dict[str, Any]:
    kept, usual = inbox.query(wanted), Filter(association=inbox_filters.usual_association(who))
    several = wanted.association == inbox.EVERYWHERE
    may_act = who.may(access.ACT_ON_RECORDS)
    owners = labels.associations_by_id(session) if several else {}
    searched = searching.text(session, who, wanted.search)
    return {
        "lines": rows.lines(session, page.rows, kept, owners),
        "tabs": _tabs(session, who, wanted),
        "waiting": services.count(session, who, inbox.view(usual, "to_review"), COUNTED_MAX),
        "filter": wanted,
        "fields": inbox_filters.fields(session, who, wanted),
        "kept": kept,
        "count": _number(session, who, wanted, page),
        "sealed": _sealed(session, who),
        "may_act": may_act,
        "done": bulk.find(session, who, request.args.get("done", "")) if may_act else None,
        "reason_of": lambda code: render(Problem(code, detail={"count": "…"}), language.chosen()),
        "states": REVIEW_STATES,
        "may_export": who.may(access.EXPORT_RECORDS),
        "searched": searched,
        "not_shared": bool(wanted.search) and not searched,
        "cut_short": page.cut_short,
        "before": page.before and address(wanted, at=inbox_cursors.write(session, who, wanted, page.before)),
        "after": page.after and address(wanted, at=inbox_cursors.write(session, who, wanted, page.after)),
        "clear": address(inbox.view(Filter(), inbox.view_of(wanted) or "to_review")),
        "has_deeds": may_act and bool(bulk.recent(session, who, context().now_ms())),
        "unsearched": address(replace(wanted, search="")),
        "is_filtered": replace(wanted, search="") != inbox.view(usual, inbox.view_of(wanted) or "everything"),
    }


def _tabs(session: Any, who: Reader, wanted: Filter) -> list[Tab]:
    """The views; of a narrowed list only the present one has its number, beneath."""
    here = inbox.view_of(wanted)
    narrowed = inbox.view(wanted, "everything").is_narrowed
    shown = [name for name in VIEWS if name not in OF_THE_HISTORY or who.may(access.READ_HISTORY)]
    return [
        Tab(
            address=address(inbox.view(wanted, name)),
            tone=VIEWS[name][0],
            icon=VIEWS[name][1],
            label=str(VIEWS[name][2]),
            count="" if narrowed else _told(services.count(session, who, inbox.view(wanted, name), COUNTED_MAX)),
            is_here=name == here,
        )
        for name in shown
    ]


def _told(count: services.Count) -> str:
    return f"{language.number(count.number)}+" if count.more else language.number(count.number)


def _number(session: Any, who: Reader, wanted: Filter, page: services.Page) -> str:
    """How many lines there are in all; a page without neighbours knows it, and one that was cut short never does."""
    if page.cut_short or not (page.before or page.after):
        return _told(services.Count(len(page.rows), page.cut_short))
    return _told(services.count(session, who, wanted, COUNTED_MAX))


SEALED_STEP = 5
"""Sealed submissions are told in steps: a small number, or one that grows by one, may point to somebody."""


def _sealed(session: Any, who: Reader) -> str:
    """How many sealed submissions there are, as far as it may be told; an empty text where there is nothing to tell."""
    number = services.sealed(session, who)
    if number == 0:
        return ""
    return f"≥ {language.number(number - number % SEALED_STEP)}" if number >= SEALED_STEP else f"< {SEALED_STEP}"
