"""Back up, sync on, restore: the devices bring back everything since, on either database."""

import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from fieldsync.app import create_app, set_up
from fieldsync.client import Device, Store
from fieldsync.client.transport import Answer
from fieldsync.config import Settings, program_folder
from fieldsync.core.problems import Problem
from fieldsync.services.backup import Copied, back_up, restore_file, restore_into
from fieldsync.services.doctor import examine
from fieldsync.store import server
from fieldsync.store.db import Database
from fieldsync.store.engines import open_engine
from fieldsync.store.portable import snapshot
from tests.journeys.operator_at_terminal import Operator
from tests.world import World

MIGRATIONS = program_folder("migrations")
BACKUP = Settings(durability="backup")


@dataclass
class Line:
    """Carries a device's requests to whatever server is there now."""

    app: Any

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body."""
        response = self.app.test_client().post(path, data=body, headers=headers)
        return Answer(response.status_code, dict(response.headers), response.data)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for something."""
        response = self.app.test_client().get(path, headers=headers)
        return Answer(response.status_code, dict(response.headers), response.data)


class Companion:
    """Somebody with a real phone."""

    def __init__(self, world: World, folder: Path, line: Line) -> None:
        enrolled = world.phone()
        self.device = Device(
            Store.at(folder / f"{enrolled.author}.db"), line, lambda: world.now_ms, random.Random(enrolled.author)
        )
        self.device.adopt(enrolled.author, enrolled.token)

    def visits(self, name: str) -> str:
        """Fill a form and sync; the record's UUID."""
        record = self.device.submit("visit", "1", {"name": name})
        assert self.device.sync_until_quiet().quiet
        return record


def is_sound(database: Database) -> bool:
    """Whether the doctor finds nothing wrong."""
    with snapshot(database.engine, database.session_info) as session:
        return examine(session).findings == []


def restored(backup: Path, folder: Path) -> Database:
    """The database of a new machine."""
    file = folder / "fieldsync.db"
    assert isinstance(restore_file(backup, file, "newepoch", False, 0), Copied)
    return set_up(open_engine(f"sqlite:///{file}"), Settings(), lambda: 0, random.Random(1).randbytes)


def test_devices_bring_back_what_the_backup_did_not_have(engine: Engine, tmp_path: Path) -> None:
    world = World(engine, BACKUP)
    line = Line(world.app)
    amina, zineb = Companion(world, tmp_path, line), Companion(world, tmp_path, line)
    before = amina.visits("before")
    backup = tmp_path / "monday.fsb"
    made = back_up(world.database, backup, MIGRATIONS)
    assert isinstance(made, Copied)
    assert made.operations == 1
    after = [amina.visits("after"), zineb.visits("after too")]
    zineb.device.sync_until_quiet()
    zineb.device.edit(before, {"age": 40})
    assert zineb.device.sync_until_quiet().quiet
    database = restored(backup, tmp_path / "new")
    assert is_sound(database)
    line.app = create_app(BACKUP, database, lambda: world.now_ms, random.Random(2).randbytes)
    for companion in (amina, zineb, amina):
        assert companion.device.sync_until_quiet().quiet
    for companion in (amina, zineb):
        shown = {record["record"]: record["fields"] for record in companion.device.records()}
        assert shown == {
            before: {"name": "before", "age": 40},
            after[0]: {"name": "after"},
            after[1]: {"name": "after too"},
        }
    assert is_sound(database)
    database.close()
    world.database.close()


def test_only_what_a_backup_holds_leaves_a_phone(engine: Engine, tmp_path: Path) -> None:
    world = World(engine, BACKUP)
    companion = Companion(world, tmp_path, Line(world.app))
    companion.visits("one")
    assert companion.device.waiting()["kept"] == 1
    back_up(world.database, tmp_path / "a.fsb", MIGRATIONS)
    companion.visits("two")
    assert companion.device.waiting()["kept"] == 1
    back_up(world.database, tmp_path / "a.fsb", MIGRATIONS)
    companion.device.sync_until_quiet()
    assert companion.device.waiting()["kept"] == 0
    world.database.close()


def test_a_backup_of_either_database_is_restored_into_postgresql(
    sqlite_engine: Engine, postgresql_engine: Engine, tmp_path: Path
) -> None:
    world = World(sqlite_engine)
    phone = world.phone()
    said = [phone.says(writes={"name": str(number)}) for number in range(5)]
    phone.tells(*said, phone.says(said[0]["record"], {"age": 5}, version="2", seen=[said[0]]))
    backup = tmp_path / "a.fsb"
    back_up(world.database, backup, MIGRATIONS)
    copied = restore_into(backup, postgresql_engine, "newepoch", MIGRATIONS)
    assert copied == Copied(6, "newepoch")
    database = set_up(postgresql_engine, Settings(), world.clock, world.dice.randbytes)
    with database.read() as session:
        identity = server.identity(session)
    assert identity is not None and identity.epoch == "newepoch"
    assert is_sound(database)
    app = create_app(Settings(), database, world.clock, world.dice.randbytes)
    phone.client = app.test_client()
    assert phone.statuses(*said, phone.says()) == ["duplicate"] * 5 + ["applied"]
    assert is_sound(database)
    again = restore_into(backup, postgresql_engine, "otherepoch", MIGRATIONS)
    assert isinstance(again, Problem) and again.code == "database_not_empty"
    back = tmp_path / "back.fsb"
    assert back_up(database, back, MIGRATIONS) == Copied(7, "newepoch")
    assert is_sound(restored(back, tmp_path / "third"))


@pytest.fixture
def backed_up(sqlite_engine: Engine, tmp_path: Path) -> tuple[Operator, Path]:
    """An operator on a folder with data, and its backup."""
    world = World(sqlite_engine)
    phone = world.phone()
    phone.tells(phone.says(), phone.says())
    world.database.close()
    operator, file = Operator(Path(str(sqlite_engine.url.database)).parent), tmp_path / "monday.fsb"
    assert operator.types("backup", file).json["operations"] == 2
    return operator, file


def test_nothing_is_deleted_by_a_restore(backed_up: tuple[Operator, Path]) -> None:
    operator, file = backed_up
    refused = operator.types("restore", file)
    assert (refused.code, refused.json["error"]) == (1, "database_not_empty")
    done = operator.types("restore", file, "--replace").json
    assert done["operations"] == 2
    with closing(sqlite3.connect(done["aside"])) as connection:
        assert connection.execute("SELECT count(*) FROM operation").fetchone() == (2,)
        assert connection.execute("SELECT epoch FROM server").fetchone() != (done["epoch"],)
    assert operator.types("doctor").json["ok"]


def test_a_damaged_backup_is_refused_and_changes_nothing(backed_up: tuple[Operator, Path], tmp_path: Path) -> None:
    operator, file = backed_up
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "damaged.fsb").write_bytes(content)
    (tmp_path / "text.fsb").write_text("no database at all")
    with closing(sqlite3.connect(tmp_path / "other.fsb")) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    newer = tmp_path / "newer.fsb"
    newer.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for name, code in (("damaged", "not_a_backup"), ("text", "not_a_backup"), ("other", "not_a_backup"),
                       ("newer", "backup_newer")):  # fmt: skip
        said = operator.types("restore", tmp_path / f"{name}.fsb", "--replace")
        assert (said.code, said.json["error"]) == (1, code), name
    assert operator.types("doctor").json["checked"]["operations"] == 2


def test_a_restore_keeps_off_a_running_server(backed_up: tuple[Operator, Path]) -> None:
    operator, file = backed_up
    with operator.starts("run", "--port", "0", "--no-jobs") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        said = operator.types("restore", file, "--replace")
        assert (said.code, said.json["error"]) == (1, "server_running")
        assert operator.types("backup", file).json["operations"] == 2


def test_a_backup_does_not_overwrite_the_database(backed_up: tuple[Operator, Path]) -> None:
    operator, _ = backed_up
    assert operator.types("backup", operator.data / "fieldsync.db").json["error"] == "backup_onto_itself"
    assert operator.types("doctor").json["checked"]["operations"] == 2
