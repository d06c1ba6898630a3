"""An operator takes encrypted submissions out, and whoever has the key opens them on another machine."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from tests.journeys.operator_at_terminal import Operator
from tests.routes.collect import Collect, visit
from tests.routes.test_openrosa_encrypted import PRIVATE, publish_encrypted, sealed
from tests.world import World


@pytest.fixture
def beside(sqlite_engine: Engine) -> tuple[World, Operator]:
    """A world whose visits are encrypted, and an operator who works on its data."""
    folder = Path(str(sqlite_engine.url.database)).parent
    world = World(sqlite_engine, Settings(data=folder))
    publish_encrypted(world)
    return world, Operator(folder)


def test_encrypted_submissions_leave_as_they_came_and_open_with_the_key(
    beside: tuple[World, Operator], tmp_path: Path
) -> None:
    world, operator = beside
    answers = visit("a", "<name>Amina</name>", version="9").encode()
    xml, files = sealed(world.uuid(), {"face.jpg": b"face"}, answers)
    Collect(world).send(xml, files)
    target, key = tmp_path / "stick", tmp_path / "private.pem"
    key.write_bytes(PRIVATE)
    said = operator.types("submission", "export", "visit", "--association", "amal", "--out", target)
    assert said.json == {"submissions": 1, "missing_files": 0}
    assert operator.types("submission", "export", "visit", "--association", "amal", "--out", target).code == 1

    elsewhere = Operator(tmp_path / "no-server")
    assert elsewhere.types("submission", "decrypt", target, "--key", key).json == {"opened": 1, "failed": 0}
    [clear] = target.glob("*/decrypted/submission.xml")
    assert clear.read_bytes() == answers
    [photo] = target.glob("*/face.jpg.enc")
    photo.unlink()
    without = elsewhere.types("submission", "decrypt", target, "--key", key)
    told = [{"folder": photo.parent.name, "code": "sealed_file_missing", "file": "face.jpg.enc"}]
    assert (without.code, without.json) == (1, {"opened": 1, "failed": 0, "problems": told})
    photo.with_name("submission.xml.enc").unlink()
    gone = elsewhere.types("submission", "decrypt", target, "--key", key)
    assert (gone.code, gone.json["failed"], gone.json["problems"][0]["code"]) == (1, 1, "sealed_record_missing")
    key.write_bytes(b"no key")
    assert elsewhere.types("submission", "decrypt", target, "--key", key).code == 1


@pytest.mark.parametrize("name", ["..", ".", "submission.xml", "decrypted", "ص" * 200 + ".jpg"])
def test_a_file_with_a_name_that_no_file_can_have_there_lies_under_its_digest(
    sqlite_engine: Engine, tmp_path: Path, name: str
) -> None:
    """Nor does it lie over the record."""
    folder = Path(str(sqlite_engine.url.database)).parent
    world, operator = World(sqlite_engine, Settings(data=folder)), Operator(folder)
    record = visit(world.uuid(), f"<name>Amina</name><photo>{name}</photo>")
    assert Collect(world).send(record, {name: b"face"}).status_code == 201
    target = tmp_path / "stick"
    said = operator.types("submission", "export", "visit", "--association", "amal", "--out", target)
    assert said.json == {"submissions": 1, "missing_files": 0}
    [kept] = target.glob("*/submission.xml")
    assert kept.read_text() == record
    assert (kept.parent / hashlib.sha256(b"face").hexdigest()).read_bytes() == b"face"
