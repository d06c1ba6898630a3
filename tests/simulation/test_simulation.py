"""Schedules by the thousand: whatever happens to phones, links, disks and clocks, nothing is lost and all agree."""

import os

import pytest

from tests.simulation.runs import Outcome, replay_command, run
from tests.simulation.world import World

SCHEDULES = int(os.environ.get("FIELDSYNC_SCHEDULES", "2000"))
SCHEDULES_LONG = int(os.environ.get("FIELDSYNC_SCHEDULES", "100000"))
FIRST_SEED = int(os.environ.get("FIELDSYNC_SEED", "0"))

SCHEDULES_MORE = SCHEDULES // 10
"""Schedules in which some companions have ODK Collect, or coordinators decide on pairs; others stay what they were."""

FAULTS_A_SCHEDULE_MIN = 5
"""Fewer, on the average, and the storm would be none."""

STRUCK = [f"{disk} disk: {kind} before write" for disk in ("server", "phone") for kind in ("crash", "full")]
"""What must have happened, or statements pass a simulated disk by."""


def report(outcome: Outcome, job: str) -> str:
    """The table of a run."""
    lines = [
        "",
        f"{outcome.schedules} schedules, {outcome.steps} steps, {outcome.faults.total()} faults,"
        f" {len(outcome.failing)} with a violation;"
        f" {outcome.schedules / max(outcome.cpu_seconds, 0.001):.1f} schedules a second and core",
        *(f"  {count:8} {kind}" for kind, count in outcome.faults.most_common()),
    ]
    for seed, found in sorted(outcome.failing.items())[:20]:
        lines.append(f"  seed {seed}: {', '.join(found)}; replay: {replay_command(seed, job)}")
        lines += [f"    {name}: {evidence[0]}" for name, evidence in found.items()]
    return "\n".join(lines)


def judge(job: str, schedules: int) -> None:
    outcome = run(job, FIRST_SEED, schedules)
    print(report(outcome, job))
    assert outcome.schedules == schedules
    assert outcome.faults.total() > FAULTS_A_SCHEDULE_MIN * schedules
    assert set(STRUCK) <= outcome.faults.keys()
    assert outcome.failing == {}, report(outcome, job)


@pytest.mark.simulation
def test_no_schedule_loses_leaks_or_confuses_anything() -> None:
    judge("schedules", SCHEDULES)


@pytest.mark.simulation
def test_nor_where_companions_have_odk_collect() -> None:
    judge("collects", SCHEDULES_MORE)


@pytest.mark.simulation
def test_nor_where_coordinators_decide_who_is_one() -> None:
    judge("decides", SCHEDULES_MORE)


@pytest.mark.simulation
@pytest.mark.long
def test_nor_does_any_of_a_night() -> None:
    judge("schedules", SCHEDULES_LONG)


@pytest.mark.simulation
def test_a_seed_is_a_history() -> None:
    told: list[list[str]] = []
    for _ in range(2):
        lines: list[str] = []
        World(FIRST_SEED, lines.append).run()
        told.append(lines)
    assert told[0] == told[1]
