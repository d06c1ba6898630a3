"""What runs on a schedule, in one process at a time whatever the number of servers on a database."""

import contextlib
import fcntl
import logging
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.config import Settings
from fieldsync.services import (
    across_follow,
    audit_read,
    clustering,
    counting,
    entity_csv,
    following,
    inbox_projection,
    indicator_book,
    linkage_follow,
    linkage_night,
    linkage_training,
    openrosa,
    pictures,
    publications,
    quality_follow,
    quality_night,
    report_pairs,
    uploads,
)
from fieldsync.services.export_workshop import Workshop
from fieldsync.services.linkage_process import Night
from fieldsync.store import (
    associations,
    bulk_deeds,
    form_uploads,
    linkage_splink,
    list_files,
    observations,
    searches,
    upkeep,
)
from fieldsync.store.db import Busy, Database, Transactions

logger = logging.getLogger(__name__)

LEADER_LOCK = 7_305_460_218
"""The number of PostgreSQL's advisory lock that the leader holds; any fixed number would do."""

MINUTE = 60
HOUR = 60 * MINUTE

FIRST_RUN_SECONDS, APART_SECONDS = 10 * MINUTE, 20
"""When rare jobs first run, one after the other: soon after a start, for servers that are switched off each time."""

EXPORTS_SECONDS = 2
"""How soon an export that somebody asks for is taken up."""

EXPIRED_KEPT_MS = 7 * 24 * 3600 * 1000
"""How long codes and tokens stay after they expired, so that people can ask why one failed."""

FOLLOW_STEP_CHANGES = 300
"""Changes that a follower takes in one transaction: some tens of milliseconds, in which nobody else writes."""

COUNT_STEP_CHANGES, COUNT_STEPS_MAX = 500, 40
"""How much one run counts of an association before the next one has its turn."""

LINK_STEP_CHANGES = 100
"""Changes that are compared in one transaction: some tens of milliseconds."""

FOLLOW_STEPS_MAX = 200
"""Transactions of one run; what is left waits for the next."""

Result = TypeVar("Result")


class Stopped(Exception):
    """The process is to stop: a job goes no further, and begins where it was the next time."""


@dataclass(frozen=True)
class Steps:
    """A database as jobs have it: once the process is to stop, no further transaction begins."""

    database: Database
    stopping: threading.Event

    def read(self) -> AbstractContextManager[Session]:
        """As `Database.read`."""
        self._go_on()
        return self.database.read()

    def write(self, work: Callable[[Session], Result]) -> Result:
        """As `Database.write`."""
        self._go_on()
        return self.database.write(work)

    def _go_on(self) -> None:
        if self.stopping.is_set():
            raise Stopped


@dataclass(frozen=True)
class Job:
    """A task for the leader: its name in the log, how many seconds lie between two runs, what it does."""

    name: str
    period_seconds: int
    work: Callable[[Steps], None]


def forget_expired(database: Transactions) -> None:
    """Drop codes, links, sessions and tokens that nobody can use any more, and forms that nobody published."""
    at = now_ms()
    database.write(lambda session: upkeep.forget_expired(session, at - EXPIRED_KEPT_MS))
    database.write(lambda session: form_uploads.drop_expired(session, at))
    database.write(lambda session: searches.forget(session, at))
    database.write(lambda session: bulk_deeds.forget(session, at))


def anchor(database: Transactions) -> None:
    """Remember once a day where the chains of the audit log stand, so that what is cut off later shows."""
    day = datetime.fromtimestamp(now_ms() / 1000, UTC).date().isoformat()
    database.write(lambda session: audit_read.anchor(session, day))


def keep_fast(steps: Steps) -> None:
    """Let SQLite renew what its planner knows of the tables, and empty the write-ahead log into the file."""
    if steps.database.is_sqlite:
        upkeep.optimize(steps.database.engine)


def follow(database: Transactions) -> None:
    """Let the desk's list, flags and points follow the change logs, step by step; others write between the steps."""
    with database.read() as session:
        owners = [each.id for each in associations.everyone(session)]
        flags_late, list_late = quality_follow.late(session, owners), inbox_projection.late(session, owners)
    for association_id in flags_late:  # the list tells of the flags, so they come first
        _follow(database, partial(_look_at, association_id))
    for association_id in {*flags_late, *list_late}:
        _follow(database, partial(_list, association_id))
    for association_id in owners:  # phones then need not wait until their lists have caught up
        entity_csv.catch_up(database.write, association_id)


def _follow(database: Transactions, step: Callable[[Session], bool]) -> None:
    for _ in range(FOLLOW_STEPS_MAX):
        if not database.write(step):
            break


def _look_at(association_id: int, session: Session) -> bool:
    return quality_follow.step(session, association_id, FOLLOW_STEP_CHANGES, now_ms())


def _list(association_id: int, session: Session) -> bool:
    return inbox_projection.step(session, association_id, FOLLOW_STEP_CHANGES)


def link(database: Transactions) -> None:
    """Look for duplicates of what changed, reports and entities, step by step."""
    for follower in (report_pairs, linkage_follow, across_follow):
        with database.read() as session:
            owners = follower.late(session, [each.id for each in associations.everyone(session)])
        for association_id in owners:
            _follow(database, partial(_compare, follower.step, association_id))


def _compare(step: Callable[[Session, int, int, int], bool], association_id: int, session: Session) -> bool:
    return step(session, association_id, LINK_STEP_CHANGES, now_ms())


def cluster(database: Transactions) -> None:
    """Make clusters anew, and merge what associations let be merged by itself."""
    with database.read() as session:
        owners = [each.id for each in associations.everyone(session)]
    for association_id in owners:
        clustering.run(partial(_read, database), database.write, association_id, now_ms())


def _read(database: Transactions, work: Callable[[Session], Any]) -> Any:
    with database.read() as session:
        return work(session)


def go_on(database: Transactions) -> None:
    """Say the updates of entities that waited too long for one that never came."""
    while database.write(lambda session: openrosa.take_overdue(session, now_ms())):
        pass


def count(database: Transactions) -> None:
    """Let the figures follow the change logs."""
    with database.read() as session:
        owners = [each.id for each in associations.everyone(session)]
        late = [each for each in owners if following.is_behind(session, indicator_book.FOLLOWER, each)]
    for association_id in late:
        for _ in range(COUNT_STEPS_MAX):
            if not database.write(lambda session, each=association_id: _count_step(session, each)):  # type: ignore[misc]
                break


def _count_step(session: Session, association_id: int) -> int:
    return counting.catch_up(session, association_id, COUNT_STEP_CHANGES)


def publish_figures(database: Transactions) -> None:
    """Publish the figures of the months that have closed, once all that came in is counted."""
    at = now_ms()
    with database.read() as session:
        due = publications.is_due(session, at)
    if due:
        publications.publish(database, at)


def judge_quality(database: Transactions) -> None:
    """Learn once a night what is usual, and let the quality rules judge everything by it (services/quality_night)."""
    read = partial(_read, database)

    def judged_ms(session: Session) -> list[tuple[int, int]]:
        return [(row.id, observations.judged_ms(session, row.id)) for row in associations.everyone(session)]

    for association_id, before_ms in read(judged_ms):
        if quality_night.is_due(before_ms, now_ms()):
            quality_night.run(read, database.write, association_id, now_ms())


JOBS = (
    Job("follow", 5, follow),
    Job("link", 5, link),
    Job("cluster", HOUR, cluster),
    Job("count", 10, count),
    Job("publish_figures", HOUR, publish_figures),
    Job("forget_expired", HOUR, forget_expired),
    Job("anchor", HOUR, anchor),
    Job("keep_fast", 6 * HOUR, keep_fast),
    Job("go_on", HOUR, go_on),
    Job("judge_quality", HOUR, judge_quality),
)


def export_jobs(workshop: Workshop) -> tuple[Job, ...]:
    """What makes files that people take out, and what removes them."""
    return (
        Job("exports", EXPORTS_SECONDS, lambda steps: workshop.work(steps.database)),
        Job("sweep_exports", 10 * MINUTE, lambda steps: workshop.sweep(steps.database)),
    )


def file_jobs(settings: Settings) -> tuple[Job, ...]:
    """What makes files of records ready to be read, and what forgets those that nobody wants."""
    files = uploads.open_files(settings)

    def make_ready(database: Transactions) -> None:
        pictures.make_all_ready(database, files)

    def give_up(database: Transactions) -> None:
        uploads.give_up(database, settings, files, now_ms())

    def sweep(_database: Transactions) -> None:
        list_files.sweep(settings.data)

    return (
        Job("make_files_ready", MINUTE, make_ready),
        Job("give_up_files", HOUR, give_up),
        Job("sweep_lists", 6 * HOUR, sweep),
    )


def night_jobs(settings: Settings) -> tuple[Job, ...]:
    """What has a process of its own at night, since it takes more memory than a server has."""

    def train_linkage(steps: Steps) -> None:
        """Let linkage learn, where Splink is installed (services/linkage_training)."""
        if not linkage_splink.is_available():
            return
        with steps.read() as session:
            owners = linkage_training.due(session, now_ms())
        for association_id in owners:
            linkage_night.run(Night(settings, association_id), steps.stopping)

    return (Job("train_linkage", HOUR, train_linkage),)


def first_runs(jobs: tuple[Job, ...]) -> list[int]:
    """After how many seconds each job runs for the first time: one period, or some minutes where that is long."""
    return [min(job.period_seconds, FIRST_RUN_SECONDS + n * APART_SECONDS) for n, job in enumerate(jobs)]


class Leadership:
    """Held by at most one process: a file lock beside a SQLite database, an advisory lock in PostgreSQL.

    It ends with the process, or with its connection; another process takes it at its next attempt.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file: int | None = None
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Whether this process leads from now on, or did already."""
        return self._take_file() if self._database.is_sqlite else self._take_advisory()

    def release(self) -> None:
        """Let another process lead."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            with contextlib.suppress(DBAPIError):  # a lost connection has lost the lock already
                self._connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LEADER_LOCK})
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _take_file(self) -> bool:
        if self._file is None:
            handle = os.open(f"{self._database.engine.url.database}.leader", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._file = handle
        return True

    def _take_advisory(self) -> bool:
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            taken = connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK}).scalar_one()
        except DBAPIError:
            self.release()
            return False
        if taken:
            self._connection = connection
        else:
            connection.close()
        return bool(taken)


class Schedule:
    """The jobs of one process; they do something only while it leads."""

    def __init__(self, database: Database, jobs: tuple[Job, ...] = JOBS) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns whenever a job takes long
        self._stopping = threading.Event()
        self._steps = Steps(database, self._stopping)
        self._leadership = Leadership(database)
        self._scheduler: Any = BackgroundScheduler(timezone="UTC")
        # a run that a busy or sleeping machine delayed takes place however late it is
        rule = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        now = datetime.now(UTC)
        for job, wait in zip(jobs, first_runs(jobs), strict=True):
            first = {"seconds": job.period_seconds, "next_run_time": now + timedelta(seconds=wait)}
            self._scheduler.add_job(self.run, "interval", [job], id=job.name, **first, **rule)

    def start(self) -> None:
        """Begin; when jobs run first is told by `first_runs`."""
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the transactions that run, whatever is left to do, and let another process lead."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)
        self._leadership.release()

    def run(self, job: Job) -> bool:
        """Do a job if this process leads; whether it did. A failure is logged and tried again next time."""
        if self._stopping.is_set() or not self._leadership.take():
            return False
        try:
            job.work(self._steps)
        except Stopped:
            return False
        except (Busy, DBAPIError, OSError) as error:
            logger.warning("job %s failed: %s", job.name, type(error).__name__)
            return False
        return True
