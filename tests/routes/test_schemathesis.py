"""The API does what its OpenAPI document says, whatever is sent: schemathesis against the application in process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from tests.routes.callers import Caller, bearer, nobody, person
from tests.world import World

EXAMPLES = max(3, settings().max_examples // 100)
"""For each operation, caller and kind of data: some 1,200 requests in all; many more in a night."""

CONFORMS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

CALLERS: dict[str, Callable[[World], Caller]] = {
    "nobody": nobody,
    "device": lambda world: bearer(world.phone()),
    "hub": lambda world: bearer(world.hub()),
    "coordinator": lambda world: person(world, "coordinator"),
    "designer": lambda world: person(world, "designer"),
}

ALSO_REFUSALS = (413, 426)
"""Refusals of the sync protocol that schemathesis does not count as such."""

QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def refused(context: Any, response: Any, case: Any) -> bool | None:
    """What does not fit the document is refused."""
    return None if response.status_code in ALSO_REFUSALS else negative_data_rejection(context, response, case)


@pytest.fixture
def server(sqlite_engine: Engine) -> Iterator[World]:
    """A server that holds something of everything."""
    world = World(sqlite_engine)
    amina, brahim = world.phone(), world.phone()
    first = amina.says(names_of(world)[0], {"name": "Amina", "age": 200})
    amina.tells(first, amina.says(writes={"colour": "mauve"}), amina.says(seen=[["far-away", 1]]))
    amina.tells(amina.says(first["record"], {"name": "b"}, seen=[first]))
    brahim.tells(brahim.says(first["record"], {"name": "c"}, seen=[first]))
    yield world
    world.database.close()


def names_of(world: World) -> tuple[str, dict[str, str]]:
    """A record's UUID, and what really stands in addresses."""
    uuid = "0190a1b2-0000-7000-8000-000000000001"
    return uuid, {"uuid": uuid, "form": "visit", "version": "1", "filename": "site.css", "sha256": "0" * 64}


def operations(world: World) -> Iterator[Any]:
    """Every operation of the document."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", world.app, config=SchemathesisConfig(seed=1))
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        yield result.ok()


def broken_promises(
    world: World, role: str, mode: GenerationMode, checks: list[Any], real: dict[str, str]
) -> list[str]:
    """What the answers to one caller break of the document, for every operation; `real` ids take the place of drawn."""
    found: list[str] = []
    for operation in operations(world):
        caller = CALLERS[role](world)
        headers = {"Accept-Encoding": "identity"}
        if caller.token:
            headers["Authorization"] = f"Bearer {caller.token}"
        try:
            tried(operation.as_strategy(generation_mode=mode), headers, checks, real)
        except FailureGroup as failures:
            found += [f"{operation.label}: {each}" for each in failures.exceptions]
        except Unsatisfiable:
            continue  # an operation that takes nothing cannot be asked wrongly
    return found


def tried(cases: Any, headers: dict[str, str], checks: list[Any], real: dict[str, str]) -> None:
    """Send some requests to one operation."""

    @QUIET
    @given(case=cases)
    def conforms(case: Any) -> None:
        drawn = case.path_parameters or {}
        if drawn.keys() & real.keys():
            case.path_parameters = {name: real.get(name, value) for name, value in drawn.items()}
        case.call_and_validate(headers=headers, checks=checks)

    conforms()


@pytest.mark.parametrize("role", CALLERS)
def test_what_the_document_allows_is_answered_as_it_says(server: World, role: str) -> None:
    """Addresses name what is there, so that more than refusals comes back."""
    _, real = names_of(server)
    [item] = person(server, "coordinator").pages("quarantine")
    real |= {"quarantined": item["quarantined"]}
    assert broken_promises(server, role, GenerationMode.POSITIVE, CONFORMS, real) == []


@pytest.mark.parametrize("role", CALLERS)
def test_what_the_document_does_not_allow_is_refused_as_it_says(server: World, role: str) -> None:
    checks = [*CONFORMS, refused]
    assert broken_promises(server, role, GenerationMode.NEGATIVE, checks, {}) == []
