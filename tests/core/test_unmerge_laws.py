"""Whatever was merged, edited and taken back: once nothing is merged, each record is what its edits alone make it."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.causality import history
from fieldsync.core.disputes import disputes
from fieldsync.core.groups import connected, fold_apart, fold_group, in_force
from fieldsync.core.merge import RecordState, fold
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.registers import same
from fieldsync.core.sets import normal_form
from fieldsync.core.survivorship import Evidence, as_act, decided, first_said, read_act, with_survivals
from tests.core.histories import PROTECTIVE, operations, past_by_definition

RECORDS = tuple(f"0190a000-0000-7000-8000-00000000000{place}" for place in range(1, 5))
PEOPLE = ("amina", "brahim", "desk")
OF_ITS_ACTS = ("heads", "greatest", "turns")
"""Members of a state that name operations which write nothing, merges too."""


def groups_of(said: Sequence[Operation]) -> dict[str, list[Operation]]:
    return {record: [one for one in said if one.record == record] for record in RECORDS}


def act(said: list[Operation], record: str, seen: tuple[OperationId, ...], what: dict[str, Any]) -> Operation:
    counter = 1 + sum(one.id[0] == "desk" for one in said)
    return Operation(("desk", counter), record, "entity", "people", None, (len(said) % 4, 0), seen, act=what)


def merge(said: list[Operation], one: str, other: str, chosen: Random) -> Operation:
    """The desk merges what it sees of two records, or of the groups that they show in; at times it chooses."""
    named = {one, other}
    together = set().union(named, *(group for group in connected(said) if group & named))
    shown = {record: own for record, own in groups_of(said).items() if record in together}
    everything = [each for own in shown.values() for each in own]
    past = history(with_survivals(everything, in_force(everything)), {})
    at_odds = disputes(past, fold_group(shown, PROTECTIVE), PROTECTIVE)
    by_id = {each.id: each for each in everything}
    survives = [
        first_said(
            decided(each, Evidence(said=everything), PROTECTIVE, chosen.choice([None, each.claims[-1].id])), by_id
        )
        for each in at_odds
    ]
    return act(said, one, heads(everything, None), {"merge": sorted(named), "survives": as_act(survives)})


def heads(known: Sequence[Operation], record: str | None) -> tuple[OperationId, ...]:
    """The heads that an author knows: those of the record, or of all."""
    past = history([one for one in known if record in (None, one.record)], {})
    return tuple(sorted(past.operations[place].id for place in past.latest(range(len(past.operations)))))


@st.composite
def stories(draw: st.DrawFn) -> list[Operation]:
    """Companions write, the desk merges and un-merges; everybody knows of it late, or never."""
    known: dict[str, list[Operation]] = {author: [] for author in PEOPLE}
    said: list[Operation] = []
    chosen = draw(st.randoms(use_true_random=False))
    for record in RECORDS:
        said.append(draw(operations(("birth", len(said) + 1), record, ())))
    for _ in range(draw(st.integers(3, 14))):
        what = draw(st.sampled_from(["edit", "edit", "edit", "merge", "merge", "unmerge"]))
        standing = sorted(in_force(said))
        if what == "merge":
            one, other = draw(st.permutations(RECORDS))[:2]
            said.append(merge(said, one, other, chosen))
        elif what == "unmerge" and standing:
            said.append(unmerge(said, [draw(st.sampled_from(standing))]))
        else:
            author = draw(st.sampled_from(PEOPLE))
            known[author] += draw(st.sampled_from([[], said]))
            record = draw(st.sampled_from(RECORDS))
            counter = 1 + sum(one.id[0] == author for one in said)
            seen = heads(known[author], None if draw(st.booleans()) else record)
            said.append(draw(operations((author, counter), record, seen)))
    return said


def unmerge(said: list[Operation], named: Sequence[OperationId]) -> Operation:
    record = next(each.record for each in said if each.id == named[0])
    seen = heads([each for each in said if each.record == record], record)
    return act(said, record, seen, {"unmerge": [list(each) for each in named]})


def canonical(state: RecordState) -> bytes:
    """A record as bytes, without what says only where its acts stand."""
    told = {name: value for name, value in msgspec.to_builtins(state).items() if name not in OF_ITS_ACTS}
    return msgspec.json.encode(told, order="sorted")


def edits_alone(said: Sequence[Operation], past: Mapping[OperationId, set[OperationId]], record: str) -> RecordState:
    """What a record would show had nobody ever merged: its own edits, each knowing what its author knew of them."""
    own = {one.id: one for one in said if one.record == record and not is_merging(one)}
    return fold(
        [msgspec.structs.replace(one, seen=tuple(sorted(past[one.id] & own.keys()))) for one in own.values()],
        PROTECTIVE,
    )


def is_merging(operation: Operation) -> bool:
    return bool(operation.act) and not {"merge", "unmerge"}.isdisjoint(operation.act or {})


@given(stories(), st.randoms(use_true_random=False))
def test_unmerging_everything_gives_exactly_what_the_edits_alone_give(said: list[Operation], luck: Random) -> None:
    standing = sorted(in_force(said))
    if standing:
        said = [*said, unmerge(said, standing)]
    replayed = [*said, *luck.sample(said, len(said) // 2)]
    luck.shuffle(replayed)
    assert connected(replayed) == []
    past = past_by_definition(said)
    for record in RECORDS:
        apart = fold_apart(record, groups_of(replayed), PROTECTIVE)
        assert canonical(apart) == canonical(edits_alone(said, past, record))


@given(stories(), st.randoms(use_true_random=False))
def test_a_group_shows_the_same_whatever_the_order_in_which_it_was_said(said: list[Operation], luck: Random) -> None:
    mixed = [*said, *luck.sample(said, len(said) // 2)]
    luck.shuffle(mixed)
    assert connected(mixed) == connected(said)
    for group in connected(said):
        told = {record: own for record, own in groups_of(said).items() if record in group}
        again = {record: own for record, own in groups_of(mixed).items() if record in group}
        assert fold_group(told, PROTECTIVE) == fold_group(again, PROTECTIVE)


@given(stories())
def test_a_merge_that_has_seen_everything_leaves_nothing_in_conflict(said: list[Operation]) -> None:
    one, other = RECORDS[:2]
    said = [*said, merge(said, one, other, Random(1))]
    last = said[-1]
    group = next(each for each in connected(said) if one in each)
    shown = {record: own for record, own in groups_of(said).items() if record in group}
    before = {record: [each for each in own if each.id != last.id] for record, own in shown.items()}
    at_odds = fold_group(before, PROTECTIVE).conflicts
    together = fold_group(shown, PROTECTIVE)
    survives = {each.path: each.id for each in read_act(last.act)}
    assert survives.keys() == at_odds.keys()
    assert not together.conflicts.keys() & at_odds.keys()
    values = {each.id: each.writes for each in said}
    assert all(same(together.fields[path], normal_form(values[id][path])) for path, id in survives.items())
