"""Scheduled jobs run in one process at a time, whichever database it is."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from fieldsync import jobs
from fieldsync.app import now_ms
from fieldsync.jobs import EXPIRED_KEPT_MS, HOUR, JOBS, MINUTE, Job, Leadership, Schedule, Steps, Stopped, keep_fast
from fieldsync.store import devices
from fieldsync.store.db import Busy, Database, execute
from fieldsync.store.devices import CodeRow
from tests.world import World


def test_one_of_two_servers_leads_and_the_other_takes_over(engine: Engine) -> None:
    ran: list[str] = []
    job = Job("note", 3600, lambda _steps: ran.append("ran"))
    one, other = (Schedule(Database(engine), (job,)) for _ in range(2))
    one.start()
    other.start()
    assert [one.run(job), other.run(job), one.run(job)] == [True, False, True]
    one.stop()
    assert other.run(job)
    other.stop()
    assert len(ran) == 3


def test_a_server_that_is_on_for_half_an_hour_does_each_job_and_no_two_rare_ones_at_once() -> None:
    often, rare = Job("often", 5, keep_fast), Job("rare", 6 * HOUR, keep_fast)
    assert jobs.first_runs((often, rare)) == [5, jobs.FIRST_RUN_SECONDS + jobs.APART_SECONDS]
    waits = [wait for job, wait in zip(JOBS, jobs.first_runs(JOBS), strict=True) if job.period_seconds >= HOUR]
    assert len(set(waits)) == len(waits) > 1
    assert all(5 * MINUTE < wait < 20 * MINUTE for wait in waits)


def test_an_hourly_job_runs_before_its_hour_is_over(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FIRST_RUN_SECONDS", 0)
    ran = threading.Event()
    schedule = Schedule(Database(engine), (Job("hourly", HOUR, lambda _steps: ran.set()),))
    schedule.start()
    assert ran.wait(30)
    schedule.stop()


def test_leading_is_given_back(engine: Engine) -> None:
    one, other = Leadership(Database(engine)), Leadership(Database(engine))
    assert one.take() and one.take()
    assert not other.take()
    one.release()
    assert other.take()
    other.release()


def test_a_job_that_fails_is_tried_again(sqlite_engine: Engine) -> None:
    calls: list[int] = []

    def fail_once(_steps: Steps) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise Busy("locked")

    job = Job("once", 3600, fail_once)
    schedule = Schedule(Database(sqlite_engine), (job,))
    assert [schedule.run(job), schedule.run(job)] == [False, True]


def test_the_real_jobs_forget_what_expired_and_keep_what_did_not(world: World) -> None:
    code = CodeRow(world.amal, "device", "Phone", "all", now_ms() - 2 * EXPIRED_KEPT_MS, None)
    world.write(lambda session: devices.add_code(session, b"old", code))
    world.write(lambda session: devices.add_code(session, b"new", replace(code, expires_ms=now_ms())))
    schedule = Schedule(world.database)
    schedule.start()
    assert all(schedule.run(job) for job in JOBS)
    schedule.stop()
    with world.database.read() as session:
        assert [bytes(row[0]) for row in execute(session, "SELECT digest FROM enrolment_code")] == [b"new"]


def test_a_server_that_is_to_stop_waits_for_one_step_of_a_job_and_not_for_all_that_is_left(engine: Engine) -> None:
    under_way, taken = threading.Event(), list[int]()

    def without_end(steps: Steps) -> None:
        while True:
            steps.write(lambda _session: taken.append(1))
            under_way.set()

    job = Job("without_end", 3600, without_end)
    schedule = Schedule(Database(engine), (job,))
    schedule.start()
    worker = threading.Thread(target=schedule.run, args=(job,), daemon=True)
    worker.start()
    assert under_way.wait(30)
    schedule.stop()
    worker.join(30)
    assert not worker.is_alive()
    assert not schedule.run(job)


def test_whatever_has_many_steps_begins_none_once_the_server_is_to_stop(world: World) -> None:
    stopping = threading.Event()
    stopping.set()
    for job in JOBS:
        if job.work is not keep_fast:  # it has no steps
            with pytest.raises(Stopped):
                job.work(Steps(world.database, stopping))
