"""Whatever crosses an association's border is answered like what does not exist: role × route × id, the whole map."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from werkzeug.test import TestResponse

from tests.routes.callers import Caller, bearer, nobody, person
from tests.world import Json, World

ROLES = ("nobody", "device", "hub", "coordinator", "association_reviewer", "designer", "viewer")

BODIES: dict[str, Json] = {
    "acts.review": {"state": "approved"},
    "acts.comment": {"text": "seen"},
    "acts.correct": {"writes": {"name": "x"}},
}
"""What an act needs beside its address; a merge is tried with both a foreign and an absent partner below."""


@dataclass
class Ids:
    """Names for every variable part of an address."""

    uuid: str
    quarantined: str
    version: str
    form: str = "visit"
    name: str = "picture.png"
    sha256: str = "0" * 64
    filename: str = "nothing.css"


@dataclass
class Two:
    """Two associations on one server, each with a record, a form version of its own and something in quarantine."""

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
    callers = {role: person(world, role) for role in ROLES if role not in ("nobody", "device", "hub")}
    callers |= {"device": bearer(world.phone()), "hub": bearer(world.hub()), "nobody": nobody(world)}
    absent = Ids(world.uuid(), own.quarantined[::-1], "77")
    return Two(world, callers, own, foreign, absent, ["Foreign name", foreign.uuid])


def _filled(world: World, association_id: int, version: str) -> Ids:
    phone = world.phone(association_id=association_id)
    name = "Own name" if association_id == world.amal else "Foreign name"
    said = phone.says(writes={"name": name})
    wrong = phone.says(writes={"name": name, "colour": "mauve"})
    held = phone.says(writes={"name": name}, seen=[["far-away", 1]])
    assert phone.statuses(said, wrong, held) == ["applied", "quarantined", "held"]
    [item] = person(world, "coordinator", association_id).pages("quarantine")
    return Ids(said["record"], item["quarantined"], version)


def addresses(two: Two) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(endpoint, method, names of the variable parts) of every route that has any."""
    for rule in two.world.app.url_map.iter_rules():
        if rule.arguments and "token" not in rule.arguments:  # OpenRosa's door: test_openrosa_forms walks it
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield rule.endpoint, method, tuple(rule.arguments)


def ask(two: Two, caller: Caller, endpoint: str, method: str, ids: Ids, partner: Ids | None = None) -> TestResponse:
    """One request to a route, with these ids in its address."""
    rule = next(each for each in two.world.app.url_map.iter_rules(endpoint))
    with two.world.app.test_request_context():
        path = two.world.app.url_for(endpoint, **{name: getattr(ids, name) for name in rule.arguments})
    body = {"records": [(partner or ids).uuid]} if endpoint == "acts.merge" else BODIES.get(endpoint)
    return caller.call(method, path, **({"json": body} if body and method == "POST" else {}))


@pytest.mark.parametrize("role", ROLES)
def test_what_is_foreign_answers_the_same_bytes_as_what_is_absent(two: Two, role: str) -> None:
    tried = 0
    for endpoint, method, _ in addresses(two):
        foreign = ask(two, two.callers[role], endpoint, method, two.foreign)
        absent = ask(two, two.callers[role], endpoint, method, two.absent)
        assert (foreign.status_code, foreign.data) == (absent.status_code, absent.data), (endpoint, method)
        assert foreign.status_code in (401, 403, 404), (endpoint, method)
        assert foreign.headers == absent.headers, (endpoint, method)
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_not_is_told_so_whatever_the_id(two: Two, role: str) -> None:
    for endpoint, method, _ in addresses(two):
        absent = ask(two, two.callers[role], endpoint, method, two.absent)
        if absent.status_code in (401, 403):
            own = ask(two, two.callers[role], endpoint, method, two.own)
            assert (own.status_code, own.data) == (absent.status_code, absent.data), (endpoint, method)


@pytest.mark.parametrize("role", ROLES)
def test_no_list_shows_anything_foreign(two: Two, role: str) -> None:
    for rule in two.world.app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or ()):
            continue
        response = two.callers[role].call("GET", rule.rule)
        assert response.status_code in (200, 401, 403), rule.rule
        assert not any(secret in response.text for secret in two.secrets), rule.rule


def test_what_is_own_is_there(two: Two) -> None:
    """The test above would pass on a server that shows nothing."""
    coordinator = two.callers["coordinator"]
    for path in (f"records/{two.own.uuid}", f"records/{two.own.uuid}/operations", "forms/visit/1", "submissions"):
        coordinator.get(path)
    assert coordinator.post(f"quarantine/{two.own.quarantined}/release")["status"] == "released"


def test_nothing_foreign_is_merged_and_nothing_of_it_is_told(two: Two) -> None:
    coordinator = two.callers["coordinator"]
    foreign = ask(two, coordinator, "acts.merge", "POST", two.own, partner=two.foreign)
    absent = ask(two, coordinator, "acts.merge", "POST", two.own, partner=two.absent)
    assert (foreign.status_code, foreign.data) == (404, absent.data)


def test_the_same_uuid_in_two_associations_is_two_records(two: Two) -> None:
    phone = two.world.phone()
    said = phone.says(two.foreign.uuid, {"name": "Ours"})
    assert phone.statuses(said) == ["applied"]
    coordinator = two.callers["coordinator"]
    assert coordinator.get(f"records/{two.foreign.uuid}")["fields"]["name"] == "Ours"
    assert [each["id"] for each in coordinator.pages(f"records/{two.foreign.uuid}/operations")] == [said["id"]]
