"""Scripts read the queue of possible duplicates, decide, and take back, as pages do."""

from fieldsync.services import inbox_projection
from tests.routes.callers import person
from tests.services.test_deciding import found_pair, shown, two_women
from tests.world import World


def test_a_script_decides_and_takes_back(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    coordinator = person(world, "coordinator")
    [pair] = coordinator.pages("duplicates")
    assert pair["records"] == [older, younger] and pair["weight"] == 14.1 and pair["decision"] is None
    address = f"duplicates/{older}/{younger}"
    decided = coordinator.post(f"{address}/decide", {"decision": "same", "turn": 0, "why": "one phone"})
    assert decided["decision"]["decision"] == "same" and decided["turn"] == 1
    assert shown(world, younger)[0]["merged_into"] == older
    refused = coordinator.post(f"{address}/decide", {"decision": "different", "turn": 0}, 409)
    assert refused["code"] == "pair_decided"
    assert coordinator.post(f"{address}/undo", {"turn": 1})["decision"]["decision"] == "open"
    assert shown(world, younger)[0]["merged_into"] is None
    assert coordinator.post(f"{address}/undo", {"turn": 2}, 409)["code"] == "nothing_decided"
    assert coordinator.get(address)["turn"] == 2


def test_a_script_that_cannot_say_asks_one_of_the_companions(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    coordinator = person(world, "coordinator")
    address, asked = f"duplicates/{older}/{younger}/decide", "Who uses this phone?"
    wrong = {"decision": "unsure", "turn": 0, "question": asked, "ask": ["nobody"]}
    assert coordinator.post(address, wrong, 400)["code"] == "wrong_shape"
    said = coordinator.post(address, {**wrong, "ask": ["right"]})
    assert said["decision"]["decision"] == "unsure"
    world.write(lambda session: inbox_projection.step(session, world.amal, 100))
    shown = [each for each in coordinator.pages("records?of=submission.person") if each["review"]["comments"]]
    assert [[comment["text"] for comment in each["review"]["comments"]] for each in shown] == [[asked]]


def test_pairs_come_page_by_page_and_no_cursor_of_another_list_fits(world: World) -> None:
    amina = world.phone()
    first, *others = (amina.says(writes={"name": "Fatima", "age": 30}) for _ in range(4))
    amina.sync(first, *others)
    coordinator = person(world, "coordinator")
    pairs = coordinator.pages("duplicates?of=visit", limit=2)
    assert [each["records"] for each in pairs] == [[first["record"], each["record"]] for each in others]
    assert coordinator.get("duplicates?cursor=x", 400)["code"] == "bad_cursor"
