"""Whatever happens while a file is made: it ends in a state that says so, and nothing is left lying around."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.core.export_options import Options
from fieldsync.services import exporting, exports
from fieldsync.services.export_process import Order
from fieldsync.services.export_workshop import Workshop, start_process
from fieldsync.services.own_process import packed, unpacked
from fieldsync.store import exports as stored
from fieldsync.store.exports import ExportRow
from tests.exported import Desk, desk_of, read_csv
from tests.services.test_exports import visited
from tests.world import HOUR_MS, World

Start = Callable[[Order], "subprocess.Popen[bytes]"]


@pytest.fixture
def at_desk(engine: Engine, tmp_path: Path) -> Desk:
    """A server by settings with which another process finds its database."""
    url = engine.url.render_as_string(hide_password=False) if engine.dialect.name == "postgresql" else ""
    world = World(engine, Settings(data=tmp_path, database_url=url, secret_key="0" * 64))
    return desk_of(world, world.settings.exports_folder)


def workshop(desk: Desk, start: Start | None = None) -> Workshop:
    return Workshop(desk.world.settings, desk.world.clock, os.urandom, start)


def running(program: str) -> Start:
    """A process that does something else than making an export, and leaves its beginnings behind."""

    def start(order: Order) -> "subprocess.Popen[bytes]":
        order.settings.exports_folder.mkdir(exist_ok=True)
        (order.settings.exports_folder / f"{order.worker}.part").write_bytes(b"half")
        return subprocess.Popen([sys.executable, "-c", program])

    return start


def test_exports_are_made_in_processes_of_their_own(at_desk: Desk) -> None:
    world = at_desk.world
    visited(world.phone(), world)
    rows = [at_desk.asks(Options("submission", "visit", each)) for each in ("csv", "xlsx")]
    workshop(at_desk).work(world.database)
    done = [at_desk.now(row) for row in rows]
    assert [row.state for row in done] == [stored.READY] * 2
    assert [row.records for row in done] == [1, 1]
    assert done[0].worker != done[1].worker
    [told] = read_csv((at_desk.folder / done[0].file).read_bytes())["records"]
    assert told["state"] == "approved"
    assert sorted(path.name for path in at_desk.folder.iterdir()) == sorted(row.file for row in done)


def test_a_crash_in_the_middle_says_so_and_leaves_nothing(at_desk: Desk) -> None:
    rows = [at_desk.asks(Options("submission", "visit")) for _ in range(2)]
    workshop(at_desk, running("raise SystemExit(3)")).work(at_desk.world.database)
    assert [(at_desk.now(row).state, at_desk.now(row).problem) for row in rows] == [
        (stored.FAILED, "export_interrupted")
    ] * 2
    assert list(at_desk.folder.iterdir()) == []


def test_a_server_that_stops_ends_what_it_makes(at_desk: Desk) -> None:
    row, later = (at_desk.asks(Options("submission", "visit")) for _ in range(2))
    started = []

    def start(order: Order) -> "subprocess.Popen[bytes]":
        started.append(running("import time; time.sleep(600)")(order))
        maker.stop()
        return started[0]

    maker = workshop(at_desk, start)
    maker.work(at_desk.world.database)
    assert started[0].returncode is not None
    assert at_desk.now(row).state == stored.FAILED
    assert at_desk.now(later).state == stored.WAITING
    assert list(at_desk.folder.iterdir()) == []


def test_what_a_dead_server_was_making_is_found_out(at_desk: Desk) -> None:
    world = at_desk.world
    row = at_desk.asks(Options("submission", "visit"))
    taken = world.write(lambda session: stored.take_up(session, "lost", world.now_ms))
    assert taken is not None
    at_desk.folder.mkdir()
    (at_desk.folder / "lost.part").write_bytes(b"half")
    workshop(at_desk).work(world.database)
    assert at_desk.now(row).state == stored.RUNNING
    world.now_ms += exports.SILENT_MS + 1
    workshop(at_desk).work(world.database)
    assert (at_desk.now(row).state, at_desk.now(row).problem) == (stored.FAILED, "export_interrupted")
    assert list(at_desk.folder.iterdir()) == []


def taken_up(at_desk: Desk) -> ExportRow:
    at_desk.asks(Options("submission", "visit"))
    taken = at_desk.world.write(lambda session: stored.take_up(session, "w" * 48, at_desk.world.now_ms))
    assert taken is not None
    return taken


@pytest.mark.parametrize("when", ["meanwhile", "at the end"])
def test_one_that_is_cancelled_leaves_nothing(at_desk: Desk, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = at_desk.world
    visited(world.phone(), world)
    row = taken_up(at_desk)
    read = stored.source_page

    def cancelled(*given: object) -> object:
        world.write(lambda session: exports.cancel(session, row, world.now_ms))
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(stored, "source_page", cancelled)
    step = exporting.BEAT_MS + 1 if when == "meanwhile" else 0
    times = iter(range(world.now_ms, world.now_ms + 10**6, step)) if step else iter([world.now_ms] * 100)
    exporting.make(replace(at_desk.around, now_ms=times.__next__), row)
    assert at_desk.now(row).state == stored.CANCELLED
    assert list(at_desk.folder.iterdir()) == []


def test_a_fault_of_ours_says_so_and_leaves_nothing(at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = taken_up(at_desk)
    monkeypatch.setattr(stored, "source_page", lambda *_: 1 / 0)
    visited(at_desk.world.phone(), at_desk.world)
    with pytest.raises(ZeroDivisionError):
        exporting.make(at_desk.around, row)
    assert (at_desk.now(row).state, at_desk.now(row).problem) == (stored.FAILED, "export_failed")
    assert list(at_desk.folder.iterdir()) == []


def test_a_file_lives_for_a_day_and_orphans_for_an_hour(at_desk: Desk) -> None:
    world = at_desk.world
    row, _ = at_desk.made()
    for name, age in (("old.part", 2), ("old.export", 2), ("new.part", 0), ("other.txt", 9)):
        (at_desk.folder / name).write_bytes(b"x")
        at = world.now_ms / 1000 - age * 3600
        os.utime(at_desk.folder / name, (at, at))
    maker = workshop(at_desk)
    maker.sweep(world.database)
    assert sorted(path.name for path in at_desk.folder.iterdir()) == sorted(["new.part", "other.txt", row.file])
    world.now_ms += 25 * HOUR_MS
    maker.sweep(world.database)
    assert at_desk.now(row).state == stored.EXPIRED
    assert sorted(path.name for path in at_desk.folder.iterdir()) == ["other.txt"]
    world.now_ms += exports.FORGOTTEN_MS
    maker.sweep(world.database)
    assert world.read(lambda session: stored.find(session, row.uuid)) is None


def test_an_order_travels_whole_and_in_no_argument(at_desk: Desk) -> None:
    settings = replace(at_desk.world.settings, exports="/srv/x", secret_key="f" * 64)
    order = Order(settings, "uuid", "worker")
    assert unpacked(packed(order), Order) == order
    process = start_process(Order(at_desk.world.settings, "00000000-0000-4000-8000-000000000000", "w"))
    assert at_desk.world.settings.secret_key not in " ".join(map(str, process.args))  # type: ignore[arg-type]
    assert process.wait(60) == 0
