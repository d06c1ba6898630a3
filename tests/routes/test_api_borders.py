"""Whatever crosses an association's border is answered like what does not exist: role × route × id, the whole map."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from werkzeug.test import TestResponse

from fieldsync.services.auditing import ACTIONS
from tests.routes.callers import Caller, bearer, nobody, person
from tests.watching import watched
from tests.world import Json, World

PEOPLE = (
    *("coordinator", "association_reviewer", "designer", "viewer", "companion", "listening_worker"),
    *("listening_supervisor", "grants_officer", "scorer", "programme_me", "data_protection", "instance_admin"),
)
ROLES = ("nobody", "device", "hub", "script", *PEOPLE)

EVERYWHERE = {"data_protection", "instance_admin", "programme_me"}
"""Roles that are held in all associations: for them, another association is no border."""

BODIES: dict[str, Json] = {
    "acts.review": {"state": "approved"},
    "acts.comment": {"text": "seen"},
    "acts.correct": {"writes": {"name": "x"}},
    "duplicates.decide_on_pair": {"decision": "unsure", "turn": 0},
    "duplicates.undo_decision": {"turn": 0},
    "duplicate_clusters.decide_on_cluster": {"same": ["00000000-0000-4000-8000-000000000000"], "turn": 0},
    "duplicate_clusters.undo_step": {"turn": 0},
    "duplicates_across.decide_across": {"decision": "unsure", "turn": 0},
    "duplicates_across.undo_across": {"turn": 0},
    "people.rename": {"name": "x"},
    "people.grant": {"role": "viewer"},
    "devices.rename": {"name": "x"},
    "devices.move": {"team": "x"},
    "devices.revoke": {},
}
"""What an act needs beside its address; a merge is tried with both a foreign and an absent partner below."""

TUS = {"Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "PATCH"}
"""What a client of tus sends; the second only counts where a POST stands for something else."""


@dataclass
class Ids:
    """Names for every variable part of an address."""

    uuid: str
    quarantined: str
    version: str
    person_id: str
    grant_id: str
    session_id: str
    token_id: str
    offer_id: str
    author: str
    export_id: str
    partner: str
    form: str = "visit"
    indicator: str = "I02"
    upload: str = "0" * 32
    name: str = "picture.png"
    sha256: str = "0" * 64
    digest: str = "0" * 64
    filename: str = "nothing.css"


@dataclass
class Two:
    """Two associations on one server, each with records, people, phones and something in quarantine."""

    world: World
    callers: dict[str, Caller]
    own: Ids
    foreign: Ids
    absent: Ids
    secrets: list[str] = field(default_factory=list)


@pytest.fixture
def two(world: World) -> Two:
    other = world.add_association("other", forms=("visit 1", "visit 2"))
    own, foreign = _filled(world, world.amal, "1"), _filled(world, other, "2")
    callers = {role: person(world, role) for role in PEOPLE}
    callers |= {"device": bearer(world.phone()), "hub": bearer(world.hub()), "nobody": nobody(world)}
    script = {"name": "script", "permissions": ["read_records", "read_history"], "days": 1}
    made = person(world, "coordinator").post("me/tokens", script, 201)
    callers["script"] = Caller(world.app.test_client(), made["secret"])
    uuid = [world.uuid() for _ in range(7)]
    absent = Ids(
        uuid[0], own.quarantined[::-1], "77", uuid[1], uuid[2], uuid[3], uuid[4], uuid[5], "nobody-at-all",
        world.uuid(), uuid[6],
    )  # fmt: skip
    names = ["Foreign name", foreign.uuid, foreign.person_id, foreign.author, "stranger@example.org"]
    return Two(world, callers, own, foreign, absent, names)


def _filled(world: World, association_id: int, version: str) -> Ids:
    phone = world.phone(association_id=association_id)
    name = "Own name" if association_id == world.amal else "Foreign name"
    said = phone.says(writes={"name": name})
    wrong = phone.says(writes={"name": name, "colour": "mauve"})
    held = phone.says(writes={"name": name}, seen=[["far-away", 1]])
    again = phone.says(writes={"name": name})
    assert phone.statuses(said, wrong, held, again) == ["applied", "quarantined", "held", "applied"]
    coordinator = person(world, "coordinator", association_id)
    [item] = coordinator.pages("quarantine")
    email = "colleague@example.org" if association_id == world.amal else "stranger@example.org"
    hers = coordinator.post("people", {"email": email, "role": "listening_worker"}, 201)["person"]
    offer = coordinator.post("devices/offers", {"name": "phone"}, 201)
    script = coordinator.post("me/tokens", {"name": "x", "permissions": ["read_records"], "days": 1}, 201)
    export = coordinator.post("exports", {"kind": "submission", "of": "visit"}, 202)["export"]
    [own_session] = coordinator.get("me/sessions")["items"]
    return Ids(
        said["record"], item["quarantined"], version, hers["person"], hers["grants"][0]["grant"],
        own_session["session"], script["token"], offer["offer"], phone.author,
        export, again["record"],
    )  # fmt: skip


def addresses(two: Two) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(endpoint, method, names of the variable parts) of every route of the API that has any."""
    for rule in two.world.app.url_map.iter_rules():
        # OpenRosa's door is walked by test_openrosa_forms, the pages by tests of their own.
        if rule.arguments and "token" not in rule.arguments and rule.rule.startswith("/api/"):
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield rule.endpoint, method, tuple(rule.arguments)


def ask(two: Two, caller: Caller, endpoint: str, method: str, ids: Ids, partner: Ids | None = None) -> TestResponse:
    """One request to a route, with these ids in its address."""
    rule = next(each for each in two.world.app.url_map.iter_rules(endpoint))
    with two.world.app.test_request_context():
        path = two.world.app.url_for(endpoint, **{name: getattr(ids, name) for name in rule.arguments})
    body = {"records": [(partner or ids).uuid]} if endpoint == "acts.merge" else BODIES.get(endpoint)
    headers = TUS if endpoint.startswith("attachments.") else {}
    if body is not None and method in ("POST", "PUT"):
        return caller.call(method, path, headers=headers, json=body)
    return caller.call(method, path, headers=headers)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_foreign_costs_and_answers_the_same_as_what_is_absent(two: Two, role: str) -> None:
    tried = 0
    for endpoint, method, _ in addresses(two):
        with watched(two.world) as on_foreign:
            foreign = ask(two, two.callers[role], endpoint, method, two.foreign)
        with watched(two.world) as on_absent:
            absent = ask(two, two.callers[role], endpoint, method, two.absent)
        assert (foreign.status_code, foreign.data) == (absent.status_code, absent.data), (endpoint, method)
        assert foreign.status_code in (401, 403, 404), (endpoint, method)
        assert foreign.headers == absent.headers, (endpoint, method)
        assert on_foreign == on_absent, (endpoint, method)
        tried += 1
    assert tried > 40


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_not_is_told_so_whatever_the_id(two: Two, role: str) -> None:
    for endpoint, method, _ in addresses(two):
        absent = ask(two, two.callers[role], endpoint, method, two.absent)
        if absent.status_code in (401, 403):
            own = ask(two, two.callers[role], endpoint, method, two.own)
            assert (own.status_code, own.data) == (absent.status_code, absent.data), (endpoint, method)


@pytest.mark.parametrize("role", ROLES)
def test_no_list_shows_anything_foreign(two: Two, role: str) -> None:
    """Lists, searches and filters; the log of all associations is for who protects data in all of them."""
    searches = ["/api/v1/people?query=stranger", "/api/v1/people?query=example", "/api/v1/forms?counts=true"]
    searches += [f"/api/v1/audit?action={action}" for action in ACTIONS]
    for rule in two.world.app.url_map.iter_rules():
        if not rule.arguments and "GET" in (rule.methods or ()) and rule.rule.startswith("/api/"):
            searches.append(rule.rule)
    for path in searches:
        response = two.callers[role].call("GET", path)
        assert response.status_code in (200, 401, 403), path
        if role not in EVERYWHERE:
            assert not any(secret in response.text for secret in two.secrets), path


def test_a_sync_pull_brings_nothing_foreign(two: Two) -> None:
    for caller, pull in (("device", "records"), ("hub", "operations")):
        asked: Json = {
            "protocol": 1,
            "now": two.world.now_ms,
            "epoch": None,
            "cursor": None,
            "pull": pull,
            "operations": [],
        }
        response = two.callers[caller].call("POST", "sync", json=asked)
        assert response.status_code == 200
        assert two.own.uuid in response.text
        assert not any(secret in response.text for secret in two.secrets)


def test_what_is_own_is_there(two: Two) -> None:
    """The tests above would pass on a server that shows nothing."""
    coordinator = two.callers["coordinator"]
    for path in (
        *(f"records/{two.own.uuid}", f"records/{two.own.uuid}/operations", "forms/visit/1", "submissions"),
        *(f"people/{two.own.person_id}", f"devices/{two.own.author}", f"devices/offers/{two.own.offer_id}"),
    ):
        coordinator.get(path)
    assert coordinator.post(f"quarantine/{two.own.quarantined}/release")["status"] == "released"


def test_a_bulk_act_takes_nothing_foreign_in_and_tells_nothing_of_it(two: Two) -> None:
    coordinator = two.callers["coordinator"]
    foreign = ask(two, coordinator, "acts.merge", "POST", two.own, partner=two.foreign)
    absent = ask(two, coordinator, "acts.merge", "POST", two.own, partner=two.absent)
    assert (foreign.status_code, foreign.data) == (404, absent.data)


def test_a_phone_is_not_offered_to_somebody_foreign(two: Two) -> None:
    coordinator = two.callers["coordinator"]
    tried = [
        coordinator.call("POST", "devices/offers", json={"name": "phone", "holder": ids.person_id})
        for ids in (two.foreign, two.absent)
    ]
    assert (tried[0].status_code, tried[0].data) == (404, tried[1].data)


def test_who_has_an_account_elsewhere_is_invited_like_who_has_none(two: Two) -> None:
    """The link is worthless to her who has a passphrase already; the answer does not say so."""
    coordinator = two.callers["coordinator"]
    known, unknown = (
        coordinator.post("people", {"email": email, "role": "viewer", "name": "Somebody"}, 201)
        for email in ("stranger@example.org", "nobody-yet@example.org")
    )
    assert known.keys() == unknown.keys()
    told = [{**each["person"], "person": "", "email": "", "grants": []} for each in (known, unknown)]
    assert {**told[0], "name": ""} == {**told[1], "name": ""}
    assert [len(each["link"]) for each in (known, unknown)] == [43, 43]


def test_the_same_uuid_in_two_associations_is_two_records(two: Two) -> None:
    phone = two.world.phone()
    said = phone.says(two.foreign.uuid, {"name": "Ours"})
    assert phone.statuses(said) == ["applied"]
    coordinator = two.callers["coordinator"]
    assert coordinator.get(f"records/{two.foreign.uuid}")["fields"]["name"] == "Ours"
    assert [each["id"] for each in coordinator.pages(f"records/{two.foreign.uuid}/operations")] == [said["id"]]
