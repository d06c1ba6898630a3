"""The fold: what the operations of a record add up to (docs/protocol.md, section 11). No clock, no order of arrival."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from fieldsync.core.answer_paths import unindexed
from fieldsync.core.causality import History, arrange, history, turn
from fieldsync.core.occurrences import Removals, around, is_occurrence, shown_key
from fieldsync.core.operations import Operation, OperationId, Stamp, Value
from fieldsync.core.registers import Conflict, Shown, register
from fieldsync.core.reviews import (
    EDITED,
    THE_RECORD,
    Comment,
    comment_of,
    comment_order,
    comments,
    decision,
    deletion,
    is_review,
)
from fieldsync.core.sets import is_set, merged_set, shown_set

__all__ = ["Comment", "Conflict", "RecordState", "arrange", "begin", "extend", "fold"]

Protective = Mapping[str, Sequence[str]]
"""A question's path, without brackets, to its values, the most protective first."""

NONE: Mapping[Any, Any] = MappingProxyType({})


class RecordState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a record shows.

    `heads`: the operations that no other has in its past, sorted. `fields`: path to shown value; null was cleared,
    and at an occurrence's own path, removed. `greatest`: the greatest (stamp, id). `turns`: author to the last
    (counter, n) folded. `version`, `rules_stamp`, `rules_id`: of the greatest operation that names a version; its
    rules hold. `delete_conflicts`: "" for the record, and the paths of occurrences, that somebody deleted while
    somebody wrote to them unseen, sorted. `decision`: "" without a review in force, a review state, or "edited".
    """

    heads: tuple[OperationId, ...]
    fields: dict[str, Value]
    greatest: tuple[Stamp, OperationId]
    turns: dict[str, tuple[int, int]]
    version: str | None = None
    rules_stamp: Stamp = (0, 0)
    rules_id: OperationId | None = None
    conflicts: dict[str, tuple[Conflict, ...]] = {}
    deleted: bool = False
    delete_conflicts: tuple[str, ...] = ()
    decision: str = ""
    comments: tuple[Comment, ...] = ()


def fold(
    operations: Iterable[Operation],
    protective: Protective = NONE,
    passed_on: Mapping[OperationId, Sequence[OperationId]] = NONE,
    elsewhere: Iterable[Operation] = (),
) -> RecordState:
    """The state of a record: a function of the set of its operations, at least one; doubles and order do not matter.

    `passed_on`: the record's quarantined operations and what they saw; `elsewhere`: operations of records that this one
    was merged with. Both count as here and pass their past on, and are not folded.
    """
    past = history(operations, passed_on, elsewhere)
    if not past.operations:
        raise ValueError("a record is the fold of at least one operation")
    fields, conflicts, kept = _fields(past, protective)
    gone = deletion(past)
    everything = range(len(past.operations))
    ruling = [place for place in everything if past.operations[place].version is not None]
    rules = past.operations[past.greatest(ruling)] if ruling else None
    return RecordState(
        heads=tuple(sorted(past.operations[place].id for place in past.latest(everything))),
        fields=fields,
        greatest=max(past.rank(place) for place in everything),
        turns=_turns(past.operations),
        version=rules.version if rules else None,
        rules_stamp=rules.stamp if rules else (0, 0),
        rules_id=rules.id if rules else None,
        conflicts=conflicts,
        deleted=gone.deleted,
        delete_conflicts=((THE_RECORD,) if gone.conflict else ()) + kept,
        decision=decision(past),
        comments=comments(past),
    )


def _turns(operations: Iterable[Operation]) -> dict[str, tuple[int, int]]:
    turns: dict[str, tuple[int, int]] = {}
    for operation in operations:
        author = operation.id[0]
        turns[author] = max(turns.get(author, (0, 0)), turn(operation.id))
    return turns


def _fields(
    past: History, protective: Protective
) -> tuple[dict[str, Value], dict[str, tuple[Conflict, ...]], tuple[str, ...]]:
    """(fields, conflicts, occurrences kept against a removal)."""
    writers: dict[str, list[int]] = defaultdict(list)
    for place, operation in enumerate(past.operations):
        for path in operation.writes:
            writers[path].append(place)
    removals = Removals(writers, past)
    shown: dict[str, Shown] = {}
    for path, places in writers.items():
        if not is_occurrence(path) and (answer := _answer(path, places, removals, past, protective)):
            shown[path] = answer
    kept = _show_keys(shown, writers, removals, past)
    fields = {path: answer.value for path, answer in shown.items()}
    return fields, {path: answer.conflicts for path, answer in shown.items() if answer.conflicts}, kept


def _show_keys(
    shown: dict[str, Shown], writers: Mapping[str, Sequence[int]], removals: Removals, past: History
) -> tuple[str, ...]:
    """Adds what the occurrences' own paths show, innermost first; the occurrences kept against a removal."""
    alive: set[str] = set()  # occurrences under which something is shown
    for path, answer in shown.items():
        if _says_something(answer):
            alive.update(around(path))
    occurrences = sorted(filter(is_occurrence, writers), key=lambda path: -path.count("]"))
    for path in occurrences:
        key = shown_key(path, writers[path], removals, past, path in alive)
        if key:
            shown[path] = key
            if key.value is not None:
                alive.update(around(path))
    return tuple(sorted(path for path in occurrences if path in alive and removals.standing(path)))


def _says_something(answer: Shown) -> bool:
    return answer.value is not None or any(other.value is not None for other in answer.conflicts)


def _answer(
    path: str, places: Sequence[int], removals: Removals, past: History, protective: Protective
) -> Shown | None:
    """What the path of an answer shows; None where all of it went with an occurrence that was removed."""
    taken = removals.taken(path)
    left = [place for place in places if not taken >> place & 1] if taken else places
    if not left:
        return None
    current = past.latest(left)
    value = past.operations[current[0]].writes[path]
    if len(current) == 1 and value is not None and not is_set(value):
        return Shown(value)
    values = [value for place in places if (value := past.operations[place].writes[path]) is not None]
    if values and all(map(is_set, values)):
        return Shown(merged_set(path, places, taken, removals.of_any_around(path), past))
    return register(path, current, past, protective.get(unindexed(path), ()))


def begin(operation: Operation, protective: Protective = NONE) -> RecordState:
    """The state after a record's first operation; the same as fold([operation])."""
    fields = _plain(operation.writes)
    if fields is None or operation.act is not None:
        return fold((operation,), protective)
    id, named = operation.id, operation.version is not None
    return RecordState(
        (id,),
        fields,
        (operation.stamp, id),
        {id[0]: turn(id)},
        operation.version,
        operation.stamp if named else (0, 0),
        id if named else None,
        {},
        operation.delete,
    )


def _plain(writes: Mapping[str, Value]) -> dict[str, Value] | None:
    """The writes as they show when nothing was there before; None where an occurrence is removed."""
    fields = dict(writes)
    for path, value in writes.items():
        if value is None:
            if is_occurrence(path):
                return None
        elif value.__class__ is dict and "set" in value:
            fields[path] = shown_set(value["set"])
    return fields


def extend(state: RecordState, operation: Operation, protective: Protective = NONE) -> RecordState | None:
    """The state after one more operation; None where it did not see exactly the heads: then fold anew.

    None too where its author's later operation is folded already, and where occurrences were removed or come back.
    Not for the state of a merged group.
    """
    author, own = operation.id[0], turn(operation.id)
    if own <= state.turns.get(author, (0, 0)) or not _saw(operation.seen, state.heads):
        return None
    writes = _plain(operation.writes)
    if writes is None or not _occurrences_stand(state, writes):
        return None
    rank = (operation.stamp, operation.id)
    rules = _rules(state, operation)
    comment = comment_of(operation)
    return RecordState(
        (operation.id,),
        state.fields | writes if writes else state.fields,
        max(state.greatest, rank),
        state.turns | {author: own},
        rules[0],
        rules[1],
        rules[2],
        _without(state.conflicts, writes),
        operation.delete or (state.deleted and not writes),
        _delete_conflicts(state, operation),
        _decided(state, operation),
        tuple(sorted((*state.comments, comment), key=comment_order)) if comment else state.comments,
    )


def _saw(seen: Sequence[OperationId], heads: tuple[OperationId, ...]) -> bool:
    return seen == heads or (len(seen) >= len(heads) and set(seen) == set(heads))


def _occurrences_stand(state: RecordState, writes: Mapping[str, Value]) -> bool:
    """Whether the writes touch no occurrence that is or was removed."""
    if "[" not in "".join(writes):
        return True
    for path in writes:
        if "[" in path and state.delete_conflicts:
            return False
        if is_occurrence(path) and path in state.fields and state.fields[path] is None:
            return False
        if any(state.fields.get(outer, "") is None for outer in around(path)):
            return False
    return True


def _rules(state: RecordState, operation: Operation) -> tuple[str | None, Stamp, OperationId | None]:
    rank = (operation.stamp, operation.id)
    if operation.version is None or (state.rules_id is not None and rank < (state.rules_stamp, state.rules_id)):
        return state.version, state.rules_stamp, state.rules_id
    return operation.version, operation.stamp, operation.id


def _without(
    conflicts: dict[str, tuple[Conflict, ...]], writes: Mapping[str, Value]
) -> dict[str, tuple[Conflict, ...]]:
    if not conflicts:
        return conflicts
    return {path: others for path, others in conflicts.items() if path not in writes}


def _delete_conflicts(state: RecordState, operation: Operation) -> tuple[str, ...]:
    """A write revives the record, a delete holds: both have seen everything."""
    if state.delete_conflicts and (operation.writes or operation.delete):
        return tuple(path for path in state.delete_conflicts if path != THE_RECORD)
    return state.delete_conflicts


def _decided(state: RecordState, operation: Operation) -> str:
    if is_review(operation) and operation.act:
        return str(operation.act["review"])
    return EDITED if state.decision and operation.writes else state.decision
