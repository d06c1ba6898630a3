"""What people at the desk do to records: every act is an operation like a device's (docs/protocol.md section 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.canonical import sameness
from fieldsync.core.clock import receive, tick
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, presence
from fieldsync.services.published import published
from fieldsync.services.settling import Settled, conclude, settle
from fieldsync.services.working import Entry, decode_state
from fieldsync.store import associations, authors, devices, operations, quarantine, records, server
from fieldsync.store.authors import AuthorRow
from fieldsync.store.quarantine import QuarantineRow
from fieldsync.store.records import RecordRow


@dataclass(frozen=True)
class Desk:
    """Who acts: `who` is a short name ("operator", "p12"); the log shows it after the epoch and the association."""

    association_id: int
    who: str
    now_ms: int

    @property
    def actor(self) -> str:
        """How logs name whoever acts."""
        return f"person:{self.who[1:]}" if self.who.startswith("p") else self.who


Seen: TypeAlias = Sequence[OperationId] | None
"""The heads of a record as somebody saw them; None: as they are."""

SEEN_MAX = 64
"""Heads that one operation may name (protocol section 1)."""


@dataclass(frozen=True)
class Found:
    """A record that bears a UUID, with its collection's kind and name."""

    row: RecordRow
    kind: str
    of: str


def find(session: Session, association_id: int, uuid: str) -> list[Found]:
    """The records of an association that bear a UUID; one, unless a submission and an entity share it."""
    collections = {row.id: row for row in associations.collections(session, association_id)}
    return [
        Found(row, collections[row.collection_id].kind, collections[row.collection_id].of)
        for row in records.by_uuids(session, [records.uuid_bytes(uuid)])
        if row.collection_id in collections
    ]


def review(session: Session, desk: Desk, found: Found, state: str, note: str = "") -> Problem | None:
    """Give a review state, with a note for the companion."""
    act = {"review": state, "note": note} if note else {"review": state}
    return _say(session, desk, found, act=act)


def comment(session: Session, desk: Desk, found: Found, text: str, seen: Seen = None) -> Problem | None:
    """Say something about a record to those who work with it."""
    return _say(session, desk, found, act={"comment": text}, **_having_seen(seen))


def correct(session: Session, desk: Desk, found: Found, writes: Mapping[str, Any], seen: Seen = None) -> Problem | None:
    """Write other values, as one who has seen `seen`, or all that the record shows; the form's version says what fits.

    `seen` are the heads of the record as a page showed them: what was said meanwhile stays beside, as a conflict.
    """
    state = decode_state(bytes(found.row.state))
    version = state.version if state else None
    wrong = _wrong_in_form(session, desk, found, version, writes) if found.kind == "submission" else None
    return wrong or _say(session, desk, found, writes=writes, version=version, **_having_seen(seen))


def _wrong_in_form(
    session: Session, desk: Desk, found: Found, version: str | None, writes: Mapping[str, Any]
) -> Problem | None:
    form = published(session, desk.association_id, found.of, version)
    if form is None:
        return Problem("form_not_here", detail={"version": version or "…"})
    return next(iter(form.compiled.wrong_in_itself(writes)), None)


def delete(session: Session, desk: Desk, found: Found, seen: Seen = None) -> Problem | None:
    """Delete a record; nothing is lost, a later write brings it back."""
    return _say(session, desk, found, delete=True, **_having_seen(seen))


def _having_seen(seen: Seen) -> dict[str, Any]:
    return {} if seen is None else {"seen": seen[:SEEN_MAX]}


def judge(
    session: Session, desk: Desk, uuid: str, operation_id: OperationId, verdict: str, note: str = ""
) -> Problem | None:
    """Release or reject what is quarantined or held under an id."""
    author, counter, n = presence.key_of(operation_id)
    target = _quarantined(session, desk.association_id, (author, counter, n), verdict) or _held(
        session, desk.association_id, operation_id
    )
    if target is None:
        return Problem("not_found")
    sender, digest, kind, of = target
    about = next((each for each in find(session, desk.association_id, uuid)), None)
    act = _verdict(verdict, [sender, list(operation_id), digest], note)
    name = (about.kind, about.of, uuid) if about else (kind, of, uuid)
    return say(session, desk, [Statement(name, about, {"act": act})])


def verdict_on(
    session: Session, desk: Desk, row: QuarantineRow, verdict: str, note: str = "", seen: Seen = None
) -> "Statement":
    """What releases or rejects exactly one quarantined operation, which names a record."""
    act = _verdict(verdict, target_of(session, row), note)
    return about_quarantined(session, desk, row, act=act, **_having_seen(seen))


def about_quarantined(session: Session, desk: Desk, row: QuarantineRow, **members: Any) -> "Statement":
    """Something said about the record that a quarantined operation names, which may not be here yet."""
    uuid = records.uuid_text(row.record or b"")
    known = find(session, desk.association_id, uuid)
    about = next((each for each in known if (each.kind, each.of) == (row.kind, row.of)), None)
    return Statement((row.kind, row.of, uuid), about, members)


def target_of(session: Session, row: QuarantineRow) -> list[Any]:
    """How a verdict names a quarantined operation: its sender, its id, the digest of what was said."""
    operation_id = [row.author, row.counter, row.n] if row.n else [row.author, row.counter]
    return [name_of_sender(session, row.sender_id), operation_id, bytes(row.digest).hex()]


def _verdict(verdict: str, target: list[Any], note: str) -> dict[str, Any]:
    return {"verdict": verdict, "target": target, **({"note": note} if note else {})}


def _quarantined(
    session: Session, association_id: int, key: tuple[str, int, int], verdict: str
) -> tuple[str, str, str, str] | None:
    for row in reversed(quarantine.targets(session, association_id, *key)):
        if row.status == "quarantined" or (row.status == "rejected" and verdict == "release"):
            return name_of_sender(session, row.sender_id), bytes(row.digest).hex(), row.kind, row.of
    return None


def _held(session: Session, association_id: int, operation_id: OperationId) -> tuple[str, str, str, str] | None:
    author = authors.find(session, operation_id[0])
    if author is None or author.association_id != association_id:
        return None
    row = operations.known(session, author.id, [operation_id[1]]).get(operation_id[1])
    parsed = parse_operation(bytes(row.body)) if row and row.status == "held" else None
    if row is None or not isinstance(parsed, Operation):
        return None
    sender = name_of_sender(session, authors.sender_of(session, author.id))
    return sender, sameness(bytes(row.body)).hex(), parsed.kind, parsed.of


def name_of_sender(session: Session, device_id: int) -> str:
    """How a verdict names a sender: a phone by its author, a hub by its number."""
    named = authors.of_device(session, device_id)
    if named:
        return named[-1].name
    device = devices.find(session, device_id)
    return f"hub-{device.id}" if device else ""


@dataclass(frozen=True)
class Statement:
    """What somebody at the desk says of one record: (kind, form or list, UUID), the record where it is here, the rest.

    `members`: what an operation has besides its id, record and stamp; without `seen` she has seen the record's heads.
    """

    name: tuple[str, str, str]
    found: Found | None
    members: Mapping[str, Any]


def _say(session: Session, desk: Desk, found: Found, **members: Any) -> Problem | None:
    return say(session, desk, [statement(found, **members)])


def statement(found: Found, **members: Any) -> Statement:
    """Something said about a record that is here."""
    return Statement((found.kind, found.of, records.uuid_text(found.row.uuid)), found, members)


def say(session: Session, desk: Desk, statements: Sequence[Statement]) -> Problem | None:
    """Say operations in the name of the desk, one after the other, all of them or none."""
    author = _author(session, desk)
    authors.lock(session, [author.id])
    receipt_id = devices.add_receipt(session, None, desk.now_ms, None, len(statements))
    entries: list[Entry] = []
    for number, each in enumerate(statements):
        entry = _entry(session, desk, author, number, each)
        if isinstance(entry, Problem):
            return entry
        entry.receipt_id = receipt_id
        entries.append(entry)
    settled = Settled()
    for entry in entries:
        settled.join(settle(session, desk.association_id, [entry], (), desk.now_ms))
    last = author.known_through + len(entries)
    authors.move_counters(session, [(last, last, author.id)])
    conclude(session, desk.association_id, settled, desk.now_ms)
    actor = f"person:{desk.who[1:]}" if desk.who.startswith("p") else auditing.OPERATOR
    for each in statements:
        what = " ".join(
            [*(each.members.get("act") or {}), *(name for name in ("writes", "delete") if name in each.members)]
        )
        auditing.note(session, desk.association_id, actor, "act", f"record:{each.name[2]}", desk.now_ms, detail=what)
    return None


def _entry(session: Session, desk: Desk, author: AuthorRow, number: int, said: Statement) -> Entry | Problem:
    state = decode_state(bytes(said.found.row.state)) if said.found else None
    last = state.greatest[0] if state else (0, 0)
    stamp = tick(receive((0, 0), last, desk.now_ms), desk.now_ms)
    raw = msgspec.json.encode(
        {
            "id": (author.name, author.known_through + 1 + number),
            "record": said.name[2],
            "kind": said.name[0],
            "of": said.name[1],
            "version": None,
            "stamp": (stamp[0], stamp[1] + number),
            "seen": state.heads[:SEEN_MAX] if state else (),
            **said.members,
        }
    )
    operation = parse_operation(raw)
    if not isinstance(operation, Operation):
        return operation.problems[0]
    form = published(session, desk.association_id, operation.of, operation.version) if operation.writes else None
    return Entry(operation, raw, author.id, published=form)


def author_name(session: Session, desk: Desk) -> str:
    """Under which author somebody at the desk speaks."""
    identity = server.identity(session)
    assert identity is not None
    return presence.author_name("desk", identity.epoch, f"{desk.association_id}-{desk.who}")


def _author(session: Session, desk: Desk) -> AuthorRow:
    name = author_name(session, desk)
    known = authors.find(session, name)
    return known or authors.add(session, name, desk.association_id, "desk")
