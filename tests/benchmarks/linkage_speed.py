"""How fast linkage looks up and how long a night takes: rows of `make bench-linkage`, at 100k and a million persons."""

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from fieldsync.config import program_folder
from fieldsync.core.blocking import Space
from fieldsync.core.keys import derived
from fieldsync.core.linkage import Scorer
from fieldsync.core.linkage_features import ALGORITHM, PERSON, Features
from fieldsync.services import linkage as matching
from fieldsync.services import linkage_training
from fieldsync.services.linkage_lists import PURPOSE, LinkedList, shipped_model
from fieldsync.store import associations, authors, form_versions, linkage
from fieldsync.store.associations import CollectionRow
from fieldsync.store.db import Database, execute, execute_many
from fieldsync.store.engines import open_engine
from fieldsync.store.form_versions import PropertyRow
from fieldsync.store.migrate import migrate
from tests.benchmarks.table import Row, print_table
from tests.databases import postgresql_url

LOOK_UPS = 1000
DUPLICATES = 0.1
GIVEN_NAMES, FAMILY_NAMES, COMMUNES = 900, 4000, 120
ONSETS, VOWELS = (
    ("b", "d", "f", "r", "l", "m", "n", "s", "t", "k", "h", "z", "j", "kh", "ch", "gh", "dr"),
    ("a", "i", "ou"),
)


def main() -> None:
    """Measure and print; `--night` is one night in a process of its own, for its memory."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--records", type=int, nargs="*", default=[100_000, 1_000_000])
    words.add_argument("--night", default="", help="the database of which to tell one night")
    chosen = words.parse_args()
    if chosen.night:
        print(" ".join(f"{each:.0f}" for each in night(chosen.night)))
        return
    print_table([row for records in chosen.records for row in rows(records)])


def rows(records: int) -> Iterator[Row]:
    """Look-up, index and night of a register of so many, on SQLite; the look-up on PostgreSQL too up to 100,000."""
    folder = Path(tempfile.mkdtemp(prefix="fieldsync-linkage-bench-"))
    try:
        url = f"sqlite:///{folder / 'bench.db'}"
        yield from _rows(url, records, "SQLite")
        yield _night_row(url, records)
    finally:
        shutil.rmtree(folder)
    if records <= 100_000:
        with postgresql_url() as postgresql:
            yield from _rows(postgresql, records, "PostgreSQL")


def _rows(url: str, records: int, name: str) -> Iterator[Row]:
    engine = open_engine(url)
    try:
        migrate(engine, program_folder("migrations"))
        of_list, index_mib = fill(Database(engine), records)
        p50, p95, p99, wall, found = look_ups(Database(engine), of_list)
    finally:
        engine.dispose()
    what = f"look-up, {records:,} persons, {name}"
    yield Row(
        what,
        f"CPU p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f} ms; wall p95 {wall:.2f} ms; {found:.2f} found",
        "p95 10 ms",
    )
    yield Row(f"blocking keys, {records:,} persons, {name}", f"{index_mib:.0f} MiB", "160 MiB at 1M")


def _night_row(url: str, records: int) -> Row:
    command = [sys.executable, "-m", "tests.benchmarks.linkage_speed", "--night", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    wall, cpu, peak, pairs = (float(each) for each in said)
    must = "5 min; 1.5 GB" if records > 100_000 else "60 s; 1.5 GB"
    measured = f"{wall:.0f} s ({cpu:.0f} s CPU), peak {peak:.0f} MiB, {pairs:,.0f} pairs"
    return Row(f"night, {records:,} persons", measured, must)


def night(url: str) -> tuple[float, float, float, float]:
    """Wall and processor seconds, peak MiB and pairs of one night on a database that was filled."""
    engine = open_engine(url)
    database = Database(engine)
    began, cpu = time.monotonic(), time.process_time()
    [trained] = linkage_training.train(_reads(database), database.write, 1, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    database.close()
    return time.monotonic() - began, time.process_time() - cpu, peak, trained.pairs


def _reads(database: Database) -> Any:
    def read(work: Any) -> Any:
        with database.read() as session:
            return work(session)

    return read


def fill(database: Database, records: int) -> tuple[LinkedList, float]:
    """A register of persons, a tenth of whom stand twice; the list, and the MiB of its keys."""
    collection, scorer = CollectionRow(1, 1, "entity", "participants"), Scorer(shipped_model(PERSON))
    of_list = LinkedList(collection, PERSON, {}, Space(derived(b"", PURPOSE), 1, collection.of), scorer)
    encode = msgspec.json.Encoder().encode
    keys: list[tuple[int, int]] = []

    def declare(session: Any) -> None:
        assert associations.add(session, "bench", "Bench").id == 1
        assert authors.add(session, "a" * 32, 1, "device", None, None, enrolled=True).id == 1
        assert associations.ensure_collection(session, 1, "entity", "participants").id == 1
        named = PropertyRow("full_name", "P2", (), False, "full_name")
        form_versions.save_properties(session, 1, "participants", [named])

    database.write(declare)
    page: list[tuple[int, bytes]] = []
    for number, features in enumerate(people(records), 1):
        known = matching.with_codes(of_list, features)
        page.append((number, encode(known)))
        keys += [(key, number) for key in of_list.space.keys(known)]
        if len(page) == 20_000 or number == records:
            database.write(lambda session, rows=page: _store(session, rows))  # type: ignore[misc]
            page = []
    keys.sort()
    before = _bytes(database)
    for start in range(0, len(keys), 200_000):
        database.write(lambda session, at=start: linkage.add_keys(session, keys[at : at + 200_000]))  # type: ignore[misc]
    return of_list, (_bytes(database) - before) / 2**20


def _store(session: Any, rows: list[tuple[int, bytes]]) -> None:
    sql = (
        "INSERT INTO record (id, collection_id, uuid, created_by, place, review, deleted, conflicts, merged,"
        " incomplete, arrived_ms, changed_ms, state) VALUES (?, 1, ?, 1, '', 'received', ?, 0, ?, ?, 0, 0, ?)"
    )
    execute_many(session, sql, [(number, number.to_bytes(16, "big"), False, False, False, b"{}") for number, _ in rows])
    linkage.put_features(session, 1, ALGORITHM, rows)


def _bytes(database: Database) -> int:
    with database.read() as session:
        if database.is_sqlite:
            pages = execute(session, "SELECT page_count, page_size FROM pragma_page_count(), pragma_page_size()").one()
            return int(pages[0]) * int(pages[1])
        return int(execute(session, "SELECT pg_relation_size('pk_blocking_key')").scalar_one())


def look_ups(database: Database, of_list: LinkedList) -> tuple[float, ...]:
    """Processor milliseconds of a look-up (p50, p95, p99), p95 by the clock, and how many records it finds."""
    asked = [matching.with_codes(of_list, each) for each in people(LOOK_UPS, 3)]
    taken, walls, found = list[float](), list[float](), 0
    with database.read() as session:
        for features in asked:
            began, clock = time.process_time(), time.monotonic()
            found += len(matching.look_up(session, of_list, features))
            taken.append((time.process_time() - began) * 1000)
            walls.append((time.monotonic() - clock) * 1000)
    p50, p95, p99 = (sorted(taken)[len(taken) * percent // 100] for percent in (50, 95, 99))
    return p50, p95, p99, sorted(walls)[len(walls) * 95 // 100], found / LOOK_UPS


def people(count: int, seed: int = 1) -> Iterator[Features]:
    """Persons with names as common as in life (Zipf), half with a phone, a tenth of them told a second time."""
    dice = random.Random(seed)
    names = random.Random(7)
    given, family = [_name(names, 2) for _ in range(GIVEN_NAMES)], [_name(names, 3) for _ in range(FAMILY_NAMES)]
    weights = [[1 / (rank + 8) for rank in range(len(each))] for each in (given, family)]
    drawn = zip(dice.choices(given, weights[0], k=count), dice.choices(family, weights[1], k=count), strict=True)
    before: Features | None = None
    for one, other in drawn:
        if before is not None and dice.random() < DUPLICATES:
            yield _again(dice, before)
            before = None
            continue
        year = dice.randint(1950, 2010)
        born = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        phone = f"+2126{dice.randrange(10**8):08}" if dice.random() < 0.6 else ""
        commune = dice.randrange(COMMUNES)
        before = Features(
            given=(one,), family=(other,), born=born, phone=phone, sex=dice.choice("fffm"),
            place=f"07.041.{commune % 9 + 1:02}.{commune // 9 + 1:02}",
        )  # fmt: skip
        yield before


def _again(dice: random.Random, known: Features) -> Features:
    faults: tuple[dict[str, Any], ...] = ({}, {"phone": ""}, {"born": None}, {"place": "07.041.01.01"})
    return msgspec.structs.replace(known, **dice.choice(faults))


def _name(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(ONSETS) + dice.choice(VOWELS) for _ in range(syllables)).capitalize()


if __name__ == "__main__":
    main()
