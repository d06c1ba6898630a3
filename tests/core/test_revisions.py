"""What a history tells of each operation: what its author saw, and of whom she did not know."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.merge import fold
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.revisions import alike, revisions, shown_at

RECORD = "00000000-0000-4000-8000-000000000001"
ROW = "rows[11111111-1111-4111-8111-111111111111]"
PATHS = ("name", "age", "likes", ROW, f"{ROW}/called")


def said(author: str, counter: int, seen: Sequence[OperationId] = (), /, **writes: Value) -> Operation:
    return Operation((author, counter), RECORD, "submission", "visit", "1", (counter, 0), tuple(seen), writes)


def test_an_operation_tells_what_was_there_before() -> None:
    first = said("a", 1, name="Amina", age=30)
    second = said("b", 1, [first.id], age=31)
    found = revisions([first, second], [first.id, second.id], {})
    assert (found["a", 1].is_first, found["a", 1].before) == (True, {})
    assert (found["b", 1].is_first, found["b", 1].before, found["b", 1].is_concurrent) == (False, {"age": 30}, False)


def test_two_that_did_not_know_of_each_other_are_concurrent_and_a_third_that_knew_both_is_not() -> None:
    first = said("a", 1, age=1)
    left, right = said("b", 1, [first.id], age=2), said("c", 1, [first.id], age=3)
    last = said("d", 1, [left.id, right.id], age=4)
    found = revisions([last, right, left, first], [each.id for each in (first, left, right, last)], {})
    assert [found[each.id].is_concurrent for each in (first, left, right, last)] == [False, True, True, False]
    assert found[last.id].before == {"age": 3}, "what the record showed then: the greater of the two"


def test_what_went_with_its_row_was_not_there() -> None:
    first = said("a", 1, (), **{ROW: 1, f"{ROW}/called": "Samir"})
    gone = said("a", 2, [first.id], **{ROW: None})
    again = said("a", 3, [gone.id], **{ROW: 2, f"{ROW}/called": "Sami"})
    assert revisions([first, gone, again], [again.id], {})[again.id].before == {ROW: None}


def test_a_row_that_somebody_answered_unseen_was_still_there() -> None:
    first = said("a", 1, (), **{ROW: 1})
    gone = said("a", 2, [first.id], **{ROW: None})
    answered = said("b", 1, (), **{f"{ROW}/called": "Samir"})
    last = said("c", 1, [gone.id, answered.id], **{ROW: 1})
    assert revisions([first, gone, answered, last], [last.id], {})[last.id].before == {ROW: 1}


VALUES = {
    "name": st.sampled_from(["Amina", "Tuda", None]),
    "age": st.sampled_from([1, 2, None]),
    "likes": st.sampled_from([{"set": ["red"]}, {"set": ["green", "red"]}, None]),
    ROW: st.sampled_from([1, 2, None]),
    f"{ROW}/called": st.sampled_from(["Samir", "Sami", None]),
}


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Operations of three authors; each saw some of what was said before."""
    found: list[Operation] = []
    counters = dict.fromkeys("abc", 0)
    for _ in range(draw(st.integers(1, 9))):
        author = draw(st.sampled_from("abc"))
        counters[author] += 1
        seen = draw(st.lists(st.sampled_from(found), unique_by=lambda each: each.id, max_size=3)) if found else []
        paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, unique=True))
        writes = {path: draw(VALUES[path]) for path in paths}
        found.append(said(author, counters[author], [each.id for each in seen], **writes))
    return found


@given(histories())
def test_before_is_what_the_fold_of_the_past_shows(operations: list[Operation]) -> None:
    """A law: what is told as the old value is what the record was for whoever had seen exactly that past."""
    found = revisions(operations, [each.id for each in operations], {})
    for operation in operations:
        mine = [each for each in operations if each.id[0] == operation.id[0] and each.id[1] < operation.id[1]]
        past = shown_at(operations, [*operation.seen, *(each.id for each in mine[-1:])], {})
        assert past is not None
        told = {path: past[path] for path in operation.writes if path in past}
        assert all(alike(found[operation.id].before.get(path), told.get(path)) for path in operation.writes)


@given(histories())
def test_whoever_saw_all_heads_saw_the_record(operations: list[Operation]) -> None:
    state = fold(operations)
    assert shown_at(operations, state.heads, {}) == state.fields


def test_whoever_saw_what_is_not_here_saw_nothing_that_can_be_told() -> None:
    assert shown_at([said("a", 1, age=1)], [("nobody", 1)], {}) is None
