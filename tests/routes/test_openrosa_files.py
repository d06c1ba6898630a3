"""Photos by ODK Collect: in one request or many, before or after what names them, and never twice."""

import errno
import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import EnvironBuilder

from fieldsync.config import Settings
from fieldsync.services import desk, uploads
from fieldsync.store.file_store import FolderStore
from tests.attachments import photos
from tests.attachments.photos import Photo
from tests.routes import callers
from tests.routes.collect import Collect, message, quarantined, said_of, visit
from tests.web.visitor import visitor
from tests.world import HOUR_MS, World, codes

FACE, HANDS = b"\x00face" * 900, b"\x00hands" * 700


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def pictured(record: str, file: str = "", deprecated: str = "", name: str = "Amina") -> str:
    """A visit that names a photo, or none."""
    return visit(record, f"<name>{name}</name>" + (f"<photo>{file}</photo>" if file else ""), deprecated)


def photo(world: World, record: str) -> Any:
    return world.fields(record).get("photo")


def is_incomplete(world: World, record: str) -> bool:
    shown = world.record(record)
    assert shown is not None
    return "file_missing" in codes(shown)


def read(world: World, record: str, data: bytes) -> bytes:
    """The file as a reviewer gets it."""
    sha256 = hashlib.sha256(data).hexdigest()
    response = callers.person(world, "association_reviewer").call("GET", f"records/{record}/files/{sha256}")
    assert response.status_code == 200, response.text
    return bytes(response.data)


def test_a_record_comes_with_its_photo(world: World, amina: Collect) -> None:
    record = world.uuid()
    assert amina.send(pictured(record, "face.jpg"), {"face.jpg": FACE}).status_code == 201
    assert photo(world, record) == {
        "file": "face.jpg",
        "sha256": hashlib.sha256(FACE).hexdigest(),
        "size": len(FACE),
        "type": "image/jpeg",
    }
    assert not is_incomplete(world, record)
    assert read(world, record, FACE) == FACE
    assert len(said_of(world, record)) == 1


@pytest.mark.parametrize("marked", [True, False], ids=["collect", "enketo"])
def test_a_series_of_requests_adds_the_photos_one_by_one(world: World, amina: Collect, marked: bool) -> None:
    """Collect marks all but the last with *isIncomplete*; Enketo marks none."""
    record = world.uuid()
    xml = pictured(record, "face.jpg")
    assert amina.send(xml, {"notes.txt": b"beside"}, more=marked).status_code == 201
    assert is_incomplete(world, record) and photo(world, record) is None
    assert amina.send(xml, {"face.jpg": FACE}).status_code == 201
    assert not is_incomplete(world, record)
    assert read(world, record, FACE) == FACE
    for files in ({"face.jpg": FACE}, {"notes.txt": b"beside"}, {}):
        assert amina.send(xml, files).status_code == 201
    assert len(said_of(world, record)) == 2


def test_a_phone_that_pulls_learns_that_the_photo_came(world: World, amina: Collect) -> None:
    other, record = world.phone(), world.uuid()
    amina.sends(pictured(record, "face.jpg"))
    assert [codes(each) for each in other.pulls()] == [["file_missing"]]
    amina.send(pictured(record, "face.jpg"), {"face.jpg": FACE})
    assert [codes(each) for each in other.pulls()] == [[]]


def test_the_photo_of_a_form_version_that_is_to_come_waits_with_its_record(world: World, amina: Collect) -> None:
    record = world.uuid()
    xml = visit(record, "<name>Amina</name><photo>face.jpg</photo>", version="2")
    assert amina.send(xml, {"face.jpg": FACE}).status_code == 201
    world.publish("visit 2")
    assert read(world, record, FACE) == FACE
    assert not is_incomplete(world, record)


def test_an_edit_keeps_the_photo_that_it_does_not_send_again(world: World, amina: Collect) -> None:
    first, second, third = world.uuid(), world.uuid(), world.uuid()
    amina.send(pictured(first, "face.jpg"), {"face.jpg": FACE})
    amina.sends(pictured(second, "face.jpg", deprecated=first, name="Aicha"))
    amina.sends(pictured(third, "face.jpg", deprecated=second, name="Fatima"))
    assert world.fields(first)["name"] == "Fatima"
    assert photo(world, first)["sha256"] == hashlib.sha256(FACE).hexdigest()
    assert not is_incomplete(world, first)


def test_an_edit_takes_away_a_photo_that_came_late(world: World, amina: Collect) -> None:
    first, second = world.uuid(), world.uuid()
    amina.sends(pictured(first, "face.jpg"))
    amina.send(pictured(first, "face.jpg"), {"face.jpg": FACE})
    amina.sends(pictured(second, deprecated=first))
    assert photo(world, first) is None


def test_a_photo_that_comes_after_the_edit_that_took_it_away_stays_away(world: World, amina: Collect) -> None:
    first, second = world.uuid(), world.uuid()
    amina.sends(pictured(first, "face.jpg"))
    amina.sends(pictured(second, deprecated=first))
    assert amina.send(pictured(first, "face.jpg"), {"face.jpg": FACE}).status_code == 201
    assert photo(world, first) is None
    assert not is_incomplete(world, first)


def test_a_late_photo_of_a_record_whose_edit_came_first_is_not_shown_over_the_edits(
    world: World, amina: Collect
) -> None:
    first, second = world.uuid(), world.uuid()
    amina.send(pictured(second, "hands.jpg", deprecated=first), {"hands.jpg": HANDS})
    amina.sends(pictured(first, "face.jpg"))
    assert amina.send(pictured(first, "face.jpg"), {"face.jpg": FACE}).status_code == 201
    assert photo(world, first)["sha256"] == hashlib.sha256(HANDS).hexdigest()
    assert not is_incomplete(world, first)


def test_a_disk_that_is_full_asks_the_phone_to_come_again(
    world: World, amina: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    record = world.uuid()
    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "put", is_full)
        assert amina.send(pictured(record, "face.jpg"), {"face.jpg": FACE}).status_code == 503
    assert amina.send(pictured(record, "face.jpg"), {"face.jpg": FACE}).status_code == 201
    assert read(world, record, FACE) == FACE


def test_an_edit_decides_which_photos_are_still_awaited(world: World, amina: Collect) -> None:
    without, with_it = world.uuid(), world.uuid()
    amina.sends(pictured(without, "a.jpg"))
    amina.sends(pictured(with_it, "b.jpg"))
    assert is_incomplete(world, without) and is_incomplete(world, with_it)
    amina.sends(pictured(world.uuid(), "", deprecated=without))
    assert not is_incomplete(world, without)
    edit = pictured(world.uuid(), "b.jpg", deprecated=with_it)
    amina.sends(edit)
    assert is_incomplete(world, with_it)
    assert amina.send(edit, {"b.jpg": b"photo"}).status_code == 201
    assert not is_incomplete(world, with_it)
    assert photo(world, with_it)["file"] == "b.jpg"


def test_an_edit_that_comes_before_its_record_decides_which_photos_are_awaited(world: World, amina: Collect) -> None:
    without, with_it = world.uuid(), world.uuid()
    amina.sends(pictured(world.uuid(), "", deprecated=without))
    amina.sends(pictured(without, "a.jpg"))
    assert not is_incomplete(world, without)
    edit = pictured(world.uuid(), "b.jpg", deprecated=with_it)
    amina.sends(edit)
    amina.sends(pictured(with_it, "b.jpg"))
    assert is_incomplete(world, with_it)
    assert amina.send(edit, {"b.jpg": b"photo"}).status_code == 201
    assert not is_incomplete(world, with_it)


def test_a_photo_that_only_the_late_record_brings_is_the_edits_too(world: World, amina: Collect) -> None:
    """The edit names it and does not bring it, since what it replaces does."""
    for late in (amina, Collect(world)):
        record, edit, last = world.uuid(), world.uuid(), world.uuid()
        amina.sends(pictured(edit, "a.jpg", deprecated=record, name="Amina B."))
        amina.sends(pictured(last, "a.jpg", deprecated=edit, name="Amina C."))
        assert is_incomplete(world, record)
        assert late.send(pictured(record, "a.jpg"), {"a.jpg": FACE}).status_code == 201
        shown = world.record(record)
        assert shown is not None and shown["conflicts"] == {}
        assert (shown["fields"]["name"], photo(world, record)["sha256"]) == (
            "Amina C.",
            hashlib.sha256(FACE).hexdigest(),
        )
        assert not is_incomplete(world, record)
        amina.sends(pictured(world.uuid(), "a.jpg", deprecated=last, name="Amina D."))
        assert photo(world, record)["file"] == "a.jpg" and not is_incomplete(world, record)


def test_a_photo_of_the_record_that_comes_after_its_edit_is_the_edits_too(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(pictured(record, "a.jpg"))
    amina.sends(pictured(world.uuid(), "a.jpg", deprecated=record, name="Amina B."))
    assert is_incomplete(world, record)
    for _ in range(2):
        assert amina.send(pictured(record, "a.jpg"), {"a.jpg": FACE}).status_code == 201
    assert not is_incomplete(world, record)
    assert (world.fields(record)["name"], photo(world, record)["file"]) == ("Amina B.", "a.jpg")


def test_a_photo_that_comes_after_an_edit_in_quarantine_is_said(world: World, amina: Collect) -> None:
    record = world.uuid()
    original = pictured(record, "a.jpg")
    amina.sends(original)
    amina.sends(pictured(world.uuid(), "", deprecated=record).replace("</name>", "</name><age>many</age>"))
    assert amina.send(original, {"a.jpg": b"photo"}).status_code == 201
    assert photo(world, record)["file"] == "a.jpg"
    assert not is_incomplete(world, record)


def test_it_is_told_which_questions_wait_for_a_file(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(pictured(record, "a.jpg"))
    shown = world.record(record)
    assert shown is not None
    assert [(each["code"], each["path"]) for each in shown["problems"]] == [("file_missing", "photo")]
    page = visitor(world, "association_reviewer").opens(f"/submissions/visit/{record}").text
    answer = page.partition('data-path="photo"')[2].partition("</dd>")[0]
    assert "Le fichier joint n’est pas encore arrivé." in answer
    assert "pas de réponse" not in answer  # there is one, and it is on its way


def test_an_edit_brings_another_photo_of_the_same_name(world: World, amina: Collect) -> None:
    first, second = world.uuid(), world.uuid()
    amina.send(pictured(first, "face.jpg"), {"face.jpg": FACE})
    amina.send(pictured(second, "face.jpg", deprecated=first), {"face.jpg": HANDS})
    assert photo(world, first)["sha256"] == hashlib.sha256(HANDS).hexdigest()


def test_a_photo_for_a_record_that_was_deleted_is_thanked_for(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(pictured(record, "face.jpg"))
    world.at_desk(desk.delete, record)
    assert amina.send(pictured(record, "face.jpg"), {"face.jpg": FACE}).status_code == 201


def test_the_same_photo_by_tus_and_by_openrosa_is_one(world: World, amina: Collect) -> None:
    phone, told = world.phone(), photos.Photo(FACE, "mine.jpg")
    said = phone.says(writes={"name": "Aicha", "photo": told.answer()})
    phone.tells(said)
    assert is_incomplete(world, said["record"])
    amina.send(pictured(world.uuid(), "face.jpg"), {"face.jpg": FACE})
    assert not is_incomplete(world, said["record"])
    assert photos.announce(phone, told).headers["Upload-Offset"] == str(len(FACE))


def test_the_photo_of_a_revoked_phone_is_kept_and_nobody_sees_it(world: World, amina: Collect) -> None:
    world.revoke(amina.phone)
    record = world.uuid()
    told = amina.send(pictured(record, "face.jpg"), {"face.jpg": FACE})
    assert told.status_code == 201 and "set apart" in message(told)
    assert len(quarantined(world)) == 1
    assert world.record(record) is None


def test_a_film_may_be_as_large_as_announced_whatever_other_requests_may_be(engine: Engine, tmp_path: Path) -> None:
    world = World(engine, Settings(data=tmp_path, request_packed_bytes_max=64 * 1024))
    amina, record, film = Collect(world), world.uuid(), b"film" * (512 * 1024)
    assert amina.send(pictured(record, "film.mp4"), {"film.mp4": film}).status_code == 201
    assert photo(world, record)["size"] == len(film)
    world.database.close()


@pytest.mark.parametrize("name", ["../secret", "x" * 300])
def test_a_name_that_is_a_path_is_refused(world: World, amina: Collect, name: str) -> None:
    assert amina.send(pictured(world.uuid(), "face.jpg"), {name: FACE}).status_code == 400


def test_a_packed_request_may_carry_a_photo(world: World, amina: Collect) -> None:
    record = world.uuid()
    builder = EnvironBuilder(
        method="POST",
        data={
            "xml_submission_file": (io.BytesIO(pictured(record, "face.jpg").encode()), "r.xml", "text/xml"),
            "face.jpg": (io.BytesIO(FACE), "face.jpg", "image/jpeg"),
        },
    )
    built = builder.get_request()
    sent = amina.client.post(
        f"{amina.base}/submission",
        data=gzip.compress(built.get_data()),
        headers={"Content-Encoding": "gzip"},
        content_type=str(built.content_type),
    )
    assert sent.status_code == 201, sent.text
    assert read(world, record, FACE) == FACE


KIB = 1024


@pytest.fixture
def narrow(engine: Engine, tmp_path: Path) -> Iterator[World]:
    """A server with little room for files."""
    room = Settings(
        data=tmp_path,
        attachment_bytes_max=64 * KIB,
        attachments_waiting_bytes_max=KIB * KIB,
        attachments_day_bytes_max=KIB * KIB,
    )
    made = World(engine, room)
    yield made
    made.database.close()


def test_answers_are_kept_where_there_is_no_room_for_their_photos_which_come_later(narrow: World) -> None:
    """Collect shows the message, keeps its copy, and sends everything again."""
    amina, records = Collect(narrow), [narrow.uuid() for _ in range(20)]
    photos_of = {record: f"{record}".encode() * 1700 for record in records}
    said = {each: amina.send(pictured(each, "a.jpg"), {"a.jpg": photos_of[each]}) for each in records}
    refused = [each for each, response in said.items() if response.status_code != 201]
    assert 0 < len(refused) < len(records)
    assert {said[each].status_code for each in refused} == {413}
    assert "answers were received" in message(said[refused[0]])
    for each in records:
        assert narrow.fields(each)["name"] == "Amina"
        assert is_incomplete(narrow, each) == (each in refused)
    assert amina.send(pictured(refused[0], "a.jpg"), {"a.jpg": photos_of[refused[0]]}).status_code == 413
    assert amina.send(pictured(records[0], "a.jpg"), {"a.jpg": photos_of[records[0]]}).status_code == 201
    coordinator = visitor(narrow, "coordinator")
    device = "Answers still come in"
    assert device in coordinator.opens(f"/phones/{amina.phone.author}", Accept_Language="en").text
    narrow.now_ms += 25 * HOUR_MS
    for each in refused:
        assert amina.send(pictured(each, "a.jpg"), {"a.jpg": photos_of[each]}).status_code == 201
        assert not is_incomplete(narrow, each)
    assert len(said_of(narrow, refused[0])) == 2
    assert not list(uploads.open_files(narrow.settings).partial.folder.iterdir())


def test_a_file_that_is_too_large_is_told_and_its_answers_and_other_files_are_kept(narrow: World) -> None:
    amina, record = Collect(narrow), narrow.uuid()
    files = {"big.mp4": b"x" * (64 * 1024 + 1), "a.jpg": FACE}
    response = amina.send(pictured(record, "a.jpg"), files, language="fr")
    assert response.status_code == 413
    assert "64 KiB" in message(response) and "réponses sont reçues" in message(response)
    assert photo(narrow, record)["file"] == "a.jpg"


def test_files_that_no_record_names_take_the_room_of_their_phone_only(narrow: World) -> None:
    amina, zineb = Collect(narrow), Collect(narrow)
    xml = pictured(narrow.uuid())
    tiny = {f"{number}.txt": f"{number}".encode() for number in range(300)}
    assert amina.send(xml, tiny).status_code == 413  # a tiny file takes a block
    assert zineb.send(pictured(narrow.uuid(), "a.jpg"), {"a.jpg": FACE}).status_code == 201
    announced = photos.announce(amina.phone, Photo(b"z" * 5000))
    assert (announced.status_code, announced.get_json()["code"]) == (413, "uploads_full")


def test_a_phone_that_brought_much_today_brings_the_rest_tomorrow_by_tus_too(narrow: World) -> None:
    amina = Collect(narrow)
    for number in range(17):
        amina.send(pictured(narrow.uuid(), "a.jpg"), {"a.jpg": bytes([number]) * 62_000})
    announced = photos.announce(amina.phone, Photo(b"z" * 60_000))
    assert (announced.status_code, announced.get_json()["code"]) == (429, "files_of_day")
    narrow.now_ms += 25 * HOUR_MS
    assert photos.announce(amina.phone, Photo(b"z" * 60_000)).status_code == 201
