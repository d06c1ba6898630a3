"""Enrolling a phone: a code with its picture, good once and for minutes, and what became of it."""

from collections.abc import Sequence
from typing import Any

from flask import Response

from fieldsync.core.access import MANAGE_DEVICES
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import cookies, fields, labels, language, pictures, shell
from fieldsync.routes.pages.devices import (
    NAME_MAX,
    TEAM_MAX,
    refused_field,
    roles_offered,
    views_ticked,
    views_wanted,
)
from fieldsync.routes.pages.guard import PUBLIC, page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import auditing, device_care
from fieldsync.services.changes import name_of
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.readers import Reader
from fieldsync.store.devices import ViewRow

KINDS = ("device", "hub")
DEFAULT_ROLE = "companion"


@blueprint.get("/enrol")
@page_access(PUBLIC)
def open_code() -> Response:
    """Where a phone's camera leads that is not the app: what to do with the code, which stands after `#`."""
    return shell.page("code.html")


@blueprint.get("/phones/enrol")
@page_access(MANAGE_DEVICES, fresh=True)
def enrol() -> Response:
    """The form."""
    return _form({}, 200, ["all"])


@blueprint.post("/phones/enrol")
@page_access(MANAGE_DEVICES, fresh=True)
def take_enrolment() -> Response:
    """Make a code. This browser alone keeps it, for as long as it is good; the server knows its digest."""
    here, who = context(), reader()
    name, kind, views = fields.text("name", NAME_MAX), fields.one_of("kind", _kinds(who)), views_wanted()
    role = fields.one_of("role", [code for code, _name in roles_offered(who)])
    errors = {
        "name": "" if name else _("Name the phone."),
        "kind": "" if kind else _("Choose what it is."),
        "role": "" if role else _("Choose a role."),
        "places": "" if views else _("Tick at least one thing that it reads."),
    }
    if any(errors.values()):
        wrong = {field: text for field, text in errors.items() if text}
        return _form(wrong, 422, _ticked(views))
    refused = device_care.keeps_from_offering(who, kind, role, views)
    if refused is not None:
        return _form(shell.said(refused, refused_field(refused)), shell.status_of(refused), _ticked(views))
    new = NewDevice(who.association_id, kind, name, views, role=role, team=fields.text("team", TEAM_MAX))
    minutes = here.settings.enrolment_code_minutes
    expires_ms = here.now_ms() + minutes * language.MINUTE_MS
    by, root = auditing.by(who), shell.root()
    made = here.database.write(
        lambda session: device_care.offer(session, by, new, root, expires_ms, here.draw, here.now_ms())
    )
    response = shell.onward("pages.offer", offer=made.offer)
    cookies.put(response, cookies.CODE, f"{made.offer}.{made.code}", minutes * 60)
    return response


@blueprint.get("/phones/enrol/<offer>")
@page_access(MANAGE_DEVICES)
def offer(offer: str) -> Response:
    """The code and its picture, where this browser made it; and what became of it."""
    return shell.page("offer.html", offer=_found(offer))


@blueprint.get("/phones/enrol/<offer>/state")
@page_access(MANAGE_DEVICES)
def offer_state(offer: str) -> Response:
    """Nothing while the code waits; then the piece of the page that tells what became of it."""
    found = _found(offer)
    if found["state"] == "open":
        return shell.dressed(Response(status=204))
    return shell.page("offer_state.html", offer=found)


@blueprint.get("/phones/enrol/<offer>/picture.svg")
@page_access(MANAGE_DEVICES)
def offer_picture(offer: str) -> Response:
    """The QR code that the phone scans."""
    found = _found(offer)
    if not found["code"]:
        raise Refused(Problem("not_found"))
    return shell.dressed(pictures.qr(found["link"]))


@blueprint.post("/phones/enrol/<offer>/end")
@page_access(MANAGE_DEVICES)
def cancel_offer(offer: str) -> Response:
    """Take the code back."""
    here, who = context(), reader()
    problem = here.database.write(lambda session: device_care.end_offer(session, who, offer, here.now_ms()))
    if problem is not None:
        raise Refused(problem)
    response = shell.onward("pages.devices", "offer_ended")
    cookies.drop(response, cookies.CODE)
    return response


def _found(offer: str) -> dict[str, Any]:
    here, who = context(), reader()
    with here.database.read() as session:
        state = device_care.offer_state(session, who, offer, here.now_ms())
    if state is None:
        raise Refused(Problem("not_found"))
    kept, _dot, code = cookies.read(cookies.CODE).partition(".")
    code = code if kept == offer and state["state"] == "open" else ""
    return {
        **state,
        "code": code,
        "url": shell.root(),
        "link": device_care.link_of(shell.root(), code) if code else "",
        "left_seconds": max(0, (state["expires_ms"] - here.now_ms()) // 1000),
    }


def _ticked(views: Sequence[ViewRow]) -> list[str]:
    return views_ticked([name_of(view) for view in views])


def _kinds(who: Reader) -> list[str]:
    """What she may enrol: nothing that shows more than she reads herself."""
    return [kind for kind in KINDS if device_care.keeps_from_offering(who, kind, DEFAULT_ROLE) is None]


def _form(errors: dict[str, str], status: int, ticked: list[str]) -> Response:
    who = reader()
    given = {
        "name": fields.text("name", NAME_MAX),
        "kind": fields.one_of("kind", KINDS) or "device",
        "role": fields.text("role") or DEFAULT_ROLE,
    }
    names = {"device": _("Phone"), "hub": _("Hub: a relay in a commune")}
    return shell.page(
        "enrol.html",
        status,
        given=given,
        kinds=[(kind, names[kind]) for kind in _kinds(who)],
        roles=roles_offered(who),
        places=labels.place_choices(),
        chosen_views=ticked,
        chosen_team=fields.text("team", TEAM_MAX),
        with_team=True,
        errors=errors,
    )
