"""Lists page by page: `cursor` and `limit` in, `next` out; a cursor is sealed and fits one list only."""

from collections.abc import Callable
from typing import Any

from flask import Response

from fieldsync.core.opaque import open_number, seal_number
from fieldsync.core.problems import Problem
from fieldsync.routes.access import reader
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.reading import Page

Read = Callable[[Any, int, int], Page]
"""(session, after which row id, how many) to a page."""


def paged(name: str, asked: dict[str, Any], read: Read) -> Response:
    """One page of a list; `name` tells its cursors from those of other lists."""
    with context().database.read() as session:
        secret = secret_of(session)
        purpose = f"page {reader().association_id} {name}"
        cursor = asked.get("cursor")
        after_id = open_number(cursor, purpose, secret) if cursor else 0
        if after_id is None:
            raise Refused(Problem("bad_cursor"))
        page = read(session, after_id, asked["limit"])
    following = None if page.last_id is None else seal_number(page.last_id, purpose, secret)
    return json_response({"items": page.items, "next": following})
