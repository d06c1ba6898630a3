"""The way from one record to the next, within the filter of the inbox that somebody came from."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from fieldsync.core import inbox
from fieldsync.routes.pages import rows
from fieldsync.services import inbox as inbox_services
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader


@dataclass(frozen=True)
class Way:
    """Addresses: `back` is the inbox, `on_map` the map of the same filter; `previous` and `following` may be empty."""

    back: str
    on_map: str
    previous: str = ""
    following: str = ""
    kept: dict[str, str] = field(default_factory=dict)


def kept() -> dict[str, str]:
    """The filter that somebody came from, as an address says it."""
    return inbox.query(inbox.parse(request.args))


def kept_filter() -> str:
    """The same as the end of an address."""
    said = kept()
    return f"?{urlencode(said)}" if said else ""


def way(session: Any, who: Reader, found: Found) -> Way:
    """Where a record lies in the filter's order; one that met it when somebody set out is still on the way."""
    said = kept()
    before, after = inbox_services.neighbours(session, who, inbox.parse(request.args), found)
    previous, following = (rows.address_of(session, each, said) if each else "" for each in (before, after))
    back, on_map = (url_for(f"pages.{name}", **said) for name in ("inbox", "map"))  # type: ignore[arg-type]
    return Way(back, on_map, previous, following, said)
