"""Scripts read the queue of possible duplicates, decide, and take back, as pages do."""

from fieldsync.services import inbox_projection
from tests.routes.callers import person
from tests.routes.test_sync_entities import registers
from tests.services.test_deciding import found_pair, shown, two_women
from tests.services.test_deciding_together import four
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


def test_a_script_decides_on_several_in_one_step_and_takes_it_back_in_one(world: World) -> None:
    uuids = four(world)
    coordinator = person(world, "coordinator")
    [line] = coordinator.pages("duplicates/clusters?of=people")
    assert line == {"of": "people", "records": uuids, "size": 4, "weight": 14.1}
    address = f"duplicates/clusters/{uuids[1]}"
    cluster = coordinator.get(address)
    assert cluster["records"][0] == uuids[1] and sorted(cluster["records"]) == sorted(uuids)
    assert sorted(cluster["proposed"]) == sorted(uuids[:3]) and cluster["more"] == 0 and cluster["step"] is None
    said = {"same": uuids[:3], "apart": uuids[3:], "turn": cluster["turn"], "seen": cluster["seen"]}
    step = coordinator.post(f"{address}/decide", said)["step"]
    assert (sorted(step["same"]), step["apart"]) == (sorted(uuids[:3]), uuids[3:])
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None, uuids[0], uuids[0], None]
    assert coordinator.pages("duplicates/clusters") == []
    assert coordinator.post(f"{address}/decide", said, 409)["code"] in ("pair_decided", "stale_page")
    assert coordinator.post(f"{address}/undo", {"turn": 0}, 409)["code"] == "pair_decided"
    again = coordinator.post(f"duplicates/clusters/{uuids[3]}/undo", {"turn": step["turn"]})
    assert again["step"] is None and sorted(again["records"]) == sorted(uuids)
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 4
    assert coordinator.post(f"{address}/undo", {"turn": 9}, 409)["code"] == "nothing_decided"


def test_several_come_page_by_page_and_nobody_is_named_on_both_sides(world: World) -> None:
    groups = [four(world) for _ in range(3)]
    coordinator = person(world, "coordinator")
    lines = coordinator.pages("duplicates/clusters", limit=1)
    assert sorted(each["records"] for each in lines) == sorted(groups)
    assert coordinator.get("duplicates/clusters?cursor=x", 400)["code"] == "bad_cursor"
    address = f"duplicates/clusters/{groups[0][0]}/decide"
    both = {"same": groups[0][:2], "apart": groups[0][1:], "turn": 0}
    assert coordinator.post(address, both, 400)["code"] == "wrong_shape"


def test_whoever_is_named_beyond_the_border_is_answered_like_nobody(world: World) -> None:
    uuids, other = four(world), world.add_association("other", forms=("person 1",))
    phone = world.phone(association_id=other)
    foreign = world.uuid()
    phone.sync(registers(phone, foreign, "Fatima"))
    coordinator = person(world, "coordinator")
    answers = [
        coordinator.post(f"duplicates/clusters/{uuids[0]}/decide", {"same": [uuids[0], each], "turn": 0}, 409)
        for each in (foreign, world.uuid())
    ]
    assert answers[0] == answers[1] and answers[0]["code"] == "stale_page"
    stranger = person(world, "coordinator", other)
    for act, body in (("decide", {"same": uuids[:2], "turn": 0}), ("undo", {"turn": 0})):
        assert stranger.post(f"duplicates/clusters/{uuids[0]}/{act}", body, 404)["code"] == "not_found"
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 4
