"""The nightly run of the quality rules, and the first answers of a map of many points, on rows made for it."""

import random
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.core.access import READ_RECORDS, Grant
from fieldsync.core.geometry import Box, cell
from fieldsync.core.inbox import Filter
from fieldsync.core.observing import Facts
from fieldsync.core.roles import CLEAR, Role
from fieldsync.services import map_view, quality_night
from fieldsync.services.readers import Reader
from fieldsync.store import associations, authors, observations, people, points, records
from fieldsync.store.db import Database
from fieldsync.store.observations import Observed
from fieldsync.store.points import PointRow
from fieldsync.store.records import RecordRow
from tests.benchmarks.table import Row

AUTHORS = 40
STEP_ROWS = 20_000
COMMUNES = [f"07.041.{circle:02}.{commune:02}" for circle in range(1, 6) for commune in range(1, 9)]
MINUTE = 60
HAOUZ = Box(-9.0, 30.8, -7.4, 31.8)
TOWN = Box(-8.02, 31.2, -7.98, 31.24)


def rows(data: Path, submissions: int, placed: int) -> Iterator[Row]:
    """A night over so many submissions; a map of so many points."""
    database = open_database(Settings(data=data))
    try:
        association_id, collection_id, author_ids = _association(database)
        _fill(database, collection_id, author_ids, max(placed, submissions))
        _observe(database, collection_id, author_ids, submissions)
        yield _night(database, association_id, submissions)
        _place(database, collection_id, author_ids, placed)
        yield from _map(database, association_id, placed)
    finally:
        database.close()


def _reader(database: Database, association_id: int) -> Reader:
    """Somebody who reads everything of the association."""
    role = Role("r", "r", "r", "r", "association", frozenset({READ_RECORDS}), frozenset({"*"}), personal=CLEAR)
    made = database.write(lambda session: people.add(session, "reader", association_id, "r@example.org", "", "", 0))
    return Reader(association_id, person=made, grants=(Grant(role, association_id),))


def _association(database: Database) -> tuple[int, int, list[int]]:
    def work(session: Any) -> tuple[int, int, list[int]]:
        owner = associations.add(session, "views", "Views").id
        made = [authors.add(session, f"phone-{number}", owner, "device").id for number in range(AUTHORS)]
        return owner, associations.ensure_collection(session, owner, "submission", "round").id, made

    return database.write(work)


def _fill(database: Database, collection_id: int, author_ids: list[int], count: int) -> None:
    """So many records without content: the points and facts are what counts here."""
    for start in range(1, count + 1, STEP_ROWS):
        ids = list(range(start, min(start + STEP_ROWS, count + 1)))
        made = [
            RecordRow(each, collection_id, each.to_bytes(16, "big"), author_ids[each % AUTHORS], "", "received", False,
                      0, False, None, False, 0, 0, b"", None)
            for each in ids
        ]  # fmt: skip
        database.write(lambda session, made=made: records.add_many(session, made))  # type: ignore[misc]


def _observe(database: Database, collection_id: int, author_ids: list[int], count: int) -> None:
    dice = random.Random(3)
    for start in range(1, count + 1, STEP_ROWS):
        made = [
            Observed(each, collection_id, author_ids[each % AUTHORS], 0, _facts(dice))
            for each in range(start, min(start + STEP_ROWS, count + 1))
        ]
        database.write(lambda session, made=made: observations.save(session, made))  # type: ignore[misc]


def _facts(dice: random.Random) -> Facts:
    """Thirty answers, ten numbers, ten minutes, a point."""
    return Facts(
        place=dice.choice(COMMUNES),
        begun_ms=1_790_000_000_000 + dice.randrange(10**9),
        seconds=max(5, int(dice.gauss(10 * MINUTE, 3 * MINUTE))),
        latitude=dice.gauss(31.2, 0.2),
        longitude=dice.gauss(-8.2, 0.3),
        numbers={f"number_{each}": float(int(dice.gauss(50, 12))) for each in range(10)},
        answers=tuple(sorted(dice.randrange(2**32) for _ in range(30))),
        tells_times=True,
    )


def _night(database: Database, association_id: int, count: int) -> Row:
    def read(work: Any) -> Any:
        with database.read() as session:
            return work(session)

    began, cpu = time.perf_counter(), time.process_time()
    quality_night.run(read, database.write, association_id, now_ms())
    spent, took = time.process_time() - cpu, time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = f"{spent:.1f} CPU s, {took:.1f} s, {spent / count * 1e6:.0f} µs CPU a submission, peak {peak:.0f} MiB"
    return Row(f"quality rules, a night over {count:,} submissions", shown)


def _place(database: Database, collection_id: int, author_ids: list[int], count: int) -> None:
    dice = random.Random(5)
    for start in range(1, count + 1, STEP_ROWS):
        made = []
        for each in range(start, min(start + STEP_ROWS, count + 1)):
            latitude, longitude = dice.gauss(31.2, 0.15), dice.gauss(-8.2, 0.25)
            author_id, place = author_ids[each % AUTHORS], dice.choice(COMMUNES)
            made.append(PointRow(each, collection_id, author_id, place, False, cell(latitude, longitude),
                                 latitude, longitude))  # fmt: skip
        database.write(lambda session, made=made: points.replace(session, [], made))  # type: ignore[misc]


def _map(database: Database, association_id: int, count: int) -> Iterator[Row]:
    reader = _reader(database, association_id)
    asked: tuple[tuple[str, Callable[[Any], Any]], ...] = (
        ("the page", lambda session: map_view.overview(session, reader, Filter())),
        ("everything in view", lambda session: map_view.view(session, reader, Filter(), HAOUZ, 11)),
        ("a town in view", lambda session: map_view.view(session, reader, Filter(), TOWN, 16)),
    )
    for name, work in asked:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            with database.read() as session:
                work(session)
            took.append((time.perf_counter() - began) * 1000)
        yield Row(f"map of {count:,} points, {name}", f"{sorted(took)[2]:.0f} ms, first {took[0]:.0f} ms", "≤ 150 ms")
