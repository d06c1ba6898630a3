"""Phones and hubs: which there are and how they are, their names, places and teams, taking one out."""

from collections.abc import Sequence
from typing import Any

from flask import Response

from fieldsync.core.access import MANAGE_DEVICES, READ_HISTORY, READ_RECORDS, SEE_DEVICES
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import fields, labels, language, lists, shell, words
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _, ngettext
from fieldsync.services import auditing, desk_lists, device_care, people, places, uploads
from fieldsync.services.device_care import Move
from fieldsync.services.readers import Reader
from fieldsync.store.devices import DeviceRow, ViewRow
from fieldsync.store.people import PersonRow

NAME_MAX = 80
TEAM_MAX = 60

SILENT_MS = 5 * language.DAY_MS
"""A phone that has not synced for so long is named; companions come by a link every two or three days."""

CLOCK_OFF_MS = 5 * language.MINUTE_MS
"""A clock is wrong from here on: operations are told apart by minutes."""

FORMS_SHOWN = 50

BEARERS_MAX = 200
"""People to choose from; an association has tens."""

FULL_BYTES = 200 * 1024 * 1024
"""Below this much free space a phone stops taking pictures."""

SHORT_OF_ROOM_BYTES = 16 * 1024 * 1024
"""With less room left the next photos of a phone may have to wait on it."""


@blueprint.get("/phones")
@page_access(SEE_DEVICES)
def devices() -> Response:
    """The association's phones and hubs."""
    who = reader()
    found = lists.read_page("devices", lambda on, after, limit: desk_lists.devices_page(on, who, after, limit))
    shown = [_shown(each) for each in found.items]
    silent = sum(each["is_silent"] for each in shown)
    sub = ngettext("%(num)s silent for more than five days", "%(num)s silent for more than five days", silent)
    return shell.page(
        "devices.html",
        devices=shown,
        following=found.following,
        first=found.first,
        sub=sub if silent else "",
        may_enrol=who.may(MANAGE_DEVICES),
    )


@blueprint.get("/phones/<device>")
@page_access(SEE_DEVICES)
def device(device: str) -> Response:
    """One phone, and what can be done with it."""
    return _page(device, {}, 200)


@blueprint.post("/phones/<device>/name")
@page_access(MANAGE_DEVICES)
def rename_device(device: str) -> Response:
    """Another name."""
    row = looked_up(device)
    here, by, name = context(), auditing.by(reader()), fields.text("name", NAME_MAX)
    if not name:
        return _page(device, {"name": _("Name the phone.")}, 422)
    here.database.write(lambda session: device_care.rename(session, by, row, name, here.now_ms()))
    return shell.onward("pages.device", "device_renamed", device=device)


@blueprint.post("/phones/<device>/place")
@page_access(MANAGE_DEVICES)
def move_device(device: str) -> Response:
    """Another place, team, role or bearer."""
    here, who = context(), reader()
    by, views, role, holder = auditing.by(who), views_wanted(), fields.text("role"), fields.text("holder")
    with here.database.read() as session:
        row = found(session, device)
        bearer = people.find(session, who, holder) if holder else None
        wanted = Move(views, fields.text("team", TEAM_MAX), role or None, bearer.id if bearer else 0)
        refused = device_care.keeps_from_moving(session, who, row, wanted)
    errors = {
        "places": "" if views else _("Tick at least one thing that it reads."),
        "holder": _("Choose somebody from the list.") if holder and bearer is None else "",
    }
    if any(errors.values()):
        return _page(device, {field: text for field, text in errors.items() if text}, 422)
    if refused is not None:
        return _page(device, shell.said(refused, refused_field(refused)), shell.status_of(refused))
    here.database.write(lambda session: device_care.move(session, by, row, wanted, here.now_ms()))
    return shell.onward("pages.device", "device_moved", device=device)


@blueprint.get("/phones/<device>/revoke")
@page_access(MANAGE_DEVICES, fresh=True)
def revoke_device(device: str) -> Response:
    """Whether to take it out."""
    row = looked_up(device)
    return shell.deed(
        question=_("Revoke this phone?"),
        about=row.name,
        consequence=_(
            "Nothing comes down to it any more. What it still sends is kept in quarantine. Back it comes "
            "only by a new enrolment."
        ),
        options=[("wipe", _("Also ask it to erase what it holds"), _("It hands over first what it has not sent yet."))],
        back="pages.device",
        device=device,
        keep=_("Do not revoke"),
        deed=_("Revoke the phone"),
    )


@blueprint.post("/phones/<device>/revoke")
@page_access(MANAGE_DEVICES, fresh=True)
def take_revocation(device: str) -> Response:
    """Take it out."""
    row = looked_up(device)
    here, by, wipe = context(), auditing.by(reader()), fields.one_of("wipe", ["yes"]) == "yes"
    here.database.write(lambda session: device_care.revoke(session, by, row, wipe, here.now_ms()))
    return shell.onward("pages.device", "device_revoked", device=device)


def found(session: Any, author: str) -> DeviceRow:
    """The phone that an address names; one of elsewhere is answered like one that is not there."""
    row = device_care.find(session, reader().association_id, author)
    if row is None:
        raise Refused(Problem("not_found"))
    return row


def looked_up(author: str) -> DeviceRow:
    """The same, in a transaction of its own."""
    with context().database.read() as session:
        return found(session, author)


def roles_offered(who: Reader) -> list[tuple[str, str]]:
    """(code, name) of the roles whose forms and records a phone of hers may have."""
    return [
        (role.code, labels.role_name(role))
        for role in who.book.roles
        if role.reach == "association" and READ_RECORDS in role.permissions
        if device_care.keeps_from_offering(who, "device", role.code) is None
    ]


def refused_field(problem: Problem) -> str:
    """Beneath which field a refusal stands."""
    return "places" if problem.code == "phone_too_wide" else "role"


def views_wanted() -> tuple[ViewRow, ...]:
    """What the form ticked for a phone to read; everything includes the rest."""
    if fields.one_of("everything", ["yes"]):
        return (ViewRow("all"),)
    own = [ViewRow("own")] if fields.one_of("own", ["yes"]) else []
    return (*(ViewRow("place", code) for code in fields.several("places", list(places.by_code()))), *own)


def views_ticked(names: list[str]) -> list[str]:
    """Views by their names, as the form ticks them: `all`, `own`, a place's code."""
    return [name.removeprefix("place:") for name in names]


def _page(author: str, errors: dict[str, str], status: int) -> Response:
    who = reader()
    with context().database.read() as session:
        row = found(session, author)
        told = desk_lists.device_told(session, row)
        room = uploads.room(session, context().settings, row.id, context().now_ms()).both
        holder = device_care.holder_of(session, row)
        bearers = people.page(session, who, 0, BEARERS_MAX).items if who.may(MANAGE_DEVICES) else []
    roles = roles_offered(who)
    return shell.page(
        "device.html",
        status,
        device={
            **_shown(told),
            "role": _role_name(who, row.role),
            "room": max(room, 0),
            "room_is_short": room < SHORT_OF_ROOM_BYTES,
            "holder": (holder.name or holder.email) if holder else "",
        },
        may_manage=who.may(MANAGE_DEVICES),
        may_move=device_care.keeps_from_offering(who, row.kind, row.role) is None,
        roles=roles if row.role in dict(roles) else [(row.role, _role_name(who, row.role)), *roles],
        chosen_role=row.role,
        bearers=_bearers(bearers, holder),
        chosen_holder=holder.uuid if holder else "",
        may_read_quarantine=who.may(READ_HISTORY),
        places=labels.place_choices(),
        chosen_views=views_ticked(told["views"]),
        chosen_team=row.team,
        with_team=True,
        errors=errors,
    )


def _bearers(told: Sequence[dict[str, Any]], holder: PersonRow | None) -> list[tuple[str, str]]:
    """(person, name) of those who may carry a phone."""
    named = {each["person"]: each["name"] or each["email"] for each in told if each["status"] != "disabled"}
    return list(({holder.uuid: holder.name or holder.email} | named if holder else named).items())


def _role_name(who: Reader, code: str) -> str:
    found = who.book.role(code)
    return code if found is None else labels.role_name(found)


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    report = told["report"] or {}
    last = told["last_sync_ms"]
    off = told["clock_error_ms"]
    active = told["status"] == "active"
    return {
        "device": told["author"],
        "name": told["name"],
        "is_hub": told["kind"] == "hub",
        "state": words.DEVICE_STATES[told["status"]],
        "is_revoked": not active,
        "enrolled_ms": told["enrolled_ms"],
        "last_sync_ms": last,
        "is_silent": active and last is not None and context().now_ms() - last > SILENT_MS,
        "unsent": _whole(report.get("unsent")),
        "oldest_ms": _whole(report.get("oldest_ms")),
        "app": str(report.get("app") or "")[:60],
        "forms": [_form(each) for each in _texts(report.get("forms"))],
        "clock": _clock(off) if last and (off or report) else "",  # ODK Collect tells no clock, and no report
        "clock_is_off": abs(off) > CLOCK_OFF_MS,
        "free": _whole(report.get("storage_free")),
        "is_full": (_whole(report.get("storage_free")) or FULL_BYTES) < FULL_BYTES,
        "views": [_view(name) for name in told["views"]],
        "team": told.get("team") or "",
    }


def _whole(value: object) -> int | None:
    """A number as a phone reports it; phones of others may report anything."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _texts(value: object) -> list[object]:
    return value[:FORMS_SHOWN] if isinstance(value, list) else []


def _form(each: object) -> str:
    """A form version as a phone reports it: an id and a version."""
    parts = each if isinstance(each, list) else [each]
    return " ".join(str(part) for part in parts[:2])[:80]


def _clock(off_ms: int) -> str:
    minutes = round(abs(off_ms) / language.MINUTE_MS)
    if not minutes:
        return _("right")
    if off_ms > 0:
        return ngettext("%(num)s minute ahead", "%(num)s minutes ahead", minutes)
    return ngettext("%(num)s minute behind", "%(num)s minutes behind", minutes)


def _view(name: str) -> str:
    known = {"all": _("everything"), "own": _("its own")}
    return known.get(name) or labels.place(name.removeprefix("place:"))
