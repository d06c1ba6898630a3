"""Two coordinators and a companion disagree: everything stays visible until somebody who saw it all has chosen."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from fieldsync.core.access import Grant
from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.services import conflicts, desk, records_told, role_book, settlement
from fieldsync.services.conflicts import Disagreement
from fieldsync.services.desk import Desk, Found
from fieldsync.services.readers import Reader
from fieldsync.services.settlement import Settlement
from fieldsync.store.people import PersonRow
from tests.world import Json, Phone, World, plain

REVIEWER = PersonRow(1, "", None, "", "", "active", None, 0, 0, 0)


def found(session: Session, world: World, record: str, kind: str = "submission") -> Found:
    return next(each for each in desk.find(session, world.amal, record) if each.kind == kind)


def disagreement(world: World, record: str, kind: str = "submission") -> Disagreement:
    """What a reviewer sees to disagree."""

    def look(session: Session) -> Disagreement:
        return conflicts.of_record(session, reviewer(session, world), found(session, world, record, kind))

    return world.read(look)


def reviewer(session: Session, world: World) -> Reader:
    """Somebody who reviews, and so sees personal answers at once."""
    book = role_book.book(session)
    role = book.role("association_reviewer")
    assert role is not None
    return Reader(world.amal, person=REVIEWER, grants=(Grant(role, world.amal),), book=book)


def settles(world: World, record: str, chosen: Settlement, who: str = "operator", kind: str = "submission") -> Any:
    by = Desk(world.amal, who, world.now_ms)
    return world.write(lambda session: settlement.settle(session, by, found(session, world, record, kind), chosen))


def told(world: World, record: str, kind: str = "submission") -> Json:
    """What `fieldsync record show` prints."""

    def read(session: Session) -> Json:
        located = records_told.Located(world.amal, "amal", found(session, world, record, kind))
        return records_told.told(session, located, "en")

    shown: Json = plain(world.read(read))
    return shown


@pytest.fixture
def disputed(world: World) -> tuple[Phone, Phone, str]:
    """Amina's phone and Zaina's wrote two ages for one visit, after both had seen 30."""
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"name": "Fatima", "age": 30})
    amina.tells(first)
    world.now_ms += 1000
    amina.tells(amina.says(first["record"], {"age": 31}, seen=[first]))
    zaina.tells(zaina.says(first["record"], {"age": 32}, seen=[first]))
    return amina, zaina, first["record"]


def test_both_values_stand_side_by_side_with_what_each_author_had_seen(
    world: World, disputed: tuple[Phone, Phone, str]
) -> None:
    amina, zaina, record = disputed
    shown = disagreement(world, record)
    [conflict] = shown.conflicts
    assert {(side.value, side.before, side.knew) for side in conflict.sides} == {(31, 30, True), (32, 30, True)}
    assert conflict.sides[0].value == world.fields(record)["age"]
    assert {side.saying.id[0] for side in conflict.sides} == {amina.author, zaina.author}
    assert {side.saying.by.kind for side in conflict.sides} == {"phone"}
    assert all(side.saying.received_ms == world.now_ms for side in conflict.sides)


@pytest.mark.parametrize("kept", [0, 1])
def test_whoever_saw_both_takes_one_and_the_conflict_is_over(
    world: World, disputed: tuple[Phone, Phone, str], kept: int
) -> None:
    record = disputed[2]
    shown = disagreement(world, record)
    side = shown.conflicts[0].sides[kept]
    assert settles(world, record, Settlement("age", shown.heads, taken=side.saying.id)) is None
    assert world.fields(record)["age"] == side.value
    assert not disagreement(world, record)


def test_a_third_value_is_held_to_the_forms_rules(world: World, disputed: tuple[Phone, Phone, str]) -> None:
    record = disputed[2]
    heads = disagreement(world, record).heads
    refused = [settles(world, record, Settlement("age", heads, value=value)) for value in ("thirty", 120)]
    assert [problem.code for problem in refused] == ["wrong_type", "constraint"]
    assert disagreement(world, record)
    assert settles(world, record, Settlement("age", heads, value=33)) is None
    assert world.fields(record)["age"] == 33
    assert not disagreement(world, record)


def test_what_was_written_while_the_page_stood_open_is_not_settled_over(
    world: World, disputed: tuple[Phone, Phone, str]
) -> None:
    """The coordinator saw 31 and 32; a third phone's 34 came before she pressed the button."""
    record = disputed[2]
    shown = disagreement(world, record)
    world.now_ms += 1000
    late = world.phone()
    late.tells(late.says(record, {"age": 34}, seen=[shown.heads[0]]))
    assert settles(world, record, Settlement("age", shown.heads, value=33)) is None
    [conflict] = disagreement(world, record).conflicts
    assert {side.value for side in conflict.sides} == {33, 34}


def test_two_coordinators_who_settle_at_once_see_each_other(world: World, disputed: tuple[Phone, Phone, str]) -> None:
    """Both looked at the same page; neither overwrites the other unawares, on either database."""
    record = disputed[2]
    heads = disagreement(world, record).heads
    people = {"p1": 41, "p2": 42, "p3": 42}
    with ThreadPoolExecutor(3) as together:
        answers = list(
            together.map(lambda who: settles(world, record, Settlement("age", heads, value=people[who]), who), people)
        )
    assert answers == [None, None, None]
    [conflict] = disagreement(world, record).conflicts
    assert {side.value for side in conflict.sides} == {41, 42}
    assert {side.before for side in conflict.sides} <= {31, 32}
    again = disagreement(world, record)
    assert settles(world, record, Settlement("age", again.heads, taken=again.conflicts[0].sides[1].saying.id)) is None
    assert not disagreement(world, record)


def test_one_coordinator_who_presses_twice_says_it_twice_and_loses_nothing(
    world: World, disputed: tuple[Phone, Phone, str]
) -> None:
    record = disputed[2]
    heads = disagreement(world, record).heads
    with ThreadPoolExecutor(2) as together:
        answers = list(
            together.map(lambda _: settles(world, record, Settlement("age", heads, value=40), "p1"), range(2))
        )
    assert answers == [None, None]
    assert world.fields(record)["age"] == 40
    assert not disagreement(world, record)


def test_heads_that_the_record_does_not_have_are_refused(world: World, disputed: tuple[Phone, Phone, str]) -> None:
    """Else the settlement would wait for ever for what it claims to have seen."""
    record = disputed[2]
    heads = disagreement(world, record).heads
    for seen in ((), (*heads, ("f" * 32, 7))):
        problem = settles(world, record, Settlement("age", seen, value=33))
        assert isinstance(problem, Problem) and problem.code == "stale_page"
    assert len(told(world, record)["operations"]) == 3


def test_a_protective_field_says_that_it_shows_what_protects_most(world: World) -> None:
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"person": world.uuid(), "fullname": "Fatima"}, of="person")
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"risk": "high"}, seen=[first], of="person"))
    world.now_ms += 5000
    zaina.tells(zaina.says(first["record"], {"risk": "low"}, seen=[first], of="person"))
    [conflict] = disagreement(world, first["record"]).conflicts
    assert [side.value for side in conflict.sides] == ["high", "low"]
    assert conflict.protective
    assert not conflict.sides[0].knew


def test_a_settled_submission_settles_the_entity_that_it_wrote(world: World) -> None:
    """What the form derives from a correction at the desk follows from it, as from a phone's."""
    amina, zaina, person = world.phone(), world.phone(), world.uuid()
    first = amina.says(writes=_person(person, "Fatima"), of="person")
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"village": "Asni"}, seen=[first], of="person"))
    zaina.tells(zaina.says(first["record"], {"village": "Imlil"}, seen=[first], of="person"))
    assert [each.path for each in disagreement(world, person, "entity").conflicts] == ["village"]
    shown = disagreement(world, first["record"])
    assert settles(world, first["record"], Settlement("village", shown.heads, value="Tassaft")) is None
    assert world.fields(person, "entity")["village"] == "Tassaft"
    assert not disagreement(world, person, "entity")


def test_a_conflict_of_an_entity_is_settled_by_itself(world: World) -> None:
    amina, zaina, person = world.phone(), world.phone(), world.uuid()
    amina.tells(amina.says(writes=_person(person, "Fatima", risk="low"), of="person"))
    zaina.tells(zaina.says(writes=_person(person, "Fatima Zahra", risk="high"), of="person"))
    shown = disagreement(world, person, "entity")
    by_path = {each.path: each for each in shown.conflicts}
    assert set(by_path) == {"fullname", "label", "risk"}
    refused = settles(world, person, Settlement("risk", shown.heads, value="middling"), kind="entity")
    assert (refused.code, refused.path) == ("unknown_choice", "risk")
    for path in by_path:
        heads = disagreement(world, person, "entity").heads
        chosen = Settlement(path, heads, taken=by_path[path].sides[0].saying.id)
        assert settles(world, person, chosen, kind="entity") is None
    assert not disagreement(world, person, "entity")


def _person(person: str, name: str, **answers: str) -> Json:
    entity = {"meta/entity/@id": person, "meta/entity/@create": "1", "meta/entity/label": name}
    return {"person": person, "fullname": name, **entity, **answers}


# Deletes in doubt


def test_a_delete_that_did_not_know_of_a_write_is_kept_or_carried_out(world: World) -> None:
    for decision, gone in ((settlement.KEEP, False), (settlement.REMOVE, True)):
        amina, zaina = world.phone(), world.phone()
        first = amina.says(writes={"name": "Fatima", "age": 30})
        amina.tells(first)
        amina.tells(amina.says(first["record"], seen=[first], delete=True))
        zaina.tells(zaina.says(first["record"], {"age": 32}, seen=[first]))
        [doubt] = disagreement(world, first["record"]).deletes
        assert (doubt.path, len(doubt.deletes), len(doubt.writes)) == ("", 1, 1)
        assert _decides(world, first["record"], "", decision) is None
        shown = world.record(first["record"])
        assert shown is not None
        assert (shown["deleted"], shown["delete_conflict"]) == (gone, False)
        assert shown["fields"] == {"name": "Fatima", "age": 32}


def test_a_row_of_a_repeat_that_was_removed_and_written_to_is_kept_or_removed(world: World) -> None:
    for decision, kept in ((settlement.KEEP, True), (settlement.REMOVE, False)):
        amina, zaina, child = world.phone(), world.phone(), world.uuid()
        row = f"children[{child}]"
        first = amina.says(writes={"name": "Fatima", row: 1, f"{row}/called": "Sami"})
        amina.tells(first)
        amina.tells(amina.says(first["record"], {row: None}, seen=[first]))
        zaina.tells(zaina.says(first["record"], {f"{row}/called": "Samir"}, seen=[first]))
        [doubt] = disagreement(world, first["record"]).deletes
        assert (doubt.path, len(doubt.deletes), len(doubt.writes)) == (row, 1, 1)
        assert _decides(world, first["record"], row, decision) is None
        fields = world.fields(first["record"])
        assert (fields.get(f"{row}/called") == "Samir") is kept
        assert (fields.get(row) is not None) is kept
        assert not disagreement(world, first["record"])


def test_a_deleted_record_is_brought_back(world: World) -> None:
    amina = world.phone()
    first = amina.says(writes={"name": "Fatima", "age": 30})
    amina.tells(first)
    world.at_desk(desk.delete, first["record"])
    shown = world.record(first["record"])
    assert shown is not None and shown["deleted"]
    assert _brings_back(world, first["record"], plain(shown["heads"])) is None
    shown = world.record(first["record"])
    assert shown is not None and not shown["deleted"]
    assert shown["fields"] == {"name": "Fatima", "age": 30}


def _decides(world: World, record: str, path: str, decision: str) -> Problem | None:
    heads, by = disagreement(world, record).heads, world.desk()
    return world.write(
        lambda session: settlement.settle_delete(session, by, found(session, world, record), path, decision, heads)
    )


def _brings_back(world: World, record: str, heads: Sequence[Sequence[Any]]) -> Problem | None:
    seen: list[OperationId] = [tuple(each) for each in heads]
    return world.write(
        lambda session: settlement.bring_back(session, world.desk(), found(session, world, record), seen)
    )


# A law: whatever was said, whoever settles what she saw settles it


def test_after_any_settlement_the_record_is_what_record_show_prints(world: World) -> None:
    phones = [world.phone() for _ in range(3)]
    paths = {"age": st.integers(0, 119), "colour": st.sampled_from(["red", "green"]), "name": st.text("ab", min_size=1)}
    said = st.tuples(st.integers(0, 2), st.sampled_from(sorted(paths)), st.integers(0, 3), st.data())

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.lists(said, min_size=2, max_size=6), st.data())
    def law(sayings: list[Any], data: st.DataObject) -> None:
        first = phones[0].says(writes={"name": "Fatima"})
        phones[0].tells(first)
        before = [first]
        for who, path, back, drawn in sayings:
            seen = before[-1 - back % len(before)]
            operation = phones[who].says(first["record"], {path: drawn.draw(paths[path])}, seen=[seen])
            assert phones[who].statuses(operation) == ["applied"]
            before.append(operation)
        for _ in range(len(paths) + 1):
            shown = disagreement(world, first["record"])
            for conflict in shown.conflicts:
                assert conflict.sides[0].value == world.fields(first["record"])[conflict.path]
            if not shown:
                break
            conflict = data.draw(st.sampled_from(shown.conflicts))
            side = data.draw(st.sampled_from(conflict.sides))
            chosen = Settlement(conflict.path, shown.heads, taken=side.saying.id)
            assert settles(world, first["record"], chosen) is None
            printed = told(world, first["record"])
            assert printed["fields"][conflict.path] == side.value
            assert conflict.path not in printed["conflicts"]
            assert len(printed["heads"]) == 1
        assert not disagreement(world, first["record"])

    law()
