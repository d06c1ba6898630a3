"""Lists page by page: where one stands is a sealed number in the address, as in the API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

from fieldsync.core.opaque import open_number, seal_number
from fieldsync.routes.context import context
from fieldsync.routes.pages import shell
from fieldsync.routes.pages.guard import reader
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.reading import Page

ROWS = 50
"""Rows of a page: what fits a few screens, and loads over a thin link."""

CURSOR_MAX = 200


@dataclass(frozen=True)
class Shown:
    """A page of a list; `following` and `first` are addresses, empty where there is nothing to go to."""

    items: list[dict[str, Any]]
    following: str
    first: str


def shown(name: str, read: Callable[[Any, int, int], Page], session: Any) -> Shown:
    """The page that the address asks for; `read` takes (session, after which row, how many)."""
    secret, purpose = secret_of(session), f"pages {reader().association_id} {name}"
    asked = request.args.get("after", "")[:CURSOR_MAX]
    after = (open_number(asked, purpose, secret) if asked else 0) or 0
    page = read(session, after, ROWS)
    following = "" if page.last_id is None else shell.address_with(after=seal_number(page.last_id, purpose, secret))
    return Shown(list(page.items), following, shell.address_with(after="") if after else "")


def read_page(name: str, read: Callable[[Any, int, int], Page]) -> Shown:
    """The same, in a transaction of its own."""
    with context().database.read() as session:
        return shown(name, read, session)
