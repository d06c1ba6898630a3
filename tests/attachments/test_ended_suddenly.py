"""The server ends in the midst of a file's last piece: whoever asks how far it came finds it kept, or is told."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.services import uploads
from fieldsync.store import attachments, file_store
from fieldsync.store.file_store import key_of
from fieldsync.store.partial_files import WAIT_SECONDS, PartialFiles
from tests.attachments import photos
from tests.attachments.conftest import Place
from tests.attachments.photos import Photo
from tests.world import Phone, World

PHOTO = Photo(bytes(range(256)) * 40)
DAY_MS = 24 * 3600 * 1000


class Ended(BaseException):
    """The process is gone."""


@pytest.fixture
def stored(sqlite_engine: Engine, tmp_path: Path, place: Place) -> World:
    return World(sqlite_engine, Settings(data=tmp_path, attachments=place[0], attachments_endpoint=place[1]))


def _ends(*_given: object) -> None:
    raise Ended


def _waits_for_photo(world: World) -> tuple[Phone, str]:
    """A phone whose record names a photo of which all but the last bytes are here, and where they go."""
    phone = world.phone()
    phone.sync(phone.says(writes={"name": "Amina", "photo": PHOTO.answer()}))
    where = photos.begin(phone, PHOTO)
    photos.add(phone, where, 0, PHOTO.data[:-9])
    return phone, where


@pytest.mark.parametrize(("owner", "step"), [
    (uploads, "digest_of_file"), (file_store.FolderStore, "put"), (file_store.ObjectStore, "put"),
    (PartialFiles, "remove"), (uploads, "finish"),
])  # fmt: skip
def test_a_file_whose_last_piece_was_never_answered_is_kept_when_its_phone_asks(
    stored: World, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    phone, where = _waits_for_photo(stored)
    with monkeypatch.context() as patched:
        patched.setattr(owner, step, _ends)
        try:
            photos.add(phone, where, len(PHOTO.data) - 9, PHOTO.data[-9:])
        except Ended:
            assert stored.read(lambda session: attachments.find(session, stored.amal, PHOTO.sha256)) is None
    assert photos.offset(phone, where) == len(PHOTO.data)
    assert phone.sync()["durable_through"][phone.author] == 1
    kept = uploads.open_files(stored.settings).store.read(key_of(stored.amal, PHOTO.sha256))
    assert b"".join(kept or ()) == PHOTO.data


def test_a_forged_file_whose_last_piece_was_never_answered_is_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    with monkeypatch.context() as patched:
        patched.setattr(uploads, "digest_of_file", _ends)
        with pytest.raises(Ended):
            photos.add(phone, where, 0, b"y" * len(PHOTO.data))
    assert photos.ask(phone, "HEAD", where).status_code == 410


def test_who_asks_while_the_last_piece_is_looked_at_waits(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    partial = uploads.open_files(world.settings).partial
    with partial.held(where.rpartition("/")[2]) as file:
        assert file is not None
        file.write(PHOTO.data)
        file.flush()
        assert photos.ask(phone, "HEAD", where).status_code == 423
    assert photos.offset(phone, where) == len(PHOTO.data)


def test_who_waits_for_another_that_finishes_the_file_gets_none_of_it(tmp_path: Path) -> None:
    partial = PartialFiles(tmp_path)
    partial.make("u")
    got: list[bool] = []

    def wait() -> None:
        with partial.held("u") as file:
            got.append(file is not None)

    with partial.held("u") as file:
        assert file is not None
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(3 * WAIT_SECONDS)
        partial.remove("u")
    waiting.join()
    assert got == [False]


def test_what_a_killed_server_left_half_read_goes_after_a_day(world: World) -> None:
    phone = world.phone()
    where = photos.begin(phone, PHOTO)
    photos.add(phone, where, 0, PHOTO.data[:100])
    files = uploads.open_files(world.settings)
    (files.partial.folder / "tmpabc").write_bytes(b"half of a photo")
    for days, left in ((0, 2), (2, 1)):
        world.now_ms = (files.partial.touched_ms("tmpabc") or 0) + days * DAY_MS
        uploads.give_up(world.database, world.settings, files, world.now_ms)
        assert len(list(files.partial.folder.iterdir())) == left
    assert photos.offset(phone, where) == 100
