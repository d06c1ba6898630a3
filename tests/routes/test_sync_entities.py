"""Entities that follow from submissions, and records that are merged, deleted and flagged."""

from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import Any

import msgspec
import pytest

from fieldsync.services import desk, merging
from fieldsync.store import authors, quarantine
from fieldsync.store.devices import ViewRow
from tests.world import Json, Phone, World, codes, plain


def registers(phone: Phone, person: str, name: str = "Aicha", **members: Any) -> Json:
    """A submission that creates the entity of a person."""
    writes = {
        "person": person,
        "fullname": name,
        "meta/entity/@id": person,
        "meta/entity/@create": "1",
        "meta/entity/label": name,
    }
    return phone.says(of="person", writes=writes | members.pop("more", {}), **members)


def updates(phone: Phone, person: str, base: Sequence[Any], **answers: str) -> Json:
    """A submission that updates the entity of a person, whose heads were `base` when the form was opened."""
    writes = {"person": person, "meta/entity/@id": person, "meta/entity/@update": "1", **answers}
    return phone.says(of="person", writes=writes, bases={person: base})


def people(pages: list[Json]) -> dict[str, Json]:
    return {record["record"]: record for record in pages if record.get("kind") == "entity"}


def test_a_submission_creates_its_entity_and_the_sender_sees_it(world: World) -> None:
    amina = world.phone()
    amina.sync()
    person = world.uuid()
    said = registers(amina, person)
    answer = amina.sync(said)
    assert answer["results"][0]["status"] == "applied"
    [shown] = answer["records"]
    assert (shown["record"], shown["kind"], shown["of"]) == (person, "entity", "people")
    assert shown["heads"] == [[*said["id"], 1]]
    assert shown["fields"]["fullname"] == "Aicha"
    assert answer["durable_through"] == {amina.author: 1}
    assert answer["known_through"] == 1


def test_deriving_twice_is_a_no_op_and_the_ids_are_the_same_everywhere(world: World) -> None:
    amina, brahim, hub = world.phone(), world.phone(), world.hub()
    person = world.uuid()
    said = registers(amina, person)
    amina.sync(said)
    amina.sync(said)
    derived = [one for one in hub.pulls() if one["kind"] == "entity"]
    assert [one["id"] for one in derived] == [[*said["id"], 1]]
    changed = updates(brahim, person, [[*said["id"], 1]], risk="high")
    brahim.sync(changed)
    shown = world.record(person, "entity")
    assert shown is not None
    assert shown["heads"] == [[*changed["id"], 1]]
    assert (shown["fields"]["risk"], shown["fields"]["fullname"]) == ("high", "Aicha")


def test_a_submission_that_waits_creates_its_entity_when_it_applies(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    person = world.uuid()
    first = registers(amina, person)
    update = updates(brahim, person, [[*first["id"], 1]], risk="low")
    assert brahim.statuses(update) == ["applied"]
    assert people(brahim.pulls()) == {}
    amina.sync(first)
    shown = world.record(person, "entity")
    assert shown is not None
    assert shown["fields"]["risk"] == "low"
    assert shown["conflicts"] == {}


def test_a_protective_field_shows_the_safer_value_while_people_disagree(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    person = world.uuid()
    first = registers(amina, person)
    amina.sync(first)
    base = [[*first["id"], 1]]
    brahim.sync(updates(brahim, person, base, risk="high"))
    world.now_ms += 60_000
    amina.sync(updates(amina, person, base, risk="low"))
    shown = world.record(person, "entity")
    assert shown is not None
    assert shown["fields"]["risk"] == "high"
    assert [each["value"] for each in shown["conflicts"]["risk"]] == ["low"]


def test_entity_operations_of_a_device_are_not_its_to_say(world: World) -> None:
    amina = world.phone()
    said = amina.says(kind="entity", of="people", version=None, writes={"fullname": "x"})
    derived = said | {"id": [*said["id"], 1]}
    assert [codes(result) for result in amina.tells(said, derived)] == [["not_yours_to_write"], ["bad_id"]]


def test_an_entity_follows_its_place_out_of_sight(world: World) -> None:
    here, amina = world.phone([ViewRow("place", "07.041")]), world.phone()
    person = world.uuid()
    first = registers(amina, person, more={"village": "07.041.02"})
    amina.sync(first)
    assert set(people(here.pulls())) == {person}
    amina.sync(updates(amina, person, [[*first["id"], 1]], village="07.099"))
    assert {"record": person, "gone": True} in here.pulls()


def merged(world: World, first: str, *others: str) -> None:
    assert world.at_desk(merging.merge, first, list(others), kind="entity") is None


def two_people(world: World, amina: Phone) -> tuple[str, str, list[Json]]:
    """Two entities, the older first, and the submissions that made them."""
    older, younger = world.uuid(), world.uuid()
    said = [registers(amina, older, "Aicha")]
    world.now_ms += 1000
    said.append(registers(amina, younger, "Aïcha", more={"risk": "low"}))
    amina.sync(*said)
    return older, younger, said


def test_merged_records_show_through_the_oldest_and_come_apart_with_all_edits(world: World) -> None:
    amina = world.phone()
    older, younger, _ = two_people(world, amina)
    merged(world, younger, older)
    one, other = world.record(older, "entity"), world.record(younger, "entity")
    assert one is not None and other is not None
    assert (one["merged_into"], other["merged_into"]) == (None, older)
    assert one["fields"]["risk"] == "low"
    assert {record["record"] for record in amina.pulls(cursor=None)} >= {older, younger}

    heads = one["heads"]
    amina.sync(updates(amina, younger, heads, village="07.041"))
    grown = world.record(older, "entity")
    assert grown is not None
    assert grown["fields"]["village"] == "07.041"
    assert len(grown["heads"]) == 1

    assert world.at_desk(merging.unmerge, older, kind="entity") is None
    one, other = world.record(older, "entity"), world.record(younger, "entity")
    assert one is not None and other is not None
    assert (one["merged_into"], other["merged_into"]) == (None, None)
    assert "village" not in one["fields"] and "risk" not in one["fields"]
    assert (other["fields"]["village"], other["fields"]["risk"]) == ("07.041", "low")
    told = people(amina.pulls())
    assert told[younger]["merged_into"] is None
    assert told[older]["fields"] == one["fields"]


def test_three_merged_in_two_steps_and_one_step_undone(world: World) -> None:
    amina = world.phone()
    older, younger, _ = two_people(world, amina)
    world.now_ms += 1000
    third = world.uuid()
    amina.sync(registers(amina, third, "A."))
    merged(world, younger, third)
    merged(world, older, younger)
    shown = [world.record(one, "entity") for one in (older, younger, third)]
    assert [each["merged_into"] for each in shown if each] == [None, older, older]
    world.at_desk(merging.unmerge, third, kind="entity")
    shown = [world.record(one, "entity") for one in (older, younger, third)]
    assert [each["merged_into"] for each in shown if each] == [None, older, None]


def test_merging_what_is_not_here_or_no_entity_is_refused(world: World) -> None:
    amina = world.phone()
    older, _, _ = two_people(world, amina)
    assert world.at_desk(merging.merge, older, [world.uuid()], kind="entity").code == "not_found"
    assert world.at_desk(merging.unmerge, older, kind="entity").code == "nothing_merged"


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_merge_edit_and_unmerge_arrive_in_any_order_and_twice(world: World, order: tuple[int, ...]) -> None:
    """A second server hears what the first one's desk did, through a hub, in whatever order."""
    amina = world.phone()
    older, younger, said = two_people(world, amina)
    merged(world, younger, older)
    heads = (world.record(older, "entity") or {})["heads"]
    edit = updates(amina, younger, heads, village="07.041")
    amina.sync(edit)
    world.at_desk(merging.unmerge, younger, kind="entity")
    expected = [world.record(one, "entity") for one in (older, younger)]

    hub = world.hub()
    spoken = hub.pulls()
    own = [one for one in spoken if len(one["id"]) == 2]
    assert len(own) == 5
    merge, unmerge = (next(one for one in own if act in one.get("act", {})) for act in ("merge", "unmerge"))
    groups = [[said[0], said[1]], [edit], [merge], [unmerge]]

    nour = world.add_association("nour")
    other = world.phone(association_id=nour, kind="hub")
    other_id = world.device_id(other)
    names = {one["id"][0]: f"{place}" * 32 for place, one in enumerate(own)}
    for old, new in names.items():
        kind = "desk" if old.startswith("desk") else "device"
        world.write(partial(authors.add, name=new, association_id=nour, kind=kind, hub_id=other_id))
    for place in [*order, *order]:
        other.tells(*(renamed(one, names) for one in groups[place]))
    assert other.statuses(*(renamed(one, names) for one in own)) == ["duplicate"] * 5
    assert {result["was"] for result in other.tells(*(renamed(one, names) for one in own))} == {"applied"}
    for uuid, shown in zip((older, younger), expected, strict=True):
        found = world.record(uuid, "entity", nour)
        assert found is not None and shown is not None
        for member in ("fields", "conflicts", "merged_into", "deleted"):
            assert found[member] == shown[member], member


def renamed(said: Json, names: dict[str, str]) -> Json:
    """An operation with its authors' names changed everywhere."""
    text = msgspec.json.encode(said).decode()
    for old, new in names.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    renewed: Json = msgspec.json.decode(text)
    return renewed


def test_a_deleted_record_comes_down_as_deleted_and_a_later_write_revives_it(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    said = amina.says()
    amina.sync(said)
    brahim.pulls()
    gone = amina.says(said["record"], delete=True, seen=[said])
    amina.sync(gone)
    [record] = brahim.pulls()
    assert (record["record"], record["deleted"], record["delete_conflict"]) == (said["record"], True, False)
    brahim.sync(brahim.says(said["record"], {"name": "again"}, seen=[gone]))
    shown = world.record(said["record"])
    assert shown is not None
    assert (shown["deleted"], shown["delete_conflict"]) == (False, False)
    assert shown["fields"]["name"] == "again"


def test_a_delete_beside_a_write_keeps_the_record_and_says_so(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    said = amina.says()
    amina.sync(said)
    brahim.sync(brahim.says(said["record"], {"age": 4}, seen=[said]))
    amina.sync(amina.says(said["record"], delete=True, seen=[said]))
    shown = world.record(said["record"])
    assert shown is not None
    assert (shown["deleted"], shown["delete_conflict"]) == (False, True)


def test_two_reports_with_the_same_key_are_kept_and_the_second_is_flagged(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = amina.says(of="monthly", writes={"group": "Tighanimine", "month": "2026-10", "sales": 10})
    second = brahim.says(of="monthly", writes={"group": "Tighanimine", "month": "2026-10", "sales": 12})
    other = brahim.says(of="monthly", writes={"group": "Tighanimine", "month": "2026-11", "sales": 12})
    amina.sync(first)
    brahim.sync(second, other)
    flagged = {one["record"]: codes(world.record(one["record"]) or {}) for one in (first, second, other)}
    assert flagged == {first["record"]: [], second["record"]: ["possible_duplicate"], other["record"]: []}
    brahim.cursor = None
    assert sum("possible_duplicate" in codes(record) for record in brahim.pulls()) == 1


def test_a_correction_of_the_key_makes_a_duplicate_too(world: World) -> None:
    amina = world.phone()
    first = amina.says(of="monthly", writes={"group": "G", "month": "2026-10"})
    second = amina.says(of="monthly", writes={"group": "G", "month": "2026-11"})
    amina.sync(first, second)
    amina.sync(amina.says(second["record"], {"month": "2026-10"}, of="monthly", seen=[second]))
    assert "possible_duplicate" in codes(world.record(second["record"]) or {})


def test_the_same_content_again_by_the_same_device_is_flagged(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    answers = {"name": "Fatima", "age": 31, "meta/instanceID": "uuid:1"}
    first, again = amina.says(writes=dict(answers)), amina.says(writes=answers | {"meta/instanceID": "uuid:2"})
    elsewhere = brahim.says(writes=dict(answers))
    amina.sync(first, again)
    brahim.sync(elsewhere)
    flagged = [codes(world.record(one["record"]) or {}) for one in (first, again, elsewhere)]
    assert flagged == [[], ["same_content_again"], []]


def test_the_desk_releases_what_is_quarantined(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(writes={"name": "Amina", "colour": "mauve"})
    follows = amina.says(wrong["record"], {"age": 4}, seen=[wrong])
    assert amina.statuses(wrong, follows) == ["quarantined", "applied"]
    amina.pulls()
    verdict = lambda session: desk.judge(session, world.desk(), wrong["record"], tuple(wrong["id"]), "release")  # noqa: E731
    assert world.write(verdict) is None
    assert world.fields(wrong["record"]) == {"name": "Amina", "colour": "mauve", "age": 4}
    assert [record["record"] for record in amina.pulls()] == [wrong["record"]]
    [result] = amina.tells(wrong)
    assert (result["status"], result["was"]) == ("duplicate", "applied")


def test_the_desk_rejects_what_is_quarantined_and_may_think_again(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(writes={"colour": "mauve"})
    amina.sync(wrong)
    for decision, was in (("reject", "rejected"), ("release", "applied")):
        assert judged(world, wrong, decision) is None
        assert [result["was"] for result in amina.tells(wrong)] == [was]
    assert world.fields(wrong["record"]) == {"colour": "mauve"}


def judged(world: World, said: Json, decision: str) -> object:
    return world.write(lambda session: desk.judge(session, world.desk(), said["record"], tuple(said["id"]), decision))


def test_an_occupied_id_cannot_be_released(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"name": "first"})
    amina.sync(said)
    amina.sync(said | {"writes": {"name": "second"}})
    judged(world, said, "release")
    assert world.fields(said["record"]) == {"name": "first"}
    rows = world.read(lambda session: quarantine.page(session, world.amal, 0, 10))
    assert len(rows) == 1


def test_the_desk_releases_what_waits_for_something_that_never_comes(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"name": "Amina"}, seen=[["lost", 1]])
    follows = amina.says(said["record"], {"age": 9}, seen=[said])
    assert amina.statuses(said, follows) == ["held", "held"]
    assert judged(world, said, "release") is None
    assert world.fields(said["record"]) == {"name": "Amina", "age": 9}
    assert [result["was"] for result in amina.tells(said, follows)] == ["applied", "applied"]


def test_what_a_revoked_phone_said_can_be_released(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    world.revoke(amina)
    amina.sync(said)
    assert judged(world, said, "release") is None
    assert world.fields(said["record"]) == {"name": "Amina"}


def test_reviews_and_comments_come_down(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    amina.sync(said)
    amina.pulls()
    world.at_desk(desk.review, said["record"], "hasIssues", "which village?")
    [record] = amina.pulls()
    assert record["review"]["state"] == "hasIssues"
    assert [each["text"] for each in record["review"]["comments"]] == ["which village?"]
    amina.sync(amina.says(said["record"], act={"comment": "Imlil"}, version=None, seen=record["heads"]))
    after = amina.says(said["record"], {"village": "Imlil"}, seen=(world.record(said["record"]) or {})["heads"])
    amina.sync(after)
    assert (world.record(said["record"]) or {})["review"]["state"] == "edited"


def test_two_phones_that_did_not_know_of_each_other(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = amina.says()
    amina.sync(first)
    one = amina.says(first["record"], {"name": "Amina A."}, seen=[first])
    other = brahim.says(first["record"], {"name": "Amina B.", "age": 6}, seen=[first])
    world.now_ms += 1
    amina.sync(one)
    brahim.sync(other)
    shown = world.record(first["record"])
    assert shown is not None
    assert shown["fields"]["age"] == 6
    values = {shown["fields"]["name"], *(each["value"] for each in shown["conflicts"]["name"])}
    assert values == {"Amina A.", "Amina B."}
    settles = amina.says(first["record"], {"name": "Amina A."}, seen=shown["heads"])
    amina.sync(settles)
    shown = world.record(first["record"])
    assert shown is not None
    assert shown["conflicts"] == {}
    assert plain(shown["heads"]) == [settles["id"]]
