"""Requests larger than announced: the answers are kept where they come first, and the phone is told what to do."""

import io
from pathlib import Path

from sqlalchemy import Engine

from fieldsync.config import Settings
from tests.routes.collect import Collect, message, said_of
from tests.routes.test_openrosa_files import FACE, is_incomplete, photo, pictured
from tests.world import World


def test_a_film_larger_than_announced_stays_on_the_phone_and_its_answers_are_here(
    engine: Engine, tmp_path: Path
) -> None:
    world = World(engine, Settings(data=tmp_path, openrosa_bytes_max=1024 * 1024))
    amina, record = Collect(world), world.uuid()
    for _ in range(2):
        refused = amina.send(pictured(record, "film.mp4"), {"film.mp4": b"x" * (1024 * 1024)}, language="fr")
        assert refused.status_code == 413
        assert "1024 KiB" in message(refused) and "réponses sont reçues" in message(refused)
    assert len(said_of(world, record)) == 1
    assert world.fields(record)["name"] == "Amina" and is_incomplete(world, record)
    assert amina.send(pictured(record, "film.mp4"), {"film.mp4": FACE}).status_code == 201
    assert photo(world, record)["file"] == "film.mp4"
    world.database.close()


def test_photos_that_are_too_large_together_are_told_so_and_come_one_by_one(engine: Engine, tmp_path: Path) -> None:
    world = World(engine, Settings(data=tmp_path, openrosa_bytes_max=1024 * 1024))
    amina, record = Collect(world), world.uuid()
    xml, half = pictured(record, "a.jpg"), b"x" * (600 * 1024)
    refused = amina.send(xml, {"a.jpg": half, "b.jpg": half})
    assert refused.status_code == 413
    assert "with all its files" in message(refused) and "in several parts" in message(refused)
    assert is_incomplete(world, record)
    for name in ("a.jpg", "b.jpg"):
        assert amina.send(xml, {name: half}).status_code == 201
    assert not is_incomplete(world, record)
    world.database.close()


def test_what_is_larger_than_announced_and_does_not_begin_with_a_whole_record_is_refused_whole(
    engine: Engine, tmp_path: Path
) -> None:
    world = World(engine, Settings(data=tmp_path, openrosa_bytes_max=1024 * 1024))
    amina, record = Collect(world), world.uuid()
    film = {"film.mp4": (io.BytesIO(b"x" * (1024 * 1024)), "film.mp4", "video/mp4")}
    last = film | {"xml_submission_file": (io.BytesIO(pictured(record).encode()), "r.xml", "text/xml")}
    for parts in (last, {"xml_submission_file": (io.BytesIO(b"<" * (1024 * 1024)), "r.xml", "text/xml")}):
        refused = amina.client.post(f"{amina.base}/submission", data=parts, content_type="multipart/form-data")
        assert refused.status_code == 413 and "Larger than allowed" in message(refused)
    assert world.record(record) is None
    world.database.close()
