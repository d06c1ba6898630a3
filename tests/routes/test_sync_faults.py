"""Locks, full disks and our own faults: nothing is lost, neighbours are unharmed, and statements stay few."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from fieldsync.config import Settings
from fieldsync.services import folding
from fieldsync.store import authors, driver
from fieldsync.store.db import Busy
from fieldsync.store.engines import SqliteOptions, open_engine
from tests.routes.test_sync_entities import registers
from tests.watching import watched
from tests.world import Json, World, codes

POISON = "poison"


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A fault of ours that an operation with the answer `poison` always meets, while the list is not empty."""
    on, original = [True], folding.fold_in

    def fails(session: Any, association_id: int, entries: Any, now_ms: int) -> Any:
        if on and any(entry.operation.writes.get("name") == POISON for entry in entries):
            raise ZeroDivisionError
        return original(session, association_id, entries, now_ms)

    monkeypatch.setattr(folding, "fold_in", fails)
    return on


def test_a_fault_on_one_operation_leaves_its_neighbours_whole(world: World, poisoned: list[bool]) -> None:
    amina = world.phone()
    before, bad, after = amina.says(), amina.says(writes={"name": POISON}), amina.says()
    follows = amina.says(before["record"], {"age": 3}, seen=[before])
    assert amina.statuses(before, bad, after, follows) == ["applied", "retry", "applied", "applied"]
    assert amina.sync()["durable_through"] == {amina.author: 1}
    poisoned.clear()
    assert amina.statuses(bad) == ["applied"]
    assert amina.sync()["durable_through"] == {amina.author: 4}


def test_a_fault_that_repeats_five_times_is_set_apart(world: World, poisoned: list[bool]) -> None:
    amina = world.phone()
    bad = amina.says(writes={"name": POISON})
    assert [amina.statuses(bad, amina.says()) for _ in range(4)] == [["retry", "applied"]] * 4
    [last, _] = amina.tells(bad, amina.says())
    assert last["status"] == "quarantined"
    assert codes(last) == ["internal"]
    [again] = amina.tells(bad)
    assert (again["status"], again["was"], codes(again)) == ("duplicate", "quarantined", ["internal"])
    assert amina.sync()["durable_through"] == {amina.author: 6}
    follows = amina.says(bad["record"], {"age": 3}, seen=[bad])
    assert amina.statuses(follows) == ["applied"]


def test_a_statement_that_the_database_cannot_run_is_a_fault_of_that_operation_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = folding.fold_in

    def fails(session: Any, association_id: int, entries: Any, now_ms: int) -> Any:
        if any(entry.operation.writes.get("name") == POISON for entry in entries):
            session.execute(text("SELECT nothing FROM nowhere"))
        return original(session, association_id, entries, now_ms)

    monkeypatch.setattr(folding, "fold_in", fails)
    amina = world.phone()
    assert amina.statuses(amina.says(), amina.says(writes={"name": POISON}), amina.says()) == [
        "applied",
        "retry",
        "applied",
    ]


def test_a_full_disk_keeps_nothing_and_the_phone_keeps_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    amina = world.phone()
    known = amina.says()
    amina.sync(known)

    def full(*_: Any) -> Any:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(folding, "fold_in", full)
        fresh, wrong = amina.says(), amina.says(writes={"nowhere": 1})
        results = amina.tells(known, fresh, wrong)
    assert [result["status"] for result in results] == ["duplicate", "retry", "retry"]
    assert codes(results[1]) == ["busy"]
    assert amina.statuses(known, fresh, wrong) == ["duplicate", "applied", "quarantined"]


def test_a_commit_that_fails_is_never_acknowledged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    amina = world.phone()
    amina.sync()
    world.now_ms += 1
    broken, commit = [True], driver.commit_on_sqlite

    def fail(connection: Any) -> None:
        if broken:
            raise OperationalError("COMMIT", {}, Exception("disk I/O error"))
        if connection.dialect.name == "sqlite":
            commit(connection)

    event.listen(world.engine, "commit", fail)
    monkeypatch.setattr(driver, "commit_on_sqlite", fail)
    said = amina.says()
    assert amina.statuses(said) == ["retry"]
    broken.clear()
    assert amina.statuses(said) == ["applied"]


def test_a_server_that_cannot_read_answers_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    amina = world.phone()

    def busy(*_: Any) -> Any:
        raise Busy

    monkeypatch.setattr(world.database, "read", busy)
    response = amina.ask([amina.says()])
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0


def test_sqlite_locked_by_another_program(sqlite_engine: Engine) -> None:
    engine = open_engine(str(sqlite_engine.url), SqliteOptions(busy_timeout_ms=50))
    world = World(engine)
    amina = world.phone()
    said = amina.says()
    with sqlite_engine.begin() as other:
        other.execute(text("SELECT 1"))
        assert amina.statuses(said) == ["retry"]
    assert amina.statuses(said) == ["applied"]
    world.database.close()


def test_postgresql_row_locked_by_another_program(postgresql_engine: Engine, postgresql_url: str) -> None:
    world = World(open_engine(postgresql_url, lock_timeout_seconds=0.1))
    amina = world.phone()
    said = amina.says()
    with postgresql_engine.begin() as other:
        other.execute(text("SELECT * FROM association FOR UPDATE"))
        assert amina.statuses(said) == ["retry"]
    assert amina.statuses(said) == ["applied"]
    world.database.close()


def test_postgresql_connections_that_break_are_made_again(postgresql_engine: Engine, postgresql_url: str) -> None:
    world = World(open_engine(postgresql_url))
    amina = world.phone()
    amina.sync(amina.says())
    with postgresql_engine.begin() as other:
        other.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                           " AND datname = current_database()"))  # fmt: skip
    assert amina.statuses(amina.says()) == ["applied"]
    world.database.close()


def statements(world: World, work: Callable[[], Any]) -> int:
    """How many statements a piece of work runs."""
    with watched(world) as done:
        work()
    return done.statements


@pytest.mark.parametrize("what", ["new", "again", "edits", "new with entities", "held"])
def test_a_batch_takes_as_many_statements_whatever_its_size(world: World, what: str) -> None:
    amina, counted = world.phone(), []
    amina.sync(amina.says(), registers(amina, world.uuid()))
    for size in (10, 100):
        batch: list[Json]
        if what == "new with entities":
            batch = [registers(amina, world.uuid()) for _ in range(size)]
        elif what == "held":
            batch = [amina.says(seen=[["far-away", n + 1]]) for n in range(size)]
        else:
            batch = [amina.says() for _ in range(size)]
        if what in ("again", "edits"):
            amina.tells(*batch)
        if what == "edits":
            batch = [amina.says(one["record"], {"age": 3}, seen=[one]) for one in batch]
        counted.append(statements(world, partial(amina.tells, *batch)))
    assert counted[0] == counted[1]
    assert 0 < counted[0] < 50


def test_the_limits_hold_for_one_large_batch(world: World) -> None:
    amina = world.phone()
    said = [amina.says(seen=[["far-away", n * 64 + m + 1] for m in range(64)]) for n in range(500)]
    said += [amina.says() for _ in range(500)]
    assert amina.statuses(*said).count("held") == 500
    assert amina.statuses(*said) == ["duplicate"] * 1000


def test_settings_of_durability(engine: Engine) -> None:
    world = World(engine, Settings(durability="backup"))
    amina = world.phone()
    answer = amina.sync(amina.says())
    assert answer["results"][0]["status"] == "applied"
    assert answer["durable_through"] == {amina.author: 0}
    author = world.read(lambda session: authors.find(session, amina.author))
    assert author is not None
    world.write(lambda session: authors.remember_backup(session, [(author.id, 1)]))
    assert amina.sync()["durable_through"] == {amina.author: 1}
    world.database.close()


def test_durable_through_waits_for_files(world: World) -> None:
    amina = world.phone()
    photo = {"file": "p.jpg", "sha256": "0" * 64, "size": 4, "type": "image/jpeg"}
    said = [amina.says(), amina.says(writes={"name": "x", "photo": photo}), amina.says()]
    answer = amina.sync(*said)
    assert [result["status"] for result in answer["results"]] == ["applied"] * 3
    assert answer["durable_through"] == {amina.author: 1}
    assert answer["known_through"] == 3
    lost = amina.sync(void=[[2, "the photo is lost"]])
    assert lost["durable_through"] == {amina.author: 3}
