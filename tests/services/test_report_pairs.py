"""Two cooperatives turn out to be one, or two after all: their monthly reports follow, and nothing is lost by it."""

from itertools import pairwise

import pytest
from sqlalchemy.orm import Session

from fieldsync.services import deciding, doctor, linkage_follow, report_pairs
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE
from fieldsync.services.following import REPORTS
from fieldsync.store import declared_keys
from fieldsync.store.db import execute
from tests.reported_world import NOVEMBER, OCTOBER, Reports, borne
from tests.world import World, codes

MANY, STEP = 50, 20
"""Months that two cooperatives report, and changes that one step takes."""


@pytest.fixture
def village(world: World) -> Reports:
    return Reports(world)


def test_the_reports_of_two_cooperatives_are_asked_about_while_they_are_one(village: Reports) -> None:
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    first, second = village.reports(argan, sales=5), village.reports(arganier, sales=7)
    elsewhere = village.reports(arganier, NOVEMBER)
    village.settles()
    assert village.queue() == [] and village.found(first, second) is None
    village.merges(argan, arganier)
    village.settles()
    assert village.waits(first, second) and len(village.queue()) == 1
    assert village.flagged(second) and not village.flagged(first) and not village.flagged(elsewhere)
    village.parts(arganier)
    village.settles()
    assert village.queue() == [] and village.found(first, second) is None
    assert not village.flagged(second)


def test_a_report_that_comes_after_the_merge_is_flagged_at_once(village: Reports) -> None:
    """Her phone still names the record that was merged away; the answer to her sync says so."""
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    village.merges(argan, arganier)
    first, second = village.reports(argan), village.reports(arganier)
    assert village.flagged(second) and village.waits(first, second)
    village.settles()
    assert village.waits(first, second)


def test_the_sender_hears_at_her_next_sync_that_her_report_may_repeat_another(village: Reports) -> None:
    reads = village.world.phone()
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    village.reports(argan, sales=5)
    second = village.reports(arganier, sales=7)
    village.settles()
    reads.pulls()
    village.merges(argan, arganier)
    village.settles()
    assert [codes(each) for each in reads.pulls() if each["record"] == second] == [["possible_duplicate"]]
    village.parts(argan)
    village.settles()
    assert [codes(each) for each in reads.pulls() if each["record"] == second] == [[]]
    village.settles()
    assert not [each for each in reads.pulls() if each["kind"] == "submission"], "nothing is said twice"


def test_a_repeat_is_asked_about_again_once_the_cooperatives_are_two_after_all(village: Reports) -> None:
    """It was rejected while they were one: what she reported of her own cooperative must not stay lost."""
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    first, second = village.reports(argan, sales=5), village.reports(arganier, sales=7)
    village.merges(argan, arganier)
    village.settles()
    assert village.decides(first, second, SAME) is None
    village.settles()
    assert village.state(second) == "rejected" and not village.queue()
    village.parts(argan)
    village.settles()
    pair = village.found(first, second)
    assert pair is not None and deciding.changed_since(pair) == ["possible_duplicate"]
    assert len(village.queue()) == 1
    assert village.decides(first, second, DIFFERENT) is None
    assert village.state(second) == "received"
    village.settles()
    assert village.queue() == [] and village.found(first, second) is None
    village.merges(argan, arganier)
    village.settles()
    assert village.waits(first, second), "they have one key now, which they had not when she held them apart"


def test_whoever_cannot_say_any_longer_lets_the_repeat_count_again(village: Reports) -> None:
    argan = village.cooperative("Argan")
    first, second = village.reports(argan, sales=5), village.reports(argan, sales=7)
    assert village.decides(first, second, SAME) is None
    assert village.state(second) == "rejected"
    assert village.decides(first, second, UNSURE) is None
    assert village.state(second) == "received"


def test_of_two_reports_only_one_is_the_repeat_whoever_decides_last(village: Reports) -> None:
    argan = village.cooperative("Argan")
    first, second = village.reports(argan, sales=5), village.reports(argan, sales=7)
    assert village.decides(first, second, SAME) is None
    assert village.decides(first, second, SAME, duplicate=first) is None
    assert (village.state(first), village.state(second)) == ("rejected", "received")
    assert village.decides(first, second, SAME, duplicate=first) is None
    assert village.takes_back(first, second) is None
    assert (village.state(first), village.state(second)) == ("received", "received")


def test_a_no_stays_a_no_over_an_unmerge_and_another_merge(village: Reports) -> None:
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    first, second = village.reports(argan, sales=5), village.reports(arganier, sales=7)
    village.merges(argan, arganier)
    village.settles()
    assert village.decides(first, second, DIFFERENT) is None
    for _ in range(2):
        village.parts(argan)
        village.settles()
        village.merges(argan, arganier)
        village.settles()
        assert village.queue() == []
        assert not village.flagged(second), "the flag is dismissed, as she said"
    assert village.takes_back(first, second) is None
    village.settles()
    assert village.waits(first, second) and village.flagged(second)


def test_of_three_reports_the_second_and_third_are_asked_about_where_one_is_held_apart(village: Reports) -> None:
    argan = village.cooperative("Argan")
    first, second, third = (village.reports(argan, sales=each) for each in (5, 7, 9))
    village.settles()
    assert village.waits(first, second) and village.waits(first, third) and not village.found(second, third)
    assert village.decides(first, third, DIFFERENT) is None
    village.settles()
    assert village.waits(second, third)
    assert village.takes_back(first, third) is None
    village.settles()
    assert village.waits(first, third) and not village.found(second, third)


def test_once_the_first_of_three_is_corrected_the_others_are_a_pair(village: Reports) -> None:
    argan = village.cooperative("Argan")
    said = village.says(argan, OCTOBER, 5)
    second, third = (village.reports(argan, sales=each) for each in (7, 9))
    village.settles()
    village.says(argan, NOVEMBER, 5, said["record"], seen=[said])
    village.settles()
    assert len(village.queue()) == 1 and village.waits(second, third)
    assert not village.flagged(second) and village.flagged(third)


def test_a_merge_with_many_reports_is_followed_some_at_a_time_and_goes_on_after_a_crash(village: Reports) -> None:
    world = village.world
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    months = [f"{2000 + number // 12}-{number % 12 + 1:02}" for number in range(MANY)]
    said = [
        village.phone.says(of="turnover", writes={"group": each, "month": month, "sales": 1 + number})
        for number, month in enumerate(months)
        for each in (argan, arganier)
    ]
    assert set(village.phone.statuses(*said)) == {"applied"}
    village.settles()
    village.merges(argan, arganier)
    while count_touched(world) == 0:
        village.step(STEP)
    left = [count_touched(world)]

    def crashes(session: Session) -> None:
        report_pairs.step(session, world.amal, STEP, world.now_ms)
        raise RuntimeError("the power is cut")

    with pytest.raises(RuntimeError):
        world.write(crashes)
    assert count_touched(world) == left[0], "nothing was half done"
    while village.step(STEP):
        left.append(count_touched(world))
    assert len(left) > 3 and all(earlier - later <= STEP for earlier, later in pairwise(left))
    assert len(village.queue()) == MANY
    village.settles()


def test_merges_of_before_are_followed_after_an_update_and_the_doctor_counts_what_is_left(village: Reports) -> None:
    """The update finds the keys by what was written, and who follows at the beginning."""
    world = village.world
    argan, arganier = village.cooperative("Argan"), village.cooperative("Arganier")
    first, second = village.reports(argan, sales=5), village.reports(arganier, sales=7)
    village.settles()
    before = borne(world)
    village.merges(argan, arganier)
    village.settles()

    def as_before(session: Session) -> None:
        for name in ("candidate_pair", "flag", "mention", "declared_key", "touched"):
            execute(session, f"DELETE FROM {name}")
        execute(session, "DELETE FROM follower WHERE name = ?", (REPORTS,))
        declared_keys.add(session, before)

    world.write(as_before)
    report = world.read(doctor.examine)
    assert report.checked["reports not keyed yet"] == 1 and "reports" not in report.faults
    village.settles()
    assert village.waits(first, second)


def test_the_doctor_finds_a_key_and_a_pair_that_are_lost(village: Reports) -> None:
    world = village.world
    argan = village.cooperative("Argan")
    village.reports(argan, sales=5)
    village.reports(argan, sales=7)
    village.settles()
    world.write(lambda session: execute(session, "DELETE FROM candidate_pair"))
    assert [check for check, _, _ in world.read(doctor.examine).findings] == ["reports"]
    world.write(lambda session: execute(session, "DELETE FROM declared_key"))
    assert [check for check, _, _ in world.read(doctor.examine).findings] == ["reports"] * 2
    world.write(linkage_follow.begin_again)
    village.settles()
    assert len(village.queue()) == 1


def count_touched(world: World) -> int:
    sql = "SELECT count(*) FROM touched WHERE follower = ?"
    return int(world.read(lambda session: execute(session, sql, (REPORTS,)).scalar_one()))
