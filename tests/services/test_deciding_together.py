"""A coordinator decides on several registrations in one step, and takes the whole step back in one."""

from collections.abc import Sequence
from itertools import combinations

import pytest
from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import deciding, deciding_together, pair_clusters
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE
from fieldsync.services.deciding_together import Said, Step
from fieldsync.store.db import execute
from tests.routes.test_sync_entities import registers, updates
from tests.services.test_deciding import (
    coordinator_of,
    entity,
    found_pair,
    is_waiting,
    last_said,
    pair_of,
    says,
    shown,
    takes_back,
    two_women,
)
from tests.world import World


def four(world: World) -> list[str]:
    """Three registrations of one woman that hang together firmly, and her sister, whom one weak pair holds to them."""
    phone = world.phone()
    uuids = [world.uuid() for _ in range(4)]
    for number, each in enumerate(uuids):
        world.now_ms += 1000
        phone.sync(registers(phone, each, f"Fatima {number}"))
    for one, other in combinations(uuids[:3], 2):
        found_pair(world, one, other)
    found_pair(world, uuids[2], uuids[3], [("given_name", "weak", 1.0)])
    return uuids


def turns(world: World, uuid: str) -> int:
    reader = coordinator_of(world)
    return world.read(lambda session: pair_clusters.around(session, reader, entity(session, world.amal, uuid)).turns)


def decides(world: World, same: Sequence[str], apart: Sequence[str] = (), turn: int | None = None) -> str:
    """She says which are one and which are not; the code of what keeps her from it."""
    known = turns(world, same[0]) if turn is None else turn

    def work(session: Session) -> Problem | None:
        found = entity(session, world.amal, same[0])
        return deciding_together.decide(session, world.desk(), coordinator_of(world), found, Said(same, apart, known))

    return code(world.write(work))


def step_of(world: World, uuid: str) -> Step | None:
    reader = coordinator_of(world)
    return world.read(lambda session: deciding_together.last(session, reader, entity(session, world.amal, uuid)))


def undoes(world: World, uuid: str, turn: int | None = None) -> str:
    step = step_of(world, uuid)
    known = (step.turns if step else 0) if turn is None else turn

    def work(session: Session) -> Problem | None:
        found = entity(session, world.amal, uuid)
        return deciding_together.undo(session, world.desk(), coordinator_of(world), found, known)

    return code(world.write(work))


def code(problem: Problem | None) -> str:
    return problem.code if problem else ""


def test_one_step_merges_three_and_parts_the_fourth_and_one_step_takes_all_of_it_back(world: World) -> None:
    uuids = four(world)
    before = shown(world, *uuids)
    assert decides(world, uuids[:3], uuids[3:]) == ""
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None, uuids[0], uuids[0], None]
    assert not is_waiting(world, *uuids[2:])
    step = step_of(world, uuids[3])
    assert step is not None and (len(step.same), len(step.apart)) == (3, 1)
    said = world.read(lambda session: execute(session, "SELECT count(*) FROM operation").scalar_one())
    for each in uuids:
        assert step_of(world, each) is not None
    assert undoes(world, uuids[1]) == ""
    assert shown(world, *uuids) == before
    assert world.read(lambda session: execute(session, "SELECT count(*) FROM operation").scalar_one()) == said + 1
    assert all(is_waiting(world, *two) for two in (*combinations(uuids[:3], 2), uuids[2:]))
    assert undoes(world, uuids[0]) == "nothing_decided"


def test_what_is_written_meanwhile_stays_where_it_was_written(world: World) -> None:
    uuids = four(world)
    assert decides(world, uuids[:3]) == ""
    phone = world.phone()
    heads = (world.record(uuids[1], "entity") or {})["heads"]
    phone.sync(updates(phone, uuids[1], heads, fullname="Fatima Zahra"))
    assert shown(world, uuids[0])[0]["fields"]["fullname"] == "Fatima Zahra"
    assert undoes(world, uuids[0]) == ""
    assert [each["fields"]["fullname"] for each in shown(world, *uuids[:3])] == ["Fatima 0", "Fatima Zahra", "Fatima 2"]


def test_of_a_step_only_what_still_holds_is_taken_back(world: World) -> None:
    uuids = four(world)
    assert decides(world, uuids[:3], uuids[3:]) == ""
    assert takes_back(world, uuids[0], uuids[1]) is None
    assert says(world, uuids[0], uuids[1], DIFFERENT, who="p2") is None
    assert undoes(world, uuids[0]) == ""
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 4
    assert last_said(world, uuids[0], uuids[1]) == DIFFERENT, "what somebody said anew is hers"
    assert last_said(world, uuids[0], uuids[2]) == deciding.OPEN


def test_who_decides_or_takes_back_on_an_old_page_writes_nothing(world: World) -> None:
    uuids = four(world)
    assert says(world, uuids[2], uuids[3], DIFFERENT, who="p2") is None
    assert says(world, uuids[0], uuids[1], UNSURE, who="p2") is None
    assert decides(world, uuids[:3], turn=0) == "pair_decided"
    assert decides(world, uuids[:2], uuids[3:]) == "stale_page", "she hangs on them no longer"
    assert decides(world, uuids[:1]) == "too_few_chosen"
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 4
    assert decides(world, uuids[:3]) == ""
    assert undoes(world, uuids[0], turn=1) == "pair_decided"
    assert shown(world, uuids[2])[0]["merged_into"] == uuids[0]


def test_a_second_step_over_the_same_records_is_another_step(world: World) -> None:
    uuids = four(world)
    assert decides(world, uuids[:3]) == ""
    assert undoes(world, uuids[0]) == ""
    assert decides(world, uuids[:2], [uuids[2]]) == ""
    step = step_of(world, uuids[2])
    assert step is not None and [len(step.same), len(step.apart)] == [2, 1]
    assert undoes(world, uuids[2]) == ""
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 4


def test_the_list_tells_of_each_group_once_in_the_order_of_the_queue(world: World) -> None:
    light, heavy = four(world), four(world)
    found_pair(world, heavy[0], heavy[1], [("phone", "same", 20.0)])
    reader = coordinator_of(world)
    lines, following = world.read(lambda session: pair_clusters.lines(session, reader, None, 1))
    rest, end = world.read(lambda session: pair_clusters.lines(session, reader, following, 1))
    assert [len(each.members) for each in (*lines, *rest)] == [4, 4] and end is None
    first = world.read(lambda session: {entity(session, world.amal, each).row.id for each in heavy})
    assert {each.row.id for each in lines[0].members} == first and lines[0].weight == 20.0
    assert {each.row.id for each in rest[0].members}.isdisjoint(first) and light


@pytest.mark.parametrize("decision", [SAME, DIFFERENT])
def test_a_pair_that_was_decided_alone_is_no_step(world: World, decision: str) -> None:
    uuids = four(world)
    assert says(world, uuids[0], uuids[1], decision) is None
    assert step_of(world, uuids[0]) is None and undoes(world, uuids[0]) == "nothing_decided"
    assert world.read(lambda session: pair_of(session, world, *uuids[:2]).turn) == 1


def test_a_value_that_is_nobodys_is_not_chosen(world: World) -> None:
    """Else another would survive than the one that she saw and chose."""
    older, younger = two_women(world)
    found_pair(world, older, younger)
    problem = says(world, older, younger, SAME, taken={"fullname": ("nobody", 1)})
    assert problem is not None and problem.code == "stale_page"
    assert shown(world, younger)[0]["merged_into"] is None and is_waiting(world, older, younger)
    assert says(world, older, younger, SAME, taken={"village": ("nobody", 1)}) is None, "none says another village"
