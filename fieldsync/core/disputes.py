"""What is in conflict in a record: who wrote each value, and what its author had seen (docs/protocol.md section 11)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from fieldsync.core.answer_paths import unindexed
from fieldsync.core.causality import History
from fieldsync.core.merge import NONE, Protective, RecordState
from fieldsync.core.occurrences import Removals, is_occurrence
from fieldsync.core.operations import Operation, OperationId, Stamp, Value
from fieldsync.core.registers import distinct, register, same
from fieldsync.core.reviews import THE_RECORD


class Claim(NamedTuple):
    """One of the values of a path, and the operation that wrote it.

    `before`: what the path showed in all that its author had seen. `knew`: whether it showed anything then.
    """

    value: Value
    id: OperationId
    stamp: Stamp
    before: Value = None
    knew: bool = False


class Dispute(NamedTuple):
    """The values of a path whose authors did not know of each other; the first is shown.

    `protective`: whether it is shown because it protects most, and not because it is the latest.
    """

    path: str
    claims: tuple[Claim, ...]
    protective: bool = False


class Doubt(NamedTuple):
    """A delete of the record (`path` is "") or of an occurrence, and what was written without knowing of it."""

    path: str
    deletes: tuple[Operation, ...]
    writes: tuple[Operation, ...]


def disputes(past: History, state: RecordState, protective: Protective = NONE) -> list[Dispute]:
    """The conflicts that a record's state shows, by path. `past`: all operations that it is the fold of."""
    writers = _writers(past)
    return [
        _dispute(past, path, writers[path], state, protective.get(unindexed(path), ()))
        for path in sorted(state.conflicts)
    ]


def doubts(past: History, state: RecordState) -> list[Doubt]:
    """The deletes that a record's state shows to be in doubt; the record itself first."""
    writers = _writers(past)
    removals = Removals(writers, past) if any(map(is_occurrence, state.delete_conflicts)) else None
    return [
        _of_occurrence(past, path, writers, removals) if removals and path != THE_RECORD else _of_record(past)
        for path in state.delete_conflicts
    ]


def sources(past: History, state: RecordState) -> dict[str, Operation]:
    """Path → the operation that wrote what is shown there; for a set, the last one that spoke of it."""
    writers = _writers(past)
    return {
        path: past.operations[_writer_of(past, path, writers[path], value)]
        for path, value in state.fields.items()
        if path in writers
    }


def _writers(past: History) -> dict[str, list[int]]:
    writers: dict[str, list[int]] = defaultdict(list)
    for place, operation in enumerate(past.operations):
        for path in operation.writes:
            writers[path].append(place)
    return writers


def _dispute(
    past: History, path: str, writers: Sequence[int], state: RecordState, protective: Sequence[str]
) -> Dispute:
    places = {operation.id: place for place, operation in enumerate(past.operations)}
    shown = _writer_of(past, path, writers, state.fields.get(path))
    others = [places[other.id] for other in state.conflicts[path]]
    claims = [_claim(past, path, writers, place, protective) for place in (shown, *others)]
    latest = max((shown, *others), key=past.rank)
    return Dispute(path, tuple(claims), bool(protective) and latest != shown)


def _writer_of(past: History, path: str, writers: Sequence[int], value: Value) -> int:
    """Which operation wrote the value that is shown: the latest current one, else the latest of all."""
    current = distinct(path, past.latest(writers), past)
    places = {operation.id: place for place, operation in enumerate(past.operations)}
    found = [places[each.id] for each in current if same(each.value, value)]
    everything = [place for place in writers if same(past.operations[place].writes[path], value)]
    return past.greatest(found or everything or writers)


def _claim(past: History, path: str, writers: Sequence[int], place: int, protective: Sequence[str]) -> Claim:
    operation = past.operations[place]
    seen = past.latest(each for each in writers if past.pasts[place] >> each & 1)
    before = register(path, seen, past, protective).value if seen else None
    return Claim(operation.writes[path], operation.id, operation.stamp, before, bool(seen))


def _of_record(past: History) -> Doubt:
    writes = [place for place, each in enumerate(past.operations) if each.writes and not each.delete]
    revived = past.covered(writes)
    deletes = [place for place, each in enumerate(past.operations) if each.delete and not revived >> place & 1]
    return _doubt(past, THE_RECORD, deletes, writes)


def _of_occurrence(past: History, path: str, writers: Mapping[str, Sequence[int]], removals: Removals) -> Doubt:
    inside = sorted({place for each, places in writers.items() if each.startswith(f"{path}/") for place in places})
    return _doubt(past, path, removals.standing(path), inside)


def _doubt(past: History, path: str, deletes: Sequence[int], writes: Iterable[int]) -> Doubt:
    """What none of the deletes had seen; what a delete writes itself it takes with it."""
    taken = past.covered(deletes) | sum(1 << place for place in deletes)
    unseen = [place for place in writes if not taken >> place & 1]
    return Doubt(
        path,
        tuple(past.operations[place] for place in deletes),
        tuple(past.operations[place] for place in unseen),
    )
