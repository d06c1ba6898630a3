"""What every sync answer says beside results and records (docs/protocol.md section 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.core.cursors import Cursor, Witness, read_cursor, read_witness, write_witness
from fieldsync.services import counters, publishing
from fieldsync.services.senders import Sender
from fieldsync.store import associations, authors, changes, server

DAY_MS = 24 * 3600 * 1000

WITNESSED_AUTHORS_MAX = 8
"""A device has one author, or a few that it took one after the other; the last ones speak."""


@dataclass(frozen=True)
class State:
    """How things stand for a sender, on one snapshot."""

    epoch: str
    secret: bytes
    durable_through: dict[str, int]
    known_through: int
    forms_position: int
    device: dict[str, Any]
    witness: str


def state(session: Session, sender: Sender, relayed: Iterable[str], settings: Settings, now_ms: int) -> State:
    """Read it all; `relayed` are authors for whom a hub spoke in this request."""
    identity = server.identity(session)
    assert identity is not None
    association_id = sender.device.association_id
    relayed_here = authors.of_hub(session, sender.device.id, set(relayed)) if sender.is_hub else []
    names = {*sender.authors, *(author.name for author in relayed_here)}
    rows = authors.named(session, names)
    durable = counters.durable(session, rows.values(), backed_up=settings.durability == "backup")
    known = rows[sender.author.name].known_through if sender.authors else 0
    position, forms_position = associations.positions(session, association_id)
    logged_ms = changes.logged_ms(session, association_id, position) or 0
    own = {name: rows[name].known_through for name in list(sender.authors)[-WITNESSED_AUTHORS_MAX:]}
    witness = write_witness(Witness(identity.epoch, association_id, position, logged_ms, own), identity.secret)
    device = {
        "status": sender.device.status,
        "lease_until": now_ms + settings.lease_days * DAY_MS,
        "wipe": bool(sender.device.wipe),
    }
    return State(identity.epoch, identity.secret, durable, known, forms_position, device, witness)


def forms(session: Session, sender: Sender) -> list[dict[str, object]]:
    """The open forms of a sender's families; none for a revoked one."""
    if sender.is_revoked:
        return []
    return publishing.open_forms(session, sender.device.association_id, lambda form: sender.opens("submission", form))


def is_ahead(session: Session, sender: Sender, cursor: Cursor) -> bool:
    """Whether a cursor of our epoch stands after our counter: then this server went back in time."""
    position, _ = associations.positions(session, sender.device.association_id)
    return any(each > position for each in cursor.positions.values())


def epoch_to_leave(session: Session, sender: Sender, cursor: str | None, witness: str | None) -> str | None:
    """Our epoch, where this cursor or witness of it shows another history than ours.

    Asked before a batch is taken in: what it brings might hide what is missing.
    """
    identity = server.identity(session)
    if identity is None:
        return None
    read = read_cursor(cursor, identity.secret) if cursor is not None else None
    if read is not None and read.epoch == identity.epoch and is_ahead(session, sender, read):
        return identity.epoch
    saw = read_witness(witness, identity.secret) if witness is not None else None
    if saw is not None and saw.epoch == identity.epoch and _saw_another_history(session, sender, saw):
        return identity.epoch
    return None


def _saw_another_history(session: Session, sender: Sender, saw: Witness) -> bool:
    """Whether the row at the witnessed position is another now, or something that a device said is not known here."""
    association_id = sender.device.association_id
    if saw.association != association_id:
        return False
    named = sender.authors if saw.known.keys() <= sender.authors.keys() else authors.named(session, saw.known.keys())
    known = {name: author.known_through for name, author in named.items()}
    if any(counter > known.get(name, 0) for name, counter in saw.known.items()):
        return True
    return changes.logged_ms(session, association_id, saw.position) != saw.logged_ms


def renew_epoch(session: Session, known: str, epoch: str) -> None:
    """Begin a new incarnation, unless another request just did."""
    identity = server.identity(session)
    if identity is not None and identity.epoch == known:
        server.renew_epoch(session, epoch)


def openrosa_url(settings: Settings, token: str) -> str:
    """The base address for OpenRosa clients, its secret in the path (protocol section 12)."""
    return f"{public_url(settings)}/v1/key/{token}"


def signed_url(settings: Settings, user: str) -> str:
    """The base address for OpenRosa clients that sign in, by Digest or Basic, as a device."""
    return f"{public_url(settings)}/v1/device/{user}"


def public_url(settings: Settings) -> str:
    """The address under which phones and people reach the server, without a slash at its end."""
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
