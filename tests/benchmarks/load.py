"""Devices that send batches: bodies are made and packed before the clock runs, and each is sent once."""

import gzip
import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from tests.benchmarks.server import Server

Operations = Callable[[str, int, int], Iterator[bytes]]
"""(author, first counter, how many) → operations as bytes."""


@dataclass
class Phone:
    """A device of the load: its author, its token, and how much it has said."""

    author: str
    token: str
    said: int = 0

    def batch(self, operations: Operations, count: int) -> bytes:
        """The next batch, packed as phones pack."""
        listed = [msgspec.Raw(raw) for raw in operations(self.author, self.said + 1, count)]
        self.said += count
        request = {
            "protocol": 1,
            "now": time.time_ns() // 1_000_000,
            "epoch": None,
            "cursor": None,
            "pull": "none",
            "operations": listed,
        }
        return gzip.compress(msgspec.json.encode(request), compresslevel=6, mtime=0)


@dataclass
class Run:
    """What one run of the load showed. CPU is the server's, in microseconds a record."""

    records: int
    seconds: float
    cpu_us: float
    bytes_up: float
    latencies_ms: list[float] = field(repr=False, default_factory=list)

    @property
    def per_second(self) -> float:
        """Records a second of wall time."""
        return self.records / self.seconds

    def latency(self, percent: int) -> float:
        """That percentile of the latencies of batches, in milliseconds."""
        return statistics.quantiles(self.latencies_ms, n=100)[percent - 1]


def send(
    server: Server, bodies: Sequence[tuple[Phone, bytes]], clients: int, batch: int, expected: str = "applied"
) -> Run:
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
                phone, body = waiting.pop()
            began = time.perf_counter()
            text = _post(connection, phone, body)
            took = (time.perf_counter() - began) * 1000
            with guard:
                latencies.append(took)
                if text.count(f'"status":"{expected}"'.encode()) != batch:
                    faults.append(text[:500].decode())
        connection.close()

    before, began = server.cpu_seconds(), time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - before
    if faults:
        raise AssertionError(f"an answer was not as expected: {faults[0]}")
    records = len(bodies) * batch
    return Run(records, seconds, cpu / records * 1e6, sum(len(body) for _, body in bodies) / records, latencies)


def _post(connection: http.client.HTTPConnection, phone: Phone, body: bytes) -> bytes:
    headers = {
        "Authorization": f"Bearer {phone.token}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    connection.request("POST", "/api/v1/sync", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise AssertionError(f"{answer.status}: {text[:300]!r}")
    return text
