"""Photos on a phone of our own: kept until the server has them for good, sent piece by piece, whatever happens."""

import hashlib
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from fieldsync.client import Device, Store
from fieldsync.client.files import Files
from fieldsync.client.transport import Answer, LinkDown
from fieldsync.services import uploads
from fieldsync.store import attachments
from fieldsync.store.file_store import key_of
from tests.world import HOUR_MS, Json, Phone, World, codes

PHOTO = random.Random(7).randbytes(300_000)
SHA256 = hashlib.sha256(PHOTO).hexdigest()


@dataclass
class Line:
    """To the server in this process; `cut` says after how many requests it breaks, before or after an answer."""

    world: World
    faults: list[str] = field(default_factory=list)
    sent_bytes: int = 0

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self.send("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        return self.send("GET", path, None, headers)

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """A request, with the next fault of the list."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            raise LinkDown("cut")
        response: TestResponse = self.world.app.test_client().open(path, method=method, data=body, headers=headers)
        if fault == "after":
            raise LinkDown("cut")
        self.sent_bytes += len(body or b"")
        return Answer(response.status_code, dict(response.headers), response.data)


class Companion:
    """Somebody with a phone that survives restarts."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder, self.line = world, folder, Line(world)
        self.enrolled = world.phone()
        self.starts()
        self.device.adopt(self.enrolled.author, self.enrolled.token)
        self.source = folder / "IMG_1.jpg"
        self.source.write_bytes(PHOTO)

    def starts(self) -> None:
        """The phone is switched on: what it knows is on its disk."""
        store = Store.at(self.folder / "phone.db")
        dice = random.Random(3)
        self.device = Device(store, self.line, lambda: self.world.now_ms, dice)
        self.files = Files(store, self.folder / "phone.files", self.line, lambda: self.world.now_ms, dice)

    def visits(self) -> str:
        """A form with a photo, kept on the phone."""
        photo = self.files.keep(self.source, "image/jpeg")
        return self.device.submit("visit", "1", {"name": "Amina", "photo": photo})

    def goes_home(self) -> None:
        """Everything is said and sent."""
        self.device.sync_until_quiet()
        assert self.files.send().status == "ok"
        self.device.sync_until_quiet()
        self.files.send()


@pytest.fixture
def amina(world: World, tmp_path: Path) -> Companion:
    return Companion(world, tmp_path)


def kept(world: World) -> bytes:
    return b"".join(uploads.open_files(world.settings).store.read(key_of(world.amal, SHA256)) or ())


def shown(world: World, record: str) -> Json:
    found = world.record(record)
    assert found is not None
    return found


def test_a_photo_goes_with_its_record_and_leaves_the_phone_when_it_is_safe(world: World, amina: Companion) -> None:
    record = amina.visits()
    amina.source.unlink()
    amina.device.sync_until_quiet()
    assert codes(shown(world, record)) == ["file_missing"]
    assert amina.device.waiting()["kept"] == 1
    amina.goes_home()
    assert kept(world) == PHOTO
    assert codes(shown(world, record)) == []
    assert amina.files.kept() == [] and not amina.files.path(SHA256).exists()


def test_a_photo_of_an_unfinished_form_stays_and_may_be_given_up(world: World, amina: Companion) -> None:
    amina.files.keep(amina.source, "image/jpeg")
    amina.goes_home()
    assert [each.sha256 for each in amina.files.kept()] == [SHA256]
    amina.files.drop(SHA256)
    assert amina.files.kept() == [] and not amina.files.path(SHA256).exists()


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_cut_link_and_a_restart_cost_the_piece_that_was_cut(world: World, amina: Companion, fault: str) -> None:
    amina.visits()
    amina.device.sync_until_quiet()
    amina.line.faults = ["", "", fault, fault, fault]  # announced, one piece, then nothing goes through
    report = amina.files.send()
    assert (report.status, report.waiting) == ("link_down", 1)
    assert amina.files.kept()[0].upload
    amina.starts()
    assert amina.files.send().sent == 0  # too early
    world.now_ms += 3 * 24 * HOUR_MS
    amina.goes_home()
    assert kept(world) == PHOTO
    assert amina.line.sent_bytes < len(PHOTO) + 140_000  # what came before is not sent again


def test_after_weeks_the_server_has_forgotten_the_upload_and_the_phone_begins_again(
    world: World, amina: Companion
) -> None:
    amina.visits()
    amina.device.sync_until_quiet()
    amina.line.faults = ["", "", "before", "before", "before"]
    amina.files.send()
    world.now_ms += 30 * 24 * HOUR_MS
    files = uploads.open_files(world.settings)
    for path in files.partial.folder.iterdir():
        os.utime(path, (0, 0))
    assert uploads.give_up(world.database, world.settings, files, world.now_ms) == 1
    amina.goes_home()
    assert kept(world) == PHOTO


def test_what_another_phone_brought_already_costs_one_request(world: World, amina: Companion, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Companion(world, tmp_path / "other")
    other.visits()
    other.goes_home()
    amina.visits()
    amina.device.sync_until_quiet()
    before = amina.line.sent_bytes
    amina.files.send()
    assert amina.line.sent_bytes == before


def test_a_server_put_back_to_a_backup_gets_the_photo_again(world: World, amina: Companion) -> None:
    """The phone had sent it, and kept it since nothing was backed up yet; the new epoch says that it is missing."""
    record = amina.visits()
    amina.device.sync_until_quiet()
    amina.files.send()
    files = uploads.open_files(world.settings)
    files.store.remove(key_of(world.amal, SHA256))
    with amina.device.store.transaction():
        amina.device.store.update(epoch="the one before")
        amina.device.store.write("UPDATE attachment SET epoch = 'the one before'")
    amina.goes_home()
    assert kept(world) == PHOTO
    assert codes(shown(world, record)) == []


def test_a_photo_that_changed_on_the_phone_is_told_and_never_sent(world: World, amina: Companion) -> None:
    amina.visits()
    amina.files.path(SHA256).write_bytes(b"x" + PHOTO[1:])
    report = amina.files.send()
    assert (report.status, report.refused) == ("ok", {SHA256: "damaged"})
    assert world.read(lambda session: attachments.find(session, world.amal, SHA256)) is None


def test_a_file_that_is_too_large_is_told_and_keeps_no_other_from_its_turn(world: World, amina: Companion) -> None:
    large = amina.folder / "clip.mp4"
    with large.open("wb") as file:
        file.truncate(world.settings.attachment_bytes_max + 1)
    clip = amina.files.keep(large, "video/mp4")
    amina.visits()
    report = amina.files.send()
    assert (report.status, report.sent) == ("ok", 1)
    assert report.refused == {clip["sha256"]: "too_large"}


def test_a_phone_that_is_not_known_keeps_everything(world: World, amina: Companion) -> None:
    amina.visits()
    amina.device.adopt(Phone(world, "f" * 32, "unknown").author, "unknown")
    assert amina.files.send().status == "enrol_again"
    assert amina.files.path(SHA256).read_bytes() == PHOTO
