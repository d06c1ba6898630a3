"""Attacks by what a request holds: markup, headers, addresses, sizes."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from fieldsync.app import create_app
from fieldsync.config import Settings
from fieldsync.routes.arguments import JSON_BODY_BYTES_MAX
from fieldsync.services import hashing, publishing
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from tests.routes.callers import Caller, add_person, nobody, person
from tests.routes.collect import Collect
from tests.web.visitor import visitor
from tests.world import World

EMAIL = "hayat@example.org"
PASSPHRASE = "a long and quiet sentence"
SCRIPT = "<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_every_answer_of_the_api_carries_its_guards(world: World) -> None:
    coordinator = person(world, "coordinator")
    for method, path in (("GET", "me"), ("GET", "people"), ("GET", "nowhere"), ("PUT", "sync"), ("POST", "sessions")):
        answer = coordinator.call(method, path)
        assert {name: answer.headers.get(name) for name in GUARDS} == GUARDS, path
        assert "Strict-Transport-Security" not in answer.headers  # nobody promised https here
    for path in ("me", "people", "submissions", "audit"):
        assert coordinator.call("GET", path).headers["Cache-Control"] == "no-store"


def test_where_the_address_is_https_browsers_are_told_to_stay_there(world: World) -> None:
    settings = replace(world.settings, public_url="https://fieldsync.example")
    app = create_app(settings, world.database, world.clock, world.dice.randbytes)
    assert app.test_client().get("/health").headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize(("name", "data"), [("evil.svg", SVG), ("evil.html", HTML), ("evil.png", HTML), ("evil", SVG)])
def test_stored_html_and_svg_never_run_in_our_origin(world: World, name: str, data: bytes) -> None:
    """A designer's media file is saved by a browser, never shown; and nothing in it runs where it is opened."""
    form = (
        "| survey |\n| | type | name | label | media::image |\n"
        f"| | note | n | N | {name} |\n| | text | a | A | |\n"
        "| settings |\n| | form_id | version |\n| | evil | 1 |\n"
    )
    made = convert(form.encode(), "md", {name: data})
    assert made.form is not None, made.findings
    ready = Definition(made.form, made.xform, None, form.encode(), "md", tuple(made.findings), {name: data})
    world.write(lambda session: publishing.publish(session, world.amal, ready, world.now_ms))
    collect = Collect(world)
    [listed] = collect.forms("formList?formID=evil")
    for answer in (
        person(world, "association_reviewer").call("GET", f"forms/evil/1/media/{name}"),
        collect.get(listed["downloadUrl"].replace("/form.xml", f"/media/{name}")),
        visitor(world, "association_reviewer").opens(f"/forms/evil/media/{name}"),
    ):
        assert (answer.status_code, answer.data) == (200, data)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_stored_markup_comes_back_as_data_only(world: World) -> None:
    phone, coordinator = world.phone(), person(world, "coordinator")
    said = phone.says(writes={"name": SCRIPT})
    phone.tells(said)
    coordinator.post("people", {"email": "x@example.org", "name": SCRIPT, "role": "viewer"}, 201)
    coordinator.post("devices/offers", {"name": SCRIPT}, 201)
    for path in (f"records/{said['record']}", "people", "devices", "submissions"):
        answer = coordinator.call("GET", path)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nX-Evil: 1", "a\u2028b", "\u202eevil"])
def test_header_injection_splits_no_answer(world: World, value: str) -> None:
    add_person(world, EMAIL, ("coordinator",), world.amal, PASSPHRASE)
    given = {"email": EMAIL, "password": PASSPHRASE}
    environ: Any = {"HTTP_USER_AGENT": value, "HTTP_ACCEPT_LANGUAGE": value, "HTTP_X_REQUEST_ID": value}
    answer = world.app.test_client().post("/api/v1/sessions", json=given, environ_base=environ)
    assert answer.status_code == 201
    hers = Caller(world.app.test_client(), answer.get_json()["token"])
    renamed = hers.call("POST", "people", json={"email": "y@example.org", "name": value, "role": "viewer"})
    media = hers.call("GET", "forms/visit/1/media/x%0d%0aSet-Cookie:%20x=1")
    for told in (answer, renamed, media, hers.call("GET", "me")):
        assert "X-Evil" not in told.headers
        assert "Set-Cookie" not in told.headers
    [session] = hers.get("me/sessions")["items"]
    assert all(each.isprintable() for each in session["agent"])


def test_an_open_redirect_has_no_door(world: World) -> None:
    """No address of the API redirects; what is no address of it leads at most to a path of ours."""
    client = world.app.test_client()
    for path in ("/api//evil.example", "/api/v1/me/", "/api/v1//me", "/api/v1/resets/"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert answer.status_code not in (301, 302, 303, 307, 308), path
        assert "Location" not in answer.headers
    for path in (
        "//evil.example/",
        "/\\evil.example",
        "/sign-in?next=//evil.example",
        "/sign-in?next=https://evil.example",
    ):
        leads_to = client.get(path, headers={"Host": "evil.example"}).headers.get("Location", "/")
        assert leads_to.startswith("/"), path
        assert not leads_to.startswith(("//", "/\\")), path


def test_a_forged_host_reaches_no_link(world: World) -> None:
    settings = replace(world.settings, public_url="https://fieldsync.example")
    app = create_app(settings, world.database, world.clock, world.dice.randbytes)
    coordinator = Caller(app.test_client(), person(world, "coordinator").token)
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}
    made = coordinator.call("POST", "devices/offers", json={"name": "x"}, headers=evil).get_json()
    assert made["link"].startswith("https://fieldsync.example/enrol#")


def test_a_forged_address_is_believed_only_behind_a_proxy_that_was_named(world: World) -> None:
    def tries(settings: Settings) -> list[int]:
        client = create_app(settings, world.database, world.clock, world.dice.randbytes).test_client()
        forged = [{"X-Forwarded-For": f"10.1.{settings.proxies}.{number}"} for number in range(32)]
        return [client.post("/api/v1/enrol", json={"code": "guess"}, headers=each).status_code for each in forged]

    assert tries(world.settings)[-1] == 429
    assert set(tries(replace(world.settings, proxies=1))) == {403}


OVERSIZED = {
    "a long passphrase": {"email": EMAIL, "password": "x" * 201},
    "a long address": {"email": "x" * 201, "password": "x"},
    "a long code": {"email": EMAIL, "password": "x", "code": "1" * 65},
    "an empty passphrase": {"email": EMAIL, "password": ""},
}


@pytest.mark.parametrize("what", OVERSIZED)
def test_an_oversized_sign_in_reaches_no_hash(world: World, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "is_passphrase", lambda *_: pytest.fail("not to be hashed"))
    assert nobody(world).post("sessions", OVERSIZED[what], 400)["code"] == "wrong_shape"


def test_an_oversized_body_is_refused_before_it_is_read_packed_or_not(world: World) -> None:
    stranger = nobody(world)
    long = json.dumps({"email": EMAIL, "password": "x" * JSON_BODY_BYTES_MAX}).encode()
    plain = {"data": long, "content_type": "application/json"}
    assert stranger.call("POST", "sessions", **plain).status_code == 413
    packed = {"data": gzip.compress(long * 40), "content_type": "application/json"}
    assert stranger.call("POST", "sessions", headers={"Content-Encoding": "gzip"}, **packed).status_code == 413
    deep = b'{"email":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert stranger.call("POST", "sessions", data=deep, content_type="application/json").status_code == 400


def test_as_many_hashes_at_once_as_the_server_can_bear(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more waits, and after a while is told that the server is busy: guesses cannot fill all its threads."""
    from fieldsync.store.db import Busy

    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.0)
    held = [hashing._hashing.acquire(timeout=5) for _ in range(hashing.HASHES_AT_ONCE)]
    assert held == [True] * hashing.HASHES_AT_ONCE
    try:
        with pytest.raises(Busy):
            hashing.is_passphrase(None, "x")
    finally:
        for _ in held:
            hashing._hashing.release()


def test_a_stranger_costs_as_much_to_hash_as_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(type(hashing._hasher), "verify", lambda _hasher, stored, _passphrase: asked.append(stored))
    assert not hashing.is_passphrase(None, "nothing opens what nobody has")
    assert asked == [hashing.NOBODY]
    assert not hashing.is_outdated(hashing.NOBODY)
