"""Many servers, the same records: no deadlock, nothing lost, nothing that waits for what is here."""

import random
import threading
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from fieldsync.services import publishing, sync
from fieldsync.store import operations, records
from tests.routes.test_sync_entities import registers
from tests.store.writers import processes, sync_batches
from tests.tiny_forms import definition
from tests.world import Json, Phone, World

PROCESSES = 4


def deadlocks(engine: Engine) -> int:
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.execute(text(sql)).scalar_one())


def in_processes(world: World, sent: dict[str, list[list[Json]]]) -> list[str]:
    """Send each phone's batches from a process of its own; all statuses."""
    url = world.engine.url.render_as_string(hide_password=False)
    with processes(PROCESSES) as pool:
        return [
            status
            for statuses in pool.map(partial(sync_batches, url), sent.keys(), sent.values())
            for status in statuses
        ]


def shuffled(phone: Phone, records: list[str], said: Callable[[Phone, str], Json], seed: int) -> list[Json]:
    """One operation for each of the same records, in an order of this phone's own."""
    order = list(records)
    random.Random(seed).shuffle(order)
    return [said(phone, record) for record in order]


def visit(phone: Phone, record: str) -> Json:
    return phone.says(record, {"name": f"{phone.author[:4]} {phone.counter}"})


def person(phone: Phone, record: str) -> Json:
    return registers(phone, record, f"{phone.author[:4]} {phone.counter}")


def test_servers_that_write_the_same_fifty_records(world: World) -> None:
    """New ones and known ones, submissions and the entities that follow from them, each server in its own order."""
    rounds = [([world.uuid() for _ in range(50)], [world.uuid() for _ in range(50)]) for _ in range(3)]
    before = deadlocks(world.engine) if world.engine.dialect.name == "postgresql" else 0
    sent: dict[str, list[list[Json]]] = {}
    for place in range(PROCESSES):
        phone = world.phone()
        phone.sync(phone.says(), registers(phone, world.uuid()))
        sent[phone.token] = [
            batch
            for visits, people in [*rounds, rounds[0]]
            for batch in (shuffled(phone, visits, visit, place), shuffled(phone, people, person, place))
        ]
    assert set(in_processes(world, sent)) == {"applied"}
    if world.engine.dialect.name == "postgresql":
        assert deadlocks(world.engine) == before
    for visits, people in rounds:
        for kind, path, uuids in (("submission", "name", visits), ("entity", "fullname", people)):
            for uuid in uuids:
                shown = world.record(uuid, kind)
                assert shown is not None
                assert 1 + len(shown["conflicts"][path]) == PROCESSES


def test_new_records_are_written_in_the_order_of_their_uuids(postgresql_engine: Engine) -> None:
    """Two transactions that write the same new records in opposite orders would each wait for the other."""
    world = World(postgresql_engine)
    amina = world.phone()
    written: list[list[bytes]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO record "):
            written.append([row[2] for row in parameters])

    event.listen(world.engine, "before_cursor_execute", note)
    amina.sync(*(amina.says() for _ in range(20)))
    event.remove(world.engine, "before_cursor_execute", note)
    assert written == [sorted(written[0])]
    world.database.close()


def test_two_servers_that_bring_the_same_new_records_at_once(
    postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins again with all of its batch; going on one by one, it would lock records in another order."""
    world = World(postgresql_engine)
    amina, brahim = world.phone(), world.phone()
    amina.sync(amina.says())  # else they would meet at the form's first record already
    brahim.sync(brahim.says())
    fresh = [world.uuid() for _ in range(5)]
    meet_before(monkeypatch, "add_many", records)
    monkeypatch.setattr(sync, "_one_by_one", pytest.fail)
    told = at_once(
        lambda: amina.statuses(*(visit(amina, record) for record in fresh)),
        lambda: brahim.statuses(*(visit(brahim, record) for record in reversed(fresh))),
    )
    assert told == [["applied"] * 5] * 2
    world.database.close()


def test_a_chain_whose_links_arrive_at_different_servers_at_once(world: World) -> None:
    """Each link waits for the one before it, said by another phone to another server: in the end nothing waits."""
    phones = [world.phone() for _ in range(PROCESSES)]
    sent: dict[str, list[list[Json]]] = {phone.token: [] for phone in phones}
    last: list[Json] = []
    for _ in range(15):
        record = world.uuid()
        chain: list[Json] = []
        for phone in phones:
            chain.append(phone.says(record, {"name": phone.author[:6]}, seen=chain[-1:]))
            sent[phone.token].append([chain[-1]])
        last.append(chain[-1])
    assert set(in_processes(world, sent)) <= {"applied", "held"}
    assert not world.read(lambda session: operations.anything_waits(session, world.amal))
    for one in last:
        shown = world.record(one["record"])
        assert shown is not None
        assert shown["heads"] == [one["id"]]


def test_two_transactions_that_bring_and_hold_at_the_same_moment(
    postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other's rows when it looks; the second to commit begins again."""
    world = World(postgresql_engine)
    amina, brahim = world.phone(), world.phone()
    amina.sync(amina.says())
    first = amina.says()
    follows = brahim.says(writes={"age": 3}, seen=[first])
    meet_before_the_log(monkeypatch)
    assert at_once(lambda: amina.statuses(first), lambda: brahim.statuses(follows))[0] == ["applied"]
    assert world.fields(follows["record"]) == {"age": 3}
    assert [result["was"] for result in brahim.tells(follows)] == ["applied"]
    world.database.close()


def test_a_version_that_is_published_while_its_submission_comes_in(
    postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(postgresql_engine)
    amina = world.phone()
    said = amina.says(version="2", writes={"colour": "blue"})
    publish = partial(publishing.publish, association_id=world.amal, definition=definition("visit 2"), now_ms=1)
    meet_before_the_log(monkeypatch)
    at_once(lambda: amina.statuses(said), lambda: world.write(publish))
    assert world.fields(said["record"]) == {"colour": "blue"}
    world.database.close()


def test_what_is_quarantined_while_something_waits_for_it(
    postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(postgresql_engine)
    amina, brahim = world.phone(), world.phone()
    wrong = amina.says(writes={"colour": "mauve"})
    follows = brahim.says(wrong["record"], {"age": 3}, seen=[wrong])
    meet_before_the_log(monkeypatch)
    assert at_once(lambda: amina.statuses(wrong), lambda: brahim.statuses(follows))[0] == ["quarantined"]
    assert world.fields(wrong["record"]) == {"age": 3}
    world.database.close()


def meet_before_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two transactions both do all their looking before either locks the log's counter."""
    meet_before(monkeypatch, "conclude", sync, publishing)


def meet_before(monkeypatch: pytest.MonkeyPatch, step: str, *modules: ModuleType) -> None:
    """Make two threads wait for each other before each first takes this step of these modules."""
    both, original = threading.Barrier(2), getattr(modules[0], step)
    met: set[int] = set()

    def meet(*given: Any) -> None:
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            both.wait(30)
        original(*given)

    for module in modules:
        monkeypatch.setattr(module, step, meet)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    outcomes: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        outcomes[place] = works[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
