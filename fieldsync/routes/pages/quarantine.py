"""What is quarantined, as a plain list with the reasons."""

from typing import Any

from flask import Response

from fieldsync.core.access import READ_HISTORY
from fieldsync.routes.pages import language, lists, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import desk_lists


@blueprint.get("/quarantine")
@page_access(READ_HISTORY)
def quarantine() -> Response:
    """What nobody has judged yet, oldest first; no answer is shown here."""
    who, chosen = reader(), language.chosen()
    found = lists.read_page(
        "quarantine", lambda on, after, limit: desk_lists.quarantined(on, who, after, limit, chosen)
    )
    items = [_shown(each) for each in found.items]
    return shell.page("quarantine.html", items=items, following=found.following, first=found.first)


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "of": told["of"],
        "reasons": [each["title"] for each in told["problems"]],
        "device": told["sender"],
        "arrived_ms": told["arrived_ms"],
        "record": told["record"] or "",
    }
