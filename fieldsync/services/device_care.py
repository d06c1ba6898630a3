"""Looking after phones and hubs: codes for new ones, names, places and teams, taking one out."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, enrolment, signing
from fieldsync.services.changes import name_of
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.readers import Reader
from fieldsync.store import authors, devices, people
from fieldsync.store.devices import DeviceRow, ViewRow
from fieldsync.store.people import PersonRow

CODE_BYTES = 5
"""Eight letters and digits, good for minutes; one address may try some thirty."""

VIEWS_MAX = 50

DEEPEST = 2
"""The depth of roles that read restricted answers (core.roles)."""

Draw = Callable[[int], bytes]


@dataclass(frozen=True)
class Offer:
    """A code for a device to come: `offer` names it; the code, and the link that carries it, are shown this once."""

    offer: str
    code: str
    link: str
    expires_ms: int


def link_of(public_url: str, code: str) -> str:
    """What a phone opens or scans: the code stands after `#`, so that it reaches no log."""
    return f"{public_url.rstrip('/')}/enrol#{code}"


@dataclass(frozen=True)
class Move:
    """What is to be another than before: None stays as it is, and so do `views` where there are none.

    `holder_id`: who carries it, 0 for nobody.
    """

    views: tuple[ViewRow, ...] = ()
    team: str | None = None
    role: str | None = None
    holder_id: int | None = None


def keeps_from_offering(
    reader: Reader, kind: str, role_code: str, views: Sequence[ViewRow] = (ViewRow("own"),)
) -> Problem | None:
    """Why a phone of that role and with these views, or a hub, is not the reader's to offer.

    Whoever has the code could use it: it must not show more than she reads herself. A hub relays everything.
    """
    role = reader.book.role(role_code)
    if role is None:
        return Problem("role_unknown", detail={"role": role_code})
    own = max((grant.role.depth for grant in reader.grants if grant.covers(reader.association_id)), default=0)
    if (DEEPEST if kind == "hub" else role.depth) > own:
        return Problem("role_not_yours")
    of_others = [view for view in views if view.kind != "own"]
    places = () if any(view.kind == "all" for view in of_others) else [view.place for view in of_others]
    if of_others and not access.reads_all_of(reader.grants, reader.association_id, role, places):
        return Problem("phone_too_wide")
    return None


def keeps_from_moving(session: Session, reader: Reader, row: DeviceRow, wanted: Move) -> Problem | None:
    """Why a phone is not the reader's to move so: as it is and as it is to be, it shows no more than she sees.

    A phone of the listening centre that became a companion's would open what it said to other people.
    """
    views = wanted.views or devices.views(session, row.id)
    return keeps_from_offering(reader, row.kind, row.role) or keeps_from_offering(
        reader, row.kind, wanted.role or row.role, views
    )


def offer(
    session: Session, actor: str, new: NewDevice, public_url: str, expires_ms: int, draw: Draw, now_ms: int
) -> Offer:
    """Make a one-time code."""
    code, uuid = base64.b32encode(draw(CODE_BYTES)).decode().lower(), signing.new_uuid(draw)
    enrolment.offer_code(session, new, code, expires_ms, uuid)
    auditing.note(session, new.association_id, actor, "device_offered", f"offer:{uuid}", now_ms)
    return Offer(uuid, code, link_of(public_url, code), expires_ms)


def offer_state(session: Session, reader: Reader, uuid: str, now_ms: int) -> dict[str, Any] | None:
    """What became of a code: `state` is open, used or expired; `device` is the author that it became."""
    row = devices.find_offer(session, reader.association_id, uuid)
    if row is None:
        return None
    used = row.used_ms is not None
    named = authors.of_device(session, row.device_id) if row.device_id is not None else []
    state = "used" if used else "open" if row.expires_ms > now_ms else "expired"
    device = named[-1].name if named else None
    return {"offer": uuid, "state": state, "name": row.name, "expires_ms": row.expires_ms, "device": device}


def end_offer(session: Session, reader: Reader, uuid: str, now_ms: int) -> Problem | None:
    """Take a code back that nobody has used."""
    if not devices.end_offer(session, reader.association_id, uuid, now_ms):
        return Problem("not_found")
    auditing.note(session, reader.association_id, auditing.by(reader), "device_offer_ended", f"offer:{uuid}", now_ms)
    return None


def find(session: Session, association_id: int, author: str) -> DeviceRow | None:
    """The phone or hub that speaks under an author, in one association."""
    known = authors.find(session, author)
    row = devices.find(session, (known.device_id if known else None) or 0)
    return row if row is not None and row.association_id == association_id else None


def holder_of(session: Session, row: DeviceRow) -> PersonRow | None:
    """Who carries a phone, where that is known."""
    return people.find_by_id(session, row.holder_id) if row.holder_id is not None else None


def rename(session: Session, actor: str, row: DeviceRow, name: str, now_ms: int) -> None:
    """How people call it."""
    devices.rename(session, row.id, name)
    _note(session, actor, "device_renamed", row, now_ms)


def move(session: Session, actor: str, row: DeviceRow, wanted: Move, now_ms: int) -> None:
    """Another place, team, role or bearer: what is newly granted comes down, what is withdrawn is taken away.

    Never another association: that is a new enrolment, with a store of its own.
    """
    if wanted.views:
        devices.set_views(session, row.id, wanted.views)
    role = row.role if wanted.role is None else wanted.role
    team = row.team if wanted.team is None else wanted.team
    holder_id = row.holder_id if wanted.holder_id is None else wanted.holder_id or None
    if (role, team, holder_id) != (row.role, row.team, row.holder_id):
        devices.set_duty(session, row.id, role, team, holder_id)
    said = [name_of(view) for view in wanted.views]
    said += [f"role:{role}"] if role != row.role else []
    said += [auditing.by_person(holder_id) if holder_id else "nobody"] if holder_id != row.holder_id else []
    _note(session, actor, "device_moved", row, now_ms, " ".join(said))


def revoke(session: Session, actor: str, row: DeviceRow, wipe: bool, now_ms: int) -> None:
    """Take a lost or returned phone out: what it still sends is quarantined, nothing comes down to it."""
    devices.set_status(session, row.id, "revoked", wipe)
    _note(session, actor, "device_revoked", row, now_ms, "wipe" if wipe else "")


def _note(session: Session, actor: str, action: str, row: DeviceRow, now_ms: int, detail: str = "") -> None:
    auditing.note(session, row.association_id, actor, action, f"device:{row.id}", now_ms, detail=detail)
