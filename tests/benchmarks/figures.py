"""What the page of indicators costs on a grown database: counting a change, and looking at all figures."""

import time
from collections.abc import Iterator
from pathlib import Path

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.services import counting, figures
from fieldsync.services.sight import Sight
from fieldsync.store import associations
from tests.benchmarks.table import Row

STEP = 500
LOOKS = 20


def rows(data: Path, records: int) -> Iterator[Row]:
    """Count all that came, then look at the figures again and again."""
    database = open_database(Settings(data=data))
    with database.read() as session:
        owner = next(each for each in associations.everyone(session) if each.slug == "bench")
        through, _ = associations.positions(session, owner.id)
    began = time.process_time()
    while database.write(lambda session: counting.catch_up(session, owner.id, STEP)):
        pass
    spent = time.process_time() - began
    yield Row(f"figures: counting a change, {records:,} records", f"{spent / through * 1e6:.0f} µs CPU")
    sight = Sight((owner,), frozenset("*"), frozenset("*"))
    began = time.process_time()
    for _ in range(LOOKS):
        with database.read() as session:
            figures.board(session, sight, now_ms())
    spent = (time.process_time() - began) / LOOKS
    yield Row(f"figures: the dashboard, {records:,} records", f"{spent * 1000:.1f} ms CPU", "≤ 150 ms")
    database.close()
