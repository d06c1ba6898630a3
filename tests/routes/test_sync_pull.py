"""What comes down: pages, cursors, views that are granted and withdrawn, forms, epochs."""

from typing import Any

import msgspec
import pytest

from fieldsync.core.cursors import Cursor, read_cursor, write_cursor
from fieldsync.services import publishing
from fieldsync.store import associations, changes, devices, server
from fieldsync.store.devices import ViewRow
from tests.routes.test_need_to_know import intake, listening_phone, publish_intake
from tests.world import START_MS, Json, Phone, World

ALL = ViewRow("all")
OWN = ViewRow("own")


def village(code: str) -> ViewRow:
    return ViewRow("place", code)


def uuids(pages: list[Json]) -> list[str]:
    return [record["record"] for record in pages]


def visit_in(phone: Phone, place: str, **members: Any) -> Json:
    return phone.says(writes={"name": "Amina", "village": place}, **members)


def long_answers(world: World) -> Json:
    """Some 60 kB of answers: one operation can hardly say more."""
    return {f"children[{world.uuid()}]/called": "x" * 1900 for _ in range(30)}


def test_pages_hold_every_record_once_in_whatever_size(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    said = [brahim.says() for _ in range(57)]
    brahim.sync(*said)
    for limit in (1, 7, 57, 1000):
        amina.cursor = None
        assert uuids(amina.pulls(limit=limit)) == [one["record"] for one in said]
        assert amina.pulls() == []


def test_a_page_stops_at_one_mebibyte(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    said = [brahim.says(writes=long_answers(world)) for _ in range(40)]
    for start in range(0, 40, 10):
        brahim.sync(*said[start : start + 10])
    answer = amina.sync(limit=1000)
    assert answer["more"]
    assert 10 < len(answer["records"]) < 20
    assert len(msgspec.json.encode(answer["records"])) <= 1024 * 1024
    assert uuids(answer["records"] + amina.pulls(limit=1000)) == [one["record"] for one in said]


def test_a_record_that_is_larger_than_a_page_still_comes(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = brahim.says()
    chain = [first]
    brahim.sync(first)
    for _ in range(24):
        chain.append(brahim.says(first["record"], long_answers(world), seen=chain[-1:]))
        brahim.sync(chain[-1])
    brahim.sync(after := brahim.says())
    assert uuids(amina.pulls()) == [first["record"], after["record"]]


def test_what_others_change_while_a_phone_pages_is_not_missed(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    said = [brahim.says(writes={"name": "before"}) for _ in range(10)]
    brahim.sync(*said)
    shown = {record["record"]: record for record in amina.sync(limit=4)["records"]}
    brahim.sync(brahim.says(said[0]["record"], {"name": "after"}, seen=[said[0]]))
    shown |= {record["record"]: record for record in amina.pulls(limit=4)}
    assert [shown[one["record"]]["fields"]["name"] for one in said] == ["after"] + ["before"] * 9


def test_what_a_phone_said_itself_is_left_out_unless_others_touched_it(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    amina.sync()
    mine = amina.says()
    assert amina.sync(mine)["records"] == []
    theirs = brahim.says(mine["record"], {"age": 3}, seen=[mine])
    brahim.sync(theirs)
    again = amina.says(mine["record"], {"colour": "red"}, seen=[mine])
    [record] = amina.sync(again)["records"]
    assert record["fields"] == {"name": "Amina", "age": 3, "colour": "red"}
    assert sorted(record["heads"]) == sorted([again["id"], theirs["id"]])


def test_a_null_cursor_brings_everything_page_after_page_also_what_the_phone_said_itself(world: World) -> None:
    amina = world.phone()
    said = [amina.says() for _ in range(25)]
    amina.sync(*said)
    amina.cursor = None
    assert uuids(amina.pulls(limit=10)) == [one["record"] for one in said]


def test_a_newly_granted_view_brings_what_the_phone_said_itself_too(world: World) -> None:
    amina = world.phone([village("07.041")])
    amina.sync()
    said = [visit_in(amina, "07.042") for _ in range(12)]
    amina.sync(*said)
    world.grant(amina, village("07.041"), village("07.042"))
    assert uuids(amina.pulls(limit=5)) == [one["record"] for one in said]


def test_held_operations_show_nothing_until_they_apply(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = brahim.says()
    second = brahim.says(first["record"], {"age": 4}, seen=[first])
    brahim.sync(second)
    assert amina.pulls() == []
    brahim.sync(first)
    assert uuids(amina.pulls()) == [first["record"]]


def test_a_place_view_shows_the_place_and_what_lies_in_it(world: World) -> None:
    amina, brahim = world.phone([village("07.041")]), world.phone()
    inside, deeper, beside = (visit_in(brahim, place) for place in ("07.041", "07.041.07.03", "07.0411"))
    brahim.sync(inside, deeper, beside, brahim.says())
    assert uuids(amina.pulls()) == [inside["record"], deeper["record"]]


def test_a_record_that_moves_away_is_taken_away_and_one_that_moves_in_comes(world: World) -> None:
    here, there, brahim = world.phone([village("07.041")]), world.phone([village("07.099")]), world.phone()
    said = visit_in(brahim, "07.041.01")
    brahim.sync(said)
    assert uuids(here.pulls()) == [said["record"]]
    assert there.pulls() == []
    moved = brahim.says(said["record"], {"village": "07.099.02"}, seen=[said])
    brahim.sync(moved)
    assert here.pulls() == [{"record": said["record"], "gone": True}]
    assert [record["fields"]["village"] for record in there.pulls()] == ["07.099.02"]
    brahim.sync(brahim.says(said["record"], {"village": "07.041"}, seen=[moved]))
    assert [record["fields"]["village"] for record in here.pulls()] == ["07.041"]
    assert there.pulls() == [{"record": said["record"], "gone": True}]


def test_a_companion_who_moves_a_record_out_of_her_own_sight_is_told_so(world: World) -> None:
    amina = world.phone([village("07.041")])
    said = visit_in(amina, "07.041")
    amina.sync(said)
    amina.pulls()
    moved = amina.says(said["record"], {"village": "07.099"}, seen=[said])
    assert amina.sync(moved)["records"] == [{"record": said["record"], "gone": True}]


def test_an_own_view_shows_only_what_the_phone_began(world: World) -> None:
    amina, brahim = world.phone([OWN]), world.phone()
    mine, theirs = amina.says(), brahim.says()
    amina.sync(mine)
    brahim.sync(theirs, brahim.says(mine["record"], {"age": 4}, seen=[mine]))
    amina.sync(amina.says(theirs["record"], {"age": 5}, seen=[theirs]))
    amina.cursor = None
    assert uuids(amina.pulls()) == [mine["record"]]


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_a_granted_view_is_filled_and_a_withdrawn_one_is_taken_away(world: World, limit: int) -> None:
    amina, brahim = world.phone([village("07.041")]), world.phone()
    here = [visit_in(brahim, "07.041") for _ in range(5)]
    there = [visit_in(brahim, "07.099") for _ in range(5)]
    brahim.sync(*here, *there)
    assert uuids(amina.pulls(limit=limit)) == [one["record"] for one in here]
    world.grant(amina, village("07.041"), village("07.099"))
    assert uuids(amina.pulls(limit=limit)) == [one["record"] for one in there]
    world.grant(amina, village("07.099"))
    brahim.sync(late := visit_in(brahim, "07.099"))
    pages = amina.pulls(limit=limit)
    assert sorted(record["record"] for record in pages if record.get("gone")) == sorted(one["record"] for one in here)
    assert uuids([record for record in pages if not record.get("gone")]) == [late["record"]]
    assert amina.pulls() == []


def test_a_view_that_is_withdrawn_and_granted_again_in_between_is_whole(world: World) -> None:
    amina, brahim = world.phone([village("07.041"), village("07.099")]), world.phone()
    here = [visit_in(brahim, "07.041") for _ in range(6)]
    brahim.sync(*here, visit_in(brahim, "07.099"))
    amina.pulls()
    world.grant(amina, village("07.099"))
    gone = amina.sync(limit=2)
    assert all(record["gone"] for record in gone["records"])
    assert gone["more"]
    world.grant(amina, village("07.041"), village("07.099"))
    pages = amina.pulls(limit=2)
    assert {record["record"] for record in pages if "fields" in record} == {one["record"] for one in here}
    assert not [record for record in pages if record.get("gone")]


def test_two_views_of_one_record_bring_it_once_a_page(world: World) -> None:
    amina = world.phone([ALL, OWN, village("07.041")])
    said = [visit_in(amina, "07.041") for _ in range(4)]
    amina.sync(*said)
    amina.cursor = None
    assert uuids(amina.sync()["records"]) == [one["record"] for one in said]


def test_with_none_nothing_comes_and_the_cursor_stays(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    cursor = amina.sync()["cursor"]
    brahim.sync(brahim.says())
    answer = amina.sync(pull="none")
    assert answer["cursor"] == cursor
    assert not answer["more"]
    assert answer.get("records", []) == []
    assert len(amina.pulls()) == 1


def test_a_cursor_of_another_pull_mode_is_refused(world: World) -> None:
    amina = world.phone()
    amina.sync()
    response = amina.ask(pull="operations")
    assert response.status_code == 400
    assert response.get_json(force=True)["code"] == "wrong_pull_mode"


def test_a_cursor_that_this_server_did_not_write_starts_again(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    brahim.sync(brahim.says())
    amina.pulls()
    forged = write_cursor(Cursor("records", "e", {"all": 10**6}), b"another secret")
    for cursor in ("garbled", "", "é", "A" * 2000, amina.cursor[:-2] if amina.cursor else "", forged):
        amina.cursor = cursor
        assert len(amina.pulls()) == 1


def test_a_cursor_of_another_epoch_starts_again(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    brahim.sync(brahim.says())
    amina.pulls()
    world.write(lambda session: server.renew_epoch(session, "0123456789abcdef"))
    answer = amina.sync()
    assert answer["epoch"] == "0123456789abcdef"
    assert len(answer["records"]) == 1
    assert amina.pulls() == []


def test_a_cursor_ahead_of_the_counter_renews_the_epoch(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    brahim.sync(brahim.says())
    before = amina.sync()
    secret = world.read(server.identity)
    assert secret is not None
    cursor = read_cursor(before["cursor"], secret.secret)
    assert cursor is not None
    ahead = msgspec.structs.replace(cursor, positions={"all": cursor.positions["all"] + 1})
    amina.cursor = write_cursor(ahead, secret.secret)
    answer = amina.sync()
    assert answer["epoch"] != before["epoch"]
    assert len(answer["records"]) == 1
    assert brahim.sync()["epoch"] == answer["epoch"]
    assert amina.pulls() == []


def test_forms_come_with_a_null_cursor_and_when_they_changed(world: World) -> None:
    amina = world.phone()
    assert [form["id"] for form in amina.sync()["forms"]] == ["monthly", "person", "visit"]
    assert "forms" not in amina.sync()
    world.publish("visit 2")
    assert ["2" in form["version"] for form in amina.sync()["forms"]].count(True) == 1
    assert "forms" not in amina.sync()
    world.publish("visit 2")
    assert "forms" not in amina.sync()
    world.write(lambda session: publishing.retire(session, world.amal, "visit", "1", world.now_ms))
    assert ("visit", "1") not in [(form["id"], form["version"]) for form in amina.sync()["forms"]]
    assert amina.statuses(amina.says(version="1")) == ["applied"]


def test_a_lease_is_in_server_time(world: World) -> None:
    amina = world.phone()
    answer = amina.sync(now=5)
    assert answer["now"] == START_MS
    assert answer["device"] == {"status": "active", "lease_until": START_MS + 30 * 24 * 3600 * 1000, "wipe": False}


def test_a_revoked_phone_is_heard_and_told_nothing(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    before = amina.says()
    amina.sync(before)
    brahim.sync(brahim.says())
    world.revoke(amina, wipe=True)
    said = amina.says(before["record"], {"age": 4}, seen=[before])
    cursor = amina.cursor
    answer = amina.sync(said, before)
    assert [result["status"] for result in answer["results"]] == ["quarantined", "duplicate"]
    assert answer["results"][0]["problems"][0]["code"] == "device_revoked"
    assert answer["device"]["status"] == "revoked"
    assert answer["device"]["wipe"] is True
    assert answer["records"] == []
    assert answer["cursor"] == cursor
    assert answer.get("forms", []) == []
    assert answer["durable_through"] == {amina.author: 2}
    assert world.fields(before["record"]) == {"name": "Amina"}


def test_the_same_uuid_in_another_association_is_another_record_and_tells_nothing(world: World) -> None:
    nour = world.add_association("nour")
    amina, zineb = world.phone(), world.phone(association_id=nour)
    said = amina.says(writes={"name": "Amina"})
    amina.sync(said)
    theirs = zineb.says(said["record"], {"age": 7})
    assert zineb.statuses(theirs) == ["applied"]
    assert [record["fields"] for record in zineb.pulls()] == [{"age": 7}]
    assert [record["fields"] for record in amina.pulls(cursor=None)] == [{"name": "Amina"}]
    follows = zineb.says(said["record"], {"age": 8}, seen=[said])
    unknown = zineb.says(said["record"], {"age": 9}, seen=[["f" * 32, 1]])
    results = zineb.tells(follows, unknown)
    assert [result["status"] for result in results] == ["held", "held"]
    assert results[0].get("problems") == results[1].get("problems")


def test_positions_of_the_log_are_dense(world: World) -> None:
    amina = world.phone()
    for _ in range(5):
        amina.sync(amina.says(), amina.says(writes={"nowhere": 1}), amina.says(seen=[["x", 1]]))
    rows, low, high = world.read(lambda session: changes.gaps(session, world.amal))
    assert (rows, low) == (high, 1)
    assert world.read(lambda session: associations.positions(session, world.amal))[0] == high


def test_what_a_revoked_phone_said_stays_in_quarantine_when_the_phone_is_taken_back(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    world.revoke(amina)
    assert amina.statuses(said) == ["quarantined"]
    device_id = world.device_id(amina)
    world.write(lambda session: devices.set_status(session, device_id, "active", False))
    [result] = amina.tells(said)
    assert (result["status"], result["was"]) == ("duplicate", "quarantined")
    assert amina.statuses(amina.says()) == ["applied"]


@pytest.mark.parametrize("limit", [1, 100])
def test_another_role_brings_its_records_and_forms_and_takes_the_others_away(world: World, limit: int) -> None:
    """A phone that leaves the listening centre keeps nothing of it, but what it wrote itself."""
    publish_intake(world)
    listening, companion, phone = listening_phone(world), world.phone(), world.phone()
    cases = [intake(world, listening) for _ in range(3)]
    visits = [companion.says(writes={"name": "Amina"}) for _ in range(3)]
    assert set(companion.statuses(*visits)) == {"applied"}
    _give_role(world, phone, "listening_worker")
    own = intake(world, phone)
    assert {each["record"] for each in phone.pulls(limit=limit)} == {*cases, own}
    assert not any("gone" in each for each in phone.pulls(limit=limit))

    _give_role(world, phone, "companion")
    answer = phone.sync(limit=limit)
    assert {each["id"] for each in answer["forms"]} == {"visit", "person", "monthly"}
    told = answer["records"] + (phone.pulls(limit=limit) if answer["more"] else [])
    assert {each["record"] for each in told if "gone" in each} == set(cases)
    assert {each["record"] for each in told if "gone" not in each} == {own, *(said["record"] for said in visits)}
    assert phone.sync(limit=limit)["records"] == []

    _give_role(world, phone, "listening_worker")
    again = phone.pulls(limit=limit)
    assert {each["record"] for each in again if "gone" in each} == {said["record"] for said in visits}
    assert {each["record"] for each in again if "gone" not in each} == {*cases, own}


def _give_role(world: World, phone: Phone, role: str) -> None:
    device_id = world.device_id(phone)
    world.write(lambda session: devices.set_duty(session, device_id, role, "", None))
