"""Folding records anew from all that was ever said about them, alone or merged."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.groups import connected, in_force, survivor
from fieldsync.core.merge import fold
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.core.survivorship import with_survivals
from fieldsync.services import presence
from fieldsync.services.working import WorkingRecord, WorkingSet
from fieldsync.store import merges, operations


def fold_anew(working: WorkingSet, wanted: Sequence[WorkingRecord]) -> None:
    """Set the states of these records, and of all that merges ever connected with them."""
    by_collection: dict[int, list[WorkingRecord]] = {}
    for record in _with_everyone_ever_joined(working, wanted):
        by_collection.setdefault(record.collection.id, []).append(record)
    for members in by_collection.values():
        _fold_collection(working, members)


def past_of(session: Session, record: WorkingRecord, operation: Operation) -> list[Operation]:
    """A record's operations that are in the past of one of them."""
    return past_among({each.id: each for each in _said(session, [record])[record.uuid]}, operation)


def past_among(every: Mapping[OperationId, Operation], operation: Operation) -> list[Operation]:
    """Those of a record's operations that are in the past of one of them."""
    past: dict[OperationId, Operation] = {}
    front = [operation]
    while front:
        current = front.pop()
        before = [every[each] for each in current.seen if each in every]
        before += [each for each in every.values() if _earlier_by_same_author(each, current)]
        for each in before:
            if each.id not in past and each.id != operation.id:
                past[each.id] = each
                front.append(each)
    return list(past.values())


def _earlier_by_same_author(one: Operation, other: Operation) -> bool:
    return one.id[0] == other.id[0] and one.id[1:] < other.id[1:]


def _with_everyone_ever_joined(working: WorkingSet, wanted: Sequence[WorkingRecord]) -> list[WorkingRecord]:
    merged = {record.id for record in wanted if record.row is not None and record.row.merged}
    others = merges.ever_joined(working.session, merged) - {record.id for record in wanted} if merged else set()
    further = working.load_ids(sorted(others))
    for record in further:
        record.touched = True
    return [*wanted, *further]


def _said(session: Session, members: Sequence[WorkingRecord]) -> dict[str, list[Operation]]:
    """All operations that apply to records of one collection, by UUID: the stored ones and this transaction's."""
    stored = operations.of_records(session, [record.id for record in members if record.row is not None])
    said: dict[str, list[Operation]] = {}
    for record in members:
        parsed = [parse_operation(bytes(row.body)) for row in stored.get(record.id, ())]
        known = {each.id: each for each in parsed if isinstance(each, Operation)}
        known.update((entry.operation.id, entry.operation) for entry in record.fresh)
        said[record.uuid] = list(known.values())
    return said


def _fold_collection(working: WorkingSet, members: Sequence[WorkingRecord]) -> None:
    """Fold records of one list: each group that merges hold together shows through its survivor."""
    said = _said(working.session, members)
    by_uuid = {record.uuid: record for record in members}
    everything = [operation for uuid in by_uuid for operation in said[uuid]]
    passed_on = presence.passed_on(working.session, working.association_id, everything)
    groups = [group & by_uuid.keys() for group in connected(everything)]
    alone = by_uuid.keys() - {uuid for group in groups for uuid in group}
    tied = [group & by_uuid.keys() for group in connected(filter(_ties, everything))]
    for group in [*groups, *({uuid} for uuid in sorted(alone))]:
        around = next((each for each in tied if group <= each), group)
        _fold_group(
            working, [by_uuid[uuid] for uuid in sorted(group)], {uuid: said[uuid] for uuid in around}, passed_on
        )


def _ties(operation: Operation) -> bool:
    """Whether an operation may tie records, for ever: no other record needs to know what was said elsewhere."""
    return "unmerge" not in (operation.act or {})


def _fold_group(
    working: WorkingSet,
    group: Sequence[WorkingRecord],
    said: Mapping[str, Sequence[Operation]],
    passed_on: Mapping[OperationId, Sequence[OperationId]],
) -> None:
    spoken = {record.uuid: said[record.uuid] for record in group if said[record.uuid]}
    first = survivor(spoken) if spoken else group[0].uuid
    survivor_id = next(record.id for record in group if record.uuid == first)
    everything = [operation for operations_of in said.values() for operation in operations_of]
    standing = in_force(everything)
    for record in group:
        shows = said[record.uuid]
        if record.uuid == first and len(spoken) > 1:
            shows = with_survivals([each for uuid in spoken for each in said[uuid]], standing)
        inside = {each.id for each in shows}
        elsewhere = [each for each in everything if each.id not in inside]
        record.merged_into = survivor_id if record.uuid != first and spoken else None
        record.state = fold(shows, working.protective(shows[0]), passed_on, elsewhere) if shows else None
