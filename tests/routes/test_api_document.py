"""The OpenAPI document describes every route: what it takes, how it is refused, and who may call it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from fieldsync.services import forms_read
from tests.routes.callers import nobody, person
from tests.world import Json, World

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(world: World) -> Json:
    """The document as anybody fetches it."""
    return nobody(world).get("/api/openapi.json")


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """(path, method, operation) of everything described."""
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def references(part: Any) -> Iterator[str]:
    """Every $ref in the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_route_is_described(world: World, document: Json) -> None:
    described = {(path, method) for path, method, _ in operations(document)}
    routed = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule != "/api/openapi.json"
        and not rule.rule.startswith("/v1/")  # OpenRosa has a description of its own
        if not rule.endpoint.startswith(("pages.", "attachments."))  # for people; tus has a description of its own
    }
    assert described == routed
    assert document["openapi"].startswith("3.1")


def test_every_operation_says_what_it_does_and_how_it_refuses(world: World, document: Json) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"].endswith("."), path
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and path != "/health":
                assert response == {"$ref": f"#/components/responses/refused_{status}"}, (path, method)
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name


def test_whoever_must_sign_in_is_told_how(world: World, document: Json) -> None:
    for path, method, operation in operations(document):
        rule = next(
            each for each in world.app.url_map.iter_rules()
            if re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", each.rule) == path and method.upper() in (each.methods or ())
        )  # fmt: skip
        view: Any = world.app.view_functions[rule.endpoint]
        secured = view.fieldsync_access != "public"
        assert operation.get("security") == ([{"bearer": []}] if secured else None), (path, method)
        assert ("401" in operation["responses"]) >= secured
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_reference_leads_somewhere(world: World, document: Json) -> None:
    for reference in set(references(document)):
        part: Any = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_refusals_of_the_frame_have_the_same_shape(world: World) -> None:
    stranger = nobody(world)
    for method, path, status, code in (
        ("GET", "nowhere", 404, "not_found"),
        ("PUT", "sync", 405, "method_not_allowed"),
        ("GET", "records/no-uuid", 404, "not_found"),
        ("GET", "submissions", 401, "unknown_token"),
    ):
        response = stranger.call(method, path)
        problem = response.get_json()
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
        assert (problem["code"], problem["status"]) == (code, status)
        assert problem["title"]
        assert "{" not in problem["title"]
    assert stranger.call("PUT", "sync").headers["Allow"] == "OPTIONS, POST"
    assert stranger.call("OPTIONS", "sync").status_code == 200


def test_a_nul_in_an_address_names_nothing(world: World) -> None:
    designer = person(world, "designer")
    for path in ("forms/a%00b/1", "forms/visit/1%00/form.xml", "forms/visit/1/media/%00"):
        assert designer.get(path, 404)["code"] == "not_found"
    assert nobody(world).post("sessions", {"email": "a\u0000b", "password": "x"}, 400)["code"] == "wrong_shape"
    assert person(world, "coordinator").get("submissions?form=%00")["items"] == []


def test_a_fault_is_told_with_its_reference_and_without_its_words(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("an answer of Fatima")

    monkeypatch.setattr(forms_read, "described", fails)
    refused = person(world, "designer").get("forms/visit/1", 500)
    assert refused["code"] == "internal"
    assert "Fatima" not in refused["title"] + caplog.text
    reference = refused["title"].split()[-1].strip(".")
    assert reference in caplog.text
