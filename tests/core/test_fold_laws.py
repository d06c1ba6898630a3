"""The laws of the fold: it is a function of the set of operations, and no value ever vanishes."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.causality import history
from fieldsync.core.merge import RecordState, arrange, begin, extend, fold
from fieldsync.core.occurrences import around
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.registers import same
from tests.core.histories import PROTECTIVE, histories, past_by_definition

HISTORIES = st.one_of(histories(), histories(hostile=True))


@given(HISTORIES, st.data())
def test_neither_order_nor_repetition_changes_a_record(said: list[Operation], data: st.DataObject) -> None:
    again = data.draw(st.permutations([*said, *data.draw(st.lists(st.sampled_from(said), max_size=4))]))
    assert fold(again, PROTECTIVE) == fold(said, PROTECTIVE)


@given(HISTORIES, st.integers(0, 9))
def test_a_past_is_what_its_definition_says(said: list[Operation], cut: int) -> None:
    folded, quarantined = said[: cut + 1], {one.id: one.seen for one in said[cut + 1 :]}
    past = history(folded, quarantined)
    ids = [one.id for one in past.operations]
    found = {
        id: {ids[at] for at in range(len(ids)) if mask >> at & 1} for id, mask in zip(ids, past.pasts, strict=True)
    }
    expected = past_by_definition(folded, quarantined)
    assert found == {id: expected[id] & set(ids) for id in ids}
    covered: set[OperationId] = set().union(*found.values())
    assert set(fold(folded, {}, quarantined).heads) == set(ids) - covered


@given(HISTORIES, st.data())
def test_going_on_from_a_state_equals_folding_anew(said: list[Operation], data: st.DataObject) -> None:
    quarantined = {one.id: one.seen for one in data.draw(st.lists(st.sampled_from(said), max_size=2))}
    rest = [one for one in data.draw(st.permutations(said)) if one.id not in quarantined]
    applicable, _ = arrange(rest, quarantined)
    state: RecordState | None = None
    for count, operation in enumerate(applicable, 1):
        anew = fold(applicable[:count], PROTECTIVE, quarantined)
        extended = extend(state, operation) if state else begin(operation)
        assert extended is None or extended == anew
        state = anew


@given(histories(size=14))
def test_one_companion_alone_never_meets_a_conflict_and_goes_on_without_folding(said: list[Operation]) -> None:
    alone = [
        Operation(("amina", at), one.record, one.kind, "f", "1", one.stamp, (("amina", at - 1),) * (at > 1), one.writes)
        for at, one in enumerate(said, 1)
    ]
    state = begin(alone[0])
    for count, operation in enumerate(alone[1:], 2):
        extended = extend(state, operation)
        removes = any(
            value is None and path.endswith("]") for one in alone[:count] for path, value in one.writes.items()
        )
        assert extended is not None or removes
        state = extended or fold(alone[:count])
    assert not state.conflicts
    assert not state.delete_conflicts
    assert state.heads == (alone[-1].id,)
    last_words = {path: value for one in alone for path, value in one.writes.items() if "[" not in path}
    assert {path: state.fields[path] for path in last_words} == {
        path: shown(value) for path, value in last_words.items()
    }


def shown(value: Any) -> Any:
    """A set is shown sorted, and as null when empty."""
    if isinstance(value, dict):
        return {"set": sorted(value["set"])} if value["set"] else None
    return value


@given(HISTORIES)
def test_every_value_is_current_or_replaced_by_one_who_saw_it_or_a_conflict(said: list[Operation]) -> None:
    state = fold(said, PROTECTIVE)
    past = past_by_definition(said)
    for operation in said:
        for path, value in operation.writes.items():
            if value is not None:
                assert is_accounted_for(state, said, past, operation, path), (operation.id, path)


def is_accounted_for(
    state: RecordState,
    said: Iterable[Operation],
    past: Mapping[OperationId, set[OperationId]],
    operation: Operation,
    path: str,
) -> bool:
    """Whether a written value can still be found, or was replaced or removed by an author who had seen it.

    Of a set, an operation says only what differs from the set that its past shows.
    """
    value = operation.writes[path]
    current = [state.fields.get(path), *(other.value for other in state.conflicts.get(path, ()))]
    if any(same(shown(value), shown(one)) for one in current):
        return True
    later = [one for one in said if operation.id in past[one.id]]
    removers = [one for one in [*later, operation] if any(one.writes.get(at, "") is None for at in around(path))]
    writers = [one.writes[path] for one in later if path in one.writes]
    if removers:
        return True
    is_set = all(isinstance(one.writes[path], dict) for one in said if one.writes.get(path) is not None)
    if not is_set:
        return bool(writers)
    ticked = current[0]["set"] if current[0] else []
    earlier = [one for one in said if one.id in past[operation.id]]
    before = fold(earlier).fields.get(path) if earlier else None
    unticked = set(value["set"]) - set(ticked) - set(before["set"] if before else ())
    return all(any(choice not in (one or {"set": []})["set"] for one in writers) for choice in unticked)


@given(HISTORIES)
def test_a_set_is_one_box_for_each_choice_ticked_where_any_current_word_on_it_says_so(said: list[Operation]) -> None:
    past = past_by_definition(said)
    boxes: dict[OperationId, dict[str, bool]] = {}
    for one in sorted(said, key=lambda one: len(past[one.id])):
        earlier = {id: words for id, words in boxes.items() if id in past[one.id]}
        boxes[one.id] = words_on_boxes(one, ticked_boxes(earlier, past))
    if any("needs" in one.writes for one in said):
        ticked = ticked_boxes(boxes, past)
        assert fold(said).fields["needs"] == ({"set": sorted(ticked)} if ticked else None)


def words_on_boxes(operation: Operation, before: set[str]) -> dict[str, bool]:
    """Choice to true or false, for each that an operation ticks or unticks, as against what its past shows."""
    if "needs" not in operation.writes:
        return {}
    now = set((operation.writes["needs"] or {"set": []})["set"])
    return {choice: choice in now for choice in before ^ now}


def ticked_boxes(
    boxes: Mapping[OperationId, Mapping[str, bool]], past: Mapping[OperationId, set[OperationId]]
) -> set[str]:
    """The choices of which some word is true that no later word on the choice had seen."""
    return {
        choice
        for id, words in boxes.items()
        for choice, ticked in words.items()
        if ticked and not any(choice in later and id in past[other] for other, later in boxes.items())
    }


@given(HISTORIES)
def test_an_answer_that_is_shown_stands_in_an_occurrence_that_is_not_removed(said: list[Operation]) -> None:
    state = fold(said, PROTECTIVE)
    keyed = {path for one in said for path, value in one.writes.items() if path.endswith("]") and value is not None}
    for path, value in state.fields.items():
        if value is not None:
            for occurrence in around(path):
                assert occurrence not in keyed or state.fields[occurrence] is not None


@given(HISTORIES)
def test_arranged_operations_have_all_that_they_saw_before_them(said: list[Operation]) -> None:
    known = {one.id for one in said[::4]}
    applicable, held = arrange(said, known)
    here = set(known)
    for operation in applicable:
        assert here.issuperset(operation.seen)
        here.add(operation.id)
    assert {one.id for one in [*applicable, *held]} == {one.id for one in said}
    assert not any(here.issuperset(one.seen) for one in held)
