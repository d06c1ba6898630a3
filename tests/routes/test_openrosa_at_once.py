"""Records that come at the same moment, and to a server that was restored: each is one operation."""

import threading
from pathlib import Path

import pytest

from fieldsync.app import create_app
from fieldsync.config import program_folder
from fieldsync.store import operations
from fieldsync.store.db import Database
from fieldsync.store.engines import open_engine
from fieldsync.store.portable import copy_into_file
from tests.routes.collect import Collect, said_of, visit
from tests.world import World


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def test_eight_resends_at_once_are_one_operation(world: World, amina: Collect) -> None:
    record = world.uuid()
    xml = visit(record)
    start, answers = threading.Barrier(8), list[int]()

    def send() -> None:
        phone = Collect(world, amina.phone)
        start.wait()
        answers.append(phone.send(xml).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 8
    assert len(said_of(world, record)) == 1


def test_many_phones_begin_at_the_same_moment(world: World) -> None:
    phones = [Collect(world) for _ in range(3)]
    records = [[world.uuid() for _ in range(3)] for _ in phones]
    start, answers = threading.Barrier(9), list[int]()

    def send(phone: Collect, record: str) -> None:
        mine = Collect(world, phone.phone)
        start.wait()
        answers.append(mine.send(visit(record)).status_code)

    threads = [
        threading.Thread(target=send, args=(phone, record))
        for phone, own in zip(phones, records, strict=True)
        for record in own
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 9
    said = world.hub().pulls()
    assert sorted(each["record"] for each in said) == sorted(record for own in records for record in own)
    assert sorted(each["id"][1] for each in said) == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_restored_server_still_knows_what_was_sent(world: World, amina: Collect, tmp_path: Path) -> None:
    record, edit = world.uuid(), world.uuid()
    first, second = visit(record, "<age>1</age>"), visit(edit, "<age>2</age>", deprecated=record)
    amina.sends(first)
    amina.sends(second)
    copy_into_file(world.engine, tmp_path / "copy.db", program_folder("migrations"))
    engine = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    restored = World.__new__(World)
    restored.engine, restored.settings, restored.now_ms, restored.dice = (
        engine,
        world.settings,
        world.now_ms,
        world.dice,
    )
    restored.database = Database(engine)
    restored.app = create_app(world.settings, restored.database, world.clock, world.dice.randbytes)
    restored.amal = world.amal
    phone = Collect(restored, amina.phone)
    for resent in (first, second):
        phone.sends(resent)
    phone.sends(visit(world.uuid(), "<age>3</age>", deprecated=edit))
    assert restored.fields(record)["age"] == 3
    assert len(restored.read(lambda session: operations.history(session, [1]))) == 3
    restored.database.close()


def test_two_edits_of_one_chain_by_two_phones_at_the_same_moment_are_one_record(world: World, amina: Collect) -> None:
    fatima = Collect(world)
    for phone in (amina, fatima):
        phone.sends(visit(world.uuid()))
    for _ in range(6):
        ids = [world.uuid() for _ in range(3)]
        amina.sends(visit(ids[0], "<age>1</age>"))
        middle, last = (visit(ids[n], f"<age>{n + 1}</age>", deprecated=ids[n - 1]) for n in (1, 2))
        start, answers = threading.Barrier(2), list[int]()

        def send(phone: Collect, xml: str, start: threading.Barrier = start, answers: list[int] = answers) -> None:
            start.wait()
            answers.append(phone.send(xml).status_code)

        threads = [threading.Thread(target=send, args=each) for each in ((amina, middle), (fatima, last))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [201] * 2
        assert world.fields(ids[0])["age"] == 3
        apart = world.record(ids[1])
        assert apart is None or (apart["deleted"] and not apart["delete_conflict"])
