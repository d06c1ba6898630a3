"""`make bench`: the rows of docs/operating.md, "Figures", measured on the real server process."""

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import dashboard, desk_views, exports, following, household, inbox, openrosa, submission, visits
from tests.benchmarks.load import Operations, Run, send, together
from tests.benchmarks.server import WITHOUT_JOBS, Server, empty_wal
from tests.benchmarks.setting import Makers, set_up
from tests.benchmarks.table import Row, print_table
from tests.benchmarks.yardstick import yardstick_us

BATCH = 100
CLIENTS = 4
WINDOW_RECORDS = 20_000
SMALL_RECORDS = 100_000
STARTS = 5


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(prog="make bench", description=__doc__)
    words.add_argument("--records", type=int, default=1_000_000, help="how far the table grows")
    words.add_argument("--long", action="store_true", help="grow to five million records")
    words.add_argument("--data", type=Path, default=None, help="folder to measure in; removed afterwards")
    chosen = words.parse_args()
    records = 5_000_000 if chosen.long else chosen.records
    if chosen.data is not None:
        chosen.data.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fieldsync-bench-", dir=chosen.data))
    try:
        print(machine(), flush=True)
        rows = []
        for row in measure(folder / "data", records):
            print(f"{row.what}: {row.measured}", file=sys.stderr, flush=True)
            rows.append(row)
        print_table(rows)
    finally:
        shutil.rmtree(folder)


def machine() -> str:
    """What this ran on; wall times on a shared machine are for reading only."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"load average {load}; batches of {BATCH}, {CLIENTS} connections, SQLite FULL. A yardstick is the processor "
        f"time of json.loads on one record, taken around each figure; now {yardstick_us():.1f} µs"
    )


def measure(data: Path, records: int) -> Iterator[Row]:
    """Every row, in the order of the design."""
    makers = Makers(set_up(data))
    try:
        with Server(data, WITHOUT_JOBS) as server:
            yield from under_load(server, makers, records)
        yield write_ahead(data, makers)
    finally:
        makers.close()
    yield from following.rows(data, records)
    yield cold_start(data)
    yield from dashboard.rows(data, records)
    yield from submission.pages()
    yield from desk_views.rows(data.parent / "views", SMALL_RECORDS, records)
    yield from inbox.rows(data.parent / "inbox", records)
    yield from openrosa.rows(data.parent / "openrosa")


def under_load(server: Server, makers: Makers, records: int) -> Iterator[Row]:
    """What is measured on one running server while its table grows."""
    grow(server, makers, SMALL_RECORDS - WINDOW_RECORDS)
    small = measured(server, makers, household.operations)
    yield Row(f"sync, {SMALL_RECORDS:,} records present", f"{small.cpu}, {small.per_second:,.0f}/s")
    yield from exports.measured(server.data, SMALL_RECORDS)
    yield Row("bytes up, 30 answers, packed", f"{small.bytes_up:.0f} B", "≤ 200 B", 2402 / small.bytes_up)
    grow(server, makers, records - SMALL_RECORDS - WINDOW_RECORDS)
    large = measured(server, makers, household.operations)
    name = f"sync, {records:,} records present"
    yield Row(name, f"{large.cpu}, {large.per_second:,.0f}/s", "≤ 120 µs, ≥ 5,000/s", 11_000 / large.cpu_us)
    slower = large.cpu_us / large.yardstick_us / (small.cpu_us / small.yardstick_us)
    yield Row("slowdown from 100 thousand, in yardsticks", f"{slower:.2f} ×", "≤ 2 ×")
    yield Row("replay of a known batch", replay(server, makers).cpu, "≤ 25 µs")
    yield crowd(server, makers)
    entities = measured(server, makers, visits.operations)
    yield Row("sync, each record with an entity", f"{entities.cpu}, {entities.per_second:,.0f}/s")
    yield Row("memory of the server (PSS)", f"{server.pss_mib():.0f} MiB", "≤ 150 MiB", 341 / server.pss_mib())


def grow(server: Server, makers: Makers, records: int) -> None:
    """Fill the table; nothing is measured, so bodies are made meanwhile."""
    done = 0
    for bodies in makers.windows(household.operations, records, WINDOW_RECORDS, BATCH):
        done += send(server, bodies, CLIENTS).records
        if sys.stderr.isatty():
            print(f"\r{done:>10,} of {records:,}", end="", file=sys.stderr)


def measured(server: Server, makers: Makers, operations: Operations) -> Run:
    """New records in batches, phone after phone, with everything made before the clock runs."""
    quarter = WINDOW_RECORDS // 4
    return together([send(server, makers.bodies(operations, quarter, BATCH), CLIENTS) for _ in range(4)])


def replay(server: Server, makers: Makers) -> Run:
    """Send batches, then send the very same again: nothing may be written."""
    bodies = makers.bodies(household.operations, BATCH * 40, BATCH)
    send(server, bodies, CLIENTS)
    return send(server, bodies * 5, CLIENTS, "duplicate")


def crowd(server: Server, makers: Makers) -> Row:
    """Thirty-two connections at once."""
    run = send(server, makers.bodies(household.operations, BATCH * 640, BATCH), 32)
    shown = f"p50 {run.latency(50):.0f} ms, p99 {run.latency(99):.0f} ms, {run.per_second:,.0f}/s"
    return Row(f"32 connections, {BATCH} records each", shown, "p99 ≤ 1,000 ms")


def write_ahead(data: Path, makers: Makers) -> Row:
    """Bytes of write-ahead log a record, with no checkpoint in between."""
    empty_wal(data)
    with Server(data, {**WITHOUT_JOBS, "FIELDSYNC_SQLITE_CHECKPOINT_PAGES": "1000000"}) as server:
        before = server.wal_bytes()
        run = send(server, makers.bodies(household.operations, 5000, BATCH), CLIENTS)
        kib = (server.wal_bytes() - before) / run.records / 1024
        return Row("write-ahead log", f"{kib:.1f} KiB a record", "≤ 15 KiB")


def cold_start(data: Path) -> Row:
    """From the command to the first answer, on the grown database."""
    seconds, worked = [], []
    for _ in range(STARTS):
        with Server(data) as server:
            seconds.append(server.start_seconds)
            worked.append(server.cpu_seconds())
    median = statistics.median(seconds)
    shown = f"{median:.2f} s, {statistics.median(worked):.2f} s CPU"
    return Row("cold start to the first answer", shown, "≤ 2 s", 2.0 / median)


if __name__ == "__main__":
    main()
