"""How phones and hubs become known (docs/protocol.md section 7)."""

import hmac
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.core.wire_values import is_author
from fieldsync.services import auditing, presence
from fieldsync.services.changes import name_of, view_named
from fieldsync.services.senders import Sender, digest_of
from fieldsync.services.settling import conclude, settle_author
from fieldsync.store import associations, authors, devices
from fieldsync.store.authors import AuthorRow
from fieldsync.store.devices import CodeRow, ViewRow

EVERYTHING = (ViewRow("all"),)
"""What a device reads where nothing narrower is said: all of its association."""


@dataclass(frozen=True)
class Enrolled:
    """A device that may sync: its author, its token (shown this once), the slug of its association."""

    author: str
    token: str
    association: str


@dataclass(frozen=True)
class NewDevice:
    """What a new device is to be."""

    association_id: int
    kind: str
    name: str
    views: tuple[ViewRow, ...] = EVERYTHING
    key: str | None = None
    role: str = "companion"
    team: str = ""
    holder_id: int | None = None


def enrol_at_once(
    session: Session, new: NewDevice, author: str, token: str, now_ms: int, by: str = auditing.OPERATOR
) -> Enrolled:
    """Make a device without a code: the operator stands beside it."""
    digest = digest_of(token)
    device_id = devices.add(session, new.association_id, new.kind, new.name, digest, new.key, now_ms)
    devices.set_views(session, device_id, new.views)
    devices.set_duty(session, device_id, new.role, new.team, new.holder_id)
    authors.add(session, author, new.association_id, "device", device_id)
    auditing.note(session, new.association_id, by, "device_enrolled", f"device:{device_id}", now_ms)
    return Enrolled(author, token, associations.slug_of(session, new.association_id))


def offer_code(session: Session, new: NewDevice, code: str, expires_ms: int, uuid: str | None = None) -> None:
    """Store a one-time code for a device to come; `uuid` names it for those who wait for the device."""
    views = " ".join(name_of(view) for view in new.views)
    row = CodeRow(
        new.association_id, new.kind, new.name, views, expires_ms, None, uuid, new.role, new.team, new.holder_id
    )
    devices.add_code(session, digest_of(code), row)


def enrol_by_code(
    session: Session, code: str, author: str, token: str, key: str | None, now_ms: int
) -> Enrolled | Problem:
    """Turn a code into a device. A known author is taken over only with its device's key, in its association."""
    if not is_author(author) or presence.is_ours(session, author):
        return Problem("bad_id")
    digest = digest_of(code)
    row = devices.find_code(session, digest, now_ms)
    known = authors.find(session, author)
    if row is None:
        return Problem("bad_code")
    refusal = _keeps_from_taking_over(session, known, row, key)
    if refusal is not None:
        return refusal
    if devices.use_code(session, digest, now_ms) is None:
        return Problem("bad_code")
    if known is None or known.device_id is None:
        views = tuple(view_named(name) for name in row.views.split())
        new = NewDevice(row.association_id, row.kind, row.name, views, key, row.role, row.team, row.holder_id)
        enrolled = enrol_at_once(session, new, author, token, now_ms, by="code")
        _note_used(session, digest, author)
        return enrolled
    devices.change_token(session, known.device_id, digest_of(token))
    devices.note_code_used(session, digest, known.device_id)
    auditing.note(session, known.association_id, "code", "device_enrolled", f"device:{known.device_id}", now_ms)
    return Enrolled(author, token, associations.slug_of(session, known.association_id))


def _note_used(session: Session, digest: bytes, author: str) -> None:
    known = authors.find(session, author)
    if known is not None and known.device_id is not None:
        devices.note_code_used(session, digest, known.device_id)


def _keeps_from_taking_over(
    session: Session, known: AuthorRow | None, offered: CodeRow, key: str | None
) -> Problem | None:
    """Why a code does not give this id; asked before the code is used, so that a refusal leaves it good."""
    if known is None:
        return None
    if known.association_id != offered.association_id:
        return Problem("other_association")
    device = devices.find(session, known.device_id) if known.device_id else None
    if device is None or device.key is None or key is None or not hmac.compare_digest(device.key, key):
        return Problem("author_taken")
    return None


def enrol_again(session: Session, sender: Sender, author: str, token: str, now_ms: int) -> Enrolled | Problem:
    """A further author for a device that shows its token; for a hub, an author enrolled at it."""
    if not is_author(author) or presence.is_ours(session, author):
        return Problem("bad_id")
    device = sender.device
    known = authors.find(session, author)
    if known is None:
        own = (None, device.id) if sender.is_hub else (device.id, None)
        authors.add(session, author, device.association_id, "device", *own)
    elif known.association_id != device.association_id:
        return Problem("other_association")
    elif device.id not in (known.device_id, known.hub_id):
        return Problem("author_taken")
    elif not known.enrolled:
        authors.mark_enrolled(session, known.id)
        settled = settle_author(session, device.association_id, author, now_ms)
        conclude(session, device.association_id, settled, now_ms)
    return Enrolled(author, token, associations.slug_of(session, device.association_id))
