"""What is quarantined, as a plain list with the reasons."""

from typing import Any

from flask import Response

from fieldsync.core.access import READ_HISTORY
from fieldsync.routes.context import context
from fieldsync.routes.pages import language, lists, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import desk_lists, device_care

AUTHOR_SHOWN = 8


@blueprint.get("/quarantine")
@page_access(READ_HISTORY)
def quarantine() -> Response:
    """What nobody has judged yet, oldest first; no answer is shown here."""
    who, chosen = reader(), language.chosen()
    with context().database.read() as session:
        found = lists.shown(
            "quarantine", lambda on, after, limit: desk_lists.quarantined(on, who, after, limit, chosen), session
        )
        authors = {each["author"] for each in found.items}
        names = {author: _name(session, who.association_id, author) for author in authors}
    items = [_shown(each, names) for each in found.items]
    return shell.page("quarantine.html", items=items, following=found.following, first=found.first)


def _name(session: Any, association_id: int, author: str) -> str:
    """The phone that speaks under an author; the beginning of an author that is no phone of ours."""
    row = device_care.find(session, association_id, author)
    return row.name if row is not None else author[:AUTHOR_SHOWN]


def _shown(told: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {
        "of": told["of"],
        "reasons": [each["message"] for each in told["problems"]],
        "device": names[told["author"]],
        "arrived_ms": told["received_ms"],
        "record": told["record"] or "",
    }
