"""Devices that send batches: bodies are made and packed before the clock runs, and each is sent once."""

import gzip
import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from tests.benchmarks.server import Server
from tests.benchmarks.yardstick import yardstick_us

Operations = Callable[[str, int, int], Iterator[bytes]]
"""(author, first counter, how many) → operations as bytes."""


@dataclass
class Phone:
    """A device of the load: its author, its token, and how much it has said."""

    author: str
    token: str
    said: int = 0

    def next(self, count: int) -> int:
        """The first of its next counters."""
        self.said += count
        return self.said - count + 1


class Body(NamedTuple):
    """A request as it travels."""

    token: str
    content: bytes
    encoding: str
    records: int


def body(phone: Phone, operations: Operations, first: int, count: int, packed: bool = True) -> Body:
    """One batch, packed as phones pack, or plain: what only fills the table need not cost the sender much."""
    request = {
        "protocol": 1,
        "now": time.time_ns() // 1_000_000,
        "epoch": None,
        "cursor": None,
        "pull": "none",
        "operations": [msgspec.Raw(raw) for raw in operations(phone.author, first, count)],
    }
    content = msgspec.json.encode(request)
    if not packed:
        return Body(phone.token, content, "identity", count)
    return Body(phone.token, gzip.compress(content, compresslevel=6, mtime=0), "gzip", count)


@dataclass
class Run:
    """What one run of the load showed. CPU is the server's, in microseconds a record."""

    records: int
    seconds: float
    cpu_us: float
    bytes_up: float
    yardstick_us: float
    latencies_ms: list[float] = field(repr=False, default_factory=list)

    @property
    def per_second(self) -> float:
        """Records a second of wall time."""
        return self.records / self.seconds

    @property
    def cpu(self) -> str:
        """Processor time of a record, in microseconds and in yardsticks of the same minute."""
        return f"{self.cpu_us:.0f} µs CPU ({self.cpu_us / self.yardstick_us:.1f} yardsticks)"

    def latency(self, percent: int) -> float:
        """That percentile of the latencies of batches, in milliseconds."""
        return statistics.quantiles(self.latencies_ms, n=100)[percent - 1]


def together(parts: Sequence[Run]) -> Run:
    """Several runs as one."""
    records = sum(part.records for part in parts)
    return Run(
        records,
        sum(part.seconds for part in parts),
        sum(part.cpu_us * part.records for part in parts) / records,
        sum(part.bytes_up * part.records for part in parts) / records,
        statistics.fmean(part.yardstick_us for part in parts),
    )


def send(server: Server, bodies: Sequence[Body], clients: int, expected: str = "applied") -> Run:
    """Send all bodies over that many connections; fail when any operation comes back as another than `expected`."""
    waiting, faults = list(reversed(bodies)), list[str]()
    latencies: list[float] = []
    guard = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
        while True:
            with guard:
                if not waiting or faults:
                    break
                sent = waiting.pop()
            began = time.perf_counter()
            text = _post(connection, sent)
            took = (time.perf_counter() - began) * 1000
            with guard:
                latencies.append(took)
                if text.count(f'"status":"{expected}"'.encode()) != sent.records:
                    faults.append(text[:500].decode())
        connection.close()

    yardstick = yardstick_us()
    before, began = server.cpu_seconds(), time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - before
    if faults:
        raise AssertionError(f"an answer was not as expected: {faults[0]}")
    records = sum(each.records for each in bodies)
    size = sum(len(each.content) for each in bodies) / records
    return Run(records, seconds, cpu / records * 1e6, size, (yardstick + yardstick_us()) / 2, latencies)


def _post(connection: http.client.HTTPConnection, sent: Body) -> bytes:
    headers = {
        "Authorization": f"Bearer {sent.token}",
        "Content-Type": "application/json",
        "Content-Encoding": sent.encoding,
    }
    connection.request("POST", "/api/v1/sync", sent.content, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise AssertionError(f"{answer.status}: {text[:300]!r}")
    return text
