"""Two coordinators decide who is one: nothing is overwritten, everything can be taken back, a no stays a no."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS, READ_RECORDS, Grant
from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.core.roles import ALL, CLEAR, Role
from fieldsync.services import deciding, desk, merging, pair_queue, reviewing
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, Pair, Verdict
from fieldsync.services.desk import Desk
from fieldsync.services.readers import Reader
from fieldsync.store.db import execute
from fieldsync.store.people import PersonRow
from tests.linked_world import ASNI, Register
from tests.routes.test_sync_entities import registers, updates
from tests.world import Json, World

LEVELS = (("given_name", "same", 6.8), ("birth", "differs", -1.9), ("phone", "same", 9.2))


def two_women(world: World) -> tuple[str, str]:
    """Registered twice, in two scripts."""
    amina, brahim = world.phone(), world.phone()
    older, younger = world.uuid(), world.uuid()
    amina.sync(registers(amina, older, "فاطمة"))
    world.now_ms += 1000
    brahim.sync(registers(brahim, younger, "Fatima", more={"risk": "low"}))
    return older, younger


def found_pair(
    world: World,
    one: str,
    other: str,
    levels: Sequence[tuple[str, str, float]] = LEVELS,
    zone: str = "review",
    association_id: int | None = None,
) -> None:
    """What linkage writes when it finds that two entities may be one."""
    sql = (
        "INSERT INTO candidate_pair (left_id, right_id, association_id, kind, of, model_version, weight, comparisons,"
        " bounds, zone, found_ms) VALUES (?, ?, ?, 'entity', 'people', 0, ?, ?, ?, ?, ?)"
        " ON CONFLICT (left_id, right_id) DO UPDATE SET comparisons = excluded.comparisons, weight = excluded.weight,"
        " found_ms = excluded.found_ms"
    )

    owner = association_id or world.amal

    def work(session: Session) -> None:
        ids = sorted(entity(session, owner, each).row.id for each in (one, other))
        weight = sum(each[2] for each in levels)
        values = (*ids, owner, weight, msgspec.json.encode(levels), b"[]", zone, world.now_ms)
        execute(session, sql, values)

    world.write(work)


def entity(session: Session, association_id: int, uuid: str) -> desk.Found:
    return next(each for each in desk.find(session, association_id, uuid) if each.kind == "entity")


def pair_of(session: Session, world: World, one: str, other: str) -> Pair:
    return deciding.of_rows(session, entity(session, world.amal, one), entity(session, world.amal, other))


def says(world: World, one: str, other: str, decision: str, who: str = "p1", **said: Any) -> Problem | None:
    """A coordinator decides on what she sees now."""

    def work(session: Session) -> Problem | None:
        pair = pair_of(session, world, one, other)
        verdict = Verdict(decision, said.pop("turn", pair.turn), **said)
        return deciding.decide(session, Desk(world.amal, who, world.now_ms), pair, verdict)

    return world.write(work)


def takes_back(world: World, one: str, other: str) -> Problem | None:
    def work(session: Session) -> Problem | None:
        pair = pair_of(session, world, one, other)
        return deciding.undo(session, Desk(world.amal, "p1", world.now_ms), pair, pair.turn)

    return world.write(work)


def is_waiting(world: World, one: str, other: str) -> bool:
    return world.read(lambda session: deciding.is_waiting(pair_of(session, world, one, other)))


def shown(world: World, *uuids: str) -> list[Json]:
    found = [world.record(each, "entity") for each in uuids]
    return [{name: each[name] for name in ("fields", "conflicts", "merged_into", "deleted")} for each in found if each]


def test_the_same_is_merged_and_taken_back_with_edits_kept(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    before = shown(world, older, younger)
    assert is_waiting(world, older, younger)
    assert says(world, older, younger, SAME) is None
    one, other = shown(world, older, younger)
    assert other["merged_into"] == older and one["conflicts"] == {}
    assert one["fields"]["fullname"] == "Fatima"  # neither is more precise nor said more often: the later one
    assert not is_waiting(world, older, younger)
    assert takes_back(world, older, younger) is None
    assert shown(world, older, younger) == before
    assert is_waiting(world, older, younger)


def test_whoever_merges_may_choose_what_survives(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    first: OperationId = world.read(lambda session: reviewing.heads_of(entity(session, world.amal, older))[0])
    assert says(world, older, younger, SAME, taken={"fullname": first}) is None
    [one] = shown(world, older)
    assert one["fields"]["fullname"] == "فاطمة" and one["conflicts"] == {}
    amina = world.phone()
    heads = (world.record(older, "entity") or {})["heads"]
    amina.sync(updates(amina, younger, heads, fullname="Fatima Zahra"))
    [one] = shown(world, older)
    assert one["fields"]["fullname"] == "Fatima Zahra" and one["conflicts"] == {}


def test_a_no_stays_a_no_until_something_is_compared_otherwise(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    assert says(world, older, younger, DIFFERENT, why="sisters") is None
    assert not is_waiting(world, older, younger)
    world.now_ms += 1000
    found_pair(world, older, younger, [(name, level, weight + 1) for name, level, weight in LEVELS])
    assert not is_waiting(world, older, younger)  # only the model is another
    found_pair(world, older, younger, [LEVELS[0], ("birth", "same", 4.0), LEVELS[2]])
    assert is_waiting(world, older, younger)
    assert world.read(lambda session: deciding.changed_since(pair_of(session, world, older, younger))) == ["birth"]


def test_what_was_unmerged_stays_apart_and_stands_against_a_merge_by_way_of_a_third(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    says(world, older, younger, SAME)
    world.write(lambda session: deciding.part(session, world.desk(), entity(session, world.amal, younger)))
    assert not is_waiting(world, older, younger)
    amina, third = world.phone(), world.uuid()
    amina.sync(registers(amina, third, "F."))
    assert says(world, older, third, SAME) is None
    problem = says(world, third, younger, SAME)
    assert problem is not None and problem.code == "pair_held_apart"
    assert says(world, older, younger, SAME) is None  # a person says otherwise


def test_who_decides_on_a_page_of_before_is_told_and_writes_nothing(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    assert says(world, older, younger, DIFFERENT, who="p1") is None
    problem = says(world, older, younger, SAME, who="p2", turn=0)
    assert problem is not None and problem.code == "pair_decided"
    assert [each["merged_into"] for each in shown(world, older, younger)] == [None, None]


def test_of_two_coordinators_at_the_same_moment_one_decides(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    told: list[str] = []
    ready = threading.Barrier(2)

    def coordinator(who: str, decision: str) -> None:
        ready.wait()
        problem = says(world, older, younger, decision, who=who, turn=0)
        told.append(problem.code if problem else decision)

    both = [threading.Thread(target=coordinator, args=each) for each in (("p1", SAME), ("p2", DIFFERENT))]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(told) == 2 and told.count("pair_decided") == 1
    decided = world.read(lambda session: pair_of(session, world, older, younger).decision)
    assert decided is not None and decided.turn == 1 and decided.decision in told
    merged = shown(world, younger)[0]["merged_into"] is not None
    assert merged == (decided.decision == SAME)


def test_the_queue_begins_with_what_is_most_useful_and_goes_on_page_by_page(world: World) -> None:
    amina = world.phone()
    uuids = [world.uuid() for _ in range(5)]
    amina.sync(*(registers(amina, each, f"F{number}") for number, each in enumerate(uuids)))
    for place, (one, other) in enumerate(pairwise(uuids)):
        found_pair(world, one, other, [("phone", "same", 5.0 + place)])
    reader = coordinator_of(world)
    first = world.read(lambda session: pair_queue.page(session, reader, None, 3))
    rest = world.read(lambda session: pair_queue.page(session, reader, first.following, 3))
    weights = [each.pair.row.weight for each in (*first.items, *rest.items) if each.pair.row]
    assert weights == [8.0, 7.0, 6.0, 5.0] and first.total == 4 and rest.following is None
    assert says(world, uuids[3], uuids[4], UNSURE) is None
    assert world.read(lambda session: pair_queue.count(session, reader)) == 3


def coordinator_of(world: World) -> Reader:
    """Somebody who may act on everything of the association."""
    may = frozenset({READ_RECORDS, ACT_ON_RECORDS})
    role = Role("coordinator", "", "", "", "association", may, frozenset({ALL}), personal=CLEAR)
    person = PersonRow(1, world.uuid(), world.amal, "p@amal.example", "", "active", None, 0, 0, 0)
    return Reader(world.amal, person=person, grants=(Grant(role, world.amal),))


def test_whoever_sees_one_village_finds_her_pair_below_heavier_ones_of_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_queue, "LOOKED_AT_MAX", 2)
    monkeypatch.setattr(pair_queue, "ENOUGH", 1)
    elsewhere = [two_women(world) for _ in range(5)]
    for number, pair in enumerate(elsewhere):
        found_pair(world, *pair, levels=[("phone", "same", 20.0 - number // 2)])
    hers = two_women(world)
    found_pair(world, *hers, levels=[("phone", "same", 2.0)])
    ids = world.read(lambda session: {entity(session, world.amal, each).row.id for each in hers})
    for each in sorted(ids):
        world.write(partial(execute, sql="UPDATE record SET place = '07.041.07.03' WHERE id = ?", parameters=(each,)))
    everywhere = coordinator_of(world)
    of_asni = replace(everywhere, grants=(replace(everywhere.grants[0], places=("07.041.07.03",)),))
    waiting = world.read(lambda session: pair_queue.waiting(session, of_asni, "people"))
    assert [{each.pair.left.row.id, each.pair.right.row.id} for each in waiting] == [ids]
    monkeypatch.setattr(pair_queue, "ENOUGH", 6)
    everything = world.read(lambda session: pair_queue.waiting(session, everywhere, "people"))
    assert len({each.rank[1:] for each in everything}) == len(everything) == 6


def test_where_two_people_decide_the_first_proposes_and_only_another_confirms(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    assert world.write(lambda session: deciding.need_two(session, world.desk(), "people", True)) is None
    assert says(world, older, younger, SAME, who="p1") is None
    assert is_waiting(world, older, younger) and shown(world, younger)[0]["merged_into"] is None
    problem = says(world, older, younger, SAME, who="p1")
    assert problem is not None and problem.code == "second_person_due"
    assert says(world, older, younger, SAME, who="p2") is None
    assert shown(world, younger)[0]["merged_into"] == older and not is_waiting(world, older, younger)
    assert takes_back(world, older, younger) is None
    assert says(world, older, younger, SAME, who="p2") is None  # it begins anew: two are needed again
    assert shown(world, younger)[0]["merged_into"] is None
    assert takes_back(world, older, younger) is None
    assert world.write(lambda session: deciding.need_two(session, world.desk(), "nothing", True)) == Problem(
        "not_found"
    )


def test_what_a_proposal_stood_on_may_change_and_then_it_is_proposed_anew(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    world.write(lambda session: deciding.need_two(session, world.desk(), "people", True))
    assert says(world, older, younger, SAME, who="p1") is None
    found_pair(world, older, younger, [LEVELS[0], ("birth", "same", 4.0), LEVELS[2]])
    assert says(world, older, younger, SAME, who="p2") is None
    assert shown(world, younger)[0]["merged_into"] is None
    assert says(world, older, younger, SAME, who="p1") is None
    assert shown(world, younger)[0]["merged_into"] == older


def test_the_menu_counts_what_waits_up_to_a_bound(world: World) -> None:
    amina = world.phone()
    uuids = [world.uuid() for _ in range(5)]
    amina.sync(*(registers(amina, each, f"F{number}") for number, each in enumerate(uuids)))
    for one, other in pairwise(uuids):
        found_pair(world, one, other)
    reader = coordinator_of(world)

    def counted(most: int = 100, who: Reader = reader) -> int:
        return world.read(lambda session: pair_queue.count_at_most(session, who, most))

    assert (counted(), counted(3)) == (4, 3)
    assert says(world, uuids[0], uuids[1], DIFFERENT) is None
    assert counted() == 3
    in_asni = replace(reader, grants=tuple(replace(each, places=("07.041.07.03",)) for each in reader.grants))
    assert counted(who=in_asni) == 0


def test_new_evidence_is_asked_of_whatever_the_clock_says(world: World) -> None:
    register = Register(world)
    phone = world.phone()
    born = {"sex": "f", "phone": "0612345678", "home": ASNI}
    one = register.member(phone, "Fatima Ait Lahcen", year=1990, **born)
    other = register.member(phone, "فاطمة أيت لحسن", year=1991, **born)
    register.compare()
    assert says(world, one, other, DIFFERENT) is None
    world.now_ms -= 7 * 24 * 3_600_000  # the server's clock was ahead, and is set right
    register.says(phone, other, "فاطمة أيت لحسن", False, year=1990, **born)
    register.compare()
    reader = coordinator_of(world)
    assert world.read(lambda session: pair_queue.count(session, reader)) == 1
    assert says(world, one, other, UNSURE) is None
    assert world.read(lambda session: pair_queue.count_at_most(session, reader, 9)) == 0


def test_whoever_takes_one_merge_of_several_back_holds_apart_only_what_is_apart(world: World) -> None:
    older, younger = two_women(world)
    third, _fourth = two_women(world)
    assert [says(world, *each, SAME) for each in ((older, younger), (younger, third))] == [None, None]
    world.at_desk(merging.merge, older, [third], kind="entity")  # ties them over again, as one said elsewhere does

    def part(session: Session) -> Problem | None:
        found = entity(session, world.amal, younger)
        return deciding.part(session, world.desk(), found, [merging.merges_of(session, found)[0].id])

    assert world.write(part) is None
    assert {each["merged_into"] for each in shown(world, younger, third)} == {older}
    assert last_said(world, older, younger) == SAME


def unites(world: World, *uuids: str) -> str:
    """Somebody names entities that are one, without a pair that linkage found; the code of what keeps her from it."""

    def work(session: Session) -> Problem | None:
        by = Desk(world.amal, "p1", world.now_ms)
        return deciding.unite(session, by, entity(session, world.amal, uuids[0]), uuids[1:])

    problem = world.write(work)
    return problem.code if problem else ""


def last_said(world: World, one: str, other: str) -> str:
    pair = world.read(lambda session: pair_of(session, world, one, other))
    return pair.decision.decision if pair.decision else ""


def test_two_that_are_one_are_not_decided_again_so_one_undo_parts_them(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    before = shown(world, older, younger)
    assert says(world, older, younger, SAME) is None
    for decision in (SAME, DIFFERENT, UNSURE):
        problem = says(world, older, younger, decision, who="p2")
        assert problem is not None and problem.code == "already_one"
    assert takes_back(world, older, younger) is None
    assert shown(world, older, younger) == before


def test_whoever_names_two_entities_decides_on_them_as_on_a_pair(world: World) -> None:
    older, younger = two_women(world)
    before = shown(world, older, younger)
    assert unites(world, older, older) == "already_one"
    assert unites(world, younger, older) == ""
    assert shown(world, younger)[0]["merged_into"] == older
    assert last_said(world, older, younger) == SAME
    assert unites(world, older, younger) == "already_one"
    assert takes_back(world, older, younger) is None
    assert shown(world, older, younger) == before
    assert says(world, older, younger, DIFFERENT) is None
    assert unites(world, older, younger) == ""  # a person says otherwise, of these two


def test_naming_entities_joins_nobody_whom_somebody_holds_apart(world: World) -> None:
    older, younger = two_women(world)
    third, _fourth = two_women(world)
    assert says(world, older, third, DIFFERENT) is None
    assert unites(world, younger, older, third) == "pair_held_apart"
    assert last_said(world, older, younger) == ""
    assert unites(world, younger, third) == ""
    assert unites(world, older, younger) == "pair_held_apart"
    assert [each["merged_into"] for each in shown(world, older)] == [None]


def test_where_two_people_are_needed_nobody_merges_alone_by_naming(world: World) -> None:
    older, younger = two_women(world)
    by = Desk(world.amal, "p1", world.now_ms)
    world.write(lambda session: deciding.need_two(session, by, "people", True))
    assert unites(world, older, younger) == "two_people_due"
    assert says(world, older, younger, SAME) is None
    assert last_said(world, older, younger) == deciding.PROPOSED
    assert shown(world, younger)[0]["merged_into"] is None
    assert says(world, older, younger, SAME, who="p2") is None
    assert shown(world, younger)[0]["merged_into"] == older


def test_a_merge_of_three_that_is_undone_holds_all_of_them_apart(world: World) -> None:
    older, younger = two_women(world)
    third, _fourth = two_women(world)
    world.at_desk(merging.merge, older, [younger, third], kind="entity")
    world.write(lambda session: deciding.part(session, world.desk(), entity(session, world.amal, third)))
    assert {last_said(world, *two) for two in ((older, younger), (older, third), (younger, third))} == {DIFFERENT}


def test_what_is_deleted_is_not_merged_so_that_it_shows_through_nobody(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    world.at_desk(desk.delete, younger, kind="entity")
    before = shown(world, older, younger)
    problem = says(world, older, younger, SAME)
    assert problem is not None and problem.code == "pair_deleted"
    assert unites(world, older, younger) == "pair_deleted"
    assert shown(world, older, younger) == before
