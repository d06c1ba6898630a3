"""People sign in and out; guessing is slow and tells nothing."""

import pytest

from fieldsync.routes.calls import CALLERS_MAX, STEP, Calls
from fieldsync.services.rates import OF_PERSON_HERE
from fieldsync.store.devices import ViewRow
from tests.routes.callers import Caller, add_person, bearer, nobody, person
from tests.world import HOUR_MS, World

EMAIL = "hayat@example.org"
PASSPHRASE = "a long and quiet sentence"


@pytest.fixture
def hayat(world: World) -> None:
    """A coordinator with a passphrase."""
    add_person(world, EMAIL, ("coordinator",), world.amal, PASSPHRASE)


@pytest.mark.usefixtures("hayat")
def test_a_person_signs_in_reads_and_signs_out(world: World) -> None:
    stranger = nobody(world)
    made = stranger.post("sessions", {"email": f" {EMAIL.upper()}", "password": PASSPHRASE}, 201)
    assert made["expires"] == world.now_ms + 24 * HOUR_MS
    hers = Caller(stranger.client, made["token"])
    me = hers.get("me")
    assert (me["kind"], me["name"], me["roles"], me["association"]) == ("person", EMAIL, ["coordinator"], "amal")
    assert "read_records" in me["permissions"]
    assert hers.call("DELETE", "sessions").status_code == 204
    assert hers.get("me", 401)["code"] == "unknown_token"


@pytest.mark.usefixtures("hayat")
def test_a_session_ends_after_a_day_and_after_hours_of_silence(world: World) -> None:
    made = nobody(world).post("sessions", {"email": EMAIL, "password": PASSPHRASE}, 201)
    hers = Caller(world.app.test_client(), made["token"])
    for _ in range(11):
        world.now_ms += 2 * HOUR_MS
        hers.get("me")
    world.now_ms += 2 * HOUR_MS
    assert hers.get("me", 401)["code"] == "unknown_token"
    other = nobody(world).post("sessions", {"email": EMAIL, "password": PASSPHRASE}, 201)
    world.now_ms += 5 * HOUR_MS
    assert Caller(world.app.test_client(), other["token"]).get("me", 401)["code"] == "unknown_token"


@pytest.mark.usefixtures("hayat")
def test_a_wrong_passphrase_and_an_unknown_address_answer_the_same_bytes(world: World) -> None:
    stranger = nobody(world)
    wrong = stranger.call("POST", "sessions", json={"email": EMAIL, "password": "guess"})
    unknown = stranger.call("POST", "sessions", json={"email": "nobody@example.org", "password": "guess"})
    assert (wrong.status_code, wrong.data) == (401, unknown.data)


@pytest.mark.usefixtures("hayat")
def test_who_guesses_must_wait_and_the_right_passphrase_clears_the_count(world: World) -> None:
    stranger = nobody(world)
    for _ in range(OF_PERSON_HERE.tries - 1):
        stranger.post("sessions", {"email": EMAIL, "password": "guess"}, 401)
    stranger.post("sessions", {"email": EMAIL, "password": PASSPHRASE}, 201)
    for _ in range(OF_PERSON_HERE.tries):
        stranger.post("sessions", {"email": EMAIL, "password": "guess"}, 401)
    refused = stranger.call("POST", "sessions", json={"email": EMAIL, "password": PASSPHRASE})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= OF_PERSON_HERE.window_ms // 1000 + 1
    world.now_ms += wait * 1000
    stranger.post("sessions", {"email": EMAIL, "password": PASSPHRASE}, 201)


def test_calls_are_written_down_in_steps_and_for_a_bounded_number_of_callers() -> None:
    calls = Calls()
    assert [calls.due("first", 0) for _ in range(STEP)] == [0] * (STEP - 1) + [STEP]
    calls.hold("first", 1000)
    assert (calls.due("first", 500), calls.wait_ms("first", 500), calls.wait_ms("first", 1000)) == (0, 500, 0)
    for number in range(CALLERS_MAX):
        calls.due(str(number), 0)
    assert calls.wait_ms("first", 500) == 0


def test_a_device_asks_who_it_is(world: World) -> None:
    me = bearer(world.phone(views=[ViewRow("place", "07.041")])).get("me")
    assert (me["kind"], me["roles"], me["views"]) == ("device", [], ["place:07.041"])
    assert bearer(world.hub()).get("me")["kind"] == "hub"
    assert bearer(world.phone()).call("DELETE", "sessions").status_code == 403


def test_coordinators_see_how_the_phones_are(world: World) -> None:
    amina = world.phone()
    amina.sync(amina.says(), now=world.now_ms + 60_000, report={"unsent": 3, "app": "1.2", "forms": [["visit", "1"]]})
    coordinator = person(world, "coordinator")
    [device] = coordinator.pages("devices")
    assert (device["author"], device["status"], device["views"]) == (amina.author, "active", ["all"])
    assert (device["report"]["unsent"], device["known_through"]) == (2, 1), "less the one that it brought"
    assert device["report"]["forms"] == [["visit", "1"]]
    assert device["clock_error_ms"] == 60_000
    for other in (person(world, "designer"), person(world, "association_reviewer"), bearer(amina)):
        assert other.get("devices", 403)["code"] == "forbidden"
