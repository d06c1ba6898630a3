"""The way from one record to the next, within the filter of the inbox that somebody came from."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from fieldsync.core import inbox
from fieldsync.core.inbox import Filter
from fieldsync.routes.pages import labels, language, rows
from fieldsync.routes.pages.guard import reader, whoever
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.speech import _
from fieldsync.services import inbox as inbox_services
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader

NUMBERED_MAX, COUNTED_MAX = 200, 1000
"""The first records of a filter are told their number; beyond a thousand there are only more."""


@dataclass(frozen=True)
class Way:
    """Addresses: `back` is the inbox, `on_map` the map of the same filter; `previous` and `following` may be empty.

    `position`: which of how many the record is, where that is cheap to tell.
    """

    back: str
    on_map: str
    previous: str = ""
    following: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    position: str = ""


def kept() -> dict[str, str]:
    """The filter that somebody came from, as an address says it."""
    return inbox.query(inbox.parse(request.args))


def kept_filter() -> str:
    """The same as the end of an address."""
    said = kept()
    return f"?{urlencode(said)}" if said else ""


def way(session: Any, found: Found) -> Way:
    """Where a record lies in the filter's order; one that met it when somebody set out is still on the way."""
    said, who, wanted = kept(), whoever(), inbox.parse(request.args)
    assert who is not None
    before, after = inbox_services.neighbours(session, who, wanted, found)
    previous, following = (rows.address_of(session, each, said) if each else "" for each in (before, after))
    back, on_map = (url_for(f"pages.{name}", **said) for name in ("inbox", "map"))  # type: ignore[arg-type]
    return Way(back, on_map, previous, following, said, _position(session, who, wanted, found))


def _position(session: Any, who: Reader, wanted: Filter, found: Found) -> str:
    """Which one of how many, as "5 of 17"; empty without a filter, and of a record that meets it no longer."""
    if wanted == Filter():
        return ""
    place = inbox_services.position(session, who, wanted, found, NUMBERED_MAX)
    if place is None:
        return ""
    count = inbox_services.count(session, who, wanted, COUNTED_MAX)
    told = f"{language.number(count.number)}+" if count.more else language.number(count.number)
    return _("%(number)s of %(count)s", number=language.number(place), count=told)


def elsewhere(session: Any) -> Spoken | None:
    """The association in which the record of the page lies, where that is not the one in which its reader works."""
    here, home = reader(), whoever()
    if home is None or here.association_id == home.association_id:
        return None
    return labels.associations_by_id(session).get(here.association_id)
