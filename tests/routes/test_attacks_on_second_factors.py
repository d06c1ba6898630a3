"""Attacks on the second factor: it is owed at every door, guessed nowhere, good once."""

import pytest

from fieldsync.core.totp import STEP_MS, code_at
from fieldsync.services import rates, second_factor
from fieldsync.store import second_factors
from tests.routes.accounts import EMAIL, PASSPHRASE, add_app, caller_of, sign_in
from tests.routes.callers import Caller, add_person, nobody
from tests.world import World


@pytest.fixture
def hayat(world: World) -> int:
    """A reviewer with a passphrase; her row id."""
    return add_person(world, EMAIL, ("association_reviewer",), world.amal, PASSPHRASE).id


def test_a_second_factor_is_owed_at_every_door(world: World, hayat: int) -> None:
    hers = caller_of(world, sign_in(world))
    secret, _ = add_app(world, hers)
    world.now_ms += STEP_MS
    owed = sign_in(world)
    assert (owed.status_code, owed.get_json()["code"]) == (401, "second_factor_owed")
    ticket = owed.get_json()["ticket"]
    assert Caller(world.app.test_client(), ticket).get("me", 401)["code"] == "unknown_token"
    code = code_at(secret, world.now_ms // STEP_MS)
    again = nobody(world).post("sessions/second-factor", {"ticket": ticket, "code": code}, 201)
    assert Caller(world.app.test_client(), again["token"]).get("me")["second_factor"]
    assert (
        nobody(world).post("sessions/second-factor", {"ticket": ticket, "code": code}, 401)["code"] == "ticket_unknown"
    )


def test_a_code_that_was_used_is_refused(world: World, hayat: int) -> None:
    hers = caller_of(world, sign_in(world))
    secret, _ = add_app(world, hers)
    world.now_ms += STEP_MS
    code = code_at(secret, world.now_ms // STEP_MS)
    assert sign_in(world, code=code).status_code == 201
    replayed = sign_in(world, code=code)
    assert (replayed.status_code, replayed.get_json()["code"]) == (401, "wrong_code")


def test_codes_are_not_guessed(world: World, hayat: int) -> None:
    hers = caller_of(world, sign_in(world))
    secret, _ = add_app(world, hers)
    world.now_ms += 10 * STEP_MS
    ticket = sign_in(world).get_json()["ticket"]
    given = {"ticket": ticket, "code": "000000"}
    statuses = [nobody(world).call("POST", "sessions/second-factor", json=given).status_code for _ in range(12)]
    assert statuses == [401] * rates.OF_FACTOR.tries + [429] * 2
    given["code"] = code_at(secret, world.now_ms // STEP_MS)
    assert nobody(world).call("POST", "sessions/second-factor", json=given).status_code == 429


def test_a_recovery_code_is_good_once(world: World, hayat: int) -> None:
    hers = caller_of(world, sign_in(world))
    _, codes = add_app(world, hers)
    assert len(codes) == len(set(codes)) == second_factor.CODES
    assert sign_in(world, code=codes[3].upper()).status_code == 201
    assert sign_in(world, code=codes[3]).get_json()["code"] == "wrong_code"


def test_who_looks_after_the_server_may_nothing_before_she_has_a_second_factor(world: World) -> None:
    admin = add_person(world, EMAIL, ("instance_admin",), None, PASSPHRASE)
    world.write(lambda session: second_factors.remove(session, admin.id))
    hers = caller_of(world, sign_in(world))
    assert hers.get("me")["must_enrol"]
    assert hers.get("people", 403)["code"] == "second_factor_first"
    add_app(world, hers)
    assert hers.get("people")["items"]
    assert hers.call("DELETE", "me/second-factor").get_json()["code"] == "second_factor_needed"
