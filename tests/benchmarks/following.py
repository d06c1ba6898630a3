"""What it costs to follow the change log, a record: flags and points, then the desk's list. It runs beside requests."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.jobs import FOLLOW_STEP_CHANGES
from fieldsync.services import inbox_projection, quality_follow
from fieldsync.services.following import INBOX
from fieldsync.services.quality_follow import QUALITY
from fieldsync.store import associations, followers
from fieldsync.store.db import Database
from tests.benchmarks.table import Row
from tests.benchmarks.yardstick import yardstick_us

STEPS = 150
"""Of each follower, beginning in the middle of the change log; what lies before and after changes no cost."""


def rows(data: Path, records: int) -> Iterator[Row]:
    """Each follower by itself, as the job lets it follow, with no server beside it."""
    database = open_database(Settings(data=data))
    try:
        with database.read() as session:
            owner = next(each.id for each in associations.everyone(session) if each.slug == "bench")
        yield _followed(database, owner, records, QUALITY, _look_at)
        yield _followed(database, owner, records, INBOX, _list)
    finally:
        database.close()


def _look_at(session: Session, owner: int) -> bool:
    return quality_follow.step(session, owner, FOLLOW_STEP_CHANGES, now_ms())


def _list(session: Session, owner: int) -> bool:
    return inbox_projection.step(session, owner, FOLLOW_STEP_CHANGES)


def _followed(database: Database, owner: int, records: int, name: str, step: Callable[[Session, int], bool]) -> Row:
    def begin(session: Session) -> None:
        through, _ = associations.positions(session, owner)
        followers.take_position(session, name, owner)
        followers.move(session, name, owner, through // 2)

    database.write(begin)
    yardstick, began = yardstick_us(), time.process_time()
    for _ in range(STEPS):
        database.write(lambda session: step(session, owner))
    spent = (time.process_time() - began) / (STEPS * FOLLOW_STEP_CHANGES) * 1e6
    told = f"{spent:.0f} µs CPU ({spent / ((yardstick + yardstick_us()) / 2):.1f} yardsticks)"
    return Row(f"following: {name}, a record, {records:,} records present", told)
