"""People at the desk review, comment, correct, merge and judge; all of it can be read back and undone."""

import pytest

from tests.linked_world import AMIZMIZ, ASNI, Register
from tests.routes.callers import Caller, bearer, person
from tests.world import Json, World, codes


def person_said(world: World, name: str) -> Json:
    """A finished form that creates a person."""
    made = world.uuid()
    phone = world.phone()
    said = phone.says(of="person", writes={
        "person": made, "fullname": name, "meta/entity/@id": made, "meta/entity/@create": "1",
        "meta/entity/@dataset": "people", "meta/entity/label": name,
    })  # fmt: skip
    assert phone.statuses(said) == ["applied"]
    return said | {"entity": made}


def test_a_review_comes_down_to_the_companion(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    amina.sync(said)
    coordinator = person(world, "coordinator")
    reviewed = coordinator.post(f"records/{said['record']}/review", {"state": "rejected", "note": "Which village?"})
    assert reviewed["review"]["state"] == "rejected"
    commented = coordinator.post(f"records/{said['record']}/comment", {"text": "I called her."})
    assert [each["text"] for each in commented["review"]["comments"]] == ["Which village?", "I called her."]
    [record] = amina.pulls()
    assert record["review"]["state"] == "rejected"


def test_an_act_stands_in_the_log_under_the_persons_number_and_epoch(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    amina.tells(said)
    coordinator = person(world, "coordinator")
    coordinator.post(f"records/{said['record']}/comment", {"text": "seen"})
    act = coordinator.pages(f"records/{said['record']}/operations")[-1]
    assert act["author"].startswith("desk-")
    assert "@" not in act["author"]


def test_a_correction_is_checked_like_an_answer(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"name": "Amina", "age": 300})
    amina.tells(said)
    coordinator, path = person(world, "association_reviewer"), f"records/{said['record']}/correct"
    for writes, code in (
        ({"age": "x"}, "wrong_type"),
        ({"nowhere": 1}, "unknown_path"),
        ({"age": 1.5}, "wrong_type"),
        ({"name": "a\u0000b"}, "forbidden_character"),
    ):
        refused = coordinator.post(path, {"writes": writes}, 422)
        assert code in (refused["code"], *codes(refused))
    assert coordinator.post(path, {"writes": {}}, 400)["code"] == "wrong_shape"
    corrected = coordinator.post(path, {"writes": {"age": 30}})
    assert corrected["fields"]["age"] == 30
    assert corrected["problems"] == []


def test_entities_are_merged_and_parted_again(world: World) -> None:
    first, second = person_said(world, "Fatima"), person_said(world, "Fatma")
    coordinator = person(world, "coordinator")
    path, both = f"records/{first['entity']}", {first["entity"], second["entity"]}
    coordinator.post(f"{path}/merge?kind=entity", {"records": [second["entity"]]})
    [survivor] = coordinator.pages("entities")
    [away] = both - {survivor["record"]}
    assert coordinator.get(f"records/{away}?kind=entity")["merged_into"] == survivor["record"]
    coordinator.post(f"{path}/unmerge?kind=entity")
    assert coordinator.get(f"records/{away}?kind=entity")["merged_into"] is None
    assert coordinator.post(f"{path}/unmerge?kind=entity", status=409)["code"] == "nothing_merged"
    refused = coordinator.post(f"records/{first['record']}/merge", {"records": [second["record"]]}, 422)
    assert refused["code"] == "bad_act"


def test_who_takes_a_merge_back_may_act_upon_every_record_that_it_names(world: World) -> None:
    """By the address of the record as by that of the pair: one rule, and 404 for whoever sees only one of them."""
    register, phone = Register(world), world.phone()
    here, there = register.member(phone, "Itto", home=ASNI), register.member(phone, "Ittou", home=AMIZMIZ)
    register.says(phone, here, "Itto", home=ASNI)
    coordinator, of_asni = person(world, "coordinator"), person(world, "coordinator", places=(ASNI,))
    coordinator.post(f"records/{here}/merge?kind=entity", {"records": [there]})
    assert of_asni.get(f"records/{here}?kind=entity")["record"] == here
    assert of_asni.post(f"records/{here}/unmerge?kind=entity", status=404)["code"] == "not_found"
    assert of_asni.post(f"duplicates/{here}/{there}/undo", {"turn": 1}, 404)["code"] == "not_found"
    assert coordinator.get(f"records/{there}?kind=entity")["merged_into"] == here
    coordinator.post(f"records/{here}/unmerge?kind=entity")
    assert coordinator.get(f"records/{there}?kind=entity")["merged_into"] is None


def test_a_record_of_which_nothing_applies_yet_can_be_acted_on(world: World) -> None:
    amina, coordinator = world.phone(), person(world, "coordinator")
    waits = amina.says(seen=[["far-away", 1]])
    amina.tells(waits)
    path = f"records/{waits['record']}"
    assert coordinator.post(f"{path}/comment", {"text": "What is this?"})["fields"] == {}
    assert [each["status"] for each in coordinator.pages(f"{path}/operations")] == ["held", "applied"]
    coordinator.post(f"{path}/review", {"state": "rejected"})
    assert coordinator.post(f"{path}/correct", {"writes": {"name": "x"}}, 422)["code"] == "form_not_here"
    coordinator.post(f"{path}/delete")
    assert coordinator.get(path)["record"] == waits["record"]


def test_a_merge_with_itself_or_with_nothing_is_no_merge(world: World) -> None:
    only = person_said(world, "Fatima")["entity"]
    coordinator = person(world, "coordinator")
    assert coordinator.post(f"records/{only}/merge?kind=entity", {"records": []}, 400)["code"] == "wrong_shape"
    assert coordinator.post(f"records/{only}/merge?kind=entity", {"records": [only]}, 409)["code"] == "already_one"
    assert len(coordinator.pages("entities")) == 1


def said_with(who: Caller, about: Json) -> str | None:
    """The note of the verdict in a record's history."""
    history = who.pages(f"records/{about['record']}/operations")
    [act] = [each["act"] for each in history if "verdict" in (each.get("act") or {})]
    note: str | None = act.get("note")
    return note


def test_a_quarantined_operation_is_released(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(writes={"name": "Amina", "colour": "mauve"})
    assert amina.statuses(wrong) == ["quarantined"]
    coordinator = person(world, "coordinator")
    [item] = coordinator.pages("quarantine")
    assert (item["record"], item["id"], codes(item)) == (wrong["record"], wrong["id"], ["unknown_choice"])
    assert item["said"]["writes"] == wrong["writes"]
    assert coordinator.post(f"quarantine/{item['quarantined']}/release")["status"] == "released"
    assert coordinator.get(f"records/{wrong['record']}")["fields"]["colour"] == "mauve"
    assert said_with(coordinator, wrong) is None
    assert coordinator.pages("quarantine") == []
    assert coordinator.post(f"quarantine/{item['quarantined']}/release", status=409)["code"] == "already_judged"


def test_a_quarantined_operation_is_rejected_and_stays_on_file(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(writes={"colour": "mauve"})
    amina.tells(wrong)
    coordinator = person(world, "coordinator")
    [item] = coordinator.pages("quarantine")
    address = f"quarantine/{item['quarantined']}/reject"
    assert coordinator.post(address, {"note": 1}, status=400)["code"] == "wrong_shape"
    assert coordinator.call("POST", address, data=b"note", content_type="text/plain").status_code == 415
    assert coordinator.post(address, {"note": "No such colour"})["status"] == "rejected"
    assert coordinator.pages("quarantine") == []
    assert said_with(coordinator, wrong) == "No such colour"
    [result] = amina.tells(wrong)
    assert result["was"] == "rejected"


def test_what_cannot_be_released_says_why(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    said = amina.says()
    amina.tells(said)
    amina.tells(said | {"writes": {"name": "other"}})
    brahim.tells(amina.says())
    amina.tells(amina.says() | {"record": "no uuid"})
    coordinator = person(world, "coordinator")
    answers = [
        coordinator.post(f"quarantine/{item['quarantined']}/release", status=409)["code"]
        for item in coordinator.pages("quarantine")
    ]
    assert answers == ["occupied", "not_releasable", "not_releasable"]
    for item in coordinator.pages("quarantine"):
        assert coordinator.post(f"quarantine/{item['quarantined']}/reject")["status"] == "rejected"
    assert coordinator.pages("quarantine") == []


@pytest.mark.parametrize("role", ["viewer", "designer"])
def test_only_those_who_review_act(world: World, role: str) -> None:
    amina = world.phone()
    said = amina.says()
    amina.tells(said)
    for caller in (person(world, role), bearer(amina), bearer(world.hub())):
        assert caller.post(f"records/{said['record']}/delete", status=403)["code"] == "forbidden"


def test_bodies_that_are_no_json_are_refused_without_being_quoted(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    amina.tells(said)
    coordinator, path = person(world, "coordinator"), f"records/{said['record']}/comment"
    json = {"Content-Type": "application/json"}
    for body in (b'{"text": "x', b"\xff", b'{"text": NaN}', b'{"text": "\\ud800"}', b"[" * 100_000):
        response = coordinator.call("POST", path, data=body, headers=json)
        assert (response.status_code, response.get_json()["code"]) == (400, "not_json")
    plain = coordinator.call("POST", path, data=b"secret", headers={"Content-Type": "text/plain"})
    assert (plain.status_code, plain.get_json()["code"]) == (415, "unsupported_type")
    large = coordinator.call("POST", path, data=b'{"text": "' + b"x" * 300_000 + b'"}', headers=json)
    assert (large.status_code, large.get_json()["code"]) == (413, "too_large")
    odd = coordinator.call("POST", path, json={"text": "x", "secret": 1})
    assert odd.status_code == 400
    assert "secret" not in odd.text


def test_the_table_of_moves_binds_scripts_too(world: World) -> None:
    """Approved records change with author and reason alone, and nothing in conflict is approved."""
    one, other, who = world.phone(), world.phone(), person(world, "association_reviewer")
    said = one.says(writes={"name": "Amina", "age": 30})
    one.tells(said)
    path = f"records/{said['record']}"
    assert who.post(f"{path}/review", {"state": "approved"})["review"]["state"] == "approved"
    assert who.post(f"{path}/review", {"state": "approved"}, 409)["code"] == "review_not_open"
    assert who.post(f"{path}/review", {"state": "hasIssues"}, 422)["code"] == "reason_due"
    assert who.post(f"{path}/correct", {"writes": {"age": 31}}, 422)["code"] == "reason_due"
    changed = who.post(f"{path}/correct", {"writes": {"age": 31}, "note": "She told me."})
    assert (changed["fields"]["age"], changed["review"]["state"]) == (31, "edited")
    assert changed["review"]["comments"][-1]["text"] == "She told me."
    for phone, age in ((one, 40), (other, 50)):
        phone.tells(phone.says(said["record"], {"age": age}, seen=[said]))
    assert who.post(f"{path}/review", {"state": "approved"}, 409)["code"] == "conflicts_first"
