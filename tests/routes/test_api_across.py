"""Whoever acts for two associations reads and decides over their border by the API; for others nothing is there."""

import secrets

import pytest

from fieldsync.jobs import link
from fieldsync.services import granting, signing
from fieldsync.services.granting import Wanted
from tests.routes.callers import Caller, person
from tests.services.test_across import Neighbours
from tests.world import World

QUEUE = "duplicates/across"


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    return Neighbours(world)


def of_both(neighbours: Neighbours) -> Caller:
    """A coordinator whom both associations gave the role; then she signed in."""
    world = neighbours.world
    made = person(world, "coordinator")
    row = made.person
    assert row is not None
    wanted = Wanted("coordinator", neighbours.owners[1], (), "", "test")
    world.write(lambda session: granting.grant_at_once(session, row, wanted, world.now_ms, secrets.token_bytes))
    began = world.write(lambda session: signing.begin(session, row, "test", world.now_ms, secrets.token_bytes))
    return Caller(world.app.test_client(), began.token, row)


def test_pairs_over_the_border_are_told_decided_and_taken_back(neighbours: Neighbours) -> None:
    both, pair = of_both(neighbours), neighbours.registers()
    assert both.get(QUEUE)["items"] == []
    neighbours.allows(0)
    neighbours.allows(1)
    [told] = both.get(QUEUE)["items"]
    assert told["records"] == list(pair) and told["associations"] == ["amal", "khoutwa"]
    assert {"name": "given_name", "level": "same"}.items() <= told["comparisons"][1].items()
    assert "Fatima" not in str(told) and "0612345678" not in str(told)
    address = f"{QUEUE}/{pair[0]}/{pair[1]}"
    said = both.post(f"{address}/decide", {"decision": "same", "turn": 0, "why": "one card"})
    assert said["decision"]["decision"] == "same" and both.get(QUEUE)["items"] == []
    assert both.post(f"{address}/decide", {"decision": "different", "turn": 0}, 409)["code"] == "pair_decided"
    assert both.post(f"{address}/undo", {"turn": 1})["turn"] == 2
    assert [each["records"] for each in both.get(QUEUE)["items"]] == [list(pair)]
    assert neighbours.world.record(pair[0], "entity")["merged_into"] is None  # type: ignore[index]


def test_whoever_acts_for_one_and_a_script_of_whoever_acts_for_both_find_nothing(neighbours: Neighbours) -> None:
    pair, both = neighbours.registers(), of_both(neighbours)
    for number in (0, 1):
        neighbours.allows(number)
    asked = {"name": "script", "permissions": ["read_records", "act_on_records"], "days": 1}
    script = Caller(neighbours.world.app.test_client(), both.post("me/tokens", asked, 201)["secret"])
    for who in (*(person(neighbours.world, "coordinator", owner) for owner in neighbours.owners), script):
        assert who.get(QUEUE)["items"] == []
        assert who.get(f"{QUEUE}/{pair[0]}/{pair[1]}", 404)["code"] == "not_found"
        refused = who.post(f"{QUEUE}/{pair[0]}/{pair[1]}/decide", {"decision": "same", "turn": 0}, 404)
        assert refused["code"] == "not_found"


def test_a_consent_that_is_withdrawn_ends_it_for_both_at_once(neighbours: Neighbours) -> None:
    pair, both = neighbours.registers(), of_both(neighbours)
    for number in (0, 1):
        neighbours.allows(number)
    link(neighbours.world.database)
    assert len(both.get(QUEUE)["items"]) == 1
    neighbours.withdraws(1)
    assert both.get(QUEUE)["items"] == []
    assert both.get(f"{QUEUE}/{pair[0]}/{pair[1]}", 404)["code"] == "not_found"
