"""The association's phones and hubs, for those who look after them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from flask import Response

from fieldsync.core.access import MANAGE_DEVICES, SEE_DEVICES
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import DeviceSchema, PageQuerySchema, page_of
from fieldsync.routes.schemas_people import (
    MoveSchema,
    OfferedSchema,
    OfferSchema,
    OfferStateSchema,
    RenameSchema,
    RevokeSchema,
)
from fieldsync.services import auditing, desk_lists, device_care, people
from fieldsync.services.answering import public_url
from fieldsync.services.changes import view_named
from fieldsync.services.device_care import Move, Offer
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.services.readers import Reader
from fieldsync.store.devices import DeviceRow, ViewRow

blueprint = ApiBlueprint("devices", __name__, url_prefix="/api/v1/devices", description="Phones and hubs")

MINUTE_MS = 60_000

Act = Callable[[Any, Reader, DeviceRow], Problem | None]


@blueprint.get("")
@access("reader", SEE_DEVICES)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(DeviceSchema))
@refuses(400)
def list_devices(asked: dict[str, Any]) -> Response:
    """Each with its last sync, how wrong its clock is, what it has not sent yet by its own account."""
    who = reader()
    return paged("devices", asked, lambda session, after, limit: desk_lists.devices_page(session, who, after, limit))


@blueprint.post("/offers")
@access("session", MANAGE_DEVICES, fresh=True)
@blueprint.arguments(OfferSchema)
@blueprint.response(201, OfferedSchema)
@refuses(400, 404, 413, 415, 422)
def offer(given: dict[str, Any]) -> Response:
    """A one-time code with which a phone enrols itself; it is good for some minutes, and shown this once."""
    here, who = context(), reader()
    now_ms = here.now_ms()
    expires_ms = now_ms + here.settings.enrolment_code_minutes * MINUTE_MS

    views = tuple(view_named(name) for name in given["views"]) or EVERYTHING
    refusal = device_care.keeps_from_offering(who, given["kind"], given["role"], views)
    if refusal is not None:
        raise Refused(refusal)

    def work(session: Any) -> Offer | Problem:
        new = _new_device(session, who, given, views)
        if isinstance(new, Problem):
            return new
        return device_care.offer(
            session, auditing.by(who), new, public_url(here.settings), expires_ms, here.draw, now_ms
        )

    offered = here.database.write(work)
    if isinstance(offered, Problem):
        raise Refused(offered)
    return json_response(msgspec.to_builtins(offered), 201)


@blueprint.get("/offers/<uuid:offer_id>")
@access("person", MANAGE_DEVICES)
@blueprint.response(200, OfferStateSchema)
@refuses(404)
def show_offer(offer_id: UUID) -> Response:
    """What became of a code."""
    here = context()
    with here.database.read() as session:
        found = device_care.offer_state(session, reader(), str(offer_id), here.now_ms())
    if found is None:
        raise Refused(Problem("not_found"))
    return json_response(found)


@blueprint.delete("/offers/<uuid:offer_id>")
@access("session", MANAGE_DEVICES)
@blueprint.response(204)
@refuses(404)
def end_offer(offer_id: UUID) -> Response:
    """Take a code back that nobody has used."""
    here, who = context(), reader()
    problem = here.database.write(lambda session: device_care.end_offer(session, who, str(offer_id), here.now_ms()))
    if problem is not None:
        raise Refused(problem)
    return Response(status=204)


@blueprint.get("/<author>")
@access("reader", SEE_DEVICES)
@blueprint.response(200, DeviceSchema)
@refuses(404)
def show_device(author: str) -> Response:
    """One phone or hub, by the author under which it speaks."""
    with context().database.read() as session:
        found = device_care.find(session, reader().association_id, author)
        if found is None:
            raise Refused(Problem("not_found"))
        return json_response(desk_lists.device_told(session, found))


@blueprint.put("/<author>/name")
@access("session", MANAGE_DEVICES)
@blueprint.arguments(RenameSchema)
@blueprint.response(200, DeviceSchema)
@refuses(400, 404, 413, 415)
def rename(given: dict[str, Any], author: str) -> Response:
    """How people call it."""
    now_ms = context().now_ms()
    return _act(
        author, lambda session, who, row: device_care.rename(session, auditing.by(who), row, given["name"], now_ms)
    )


@blueprint.post("/<author>/move")
@access("session", MANAGE_DEVICES)
@blueprint.arguments(MoveSchema)
@blueprint.response(200, DeviceSchema)
@refuses(400, 404, 413, 415, 422)
def move(given: dict[str, Any], author: str) -> Response:
    """Another place, team, role or bearer; another association is a new enrolment."""
    now_ms = context().now_ms()
    return _act(author, lambda session, who, row: _move(session, who, row, given, now_ms))


@blueprint.post("/<author>/revoke")
@access("session", MANAGE_DEVICES, fresh=True)
@blueprint.arguments(RevokeSchema)
@blueprint.response(200, DeviceSchema)
@refuses(400, 404, 413, 415)
def revoke(given: dict[str, Any], author: str) -> Response:
    """Take a lost or returned phone out: what it still sends is quarantined, nothing comes down to it."""
    now_ms = context().now_ms()
    return _act(
        author, lambda session, who, row: device_care.revoke(session, auditing.by(who), row, given["wipe"], now_ms)
    )


def _new_device(session: Any, who: Reader, given: dict[str, Any], views: tuple[ViewRow, ...]) -> NewDevice | Problem:
    holder = _holder(session, who, given)
    if isinstance(holder, Problem):
        return holder
    return NewDevice(
        who.association_id, given["kind"], given["name"], views, None, given["role"], given["team"], holder or None
    )


def _holder(session: Any, who: Reader, given: dict[str, Any]) -> int | Problem | None:
    """The row id of whoever carries it, 0 for nobody, None where nothing is said of it."""
    if "holder" not in given or given["holder"] is None:
        return 0 if "holder" in given else None
    found = people.find(session, who, str(given["holder"]))
    return Problem("not_found") if found is None else found.id


def _move(session: Any, who: Reader, row: DeviceRow, given: dict[str, Any], now_ms: int) -> Problem | None:
    holder = _holder(session, who, given)
    if isinstance(holder, Problem):
        return holder
    wanted = Move(tuple(view_named(name) for name in given["views"]), given["team"], given["role"], holder)
    problem = device_care.keeps_from_moving(session, who, row, wanted)
    if problem is None:
        device_care.move(session, auditing.by(who), row, wanted, now_ms)
    return problem


def _act(author: str, act: Act) -> Response:
    """Do something about a phone or hub of the association, and show it."""
    here, who = context(), reader()

    def work(session: Any) -> dict[str, Any] | Problem:
        row = device_care.find(session, who.association_id, author)
        if row is None:
            return Problem("not_found")
        problem = act(session, who, row)
        if problem is not None:
            return problem
        changed = device_care.find(session, who.association_id, author)
        return desk_lists.device_told(session, changed or row)

    told = here.database.write(work)
    if isinstance(told, Problem):
        raise Refused(told)
    return json_response(told)
