"""Attacks on accounts: each by name, and what stands in its way."""

import secrets

import pytest

from fieldsync.services import hashing, rates
from fieldsync.services.readers import FRESH_MS
from fieldsync.store import people
from tests.routes.accounts import ANOTHER, EMAIL, PASSPHRASE, add_app, caller_of, sign_in
from tests.routes.callers import Caller, add_person, bearer, nobody, person
from tests.world import Json, World


@pytest.fixture
def hayat(world: World) -> int:
    """A reviewer with a passphrase; her row id."""
    return add_person(world, EMAIL, ("association_reviewer",), world.amal, PASSPHRASE).id


# Session fixation, and what becomes of a session.


def test_session_fixation_a_token_that_was_there_before_is_never_the_one_after(world: World, hayat: int) -> None:
    fixed = secrets.token_urlsafe(32)
    client = world.app.test_client()
    for name in ("session", "__Host-session", "fieldsync"):
        client.set_cookie(name, fixed)
    first = Caller(client, fixed).call("POST", "sessions", json={"email": EMAIL, "password": PASSPHRASE})
    second = sign_in(world)
    tokens = {fixed, first.get_json()["token"], second.get_json()["token"]}
    assert len(tokens) == 3
    assert Caller(world.app.test_client(), fixed).get("me", 401)["code"] == "unknown_token"


def test_a_proof_rotates_the_token_and_the_old_one_is_dead(world: World, hayat: int) -> None:
    hers = caller_of(world, sign_in(world))
    renewed = hers.post("sessions/confirm", {"password": PASSPHRASE}, 201)
    assert hers.get("me", 401)["code"] == "unknown_token"
    assert Caller(hers.client, renewed["token"]).get("me")["name"] == EMAIL


def test_a_change_of_roles_ends_every_session(world: World, hayat: int) -> None:
    hers, coordinator = caller_of(world, sign_in(world)), person(world, "coordinator")
    [found] = coordinator.get("people?query=hayat")["items"]
    coordinator.post(f"people/{found['person']}/grants", {"role": "designer"})
    assert hers.get("me", 401)["code"] == "unknown_token"
    again = caller_of(world, sign_in(world))
    assert set(again.get("me")["roles"]) == {"association_reviewer", "designer"}


def test_a_cookie_opens_nothing_of_the_api(world: World, hayat: int) -> None:
    """Cross-site request forgery needs credentials that a browser sends by itself: the API takes none of those."""
    token = sign_in(world).get_json()["token"]
    client = world.app.test_client()
    for name in ("session", "__Host-session", "__Host-fieldsync", "fieldsync", "fieldsync_session"):
        client.set_cookie(name, token)
    for method, path in (("GET", "me"), ("DELETE", "sessions"), ("POST", "people"), ("POST", "me/tokens")):
        answer = client.open(f"/api/v1/{path}", method=method, headers={"Origin": "https://evil.example"}, json={})
        assert answer.status_code == 401
        assert "Access-Control-Allow-Origin" not in answer.headers
    preflight = client.open("/api/v1/me/tokens", method="OPTIONS", headers={"Origin": "https://evil.example"})
    assert not [name for name in dict(preflight.headers) if name.startswith("Access-Control")]


# Brute force.


def test_unknown_people_cost_the_same_hash_and_get_the_same_answer(
    world: World, hayat: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str | None] = []
    verify = hashing.is_passphrase

    def watched(stored: str | None, passphrase: str) -> bool:
        hashed.append(stored)
        return verify(stored, passphrase)

    monkeypatch.setattr(hashing, "is_passphrase", watched)
    disabled = add_person(world, "left@example.org", ("viewer",), world.amal, PASSPHRASE)
    world.write(lambda session: people.set_status(session, disabled.id, "disabled"))
    answers = [
        nobody(world).call("POST", "sessions", json={"email": email, "password": password})
        for email, password in (
            (EMAIL, "wrong"), ("nobody@example.org", "wrong"), ("left@example.org", PASSPHRASE), ("", "x"),
        )
    ]  # fmt: skip
    assert len(hashed) == 3
    assert [answer.status_code for answer in answers] == [401, 401, 401, 400]
    assert len({answer.data for answer in answers[:3]}) == 1


def test_brute_force_by_form_waits_whatever_the_spelling_and_the_address(world: World, hayat: int) -> None:
    spellings = [EMAIL, EMAIL.upper(), f" {EMAIL} "]
    answers = [
        nobody(world).call("POST", "sessions", json={"email": spellings[n % 3], "password": f"guess {n}"}).status_code
        for n in range(rates.OF_PERSON_HERE.tries + 3)
    ]
    assert answers == [401] * rates.OF_PERSON_HERE.tries + [429] * 3
    assert sign_in(world).status_code == 429


def test_brute_force_from_many_addresses_waits_too(world: World, hayat: int) -> None:
    def guess(number: int) -> int:
        return nobody(world).call(
            "POST", "sessions", json={"email": EMAIL, "password": "x"}, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"}
        ).status_code  # fmt: skip

    world.write(
        lambda session: rates.count(session, [(rates.OF_PERSON, EMAIL)], world.now_ms, weight=rates.OF_PERSON.tries - 1)
    )
    assert [guess(number) for number in range(3)] == [401, 429, 429]


def test_the_count_is_shared_by_all_processes_of_a_server(world: World, hayat: int) -> None:
    from fieldsync.app import create_app

    other = create_app(world.settings, world.database, world.clock, world.dice.randbytes).test_client()
    given = {"email": EMAIL, "password": "guess"}
    for n in range(rates.OF_PERSON_HERE.tries):
        client = other if n % 2 else world.app.test_client()
        assert client.post("/api/v1/sessions", json=given).status_code == 401
    assert other.post("/api/v1/sessions", json=given).status_code == 429
    assert world.app.test_client().post("/api/v1/sessions", json=given).status_code == 429


def test_brute_force_by_basic_finds_no_door(world: World, hayat: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "is_passphrase", lambda *_: pytest.fail("Basic must not reach a passphrase"))
    for path in ("/api/v1/me", "/api/v1/submissions", "/api/v1/people"):
        answer = world.app.test_client().get(path, auth=(EMAIL, PASSPHRASE))
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="fieldsync"')


def test_brute_force_by_token_waits(world: World) -> None:
    statuses = [
        Caller(world.app.test_client(), secrets.token_urlsafe(32)).call("GET", "me").status_code
        for _ in range(rates.OF_UNKNOWN_TOKENS.tries + 100)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert statuses.count(401) <= rates.OF_UNKNOWN_TOKENS.tries + 50


def test_brute_force_of_enrolment_codes_waits(world: World) -> None:
    answers = [
        world.app.test_client().post("/api/v1/enrol", json={"code": f"guess{number}"}).status_code
        for number in range(rates.OF_LINKS.tries + 2)
    ]
    assert answers == [403] * rates.OF_LINKS.tries + [429] * 2


# Dangerous acts, mass assignment, tokens.


DANGEROUS = (
    ("POST", "people", {"email": "new@example.org", "role": "viewer"}),
    ("POST", "me/tokens", {"name": "x", "permissions": ["read_forms"], "days": 1}),
    ("POST", "me/second-factor", None),
    ("PUT", "me/passphrase", {"present": PASSPHRASE, "wanted": ANOTHER}),
    ("POST", "devices/offers", {"name": "x"}),
)


@pytest.mark.parametrize(("method", "path", "content"), DANGEROUS)
def test_a_dangerous_act_needs_a_fresh_proof(world: World, method: str, path: str, content: Json | None) -> None:
    add_person(world, EMAIL, ("coordinator",), world.amal, PASSPHRASE)
    hers = caller_of(world, sign_in(world))
    world.now_ms += FRESH_MS
    more = {} if content is None else {"json": content}
    refused = hers.call(method, path, **more)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "confirmation_needed")
    renewed = Caller(hers.client, hers.post("sessions/confirm", {"password": PASSPHRASE}, 201)["token"])
    assert renewed.call(method, path, **more).status_code in (201, 204)


FORBIDDEN = (
    "association",
    "association_id",
    "status",
    "state",
    "granted_by",
    "confirmed_by",
    "person_id",
    "grants",
    "id",
)


@pytest.mark.parametrize("member", FORBIDDEN)
def test_mass_assignment_of_role_association_or_state_is_refused(world: World, member: str) -> None:
    other = world.add_association("other")
    coordinator = person(world, "coordinator")
    hers = coordinator.post("people", {"email": "new@example.org", "role": "viewer"}, 201)["person"]
    for method, path, content in (
        ("POST", "people", {"email": "newer@example.org", "role": "viewer"}),
        ("POST", f"people/{hers['person']}/grants", {"role": "designer"}),
        ("PUT", f"people/{hers['person']}/name", {"name": "x"}),
        ("POST", "me/tokens", {"name": "x", "permissions": ["read_forms"], "days": 1}),
        ("POST", "devices/offers", {"name": "x"}),
    ):
        answer = coordinator.call(method, path, json={**content, member: other})
        assert (answer.status_code, answer.get_json()["code"]) == (400, "wrong_shape"), path
    assert coordinator.get(f"people/{hers['person']}") == hers


def test_nobody_changes_her_own_roles_or_account(world: World) -> None:
    coordinator = person(world, "coordinator")
    assert coordinator.person is not None
    own = f"people/{coordinator.person.uuid}"
    grant = coordinator.get(own)["grants"][0]["grant"]
    for method, path in (
        *(("POST", f"{own}/grants"), ("DELETE", f"{own}/grants/{grant}"), ("POST", f"{own}/grants/{grant}/confirm")),
        *(("POST", f"{own}/disable"), ("POST", f"{own}/link"), ("DELETE", f"{own}/second-factor")),
    ):
        given = {"json": {"role": "designer"}} if path.endswith("grants") else {}
        answer = coordinator.call(method, path, **given)
        assert answer.get_json()["code"] in ("own_roles", "second_person_needed", "not_found"), path
    assert coordinator.get("me")["roles"] == ["coordinator", "association_reviewer"]


def test_a_token_never_mints_a_wider_session(world: World) -> None:
    reviewer = person(world, "association_reviewer")
    offered = {"name": "x", "permissions": ["read_forms", "manage_people"], "days": 1}
    assert reviewer.post("me/tokens", offered, 403)["code"] == "token_too_wide"
    offered["permissions"] = ["read_records"]
    script = Caller(world.app.test_client(), reviewer.post("me/tokens", offered, 201)["secret"])
    assert script.get("me")["permissions"] == ["read_records"]
    script.get("submissions")
    assert script.get("forms", 403)["code"] == "forbidden"
    for method, path, content in (
        ("POST", "me/tokens", offered), ("POST", "sessions/confirm", {"password": PASSPHRASE}),
        ("GET", "me/sessions", None), ("POST", "me/second-factor", None),
        ("PUT", "me/association", {"association": "amal"}),
    ):  # fmt: skip
        answer = script.call(method, path, **({} if content is None else {"json": content}))
        assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden"), path


def test_a_token_is_never_wider_than_its_owner_is_today(world: World) -> None:
    reviewer, coordinator = person(world, "association_reviewer"), person(world, "coordinator")
    offered = {"name": "x", "permissions": ["read_records"], "days": 9}
    script = Caller(world.app.test_client(), reviewer.post("me/tokens", offered, 201)["secret"])
    assert reviewer.person is not None
    grant = coordinator.get(f"people/{reviewer.person.uuid}")["grants"][0]["grant"]
    assert coordinator.call("DELETE", f"people/{reviewer.person.uuid}/grants/{grant}").status_code == 200
    assert script.get("submissions", 403)["code"] == "forbidden"
    coordinator.post(f"people/{reviewer.person.uuid}/disable")
    assert script.get("me", 401)["code"] == "unknown_token"


# Links.


def test_an_invitation_is_good_once_and_a_later_one_kills_it(world: World) -> None:
    coordinator = person(world, "coordinator")
    invited = coordinator.post("people", {"email": "new@example.org", "role": "viewer", "name": "Zahra"}, 201)
    stranger = nobody(world)
    look = stranger.post("links", {"link": invited["link"]})
    assert (look["purpose"], look["email"], look["roles"]) == ("invitation", "new@example.org", ["viewer"])
    again = coordinator.post(f"people/{invited['person']['person']}/link", status=201)
    assert stranger.post("links", {"link": invited["link"]}, 403)["code"] == "link_unknown"
    weak = stranger.post("links/accept", {"link": again["link"], "password": "password1234"}, 422)
    assert weak["code"] == "passphrase_common"
    made = stranger.post("links/accept", {"link": again["link"], "password": ANOTHER}, 201)
    assert Caller(stranger.client, made["token"]).get("me")["roles"] == ["viewer"]
    assert stranger.post("links/accept", {"link": again["link"], "password": ANOTHER}, 403)["code"] == "link_unknown"


def test_a_reset_ends_sessions_and_tokens_and_expires(world: World, hayat: int) -> None:
    hers, coordinator = caller_of(world, sign_in(world)), person(world, "coordinator")
    [found] = coordinator.get("people?query=hayat")["items"]
    link = coordinator.post(f"people/{found['person']}/link", status=201)["link"]
    world.now_ms += 31 * 60_000
    assert nobody(world).post("links/accept", {"link": link, "password": ANOTHER}, 403)["code"] == "link_unknown"
    coordinator = person(world, "coordinator")
    link = coordinator.post(f"people/{found['person']}/link", status=201)["link"]
    nobody(world).post("links/accept", {"link": link, "password": ANOTHER}, 201)
    assert hers.get("me", 401)["code"] == "unknown_token"
    assert sign_in(world).status_code == 401


def test_asking_for_a_reset_tells_nothing_and_tells_the_coordinator(world: World, hayat: int) -> None:
    answers = [nobody(world).call("POST", "resets", json={"email": each}) for each in (EMAIL, "nobody@example.org")]
    assert [(each.status_code, each.data) for each in answers] == [(202, b""), (202, b"")]
    assert answers[0].headers == answers[1].headers
    [found] = person(world, "coordinator").get("people?query=hayat")["items"]
    assert found["reset_asked_ms"] == world.now_ms


def test_what_is_stored_of_secrets_opens_nothing(world: World, hayat: int) -> None:
    """Whoever steals the database has digests: none of them is a token, a link, a code or an app's secret."""
    hers = caller_of(world, sign_in(world))
    secret, codes = add_app(world, hers)
    from sqlalchemy import text

    with world.engine.connect() as connection:
        stored = "".join(
            repr(tuple(row))
            for table in ("person", "person_session", "second_factor", "recovery_code", "secret_link", "api_token")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        )
    for plain in (hers.token, PASSPHRASE, codes[0], codes[0].replace("-", ""), secret.hex(), repr(secret)[2:-1]):
        assert plain not in stored


def test_a_device_has_no_account(world: World) -> None:
    phone = bearer(world.phone())
    for path in ("me/sessions", "me/tokens", "roles", "people", "audit"):
        assert phone.get(path, 403)["code"] == "forbidden"
