"""Backup, loss of the machine, restore: photos come back with the records that name them, from either kind of store."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.app import set_up
from fieldsync.config import Settings, program_folder
from fieldsync.services import pictures, uploads
from fieldsync.services.backup import Copied, FilesTo, back_up
from fieldsync.store import attachments
from fieldsync.store.engines import open_engine
from fieldsync.store.file_store import FileStore, FolderStore, key_of, open_store, thumbnail_key
from tests.applications import application
from tests.attachments import photos
from tests.attachments.conftest import Place
from tests.attachments.photos import Photo
from tests.attachments.test_pictures import taken
from tests.journeys.operator_at_terminal import Operator, Said
from tests.routes.collect import Collect, visit
from tests.world import Phone, World, codes

MIGRATIONS = program_folder("migrations")
FACE, CLIP, STRAY = (
    Photo(taken()),
    Photo(b"\x00clip" * 9000, "clip.mp4"),
    Photo(b"\x00nobody named it" * 400, "stray.bin"),
)


class Site:
    """A server on one machine, its operator, and where its files lie."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self.folder = Path(str(engine.url.database)).parent
        self.world = World(engine, Settings(data=self.folder, attachments=place[0], attachments_endpoint=place[1]))
        self.phone = self.world.phone()
        self.store = uploads.open_files(self.world.settings).store
        self.place = place

    def operator(self, data: Path | None = None, elsewhere: str = "") -> Operator:
        """Somebody at this machine's terminal, or at that of a new one with other storage."""
        where = f"{self.place[0]}-{elsewhere}" if elsewhere and self.place[0] else self.place[0]
        environ = {"FIELDSYNC_ATTACHMENTS": where, "FIELDSYNC_ATTACHMENTS_ENDPOINT": self.place[1]}
        return Operator(data or self.folder, environ)

    def store_elsewhere(self, data: Path, elsewhere: str) -> FileStore:
        """The files of a new machine."""
        where = f"{self.place[0]}-{elsewhere}" if self.place[0] else ""
        return open_store(where, data, self.place[1])

    def key(self, photo: Photo) -> str:
        """Where a file of the association lies."""
        row = self.world.read(lambda session: attachments.find(session, self.world.amal, photo.sha256))
        assert row is not None
        return key_of(self.world.amal, row.kept_sha256)


def names(phone: Phone, photo: Photo) -> str:
    """A visit with a photo, sent."""
    said = phone.says(writes={"name": "Amina", "photo": photo.answer()})
    phone.tells(said)
    photos.send(phone, photo)
    record: str = said["record"]
    return record


@pytest.fixture
def site(sqlite_engine: Engine, place: Place) -> Iterator[Site]:
    """A picture that was drawn anew, a video by Collect, and a file that nobody has named yet."""
    made = Site(sqlite_engine, place)
    names(made.phone, FACE)
    pictures.make_all_ready(made.world.database, uploads.open_files(made.world.settings))
    xml = visit(made.world.uuid(), "<name>Tuda</name><photo>clip.mp4</photo>")
    assert Collect(made.world).send(xml, {"clip.mp4": CLIP.data}).status_code == 201
    photos.send(made.phone, STRAY)
    yield made
    made.world.database.close()


def faults(said: Said) -> list[tuple[str, str]]:
    return [(each["where"], each["what"]) for each in said.json.get("findings", ())]


def test_a_machine_is_lost_and_every_file_comes_back(site: Site, tmp_path: Path) -> None:
    backup, new = tmp_path / "monday.fsb", tmp_path / "new"
    made = site.operator().types("backup", backup).json
    assert (made["files"], made["missing_files"]) == (3, 0)
    restored = site.operator(new, "new").types("restore", backup).json
    assert (restored["files"], restored["missing_files"]) == (3, 0)
    there, keys = site.store_elsewhere(new, "new"), [site.key(each) for each in (FACE, CLIP, STRAY)]
    for key in [*keys, thumbnail_key(site.world.amal, FACE.sha256)]:
        assert b"".join(there.read(key) or ()) == b"".join(site.store.read(key) or (b"no",)), key
    assert b"".join(there.read(key_of(site.world.amal, CLIP.sha256)) or ()) == CLIP.data
    checked = site.operator(new, "new").types("doctor").json
    assert checked["ok"] and checked["checked"]["files"] == 3
    assert not (backup.parent / "monday.fsb.files").stat().st_mode & 0o077


def test_the_doctor_finds_files_that_are_missing_changed_or_nobodys(site: Site, tmp_path: Path) -> None:
    assert site.operator().types("doctor").json["ok"]
    site.store.remove(site.key(FACE))
    for key, data in ((site.key(CLIP), CLIP.data[::-1]), (f"{site.world.amal}/ab/{'ab' * 32}", b"nobody's")):
        site.store.remove(key)
        path = tmp_path / "changed"
        path.write_bytes(data)
        site.store.put(key, path)
    said = site.operator().types("doctor")
    assert said.code == 1
    found = dict(faults(said))
    assert found[site.key(FACE)] == "is missing"
    assert found[site.key(CLIP)] == "was changed: its digest is another"
    assert set(found) == {site.key(FACE), site.key(CLIP)}  # what came within the hour may still be on its way
    assert site.key(CLIP) not in dict(faults(site.operator().types("doctor", "--sizes-only")))


def test_what_was_kept_is_brought_again_after_the_store_lost_it(site: Site) -> None:
    """A picture was drawn anew, its bytes are gone: the phone, which still has what it sent, brings it."""
    site.store.remove(site.key(FACE))
    photos.send(site.phone, FACE)
    pictures.make_all_ready(site.world.database, uploads.open_files(site.world.settings))
    assert site.operator().types("doctor").json["ok"]
    assert site.store.size(key_of(site.world.amal, FACE.sha256)) is None


def test_a_backup_tells_of_a_file_that_it_could_not_copy_and_phones_keep_theirs(site: Site, tmp_path: Path) -> None:
    site.store.remove(site.key(CLIP))
    said = site.operator().types("backup", tmp_path / "monday.fsb")
    assert (said.code, said.json["error"], said.json["missing_files"]) == (1, "files_missing", 1)
    with site.world.database.read() as session:
        backed_up = session.connection().exec_driver_sql("SELECT max(backed_up_through) FROM author").scalar()
    assert backed_up == 0


def test_what_changed_in_a_shared_folder_is_mended_where_it_is_read_again(site: Site, tmp_path: Path) -> None:
    """Of the right length it passes unseen; a restore, which reads everything, would find it too late."""
    shared = tmp_path / "files"
    site.operator().types("backup", tmp_path / "monday.fsb", "--files", shared)
    stray = shared / site.key(CLIP)
    stray.write_bytes(CLIP.data[::-1])
    site.operator().types("backup", tmp_path / "tuesday.fsb", "--files", shared)
    assert stray.read_bytes() != CLIP.data
    assert site.operator().types("backup", tmp_path / "wednesday.fsb", "--files", shared, "--reread").code == 0
    assert stray.read_bytes() == CLIP.data


def test_a_backup_needs_no_room_in_the_system_s_temporary_folder(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    backup = tmp_path / "monday.fsb"
    files = FilesTo(site.store, tmp_path / "monday.fsb.files")
    made = back_up(site.world.database, backup, MIGRATIONS, files)
    assert isinstance(made, Copied) and (made.files, made.missing_files) == (3, 0)
    assert {path.name for path in files.folder.iterdir()} == {str(site.world.amal)}


def test_records_say_which_files_did_not_come_back_until_a_phone_brings_them(site: Site, tmp_path: Path) -> None:
    backup, new = tmp_path / "monday.fsb", tmp_path / "new"
    record = names(site.phone, CLIP)  # two records name it
    site.operator().types("backup", backup)
    shutil.rmtree(f"{backup}.files/{site.world.amal}/{CLIP.sha256[:2]}")
    said = site.operator(new, "new").types("restore", backup)
    assert (said.code, said.json["missing_files"]) == (1, 1)
    assert site.operator(new, "new").types("doctor").json["ok"]

    world = restored(site, new)
    shown = world.record(record)
    assert shown is not None and codes(shown) == ["file_missing"]
    phone = Phone(world, site.phone.author, site.phone.token)
    photos.send(phone, CLIP)
    shown = world.record(record)
    assert shown is not None and codes(shown) == []
    world.database.close()


def restored(site: Site, data: Path) -> World:
    """The restored server, without anything new in it."""
    world = object.__new__(World)
    world.__dict__.update(site.world.__dict__)
    world.settings = Settings(
        data=data, attachments=site.place[0] and f"{site.place[0]}-new", attachments_endpoint=site.place[1]
    )
    world.database = set_up(
        open_engine(f"sqlite:///{data}/fieldsync.db"), world.settings, world.clock, world.dice.randbytes
    )
    world.app = application(world.settings, world.database, world.clock, world.dice.randbytes)
    return world


def test_without_the_folder_of_its_files_nothing_is_restored(site: Site, tmp_path: Path) -> None:
    backup, new = tmp_path / "monday.fsb", tmp_path / "new"
    site.operator().types("backup", backup)
    shutil.rmtree(f"{backup}.files")
    assert site.operator(new).types("restore", backup).json["error"] == "backup_without_files"
    assert not (new / "fieldsync.db").exists()
    assert site.operator(new).types("restore", backup, "--without-files").json["missing_files"] == 0


def test_backups_share_a_folder_or_each_keeps_its_own_clean(site: Site, tmp_path: Path) -> None:
    shared, own = tmp_path / "files", tmp_path / "daily.fsb"
    site.operator().types("backup", tmp_path / "a.fsb", "--files", shared)
    site.operator().types("backup", own)
    site.world.now_ms += 30 * 24 * 3600 * 1000
    uploads.give_up(
        site.world.database, site.world.settings, uploads.open_files(site.world.settings), site.world.now_ms
    )
    site.operator().types("backup", tmp_path / "b.fsb", "--files", shared)
    assert site.operator().types("backup", own).json["files"] == 2
    stray = key_of(site.world.amal, STRAY.sha256)
    assert FolderStore(shared).size(stray) == len(STRAY.data)
    assert FolderStore(Path(f"{own}.files")).size(stray) is None


def test_a_backup_without_files_lets_phones_go_of_nothing_unless_a_bucket_has_them(site: Site, tmp_path: Path) -> None:
    assert site.operator().types("backup", tmp_path / "a.fsb", "--without-files").json["files"] == 0
    with site.world.database.read() as session:
        backed_up = session.connection().exec_driver_sql("SELECT max(backed_up_through) FROM author").scalar()
    assert bool(backed_up) == bool(site.place[0])


def test_a_picture_that_is_drawn_anew_while_the_backup_runs_is_in_it_as_it_became(
    engine: Engine, tmp_path: Path
) -> None:
    """The copy of the database names the bytes that came; they are gone when the files are copied."""
    world = World(engine, Settings(data=tmp_path / "data"))
    names(world.phone(), FACE)
    files = uploads.open_files(world.settings)

    class Later(FolderStore):
        """Looks at the picture just before its bytes are asked for."""

        def size(self, key: str) -> int | None:
            pictures.make_all_ready(world.database, files)
            return super().size(key)

        def read(self, key: str) -> Iterator[bytes] | None:
            pictures.make_all_ready(world.database, files)
            return super().read(key)

    backup, folder = tmp_path / "monday.fsb", tmp_path / "files"
    made = back_up(world.database, backup, MIGRATIONS, FilesTo(Later(tmp_path / "data" / "attachments"), folder))
    assert isinstance(made, Copied) and (made.files, made.missing_files) == (1, 0)
    new = Operator(tmp_path / "new")
    assert new.types("restore", backup, "--files", folder).json["files"] == 1
    assert new.types("doctor").json["ok"]
    world.database.close()


def test_what_nobody_knows_of_is_found_once_it_is_an_hour_old(sqlite_engine: Engine) -> None:
    site = Site(sqlite_engine, ("", ""))
    names(site.phone, CLIP)
    path = site.folder / "attachments" / str(site.world.amal) / "cd" / ("cd" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nobody's")
    assert site.operator().types("doctor").json["ok"]
    os.utime(path, (0, 0))
    assert faults(site.operator().types("doctor")) == [
        (f"{site.world.amal}/cd/{'cd' * 32}", "is a file that nothing knows of")
    ]
    site.world.database.close()


def test_a_photo_that_comes_again_does_not_bring_back_what_was_taken_out_of_it(world: World) -> None:
    """Collect sends a photo once more after the server drew it anew: no place lies there again."""
    record, collect = world.uuid(), Collect(world)
    xml = visit(record, "<name>Amina</name><photo>face.jpg</photo>")
    files = uploads.open_files(world.settings)
    for _ in range(2):
        assert collect.send(xml, {"face.jpg": FACE.data}).status_code == 201
        pictures.make_all_ready(world.database, files)
    assert files.store.size(key_of(world.amal, FACE.sha256)) is None
