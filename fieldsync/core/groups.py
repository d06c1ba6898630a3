"""Merged records: groups joined by merges that were not cancelled, and what they show together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from fieldsync.core.causality import Rank, history
from fieldsync.core.merge import NONE, Protective, RecordState, fold
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.survivorship import with_survivals


def connected(merges: Iterable[Operation]) -> list[frozenset[str]]:
    """The groups of records that merges hold together, sorted; `merges` are operations of one list, of any kind.

    A merge joins its own record and those it names, unless an un-merge names it, whichever came first.
    """
    acts = [operation for operation in merges if operation.act]
    standing = in_force(acts)
    links: dict[str, set[str]] = defaultdict(set)
    for operation in acts:
        if operation.id in standing:
            for other in _named(operation, "merge"):
                links[operation.record].add(other)
                links[other].add(operation.record)
    return sorted(_groups(links), key=min)


def in_force(operations: Iterable[Operation]) -> frozenset[OperationId]:
    """The merges among these that no un-merge among them names."""
    acts = [operation for operation in operations if operation.act]
    cancelled = {_as_id(id) for operation in acts for id in _named(operation, "unmerge")}
    return frozenset(each.id for each in acts if _named(each, "merge") and each.id not in cancelled)


def _named(operation: Operation, act: str) -> Sequence[Any]:
    named = operation.act.get(act, ()) if operation.act else ()
    return named if isinstance(named, list | tuple) else ()


def _as_id(named: object) -> object:
    """An id as an act holds it, a list, in the form of operations' ids."""
    return tuple(named) if isinstance(named, list) else named


def _groups(links: Mapping[str, set[str]]) -> list[frozenset[str]]:
    groups: list[frozenset[str]] = []
    met: set[str] = set()
    for start in links:
        if start in met:
            continue
        group: set[str] = set()
        front = [start]
        while front:
            record = front.pop()
            if record not in group:
                group.add(record)
                front.extend(links[record])
        met |= group
        if len(group) > 1:
            groups.append(frozenset(group))
    return groups


def survivor(operations_by_record: Mapping[str, Sequence[Operation]]) -> str:
    """The record under which a group shows: the oldest, by the least (stamp, id) of those that had seen nothing of it.

    Records without operations do not count; at least one has some.
    """
    births = {record: _birth(operations) for record, operations in operations_by_record.items() if operations}
    return min(births, key=births.__getitem__)


def _birth(operations: Iterable[Operation]) -> Rank:
    past = history(operations, {})
    return min(past.rank(place) for place, before in enumerate(past.pasts) if not before)


def fold_group(
    operations_by_record: Mapping[str, Sequence[Operation]],
    protective: Protective = NONE,
    passed_on: Mapping[OperationId, Sequence[OperationId]] = NONE,
) -> RecordState:
    """What a merged group shows through its survivor: the fold of all its operations, its heads all their heads."""
    everything = list(chain.from_iterable(operations_by_record.values()))
    return fold(with_survivals(everything, in_force(everything)), protective, passed_on)


def fold_apart(
    record: str,
    operations_by_record: Mapping[str, Sequence[Operation]],
    protective: Protective = NONE,
    passed_on: Mapping[OperationId, Sequence[OperationId]] = NONE,
) -> RecordState:
    """What one record shows by itself, merged or no longer. What it saw of the others still passes its past on."""
    others = (operations for other, operations in operations_by_record.items() if other != record)
    return fold(operations_by_record[record], protective, passed_on, chain.from_iterable(others))
