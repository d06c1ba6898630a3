"""The doctor finds nothing wrong with an honest life, and every way in which a database can lie."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fieldsync.services import desk, merging
from fieldsync.services.doctor import examine
from fieldsync.services.doctor_report import Report
from fieldsync.store.engines import open_engine
from fieldsync.store.portable import snapshot
from tests import databases
from tests.world import Phone, World


def examined(world: World) -> Report:
    """What the doctor says of a world's database."""
    with snapshot(world.engine) as session:
        return examine(session)


def lived(world: World) -> World:
    """A month of work: conflicts, deletions, entities that merge, held and quarantined operations, a void."""
    one, other = world.phone(), world.phone()
    visit = one.says(writes={"name": "Amina", "age": 30, "village": "07.041.05.05"})
    one.tells(visit)
    mine = one.says(visit["record"], {"age": 31}, seen=[visit])
    hers = other.says(visit["record"], {"age": 32, "likes": {"set": ["red"]}}, seen=[visit])
    one.tells(mine)
    other.tells(hers)
    one.tells(one.says(visit["record"], {"colour": "no such colour"}, seen=[mine]))
    late = one.says(writes={"name": "Late"})
    one.tells(one.says(late["record"], {"age": 3}, seen=[late]))
    other.tells(other.says(of="visit", version="2", writes={"name": "Held"}))
    other.counter += 1
    other.tells(void=[[other.counter, "refused"]])
    people(world, one)
    world.at_desk(desk.review, visit["record"], "approved")
    one.tells(one.says(writes={"name": "Gone"}), one.says(late["record"], delete=True, seen=[late]))
    return world


def registered(who: str, name: str) -> dict[str, str]:
    """The answers that make a participant."""
    entity = {"meta/entity/@id": who, "meta/entity/@create": "1", "meta/entity/label": name}
    return {"person": who, "fullname": name, "risk": "low", "village": "07.041", **entity}


def people(world: World, phone: Phone) -> None:
    """Two participants who are one, merged at the desk; one was renamed by an edit."""
    first, second = world.uuid(), world.uuid()
    said = [
        phone.says(of="person", writes=registered(who, name)) for who, name in ((first, "Zineb"), (second, "Zaynab"))
    ]
    phone.tells(*said)
    phone.tells(phone.says(said[0]["record"], {"fullname": "Zineb B."}, of="person", seen=[said[0]]))
    world.at_desk(merging.merge, first, [second], kind="entity")


@pytest.fixture
def lived_in(world: World) -> World:
    """A world with a past, on both databases."""
    return lived(world)


@pytest.fixture(scope="module")
def lived_in_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same past in a SQLite file, made once and copied for each way of tampering."""
    path = tmp_path_factory.mktemp("past") / "fieldsync.db"
    shutil.copy(migrated_file, path)
    world = lived(World(databases.sqlite_engine(path)))
    world.database.close()
    return path


def test_an_honest_life_has_nothing_wrong(lived_in: World) -> None:
    report = examined(lived_in)
    assert report.findings == []
    assert report.ok
    assert report.checked["records"] >= 7
    assert report.checked["derived"] >= 3
    assert report.checked["waiting"] >= 2


def test_an_empty_database_has_nothing_wrong(world: World) -> None:
    assert examined(world).ok


def test_releases_and_forms_that_come_late_leave_nothing_wrong(lived_in: World) -> None:
    phone = lived_in.phone()
    wrong = phone.says(writes={"name": "A", "colour": "blue"})
    phone.tells(wrong)
    identity = (wrong["id"][0], wrong["id"][1])
    lived_in.write(lambda session: desk.judge(session, lived_in.desk(), wrong["record"], identity, "release"))
    lived_in.publish("visit 2")
    report = examined(lived_in)
    assert report.findings == []
    assert report.checked["released"] == 1


FIRST_DERIVED = "(SELECT min(id) FROM operation WHERE n > 0)"
ALREADY_HERE = "(SELECT name || '/1/0' FROM author WHERE id = 1)"


def renamed(column: str) -> str:
    """SQL for what a column holds, with another name for a participant."""
    return f"CAST(replace(CAST({column} AS TEXT), 'Zaynab', 'Fatima') AS BLOB)"


TAMPERING = {
    "a gap in the change log": ("change_log", "DELETE FROM change_log WHERE position = 2"),
    "a counter that ran ahead": ("change_log", "UPDATE association SET position = position + 1"),
    "a change of a stranger's record": ("change_log", "UPDATE change_log SET record_id = 999999 WHERE position = 1"),
    "another answer": ("fold", f"UPDATE record SET state = {renamed('state')}"),
    "a fold that is no JSON": ("fold", "UPDATE record SET state = CAST('{' AS BLOB) WHERE id = 1"),
    "another review": ("fold", "UPDATE record SET review = 'rejected' WHERE review = 'approved'"),
    "another place": ("fold", "UPDATE record SET place = '07.161' WHERE place = '07.041.05.05'"),
    "a lost conflict": ("fold", "UPDATE record SET conflicts = 0 WHERE conflicts > 0"),
    "a merge forgotten": ("fold", "UPDATE record SET merged_into = NULL WHERE merged_into IS NOT NULL"),
    "a record deleted by nobody": ("fold", "UPDATE record SET deleted = TRUE WHERE NOT deleted"),
    "problems made up": ("fold", """UPDATE record SET problems = '[{"code":"required"}]' WHERE id = 1"""),
    "an operation lost": ("derived", f"DELETE FROM operation WHERE id = {FIRST_DERIVED}"),
    "a derived operation made up": ("derived", "UPDATE operation SET n = 9 WHERE n = 1"),
    "another derived operation": ("derived", f"UPDATE operation SET body = {renamed('body')} WHERE n > 0"),
    "a body that cannot be read": ("bodies", "UPDATE operation SET body = CAST('{}' AS BLOB) WHERE id = 1"),
    "an operation under another id": ("bodies", "UPDATE operation SET counter = 77 WHERE counter = 1 AND n = 0"),
    "an operation on another record": ("bodies", "UPDATE operation SET record_id = 2 WHERE record_id = 1 AND n = 0"),
    "known too much": ("counters", "UPDATE author SET known_through = known_through + 1"),
    "promised too much": ("counters", "UPDATE author SET durable_through = durable_through + 1"),
    "promised too little": ("counters", "UPDATE author SET durable_through = 1 WHERE durable_through > 1"),
    "backed up too much": ("counters", "UPDATE author SET backed_up_through = durable_through + 1"),
    "held for nothing": ("held", "DELETE FROM waiting"),
    "held for what is here": ("held", f"UPDATE waiting SET kind = 'seen', what = {ALREADY_HERE}"),
    "applied and waiting": ("held", "UPDATE operation SET status = 'applied' WHERE status = 'held'"),
    "a third status": ("status", "UPDATE operation SET status = 'quarantined' WHERE status = 'held'"),
    "released and gone": ("quarantine", "UPDATE quarantine SET status = 'released'"),
    "a merge that is not noted": ("merges", "UPDATE record SET merged = FALSE"),
    "a form that is gone": ("forms", "UPDATE form_version SET version = '9' WHERE form = 'visit'"),
    "a file that is missing in silence": ("files", "INSERT INTO missing_file VALUES (1, 1, 'ab', 1)"),
    "a reference to nothing": ("file", "UPDATE operation SET receipt_id = 999999"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_what_was_tampered_with_is_found(lived_in_file: Path, tmp_path: Path, what: str) -> None:
    check, statement = TAMPERING[what]
    path = tmp_path / "fieldsync.db"
    shutil.copy(lived_in_file, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0
    with snapshot(open_engine(f"sqlite:///{path}")) as session:
        report = examine(session)
    assert not report.ok
    assert check in report.faults, report.findings
