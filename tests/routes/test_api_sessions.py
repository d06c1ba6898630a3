"""People sign in and out; guessing is slow and tells nothing."""

import pytest

from fieldsync.routes.rates import CALLERS_MAX, Rate
from fieldsync.routes.sessions import TRIES_OF_PERSON, WINDOW_MS
from fieldsync.services.people import hash_of
from fieldsync.store import people
from fieldsync.store.devices import ViewRow
from tests.routes.callers import Caller, bearer, nobody, person
from tests.world import HOUR_MS, World

EMAIL = "hayat@example.org"
PASSWORD = "a long passphrase"


@pytest.fixture
def hayat(world: World) -> None:
    """A coordinator with a password."""
    hashed = hash_of(PASSWORD)
    world.write(lambda session: people.add(session, world.amal, EMAIL, "coordinator", hashed, world.now_ms))


@pytest.mark.usefixtures("hayat")
def test_a_person_signs_in_reads_and_signs_out(world: World) -> None:
    stranger = nobody(world)
    made = stranger.post("sessions", {"email": EMAIL, "password": PASSWORD}, 201)
    assert made["expires"] == world.now_ms + 24 * HOUR_MS
    hers = Caller(stranger.client, made["token"])
    me = hers.get("me")
    assert (me["kind"], me["name"], me["role"], me["association"]) == ("person", EMAIL, "coordinator", "amal")
    assert "read_records" in me["permissions"]
    assert hers.call("DELETE", "sessions").status_code == 204
    assert hers.get("me", 401)["code"] == "unknown_token"


@pytest.mark.usefixtures("hayat")
def test_a_token_expires(world: World) -> None:
    made = nobody(world).post("sessions", {"email": EMAIL, "password": PASSWORD}, 201)
    world.now_ms += 24 * HOUR_MS
    assert Caller(world.app.test_client(), made["token"]).get("me", 401)["code"] == "unknown_token"


@pytest.mark.usefixtures("hayat")
def test_a_wrong_password_and_an_unknown_address_answer_the_same_bytes(world: World) -> None:
    stranger = nobody(world)
    wrong = stranger.call("POST", "sessions", json={"email": EMAIL, "password": "guess"})
    unknown = stranger.call("POST", "sessions", json={"email": "nobody@example.org", "password": "guess"})
    assert (wrong.status_code, wrong.data) == (401, unknown.data)


@pytest.mark.usefixtures("hayat")
def test_who_guesses_must_wait_and_the_right_password_clears_the_count(world: World) -> None:
    stranger = nobody(world)
    for _ in range(TRIES_OF_PERSON - 1):
        stranger.post("sessions", {"email": EMAIL, "password": "guess"}, 401)
    stranger.post("sessions", {"email": EMAIL, "password": PASSWORD}, 201)
    for _ in range(TRIES_OF_PERSON):
        stranger.post("sessions", {"email": EMAIL, "password": "guess"}, 401)
    refused = stranger.call("POST", "sessions", json={"email": EMAIL, "password": PASSWORD})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= WINDOW_MS // 1000 + 1
    world.now_ms += wait * 1000
    stranger.post("sessions", {"email": EMAIL, "password": PASSWORD}, 201)


def test_a_rate_remembers_no_more_callers_than_it_may() -> None:
    rate = Rate(1, 1000)
    assert rate.wait_seconds(b"first", 0) == 0
    for number in range(CALLERS_MAX):
        assert rate.wait_seconds(str(number).encode(), 0) == 0
    assert rate.wait_seconds(b"first", 0) == 0
    assert rate.wait_seconds(b"first", 500) == 1
    assert rate.wait_seconds(b"first", 1000) == 0


def test_a_clock_set_back_locks_nobody_out() -> None:
    rate = Rate(1, 1000)
    assert rate.wait_seconds(b"x", 10_000_000) == 0
    assert rate.wait_seconds(b"x", 0) == 0


def test_a_device_asks_who_it_is(world: World) -> None:
    me = bearer(world.phone(views=[ViewRow("place", "07.041")])).get("me")
    assert (me["kind"], me["role"], me["views"]) == ("device", None, ["place:07.041"])
    assert bearer(world.hub()).get("me")["kind"] == "hub"
    assert bearer(world.phone()).call("DELETE", "sessions").status_code == 403


def test_coordinators_see_how_the_phones_are(world: World) -> None:
    amina = world.phone()
    amina.sync(amina.says(), now=world.now_ms + 60_000, report={"unsent": 3, "app": "1.2"})
    coordinator = person(world, "coordinator")
    [device] = coordinator.pages("devices")
    assert (device["author"], device["status"], device["views"]) == (amina.author, "active", ["all"])
    assert (device["report"]["unsent"], device["known_through"]) == (3, 1)
    assert device["clock_error_ms"] == 60_000
    for other in (person(world, "designer"), person(world, "association_reviewer"), bearer(amina)):
        assert other.get("devices", 403)["code"] == "forbidden"
