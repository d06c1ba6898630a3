"""How fast linkage looks up and how long a night takes: rows of `make bench-linkage`, at 100,000 and a million persons.

The persons are those of tests/linkage_registry. One of a thousand is left out of the database and asked for afterwards,
so that those who are asked for stand there again or not as in life.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy

from fieldsync.config import program_folder
from fieldsync.core.blocking import Space
from fieldsync.core.keys import derived
from fieldsync.core.linkage import AUTOMATIC, REVIEW, Scorer
from fieldsync.core.linkage_features import PERSON, Features, algorithm, features_of
from fieldsync.services import linkage as matching
from fieldsync.services import linkage_training
from fieldsync.services.linkage_lists import PURPOSE, LinkedList, shipped_model
from fieldsync.store import associations, authors, form_versions, linkage
from fieldsync.store.associations import CollectionRow
from fieldsync.store.db import Database, execute, execute_many
from fieldsync.store.engines import open_engine
from fieldsync.store.form_versions import PropertyRow
from fieldsync.store.migrate import migrate
from tests.benchmarks.linkage_measure import Rate
from tests.benchmarks.linkage_registry import PARTS, REVIEWED_PER_100, SEED
from tests.benchmarks.table import Row, print_table
from tests.databases import postgresql_url
from tests.linkage_registry.people import TODAY
from tests.linkage_registry.registry import records

LOOK_UPS = 1000
PAGE = 20_000
SQLITE, POSTGRESQL = "sqlite", "postgresql"

Result = TypeVar("Result")


def main() -> None:
    """Measure and print; `--night` is one night in a process of its own, for its memory."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--records", type=int, nargs="*", default=[100_000, 1_000_000])
    words.add_argument("--database", choices=[SQLITE, POSTGRESQL], nargs="*", default=[SQLITE, POSTGRESQL])
    words.add_argument("--night", default="", help="the database of which to tell one night")
    chosen = words.parse_args()
    if chosen.night:
        print("\t".join(night(chosen.night)))
        return
    print_table([row for count in chosen.records for name in chosen.database for row in rows(name, count)])


def rows(name: str, count: int) -> Iterator[Row]:
    """Look-up, index and night of a registry of so many."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldsync-linkage-bench-"))
        url = f"sqlite:///{folder}/bench.db" if name == SQLITE else stack.enter_context(postgresql_url())
        what = f"{count:,} persons, {name}"
        persons = array("q")
        yield from _looked_up(url, count, what, persons)
        wall, cpu, peak, rest = _in_process(url)
        must = "2 min; 2 GB" if count > 100_000 else "60 s; 1.5 GB"
        yield Row(f"night, {what}", f"{wall} s ({cpu} s CPU), peak {peak} MiB; {rest}", must)
        yield Row(f"what a night finds, {what}", _found(url, persons), "≥ 0.80 at ≤ 20 per 100")


def _looked_up(url: str, count: int, what: str, persons: "array[int]") -> Iterator[Row]:
    engine = open_engine(url)
    if engine.dialect.name == SQLITE:
        migrate(engine, program_folder("migrations"))
    database = Database(engine)
    try:
        of_list, asked, size = fill(database, count, persons)
        p50, p95, p99, wall, found = look_ups(database, of_list, asked)
    finally:
        database.close()
    told = f"CPU p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f} ms; wall p95 {wall:.2f} ms; {found:.2f} found"
    yield Row(f"look-up, {what}", told, "p95 10 ms")
    yield Row(f"blocking keys, {what}", size, "160 MB at 1M")


def _found(url: str, persons: "array[int]") -> str:
    """Of the true pairs, how many are linked or shown, where the heaviest for review are shown, 20 to 100 records."""
    times = Counter(persons)
    true = sum(many * (many - 1) // 2 for person, many in times.items() if person >= 0)
    database = Database(open_engine(url))
    sql = "SELECT left_id, right_id, zone FROM candidate_pair ORDER BY zone, weight DESC, left_id, right_id"
    with database.read() as session:
        pairs = [(persons[row[0]] == persons[row[1]], row[2]) for row in execute(session, sql)]
    database.close()
    linked = [is_one for is_one, zone in pairs if zone == AUTOMATIC]
    review = [is_one for is_one, zone in pairs if zone == REVIEW]
    size = sum(times.values()) - times[-1]
    shown = review[: size * REVIEWED_PER_100 // 100]
    return (
        f"automatic: precision {Rate(sum(linked), len(linked))}, recall {Rate(sum(linked), true)};"
        f" found {Rate(sum(linked) + sum(shown), true)} at {100 * len(shown) / size:.1f} review pairs per 100 persons,"
        f" of {100 * len(review) / size:.1f}"
    )


def _in_process(url: str) -> list[str]:
    command = [sys.executable, "-m", "tests.benchmarks.linkage_speed", "--night", url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split("\t")


def night(url: str) -> list[str]:
    """Seconds by the clock and of processor, peak MiB, and what was done in one night on a database that was filled."""
    database, longest = Database(open_engine(url)), [0.0]

    def read(work: Callable[[Any], Result]) -> Result:
        with database.read() as session:
            return work(session)

    def write(work: Callable[[Any], Result]) -> Result:
        began = time.monotonic()
        result = database.write(work)
        longest[0] = max(longest[0], time.monotonic() - began)
        return result

    began, cpu = time.monotonic(), time.process_time()
    [trained] = linkage_training.train(read, write, 1, 1)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    zones = read(lambda session: linkage.count_pairs(session, 1, "entity", "participants"))
    database.close()
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in trained.seconds.items())
    told = ", ".join(f"{zone} {100 * many / trained.records:.1f}" for zone, many in zones.items())
    rest = f"{parts}; pairs per 100 persons: {told}; longest write {longest[0] * 1000:.0f} ms"
    return [f"{wall:.0f}", f"{cpu:.0f}", f"{peak:.0f}", rest]


def fill(database: Database, count: int, persons: "array[int]") -> tuple[LinkedList, list[Features], str]:
    """A registry in a database; its list, who is asked for, and what its keys take. `persons`: whose each record is."""
    of_list = _list()
    database.write(_declare)
    store = _Sqlite(database) if database.is_sqlite else _Postgresql(database)
    encode = msgspec.json.Encoder().encode
    keys, bearers, page, asked = array("q"), array("q"), list[tuple[int, bytes]](), list[Features]()
    for number, person, known in _registry(of_list, count):
        persons.append(person if number % (count // LOOK_UPS) else -1)
        if number % (count // LOOK_UPS) == 0:
            asked.append(known)
            continue
        page.append((number, encode(known)))
        made = of_list.space.keys(known)
        keys.extend(made)
        bearers.extend([number] * len(made))
        if len(page) == PAGE:
            store.features(page)
            page.clear()
    store.features(page)
    before, _ = _bytes(database)
    order = numpy.lexsort((numpy.frombuffer(bearers, numpy.int64), numpy.frombuffer(keys, numpy.int64)))
    for start in range(0, len(order), 10 * PAGE):
        store.keys([(keys[at], bearers[at]) for at in order[start : start + 10 * PAGE].tolist()])
    size, more = _bytes(database)
    return of_list, asked, f"{(size - before) / 10**6:.0f} MB{more}"


def _registry(of_list: LinkedList, count: int) -> Iterator[tuple[int, int, Features]]:
    """(record, person, what is compared) of the registry, kept in the folder that REGISTRIES names."""
    folder = os.environ.get("REGISTRIES")
    if not folder:
        yield from _generated(of_list, count)
        return
    kept = Path(folder) / f"registry-{count}-{SEED}-{algorithm()}.persons.jsonl"
    if not kept.exists():
        begun = kept.with_suffix(".begun")
        encode = msgspec.json.Encoder().encode
        with begun.open("wb") as out:
            out.writelines(encode(each) + b"\n" for each in _generated(of_list, count))
        begun.rename(kept)
    decode = msgspec.json.Decoder(tuple[int, int, Features]).decode
    with kept.open("rb") as lines:
        yield from map(decode, lines)


def _generated(of_list: LinkedList, count: int) -> Iterator[tuple[int, int, Features]]:
    for record in records(count, SEED):
        known = features_of(record.fields, record.fields["place"], PARTS, TODAY.year)
        yield record.number, record.person.number, matching.with_codes(of_list, known)


def _list() -> LinkedList:
    collection, scorer = CollectionRow(1, 1, "entity", "participants"), Scorer(shipped_model(PERSON))
    return LinkedList(collection, PERSON, {}, Space(derived(b"", PURPOSE), 1, collection.of), scorer)


def _declare(session: Any) -> None:
    assert associations.add(session, "bench", "Bench").id == 1
    assert authors.add(session, "a" * 32, 1, "device", None, None, enrolled=True).id == 1
    assert associations.ensure_collection(session, 1, "entity", "participants").id == 1
    form_versions.save_properties(session, 1, "participants", [PropertyRow("name", "P2", (), False, "full_name")])


_RECORD = (
    "id, collection_id, uuid, created_by, place, review, deleted, conflicts, merged, incomplete, arrived_ms,"
    " changed_ms, state"
)


def _record(number: int) -> tuple[Any, ...]:
    return (number, 1, number.to_bytes(16, "big"), 1, "", "received", False, 0, False, False, 0, 0, b"{}")


class _Sqlite:
    """Fills a database as the program does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def features(self, page: list[tuple[int, bytes]]) -> None:
        """Store records with their features."""

        def work(session: Any) -> None:
            sql = f"INSERT INTO record ({_RECORD}) VALUES ({','.join('?' * 13)})"
            execute_many(session, sql, [_record(number) for number, _ in page])
            linkage.put_features(session, 1, algorithm(), page)

        self._database.write(work)

    def keys(self, page: list[tuple[int, int]]) -> None:
        """Store (key, record)."""
        self._database.write(lambda session: linkage.add_keys(session, page))


class _Postgresql:
    """Fills a database by COPY: row by row, a million records would take the better part of an hour."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def features(self, page: list[tuple[int, bytes]]) -> None:
        """Store records with their features."""
        self._copy(f"record ({_RECORD})", [_record(number) for number, _ in page])
        told = [(1, algorithm(), number, body) for number, body in page]
        self._copy("linkage_feature (collection_id, algorithm, record_id, body)", told)

    def keys(self, page: list[tuple[int, int]]) -> None:
        """Store (key, record)."""
        self._copy("blocking_entry (entry)", [(linkage.entry_of(*row),) for row in page])

    def _copy(self, table: str, rows: list[Any]) -> None:
        with self._database.engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def _bytes(database: Database) -> tuple[int, str]:
    """Of a SQLite file, or of PostgreSQL's index of keys, with what its table takes beside."""
    if database.is_sqlite:
        with database.read() as session:
            pages = execute(session, "SELECT page_count, page_size FROM pragma_page_count(), pragma_page_size()").one()
        return int(pages[0]) * int(pages[1]), ""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE linkage_feature, blocking_entry, record")
        sql = "SELECT pg_relation_size('pk_blocking_entry'), pg_total_relation_size('blocking_entry')"
        index, whole = connection.exec_driver_sql(sql).one()
    return int(index), f" of index, {int(whole) / 10**6:.0f} MB with its table"


def look_ups(database: Database, of_list: LinkedList, asked: list[Features]) -> tuple[float, ...]:
    """Milliseconds of a look-up (p50, p95, p99 of processor, p95 by the clock), and how many records it finds."""
    taken, walls, found = list[float](), list[float](), 0
    with database.read() as session:
        for features in asked:
            began, clock = time.process_time(), time.monotonic()
            found += len(matching.look_up(session, of_list, features))
            taken.append((time.process_time() - began) * 1000)
            walls.append((time.monotonic() - clock) * 1000)
    p50, p95, p99 = (sorted(taken)[len(taken) * percent // 100] for percent in (50, 95, 99))
    return p50, p95, p99, sorted(walls)[len(walls) * 95 // 100], found / len(asked)


if __name__ == "__main__":
    main()
