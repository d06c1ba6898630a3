"""Operations become records: fold, derive entities, check the rules, save."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.causality import turn
from fieldsync.core.derivation import derive
from fieldsync.core.forms import Form
from fieldsync.core.merge import RecordState
from fieldsync.core.operations import Operation
from fieldsync.core.problems import Problem
from fieldsync.core.quality import RULES
from fieldsync.services import presence, refolding, reports
from fieldsync.services.judging import problems_as_json
from fieldsync.services.working import Entry, WorkingRecord, WorkingSet, decode_state
from fieldsync.store import flags, merges, operations, records
from fieldsync.store.changes import NewChange
from fieldsync.store.db import reserve_ids
from fieldsync.store.records import RecordRow

HELD_REVIEW = "held"
"""Stands in the place of a review state while nobody's answers apply: all held, or only judged."""


@dataclass
class Folded:
    """What one pass of folding changed: rows for the change log, and each record's problems by row id."""

    changes: list[NewChange] = field(default_factory=list)
    problems: dict[int, tuple[Problem, ...]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


def fold_in(session: Session, association_id: int, entries: Sequence[Entry], now_ms: int) -> Folded:
    """Take operations in, in causal order; held ones are only stored."""
    working = WorkingSet(session, association_id)
    working.load(entries, now_ms)
    _take(working, entries)
    derived = _derive(working, entries)
    if derived:
        working.load(derived, now_ms)
        _take(working, derived)
    everything = [*entries, *derived]
    joined = _take_named_by_acts(working, everything, now_ms)
    _number(working, everything)
    refolding.fold_anew(working, [record for record in working.records.values() if record.anew and record.touched])
    return _save(working, everything, joined, now_ms)


def refold(session: Session, association_id: int, record_ids: Iterable[int], now_ms: int) -> Folded:
    """Fold records from all their operations, because something outside them changed: a verdict, a form, a merge."""
    working = WorkingSet(session, association_id)
    for record in working.load_ids(record_ids):
        record.anew = record.touched = True
    refolding.fold_anew(working, list(working.records.values()))
    return _save(working, [], {}, now_ms)


def fold_around(session: Session, association_id: int, quarantined: Iterable[Operation], now_ms: int) -> Folded:
    """Fold those records anew of which the author of a quarantined operation has said something later.

    What it had seen is in the past of that, and may settle a conflict.
    """
    late: set[int] = set()
    for operation in quarantined:
        for row in records.by_uuids(session, [records.uuid_bytes(operation.record)]):
            state = decode_state(row.state)
            if state and state.turns.get(operation.id[0], (0, 0)) > turn(operation.id):
                late.add(row.id)
    return refold(session, association_id, late, now_ms) if late else Folded()


def _take(working: WorkingSet, entries: Iterable[Entry]) -> None:
    for entry in entries:
        record = working.records[entry.name]
        if not entry.waits:
            record.take(entry, working.protective(entry.operation))


def _derive(working: WorkingSet, entries: Iterable[Entry]) -> list[Entry]:
    """Entity operations that follow from submissions (protocol section 6); those that wait are held like others."""
    derived: list[Entry] = []
    for entry in entries:
        if entry.waits or entry.published is None or not entry.published.form.entities:
            continue
        past = _past(working, entry)
        forms = _forms(working, entry, past)
        said = [*past, entry.operation]
        passed_on = presence.passed_on(working.session, working.association_id, said) if past else {}
        for operation in derive(entry.operation, past, forms, passed_on):
            raw = msgspec.json.encode(operation)
            derived.append(Entry(operation, raw, entry.author_id, 0, entry.receipt_id))
    return presence.mark_waits(
        working.session, working.association_id, presence.without_known(working.session, derived)
    )


def _past(working: WorkingSet, entry: Entry) -> list[Operation]:
    record = working.records[entry.name]
    if record.row is None and len(record.fresh) == 1:
        return []
    return refolding.past_of(working.session, record, entry.operation)


def _forms(working: WorkingSet, entry: Entry, past: Iterable[Operation]) -> Mapping[str | None, Form]:
    versions = {operation.version for operation in past} | {entry.operation.version}
    found = {version: working.form(entry.operation.of, version) for version in versions}
    return {version: published.form for version, published in found.items() if published}


def _take_named_by_acts(working: WorkingSet, entries: Iterable[Entry], now_ms: int) -> dict[int, list[WorkingRecord]]:
    """Take in hand the records that merges name, and make all of them fold anew; by position of the entry."""
    joined: dict[int, list[WorkingRecord]] = {}
    for entry in entries:
        act = entry.operation.act or {}
        if entry.waits or not ("merge" in act or "unmerge" in act):
            continue
        names = [(entry.operation.kind, entry.operation.of, uuid) for uuid in act.get("merge", ())]
        stand_ins = [_stand_in(entry, name[2]) for name in names if name not in working.records]
        working.load(stand_ins, now_ms)
        joined[id(entry)] = [working.records[name] for name in {*names, entry.name}]
        for record in joined[id(entry)]:
            record.anew = record.touched = True
    return joined


def _stand_in(entry: Entry, uuid: str) -> Entry:
    return Entry(msgspec.structs.replace(entry.operation, record=uuid), b"", entry.author_id)


def _save(
    working: WorkingSet, entries: Sequence[Entry], joined: Mapping[int, list[WorkingRecord]], now_ms: int
) -> Folded:
    session = working.session
    everything = list(working.records.values())
    folded = Folded(entries=list(entries))
    rows = [row_of(working, record, now_ms, folded.problems) for record in everything]
    new = [row for row, record in zip(rows, everything, strict=True) if record.row is None]
    records.add_many(session, new)
    changed = zip(rows, everything, strict=True)
    records.update_many(session, [row for row, record in changed if record.row is not None and record.touched])
    _store_operations(working, entries)
    for entry in entries:
        if id(entry) in joined:
            merges.add(session, entry.row_id, [record.id for record in joined[id(entry)]])
    marks = [(entry.record_id, notice.code, "", now_ms) for entry in entries for notice in entry.notices]
    flags.raise_flags(session, marks)
    for record_id, raised in reports.note(working, everything, now_ms).items():
        folded.problems[record_id] += raised
    presence.note_files(working, entries)
    folded.changes = _changes(working, entries, {row.id: row for row in rows})
    return folded


def _number(working: WorkingSet, entries: Sequence[Entry]) -> None:
    session, everything = working.session, working.records.values()
    new = [record for record in everything if record.row is None]
    unstored = [entry for entry in entries if entry.held_id is None]
    drawn = reserve_ids(session, {"record": len(new), "operation": len(unstored)})
    for record, row_id in zip(new, drawn["record"], strict=True):
        record.id = row_id
    for entry, row_id in zip(unstored, drawn["operation"], strict=True):
        entry.row_id = row_id
    for entry in entries:
        entry.row_id = entry.held_id or entry.row_id
        entry.record_id = working.records[entry.name].id


def _store_operations(working: WorkingSet, entries: Sequence[Entry]) -> None:
    session = working.session
    rows = []
    for entry in entries:
        if entry.held_id is None:
            status = "held" if entry.waits else "applied"
            counter, n = entry.operation.id[1], entry.operation.id[2] if len(entry.operation.id) == 3 else 0
            row = (entry.row_id, entry.author_id, counter, n, entry.record_id, entry.receipt_id, status, entry.raw)
            rows.append(row)
    operations.add_many(session, rows)
    operations.set_status(session, [entry.row_id for entry in entries if entry.held_id and not entry.waits], "applied")
    waits = [(working.association_id, *wait, entry.row_id) for entry in entries for wait in entry.waits]
    operations.wait(session, waits)


def row_of(
    working: WorkingSet, record: WorkingRecord, now_ms: int, problems_by_id: dict[int, tuple[Problem, ...]]
) -> RecordRow:
    """What is stored of a record; one whose survivor is another keeps its own fold."""
    state = record.state
    problems = broken_rules(working, record) if record.touched else ()
    problems_by_id[record.id] = problems
    stored = record.row
    return RecordRow(
        id=record.id,
        collection_id=record.collection.id,
        uuid=records.uuid_bytes(record.uuid),
        created_by=record.created_by,
        place=working.place(record),
        review=_review(state, problems),
        deleted=state is not None and state.deleted,
        conflicts=len(state.conflicts) + len(state.delete_conflicts) if state else 0,
        merged=stored.merged if stored else False,
        merged_into=record.merged_into,
        incomplete=stored.incomplete if stored else False,
        arrived_ms=stored.arrived_ms if stored else now_ms,
        changed_ms=now_ms,
        state=msgspec.json.encode(state) if state else b"",
        problems=problems_as_json(problems) if problems else None,
    )


def broken_rules(working: WorkingSet, record: WorkingRecord) -> tuple[Problem, ...]:
    """Rules across answers, with the form version and the stamp of the record's greatest operation."""
    state = record.state
    if record.collection.kind != "submission" or state is None or state.deleted:
        return ()
    found = working.form(record.collection.of, state.version)
    return tuple(found.compiled.broken_rules(state.fields, state.rules_stamp[0])) if found else ()


def _review(state: RecordState | None, problems: Sequence[Problem]) -> str:
    if state is None or (state.version is None and not state.fields):
        return HELD_REVIEW
    return state.decision or ("hasIssues" if problems else "received")


def _changes(working: WorkingSet, entries: Iterable[Entry], rows: Mapping[int, RecordRow]) -> list[NewChange]:
    """One row an operation, one for each record that changed without one, one more where a record left a place."""
    changes: list[NewChange] = []
    told: set[int] = set()
    for entry in entries:
        record = working.records[entry.name]
        row = rows[record.id]
        told.add(record.id)
        said_by = entry.said_by if _is_foreseen(record.row, row) else 0
        changes.append(NewChange(record.id, entry.row_id, said_by, row.place))
    for record in working.records.values():
        if record.touched and record.id not in told:
            changes.append(NewChange(record.id, None, 0, rows[record.id].place))
        if record.row is not None and record.row.place != rows[record.id].place:
            changes.append(NewChange(record.id, None, 0, record.row.place))
    return changes


def _is_foreseen(before: RecordRow | None, after: RecordRow) -> bool:
    """Whether the device that wrote last shows the record as it is without being told.

    Where values conflict, a delete is in doubt, or the review moves, only the server knows what it all adds up to. A
    record that moves to another place may become readable by that.
    """
    if after.deleted:
        return False
    if before is None:
        return after.review == "received"
    return not before.conflicts and (before.review, before.place) == (after.review, after.place)


def flags_of(session: Session, record_ids: Iterable[int]) -> dict[int, tuple[Problem, ...]]:
    """Flags of records as problems, by row id; what the quality rules found is for the desk alone."""
    found = flags.of_records(session, list(record_ids))
    return {
        record_id: tuple(
            Problem(each.code, detail={"record": each.other} if each.other else {})
            for each in marks
            if each.code not in RULES and each.dismissed_ms is None
        )
        for record_id, marks in found.items()
    }
