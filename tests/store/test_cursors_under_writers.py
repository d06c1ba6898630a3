"""Once a cursor is handed out, nothing at or before it becomes visible: under threads, processes and aborts."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from fieldsync.store import associations, changes
from tests.store.writers import processes, write_log
from tests.world import World


def url_of(world: World) -> str:
    return world.engine.url.render_as_string(hide_password=False)


def read_all(world: World, writers: list[Future[int]]) -> list[tuple[int, int, int | None]]:
    """Poll as devices do until all writers have ended; every page must hold exactly what follows the cursor."""
    seen: list[tuple[int, int, int | None]] = []
    last_round = False
    while True:
        with world.database.read() as session:
            through, _ = associations.positions(session, world.amal)
            rows = changes.after(session, world.amal, len(seen), through, 10**6)
        assert [row.position for row in rows] == list(range(len(seen) + 1, through + 1))
        seen += [(row.position, row.record_id, row.operation_id) for row in rows]
        if last_round:
            return seen
        last_round = all(writer.done() for writer in writers)


def assert_same_log(world: World, seen: list[tuple[int, int, int | None]], committed: int) -> None:
    with world.database.read() as session:
        rows = changes.after(session, world.amal, 0, 10**9, 10**6)
        assert changes.gaps(session, world.amal) == (committed, 1, committed)
    assert seen == [(row.position, row.record_id, row.operation_id) for row in rows]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_row_appears_behind_a_cursor_while_threads_write(world: World, seed: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write_log, url_of(world), world.amal, seed * 10 + one, 25) for one in range(8)]
        seen = read_all(world, writers)
    assert_same_log(world, seen, sum(writer.result() for writer in writers))


def test_no_row_appears_behind_a_cursor_while_processes_write(world: World) -> None:
    with processes(4) as pool:
        writers = [pool.submit(write_log, url_of(world), world.amal, one, 40) for one in range(4)]
        seen = read_all(world, writers)
    assert_same_log(world, seen, sum(writer.result() for writer in writers))


def test_one_process_with_many_threads_shares_its_commits_and_the_log_stays_dense(world: World) -> None:
    """The writers go through one database, as the requests of one server do; some fail within a shared commit."""
    phones = [world.phone() for _ in range(6)]
    batches: dict[int, list[list[Any]]] = {}
    for place, phone in enumerate(phones):
        batches[place] = [
            [phone.says(), phone.says(writes={"nowhere": 1}), phone.says(seen=[["x", n + 1]])] for n in range(8)
        ]
    reader = world.phone()
    shown: list[str] = []
    sending = [
        threading.Thread(target=lambda p=place: [phones[p].tells(*one) for one in batches[p]]) for place in batches
    ]
    for thread in sending:
        thread.start()
    while any(thread.is_alive() for thread in sending):
        shown += [record["record"] for record in reader.pulls(limit=7)]
    shown += [record["record"] for record in reader.pulls(limit=7)]
    said = [batch[0]["record"] for one in batches.values() for batch in one]
    assert sorted(shown) == sorted(said)
    with world.database.read() as session:
        rows, low, high = changes.gaps(session, world.amal)
    assert (rows, low) == (high, 1)
