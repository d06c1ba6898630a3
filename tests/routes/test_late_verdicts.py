"""Verdicts on what waits for a form, on answers without a version; and what may be said after all."""

from functools import partial

import msgspec

from fieldsync.services import desk
from fieldsync.services.doctor import examine
from fieldsync.store import quarantine
from fieldsync.store.devices import ViewRow
from fieldsync.store.portable import snapshot
from tests.routes.callers import person
from tests.world import Json, Phone, World, codes

OWN = ViewRow("own")


def findings(world: World) -> list[object]:
    """What the doctor says is wrong."""
    with snapshot(world.engine) as session:
        return list(examine(session).findings)


def releases(world: World, said: Json) -> None:
    """The coordinator lets go what is quarantined or held under an id."""
    key = (said["id"][0], said["id"][1])
    judged = partial(desk.judge, uuid=said["record"], operation_id=key, verdict="release")
    assert world.write(lambda session: judged(session, world.desk())) is None


def waiting(world: World) -> int:
    """How many quarantined operations the coordinator has before her."""
    return world.read(lambda session: quarantine.waiting_count(session, world.amal))


def shown(world: World, said: Json) -> Json:
    record = world.record(said["record"])
    assert record is not None
    return record


# A verdict before the form.


def test_a_release_before_the_form_does_not_stand_in_for_it(world: World) -> None:
    amina = world.phone()
    said = amina.says(version="2", writes={"name": "Fatima", "colour": "blue", "village": "07.041"})
    assert amina.statuses(said) == ["held"]
    releases(world, said)
    assert world.record(said["record"]) is None
    assert [result["was"] for result in amina.tells(said)] == ["held"]
    assert findings(world) == []
    world.publish("visit 2")
    assert shown(world, said)["fields"] == said["writes"]
    assert [result["was"] for result in amina.tells(said)] == ["applied"]
    assert findings(world) == []


def test_entities_are_made_of_what_was_released_before_its_form(world: World) -> None:
    amina, who = world.phone(), world.uuid()
    entity = {"meta/entity/@id": who, "meta/entity/@create": "1", "meta/entity/label": "Zineb"}
    writes = {"person": who, "fullname": "Zineb", "risk": "low", "village": "07.041", **entity}
    said = amina.says(of="person", version="2", writes=writes)
    assert amina.statuses(said) == ["held"]
    releases(world, said)
    world.publish("person 2")
    assert world.fields(who, "entity")["fullname"] == "Zineb"
    assert findings(world) == []


def test_what_was_released_stays_released_when_the_form_finds_it_wrong(world: World) -> None:
    amina = world.phone()
    said, other = (amina.says(version="2", writes={"name": "Fatima", "colour": "mauve"}) for _ in range(2))
    assert amina.statuses(said, other) == ["held", "held"]
    releases(world, said)
    world.publish("visit 2")
    assert shown(world, said)["fields"]["colour"] == "mauve"
    assert [result["was"] for result in amina.tells(said, other)] == ["applied", "quarantined"]
    assert world.record(other["record"]) is None
    assert waiting(world) == 1
    assert findings(world) == []


def test_a_release_lets_go_what_waits_for_an_operation_that_is_lost(world: World) -> None:
    amina = world.phone()
    said = amina.says(seen=[["f" * 32, 1]])
    assert amina.statuses(said) == ["held"]
    releases(world, said)
    assert shown(world, said)["fields"] == said["writes"]
    assert findings(world) == []


def test_a_release_that_found_its_id_occupied_holds_as_soon_as_the_id_is_free(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"name": "Fatima", "colour": "mauve"})
    of_another_life = amina.says(version="2", writes={"name": "Khadija", "colour": "mauve"}) | {"id": said["id"]}
    assert amina.statuses(said) == ["quarantined"]
    assert amina.statuses(of_another_life) == ["held"]
    releases(world, said)
    assert world.record(said["record"]) is None
    world.publish("visit 2")
    assert shown(world, said)["fields"] == said["writes"]
    assert world.record(of_another_life["record"]) is None
    assert waiting(world) == 1
    results = amina.tells(said, of_another_life)
    assert [(result["status"], result["was"]) for result in results] == [
        ("duplicate", "applied"),
        ("duplicate", "quarantined"),
    ]
    assert findings(world) == []


# Answers that do not say their form version.


def test_answers_without_a_version_are_set_apart_and_a_release_takes_them_as_they_are(world: World) -> None:
    amina = world.phone()
    said = amina.says(version=None, writes={"name": "Fatima", "anything": "else"})
    neighbour = amina.says()
    results = amina.tells(said, neighbour)
    assert [result["status"] for result in results] == ["quarantined", "applied"]
    assert codes(results[0]) == ["no_version"]
    assert amina.sync()["durable_through"] == {amina.author: 2}
    assert world.record(said["record"]) is None
    assert findings(world) == []
    releases(world, said)
    record = shown(world, said)
    assert (record["fields"], record["version"], record["problems"]) == (said["writes"], None, [])
    assert [result["was"] for result in amina.tells(said)] == ["applied"]
    assert findings(world) == []
    edit = amina.says(said["record"], {"age": 130}, seen=[said])
    assert amina.statuses(edit) == ["applied"]
    assert shown(world, said)["version"] == "1"
    assert findings(world) == []


def test_what_says_nothing_of_answers_needs_no_version(world: World) -> None:
    amina = world.phone()
    first = amina.says()
    comment = amina.says(first["record"], act={"comment": "seen"}, version=None, seen=[first])
    gone = amina.says(first["record"], delete=True, version=None, seen=[comment])
    assert amina.statuses(first, comment, gone) == ["applied"] * 3


# Whose record it is.


def test_a_record_whose_first_answers_were_released_is_its_companions(world: World) -> None:
    amina, brahim = world.phone([OWN]), world.phone([OWN])
    said = amina.says(writes={"name": "Fatima", "colour": "mauve"})
    assert amina.statuses(said) == ["quarantined"]
    releases(world, said)
    assert [record["record"] for record in amina.pulls()] == [said["record"]]
    edit = brahim.says(said["record"], {"age": 30}, seen=[said])
    assert brahim.statuses(edit) == ["applied"]
    assert brahim.pulls() == []
    assert [record["fields"].get("age") for record in amina.pulls()] == [30]
    assert findings(world) == []


def test_a_record_that_others_spoke_of_first_is_whose_answers_it_shows(world: World) -> None:
    amina, brahim = world.phone([OWN]), world.phone([OWN])
    record = world.uuid()
    comment = brahim.says(record, act={"comment": "I met her too"}, version=None)
    brahim.sync(comment)
    said = amina.says(record)
    amina.sync(said)
    amina.cursor = brahim.cursor = None
    assert [found["record"] for found in amina.pulls()] == [record]
    assert brahim.pulls() == []


# What the sender could not speak for, and can now.


def further_id(phone: Phone, author: str) -> None:
    """The phone tells the server an id that it took."""
    assert phone.post(msgspec.json.encode({"author": author}), "/api/v1/enrol").status_code == 200


def test_what_is_said_again_by_who_may_say_it_by_now_leaves_the_quarantine(world: World) -> None:
    amina = world.phone()
    author = "e" * 32
    said = amina.says() | {"id": [author, 1]}
    [result] = amina.tells(said)
    assert (result["status"], codes(result)) == ("quarantined", ["not_your_author"])
    coordinator = person(world, "coordinator")
    assert len(coordinator.pages("quarantine")) == 1
    further_id(amina, author)
    assert amina.statuses(said) == ["applied"]
    assert coordinator.pages("quarantine") == []
    assert shown(world, said)["heads"] == [said["id"]]
    [again] = amina.tells(said)
    assert (again["status"], again["was"]) == ("duplicate", "applied")
    assert waiting(world) == 0
    assert findings(world) == []


def test_what_is_wrong_in_itself_counts_once_its_sender_may_say_it(world: World) -> None:
    amina = world.phone()
    author = "e" * 32
    said = amina.says(writes={"name": "Fatima", "colour": "mauve"}) | {"id": [author, 1]}
    assert amina.statuses(said) == ["quarantined"]
    further_id(amina, author)
    [result] = amina.tells(said)
    assert (result["status"], codes(result)) == ("quarantined", ["unknown_choice"])
    assert [again["was"] for again in amina.tells(said)] == ["quarantined"]
    assert waiting(world) == 1
    assert findings(world) == []
    releases(world, said)
    assert shown(world, said)["fields"]["colour"] == "mauve"
    assert findings(world) == []


def test_what_another_sender_said_of_it_stays_in_quarantine(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    author = "e" * 32
    said = amina.says() | {"id": [author, 1]}
    assert [phone.statuses(said) for phone in (amina, brahim)] == [["quarantined"]] * 2
    further_id(amina, author)
    assert amina.statuses(said) == ["applied"]
    assert waiting(world) == 1
    assert [result["was"] for result in brahim.tells(said)] == ["quarantined"]
    assert findings(world) == []


def test_what_is_said_again_and_waits_for_a_form_that_finds_it_wrong_is_back_in_quarantine(world: World) -> None:
    amina = world.phone()
    author = "e" * 32
    said = amina.says(writes={"name": "Fatima", "colour": "mauve"}, version="2") | {"id": [author, 1]}
    assert amina.statuses(said) == ["quarantined"]
    further_id(amina, author)
    assert amina.statuses(said) == ["held"]
    coordinator = person(world, "coordinator")
    assert coordinator.pages("quarantine") == []
    world.publish("visit 2")
    [waits] = coordinator.pages("quarantine")
    assert waits["problems"][0]["code"] == "unknown_choice"
    assert waiting(world) == 1
    assert findings(world) == []
    assert [again["was"] for again in amina.tells(said)] == ["quarantined"]
    releases(world, said)
    assert shown(world, said)["fields"]["colour"] == "mauve"
    assert coordinator.pages("quarantine") == []
    assert findings(world) == []
