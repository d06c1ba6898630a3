"""Hubs read operations as they were said, relay what others said, and enrol the phones of their commune."""

from functools import partial

import msgspec

from fieldsync.core.canonical import sameness
from fieldsync.store import authors
from tests.world import Json, World, codes


def enrol(hub: object, author: str) -> int:
    return hub.post(msgspec.json.encode({"author": author}), "/api/v1/enrol").status_code  # type: ignore[attr-defined, no-any-return]


def said_by(author: str, counter: int, world: World, **members: object) -> Json:
    return {
        "id": [author, counter],
        "record": world.uuid(),
        "kind": "submission",
        "of": "visit",
        "version": "1",
        "stamp": [world.now_ms, counter],
        "writes": {"name": "Amina"},
    } | members


def test_a_hub_reads_every_operation_byte_for_byte_and_once(world: World) -> None:
    amina, hub = world.phone(), world.hub()
    said = [amina.says(mood="kept as it came") for _ in range(9)]
    amina.sync(*said, amina.says(writes={"nowhere": 1}))
    assert hub.pulls(limit=4) == said
    assert hub.pulls() == []


def test_a_hub_relays_what_its_phones_said_and_hears_how_far_it_is_safe(world: World) -> None:
    hub, author = world.hub(), "a" * 32
    assert enrol(hub, author) == 200
    said = [said_by(author, counter, world) for counter in (1, 2, 4)]
    answer = hub.sync(*said)
    assert [result["status"] for result in answer["results"]] == ["applied"] * 3
    assert answer["durable_through"][author] == 2
    assert answer["durable_through"][hub.author] == 0
    assert [result["was"] for result in hub.tells(*said)] == ["applied"] * 3


def test_what_a_hub_relays_before_the_enrolment_waits_for_it(world: World) -> None:
    hub, author = world.hub(), "b" * 32
    said = [
        said_by(author, 1, world),
        said_by(author, 2, world, writes={"colour": "mauve"}),
        said_by("c" * 32, 1, world),
    ]
    answer = hub.sync(*said)
    assert [result["status"] for result in answer["results"]] == ["held", "quarantined", "held"]
    assert world.record(said[0]["record"]) is None
    assert enrol(hub, author) == 200
    assert world.fields(said[0]["record"]) == {"name": "Amina"}
    assert [result["was"] for result in hub.tells(*said)] == ["applied", "quarantined", "held"]
    assert enrol(hub, author) == 200


def test_a_hub_may_not_speak_for_phones_that_enrolled_elsewhere(world: World) -> None:
    amina, hub, other = world.phone(), world.hub(), world.hub()
    assert [codes(result) for result in hub.tells(amina.says())] == [["not_your_author"]]
    assert enrol(hub, amina.author) == 409
    assert enrol(hub, "d" * 32) == 200
    assert [codes(result) for result in other.tells(said_by("d" * 32, 1, world))] == [["not_your_author"]]
    assert enrol(other, "d" * 32) == 409


def test_nobody_takes_a_name_that_is_the_desks(world: World) -> None:
    amina, hub = world.phone(), world.hub()
    epoch = amina.sync()["epoch"]
    for name in (f"desk-{epoch}-1-operator", f"server-{epoch}", f"import-{epoch}-x"):
        for sender in (amina, hub):
            assert enrol(sender, name) == 400
        [result] = hub.tells(said_by(name, 1, world))
        assert codes(result) == ["not_your_author"]


def test_one_author_that_fails_leaves_the_others_of_the_batch_whole(world: World) -> None:
    """The batch fails as a whole, and its operations are taken one by one, with authors that nobody knew before."""
    from fieldsync.services import folding

    hub = world.hub()
    said = [said_by(letter * 32, 1, world) for letter in "ef"]
    poison = said_by("e" * 32, 2, world, writes={"name": "poison"})
    original = folding.fold_in

    def fails(session, association_id, entries, now_ms):  # type: ignore[no-untyped-def]
        if any(entry.operation.writes.get("name") == "poison" for entry in entries):
            raise RuntimeError("a fault of ours")
        return original(session, association_id, entries, now_ms)

    folding.fold_in = fails
    try:
        assert hub.statuses(said[0], poison, said[1]) == ["held", "retry", "held"]
    finally:
        folding.fold_in = original
    assert hub.statuses(poison) == ["held"]


def test_a_verdict_that_arrives_before_its_target_holds_when_the_target_comes(world: World) -> None:
    hub = world.hub()
    hub_id, phone, desk = world.device_id(hub), "a" * 32, "0" * 32
    world.write(partial(authors.add, name=phone, association_id=world.amal, kind="device", hub_id=hub_id))
    world.write(partial(authors.add, name=desk, association_id=world.amal, kind="desk", hub_id=hub_id))
    wrong = [said_by(phone, counter, world, writes={"colour": "mauve"}) for counter in (1, 2)]
    verdicts = [
        said_by(desk, counter, world, record=one["record"], version=None, writes={})
        | {"act": {"verdict": decision, "target": [phone, one["id"], sameness(msgspec.json.encode(one)).hex()]}}
        for counter, one, decision in ((1, wrong[0], "release"), (2, wrong[1], "reject"))
    ]
    assert hub.statuses(*verdicts) == ["applied", "applied"]
    hub.tells(*wrong)
    assert [result["was"] for result in hub.tells(*wrong)] == ["applied", "rejected"]
    assert world.fields(wrong[0]["record"]) == {"colour": "mauve"}


def test_a_release_that_arrives_before_what_it_lets_go_holds_when_that_comes(world: World) -> None:
    amina, hub, desk = world.phone(), world.hub(), "0" * 32
    hub_id = world.device_id(hub)
    world.write(partial(authors.add, name=desk, association_id=world.amal, kind="desk", hub_id=hub_id))
    first = amina.says()
    waiting = amina.says(first["record"], writes={"name": "Khadija"}, seen=[["f" * 32, 1]])
    act = {"verdict": "release", "target": [amina.author, waiting["id"], sameness(msgspec.json.encode(waiting)).hex()]}
    verdict = said_by(desk, 1, world, record=first["record"], version=None, writes={}) | {"act": act}
    assert hub.statuses(verdict) == ["applied"]
    assert amina.statuses(first, waiting) == ["applied", "applied"]
    assert world.fields(first["record"])["name"] == "Khadija"
