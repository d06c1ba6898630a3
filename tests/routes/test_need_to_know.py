"""Who sees which answers: personal ones after a click, restricted ones never, but for those who listen."""

from functools import cache
from typing import Any

import pytest
from pyxform.xls2xform import convert as to_xform

from fieldsync.services import device_care, publishing
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store import audit, devices
from fieldsync.store.devices import ViewRow
from tests.routes.callers import Caller, add_person, bearer, person
from tests.world import Json, Phone, World

INTAKE = """
| survey  |
|         | type    | name  | label | bind::fs:class | save_to |
|         | csv-external | cases |  |                |         |
|         | text    | case  | Case  | P1             |         |
|         | text    | phone | Phone | P2             |         |
|         | text    | story | Story | P3             | story   |
| entities |
|         | list_name | entity_id | create_if     | update_if    | label   |
|         | cases     | ${case}   | ${case} != '' | ${case} = '' | ${case} |
| settings |
|         | form_id   | form_title | version | namespaces              |
|         | f2_intake | Intake     | 1       | fs="urn:fieldsync:form" |
"""


@cache
def intake_form() -> Definition:
    xform = to_xform(xlsform=INTAKE, file_type=".md").xform.encode()
    made = convert(xform, "xml", p3_allowed=True)
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, INTAKE.encode(), "md", tuple(made.findings))


@cache
def diary_form() -> Definition:
    """A form of the companions' own, with a question in confidence."""
    text = INTAKE.replace("f2_intake", "diary    ").replace("| cases ", "| diaries ")
    xform = to_xform(xlsform=text, file_type=".md").xform.encode()
    made = convert(xform, "xml", p3_allowed=True)
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, text.encode(), "md", tuple(made.findings))


def publish_intake(world: World) -> None:
    """The listening centre's intake, for tests: forms with P3 are not published otherwise until they are sealed."""
    ready = intake_form()
    world.write(lambda session: publishing.publish(session, world.amal, ready, world.now_ms))


def listening_phone(world: World, holder: Caller | None = None, team: str = "") -> Phone:
    """A phone of the listening centre."""
    phone = world.phone()
    device_id = world.device_id(phone)
    holder_id = holder.person.id if holder is not None and holder.person is not None else None
    world.write(lambda session: devices.set_duty(session, device_id, "listening_worker", team, holder_id))
    return phone


def intake(world: World, phone: Phone) -> str:
    said = phone.says(of="f2_intake", writes={"case": world.uuid(), "phone": "0612345678", "story": "what happened"})
    assert phone.statuses(said) == ["applied"]
    record: str = said["record"]
    return record


def visit(world: World, phone: Phone, **writes: str) -> str:
    said = phone.says(writes={"name": "Fatima", "colour": "red", **writes})
    assert phone.statuses(said) == ["applied"]
    record: str = said["record"]
    return record


def actions(world: World, action: str) -> list[Any]:
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    return [(row.actor, row.about) for row in rows if row.action == action]


def coordinator_only(world: World) -> Caller:
    """One who does not review: she need not read names."""
    return person(world, "coordinator", also=())


def test_personal_answers_are_masked_until_a_click_which_is_written_down(world: World) -> None:
    record, coordinator = visit(world, world.phone()), coordinator_only(world)
    shown = coordinator.get(f"records/{record}")
    assert (shown["fields"], shown["masked"], shown["withheld"]) == ({"colour": "red"}, ["name"], [])
    assert "Fatima" not in coordinator.call("GET", "submissions").text
    assert "Fatima" not in coordinator.call("GET", f"records/{record}/operations").text
    assert actions(world, "personal_revealed") == []
    revealed = coordinator.post(f"records/{record}/reveal")
    assert (revealed["fields"]["name"], revealed["masked"]) == ("Fatima", [])
    assert coordinator.person is not None
    assert actions(world, "personal_revealed") == [(f"person:{coordinator.person.id}", f"record:{record}")]


def test_who_reviews_reads_without_a_click(world: World) -> None:
    record = visit(world, world.phone())
    shown = person(world, "association_reviewer").get(f"records/{record}")
    assert (shown["fields"]["name"], shown["masked"]) == ("Fatima", [])


def test_who_need_not_know_cannot_reveal(world: World) -> None:
    record = visit(world, world.phone())
    monitor = person(world, "programme_me")
    assert monitor.get(f"records/{record}", 404)["code"] == "not_found"  # of a family that is not the programme's
    for role in ("designer", "viewer", "instance_admin", "data_protection", "funder_viewer"):
        assert person(world, role).post(f"records/{record}/reveal", status=403)["code"] == "forbidden"


def test_a_script_reveals_nothing(world: World) -> None:
    record, coordinator = visit(world, world.phone()), coordinator_only(world)
    made = coordinator.post("me/tokens", {"name": "x", "permissions": ["read_records"], "days": 1}, 201)
    script = Caller(world.app.test_client(), made["secret"])
    assert script.get(f"records/{record}")["masked"] == ["name"]
    assert script.post(f"records/{record}/reveal", status=403)["code"] == "forbidden"


def test_a_script_of_whoever_listens_reads_nothing_that_was_said_in_confidence(world: World) -> None:
    publish_intake(world)
    record = intake(world, listening_phone(world, team="centre-1"))
    supervisor = person(world, "listening_supervisor", team="centre-1")
    may = ["read_records", "read_history"]
    made = supervisor.post("me/tokens", {"name": "x", "permissions": may, "days": 1}, 201)
    script = Caller(world.app.test_client(), made["secret"])
    assert "story" in script.get(f"records/{record}")["withheld"]
    for path in (f"records/{record}", "submissions", f"records/{record}/operations"):
        assert "what happened" not in script.call("GET", path).text, path
    assert actions(world, "restricted_read") == []


@pytest.mark.parametrize(
    "role",
    [
        *("coordinator", "association_reviewer", "designer", "viewer", "companion", "feedback_collector", "scorer"),
        *("grants_officer", "programme_me", "funder_viewer", "data_protection", "instance_admin"),
    ],
)
def test_what_a_survivor_said_reaches_nobody_who_does_not_listen(world: World, role: str) -> None:
    publish_intake(world)
    record = intake(world, listening_phone(world))
    caller = person(world, role)
    for path in (
        f"records/{record}",
        "submissions",
        "entities",
        "conflicts",
        "quarantine",
        "held",
        f"records/{record}/operations",
    ):
        answer = caller.call("GET", path)
        assert answer.status_code in (200, 403, 404), path
        assert "what happened" not in answer.text, path
        assert record not in answer.text, path
    assert caller.call("POST", f"records/{record}/reveal").status_code in (403, 404)


def test_a_listening_worker_reads_her_own_and_every_reading_is_written_down(world: World) -> None:
    publish_intake(world)
    saida, nadia = person(world, "listening_worker"), person(world, "listening_worker")
    record = intake(world, listening_phone(world, saida))
    assert saida.get(f"records/{record}")["fields"]["story"] == "what happened"
    assert nadia.get(f"records/{record}", 404)["code"] == "not_found"
    assert nadia.get("submissions")["items"] == []
    assert saida.person is not None
    assert actions(world, "restricted_read") == [(f"person:{saida.person.id}", f"record:{record}")]
    saida.get("submissions")
    assert len(actions(world, "restricted_read")) == 2


def test_a_supervisor_reads_her_team(world: World) -> None:
    publish_intake(world)
    record = intake(world, listening_phone(world, team="centre-1"))
    other = intake(world, listening_phone(world, team="centre-2"))
    supervisor = person(world, "listening_supervisor", team="centre-1")
    assert supervisor.get(f"records/{record}")["fields"]["story"] == "what happened"
    assert supervisor.get(f"records/{other}", 404)["code"] == "not_found"
    assert [each["record"] for each in supervisor.pages("submissions")] == [record]


def test_a_companions_phone_never_has_what_a_survivor_said(world: World) -> None:
    publish_intake(world)
    record = intake(world, listening_phone(world))
    companion = world.phone()
    pulled = companion.pulls()
    assert record not in [each["record"] for each in pulled]
    assert not any(each.get("gone") for each in pulled)
    assert bearer(companion).get(f"records/{record}", 404)["code"] == "not_found"
    listening = listening_phone(world)
    assert record in [each["record"] for each in listening.pulls()]


def test_what_was_said_to_one_companion_in_confidence_comes_to_no_other_phone(world: World) -> None:
    """Neither by a sync nor by the API, though the form is theirs; she who heard it has it."""
    diary = diary_form()
    world.write(lambda session: publishing.publish(session, world.amal, diary, world.now_ms))
    hers, other = world.phone(), world.phone()
    said = hers.says(of="diary", writes={"case": world.uuid(), "phone": "0612345678", "story": "what happened"})
    assert hers.statuses(said) == ["applied"]
    assert bearer(hers).get(f"records/{said['record']}")["fields"]["story"] == "what happened"
    shown = bearer(other).get(f"records/{said['record']}")
    assert shown["withheld"] == ["story"] and shown["fields"]["phone"] == "0612345678"
    assert "what happened" not in repr([shown, other.pulls(), bearer(other).pages("submissions")])


def test_what_a_listening_phone_says_and_nobody_can_read_is_not_for_the_coordinator(world: World) -> None:
    phone = listening_phone(world)
    wrong = {**phone.says(of="unheard_of", writes={"story": "what happened"}), "stamp": "never"}
    assert phone.statuses(wrong) == ["quarantined"]
    assert person(world, "coordinator").get("quarantine")["items"] == []
    [item] = person(world, "listening_supervisor").get("quarantine")["items"]
    assert "what happened" in repr(item["said"])
    other = world.phone()
    other.tells({**other.says(of="unheard_of"), "stamp": "never"})
    assert len(person(world, "coordinator").get("quarantine")["items"]) == 1


def test_a_reviewer_of_some_places_sees_those_places(world: World) -> None:
    phone = world.phone()
    asni, anougal = visit(world, phone, village="07.041.07.03"), visit(world, phone, village="07.041.05.05")
    reviewer = person(world, "association_reviewer", places=("07.041.07",))
    assert [each["record"] for each in reviewer.pages("submissions")] == [asni]
    assert reviewer.get(f"records/{anougal}", 404)["code"] == "not_found"
    assert reviewer.post(f"records/{anougal}/review", {"state": "approved"}, 404)["code"] == "not_found"
    reviewer.post(f"records/{asni}/review", {"state": "approved"})


# Nobody alone hands out a deeper look than she has.


def test_a_listening_role_waits_for_a_second_person(world: World) -> None:
    first, second = coordinator_only(world), coordinator_only(world)
    hers = first.post("people", {"email": "saida@example.org", "role": "listening_worker"}, 201)
    path = f"people/{hers['person']['person']}/grants/{hers['person']['grants'][0]['grant']}"
    assert hers["person"]["grants"][0]["status"] == "proposed"
    assert first.post(f"{path}/confirm", status=409)["code"] == "second_person_needed"
    confirmed = second.post(f"{path}/confirm")
    assert confirmed["grants"][0]["status"] == "active"
    assert second.post(f"{path}/confirm", status=404)["code"] == "not_found"


def test_who_looks_after_the_server_cannot_make_herself_a_reader(world: World) -> None:
    """Not by herself, not by a friend whom she invents, not by resetting somebody who reads."""
    reviewer = person(world, "association_reviewer", passphrase="a long and quiet sentence")
    admin = person(world, "instance_admin")
    assert reviewer.person is not None
    assert admin.person is not None
    assert admin.post(f"people/{admin.person.uuid}/grants", {"role": "coordinator"}, 403)["code"] == "own_roles"
    friend = admin.post("people", {"email": "friend@example.org", "role": "coordinator"}, 201)["person"]
    assert friend["grants"][0]["status"] == "proposed"
    grant = f"people/{friend['person']}/grants/{friend['grants'][0]['grant']}"
    assert admin.post(f"{grant}/confirm", status=403)["code"] == "forbidden"
    second = admin.post("people", {"email": "second@example.org", "role": "data_protection"}, 201)["person"]
    assert second["grants"][0]["status"] == "proposed"
    assert admin.post("people", {"email": "x@example.org", "role": "listening_worker"}, 403)["code"] == "role_not_yours"
    assert admin.post(f"people/{reviewer.person.uuid}/link", status=403)["code"] == "role_not_yours"
    coordinator = add_person(world, "c@example.org", ("coordinator",), world.amal, "a long and quiet sentence")
    assert admin.post(f"people/{coordinator.uuid}/link", status=409)["code"] == "second_person_needed"
    for path in ("submissions", "entities", "quarantine", "devices", "audit"):
        assert admin.get(path, 403)["code"] == "forbidden"


def test_nobody_offers_a_phone_that_sees_more_than_she_does(world: World) -> None:
    coordinator = person(world, "coordinator")
    for wanted in ({"role": "listening_worker"}, {"kind": "hub"}):
        assert coordinator.post("devices/offers", {"name": "x", **wanted}, 403)["code"] == "role_not_yours"
    assert coordinator.post("devices/offers", {"name": "x", "role": "astronaut"}, 422)["code"] == "role_unknown"
    both = person(world, "coordinator", also=("listening_supervisor",))
    both.post("devices/offers", {"name": "x", "role": "listening_worker"}, 201)


def test_roles_that_exclude_each_other_need_a_waiver_which_is_written_down(world: World) -> None:
    first = coordinator_only(world)
    hers = first.post("people", {"email": "b@example.org", "role": "listening_worker"}, 201)["person"]
    path = f"people/{hers['person']}/grants"
    assert first.post(path, {"role": "coordinator"}, 422)["code"] == "roles_excluded_waiver"
    told = first.post(path, {"role": "coordinator", "waiver": "no other person in the village"})
    assert [each["waiver"] for each in told["grants"]] == ["", "no other person in the village"]
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    assert any(row.action == "role_proposed" and "coordinator waiver" in row.detail for row in rows)
    assert "village" not in repr(rows)


def test_moving_a_phone_never_takes_it_to_another_association(world: World) -> None:
    other = world.add_association("other")
    phone, coordinator = world.phone(), person(world, "coordinator")
    answer = coordinator.call("POST", f"devices/{phone.author}/move", json={"association": "other"})
    assert answer.status_code == 400
    moved = coordinator.post(f"devices/{phone.author}/move", {"views": ["place:07.041"], "team": "asni"})
    assert (moved["views"], moved["team"]) == (["place:07.041"], "asni")
    found = world.read(lambda session: device_care.find(session, other, phone.author))
    assert found is None


def test_a_revoked_phones_late_batch_is_kept_in_quarantine_and_the_coordinator_sees_it(world: World) -> None:
    phone, coordinator = world.phone(views=[ViewRow("own")]), person(world, "coordinator")
    late = phone.says(writes={"name": "Late"})
    coordinator.post(f"devices/{phone.author}/revoke", {"wipe": True})
    answer = phone.sync(late)
    assert (answer["device"]["status"], answer["device"]["wipe"], answer["records"]) == ("revoked", True, [])
    assert [each["status"] for each in answer["results"]] == ["quarantined"]
    [item] = coordinator.pages("quarantine")
    assert (item["record"], [each["code"] for each in item["problems"]]) == (late["record"], ["device_revoked"])
    assert coordinator.post(f"quarantine/{item['quarantined']}/release")["status"] == "released"


def test_a_phone_is_enrolled_by_its_link_once(world: World) -> None:
    coordinator = person(world, "coordinator")
    made = coordinator.post("devices/offers", {"name": "Phone 3", "views": ["place:07.041"], "team": "asni"}, 201)
    assert made["link"].endswith(f"/enrol#{made['code']}")
    path = f"devices/offers/{made['offer']}"
    assert coordinator.get(path)["state"] == "open"
    enrolled: Json = coordinator.post("enrol", {"code": made["code"]})
    told = coordinator.get(path)
    assert (told["state"], told["device"]) == ("used", enrolled["author"])
    assert coordinator.post("enrol", {"code": made["code"]}, 403)["code"] == "bad_code"
    shown = coordinator.get(f"devices/{enrolled['author']}")
    assert (shown["name"], shown["views"], shown["team"]) == ("Phone 3", ["place:07.041"], "asni")
    other = coordinator.post("devices/offers", {"name": "Phone 4"}, 201)
    assert coordinator.call("DELETE", f"devices/offers/{other['offer']}").status_code == 204
    assert coordinator.post("enrol", {"code": other["code"]}, 403)["code"] == "bad_code"
