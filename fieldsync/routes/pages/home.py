"""The home page: what waits, what is open to whoever is signed in; for everybody else the way in."""

from dataclasses import dataclass
from typing import Any

from flask import Response

from fieldsync.core import access
from fieldsync.routes.context import context
from fieldsync.routes.pages import assets, frame, shell
from fieldsync.routes.pages.account import grants_shown
from fieldsync.routes.pages.guard import PUBLIC, page_access, whoever
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services.readers import Reader


@dataclass(frozen=True)
class Tile:
    """A way from the home page to another."""

    endpoint: str
    icon: str
    label: str
    text: str
    count: int | None = None


@blueprint.get("/")
@page_access(PUBLIC)
def home() -> Response:
    """Home; whoever is not signed in is asked to."""
    who = whoever()
    if who is None:
        return shell.onward("pages.sign_in")
    if who.must_enrol:
        return shell.onward("pages.add_second_factor")
    with context().database.read() as session:
        grants = grants_shown(session, who)
    return shell.page("home.html", alerts=_alerts(who), tiles=_tiles(who), grants=grants)


@blueprint.get("/static/<edition>/<path:filename>")
@page_access(PUBLIC)
def static_file(edition: str, filename: str) -> Response:
    """The program's own files."""
    return assets.serve(edition, filename)


def _alerts(who: Reader) -> list[Any]:
    if who.has_second_factor:
        return []
    text = _("A code from your phone at each sign-in keeps others out.")
    return [("info", "key", _("The second step is off."), text, "pages.add_second_factor", _("Switch on"))]


def _tiles(who: Reader) -> list[Tile]:
    texts = {
        "map": _("Where records lie, and how many at each place"),
        "quality": _("What the rules think worth a look, by phone and by form"),
        "inbox": _("What came in, and what waits for you"),
        "dashboard": _("What was reached, against the targets; how the phones are doing"),
        "quarantine": _("What was kept and not counted, with the reason"),
        "duplicates": _("Pairs that may be one and the same, side by side"),
        "exports": _("Take records out as a file"),
        "devices": _("Enrol, move, revoke; who has been silent"),
        "forms": _("Publish, compare, retire; which phones are behind")
        if who.may(access.PUBLISH_FORMS)
        else _("What the forms ask, and in which languages"),
        "people_page": _("Invite, give roles, help back in"),
        "audit": _("Who did what, and whether the chain holds"),
    }
    entries = frame.navigation(who)
    tiles = [
        Tile(each.endpoint, each.icon, each.label, texts[each.endpoint.removeprefix("pages.")]) for each in entries
    ]
    if who.may(access.MANAGE_PEOPLE):
        tiles.append(Tile("pages.roles", "roles", _("Roles"), _("What each role may do")))
    return tiles
