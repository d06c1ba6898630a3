"""Roles: what each may do, giving one, confirming one, taking one away."""

from typing import Any

from flask import Response

from fieldsync.core import access
from fieldsync.core.roles import ALL, CLEAR, MASKED, Exclusion, Role, RoleBook
from fieldsync.routes.pages import fields, labels, shell, words
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import granting, places
from fieldsync.services.granting import Wanted
from fieldsync.services.readers import Reader

TEAM_MAX = 60
WAIVABLE = "roles_excluded_waiver"
"""The refusal after which the form asks for the reason of a waiver."""


@blueprint.get("/roles")
@page_access(access.MANAGE_PEOPLE)
def roles() -> Response:
    """Every role with its permissions, what it reads, and what nobody holds together."""
    book = reader().book
    return shell.page(
        "roles.html",
        permissions=list(words.PERMISSIONS.values()),
        roles=[_shown(each) for each in book.roles],
        exclusions=[_excluded(book, each) for each in book.role_exclusions],
    )


def choices(who: Reader) -> dict[str, Any]:
    """What the form for a role offers."""
    return {
        "roles": [(each.code, labels.role_name(each), _hint(who, each)) for each in granting.grantable(who)],
        "places": labels.place_choices(),
    }


def given() -> dict[str, Any]:
    """What the form carried, to be shown again."""
    return {
        "role": fields.text("role"),
        "places": fields.several("places", list(places.by_code())),
        "team": fields.text("team", TEAM_MAX),
        "waiver": fields.text("waiver"),
    }


def wanted(who: Reader) -> Wanted | None:
    """The role that the form asks for; its association is where the giver works, never what a form says."""
    offered = {each.code: each for each in granting.grantable(who)}
    role = offered.get(fields.text("role"))
    if role is None:
        return None
    association_id = who.association_id or None if role.reach == "association" else None
    asked = given()
    return Wanted(role.code, association_id, tuple(asked["places"]), asked["team"], asked["waiver"])


def _hint(who: Reader, role: Role) -> str:
    return _("Waits for a second person") if granting.waits_for_second(who, role) else ""


def _shown(role: Role) -> dict[str, Any]:
    return {
        "label": labels.role_name(role),
        "may": [code in role.permissions for code in words.PERMISSIONS],
        "where": {
            "association": _("in one association"),
            "programme": _("in all associations"),
            "server": _("on the server, no association"),
        }[role.reach],
        "reads": _reads(role),
        "second_factor": role.second_factor,
    }


def _reads(role: Role) -> list[str]:
    families = [_("all forms")] if ALL in role.families else sorted(role.families)
    counted = [_("%(family)s: totals only", family=each) for each in sorted(role.counts)]
    personal = {CLEAR: [_("personal answers")], MASKED: [_("personal answers, masked")]}.get(role.personal, [])
    restricted = [_("restricted answers")] if role.restricted else []
    own = [_("only what her own phone sent")] if role.own else []
    return [each for each in (*families, *counted, *personal, *restricted, *own) if each] or [_("no records")]


def _excluded(book: RoleBook, exclusion: Exclusion) -> str:
    if exclusion.foreign:
        return _("%(role)s: never in the association where one belongs", role=_name(book, exclusion.foreign))
    together = _(" with ").join(_name(book, code) for code in exclusion.roles)
    return _("%(roles)s, unless a waiver is written down", roles=together) if exclusion.waiver else together


def _name(book: RoleBook, code: str) -> str:
    found = book.role(code)
    return code if found is None else labels.role_name(found)
