"""The page of a submission with hundreds of operations: processor time of the server, and bytes on the link."""

import gzip
import html
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fieldsync.services import publishing
from fieldsync.store.engines import open_engine
from tests import databases
from tests.benchmarks.table import Row
from tests.market_form import market
from tests.web.visitor import Visitor, visitor
from tests.world import Phone, World

OPERATIONS = 500
RUNS = 15
MUST_MS = 150
"""As for the first page of the inbox: what nobody has to wait for."""


def pages() -> Iterator[Row]:
    """A history of one after the other, one in which two phones never hear of each other, and its oldest page."""
    with (
        tempfile.TemporaryDirectory(prefix="fieldsync-bench-") as folder,
        databases.migrated_file(Path(folder)) as file,
    ):
        world = World(open_engine(f"sqlite:///{file}"))
        try:
            world.write(lambda session: publishing.publish(session, world.amal, market(), world.now_ms))
            who = visitor(world, "association_reviewer")
            one, other = world.phone(), world.phone()
            yield _measured("one after the other", who, _path(_record([one])))
            unaware = _path(_record([one, other]))
            yield _measured("two phones unaware of each other", who, unaware)
            yield _measured("its oldest operations", who, _oldest(who, unaware))
        finally:
            world.database.close()


def _record(phones: list[Phone]) -> str:
    """A record to which each phone says what it knows of its own words alone."""
    record, last = phones[0].world.uuid(), [None for _ in phones]
    said: list[dict[str, object]] = []
    heads: list[dict[str, object] | None] = list(last)
    for number in range(OPERATIONS):
        turn = number % len(phones)
        seen = [heads[turn]] if heads[turn] is not None else said[:1]
        writes = {"fee": str(number), "seller": f"seller {number}", "day": f"2026-09-{number % 28 + 1:02}"}
        heads[turn] = phones[turn].says(record, writes, of="market", seen=seen)
        said.append(heads[turn])  # type: ignore[arg-type]
        if turn == len(phones) - 1:
            for phone in phones:
                mine = [each for each in said[-len(phones) :] if each["id"][0] == phone.author]  # type: ignore[index]
                phone.tells(*mine)
    return record


def _path(record: str) -> str:
    return f"/submissions/market/{record}"


def _oldest(who: Visitor, path: str) -> str:
    while found := re.search(r'href="([^"]*older=[^"]*)#history"', who.opens(path).text):
        path = html.unescape(found[1])
    return path


def _measured(what: str, who: Visitor, path: str) -> Row:
    taken, body = [], b""
    for _ in range(RUNS):
        began = time.process_time()
        body = who.opens(path).data
        taken.append((time.process_time() - began) * 1000)
    measured = f"{statistics.median(taken):.0f} ms, {len(gzip.compress(body)) / 1024:.0f} KiB packed"
    return Row(f"a submission with {OPERATIONS} operations, {what}", measured, f"≤ {MUST_MS} ms")


if __name__ == "__main__":
    for row in pages():
        print(f"{row.what}: {row.measured} (must {row.must})", flush=True)
