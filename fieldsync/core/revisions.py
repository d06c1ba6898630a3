"""What each operation of a record changed, and what it did not know of: for people who follow a record's history."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from fieldsync.core.causality import History, history
from fieldsync.core.merge import fold
from fieldsync.core.occurrences import around, is_occurrence
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.registers import same
from fieldsync.core.sets import is_set, normal_form


class Revision(NamedTuple):
    """One operation among the others of its record.

    `before`: path → what the path showed to its author, for those of its paths that said anything. `is_concurrent`:
    another operation is there that neither had seen the other. `is_first`: its author had seen nothing.
    """

    operation: Operation
    before: Mapping[str, Value]
    is_concurrent: bool
    is_first: bool


def revisions(
    operations: Iterable[Operation],
    wanted: Collection[OperationId],
    passed_on: Mapping[OperationId, tuple[OperationId, ...]],
) -> dict[OperationId, Revision]:
    """Some operations of a record as revisions of it, by id; `passed_on` as in a fold."""
    past = history(operations, passed_on)
    concurrent = _concurrent(past)
    writers: dict[str, list[int]] = {}
    for place, operation in enumerate(past.operations):
        for path in operation.writes:
            writers.setdefault(path, []).append(place)
    found = {}
    for place, operation in enumerate(past.operations):
        if operation.id in wanted:
            before = _before(past, place, writers)
            is_first = not past.pasts[place]
            found[operation.id] = Revision(operation, before, bool(concurrent >> place & 1), is_first)
    return found


def _concurrent(past: History) -> int:
    """A mask of the operations that are concurrent with another; in a causal order, only with earlier ones unseen."""
    mask = 0
    for place, seen in enumerate(past.pasts):
        unseen = ((1 << place) - 1) & ~seen
        if unseen:
            mask |= unseen | 1 << place
    return mask


def _before(past: History, place: int, writers: Mapping[str, list[int]]) -> dict[str, Value]:
    """What the operation's past shows at its paths; folded anew only where its past disagreed with itself."""
    seen, found = past.pasts[place], dict[str, Value]()
    whole: Mapping[str, Value] | None = None
    for path in past.operations[place].writes if seen else ():
        latest = past.latest(one for one in writers[path] if seen >> one & 1)
        # What an occurrence shows depends on its answers too, and theirs on it.
        if len(latest) > 1 or is_occurrence(path) or any(occurrence in writers for occurrence in around(path)):
            whole = _shown(past, seen) if whole is None else whole
            if path in whole:
                found[path] = whole[path]
        elif latest:
            found[path] = normal_form(past.operations[latest[0]].writes[path])
    return found


def _shown(past: History, seen: int) -> Mapping[str, Value]:
    return fold(operation for place, operation in enumerate(past.operations) if seen >> place & 1).fields


def shown_at(
    operations: Iterable[Operation],
    heads: Collection[OperationId],
    passed_on: Mapping[OperationId, tuple[OperationId, ...]],
) -> Mapping[str, Value] | None:
    """What a record showed to somebody who had seen these operations and their pasts; None where one is not here."""
    past = history(operations, passed_on)
    places = [place for place, operation in enumerate(past.operations) if operation.id in set(heads)]
    if len(places) != len(set(heads)):
        return None
    seen = past.covered(places)
    for place in places:
        seen |= 1 << place
    return _shown(past, seen) if seen else {}


def alike(one: Value, other: Value) -> bool:
    """Whether two values show alike: a set in any order is one set."""
    return same(*(normal_form(each) if is_set(each) else each for each in (one, other)))
