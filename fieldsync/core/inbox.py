"""The filter that the desk's list, map and exports share: an address says it, and nothing personal stands in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

STATES = ("quarantined", "held", "received", "edited", "hasIssues", "approved", "rejected")
"""Review states in the order of a list sorted by them; the first two stand before any review."""

OPEN = "open"
UNDECIDED = ("quarantined", "held", "received", "edited", "hasIssues")
"""What `open` stands for: all that nobody has decided yet."""

GONE = ("", "deleted", "merged")
"""Where a record went: nowhere, deleted, into another record."""
WITH_GONE = "with"

SORTS = ("arrived", "changed", "form", "place", "state")
EVERYWHERE = "all"
"""In place of an association: all those that somebody may read."""

CONFLICT, HELD, INCOMPLETE = "conflict", "held", "incomplete"

KINDS = ("submission", "entity")

_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_TICKET = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Filter:
    """Which records; an empty member asks for nothing.

    `kind` and `of`: submissions of a form or entities of a list. `association`: a slug, or EVERYWHERE; empty is the
    one in which the reader works. `place` is a code, with all below it. `companion` is a person's UUID, `device` a
    phone's present author. `state` is one of STATES or OPEN. `since`, `until`: days of arrival, ISO 8601, both within.
    `flag` is a code; `gone` one of GONE or WITH_GONE, empty for what is neither deleted nor merged away. `search`: a
    ticket for words that the server keeps.
    """

    kind: str = ""
    of: str = ""
    association: str = ""
    place: str = ""
    companion: str = ""
    device: str = ""
    state: str = ""
    since: str = ""
    until: str = ""
    flag: str = ""
    conflict: bool = False
    held: bool = False
    incomplete: bool = False
    gone: str = ""
    search: str = ""
    sort: str = "arrived"
    ascending: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked than a state, a form or an order: what tallies cannot answer."""
        plain = Filter(kind=self.kind, of=self.of, state=self.state, gone=self.gone, association=self.association)
        return replace(self, sort="arrived", ascending=False) != plain


def parse(given: Mapping[str, str]) -> Filter:
    """The filter that an address asks for; what cannot be meant is left out."""
    kind, _, of = given.get("of", "").partition(".")
    sort, _, way = given.get("sort", "").partition(".")
    is_kind = kind in KINDS
    return Filter(
        kind=kind if is_kind else "",
        of=_matching(_CODE, of) if is_kind else "",
        association=_matching(_CODE, given.get("association", "")),
        place=_matching(_CODE, given.get("place", "")),
        companion=_matching(_UUID, given.get("companion", "")),
        device=_matching(_TICKET, given.get("device", "")),
        state=_among((OPEN, *STATES), given.get("state", "")),
        since=_day(given.get("since", "")),
        until=_day(given.get("until", "")),
        flag=_matching(_CODE, given.get("flag", "")),
        conflict=given.get("conflict") == "1",
        held=given.get("held") == "1",
        incomplete=given.get("incomplete") == "1",
        gone=_among((*GONE, WITH_GONE), given.get("gone", "")),
        search=_matching(_TICKET, given.get("search", "")),
        sort=_among(SORTS, sort) or "arrived",
        ascending=way == "up",
    )


def query(wanted: Filter) -> dict[str, str]:
    """The filter as an address says it: what is not asked for does not stand in it, and `parse` reads it back."""
    texts = ("association", "place", "companion", "device", "state", "since", "until", "flag", "gone", "search")
    said = {"of": f"{wanted.kind}.{wanted.of}".rstrip(".")} if wanted.kind else {}
    said |= {name: getattr(wanted, name) for name in texts if getattr(wanted, name)}
    said |= {name: "1" for name in ("conflict", "held", "incomplete") if getattr(wanted, name)}
    if wanted.ascending or wanted.sort != "arrived":
        said["sort"] = f"{wanted.sort}.up" if wanted.ascending else wanted.sort
    return said


VIEWS: Mapping[str, Mapping[str, Any]] = {
    "to_review": {"state": OPEN},
    "to_correct": {"state": "hasIssues"},
    "conflict": {"conflict": True},
    "quarantined": {"state": "quarantined"},
    "held": {"held": True},
    "approved": {"state": "approved"},
    "rejected": {"state": "rejected"},
    "everything": {},
}
"""The views that the list always offers: what each asks for beside the rest of a filter."""


OF_SUBMISSIONS = frozenset({"to_review", "to_correct", "approved", "rejected"})
"""Views that show submissions unless entities are asked for: what these make needs no decision of its own."""


def view(wanted: Filter, name: str) -> Filter:
    """A filter looked at through another view; its search, its form, its places and its days stay."""
    is_chosen = bool(wanted.of) or wanted.kind == "entity"
    kind = wanted.kind if is_chosen else "submission" if name in OF_SUBMISSIONS else ""
    plain = replace(wanted, kind=kind, state="", conflict=False, held=False, gone="")
    return replace(plain, **VIEWS[name])


def view_of(wanted: Filter) -> str:
    """The view that a filter is, or an empty text for one of the reader's own making."""
    return next((name for name in VIEWS if view(wanted, name) == wanted), "")


def marks_of(wanted: Filter) -> tuple[str, ...]:
    """The marks that every row must bear."""
    asked = ((CONFLICT, wanted.conflict), (HELD, wanted.held), (INCOMPLETE, wanted.incomplete))
    return (*(mark for mark, is_asked in asked if is_asked), *((wanted.flag,) if wanted.flag else ()))


def states_of(wanted: Filter) -> tuple[int, ...]:
    """Positions in STATES; none for all of them."""
    names = UNDECIDED if wanted.state == OPEN else (wanted.state,) if wanted.state else ()
    return tuple(STATES.index(name) for name in names)


def gone_of(wanted: Filter) -> tuple[int, ...]:
    """Positions in GONE; none for all of them."""
    return () if wanted.gone == WITH_GONE else (GONE.index(wanted.gone),)


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _among(allowed: tuple[str, ...], text: str) -> str:
    return text if text in allowed else ""


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
