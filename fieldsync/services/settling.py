"""Operations settle: they are folded in, verdicts are carried out, and what waited for them is released."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from fieldsync.core.canonical import sameness
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import folding, presence, quarantining
from fieldsync.services.folding import Folded
from fieldsync.services.judging import form_name
from fieldsync.services.published import published
from fieldsync.services.working import Entry
from fieldsync.store import associations, authors, changes, operations, quarantine
from fieldsync.store.changes import NewChange
from fieldsync.store.db import Overtaken, is_postgresql
from fieldsync.store.operations import OperationRow
from fieldsync.store.quarantine import QuarantineRow, VerdictRow


@dataclass
class Settled:
    """What settled: rows for the change log, problems by record row id, and the ids that are here now."""

    changes: list[NewChange] = field(default_factory=list)
    problems: dict[int, tuple[Problem, ...]] = field(default_factory=dict)
    arrived: set[OperationId] = field(default_factory=set)
    here: set[OperationId] = field(default_factory=set)
    """`arrived`, and what counts as here without being folded: quarantined and void."""
    cause: tuple[str, str] | None = None
    """(kind, what) of the waiting list that is here now besides operations: a form version, an author."""
    held: list[Entry] = field(default_factory=list)

    def join(self, other: "Settled") -> None:
        """Note what settled after this, in the same transaction."""
        self.changes += other.changes
        self.problems |= other.problems
        self.arrived |= other.arrived
        self.here |= other.here
        self.held += other.held

    def add(self, folded: Folded) -> set[OperationId]:
        """Note what a pass of folding did; return what it brought."""
        self.changes.extend(folded.changes)
        self.problems.update(folded.problems)
        brought = {entry.operation.id for entry in folded.entries if not entry.waits}
        self.arrived |= brought
        self.here |= brought
        self.held += [entry for entry in folded.entries if entry.waits]
        return brought


def settle(
    session: Session, association_id: int, entries: Sequence[Entry], arrived: Iterable[OperationId], now_ms: int
) -> Settled:
    """Fold operations in, then all that waited for them or for what else `arrived`, until nothing more follows."""
    settled = Settled(here=set(arrived))
    front, fresh = list(entries), set(arrived)
    while front or fresh:
        if front:
            ordered = presence.mark_waits(session, association_id, front)
            _heed_verdicts(session, association_id, ordered)
            fresh |= settled.add(folding.fold_in(session, association_id, ordered, now_ms))
        front = _judged(session, association_id, front)
        released, fresh = _released(session, association_id, fresh, now_ms)
        front += released
        settled.here |= fresh
    return settled


def _heed_verdicts(session: Session, association_id: int, entries: Iterable[Entry]) -> None:
    """What a verdict released before it came waits for nothing."""
    ready = [entry for entry in entries if entry.waits and (entry.published is not None or not _needs_form(entry))]
    if not ready:
        return
    said = [(*presence.key_of(entry.operation.id), sameness(entry.raw).hex()) for entry in ready]
    released = quarantine.released(session, association_id, said)
    for entry, each in zip(ready, said, strict=True):
        if each in released:
            entry.waits, entry.let_go = [], True


def conclude(session: Session, association_id: int, settled: Settled, now_ms: int) -> None:
    """Write the change log, then make sure that nothing waits for what another transaction brought meanwhile.

    On PostgreSQL two transactions may each miss what the other stores: one that holds an operation, one that brings
    what it waits for. The second to lock the log's counter sees both sides, and begins again.
    """
    _log(session, association_id, settled.changes, now_ms)
    if is_postgresql(session) and (settled.held or settled.here or settled.cause):
        if not settled.changes:
            associations.draw_positions(session, association_id, 0)
        if _crossed(session, association_id, settled):
            raise Overtaken


def _crossed(session: Session, association_id: int, settled: Settled) -> bool:
    if presence.came_meanwhile(session, association_id, settled.held):
        return True
    if not operations.anything_waits(session, association_id):
        return False
    names = {presence.waiting_name(each) for each in settled.here}
    kind, what = settled.cause or ("seen", "")
    return operations.waits_for(session, association_id, "seen", names) or operations.waits_for(
        session, association_id, kind, [what]
    )


def _log(session: Session, association_id: int, rows: Sequence[NewChange], now_ms: int) -> None:
    """Write the change log; the positions are drawn here, last, and stay locked until the commit."""
    if rows:
        positions = associations.draw_positions(session, association_id, len(rows))
        changes.append(session, association_id, positions, rows, now_ms)


def settle_form(session: Session, association_id: int, form: str, version: str, now_ms: int) -> Settled:
    """A form version has come: take in what waited for it."""
    return _settle_cause(session, association_id, ("form", form_name(form, version)), now_ms)


def settle_author(session: Session, association_id: int, author: str, now_ms: int) -> Settled:
    """An author whom a hub relayed is enrolled: take in what it said."""
    return _settle_cause(session, association_id, ("author", author), now_ms)


def _settle_cause(session: Session, association_id: int, cause: tuple[str, str], now_ms: int) -> Settled:
    ready = operations.arrived(session, association_id, cause[0], [cause[1]])
    entries, refused = _entries(session, association_id, operations.by_ids(session, ready), now_ms)
    settled = settle(session, association_id, entries, refused, now_ms)
    settled.cause = cause
    return settled


def _released(
    session: Session, association_id: int, arrived: set[OperationId], now_ms: int
) -> tuple[list[Entry], set[OperationId]]:
    if not arrived or not operations.anything_waits(session, association_id):
        return [], set()
    names = {presence.waiting_name(each) for each in arrived}
    ready = operations.arrived(session, association_id, "seen", names)
    return _entries(session, association_id, operations.by_ids(session, ready), now_ms)


def _entries(
    session: Session, association_id: int, rows: Sequence[OperationRow], now_ms: int, judged: bool = False
) -> tuple[list[Entry], set[OperationId]]:
    """Held operations made ready to apply, and the ids of those that their form found wrong, unless `judged`."""
    entries: list[Entry] = []
    refused: set[OperationId] = set()
    for row in rows:
        operation = parse_operation(bytes(row.body))
        if row.status != "held" or not isinstance(operation, Operation):
            continue
        entry = Entry(operation, bytes(row.body), row.author_id, held_id=row.id, let_go=judged)
        if _needs_form(entry):
            entry.published = published(session, association_id, operation.of, operation.version)
        problems = () if judged or entry.published is None else _wrong(entry)
        if problems and not _was_released(session, association_id, entry):
            sender_id = authors.sender_of(session, row.author_id)
            quarantining.move_from_held(session, row, operation, association_id, sender_id, now_ms, problems)
            refused |= presence.with_derived([operation.id])
            entries += _let_into_its_place(session, association_id, presence.key_of(operation.id))
        else:
            entries.append(entry)
    return entries, refused


def _was_released(session: Session, association_id: int, entry: Entry) -> bool:
    """Whether a person let go what the form finds wrong, before the form was here to find it."""
    key = presence.key_of(entry.operation.id)
    return quarantine.verdict(session, association_id, *key, sameness(entry.raw).hex()) == "release"


def _wrong(entry: Entry) -> tuple[Problem, ...]:
    assert entry.published is not None
    return tuple(entry.published.compiled.wrong_in_itself(entry.operation.writes))


def _judged(session: Session, association_id: int, entries: Iterable[Entry]) -> list[Entry]:
    """Carry out the verdicts among operations that apply: what they release is taken in."""
    released: list[Entry] = []
    for entry in entries:
        act = entry.operation.act or {}
        if entry.waits or "verdict" not in act:
            continue
        sender, target, digest = act["target"]
        author, counter, n = presence.key_of(tuple(target))
        decision, note = act["verdict"], act.get("note")
        given = VerdictRow(
            decision, note if isinstance(note, str) else "", entry.operation.id[0], entry.operation.stamp[0]
        )
        quarantine.note_verdict(session, association_id, (sender, author, counter, n, digest), given)
        for row in quarantine.targets(session, association_id, author, counter, n):
            if bytes(row.digest).hex() == digest and row.status != "released":
                released += _carry_out(session, association_id, row, decision)
        if decision == "release":
            released += _let_go(session, association_id, (author, counter, n), digest)
    return released


def _let_into_its_place(session: Session, association_id: int, key: tuple[str, int, int]) -> list[Entry]:
    """An id has become free: what a verdict had released under it, and what found it occupied, is taken in."""
    for row in quarantine.targets(session, association_id, *key):
        released = quarantine.verdict(session, association_id, *key, bytes(row.digest).hex()) == "release"
        entries = _carry_out(session, association_id, row, "release") if released and row.status != "released" else []
        if entries:
            return entries
    return []


def _carry_out(session: Session, association_id: int, row: QuarantineRow, decision: str) -> list[Entry]:
    """Release or reject what is quarantined. An id that is occupied meanwhile can only be said again."""
    operation = parse_operation(bytes(row.body))
    author = authors.find(session, row.author)
    if decision == "reject":
        quarantine.set_status(session, row.id, "rejected")
        return []
    occupied = author is None or operations.known(session, author.id, [row.counter])
    if author is None or occupied or not isinstance(operation, Operation) or not row.counts:
        return []
    quarantine.set_status(session, row.id, "released")
    entry = Entry(operation, bytes(row.body), author.id)
    if _needs_form(entry):
        entry.published = published(session, association_id, operation.of, operation.version)
        if entry.published is None:
            entry.waits.append(("form", form_name(operation.of, operation.version)))
    return [entry]


def _let_go(session: Session, association_id: int, key: tuple[str, int, int], digest: str) -> list[Entry]:
    """A verdict may release a held operation: it waits no longer."""
    author = authors.find(session, key[0])
    row = operations.known(session, author.id, [key[1]]).get(key[1]) if author else None
    if row is None or row.status != "held" or sameness(bytes(row.body)).hex() != digest:
        return []
    entries, _ = _entries(session, association_id, [row], 0, judged=True)
    ready = [entry for entry in entries if entry.published is not None or not _needs_form(entry)]
    if ready:
        operations.stop_waiting(session, row.id)
    return ready


def _needs_form(entry: Entry) -> bool:
    """Whether only its form version can tell what an operation means: which entities it makes, what is wrong in it."""
    operation = entry.operation
    return operation.kind == "submission" and bool(operation.writes) and operation.version is not None
