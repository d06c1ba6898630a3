"""Attacks by somebody who has a role already: to reach farther than she may, or to be two people at once."""

from typing import Any

import pytest

from fieldsync.services import granting, signing
from fieldsync.services.granting import Wanted
from fieldsync.store import audit, devices, grants, people, second_factors
from fieldsync.store.devices import ViewRow
from tests.routes.accounts import EMAIL, PASSPHRASE, add_app, caller_of, sign_in
from tests.routes.callers import Caller, add_person, person
from tests.world import Phone, World


def uuid_of(caller: Caller) -> str:
    assert caller.person is not None
    return caller.person.uuid


def drop_factor(world: World, caller: Caller) -> None:
    """As if she had never had an app."""
    assert caller.person is not None
    row_id = caller.person.id
    world.write(lambda session: second_factors.remove(session, row_id))


def phone_of_role(world: World, role: str) -> Phone:
    phone = world.phone()
    device_id = world.device_id(phone)
    world.write(lambda session: devices.set_duty(session, device_id, role, "", None))
    return phone


def test_a_script_stays_where_it_was_made_when_its_owner_leaves(world: World) -> None:
    """She works in two associations; once she is out of the one, its token opens nothing of the other."""
    other = world.add_association("other")
    coordinator = person(world, "coordinator")
    assert coordinator.person is not None
    row = coordinator.person
    given = world.write(
        lambda session: granting.grant_at_once(
            session, row, Wanted("coordinator", other), world.now_ms, world.dice.randbytes
        )
    )
    assert not hasattr(given, "code")
    again = world.write(lambda session: _session_of(world, session, row.email))
    again.call("PUT", "me/association", json={"association": "amal"})
    wanted = {"name": "x", "permissions": ["read_records"], "days": 1}
    script = Caller(world.app.test_client(), again.post("me/tokens", wanted, 201)["secret"])
    world.phone(association_id=other)
    assert script.get("me")["association"] == "amal"
    held = world.read(lambda session: grants.of_person(session, row.id))
    for each in held:
        if each.association_id == world.amal:
            world.write(lambda session, each=each: granting.withdraw_at_once(session, "operator", each, world.now_ms))  # type: ignore[misc]
    assert script.get("submissions", 403)["code"] == "forbidden"


def _session_of(world: World, session: Any, email: str) -> Caller:
    row = people.find(session, email)
    assert row is not None
    signed_in = signing.begin(session, row, "test", world.now_ms, world.dice.randbytes)
    return Caller(world.app.test_client(), signed_in.token, row)


def test_who_looks_after_the_server_cannot_become_the_second_person(world: World) -> None:
    """Else she would take the protector's account over, and agree to her own proposals."""
    admin, protector = person(world, "instance_admin"), person(world, "data_protection")
    path = f"people/{uuid_of(protector)}"
    assert admin.call("DELETE", f"{path}/second-factor").get_json()["code"] == "second_person_needed"
    admin.post(f"{path}/link", status=201)  # the second factor stands behind it
    _give_passphrase(world, protector)
    drop_factor(world, protector)
    assert admin.post(f"{path}/link", status=409)["code"] == "second_person_needed"


def test_one_coordinator_cannot_become_the_other(world: World) -> None:
    one, other = person(world, "coordinator"), person(world, "coordinator")
    _give_passphrase(world, other)
    path = f"people/{uuid_of(other)}"
    assert one.post(f"{path}/link", status=409)["code"] == "second_person_needed"
    reviewer = person(world, "association_reviewer")
    _give_passphrase(world, reviewer)
    one.post(f"people/{uuid_of(reviewer)}/link", status=201)


def _give_passphrase(world: World, caller: Caller) -> None:
    assert caller.person is not None
    row_id = caller.person.id
    world.write(lambda session: people.set_password(session, row_id, "somebody's"))


def test_who_looks_after_some_places_hands_out_no_more_alone(world: World) -> None:
    local = person(world, "coordinator", also=(), places=("07.041.05",))
    path = f"people/{uuid_of(person(world, 'viewer'))}/grants"
    wide = local.post(path, {"role": "association_reviewer"})
    assert [each["status"] for each in wide["grants"] if each["role"] == "association_reviewer"] == ["proposed"]
    beside = local.post(path, {"role": "companion", "places": ["07.041.07"]})
    assert [each["status"] for each in beside["grants"] if each["role"] == "companion"] == ["proposed"]
    within = local.post(path, {"role": "feedback_collector", "places": ["07.041.05.03"]})
    assert [each["status"] for each in within["grants"] if each["role"] == "feedback_collector"] == ["active"]


def test_who_looks_after_some_places_offers_a_phone_for_these_only(world: World) -> None:
    local = person(world, "coordinator", also=(), places=("07.041.05",))
    for views in ([], ["all"], ["place:07.041"], ["place:07.041.05.03", "place:07.041.07"]):
        assert local.post("devices/offers", {"name": "x", "views": views}, 403)["code"] == "phone_too_wide"
    local.post("devices/offers", {"name": "x", "views": ["place:07.041.05.03", "own"]}, 201)
    phone = world.phone(views=[ViewRow("place", "07.041.05.03")])
    path = f"devices/{phone.author}/move"
    assert local.post(path, {"views": ["all"]}, 403)["code"] == "phone_too_wide"
    assert local.post(path, {"views": ["own"]})["views"] == ["own"]


def test_what_people_say_about_the_help_comes_down_to_no_phone_of_the_coordinators(world: World) -> None:
    """She sees totals of it only; a collector's phone that shows its own alone is hers to hand out."""
    coordinator = person(world, "coordinator")
    wanted = {"name": "x", "role": "feedback_collector"}
    assert coordinator.post("devices/offers", wanted, 403)["code"] == "phone_too_wide"
    coordinator.post("devices/offers", {**wanted, "views": ["own"]}, 201)


def test_a_phone_gets_another_role_and_bearer(world: World) -> None:
    coordinator, phone = person(world, "coordinator"), world.phone()
    hiba = uuid_of(person(world, "companion"))
    path = f"devices/{phone.author}"
    moved = coordinator.post(f"{path}/move", {"role": "grants_officer", "holder": hiba})
    assert (moved["role"], moved["holder"], moved["views"]) == ("grants_officer", hiba, ["all"])
    kept = coordinator.post(f"{path}/move", {"team": "asni"})
    assert (kept["role"], kept["holder"], kept["team"]) == ("grants_officer", hiba, "asni")
    assert coordinator.post(f"{path}/move", {"holder": None})["holder"] is None
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    said = [row.detail for row in rows if row.action == "device_moved"]
    assert said[0].startswith("role:grants_officer person:") and said[2] == "nobody"


@pytest.mark.parametrize("wanted", [{"role": "listening_worker"}, {"role": "listening_worker", "views": ["own"]}])
def test_nobody_moves_a_phone_to_where_it_sees_more_than_she_does(world: World, wanted: dict[str, Any]) -> None:
    coordinator, phone = person(world, "coordinator"), world.phone()
    assert coordinator.post(f"devices/{phone.author}/move", wanted, 403)["code"] == "role_not_yours"
    assert coordinator.get(f"devices/{phone.author}")["role"] == "companion"
    assert coordinator.post(f"devices/{phone.author}/move", {"role": "astronaut"}, 422)["code"] == "role_unknown"


@pytest.mark.parametrize("wanted", [{"role": "companion"}, {"views": ["all"]}, {"team": "mine"}, {"holder": None}])
def test_a_phone_of_the_listening_centre_is_not_the_coordinators_to_move(world: World, wanted: dict[str, Any]) -> None:
    """As a companion's it would open what it said in confidence; in another team, to another supervisor."""
    coordinator, phone = person(world, "coordinator"), phone_of_role(world, "listening_worker")
    assert coordinator.post(f"devices/{phone.author}/move", wanted, 403)["code"] == "role_not_yours"
    coordinator.call("PUT", f"devices/{phone.author}/name", json={"name": "Lost phone"})
    assert coordinator.post(f"devices/{phone.author}/revoke", {})["status"] == "revoked"
    both = person(world, "coordinator", also=("listening_supervisor",))
    told = both.post(f"devices/{phone_of_role(world, 'listening_worker').author}/move", {"team": "mine"})
    assert told["team"] == "mine"


def test_a_phone_is_given_to_nobody_of_elsewhere(world: World) -> None:
    other = world.add_association("other")
    coordinator, phone = person(world, "coordinator"), world.phone()
    stranger = uuid_of(person(world, "companion", other))
    answers = [
        coordinator.call("POST", f"devices/{phone.author}/move", json={"holder": each})
        for each in (stranger, world.uuid())
    ]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].data == answers[1].data


def test_a_stolen_session_guesses_no_passphrase(world: World) -> None:
    """Whoever holds her session may not try passphrases without end where she would choose another."""
    row = add_person(world, EMAIL, ("viewer",), world.amal, PASSPHRASE)
    stolen = caller_of(world, sign_in(world))
    wanted = {"present": "a wrong guess of mine", "wanted": "seven goats under walnut trees"}
    statuses = [stolen.call("PUT", "me/passphrase", json=wanted).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert sign_in(world).status_code == 429
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    failed = [each for each in rows if each.action == "sign_in_failed"]
    assert {each.about for each in failed} == {f"person:{row.id}"} and len(failed) == 10


def test_a_wrong_code_at_a_proof_is_written_down(world: World) -> None:
    add_person(world, EMAIL, ("viewer",), world.amal, PASSPHRASE)
    caller = caller_of(world, sign_in(world))
    add_app(world, caller)
    assert caller.post("sessions/confirm", {"password": PASSPHRASE, "code": "000000"}, 401)["code"] == "wrong_code"
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    assert [each.detail for each in rows if each.action == "sign_in_failed"] == ["code"]


def test_who_works_in_no_association_hands_out_no_role_of_one(world: World) -> None:
    row = add_person(world, "admin@example.org", ("instance_admin",), None)
    admin = world.write(lambda session: _session_of(world, session, row.email))
    wanted = {"email": "x@example.org", "role": "coordinator"}
    assert admin.post("people", wanted, 422)["code"] == "role_elsewhere"


def test_whoever_was_kept_out_comes_back_without_what_she_had(world: World) -> None:
    """An account that is opened again opens neither the old session nor the old token."""
    coordinator, viewer = person(world, "coordinator"), person(world, "viewer")
    made = viewer.post("me/tokens", {"name": "x", "permissions": ["read_forms"], "days": 1}, 201)
    script = Caller(world.app.test_client(), made["secret"])
    _give_passphrase(world, viewer)
    path = f"people/{uuid_of(viewer)}"
    coordinator.post(f"{path}/disable")
    assert (viewer.call("GET", "me").status_code, script.call("GET", "me").status_code) == (401, 401)
    assert coordinator.post(f"{path}/enable")["status"] == "active"
    assert (viewer.call("GET", "me").status_code, script.call("GET", "me").status_code) == (401, 401)
