"""Which operations are here, and what others wait for (docs/protocol.md sections 1 and 4)."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.merge import arrange
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.services import arrivals
from fieldsync.services.working import Entry, WorkingSet
from fieldsync.store import authors, flags, form_versions, operations, quarantine, records, server
from fieldsync.store.quarantine import QuarantineRow

PASSES_MAX = 64
"""How many quarantined operations in a row, each seen by the next, are followed: as many as `seen` may name."""

DERIVED_MAX = 16
"""How many entities of one submission others are looked for waiting for; forms declare one or two."""

_OF_AN_EPOCH = re.compile(r"(?:server|desk|import)-([a-z0-9]{8,32})(?:-.*)?")


def author_name(kind: str, epoch: str, who: str = "") -> str:
    """The name of an author that is no device: it contains the server's epoch (protocol section 1)."""
    return f"{kind}-{epoch}-{who}" if who else f"{kind}-{epoch}"


def key_of(operation_id: OperationId) -> tuple[str, int, int]:
    """(author, counter, n), n 0 unless derived."""
    return (operation_id[0], operation_id[1], operation_id[2] if len(operation_id) == 3 else 0)


def waiting_name(operation_id: OperationId) -> str:
    """How the waiting list names an operation."""
    return "{}/{}/{}".format(*key_of(operation_id))


def with_derived(ids: Iterable[OperationId]) -> set[OperationId]:
    """What is here with operations that are quarantined or void: they themselves, and what they would derive."""
    return {each for one in ids for each in (one, *((*one[:2], n) for n in range(1, DERIVED_MAX + 1)))}


def mark_waits(session: Session, association_id: int, entries: Sequence[Entry]) -> list[Entry]:
    """Order operations so that each comes after what it has seen; note for the others what they wait for."""
    let_go = [entry for entry in entries if entry.let_go]
    free = [entry for entry in entries if not entry.waits and not entry.let_go]
    if not any(entry.operation.seen for entry in free):
        return list(entries)
    by_id = {entry.operation.id: entry for entry in free}
    asked = {each for entry in free for each in entry.operation.seen if each not in by_id}
    here = find_here(session, association_id, asked) | {entry.operation.id for entry in let_go}
    applicable, held = arrange([entry.operation for entry in free], here)
    ready = {operation.id for operation in applicable}
    for operation in held:
        missing = [each for each in operation.seen if each not in ready and each not in here]
        by_id[operation.id].waits.extend(("seen", waiting_name(each)) for each in missing)
    ordered = [by_id[operation.id] for operation in (*applicable, *held)]
    return let_go + ordered + [entry for entry in entries if entry.waits and entry.operation.id not in by_id]


def find_here(session: Session, association_id: int, ids: Collection[OperationId]) -> set[OperationId]:
    """Which of these count as here: applied, quarantined, void, or of a server's lost epoch."""
    if not ids:
        return set()
    known = authors.named(session, {each[0] for each in ids})
    found: set[OperationId] = set()
    for name in {each[0] for each in ids}:
        author = known.get(name)
        wanted = {key_of(each)[1:]: each for each in ids if each[0] == name}
        if author is not None and author.association_id == association_id:
            applied = operations.present(session, author.id, wanted.keys(), "applied")
            voided = authors.voids_among(session, author.id, [counter for counter, _ in wanted])
            found |= {each for key, each in wanted.items() if key in applied or key[0] in voided}
        found |= {each for each in wanted.values() if _is_of_lost_epoch(session, name)}
    rest = {(each[0], each[1]) for each in ids if each not in found}
    judged = {(row.author, row.counter) for row in quarantine.of_authors(session, association_id, rest) if row.counts}
    return found | {each for each in ids if (each[0], each[1]) in judged}


def came_meanwhile(session: Session, association_id: int, held: Iterable[Entry]) -> bool:
    """Whether any of these held operations still waits for something that is here now."""
    listed = operations.waits_of(session, {entry.row_id for entry in held})
    waits = {wait for found in listed.values() for wait in found}
    seen = {_waiting_id(what) for kind, what in waits if kind == "seen"}
    if seen and find_here(session, association_id, seen):
        return True
    enrolled = authors.named(session, {what for kind, what in waits if kind == "author"})
    if any(author.enrolled for author in enrolled.values()):
        return True
    return any(
        form_versions.find(session, association_id, *what.split("\n", 1)) for kind, what in waits if kind == "form"
    )


def _waiting_id(name: str) -> OperationId:
    author, counter, n = name.split("/")
    return (author, int(counter), int(n)) if n != "0" else (author, int(counter))


def passed_on(
    session: Session, association_id: int, said: Iterable[Operation]
) -> dict[OperationId, tuple[OperationId, ...]]:
    """The pasts of the quarantined operations of these records, and of those that they have seen.

    They count as here and pass their past on: to those that saw them, and to what their authors said later.
    """
    here, asked, names = set[OperationId](), set[OperationId](), set[tuple[str, str, str]]()
    for operation in said:
        here.add(operation.id)
        asked.update(operation.seen)
        names.add((operation.kind, operation.of, operation.record))
    uuids = {records.uuid_bytes(name[2]) for name in names}
    own = [each for each in _quarantined(quarantine.of_records(session, association_id, uuids)) if _name(each) in names]
    found = {each.id: each.seen for each in own if each.id not in here}
    front = (asked | {seen for each in found.values() for seen in each}) - here - found.keys()
    for _ in range(PASSES_MAX):
        if not front:
            break
        rows = quarantine.of_authors(session, association_id, {(each[0], each[1]) for each in front})
        new = {each.id: each.seen for each in _quarantined(rows) if each.id not in here and each.id not in found}
        found |= new
        front = {seen for each in new.values() for seen in each} - here - found.keys()
    return found


def _quarantined(rows: Iterable[QuarantineRow]) -> Iterator[Operation]:
    """Those of the statements that can be read, and whose senders may speak for their authors."""
    for row in rows:
        parsed = parse_operation(bytes(row.body)) if row.counts else None
        if isinstance(parsed, Operation):
            yield parsed


def _name(operation: Operation) -> tuple[str, str, str]:
    return operation.kind, operation.of, operation.record


def without_known(session: Session, derived: Sequence[Entry]) -> list[Entry]:
    """Derived operations that were not derived before: deriving twice is a no-op."""
    by_author: dict[int, set[tuple[int, int]]] = {}
    for entry in derived:
        by_author.setdefault(entry.author_id, set()).add(key_of(entry.operation.id)[1:])
    known = {
        (author_id, *key)
        for author_id, keys in by_author.items()
        for status in ("applied", "held")
        for key in operations.present(session, author_id, keys, status)
    }
    return [entry for entry in derived if (entry.author_id, *key_of(entry.operation.id)[1:]) not in known]


def note_files(working: WorkingSet, entries: Iterable[Entry]) -> None:
    """Remember the files that operations name and that are not here yet, and which are wanted as they were sent."""
    named = [
        (entry.author_id, entry.operation.id[1], sha256, working.records[entry.name].id)
        for entry in entries
        if b'"sha256"' in entry.raw and entry.operation.kind == "submission" and len(entry.operation.id) == 2
        for sha256 in _files(entry)
    ]
    if not named:
        return
    here = arrivals.here(working.session, working.association_id, {row[2] for row in named})
    rows = [row for row in named if row[2] not in here]
    flags.add_missing_files(working.session, rows)
    records.set_incomplete(working.session, sorted({row[3] for row in rows}), True)
    as_sent = {sha256 for entry in entries if b'"sha256"' in entry.raw for sha256 in _files(entry, as_sent=True)}
    arrivals.want_as_sent(working.session, working.association_id, as_sent)


def _files(entry: Entry, as_sent: bool = False) -> Iterator[str]:
    """Digests of the files that an operation names; only of those that the form wants as they were sent."""
    for path, value in entry.operation.writes.items():
        if not isinstance(value, dict) or not isinstance(value.get("sha256"), str):
            continue
        if not as_sent or (entry.published is not None and entry.published.keeps_metadata(path)):
            yield value["sha256"]


def is_ours(session: Session, name: str) -> bool:
    """Whether a name is kept for this server and the people at its desk: nobody else speaks under it."""
    match = _OF_AN_EPOCH.fullmatch(name)
    if match is None:
        return False
    identity = server.identity(session)
    return identity is not None and match.group(1) == identity.epoch


def _is_of_lost_epoch(session: Session, name: str) -> bool:
    match = _OF_AN_EPOCH.fullmatch(name)
    if match is None:
        return False
    identity = server.identity(session)
    return identity is not None and match.group(1) != identity.epoch
