"""The middle link of a chain of edits comes last: what stood apart goes on in its record, and nothing is lost."""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from fieldsync.services import desk, openrosa_joining
from tests.routes import callers
from tests.routes.collect import Collect, quarantined, said_of, visit
from tests.routes.test_openrosa_files import FACE, is_incomplete, photo, pictured
from tests.routes.test_openrosa_offline_work import said
from tests.services.test_doctor import examined
from tests.world import Json, World, codes

ANSWERS = (
    "<name>Amina</name><age>30</age><colour>red</colour>",
    "<name>Amina B.</name><age>30</age>",
    "<name>Amina B.</name><age>31</age><likes>red</likes>",
    "<name>Amina C.</name><age>31</age><colour>green</colour>",
)


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def chain(world: World, length: int = 3) -> tuple[list[str], list[str]]:
    """(instance ids, submissions) of a form that was filled and then edited again and again."""
    ids = [world.uuid() for _ in range(length)]
    links = zip(ids, ["", *ids], ANSWERS, strict=False)
    return ids, [visit(each, answered, deprecated=replaced) for each, replaced, answered in links]


def shown(world: World, record: str) -> Json:
    found = world.record(record)
    assert found is not None
    return found


def living(world: World, ids: Sequence[str]) -> list[Json]:
    found = [each for one in ids if (each := world.record(one)) is not None]
    return [each for each in found if not each["deleted"]]


def answers(record: Json) -> dict[str, Any]:
    return {path: value for path, value in record["fields"].items() if value is not None and "meta/" not in path}


@pytest.mark.parametrize("length", [3, 4])
def test_every_order_of_a_chain_makes_one_record(world: World, amina: Collect, length: int) -> None:
    ids, sent = chain(world, length)
    for each in sent:
        amina.sends(each)
    expected = answers(shown(world, ids[0]))
    for order in itertools.permutations(range(length)):
        ids, sent = chain(world, length)
        for place in (*order, *order):
            world.now_ms += 1000
            amina.sends(sent[place])
        [one] = living(world, ids)
        assert (answers(one), one["conflicts"], one["delete_conflict"]) == (expected, {}, False), order
        assert one["fields"]["meta/instanceID"] == f"uuid:{ids[-1]}", order
    assert examined(world).findings == []


def test_every_submission_stays_and_is_listed_with_the_record_that_lives(world: World, amina: Collect) -> None:
    ids, (first, middle, last) = chain(world)
    for each in (first, last, middle):
        amina.sends(each)
    reviewer = callers.person(world, "association_reviewer")
    listed = [each["digest"] for each in reviewer.get(f"records/{ids[0]}/originals")["items"]]
    kept = {reviewer.call("GET", f"records/{ids[0]}/originals/{digest}").data for digest in listed}
    assert kept == {each.encode() for each in (first, middle, last)}
    assert reviewer.get(f"records/{ids[1]}/originals")["items"] == []
    operations = len(said_of(world, ids[0])), len(said_of(world, ids[1]))
    for each in (middle, last, first, middle):
        amina.sends(each)
    assert (len(said_of(world, ids[0])), len(said_of(world, ids[1]))) == operations == (3, 2)


def test_what_the_desk_wrote_meanwhile_to_the_second_record_keeps_it_in_doubt(world: World, amina: Collect) -> None:
    ids, (first, middle, last) = chain(world)
    amina.sends(first)
    amina.sends(last)
    world.at_desk(desk.correct, ids[1], {"name": "Yamina"})
    amina.sends(middle)
    apart, record = shown(world, ids[1]), shown(world, ids[0])
    assert (apart["fields"]["name"], apart["deleted"], apart["delete_conflict"]) == ("Yamina", False, True)
    assert record["fields"]["age"] == 31
    assert codes(record) == ["came_apart"]
    assert examined(world).findings == []


def test_what_people_said_meanwhile_of_the_second_record_is_found_from_the_one_that_lives(
    world: World, amina: Collect
) -> None:
    ids, (first, middle, last) = chain(world)
    amina.sends(first)
    amina.sends(last)
    world.at_desk(desk.comment, ids[1], "Ring her on Monday.")
    world.at_desk(desk.review, ids[1], "approved")
    amina.sends(middle)
    assert shown(world, ids[1])["deleted"]
    assert [each["text"] for each in shown(world, ids[1])["review"]["comments"] if each["text"]] == [
        "Ring her on Monday."
    ]
    record = shown(world, ids[0])
    assert (codes(record), record["review"]["state"]) == (["came_apart"], "received")


def test_what_the_desk_changed_meanwhile_in_the_first_record_merges_with_the_edits(
    world: World, amina: Collect
) -> None:
    ids, (first, middle, last) = chain(world)
    amina.sends(first)
    world.at_desk(desk.correct, ids[0], {"village": "07.041"})
    for each in (last, middle):
        world.now_ms += 1000
        amina.sends(each)
    [one] = living(world, ids)
    assert [one["fields"][path] for path in ("village", "name", "age")] == ["07.041", "Amina B.", 31]
    assert (one["conflicts"], one["problems"]) == ({}, [])


def test_two_phones_that_edited_the_same_version_still_differ(world: World, amina: Collect) -> None:
    fatima, ids = Collect(world), [world.uuid() for _ in range(4)]
    amina.sends(visit(ids[0], "<name>Amina</name><age>30</age>"))
    amina.sends(visit(ids[2], "<name>Amina</name><age>31</age>", deprecated=ids[1]))
    fatima.sends(visit(ids[3], "<name>Amina B.</name><age>32</age>", deprecated=ids[1]))
    amina.sends(visit(ids[1], "<name>Amina</name><age>29</age>", deprecated=ids[0]))
    [one] = living(world, ids)
    assert sorted([one["fields"]["age"], *(each["value"] for each in one["conflicts"]["age"])]) == [31, 32]
    assert (one["fields"]["name"], set(one["conflicts"])) == ("Amina B.", {"age"})


def test_photos_that_were_awaited_are_awaited_by_the_record_that_lives(world: World, amina: Collect) -> None:
    for brings in ("middle", "last"):
        first, middle, last = (world.uuid() for _ in range(3))
        sent = {
            "middle": pictured(middle, "a.jpg", deprecated=first, name="Amina B."),
            "last": pictured(last, "a.jpg", deprecated=middle, name="Amina C."),
        }
        amina.sends(pictured(first))
        amina.sends(sent["last"])
        assert is_incomplete(world, middle)
        amina.sends(sent["middle"])
        assert is_incomplete(world, first) and not is_incomplete(world, middle)
        assert amina.send(sent[brings], {"a.jpg": FACE}).status_code == 201
        assert photo(world, first)["sha256"] == hashlib.sha256(FACE).hexdigest()
        [one] = living(world, [first, middle, last])
        assert (one["fields"]["name"], one["conflicts"]) == ("Amina C.", {})
        assert not is_incomplete(world, first)
    assert examined(world).findings == []


def test_a_photo_that_the_second_record_has_already_stays(world: World, amina: Collect) -> None:
    first, middle, last = (world.uuid() for _ in range(3))
    amina.sends(pictured(first))
    amina.send(pictured(last, "a.jpg", deprecated=middle), {"a.jpg": FACE})
    amina.sends(pictured(middle, deprecated=first))
    assert photo(world, first)["sha256"] == hashlib.sha256(FACE).hexdigest()
    assert not is_incomplete(world, first)


def test_an_entity_follows_the_last_edit_and_its_updates_wait_no_longer_than_before(
    world: World, amina: Collect
) -> None:
    """The edits of an update in a run of offline work, the run's first step coming after all of them."""
    for order in itertools.permutations(range(4)):
        person, ids = world.uuid(), [world.uuid() for _ in range(3)]
        sent = [
            said(world, person, "Fatima", 1, ids[0]),
            said(world, person, "Fatima Ait", 1, ids[1], deprecated=ids[0]),
            said(world, person, "Fatima Ait Ali", 1, ids[2], deprecated=ids[1]),
            said(world, person, "Fadma", 0),
        ]
        for place in (*order, *order):
            amina.sends(sent[place])
        entity = world.record(person, "entity")
        assert entity is not None
        assert (entity["fields"]["fullname"], entity["conflicts"]) == ("Fatima Ait Ali", {}), order
        [one] = living(world, ids)
        assert one["fields"]["meta/entity/@update"] == "1"
    assert examined(world).findings == []


def test_an_edit_that_is_quarantined_moves_too_and_is_judged_once(world: World, amina: Collect) -> None:
    ids, (first, middle, _) = chain(world)
    amina.sends(first)
    amina.sends(visit(ids[2], "<name>Amina B.</name><age>many</age>", deprecated=ids[1]))
    amina.sends(middle)
    [kept] = quarantined(world)
    assert "many" in str(kept)
    amina.sends(visit(world.uuid(), "<name>Amina B.</name><age>33</age>", deprecated=ids[2]))
    [one] = living(world, ids)
    assert one["fields"]["age"] == 33
    assert examined(world).findings == []


def test_a_revoked_phone_s_link_is_set_apart_and_the_records_are_one(world: World, amina: Collect) -> None:
    lost, (ids, (first, middle, last)) = Collect(world), chain(world)
    amina.sends(first)
    amina.sends(last)
    world.revoke(lost.phone)
    for _ in range(2):
        lost.sends(middle)
    [one] = living(world, ids)
    assert [one["fields"][path] for path in ("name", "age")] == ["Amina B.", 31]
    assert [each["problems"][0]["code"] for each in quarantined(world)] == ["device_revoked"]


def test_other_content_under_a_known_id_joins_nothing(world: World, amina: Collect) -> None:
    ids, (first, middle, last) = chain(world)
    other = world.uuid()
    amina.sends(visit(other))
    for each in (first, middle, last):
        amina.sends(each)
    amina.sends(visit(ids[1], "<name>Zahra</name>", deprecated=other))
    assert len(living(world, [*ids, other])) == 2


def test_what_cannot_be_said_again_leaves_both_records_and_says_so(
    world: World, amina: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise ZeroDivisionError

    ids, (first, middle, last) = chain(world)
    amina.sends(first)
    amina.sends(last)
    monkeypatch.setattr(openrosa_joining, "_say_again", fails)
    amina.sends(middle)
    monkeypatch.undo()
    assert [each["fields"]["age"] for each in living(world, ids)] == [30, 31]
    assert codes(shown(world, ids[0])) == ["came_apart"]
    world.now_ms += 1000
    Collect(world).sends(
        visit(world.uuid(), "<name>Amina B.</name><age>30</age><likes>green</likes>", deprecated=ids[1])
    )
    [one] = living(world, ids)  # the next link finds them again, and what both edits say is there
    assert [one["fields"][path] for path in ("age", "likes")] == [31, {"set": ["green", "red"]}]
    assert examined(world).findings == []


def test_a_chain_of_ids_that_are_no_uuids_is_one_record_too(world: World, amina: Collect) -> None:
    amina.sends(visit("first", "<name>Amina</name><age>1</age>"))
    amina.sends(visit("last", "<name>Amina</name><age>3</age>", deprecated="middle"))
    amina.sends(visit("middle", "<name>Amina</name><age>2</age>", deprecated="first"))
    records = sorted({each["record"] for each in world.hub().pulls()})
    [one] = living(world, records)
    assert one["fields"]["age"] == 3


def test_edits_that_name_each_other_in_a_circle_are_taken_in(world: World, amina: Collect) -> None:
    ids = [world.uuid() for _ in range(4)]
    for order in ((0, 2, 1, 3), (3, 1, 0, 2)):
        for place in order:
            amina.sends(visit(ids[place], f"<name>Amina</name><age>{place}</age>", deprecated=ids[place - 1]))
    assert len(living(world, ids)) == 1
