"""A companion's pictures reach the server over a link that drops, and nothing is taken for what it is not."""

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.services import arrivals, uploads
from fieldsync.store import attachments
from tests.attachments import photos
from tests.attachments.photos import Photo
from tests.routes import callers
from tests.routes.collect import Collect, message, visit
from tests.world import Phone, World, codes

PHOTO = Photo(bytes(range(256)) * 40)
DAY_MS = 24 * 3600 * 1000


def files_of(world: World) -> uploads.Files:
    return uploads.open_files(world.settings)


def give_up(world: World) -> int:
    return uploads.give_up(world.database, world.settings, files_of(world), world.now_ms)


def test_a_record_is_whole_once_its_photo_has_come_in_pieces(world: World) -> None:
    phone, other = world.phone(), world.phone()
    visit = phone.says(writes={"name": "Amina", "photo": PHOTO.answer()})
    answer = phone.sync(visit)
    assert answer["durable_through"][phone.author] == 0
    assert codes(other.pulls()[0]) == ["file_missing"]

    where = photos.begin(phone, PHOTO)
    for start in range(0, len(PHOTO.data), 3000):
        assert photos.offset(phone, where) == start
        assert photos.add(phone, where, start, PHOTO.data[start : start + 3000]).status_code == 204
    assert photos.offset(phone, where) == len(PHOTO.data)

    assert phone.sync()["durable_through"][phone.author] == 1
    assert [codes(record) for record in other.pulls()] == [[]]
    coordinator = callers.person(world, "association_reviewer")
    path = f"records/{visit['record']}/files/{PHOTO.sha256}"
    response = coordinator.call("GET", path)
    assert (response.status_code, response.data) == (200, PHOTO.data)
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.mimetype == "application/octet-stream"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_a_photo_that_comes_before_its_record_waits_for_it(world: World) -> None:
    phone = world.phone()
    photos.send(phone, PHOTO)
    answer = phone.sync(phone.says(writes={"name": "Amina", "photo": PHOTO.answer()}))
    assert answer["durable_through"][phone.author] == 1
    world.now_ms += 60 * DAY_MS
    assert give_up(world) == 1  # the upload; the file stays
    assert world.read(lambda session: attachments.find(session, world.amal, PHOTO.sha256)) is not None


def test_a_file_that_nobody_names_goes_after_some_time(world: World) -> None:
    phone = world.phone()
    photos.send(phone, PHOTO)
    assert give_up(world) == 0
    world.now_ms += (world.settings.upload_days + 1) * DAY_MS
    assert give_up(world) == 2
    assert world.read(lambda session: attachments.find(session, world.amal, PHOTO.sha256)) is None
    assert list(files_of(world).store.read(f"{world.amal}/{PHOTO.sha256[:2]}/{PHOTO.sha256}") or ()) == []


def test_a_file_of_what_is_quarantined_stays(world: World) -> None:
    phone = world.phone()
    photos.send(phone, PHOTO)
    wrong = phone.says(writes={"name": "Amina", "age": "many", "photo": PHOTO.answer()})
    assert phone.statuses(wrong) == ["quarantined"]
    world.now_ms += (world.settings.upload_days + 1) * DAY_MS
    give_up(world)
    assert world.read(lambda session: attachments.find(session, world.amal, PHOTO.sha256)) is not None


def test_an_upload_that_rests_too_long_is_given_up(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    photos.add(phone, where, 0, PHOTO.data[:100])
    world.now_ms += 400 * 365 * DAY_MS // 100
    assert photos.ask(phone, "HEAD", where).status_code == 410
    assert give_up(world) == 1
    assert photos.ask(phone, "HEAD", where).status_code == 404


def test_what_the_association_has_is_complete_at_once_and_others_learn_nothing(world: World) -> None:
    phone, second = world.phone(), world.phone()
    photos.send(phone, PHOTO)
    assert photos.announce(second, PHOTO).headers["Upload-Offset"] == str(len(PHOTO.data))
    stranger = world.phone(association_id=world.add_association("other"))
    assert photos.announce(stranger, PHOTO).headers["Upload-Offset"] == "0"


def test_a_first_piece_may_come_with_the_announcement(world: World) -> None:
    phone = world.phone()
    said = {
        "Upload_Length": str(len(PHOTO.data)),
        "Upload_Metadata": photos.metadata(sha256=PHOTO.sha256, filename=PHOTO.name),
        "Content_Type": photos.BODY,
    }
    response = photos.ask(phone, "POST", photos.ATTACHMENTS, PHOTO.data, **said)
    assert (response.status_code, response.headers["Upload-Offset"]) == (201, str(len(PHOTO.data)))


def test_an_empty_file_is_whole_at_once(world: World) -> None:
    phone = world.phone()
    photos.begin(phone, Photo(b""))
    assert world.read(lambda session: attachments.find(session, world.amal, Photo(b"").sha256)) is not None


def test_two_phones_that_bring_the_same_photo_at_once_both_end_well(world: World) -> None:
    phone, second = world.phone(), world.phone()
    where, other = photos.begin(phone, PHOTO), photos.begin(second, PHOTO)
    photos.add(phone, where, 0, PHOTO.data[:5000])
    photos.add(second, other, 0, PHOTO.data[:7000])
    assert photos.add(second, other, 7000, PHOTO.data[7000:]).status_code == 204
    assert photos.offset(phone, where) == len(PHOTO.data)
    assert photos.add(phone, where, 5000, PHOTO.data[5000:]).status_code == 409


def test_a_file_that_another_connection_just_finished_is_whole_for_this_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = world.phone()
    visit = phone.says(writes={"name": "Amina", "photo": PHOTO.answer()})
    phone.sync(visit)
    where = photos.begin(phone, PHOTO)
    with monkeypatch.context() as killed:  # between the bytes in their place and the note that they are there
        killed.setattr(uploads, "finish", lambda *_: None)
        photos.add(phone, where, 0, PHOTO.data)
    assert photos.add(phone, where, 0, PHOTO.data).status_code == 409
    assert photos.offset(phone, where) == len(PHOTO.data)
    assert phone.sync()["durable_through"][phone.author] == 1


def test_bytes_at_another_place_are_not_taken(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    assert photos.add(phone, where, 10, PHOTO.data[10:]).status_code == 409
    assert photos.offset(phone, where) == 0


def test_nobody_writes_past_the_end(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    photos.add(phone, where, 0, PHOTO.data + b"more")
    assert photos.offset(phone, where) == len(PHOTO.data)


def test_a_piece_that_changed_on_the_way_is_not_kept(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    for algorithm in ("sha1", "sha256"):
        right = base64.b64encode(hashlib.new(algorithm, PHOTO.data[:100]).digest()).decode()
        said = {"Upload_Checksum": f"{algorithm} {right}"}
        at = photos.offset(phone, where)
        assert photos.add(phone, where, at, b"x" * 100, **said).status_code == 460
        assert photos.offset(phone, where) == at
        assert photos.add(phone, where, at, PHOTO.data[:100], **said).status_code == 204
    wrong = {"Upload_Checksum": "md5 AAAA"}
    assert photos.add(phone, where, 200, b"x", **wrong).status_code == 400


def test_a_lie_about_the_content_is_found(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    forged = b"y" * len(PHOTO.data)
    assert photos.add(phone, where, 0, forged).status_code == 422
    assert photos.ask(phone, "HEAD", where).status_code == 410
    assert world.read(lambda session: attachments.find(session, world.amal, PHOTO.sha256)) is None


def test_what_is_too_large_is_refused_before_it_travels(engine: Engine, tmp_path: Path) -> None:
    narrow = Settings(data=tmp_path, attachment_bytes_max=10_000, attachments_waiting_bytes_max=15_000)
    world = World(engine, narrow)
    phone = world.phone()
    assert photos.announce(phone, Photo(b"x" * 10_001)).status_code == 413
    photos.begin(phone, Photo(b"x" * 10_000))
    assert photos.announce(phone, Photo(b"y" * 10_000)).status_code == 413
    assert photos.announce(world.phone(), Photo(b"y" * 10_000)).status_code == 201
    world.database.close()


def test_a_large_file_may_come_in_one_piece(engine: Engine, tmp_path: Path) -> None:
    """tus-js-client sends the whole file in one request unless it is told otherwise."""
    world = World(engine, Settings(data=tmp_path, request_packed_bytes_max=64 * 1024))
    film = Photo(b"film" * (512 * 1024), "film.mp4")
    photos.send(world.phone(), film, piece=len(film.data))
    assert world.read(lambda session: attachments.find(session, world.amal, film.sha256)) is not None
    world.database.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload_Length": "-1"},
        {"Upload_Length": "9" * 16},
        {"Upload_Length": ""},
        {"Upload_Metadata": ""},
        {"Upload_Metadata": photos.metadata(sha256="0" * 63)},
        {"Upload_Metadata": photos.metadata(sha256="0" * 64, filename="../../etc/passwd")},
        {"Upload_Metadata": photos.metadata(sha256="0" * 64, filename="a\r\nSet-Cookie: b")},
        {"Upload_Metadata": photos.metadata(sha256="0" * 64, record="1 OR 1=1")},
        {"Upload_Metadata": "sha256 ***"},
        {"Upload_Metadata": "sha256 /w=="},
        {"Upload_Metadata": "x " * 4000},
    ],
)
def test_an_announcement_that_cannot_be_read_is_refused(world: World, headers: dict[str, str]) -> None:
    assert photos.announce(world.phone(), PHOTO, **headers).status_code == 400


def test_another_phones_upload_is_like_none(world: World) -> None:
    phone, other = world.phone(), world.phone()
    where = photos.begin(phone, PHOTO)
    absent = where[:-12] + "0" * 12
    for method in ("HEAD", "PATCH", "DELETE"):
        told = [
            photos.ask(other, method, path, Content_Type=photos.BODY, Upload_Offset="0") for path in (where, absent)
        ]
        assert {each.status_code for each in told} == {404}
        assert told[0].data == told[1].data
    assert photos.offset(phone, where) == 0


def test_a_phone_may_give_an_upload_up(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    photos.add(phone, where, 0, PHOTO.data[:100])
    assert photos.ask(phone, "DELETE", where).status_code == 204
    assert photos.ask(phone, "HEAD", where).status_code == 404
    assert list(files_of(world).partial.folder.iterdir()) == []


def test_the_server_says_what_it_speaks(world: World) -> None:
    phone = world.phone()
    told = phone.client.options(photos.ATTACHMENTS)
    assert (told.status_code, told.headers["Tus-Version"]) == (204, "1.0.0")
    assert "checksum" in told.headers["Tus-Extension"].split(",")
    older = photos.announce(phone, PHOTO, Tus_Resumable="0.2.2")
    assert (older.status_code, older.headers["Tus-Version"]) == (412, "1.0.0")


def test_a_file_is_read_only_through_a_record_that_names_it(world: World) -> None:
    phone = world.phone()
    photos.send(phone, PHOTO)
    naming = phone.says(writes={"name": "Amina", "photo": PHOTO.answer()})
    silent = phone.says(writes={"name": "Fatima"})
    phone.tells(naming, silent)
    reviewer, viewer = callers.person(world, "association_reviewer"), callers.person(world, "viewer")
    foreign = callers.person(world, "association_reviewer", world.add_association("other"))
    read = {
        name: who.call("GET", f"records/{record}/files/{PHOTO.sha256}").status_code
        for name, who, record in (
            ("named", reviewer, naming["record"]),
            ("not named", reviewer, silent["record"]),
            ("foreign", foreign, naming["record"]),
            ("masked", callers.person(world, "coordinator", also=()), naming["record"]),
        )
    }
    assert read == {"named": 200, "not named": 404, "foreign": 404, "masked": 404}
    assert viewer.call("GET", f"records/{naming['record']}/files/{PHOTO.sha256}").status_code == 403


def test_somebody_who_misses_a_file_and_somebody_who_brings_it_do_not_miss_each_other(
    postgresql_engine: Engine, tmp_path: Path
) -> None:
    """The batch that names a photo is not committed yet when the photo comes whole."""
    world = World(postgresql_engine, Settings(data=tmp_path))
    phone = world.phone()
    visit = phone.says(writes={"name": "Amina", "photo": PHOTO.answer()})
    phone.tells(phone.says(record=visit["record"]))
    uploaded = threading.Event()
    row = attachments.UploadRow("u", world.amal, world.device_id(phone), PHOTO.sha256, 1, "p", None, world.now_ms)

    def bring() -> None:
        uploads.finish(world.database, uploads.open_files(world.settings), row, world.now_ms)
        uploaded.set()

    thread = threading.Thread(target=bring)

    def work(session: object) -> None:
        assert arrivals.here(session, world.amal, {PHOTO.sha256}) == set()  # type: ignore[arg-type]
        thread.start()
        assert not uploaded.wait(1.0)

    world.write(work)
    thread.join()
    assert uploaded.is_set()
    world.database.close()


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, len(PHOTO.data)), max_size=6))
def test_wherever_a_link_is_cut_the_file_goes_on_from_there(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    files = uploads.open_files(Settings(data=folder))
    row = attachments.UploadRow("u", 1, 1, PHOTO.sha256, len(PHOTO.data), "p", None, 0)
    files.partial.make("u")
    at = 0
    for cut in [*sorted(cuts), None]:
        pieces = [PHOTO.data[at:cut]] if cut is not None else [PHOTO.data[at : at + 99], PHOTO.data[at + 99 :]]
        there = uploads.receive(files, row, at, _cut_off(pieces) if cut is not None else pieces, None)
        assert isinstance(there, int)
        at = there
        if at == row.size:
            break
    assert b"".join(files.store.read(f"1/{PHOTO.sha256[:2]}/{PHOTO.sha256}") or ()) == PHOTO.data


def _cut_off(pieces: list[bytes]) -> Iterator[bytes]:
    yield from pieces
    raise ConnectionError


def test_phones_may_not_use_names_as_paths(world: World) -> None:
    phone: Phone = world.phone()
    photo = replace(PHOTO, name="صورة 1.jpg")
    photos.send(phone, photo)
    assert world.read(lambda session: attachments.find(session, world.amal, photo.sha256)) is not None


def test_another_method_may_stand_in_a_header_where_only_post_goes_through(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    half = len(PHOTO.data) // 2
    given = {"Upload_Offset": "0", "Content_Type": photos.BODY, "X_HTTP_Method_Override": "PATCH"}
    assert photos.ask(phone, "POST", where, PHOTO.data[:half], **given).status_code == 204
    told = photos.ask(phone, "POST", where, X_HTTP_Method_Override="head")
    assert (told.status_code, told.headers["Upload-Offset"]) == (200, str(half))
    assert photos.ask(phone, "POST", where).status_code == 405
    assert photos.ask(phone, "POST", where, X_HTTP_Method_Override="DELETE").status_code == 204
    assert photos.ask(phone, "HEAD", where).status_code == 404


def test_the_server_says_again_what_was_said_of_an_upload(world: World) -> None:
    phone, record = world.phone(), world.uuid()
    said = photos.metadata(sha256=PHOTO.sha256, filename="صورة.jpg", record=record)
    where = photos.announce(phone, PHOTO, Upload_Metadata=said).headers["Location"]
    assert photos.ask(phone, "HEAD", where).headers["Upload-Metadata"] == said


def test_a_length_to_be_told_later_and_parts_to_be_joined_are_not_taken(world: World) -> None:
    phone = world.phone()
    later = {"Upload_Length": "", "Upload_Defer_Length": "1"}
    joined = {"Upload_Length": "", "Upload_Concat": "final;/a /b"}
    for headers in (later, joined):
        assert photos.announce(phone, PHOTO, **headers).status_code == 400
    spoken = photos.ask(phone, "OPTIONS", photos.ATTACHMENTS).headers["Tus-Extension"]
    assert not {"creation-defer-length", "concatenation"} & set(spoken.split(","))


def test_while_object_storage_fails_phones_keep_their_photos_and_come_again(
    object_storage: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bucket is not there: nothing is said to be kept, and all goes on once somebody has made it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "test")
    bucket = f"later-{os.urandom(4).hex()}"
    place = Settings(data=tmp_path, attachments=f"s3://{bucket}/kept", attachments_endpoint=object_storage)
    world = World(engine, place)
    phone, collect = world.phone(), Collect(world)
    where = photos.begin(phone, PHOTO)
    answer = photos.add(phone, where, 0, PHOTO.data)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.get_json()["code"] == "busy"
    record = visit(world.uuid(), "<name>Amina</name><photo>p.jpg</photo>")
    refused = collect.send(record, {"p.jpg": b"another photo"})
    assert (refused.status_code, message(refused)) == (503, "The server is busy. It will be tried again by itself.")

    assert requests.put(f"{object_storage}/{bucket}", timeout=10).status_code == 200
    assert photos.offset(phone, where) == len(PHOTO.data)
    assert collect.send(record, {"p.jpg": b"another photo"}).status_code == 201
    [shown] = phone.pulls()
    assert (codes(shown), shown["fields"]["photo"]["size"]) == ([], 13)
    world.database.close()
