"""What ODK Collect is refused: nothing of it is kept, the phone keeps it all and reads why."""

import gzip
from typing import Any

import pytest
import zstandard

from tests.routes.collect import Collect, message, quarantined, visit
from tests.world import World


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<data",
        b"not xml",
        b'<data id="visit" version="1"><name>Amina</data>',
        b'<!DOCTYPE d [<!ENTITY x "y">]><data id="visit" version="1"><name>&x;</name></data>',
        '<?xml version="1.0" encoding="UTF-16"?><data id="visit"/>'.encode("utf-16"),
        b"<data><name>Amina</name></data>",
        b'<data id="' + b"v" * 300 + b'"/>',
        b'<data id="visit" version="1">' + b"<a>" * 100 + b"</a>" * 100 + b"</data>",
        b'<data id="visit" version="1">' + b"<a/>" * 60_000 + b"</data>",
    ],
)
def test_what_is_no_record_is_refused_in_words_and_nothing_is_kept(world: World, amina: Collect, body: bytes) -> None:
    refused = amina.send(body)
    assert refused.status_code == 400
    assert message(refused)
    assert world.hub().pulls() == [] and quarantined(world) == []


@pytest.mark.parametrize("depth", [100, 300, 5000])
def test_what_is_nested_too_deep_is_told_so_however_deep(amina: Collect, depth: int) -> None:
    body = b'<data id="visit" version="1">' + b"<a>" * depth + b"</a>" * depth + b"</data>"
    assert "deeper than a form makes" in message(amina.send(body))


def test_a_request_without_the_record_or_with_two_is_refused(amina: Collect) -> None:
    path = f"{amina.base}/submission"
    for response in (
        amina.client.post(path, data={"other": "x"}),
        amina.client.post(path, data=b"x", content_type="multipart/form-data"),
        amina.client.post(path, data={"xml_submission_file": [visit("a"), visit("b")]}),
        amina.client.post(path),
    ):
        assert response.status_code == 400
        assert message(response)


def test_a_packed_body_is_unpacked_within_limits(world: World, amina: Collect) -> None:
    record = world.uuid()
    head = b'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="x.xml"\r\n\r\n'
    kind = "multipart/form-data; boundary=b"

    def post(body: bytes, packing: str = "gzip") -> Any:
        headers = {"Content-Encoding": packing}
        return amina.client.post(f"{amina.base}/submission", data=body, headers=headers, content_type=kind)

    assert post(gzip.compress(head + visit(record).encode() + b"\r\n--b--\r\n")).status_code == 201
    assert world.fields(record)["name"] == "Amina"
    blank = b" " * (world.settings.request_unpacked_bytes_max + 1)
    for bomb in (
        post(gzip.compress(blank)),
        post(gzip.compress(head + blank + b"\r\n--b--\r\n")),
        post(zstandard.ZstdCompressor().compress(head + blank + b"\r\n--b--\r\n"), "zstd"),
    ):
        assert bomb.status_code in (400, 413) and message(bomb)
    assert post(b"no gzip").status_code == 400


def test_a_large_record_is_kept_even_where_it_is_too_large_for_an_operation(world: World, amina: Collect) -> None:
    told = amina.sends(visit(world.uuid(), f"<name>{'a' * 70_000}</name>"))
    assert "set apart" in told
    [kept] = quarantined(world)
    assert kept["problems"][0]["code"] == "operation_too_large"
    amina.sends(visit(world.uuid()))
