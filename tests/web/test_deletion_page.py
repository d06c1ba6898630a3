"""A submission is deleted with a reason; what it wrote stays, is offered, and everything can be brought back."""

import re
from typing import Any

import pytest

from tests.web.test_conflicts_page import person_of
from tests.web.visitor import Visitor, visitor
from tests.world import World

SEEN = re.compile(r'name="seen" value="([^"]*)"')


@pytest.fixture
def reviewer(world: World) -> Visitor:
    return visitor(world, "association_reviewer")


def deletes(who: Visitor, address: str, reason: str = "Filled as a test") -> Any:
    page = f"{address}/delete"
    seen = SEEN.search(who.opens(page).text)
    return who.fills(page, {"seen": seen[1] if seen else "", "reason": reason}, page=page)


def brings_back(who: Visitor, address: str) -> Any:
    seen = SEEN.search(who.opens(address).text)
    return who.fills(f"{address}/back", {"seen": seen[1] if seen else ""}, page=address)


def is_deleted(world: World, record: str, kind: str = "submission") -> bool:
    shown = world.record(record, kind)
    assert shown is not None
    return bool(shown["deleted"])


def test_a_submission_is_deleted_with_a_reason_that_reaches_the_phone_and_brought_back(
    world: World, reviewer: Visitor
) -> None:
    phone = world.phone()
    said = phone.says(writes={"name": "Fatima", "age": 30})
    phone.tells(said)
    address = f"/submissions/visit/{said['record']}"
    assert deletes(reviewer, address, reason="").status_code == 422
    assert not is_deleted(world, said["record"])
    answer = deletes(reviewer, address)
    assert answer.headers["Location"] == address
    [came] = phone.pulls()
    assert came["deleted"]
    assert [each["text"] for each in came["review"]["comments"]] == ["Filled as a test"]
    assert brings_back(reviewer, address).status_code == 303
    assert not is_deleted(world, said["record"])
    assert world.fields(said["record"]) == {"name": "Fatima", "age": 30}
    assert brings_back(reviewer, address).status_code == 409  # there is nothing to bring back


def test_what_came_while_the_question_stood_open_keeps_the_record(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = phone.says(writes={"name": "Fatima", "age": 30})
    phone.tells(said)
    page = f"/submissions/visit/{said['record']}/delete"
    seen = SEEN.search(reviewer.opens(page).text)
    assert seen is not None
    phone.tells(phone.says(said["record"], {"age": 31}, seen=[said]))
    assert reviewer.fills(page, {"seen": seen[1], "reason": "x"}, page=page).status_code == 303
    shown = world.record(said["record"])
    assert shown is not None
    assert (shown["deleted"], shown["delete_conflict"]) == (False, True)


def test_entities_that_it_alone_wrote_are_offered_and_no_others(world: World, reviewer: Visitor) -> None:
    amina, zaina = world.phone(), world.phone()
    alone, shared = world.uuid(), world.uuid()
    said = amina.says(writes=person_of(alone, "Fatima"), of="person")
    both = amina.says(said["record"], person_of(shared, "Zahra"), seen=[said], of="person")
    assert amina.statuses(said, both) == ["applied", "applied"]
    assert is_deleted(world, alone, "entity")  # the submission speaks of the other one now
    back = amina.says(said["record"], person_of(alone, "Fatima"), seen=[both], of="person")
    own = amina.says(writes=person_of(shared, "Zahra"), of="person")
    other = zaina.says(writes={**person_of(shared, "Zahra"), "village": "Asni"}, of="person")
    assert [*amina.statuses(back, own), *zaina.statuses(other)] == ["applied"] * 3
    address = f"/submissions/person/{said['record']}"
    assert deletes(reviewer, address).headers["Location"] == f"{address}/left"
    assert not is_deleted(world, alone, "entity")
    page = reviewer.opens(f"{address}/left").text
    assert alone in page and shared not in page and "Fatima" not in page
    given = {"entity": [alone, shared, "no entity"]}
    assert reviewer.fills(f"{address}/left", given).status_code == 303
    assert is_deleted(world, alone, "entity") and not is_deleted(world, shared, "entity")
    entity = f"/entities/people/{alone}"
    assert brings_back(reviewer, entity).status_code == 303
    assert not is_deleted(world, alone, "entity")


def test_an_entity_is_deleted_and_its_submission_stays(world: World, reviewer: Visitor) -> None:
    phone, entity = world.phone(), world.uuid()
    said = phone.says(writes=person_of(entity, "Fatima"), of="person")
    phone.tells(said)
    assert deletes(reviewer, f"/entities/people/{entity}").status_code == 303
    assert is_deleted(world, entity, "entity") and not is_deleted(world, said["record"])


def test_nothing_is_deleted_behind_a_submission_that_stands(world: World, reviewer: Visitor) -> None:
    phone, entity = world.phone(), world.uuid()
    said = phone.says(writes=person_of(entity, "Fatima"), of="person")
    phone.tells(said)
    address = f"/submissions/person/{said['record']}/left"
    assert entity not in reviewer.opens(address).text
    reviewer.fills(address, {"entity": entity}, page=f"/submissions/person/{said['record']}")
    assert not is_deleted(world, entity, "entity")
