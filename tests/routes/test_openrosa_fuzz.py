"""Anything may come to the address of submissions: each gets an answer in words, and what is acknowledged is kept."""

import gzip
import random
import re
import uuid
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from fieldsync.config import Settings
from tests.routes.collect import Collect, message, visit
from tests.world import World

SEEDS, LONG_SEEDS = range(400), range(400, 20_400)
SPELLINGS = {"ar": "[\u0600-\u06ff]", "fr": "’|é|La |Le |L", "en": "The |the |What "}
BOUNDARY = b"b0undary"
KIND = f"multipart/form-data; boundary={BOUNDARY.decode()}"
ANSWERS = (
    "<name>Amina</name><age>34</age><colour>red</colour>",
    "<name>فاطمة</name><children><called>Ali</called></children>",
    "<name/><likes>red green</likes><photo>a.jpg</photo>", "<shoe>42</shoe>", "<name>a</name><name>b</name>", "",
    "<age>dozen</age>", "<children/><children/>", "<name><name>deep</name></name>", f"<name>{'x' * 40_000}</name>",
)  # fmt: skip
SLIPS = (
    b"<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>",
    b"\x00", b"\xff\xfe",
    b"&#0;", b"&lol;", b"<![CDATA[", b"<a>" * 80, b"<x/>" * 200, b"<?xml version='1.0' encoding='UTF-7'?>",
    b" x='1' x='2'", b"\xc3\x28", b"<!--", b"]]>", b"<a:b/>", b"&#xD800;", "\u202e".encode(), b'" id="',
)  # fmt: skip


def _record(dice: random.Random) -> bytes:
    """A record, of a form that is here or not."""
    instance = dice.choice((str(uuid.UUID(int=dice.getrandbits(128), version=4)), str(uuid.UUID(int=1)), "", "x" * 300))
    form, version = dice.choice(
        (("visit", "1"),) * 4 + (("visit", "99"), ("unheard", "1"), ("visit", ""), ("é/..", "1"))
    )
    deprecated = dice.choice(("", "", "", str(uuid.UUID(int=1)), "nothing"))
    return visit(instance, dice.choice(ANSWERS), deprecated, form, version).encode()


def _spoilt(dice: random.Random, data: bytes) -> bytes:
    """Bytes with something cut, doubled, put in or changed."""
    at, to = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    way = dice.randrange(6)
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + data[to:]
    if way == 2:
        return data[:to] + data[at:]
    if way == 3:
        return data[:at] + dice.choice(SLIPS) + data[at:]
    if way == 4:
        return data.decode("utf-8", "replace").encode(dice.choice(("utf-16", "utf-8-sig", "latin-1")), "replace")
    return data[:at] + dice.randbytes(3) + data[at + 3 :]


def _body(dice: random.Random, record: bytes) -> bytes:
    name = dice.choice((b"xml_submission_file",) * 8 + (b"xml", b"xml_submission_file[]"))
    parts = [(name, b"r.xml", record)] * dice.choice((1,) * 8 + (0, 2))
    if dice.random() < 0.3:
        file = dice.choice((b"a.jpg", b"../a.jpg", b"", b"a\r\nb", "صورة.jpg".encode()))
        parts.append((file, file, dice.randbytes(dice.choice((0, 10, 3000)))))
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: text/xml\r\n\r\n%s\r\n'
    return b"".join(head % (BOUNDARY, *part) for part in parts) + b"--%s--\r\n" % BOUNDARY


def _packed(dice: random.Random, body: bytes) -> tuple[bytes, dict[str, str]]:
    kind = dice.choice(("", "", "", "gzip", "zstd", "br"))
    packed = {"gzip": gzip.compress(body, 1, mtime=0), "zstd": zstandard.ZstdCompressor().compress(body)}.get(
        kind, body
    )
    if kind and dice.random() < 0.2:
        packed = packed[: dice.randrange(len(packed))]
    return packed, {"Content-Encoding": kind} if kind else {}


def _posted(amina: Collect, dice: random.Random, language: str) -> TestResponse:
    record = _record(dice)
    if dice.random() < 0.7:
        record = _spoilt(dice, record)
    body = _body(dice, record)
    if dice.random() < 0.2:
        body = _spoilt(dice, body)
    body, packing = _packed(dice, body)
    kind = (
        KIND
        if dice.random() < 0.9
        else dice.choice(("text/xml", "multipart/form-data", "", "multipart/mixed; boundary=x"))
    )
    headers = {"X-OpenRosa-Version": "1.0", "Accept-Language": language, **packing}
    return amina.client.post(f"{amina.base}/submission", data=body, headers=headers, content_type=kind)


def _kept(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM openrosa_submission")).scalar_one())


def _holds(engine: Engine, folder: Path, seeds: range) -> None:
    """Every request is answered in OpenRosa's words; 201 is said of what is kept, and nothing else is kept."""
    world = World(engine, Settings(data=folder / "data"))
    amina, statuses = Collect(world), set[int]()
    for seed in seeds:
        dice = random.Random(seed)
        language, before = dice.choice(sorted(SPELLINGS)), _kept(world)
        response = _posted(amina, dice, language)
        statuses.add(response.status_code)
        assert response.status_code in (201, 400, 413, 415), (seed, response.status_code, response.data)
        assert re.search(SPELLINGS[language], message(response)), (seed, message(response))
        assert response.status_code == 201 or _kept(world) == before, seed
        again = _posted(amina, _same(seed), language)
        assert again.status_code == response.status_code, seed
        assert _kept(world) - before in (0, int(response.status_code == 201)), seed
    assert {201, 400} <= statuses
    assert _kept(world) > max(50, len(seeds) // 10), "a quarter bears a name of its own; half of those are spoilt"
    world.database.close()


def _same(seed: int) -> random.Random:
    """The dice of a seed, at the place where the request is thrown."""
    dice = random.Random(seed)
    dice.choice(sorted(SPELLINGS))
    return dice


def test_whatever_comes_is_answered_and_what_is_acknowledged_is_kept(engine: Engine, tmp_path: Path) -> None:
    _holds(engine, tmp_path, SEEDS)


@pytest.mark.long
@pytest.mark.parametrize("first", LONG_SEEDS[::2000])
def test_whatever_comes_is_answered_at_length(sqlite_engine: Engine, tmp_path: Path, first: int) -> None:
    _holds(sqlite_engine, tmp_path, range(first, first + 2000))
