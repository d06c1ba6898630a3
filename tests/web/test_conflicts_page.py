"""Conflicts on the pages of submissions and entities, and what an entity's page tells of where it comes from."""

import re
from typing import Any

import pytest

from fieldsync.services import desk, merging
from tests.routes.callers import person
from tests.web.visitor import Visitor, title, visitor
from tests.world import Json, Phone, World

CARD = re.compile(r'<section class="card clash".*?</section>', re.DOTALL)
HIDDEN = re.compile(r'name="(path|seen|number)" value="([^"]*)"')
CHOICE = re.compile(r'name="choice" value="([^"]+)"')

EVIL = "<script>alert(1)</script>"


def cards(page: str) -> list[str]:
    return CARD.findall(page)


def chooses(who: Visitor, address: str, choice: str, **more: str) -> Any:
    """Press a button of the first card of the page as it is now."""
    found = cards(who.opens(address).text)[0]
    return who.fills(f"{address}/conflicts", {**dict(HIDDEN.findall(found)), "choice": choice, **more}, page=address)


def person_of(entity: str, name: str, **answers: Any) -> Json:
    known = {"meta/entity/@id": entity, "meta/entity/@create": "1", "meta/entity/label": name}
    return {"person": entity, "fullname": name, **known, **answers}


@pytest.fixture
def reviewer(world: World) -> Visitor:
    return visitor(world, "association_reviewer")


@pytest.fixture
def disputed(world: World) -> tuple[Phone, Phone, str]:
    """Two phones wrote two ages for one visit, after both had seen 30."""
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"name": "Fatima", "age": 30})
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"age": 31}, seen=[first]))
    zaina.tells(zaina.says(first["record"], {"age": 132}, seen=[first]))
    return amina, zaina, first["record"]


def test_what_is_approved_is_settled_with_a_reason_alone_which_stands_beside_it(
    world: World, reviewer: Visitor, disputed: tuple[Phone, Phone, str]
) -> None:
    address = f"/submissions/visit/{disputed[2]}"
    assert 'name="reason"' not in cards(reviewer.opens(address).text)[0]
    assert world.at_desk(desk.review, disputed[2], "approved") is None  # by somebody who did not look
    [card] = cards(reviewer.opens(address).text)
    taken = next(each for each in CHOICE.findall(card) if each.startswith(disputed[0].author))
    refused = chooses(reviewer, address, taken, reason=" ")
    assert refused.status_code == 422 and "Indiquez la raison" in cards(refused.text)[0]
    assert chooses(reviewer, address, taken, reason="x" * 2001).status_code == 422
    assert chooses(reviewer, address, taken, reason="Vérifié au village").status_code == 303
    told = world.record(disputed[2])
    assert told is not None
    assert (told["fields"]["age"], told["conflicts"]) == (31, {})
    assert told["review"]["comments"][-1]["text"] == "Vérifié au village"


def test_a_conflict_is_settled_on_the_page_of_its_submission(
    world: World, reviewer: Visitor, disputed: tuple[Phone, Phone, str]
) -> None:
    address = f"/submissions/visit/{disputed[2]}"
    [card] = cards(reviewer.opens(address).text)
    assert {"31", "132", "30"} <= set(re.findall(r">(\d+)<", card))
    assert "Age" in card and "La réponse ne respecte pas" in card  # what 132 would break, as evidence
    taken = next(each for each in CHOICE.findall(card) if each.startswith(disputed[0].author))
    assert chooses(reviewer, address, taken).status_code == 303
    assert world.fields(disputed[2])["age"] == 31
    assert not cards(reviewer.opens(address).text)


def test_a_value_of_her_own_is_held_to_the_form(
    world: World, reviewer: Visitor, disputed: tuple[Phone, Phone, str]
) -> None:
    address = f"/submissions/visit/{disputed[2]}"
    for wrong in ("old", "121"):
        answer = chooses(reviewer, address, "other", **{"other-0": wrong})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert chooses(reviewer, address, "other", **{"other-0": "33"}).status_code == 303
    assert world.fields(disputed[2])["age"] == 33


def test_two_people_who_settle_the_same_page_are_told_so(
    world: World, reviewer: Visitor, disputed: tuple[Phone, Phone, str]
) -> None:
    address, colleague = f"/submissions/visit/{disputed[2]}", visitor(world, "association_reviewer")
    [card] = cards(reviewer.opens(address).text)
    given = dict(HIDDEN.findall(card))
    first, second = CHOICE.findall(card)[:2]
    for who, choice in ((reviewer, first), (colleague, second)):
        answer = who.fills(f"{address}/conflicts", {**given, "choice": choice}, page=address)
        assert answer.status_code == 303
    assert "entre-temps" in colleague.opens(address).text
    assert len(cards(reviewer.opens(address).text)) == 1


def test_heads_that_are_made_up_are_refused_and_nothing_is_written(
    world: World, reviewer: Visitor, disputed: tuple[Phone, Phone, str]
) -> None:
    address = f"/submissions/visit/{disputed[2]}"
    for more in ({"seen": "nobody/1"}, {"seen": ""}, {"choice": "nobody/1"}, {"path": "nothing"}):
        answer = chooses(reviewer, address, **{"choice": "other", "other-0": "33", **more})
        assert answer.status_code == 422, more
    shown = world.record(disputed[2])
    assert shown is not None and shown["conflicts"]


def test_masked_values_in_conflict_show_by_a_click_and_are_settled_without_it_too(world: World) -> None:
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"name": "Fatima", "age": 30})
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"name": "Fatima Aït"}, seen=[first]))
    zaina.tells(zaina.says(first["record"], {"name": "Fatma"}, seen=[first]))
    coordinator, address = visitor(world, "coordinator"), f"/submissions/visit/{first['record']}"
    assert not re.search("Fatma|Fatima", coordinator.opens(address).text)
    shown = coordinator.fills(f"{address}/reveal", page=address).text
    [card] = cards(shown)
    assert "Fatma" in card and "Fatima Aït" in card and "value" in card
    assert chooses(coordinator, address, CHOICE.findall(card)[1]).status_code == 303
    assert not cards(coordinator.opens(address).text)


def test_a_protective_answer_says_why_it_shows_what_it_shows(world: World, reviewer: Visitor) -> None:
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"person": world.uuid(), "fullname": "Fatima"}, of="person")
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"risk": "high"}, seen=[first], of="person"))
    world.now_ms += 5000
    zaina.tells(zaina.says(first["record"], {"risk": "low"}, seen=[first], of="person"))
    [card] = cards(reviewer.opens(f"/submissions/person/{first['record']}").text)
    assert "la plus protectrice" in card
    assert card.index(">High<") < card.index(">Low<")


def test_a_delete_in_doubt_is_kept(world: World, reviewer: Visitor, disputed: tuple[Phone, Phone, str]) -> None:
    amina, _, record = disputed
    shown = world.record(record)
    assert shown is not None
    amina.tells(amina.says(record, seen=[tuple(shown["heads"][0])], delete=True))
    address = f"/submissions/visit/{record}"
    assert len(cards(reviewer.opens(address).text)) == 2
    assert chooses(reviewer, address, "keep").status_code == 303
    told = world.record(record)
    assert told is not None and (told["deleted"], told["delete_conflict"]) == (False, False)


def test_nothing_in_a_conflict_is_taken_for_markup(world: World, reviewer: Visitor) -> None:
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"name": EVIL})
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"name": EVIL + "1"}, seen=[first]))
    zaina.tells(zaina.says(first["record"], {"name": EVIL + "2"}, seen=[first]))
    page = reviewer.opens(f"/submissions/visit/{first['record']}").text
    assert len(cards(page)) == 1 and "<script>alert" not in page


# Entities


def test_an_entity_tells_what_is_known_and_where_each_value_comes_from(world: World, reviewer: Visitor) -> None:
    amina, entity = world.phone(), world.uuid()
    said = amina.says(writes=person_of(entity, "Fatima", risk="low", village="Asni"), of="person")
    assert amina.statuses(said) == ["applied"]
    page = reviewer.opens(f"/entities/people/{entity}").text
    assert f"/submissions/person/{said['record']}" in page
    for text in ("Fatima", "Risk", "Low", "Asni", "Village"):
        assert text in page, text
    shown = world.record(entity, "entity")
    assert shown is not None
    assert set(re.findall(r'data-path="([^"]+)"', page)) == set(shown["fields"])


def test_no_title_nor_address_of_an_entity_names_anybody(world: World) -> None:
    amina, entity = world.phone(), world.uuid()
    amina.tells(amina.says(writes=person_of(entity, "Fatima"), of="person"))
    for role in ("coordinator", "association_reviewer"):
        page = visitor(world, role).opens(f"/entities/people/{entity}")
        assert entity[24:30] in title(page) and "Fatima" not in title(page)
    coordinator = visitor(world, "coordinator")
    assert "Fatima" not in coordinator.opens(f"/entities/people/{entity}").text
    shown = coordinator.fills(f"/entities/people/{entity}/reveal", page=f"/entities/people/{entity}")
    assert "Fatima" in shown.text and "Fatima" not in title(shown)
    log = person(world, "data_protection", also=()).get("audit")["items"]
    assert (f"record:{entity}", "personal_revealed") in [(each["about"], each["action"]) for each in log]


def test_a_conflict_of_an_entity_is_settled_on_its_page(world: World, reviewer: Visitor) -> None:
    amina, zaina, entity = world.phone(), world.phone(), world.uuid()
    amina.tells(amina.says(writes=person_of(entity, "Fatima", risk="high"), of="person"))
    world.now_ms += 5000
    zaina.tells(zaina.says(writes=person_of(entity, "Fatima", risk="low"), of="person"))
    address = f"/entities/people/{entity}"
    [card] = cards(reviewer.opens(address).text)
    assert "la plus protectrice" in card
    assert chooses(reviewer, address, "other", **{"other-0": "middling"}).status_code == 422
    assert chooses(reviewer, address, "other", **{"other-0": "low"}).status_code == 303
    assert world.fields(entity, "entity")["risk"] == "low"
    assert not cards(reviewer.opens(address).text)


def test_a_merged_entity_leads_to_the_one_that_shows_it(world: World, reviewer: Visitor) -> None:
    amina = world.phone()
    older, newer = world.uuid(), world.uuid()
    amina.tells(amina.says(writes=person_of(older, "Fatima"), of="person"))
    world.now_ms += 1000
    amina.tells(amina.says(writes=person_of(newer, "Fatima Aït", village="Asni"), of="person"))
    world.at_desk(merging.merge, older, [newer], kind="entity")
    assert f"/entities/people/{older}" in reviewer.opens(f"/entities/people/{newer}").text
    page = reviewer.opens(f"/entities/people/{older}").text
    assert f"/entities/people/{newer}" in page and "Asni" in page
    assert len(re.findall('class="tap" href="/submissions/person/', page)) == 2


def test_entities_that_one_submission_writes_or_names_are_linked(world: World, reviewer: Visitor) -> None:
    """A phone said that two are the same household by writing both in one form's submissions."""
    amina = world.phone()
    one, other = world.uuid(), world.uuid()
    said = amina.says(writes=person_of(one, "Fatima"), of="person")
    amina.tells(said)
    moved = amina.says(said["record"], person_of(other, "Zahra"), seen=[said], of="person")
    assert amina.statuses(moved) == ["applied"]
    page = reviewer.opens(f"/entities/people/{other}").text
    assert f'href="/entities/people/{one}"' in page
