"""`make bench`: the rows of docs/operating.md, "Figures", measured on the real server process."""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks import household, visits
from tests.benchmarks.load import Operations, Phone, Run, send
from tests.benchmarks.server import Server, command, empty_wal
from tests.benchmarks.table import Row, print_table

BATCH = 100
PHONES = 40
CLIENTS = 4
WINDOW_RECORDS = 20_000
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
        f"load average {load}, json.loads of one record {yardstick_us():.1f} µs; batches of {BATCH}, "
        f"{CLIENTS} connections, SQLite FULL"
    )


def yardstick_us() -> float:
    """What the standard library takes to read one record here and now, so that figures of two machines compare."""
    records = list(household.operations("yardstick", 1, 500))
    runs = []
    for _ in range(9):
        began = time.process_time()
        for record in records:
            json.loads(record)
        runs.append((time.process_time() - began) / len(records) * 1e6)
    return statistics.median(runs)


def measure(data: Path, records: int) -> Iterator[Row]:
    """Every row, in the order of the design."""
    phones = prepare(data)
    operations = household.operations
    with Server(data) as server:
        first = grow(server, phones, operations, WINDOW_RECORDS)
        small = grow(server, phones, operations, 100_000 - WINDOW_RECORDS)
        yield Row("sync, 100 thousand records present", f"{small.cpu_us:.0f} µs CPU, {small.per_second:,.0f}/s")
        yield Row("bytes up, 30 answers, packed", f"{first.bytes_up:.0f} B", "≤ 200 B", 2402 / first.bytes_up)
        grow(server, phones, operations, records - 100_000 - WINDOW_RECORDS)
        large = grow(server, phones, operations, WINDOW_RECORDS)
        name = f"sync, {records:,} records present"
        must = "≤ 120 µs, ≥ 5,000/s"
        yield Row(name, f"{large.cpu_us:.0f} µs CPU, {large.per_second:,.0f}/s", must, 11_000 / large.cpu_us)
        yield Row("slowdown from 100 thousand", f"{large.cpu_us / small.cpu_us:.2f} ×", "≤ 2 ×")
        replayed = replay(server, phones, operations)
        yield Row("replay of a known batch", f"{replayed.cpu_us:.0f} µs CPU", "≤ 25 µs")
        yield from crowd(server, phones, operations)
        entities = grow(server, phones, visits.operations, WINDOW_RECORDS)
        yield Row("sync, each record with an entity", f"{entities.cpu_us:.0f} µs CPU, {entities.per_second:,.0f}/s")
        yield Row("memory of the server (PSS)", f"{server.pss_mib():.0f} MiB", "≤ 150 MiB", 341 / server.pss_mib())
    yield write_ahead(data, phones, operations)
    yield cold_start(data)


def prepare(data: Path) -> list[Phone]:
    """An association with its forms and phones."""
    command(data, "association", "add", "bench", "--name", "Bench")
    for form, text in ((household.FORM, household.definition()), (visits.FORM, visits.definition())):
        path = data / f"{form}.md"
        path.write_bytes(text)
        command(data, "form", "publish", str(path), "--association", "bench")
    enrolled = [
        command(data, "device", "enrol", "--association", "bench", "--name", f"Phone {number}")
        for number in range(PHONES)
    ]
    return [Phone(str(each["device"]), str(each["token"])) for each in enrolled]


def grow(server: Server, phones: Sequence[Phone], operations: Operations, records: int) -> Run:
    """Send that many new records, phone after phone; processor time counts only while the server works."""
    parts: list[Run] = []
    for start in range(0, records, WINDOW_RECORDS):
        count = min(WINDOW_RECORDS, records - start) // BATCH
        chosen = [phones[number % len(phones)] for number in range(count)]
        parts.append(send(server, [(phone, phone.batch(operations, BATCH)) for phone in chosen], CLIENTS, BATCH))
        if sys.stderr.isatty():
            print(f"\r{sum(part.records for part in parts):>10,} of {records:,}", end="", file=sys.stderr)
    total = sum(part.records for part in parts)
    return Run(
        total,
        sum(part.seconds for part in parts),
        sum(part.cpu_us * part.records for part in parts) / total,
        statistics.fmean(part.bytes_up for part in parts),
    )


def replay(server: Server, phones: Sequence[Phone], operations: Operations) -> Run:
    """Send batches, then send the very same again: nothing may be written."""
    bodies = [(phone, phone.batch(operations, BATCH)) for phone in phones]
    send(server, bodies, CLIENTS, BATCH)
    return send(server, bodies * 5, CLIENTS, BATCH, "duplicate")


def crowd(server: Server, phones: Sequence[Phone], operations: Operations) -> Iterator[Row]:
    """Thirty-two connections at once."""
    bodies = [(phones[number % len(phones)], b"") for number in range(640)]
    packed = [(phone, phone.batch(operations, BATCH)) for phone, _ in bodies]
    run = send(server, packed, 32, BATCH)
    shown = f"p50 {run.latency(50):.0f} ms, p99 {run.latency(99):.0f} ms, {run.per_second:,.0f}/s"
    yield Row("32 connections, 100 records each", shown, "p99 ≤ 1,000 ms")


def write_ahead(data: Path, phones: Sequence[Phone], operations: Operations) -> Row:
    """Bytes of write-ahead log a record, with no checkpoint in between."""
    empty_wal(data)
    with Server(data, {"FIELDSYNC_SQLITE_CHECKPOINT_PAGES": "1000000"}) as server:
        before = server.wal_bytes()
        run = grow(server, phones, operations, 5000)
        return Row(
            "write-ahead log", f"{(server.wal_bytes() - before) / run.records / 1024:.1f} KiB a record", "≤ 15 KiB"
        )


def cold_start(data: Path) -> Row:
    """From the command to the first answer, on the grown database."""
    seconds = []
    for _ in range(STARTS):
        with Server(data) as server:
            seconds.append(server.start_seconds)
    median = statistics.median(seconds)
    return Row("cold start to the first answer", f"{median:.2f} s", "≤ 2 s", 2.0 / median)


if __name__ == "__main__":
    main()
