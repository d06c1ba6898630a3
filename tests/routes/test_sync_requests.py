"""Whole requests: compression, refusals as problem documents, and nothing kept of what is refused."""

import gzip
import random
import zlib
from typing import Any

import msgspec
import pytest
import zstandard
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from fieldsync.config import Settings
from tests.world import Json, Phone, World


def stored(world: World) -> int:
    """Everything that a refused request might have left behind."""
    tables = ("operation", "quarantine", "record", "change_log", "void", "receipt")
    with world.engine.connect() as connection:
        return sum(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables)


def assert_refused(world: World, response: TestResponse, status: int, code: str) -> Json:
    """A problem document with this status, and nothing kept."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    said: Json = response.get_json(force=True)
    assert said["status"] == status
    assert said["code"] == code
    assert said["type"].endswith(code)
    assert said["title"]
    assert stored(world) == 0
    return said


def packed(how: str, body: bytes) -> bytes:
    return gzip.compress(body) if how == "gzip" else zstandard.compress(body)


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_batches_and_answers_travel_compressed(world: World, how: str) -> None:
    amina = world.phone()
    body = msgspec.json.encode(amina.request([amina.says() for _ in range(20)]))
    response = amina.post(packed(how, body), Content_Encoding=how, Accept_Encoding=how)
    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == how
    content = gzip.decompress(response.data) if how == "gzip" else zstandard.decompress(response.data)
    answer = msgspec.json.decode(content)
    assert [result["status"] for result in answer["results"]] == ["applied"] * 20
    assert len(answer["records"]) == 20


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_is_unpacked(world: World, how: str) -> None:
    amina = world.phone()
    bomb = packed(how, b'{"operations":"' + b" " * 50_000_000 + b'"}')
    assert len(bomb) < 64 * 1024
    said = assert_refused(world, amina.post(bomb, Content_Encoding=how), 413, "too_large")
    assert "8192 KiB" in said["limits"]


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_body_that_breaks_off_is_refused(world: World, how: str) -> None:
    amina = world.phone()
    body = packed(how, msgspec.json.encode(amina.request([amina.says() for _ in range(20)])))
    assert_refused(world, amina.post(body[: len(body) // 2], Content_Encoding=how), 400, "not_json")
    assert_refused(world, amina.post(b"neither", Content_Encoding=how), 400, "not_json")


def test_many_tiny_gzip_members_are_refused(world: World) -> None:
    amina = world.phone()
    body = gzip.compress(b"") * 40_000
    assert_refused(world, amina.post(body, Content_Encoding="gzip"), 400, "not_json")


def test_two_gzip_members_are_one_body(world: World) -> None:
    amina = world.phone()
    body = msgspec.json.encode(amina.request([amina.says()]))
    response = amina.post(gzip.compress(body[:40]) + gzip.compress(body[40:]), Content_Encoding="gzip")
    assert response.status_code == 200


def test_a_zstd_frame_that_asks_for_much_memory_is_refused(world: World) -> None:
    amina = world.phone()
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = packer.compress(msgspec.json.encode(amina.request())) + packer.flush()
    assert_refused(world, amina.post(body, Content_Encoding="zstd"), 400, "not_json")


def test_an_unknown_compression_is_refused(world: World) -> None:
    amina = world.phone()
    assert_refused(world, amina.post(zlib.compress(b"{}"), Content_Encoding="br"), 415, "unsupported_encoding")


def test_a_body_over_the_packed_limit_is_refused(world: World) -> None:
    amina = world.phone()
    noise = random.Random(1).randbytes(1024 * 1024 + 1)
    assert_refused(world, amina.post(noise), 413, "too_large")


def test_too_many_operations_are_refused_with_the_limit(world: World) -> None:
    amina = world.phone()
    said = assert_refused(world, amina.ask([amina.says() for _ in range(1001)]), 413, "too_large")
    assert "1000 operations" in said["limits"]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nobody", "Basic abc"])
def test_an_unknown_token_is_refused(world: World, token: str) -> None:
    amina = world.phone()
    response = amina.post(msgspec.json.encode(amina.request([amina.says()])), Authorization=token)
    assert_refused(world, response, 401, "unknown_token")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_another_protocol_is_refused(world: World) -> None:
    amina = world.phone()
    assert_refused(world, amina.ask([amina.says()], protocol=2), 426, "protocol_not_spoken")


WRONG_SHAPES: list[tuple[bytes, str]] = [
    (b"", "not_json"),
    (b"{", "not_json"),
    (b"\xff\xfe", "not_json"),
    (b"[]", "not_json"),
    (b'{"protocol":1}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":{}}', "wrong_shape"),
    (b'{"protocol":1,"now":-1,"operations":[]}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":[],"limit":0}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":[],"limit":1001}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":[],"pull":"everything"}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":[],"void":[[0,"x"]]}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":[],"cursor":7}', "wrong_shape"),
    (b'{"protocol":1,"now":0,"operations":[' + b"[" * 5000 + b"]" * 5000 + b"]}", "unreadable_id"),
]


@pytest.mark.parametrize(("body", "code"), WRONG_SHAPES, ids=range(len(WRONG_SHAPES)))
def test_what_is_not_this_shape_is_refused(world: World, body: bytes, code: str) -> None:
    assert_refused(world, world.phone().post(body), 400, code)


UNREADABLE: list[Any] = [
    None, 7, "x", [], {}, {"id": None}, {"id": []}, {"id": ["a"]}, {"id": ["a", "b"]}, {"id": [1, 2]},
    {"id": ["a", 1, 2, 3]}, {"id": ["a\x00b", 1]}, {"id": ["a", 1.5]}, {"id": ["x" * 101, 1]}, {"id": ["a", 2**70]},
    {"id": ["a", True]},
]  # fmt: skip


@pytest.mark.parametrize("odd", UNREADABLE, ids=range(len(UNREADABLE)))
def test_one_operation_without_a_readable_id_refuses_the_batch_and_nothing_is_kept(world: World, odd: Any) -> None:
    amina = world.phone()
    assert_refused(world, amina.ask([amina.says(), odd]), 400, "unreadable_id")


ODD_BUT_READABLE: list[tuple[Any, str]] = [
    (["UPPER", 1], "not_your_author"),
    (["", 1], "not_your_author"),
    (["{own}", 0], "bad_id"),
    (["{own}", -4], "bad_id"),
    (["{own}", 10**16], "bad_id"),
    (["{own}", 7, 1], "bad_id"),
    (["مواكبة", 1], "not_your_author"),
]


@pytest.mark.parametrize(("id", "code"), ODD_BUT_READABLE, ids=range(len(ODD_BUT_READABLE)))
def test_a_readable_id_always_gets_a_result(world: World, id: list[Any], code: str) -> None:
    amina = world.phone()
    good, odd = amina.says(), amina.says()
    odd["id"] = [amina.author if id[0] == "{own}" else id[0], *id[1:]]
    results = amina.tells(good, odd)
    assert [result["status"] for result in results] == ["applied", "quarantined"]
    assert code in [problem["code"] for problem in results[1]["problems"]]


def test_lone_surrogates_are_wrong_in_themselves_and_kept_as_bytes(world: World) -> None:
    amina = world.phone()
    said = msgspec.json.encode(amina.request([amina.says(writes={"name": "@@"}), amina.says()]))
    response = amina.post(said.replace(b"@@", b"\\ud800"))
    assert [result["status"] for result in response.get_json()["results"]] == ["quarantined", "applied"]
    with world.engine.connect() as connection:
        body = bytes(connection.execute(text("SELECT body FROM quarantine")).scalar_one())
    assert b"\\ud800" in body


def test_messages_come_in_the_readers_language(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"colour": "mauve"})
    body = msgspec.json.encode(amina.request([said]))
    titles = {
        language: amina.post(body, Accept_Language=language).get_json()["results"][0]["problems"][0]["message"]
        for language in ("ar", "fr", "en", "de")
    }
    assert len({titles["ar"], titles["fr"], titles["en"]}) == 3
    assert titles["de"] == titles["en"]


def test_members_that_this_version_does_not_know_are_no_reason_to_refuse(world: World) -> None:
    amina = world.phone()
    assert amina.statuses(amina.says(mood="tired")) == ["applied"]
    assert amina.ask([amina.says()], weather={"rain": True}).status_code == 200


@pytest.fixture
def narrow(engine: Engine) -> Phone:
    """A phone of a server with small limits."""
    settings = Settings(
        request_packed_bytes_max=64 * 1024, request_unpacked_bytes_max=64 * 1024, batch_operations_max=3
    )
    return World(engine, settings).phone()


def test_the_limits_are_the_operators(narrow: Phone) -> None:
    assert narrow.ask([narrow.says() for _ in range(4)]).status_code == 413
    assert (
        narrow.ask([narrow.says(writes={"name": "x" * 60_000}), narrow.says(writes={"name": "x" * 9_000})]).status_code
        == 413
    )
    assert narrow.ask([narrow.says() for _ in range(3)]).status_code == 200
    narrow.world.database.close()
