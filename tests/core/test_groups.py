"""Merged records show together, and an un-merge brings back each with what was written since."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.groups import connected, fold_apart, fold_group, survivor
from fieldsync.core.merge import fold
from fieldsync.core.operations import Operation, OperationId
from tests.core.histories import OTHER, PROTECTIVE, RECORD, histories, past_by_definition

THIRD = "0190a000-0000-7000-8000-000000000003"
FAR = "0190a000-0000-7000-8000-000000000009"


def person(
    author: str, counter: int, record: str, seen: tuple[OperationId, ...] = (), at: int = 0, **said: object
) -> Operation:
    act = said.pop("act", None)
    return Operation((author, counter), record, "entity", "people", None, (at, 0), seen, said, act=act)  # type: ignore[arg-type]


def by_record(said: list[Operation]) -> dict[str, list[Operation]]:
    return {record: [one for one in said if one.record == record] for record in sorted({one.record for one in said})}


def test_a_merge_joins_and_an_unmerge_parts_whichever_arrives_first() -> None:
    merge = person("desk", 1, RECORD, act={"merge": [OTHER]})
    further = person("desk", 2, OTHER, act={"merge": [THIRD]})
    unmerge = person("desk", 3, RECORD, act={"unmerge": [["desk", 1]]})
    assert connected([merge, further]) == [frozenset({RECORD, OTHER, THIRD})]
    assert connected([unmerge, further, merge]) == [frozenset({OTHER, THIRD})]
    assert connected([merge, unmerge]) == []
    assert connected([person("desk", 4, FAR, act={"merge": [FAR]})]) == []


def test_the_oldest_record_survives_whatever_was_written_later() -> None:
    old = person("amina", 1, OTHER, at=1, name="Fatima")
    young = person("brahim", 1, RECORD, at=5, name="Fatma")
    late = person("amina", 2, RECORD, (young.id,), at=0, age="30")
    assert survivor({RECORD: [young, late], OTHER: [old], THIRD: []}) == OTHER


def test_a_correction_made_while_merged_stays_after_the_unmerge_and_makes_no_conflict() -> None:
    first = person("amina", 1, RECORD, at=1, name="Fatima")
    double = person("brahim", 1, OTHER, at=2, name="Fatma", phone="1")
    merge = person("desk", 1, RECORD, (first.id, double.id), act={"merge": [OTHER]})
    told = person("chama", 1, RECORD, (merge.id,), at=3, name="Fatima Z.")
    phoned = person("chama", 2, OTHER, (told.id,), at=4, phone="2")
    groups = by_record([first, double, merge, told, phoned])
    together = fold_group(groups)
    assert together.fields == {"name": "Fatima Z.", "phone": "2"}
    assert together.heads == (phoned.id,)
    assert not together.conflicts
    assert fold_apart(RECORD, groups).fields == {"name": "Fatima Z."}
    apart = fold_apart(OTHER, groups)
    assert apart.fields == {"name": "Fatma", "phone": "2"}
    assert not apart.conflicts  # that she had seen the first number is known through the other record


@given(histories(records=(RECORD, OTHER)), st.randoms())
def test_a_group_is_the_fold_of_all_its_operations_and_its_heads_are_all_their_heads(
    said: list[Operation], luck: Random
) -> None:
    groups = by_record(said)
    together = fold_group(groups, PROTECTIVE)
    luck.shuffle(said)
    assert fold(said, PROTECTIVE) == together
    past = past_by_definition(said)
    assert set(together.heads) == set(past) - set().union(*past.values())


@given(histories(records=(RECORD, OTHER)))
def test_a_record_apart_knows_all_that_its_authors_had_seen(said: list[Operation]) -> None:
    past = past_by_definition(said)
    for record, own in by_record(said).items():
        apart = fold_apart(record, by_record(said), PROTECTIVE)
        ids = {one.id for one in own}
        covered = {earlier for id in ids for earlier in past[id]}
        assert set(apart.heads) == ids - covered
        for path, others in apart.conflicts.items():
            for other in others:
                later = {one.id for one in own if path in one.writes and other.id in past[one.id]}
                assert not later
