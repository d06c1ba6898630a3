"""Two cooperatives turn out to be one, or two after all: their monthly reports follow, and nothing is lost by it."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import deciding, desk, doctor, linkage_follow, merging, pair_queue, report_pairs
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, Pair, Verdict
from fieldsync.services.following import REPORTS
from fieldsync.store import declared_keys, pairs, records
from fieldsync.store.db import execute
from tests.services.test_doctor import registered
from tests.services.test_inbox_follows import reader
from tests.world import Json, Phone, World, codes

MANY, STEP = 50, 20
"""Months that two cooperatives report, and changes that one step takes."""

OCTOBER, NOVEMBER = "2026-10", "2026-11"


class Reports:
    """Cooperatives of a list, what their companions report month by month, and what the desk makes of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.publish("turnover 1")
        self.phone: Phone = world.phone()

    def cooperative(self, name: str) -> str:
        entity = self.world.uuid()
        self.world.now_ms += 1000
        assert self.phone.statuses(self.phone.says(of="person", writes=registered(entity, name))) == ["applied"]
        return entity

    def reports(self, cooperative: str, month: str = OCTOBER, sales: int = 100) -> str:
        return str(self.says(cooperative, month, sales)["record"])

    def says(self, cooperative: str, month: str, sales: int, record: str | None = None, **more: Any) -> Json:
        writes = {"group": cooperative, "month": month, "sales": sales}
        said = self.phone.says(record, writes, of="turnover", **more)
        assert self.phone.statuses(said) == ["applied"]
        return said

    def merges(self, one: str, other: str) -> None:
        assert self.world.at_desk(merging.merge, one, [other], kind="entity") is None

    def parts(self, one: str) -> None:
        assert self.world.at_desk(deciding.part, one, kind="entity") is None

    def step(self, limit: int = 100) -> bool:
        return self.world.write(
            partial(report_pairs.step, association_id=self.world.amal, limit=limit, now_ms=self.world.now_ms)
        )

    def settles(self) -> None:
        """Those who follow look at all that changed."""
        while self.step():
            pass
        linkage = partial(linkage_follow.step, association_id=self.world.amal, limit=100, now_ms=self.world.now_ms)
        while self.world.write(linkage):
            pass
        report = self.world.read(doctor.examine)
        assert report.ok, report.findings
        assert not report.checked["reports not keyed yet"]

    def pair(self, session: Session, one: str, other: str) -> Pair:
        return deciding.of_rows(session, *(desk.find(session, self.world.amal, each)[0] for each in (one, other)))

    def decides(self, one: str, other: str, decision: str) -> Problem | None:
        """What a coordinator says of two reports; of two that are one the later is marked as the repeat."""
        self.world.now_ms += 1000

        def work(session: Session) -> Problem | None:
            pair = self.pair(session, one, other)
            verdict = Verdict(decision, pair.turn)
            return deciding.decide(session, self.world.desk(), pair, verdict)

        return self.world.write(work)

    def takes_back(self, one: str, other: str) -> Problem | None:
        def work(session: Session) -> Problem | None:
            pair = self.pair(session, one, other)
            return deciding.undo(session, self.world.desk(), pair, pair.turn)

        return self.world.write(work)

    def found(self, one: str, other: str) -> Pair | None:
        """The pair of two reports; None where nobody asks."""
        pair = self.world.read(lambda session: self.pair(session, one, other))
        return pair if pair.row is not None else None

    def waits(self, one: str, other: str) -> bool:
        pair = self.found(one, other)
        return pair is not None and deciding.is_waiting(pair)

    def queue(self) -> list[tuple[int, int]]:
        """What a coordinator is shown as waiting."""
        who = reader(self.world, "coordinator")
        found = self.world.read(lambda session: pair_queue.waiting(session, who, "turnover"))
        return sorted((each.rank[1], each.rank[2]) for each in found)

    def state(self, report: str) -> str:
        found = self.world.record(report)
        assert found is not None
        return str(found["review"]["state"])

    def flagged(self, report: str) -> list[str]:
        return [each for each in codes(self.world.record(report) or {}) if each == "possible_duplicate"]


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


def borne(world: World) -> set[declared_keys.KeyRow]:
    def read(session: Session) -> set[declared_keys.KeyRow]:
        return {declared_keys.KeyRow(*row) for row in execute(session, "SELECT * FROM declared_key")}

    return world.read(read)


Act = tuple[str, int, int, str]

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["report", "report", "correct", "delete", "merge", "merge", "part", SAME, DIFFERENT, UNSURE, "undo", "look"]
        ),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from([OCTOBER, NOVEMBER]),
    ),
    min_size=6,
    max_size=16,
)

EXAMPLES = max(6, settings().max_examples // 8)
"""A history here costs some hundred statements."""

villages: dict[Engine, Reports] = {}


@given(ACTS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_keys_and_pairs_are_what_making_them_anew_gives(engine: Engine, acts: list[Act]) -> None:
    """Each example goes on in the database of the one before, with other cooperatives."""
    if engine not in villages:
        villages[engine] = Reports(World(engine, forms=("person 1",)))
    village = villages[engine]
    cooperatives = [village.cooperative(f"C{number}") for number in range(4)]
    said: list[Json] = []
    for act in acts:
        plays(village, cooperatives, said, act)
    village.settles()
    reports = [each["record"] for each in said]
    kept = told(village, reports)
    ids = {village_row(village, each).id for each in reports}
    assert {pair for pair, level, _ in kept if level == "same"} == expected(village, reports)

    def forget(session: Session) -> None:
        for each in sorted(ids):
            execute(session, "DELETE FROM candidate_pair WHERE left_id = ? OR right_id = ?", (each, each))
            execute(session, "DELETE FROM declared_key WHERE record_id = ?", (each,))
            execute(session, "DELETE FROM flag WHERE record_id = ? AND code = 'possible_duplicate'", (each,))
        execute(session, "DELETE FROM follower WHERE name = ?", (REPORTS,))

    keys = borne(village.world)
    village.world.write(forget)
    village.settles()
    assert (told(village, reports), borne(village.world)) == (kept, keys)


def plays(village: Reports, cooperatives: Sequence[str], said: list[Json], act: Act) -> None:
    what, one, other, month = act
    village.world.now_ms += 1000
    if what == "report":
        said.append(village.says(cooperatives[one], month, 1 + len(said)))
    elif what == "merge" and one != other:
        village.merges(cooperatives[one], cooperatives[other])
    elif what == "part":
        village.world.at_desk(deciding.part, cooperatives[one], kind="entity")
    elif what == "look":
        village.step(3)
    elif said:
        plays_on(village, said, act, cooperatives[other])


def plays_on(village: Reports, said: list[Json], act: Act, cooperative: str) -> None:
    """What is done with reports that were sent."""
    what, one, other, month = act
    first, second = (said[each % len(said)]["record"] for each in (one, other))
    if what == "correct":
        seen = [[*each] for each in (village.world.record(first) or {})["heads"]]
        village.says(cooperative, month, 99, first, seen=seen)
    elif what == "delete":
        village.world.at_desk(desk.delete, first)
    elif first != second:
        village.takes_back(first, second) if what == "undo" else village.decides(first, second, what)


def village_row(village: Reports, report: str) -> records.RecordRow:
    [row] = village.world.read(lambda session: records.by_uuids(session, [records.uuid_bytes(report)]))
    return row


def told(village: Reports, reports: Sequence[str]) -> list[tuple[tuple[int, int], str, bool]]:
    """Every pair of some reports: how its keys agree, and whether somebody should look."""
    found = []
    for one, other in combinations(sorted(reports, key=lambda each: village_row(village, each).id), 2):
        pair = village.found(one, other)
        if pair is not None and pair.row is not None:
            found.append((pair.row.pair, pair.levels[0][1], deciding.is_waiting(pair)))
    return found


def expected(village: Reports, reports: Sequence[str]) -> set[tuple[int, int]]:
    """The pairs by what everybody can read: each report with the first of its cooperative, as merged, and its month."""
    groups: dict[tuple[str, str], list[int]] = {}
    for each in sorted(reports, key=lambda each: village_row(village, each).id):
        shown = village.world.record(each)
        assert shown is not None
        if not shown["deleted"]:
            entity = village.world.record(shown["fields"]["group"], "entity") or {}
            survivor = entity["merged_into"] or shown["fields"]["group"]
            groups.setdefault((survivor, shown["fields"]["month"]), []).append(village_row(village, each).id)
    ids = [each for group in groups.values() for each in group]
    decided = village.world.read(
        lambda session: {(row.left_id, row.right_id): row.decision for row in pairs.of_records(session, ids)}
    )
    found: set[tuple[int, int]] = set()
    for group in groups.values():
        for later in group:
            for earlier in (each for each in group if each < later):
                found.add((earlier, later))
                if decided.get((earlier, later)) != DIFFERENT:
                    break
    return found
