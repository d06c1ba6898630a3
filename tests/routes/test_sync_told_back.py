"""What a companion's own change comes down for: where her phone alone cannot know what the record is now."""

from typing import Any

import pytest

from fieldsync.services import desk
from fieldsync.store.devices import ViewRow
from tests.world import HOUR_MS, Json, Phone, World


def visit(phone: Phone, **answers: Any) -> Json:
    """A record that its phone and everybody else has read."""
    said = phone.says(writes={"name": "Fatima", "village": "07.041", **answers})
    phone.sync(said)
    phone.pulls()
    return said


def told(phone: Phone, said: Json) -> list[Json]:
    """The records that come down in the answer to this very operation."""
    records: list[Json] = phone.sync(said)["records"]
    return records


def in_conflict(amina: Phone, brahim: Phone) -> tuple[Json, list[Json]]:
    """A record with two names, which Amina has read: what began it, and its heads."""
    first = visit(amina)
    mine = amina.says(first["record"], {"name": "Fatma"}, seen=[first])
    theirs = brahim.says(first["record"], {"name": "Fatema"}, seen=[first])
    amina.sync(mine)
    brahim.sync(theirs)
    [record] = amina.pulls()
    assert set(record["conflicts"]) == {"name"}
    return first, [mine, theirs]


def test_a_plain_change_does_not_come_back(world: World) -> None:
    amina = world.phone()
    first = visit(amina)
    edit = amina.says(first["record"], {"age": 30, "name": "Fatima Zahra"}, seen=[first])
    assert told(amina, edit) == []
    assert told(amina, amina.says(first["record"], {"age": 31}, seen=[edit])) == []
    assert told(amina, amina.says()) == []
    assert amina.pulls() == []


def test_a_change_beside_a_conflict_that_stays_comes_back(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first, heads = in_conflict(amina, brahim)
    world.now_ms += HOUR_MS
    [record] = told(amina, amina.says(first["record"], {"age": 30}, seen=heads))
    assert set(record["conflicts"]) == {"name"}
    assert record["fields"]["age"] == 30


def test_a_change_that_settles_a_conflict_comes_back(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first, heads = in_conflict(amina, brahim)
    world.now_ms += HOUR_MS
    last = amina.says(first["record"], {"name": "Fatima Zahra"}, seen=heads)
    [record] = told(amina, last)
    assert record["conflicts"] == {}
    assert told(amina, amina.says(first["record"], {"age": 30}, seen=[last])) == []


def test_a_delete_comes_back_and_so_does_what_revives_the_record(world: World) -> None:
    amina = world.phone()
    first = visit(amina)
    gone = amina.says(first["record"], delete=True, seen=[first])
    assert [record["deleted"] for record in told(amina, gone)] == [True]
    again = amina.says(first["record"], {"name": "Fatima"}, seen=[gone])
    assert told(amina, again) == []


def test_a_change_beside_a_doubtful_delete_comes_back(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = visit(amina)
    mine = amina.says(first["record"], {"age": 30}, seen=[first])
    amina.sync(mine)
    theirs = brahim.says(first["record"], delete=True, seen=[first])
    brahim.sync(theirs)
    assert [record["delete_conflict"] for record in amina.pulls()] == [True]
    world.now_ms += HOUR_MS
    note = amina.says(first["record"], act={"comment": "She is still here"}, seen=[mine, theirs])
    [record] = told(amina, note)
    assert record["delete_conflict"]


@pytest.mark.parametrize("answers", [{"name": "Fatima", "age": 130}, {"age": 30}], ids=["constraint", "required"])
def test_a_new_record_with_issues_comes_back(world: World, answers: Json) -> None:
    amina = world.phone()
    amina.pulls()
    [record] = told(amina, amina.says(writes=answers))
    assert record["review"]["state"] == "hasIssues"


def test_an_edit_of_what_was_approved_comes_back_as_edited(world: World) -> None:
    amina = world.phone()
    first = visit(amina)
    world.at_desk(desk.review, first["record"], "approved")
    [record] = amina.pulls()
    edit = amina.says(first["record"], {"age": 30}, seen=record["heads"])
    assert [record["review"]["state"] for record in told(amina, edit)] == ["edited"]
    assert told(amina, amina.says(first["record"], {"age": 31}, seen=[edit])) == []


def test_an_answer_that_mends_the_last_issue_comes_back(world: World) -> None:
    amina = world.phone()
    amina.pulls()
    first = amina.says(writes={"name": "Fatima", "age": 130})
    amina.sync(first)
    [record] = told(amina, amina.says(first["record"], {"age": 30}, seen=[first]))
    assert (record["review"]["state"], record["problems"]) == ("received", [])


def test_a_record_that_moves_to_another_place_comes_back(world: World) -> None:
    amina = world.phone()
    first = visit(amina)
    moved = amina.says(first["record"], {"village": "07.042"}, seen=[first])
    [record] = told(amina, moved)
    assert record["fields"]["village"] == "07.042"
    assert told(amina, amina.says(first["record"], {"village": "07.042"}, seen=[moved])) == []


def test_a_record_that_a_companion_moves_into_her_own_sight_comes_down(world: World) -> None:
    amina, brahim = world.phone([ViewRow("place", "07.041")]), world.phone()
    first = brahim.says(writes={"name": "Fatima", "village": "07.099"})
    brahim.sync(first)
    assert amina.pulls() == []
    world.now_ms += HOUR_MS
    moved = amina.says(first["record"], {"village": "07.041.02"}, seen=[first])
    assert [record["fields"] for record in told(amina, moved)] == [{"name": "Fatima", "village": "07.041.02"}]


def test_an_edit_by_a_clock_that_is_behind_comes_back_with_the_version_that_holds(world: World) -> None:
    world.publish("visit 2")
    amina, brahim = world.phone(), world.phone()
    first = visit(amina)
    ahead = [world.now_ms + HOUR_MS, 0]
    theirs = brahim.says(first["record"], {"colour": "blue"}, version="2", seen=[first], stamp=ahead)
    brahim.sync(theirs)
    amina.pulls()
    edit = amina.says(first["record"], {"age": 30}, version="1", seen=[theirs])
    [record] = told(amina, edit)
    assert (record["version"], record["heads"]) == ("2", [edit["id"]])
