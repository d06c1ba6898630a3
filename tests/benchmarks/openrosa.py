"""Phones with ODK Collect: records one by one, a list of fifty thousand entities, and uploads that go on."""

import base64
import hashlib
import http.client
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from fieldsync.core.forms import Form
from fieldsync.core.instance import to_xml
from fieldsync.services.conversion import convert
from fieldsync.services.entity_csv import STEP_CHANGES, STEPS_MAX
from tests.benchmarks import household, visits
from tests.benchmarks.load import Phone, send
from tests.benchmarks.server import WITHOUT_JOBS, GunicornServer, Server
from tests.benchmarks.setting import Makers, set_up
from tests.benchmarks.table import Row
from tests.benchmarks.yardstick import yardstick_us
from tests.collect.wire import BOUNDARY, bodies

RECORDS = 1200
CLIENTS = (1, 8, 32)
ENTITIES = 50_000
LIST = "people"
PIECE = 64 * 1024
FILE_BYTES = 8 * 1024 * 1024
CUTS = 40

HEADERS = {"X-OpenRosa-Version": "1.0", "Accept-Encoding": "gzip"}
POST = {**HEADERS, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
CENTRAL_MS = 11.0
WANTED = (200, 201, 204, 304)


@dataclass(frozen=True)
class Asked:
    """A request as it travels."""

    method: str
    path: str
    body: bytes = b""


@dataclass
class Load:
    """What some requests showed; processor time is the server's."""

    seconds: float
    cpu_ms: float
    yardsticks: float
    latencies_ms: list[float]


def rows(data: Path) -> Iterator[Row]:
    """Every row of this module, on one server."""
    phones = set_up(data)
    makers = Makers(phones)
    try:
        with Server(data, WITHOUT_JOBS) as server:  # what follows the change log has rows of its own
            yield from submissions(server, phones)
            yield from entity_list(server, makers, phones[0])
            yield resumed_upload(server, phones[0], "waitress")
        with GunicornServer(data, WITHOUT_JOBS) as server:
            yield resumed_upload(server, phones[1], "gunicorn")
    finally:
        makers.close()


def submissions(server: Server, phones: Sequence[Phone]) -> Iterator[Row]:
    """Records of thirty answers, each a request of its own over connections that stay open."""
    form = convert(household.definition(), "md").form
    assert form is not None
    made = [_record(form, number) for number in range(RECORDS * (len(CLIENTS) + 2))]
    shares = [made[number * RECORDS : (number + 1) * RECORDS] for number in range(len(CLIENTS) + 2)]
    _timed(server, _posts(shares.pop(), phones), 4)  # the server has met its forms and phones
    for clients in CLIENTS:
        load = _timed(server, _posts(shares.pop(), phones), clients)
        shown = f"{load.cpu_ms:.2f} ms CPU ({load.yardsticks:.0f} yardsticks), {RECORDS / load.seconds:,.0f}/s"
        shown += f", p99 {statistics.quantiles(load.latencies_ms, n=100)[98]:.0f} ms"
        name = f"OpenRosa submission, {clients} {'client' if clients == 1 else 'clients'}"
        yield Row(name, shown, "≤ 1.5 ms CPU", CENTRAL_MS / load.cpu_ms)
    asked = [each for post in _posts(shares.pop(), phones) for each in (Asked("HEAD", post.path), post)]
    load = _timed(server, asked, 8)
    yield Row(
        "the same, asked before as Collect does", f"{load.cpu_ms * 2:.2f} ms CPU, {RECORDS / load.seconds:,.0f}/s"
    )
    again = _timed(server, _posts(made[:RECORDS], phones), 8)
    yield Row("the same again: known", f"{again.cpu_ms:.2f} ms CPU")
    yield Row("bytes up of such a record", f"{statistics.fmean(map(len, made)):,.0f} B")


def entity_list(server: Server, makers: Makers, phone: Phone) -> Iterator[Row]:
    """A list of fifty thousand: the first phone that asks, one that has it, and after one change."""
    for made in makers.windows(visits.operations, ENTITIES, 10_000, 100):
        send(server, made, 4)
    path = f"/v1/key/{phone.token}/lists/{LIST}/entities.csv"
    for _ in range(ENTITIES // (STEP_CHANGES * STEPS_MAX) + 2):  # each answer follows so many of the changes
        mark = _one(server, Asked("GET", path))[1]["etag"]
    for what in ("after one change", "written before"):
        if what == "after one change":
            send(server, makers.bodies(visits.operations, 1, 1), 1)
        cpu, answer = _one(server, Asked("GET", path))
        mark = answer["etag"]
        size = int(answer["content-length"]) / 1024
        yield Row(f"list of {ENTITIES:,} entities, {what}", f"{cpu:,.0f} ms CPU, {size:,.0f} KiB packed")
    cpu, answer = _one(server, Asked("GET", path), {"If-None-Match": mark})
    assert answer["status"] == "304"
    yield Row(f"list of {ENTITIES:,} entities, unchanged", f"{cpu:.0f} ms CPU, 0 KiB")


def resumed_upload(server: Server, phone: Phone, by: str) -> Row:
    """A file that is cut again and again: what travels twice, and what a piece costs."""
    content = random.Random(by).randbytes(FILE_BYTES)
    named = {"sha256": hashlib.sha256(content).hexdigest(), "filename": "film.mp4"}
    said = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in named.items())
    tus = {"Authorization": f"Bearer {phone.token}", "Tus-Resumable": "1.0.0"}
    link = _connection(server)
    announced = {**tus, "Upload-Length": str(FILE_BYTES), "Upload-Metadata": said}
    where = urlsplit(_ask(link, Asked("POST", "/api/v1/attachments"), announced)["location"]).path
    before, sent, offset, dice = server.cpu_seconds(), 0, 0, random.Random(2)
    cut_at = sorted(dice.sample(range(FILE_BYTES // PIECE), CUTS))
    while offset < FILE_BYTES:
        piece = content[offset : offset + PIECE]
        if cut_at and offset // PIECE >= cut_at[0]:
            cut_at.pop(0)
            sent += _half(server, where, tus, offset, piece)
            link.close()  # the phone has one link only, and comes back over another
            offset = int(_ask(link, Asked("HEAD", where), tus)["upload-offset"])
            continue
        headers = {**tus, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = _ask(link, Asked("PATCH", where, piece), headers, (204, 409))
        if answer["status"] == "409":
            link.close()
            answer = _ask(link, Asked("HEAD", where), tus)
        sent, offset = sent + len(piece), int(answer["upload-offset"])
    cpu = (server.cpu_seconds() - before) * 1000 / (FILE_BYTES / 2**20)
    over = (sent / FILE_BYTES - 1) * 100
    shown = f"{over:.1f} % of its bytes travel twice, {cpu:.0f} ms CPU a MiB"
    return Row(f"upload of {FILE_BYTES // 2**20} MiB by tus, cut {CUTS} times, {by}", shown)


def _half(server: Server, where: str, tus: Mapping[str, str], offset: int, piece: bytes) -> int:
    """A piece of which half leaves the phone before its link is gone; how many bytes."""
    link = _connection(server)
    link.putrequest("PATCH", where)
    headers = {**tus, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    for name, text in {**headers, "Content-Length": str(len(piece))}.items():
        link.putheader(name, text)
    link.endheaders(piece[: len(piece) // 2])
    link.close()
    return len(piece) // 2


def _record(form: Form, number: int) -> bytes:
    dice = random.Random(number)
    written = household.answers(dice, number)
    fields = {**written, "meta/instanceID": f"uuid:{household.uuid_v7(number, dice)}"}
    [body] = bodies(etree.tostring(to_xml(form, fields)), {}, 1)
    return body


def _posts(made: Sequence[bytes], phones: Sequence[Phone]) -> list[Asked]:
    return [
        Asked("POST", f"/v1/key/{phones[number % len(phones)].token}/submission?deviceID=collect", body)
        for number, body in enumerate(made)
    ]


def _timed(server: Server, asked: Sequence[Asked], clients: int) -> Load:
    """Ask all of it over so many connections."""
    waiting, latencies, guard, faults = list(reversed(asked)), list[float](), threading.Lock(), list[str]()

    def client() -> None:
        link = _connection(server)
        while True:
            with guard:
                if not waiting or faults:
                    return
                each = waiting.pop()
            began = time.perf_counter()
            status = _ask(link, each, POST if each.method == "POST" else HEADERS)["status"]
            with guard:
                latencies.append((time.perf_counter() - began) * 1000)
                if status not in ("201", "204"):
                    faults.append(status)

    yardstick = yardstick_us()
    before, began = server.cpu_seconds(), time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    seconds, cpu_ms = time.perf_counter() - began, (server.cpu_seconds() - before) / len(asked) * 1000
    return Load(seconds, cpu_ms, cpu_ms * 1000 / yardstick, latencies)


def _one(server: Server, asked: Asked, headers: Mapping[str, str] = HEADERS) -> tuple[float, dict[str, str]]:
    before = server.cpu_seconds()
    answer = _ask(_connection(server), asked, {**HEADERS, **headers})
    return (server.cpu_seconds() - before) * 1000, answer


def _connection(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=600)


def _ask(
    link: http.client.HTTPConnection, asked: Asked, headers: Mapping[str, str], wanted: Sequence[int] = WANTED
) -> dict[str, str]:
    """The answer's headers by their names in small letters, and its status among them."""
    link.request(asked.method, asked.path, asked.body or None, dict(headers))
    answer = link.getresponse()
    answer.read()
    assert answer.status in wanted, (asked.method, answer.status)
    return {**{name.lower(): text for name, text in answer.headers.items()}, "status": str(answer.status)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fieldsync-bench-") as folder:
        for row in rows(Path(folder) / "data"):
            print(f"{row.what}: {row.measured}", flush=True)
