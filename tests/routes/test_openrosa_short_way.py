"""A phone that was heard before hands in a record without files past Flask; nobody can tell by the answer."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fieldsync.store.db import Busy, Database
from tests.routes.collect import Collect, message, said_of, visit
from tests.world import World

LANGUAGES = ("ar", "fr-FR, en;q=0.5", "tzm")


@pytest.fixture
def amina(world: World) -> Collect:
    heard = Collect(world)
    heard.sends(visit(world.uuid()))
    return heard


@pytest.fixture
def past_flask(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Closes the one way or the other."""

    def only(short: bool) -> None:
        monkeypatch.undo()
        if short:
            monkeypatch.setattr(Flask, "full_dispatch_request", lambda *_: pytest.fail("it went through Flask"))
        else:
            monkeypatch.setattr("fieldsync.routes.openrosa_short.taken_in", lambda *_: None)

    return only


def _told(response: TestResponse) -> tuple[Any, ...]:
    return (response.status, sorted(response.headers), response.data)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("version", ["1", "of tomorrow", "1 revoked"])
def test_both_ways_say_the_same_of_a_new_record_and_of_a_known_one(
    world: World, amina: Collect, past_flask: Callable[[bool], None], language: str, version: str
) -> None:
    if version == "1 revoked":
        world.revoke(amina.phone)
    version = version.removesuffix(" revoked")
    told = []
    for short in (True, False):
        past_flask(short)
        xml = visit(world.uuid(), version=version)
        told += [_told(amina.send(xml, language=language)) for _ in range(2)]
    assert told[0][0] == "201 CREATED"
    assert told == [told[0]] * 4


def test_what_was_handed_in_by_one_way_is_known_by_the_other(
    world: World, amina: Collect, past_flask: Callable[[bool], None]
) -> None:
    for first in (True, False):
        record = world.uuid()
        for short in (first, not first):
            past_flask(short)
            amina.sends(visit(record))
        past_flask(False)
        assert len(said_of(world, record)) == 1


@pytest.mark.parametrize(
    "body",
    ["no XML", "<!DOCTYPE data><data/>", "<data/>", '<data id="visit">' + "<a>" * 300 + "</a>" * 300 + "</data>"],
)
def test_what_is_refused_is_refused_alike(
    world: World, amina: Collect, past_flask: Callable[[bool], None], body: str
) -> None:
    either = amina.send(body, language="fr")
    past_flask(False)
    ordinary = amina.send(body, language="fr")
    assert 400 <= either.status_code < 500
    assert message(either) == message(ordinary)
    assert _told(either) == _told(ordinary)


def test_a_database_that_is_locked_is_waited_for_once_and_told_alike(
    world: World, amina: Collect, past_flask: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[object] = []

    def locked(_database: object, work: object) -> None:
        waited.append(work)
        raise Busy("OperationalError")

    told = []
    for short in (True, False):
        past_flask(short)
        monkeypatch.setattr(Database, "write", locked)
        told.append(_told(amina.send(visit(world.uuid()), language="fr")))
    assert told[0][0] == "503 SERVICE UNAVAILABLE"
    assert told[0] == told[1]
    assert len(waited) == 2


def _post(phone: Collect, body: bytes, **environ: str) -> TestResponse:
    kind = "multipart/form-data; boundary=x"
    path = f"{phone.base}/submission"
    return phone.client.post(path, data=body, content_type=kind, environ_overrides=environ)


def _lone(xml: str) -> bytes:
    head = 'Content-Disposition: form-data; name="xml_submission_file"; filename="a.xml"'
    return f"--x\r\n{head}\r\n\r\n{xml}\r\n--x--\r\n".encode()


def test_a_packed_body_goes_through_flask_and_is_taken(world: World, amina: Collect) -> None:
    packed, plain = world.uuid(), world.uuid()
    assert _post(amina, gzip.compress(_lone(visit(packed))), HTTP_CONTENT_ENCODING="gzip").status_code == 201
    assert _post(amina, _lone(visit(plain))).status_code == 201
    assert [len(said_of(world, record)) for record in (packed, plain)] == [1, 1]


@pytest.mark.parametrize("length", ["9999", "10", "1e3", "9" * 5000])
def test_a_length_that_is_not_that_of_the_body_hands_nothing_in(world: World, amina: Collect, length: str) -> None:
    record = world.uuid()
    body = _lone(visit(record))
    assert _post(amina, body, CONTENT_LENGTH=length).status_code == 400
    assert said_of(world, record) == []


def test_a_secret_that_nobody_bears_goes_through_flask_and_is_refused(world: World, amina: Collect) -> None:
    stranger = Collect(world, amina.phone)
    stranger.base = "/v1/key/" + "A" * len(amina.phone.token)
    assert stranger.send(visit(world.uuid())).status_code == 403
