"""Records with all that was ever said about them: for the command line and for people who review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from fieldsync.services import desk, showing
from fieldsync.services.desk import Found
from fieldsync.services.judging import problems_from_json
from fieldsync.store import associations, operations, quarantine
from fieldsync.store.operations import HistoryRow
from fieldsync.store.quarantine import QuarantineRow


@dataclass(frozen=True)
class Located:
    """A record, and the association that owns it."""

    association_id: int
    association: str
    found: Found


def locate(session: Session, uuid: str, slug: str | None = None) -> list[Located]:
    """The records that bear a UUID, in every association or in one."""
    return [
        Located(owner.id, owner.slug, found)
        for owner in associations.everyone(session)
        if slug is None or owner.slug == slug
        for found in desk.find(session, owner.id, uuid)
    ]


def told(session: Session, located: Located, language: str) -> dict[str, Any]:
    """A record as the wire has it, with its operations and with what is quarantined under its UUID."""
    row = located.found.row
    shown = showing.shown(session, located.association_id, [row], language).get(row.id)
    said = operations.history(session, [row.id])
    waits = operations.waits_of(session, [each.id for each in said if each.status == "held"])
    return {
        **(shown or nothing_applies(row.uuid, located.found.kind, located.found.of)),
        "association": located.association,
        "operations": [operation(each, waits) for each in said],
        "quarantined": set_apart(session, located.association_id, bytes(row.uuid), language),
    }


def only_set_apart(session: Session, uuid: str, language: str, slug: str | None = None) -> list[dict[str, Any]]:
    """What bears a UUID of which nothing was folded or held: all that was said of it is quarantined."""
    found = []
    for owner in associations.everyone(session):
        rows = quarantine.of_record(session, owner.id, UUID(uuid).bytes)
        if rows and slug in (None, owner.slug):
            empty = nothing_applies(UUID(uuid).bytes, rows[0].kind, rows[0].of)
            apart = [quarantined(row, language) for row in rows]
            found.append({**empty, "association": owner.slug, "operations": [], "quarantined": apart})
    return found


def set_apart(session: Session, association_id: int, uuid: bytes, language: str) -> list[dict[str, Any]]:
    """What is quarantined under a UUID, oldest first."""
    return [quarantined(row, language) for row in quarantine.of_record(session, association_id, uuid)]


def nothing_applies(uuid: bytes, kind: str, of: str) -> dict[str, Any]:
    """A record of which no answers apply yet."""
    return {
        "record": str(UUID(bytes=bytes(uuid))),
        "kind": kind,
        "of": of,
        "version": None,
        "heads": [],
        "fields": {},
        "conflicts": {},
        "deleted": False,
        "delete_conflict": False,
        "merged_into": None,
        "problems": [],
        "review": {"state": "held", "comments": []},
    }


def operation(row: HistoryRow, waits: Mapping[int, Sequence[tuple[str, str]]]) -> dict[str, Any]:
    """An operation as it was said, with its status, when it came, and what it waits for where it is held."""
    operation_id = [row.author, row.counter, row.n] if row.n else [row.author, row.counter]
    waiting = {"waits": [list(each) for each in waits.get(row.id, ())]} if row.status == "held" else {}
    said = _members(bytes(row.body))
    return {**said, "id": operation_id, "status": row.status, "author": row.author, "received_ms": row.received_ms,
            **waiting}  # fmt: skip


def quarantined(row: QuarantineRow, language: str) -> dict[str, Any]:
    """A quarantined operation: its key, its problems, and what was said."""
    operation_id = [row.author, row.counter, row.n] if row.n else [row.author, row.counter]
    return {
        "id": operation_id,
        "digest": bytes(row.digest).hex(),
        "status": row.status,
        "author": row.author,
        "received_ms": row.arrived_ms,
        "problems": showing.told(problems_from_json(bytes(row.problems)), language),
        "said": _members(bytes(row.body)),
    }


def _members(body: bytes) -> dict[str, Any]:
    """An operation's members; where it is malformed, its text."""
    try:
        said = msgspec.json.decode(body)
    except ValueError:
        return {"raw": body.decode(errors="replace")}
    if isinstance(parse_operation(body), Operation) and isinstance(said, dict):
        return said
    return {"raw": body.decode(errors="replace")}


def owners(session: Session, uuid: str, slug: str | None = None) -> list[int]:
    """The associations in which anything was said of a UUID, quarantined or not."""
    return [
        owner.id
        for owner in associations.everyone(session)
        if slug in (None, owner.slug)
        and (desk.find(session, owner.id, uuid) or quarantine.of_record(session, owner.id, UUID(uuid).bytes))
    ]
