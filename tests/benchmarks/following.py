"""What it costs to follow the change log, a record: flags and points, the desk's list, figures; beside requests."""

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from fieldsync.app import now_ms, open_database
from fieldsync.cli.__main__ import GARBAGE_THRESHOLDS
from fieldsync.config import Settings
from fieldsync.jobs import FOLLOW_STEP_CHANGES
from fieldsync.services import counting, inbox_projection, indicator_book, quality_follow
from fieldsync.services.following import INBOX
from fieldsync.services.quality_follow import QUALITY
from fieldsync.store import associations, followers
from fieldsync.store.db import Database
from tests.benchmarks.server import Server
from tests.benchmarks.table import Row
from tests.benchmarks.yardstick import yardstick_us

STEPS = 150
"""Of each follower, beginning in the middle of the change log; what lies before and after changes no cost."""

UNDER_WAY_SECONDS = 13
"""The jobs begin some seconds after the server."""

Step = Callable[[Session, int], object]
"""(session, association id): takes the next changes."""

FOLLOWERS: dict[str, Step] = {
    QUALITY: lambda session, owner: quality_follow.step(session, owner, FOLLOW_STEP_CHANGES, now_ms()),
    INBOX: lambda session, owner: inbox_projection.step(session, owner, FOLLOW_STEP_CHANGES),
    indicator_book.FOLLOWER: lambda session, owner: counting.catch_up(session, owner, FOLLOW_STEP_CHANGES),
}


def rows(data: Path, records: int) -> Iterator[Row]:
    """Each follower by itself, as the job lets it follow; then a server that is to stop while they have much to do."""
    gc.freeze()  # as the server does
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    database = open_database(Settings(data=data))
    with database.read() as session:
        owner = next(each.id for each in associations.everyone(session) if each.slug == "bench")
    for name, step in FOLLOWERS.items():
        yield Row(f"following: {name}, a record, {records:,} present", _followed(database, owner, name, step))
    database.close()
    with Server(data) as server:
        time.sleep(UNDER_WAY_SECONDS)
    yield Row("stopping while there is much to follow", f"{server.stop_seconds:.1f} s", "≤ 5 s")


def _followed(database: Database, owner: int, name: str, step: Step) -> str:
    def begin(session: Session) -> None:
        through, _ = associations.positions(session, owner)
        followers.take_position(session, name, owner)
        followers.move(session, name, owner, through // 2)

    database.write(begin)
    yardstick, began = yardstick_us(), time.process_time()
    for _ in range(STEPS):
        database.write(lambda session: step(session, owner))
    spent = (time.process_time() - began) / (STEPS * FOLLOW_STEP_CHANGES) * 1e6
    return f"{spent:.0f} µs CPU ({spent / ((yardstick + yardstick_us()) / 2):.1f} yardsticks)"
