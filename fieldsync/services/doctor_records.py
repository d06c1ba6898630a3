"""Records held against their operations: folded again, derived again, read again (part of `fieldsync doctor`)."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.canonical import sameness
from fieldsync.core.derivation import derive
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.services import folding, presence, refolding
from fieldsync.services.doctor_report import Report
from fieldsync.services.judging import problems_from_json
from fieldsync.services.working import WorkingRecord, WorkingSet, decode_state
from fieldsync.store import checks, operations, quarantine
from fieldsync.store.associations import AssociationRow
from fieldsync.store.operations import OperationRow
from fieldsync.store.records import RecordRow

PAGE_RECORDS = 200
"""Records in hand at a time, with all their operations."""


def examine(session: Session, owner: AssociationRow, report: Report) -> None:
    """Check every record of an association."""
    after = 0
    while ids := checks.record_ids(session, owner.id, after, PAGE_RECORDS):
        after = ids[-1]
        _page(session, owner, ids, report)


def _page(session: Session, owner: AssociationRow, ids: Sequence[int], report: Report) -> None:
    try:
        working = WorkingSet(session, owner.id, locks=False)
        members = working.load_ids(ids)
    except ValueError:
        if len(ids) == 1:
            report.tell("fold", f"record {ids[0]}", "the stored fold cannot be read")
            return
        for each in ids:
            _page(session, owner, [each], report)
        return
    report.checked["records"] += len(members)
    said = _said(session, owner, members, report)
    _derivations(working, members, said, report)
    _merges(session, members, said, report)
    _folds(working, members, report)


def _said(
    session: Session, owner: AssociationRow, members: Sequence[WorkingRecord], report: Report
) -> dict[int, list[tuple[OperationRow, Operation]]]:
    ids = [record.id for record in members]
    applied, held = (operations.of_records(session, ids, status) for status in ("applied", "held"))
    rows = {each: [*applied[each], *held[each]] for each in ids}
    known = checks.authors_by_id(session, {row.author_id for found in rows.values() for row in found})
    return {record.id: list(_readable(owner, record, rows[record.id], known, report)) for record in members}


def _readable(
    owner: AssociationRow,
    record: WorkingRecord,
    rows: Sequence[OperationRow],
    known: Mapping[int, tuple[str, int]],
    report: Report,
) -> Iterator[tuple[OperationRow, Operation]]:
    """The operations of a record that can be read and are what their row says."""
    for row in rows:
        operation = parse_operation(bytes(row.body))
        name, association_id = known[row.author_id]
        if not isinstance(operation, Operation):
            report.tell("bodies", f"operation {row.id}", "cannot be read")
        elif presence.key_of(operation.id) != (name, row.counter, row.n):
            report.tell("bodies", f"operation {row.id}", "is stored under another id than its own")
        elif (operation.record, operation.kind, operation.of) != (
            record.uuid, record.collection.kind, record.collection.of,
        ):  # fmt: skip
            report.tell("bodies", f"operation {row.id}", "is stored with another record than its own")
        elif association_id != owner.id:
            report.tell("bodies", f"operation {row.id}", "was said by an author of another association")
        else:
            yield row, operation


def _folds(working: WorkingSet, members: Sequence[WorkingRecord], report: Report) -> None:
    """Fold every record again from all its operations, with those that merges connect it with."""
    for record in members:
        record.anew = record.touched = True
    refolding.fold_anew(working, members)
    wanted = {record.id for record in members}
    for record in list(working.records.values()):
        if record.row is not None and record.id in wanted:
            again = folding.row_of(working, record, record.row.changed_ms, {})
            for what in _differences(record.row, again):
                report.tell("fold", f"record {record.uuid} of {record.collection.of}", f"another {what} follows")


def _differences(stored: RecordRow, again: RecordRow) -> Iterator[str]:
    if decode_state(bytes(stored.state)) != decode_state(bytes(again.state)):
        yield "state"
    if problems_from_json(stored.problems) != problems_from_json(again.problems):
        yield "list of problems"
    for name in ("place", "review", "conflicts", "merged_into"):
        if getattr(stored, name) != getattr(again, name):
            yield name
    if bool(stored.deleted) != bool(again.deleted):
        yield "deletion"


def _derivations(
    working: WorkingSet,
    members: Sequence[WorkingRecord],
    said: Mapping[int, Sequence[tuple[OperationRow, Operation]]],
    report: Report,
) -> None:
    """Derive again from every submission operation that applies: nothing new, nothing missing, nothing other."""
    expected: dict[int, dict[tuple[int, int], Operation]] = {}
    spoken: dict[int, list[int]] = {}
    for record in members:
        applied = [(row, operation) for row, operation in said[record.id] if row.status == "applied"]
        if record.collection.kind == "submission" and applied:
            every = {operation.id: operation for _, operation in applied}
            for row, operation in applied:
                spoken.setdefault(row.author_id, []).append(row.counter)
                for each in _derived(working, operation, every, row, report):
                    expected.setdefault(row.author_id, {})[presence.key_of(each.id)[1:]] = each
    for author_id, counters in spoken.items():
        stored = checks.derived(working.session, author_id, sorted(counters))
        _compare(author_id, stored, expected.get(author_id, {}), report)


def _derived(
    working: WorkingSet, operation: Operation, every: Mapping[OperationId, Operation], row: OperationRow, report: Report
) -> list[Operation]:
    if not operation.writes:
        return []
    found = working.form(operation.of, operation.version)
    if found is None:
        if not _was_let_go(working, operation, row):
            report.tell("forms", f"operation {row.id}", f"applies without its form {operation.of} {operation.version}")
        return []
    if not found.form.entities:
        return []
    past = refolding.past_among(every, operation)
    forms = {each.version: working.form(operation.of, each.version) for each in (*past, operation)}
    passed_on = presence.passed_on(working.session, working.association_id, [*past, operation])
    return derive(operation, past, {version: known.form for version, known in forms.items() if known}, passed_on)


def _was_let_go(working: WorkingSet, operation: Operation, row: OperationRow) -> bool:
    """Whether a verdict released an operation that waited for its form."""
    digest = sameness(bytes(row.body)).hex()
    decided = quarantine.verdict(working.session, working.association_id, *presence.key_of(operation.id), digest)
    return decided == "release"


def _compare(
    author_id: int,
    stored: Mapping[tuple[int, int], bytes],
    expected: Mapping[tuple[int, int], Operation],
    report: Report,
) -> None:
    report.checked["derived"] += len(stored)
    for counter, n in sorted(stored.keys() | expected.keys()):
        where, found, wanted = (
            f"author {author_id}, {counter}, {n}",
            stored.get((counter, n)),
            expected.get((counter, n)),
        )
        if found is None:
            report.tell("derived", where, "follows from a submission and is not stored")
        elif wanted is None:
            report.tell("derived", where, "is stored and follows from no submission")
        elif sameness(found) != sameness(msgspec.json.encode(wanted)):
            report.tell("derived", where, "is stored with other content than follows")


def _merges(
    session: Session,
    members: Sequence[WorkingRecord],
    said: Mapping[int, Sequence[tuple[OperationRow, Operation]]],
    report: Report,
) -> None:
    """Merge and un-merge operations are noted with the records that they name."""
    acts = {
        row.id: (record, operation)
        for record in members
        for row, operation in said[record.id]
        if row.status == "applied" and {"merge", "unmerge"} & (operation.act or {}).keys()
    }
    noted = checks.merges_of(session, acts.keys())
    for row_id, (record, _) in acts.items():
        if (row_id, record.id) not in noted or record.row is None or not record.row.merged:
            report.tell("merges", f"record {record.uuid}", f"operation {row_id} is not noted with it")
