"""Figures follow what companions report and what coordinators do with it; on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import deciding, desk, report_pairs
from fieldsync.services.deciding import Verdict
from fieldsync.services.desk import Desk, Found
from tests.counted_world import ASNI, Village, entity

IN_LIFE_SKILLS = "I07"


@pytest.fixture
def village(engine: Engine) -> Village:
    return Village(engine)


def test_a_woman_counts_once_and_her_attendances_beside(village: Village) -> None:
    amina = village.uuid()
    village.reviews(village.registers(amina))
    for day in ("2026-08-03", "2026-09-10", "2026-09-17"):
        village.reviews(village.meets("life_skills", [amina], day))
    assert village.figure(IN_LIFE_SKILLS) == 1
    assert village.figure(IN_LIFE_SKILLS, "attendance") == 3
    months = [row.month for row in village.cells() if (row.indicator, row.part) == (IN_LIFE_SKILLS, "person")]
    assert months == [202608], "she counts in the month when she first came"


def test_a_headcount_never_raises_a_number_of_persons(village: Village) -> None:
    village.reviews(village.counts_heads("life_skills", 40))
    assert (village.figure(IN_LIFE_SKILLS), village.figure(IN_LIFE_SKILLS, "attendance")) == (0, 40)


def test_only_what_is_approved_counts_and_the_rest_stands_beside(village: Village) -> None:
    amina, itto, sara = village.uuid(), village.uuid(), village.uuid()
    for person in (amina, itto, sara):
        village.reviews(village.registers(person))
    village.reviews(village.meets("life_skills", [amina]))
    waiting = village.meets("life_skills", [amina, itto])
    village.reviews(village.meets("life_skills", [sara]), "rejected")
    assert [village.figure(IN_LIFE_SKILLS, level=level) for level in (1, 2, 3)] == [1, 1, 1]
    village.reviews(waiting)
    assert [village.figure(IN_LIFE_SKILLS, level=level) for level in (1, 2, 3)] == [2, 0, 1]


def test_a_woman_whose_registration_is_not_approved_waits(village: Village) -> None:
    amina = village.uuid()
    register = village.registers(amina)
    village.reviews(village.meets("life_skills", [amina]))
    assert (village.figure(IN_LIFE_SKILLS), village.figure(IN_LIFE_SKILLS, level=2)) == (0, 1)
    village.reviews(register)
    assert (village.figure(IN_LIFE_SKILLS), village.figure(IN_LIFE_SKILLS, level=2)) == (1, 0)


def test_two_records_of_one_woman_count_once_while_they_are_merged(village: Village) -> None:
    first, again = village.uuid(), village.uuid()
    for person in (first, again):
        village.reviews(village.registers(person))
    village.reviews(village.meets("life_skills", [first, again]))
    assert (village.figure(IN_LIFE_SKILLS), village.figure(IN_LIFE_SKILLS, "attendance")) == (2, 2)
    village.merges(first, again)
    assert (village.figure(IN_LIFE_SKILLS), village.figure(IN_LIFE_SKILLS, "attendance")) == (1, 1)
    village.separates(first)
    assert (village.figure(IN_LIFE_SKILLS), village.figure(IN_LIFE_SKILLS, "attendance")) == (2, 2)


def test_a_report_that_came_twice_counts_once_while_it_is_held_to_repeat_the_other(village: Village) -> None:
    first, again = (village.reviews(village.counts_heads("life_skills", 12)) for _ in range(2))
    assert village.figure(IN_LIFE_SKILLS, "attendance", level=1) == 24

    def about(session: Session) -> deciding.Pair:
        one, other = (desk.find(session, village.home, each)[0] for each in (first, again))
        return deciding.of_rows(session, one, other)

    def does(act: Callable[[Session, Desk, deciding.Pair], Problem | None]) -> None:
        by = Desk(village.home, "p1", village.now_ms)
        assert village.write(lambda session: act(session, by, about(session))) is None

    pair = village.read(about)
    assert pair.row is not None and pair.row.kind == "submission" and deciding.is_waiting(pair)
    does(lambda session, by, pair: deciding.decide(session, by, pair, Verdict(deciding.SAME, 0)))
    assert village.figure(IN_LIFE_SKILLS, "attendance") == 12
    assert not deciding.is_waiting(village.read(about))
    does(lambda session, by, pair: deciding.undo(session, by, pair, 1))
    assert village.figure(IN_LIFE_SKILLS, "attendance") == 24, "it was approved, and is again"
    assert deciding.is_waiting(village.read(about))


def test_figures_follow_at_once_when_a_pair_is_decided_and_when_that_is_taken_back(village: Village) -> None:
    first, again = village.uuid(), village.uuid()
    for person in (first, again):
        village.reviews(village.registers(person))
    village.reviews(village.meets("life_skills", [first, again]))

    def decides(session: Session, by: Desk, found: Found, what: str) -> Problem | None:
        [other] = [each for each in desk.find(session, by.association_id, again) if each.kind == "entity"]
        pair = deciding.of_rows(session, found, other)
        if what == "undo":
            return deciding.undo(session, by, pair, pair.turn)
        return deciding.decide(session, by, pair, Verdict(what, pair.turn))

    counted = []
    for what in ("unsure", "same", "undo", "different", "same"):
        assert village.at_desk(decides, first, what, kind="entity") is None
        counted.append(village.figure(IN_LIFE_SKILLS))
    assert counted == [2, 1, 2, 2, 1]


def test_what_is_deleted_does_not_count(village: Village) -> None:
    amina, itto = village.uuid(), village.uuid()
    for person in (amina, itto):
        village.reviews(village.registers(person))
    met = village.reviews(village.meets("life_skills", [amina, itto]))
    village.deletes(itto, "entity")
    assert village.figure(IN_LIFE_SKILLS) == 1
    village.deletes(met)
    assert village.figure(IN_LIFE_SKILLS) == 0


def test_girls_are_children_and_not_women(village: Village) -> None:
    girl = village.uuid()
    village.reviews(village.registers(girl, role="child", age_band="under_15"))
    village.reviews(village.meets("life_skills", [girl]))
    village.reviews(village.meets("children_activity", [girl]))
    assert (village.figure(IN_LIFE_SKILLS), village.figure("I08")) == (0, 1)


def test_cooperatives_that_are_registered_and_in_formation_stand_apart(engine: Engine) -> None:
    village = Village(engine, "kht")
    proof = {"register_no": "12/2026", "tribunal": "Marrakech", "register_date": "2026-09-01"}
    for status, more in (("registered", proof), ("registered", {}), ("in_formation", {}), ("group", {})):
        group = village.uuid()
        writes = {"group_uuid": group, "status": status, "women_pct": "100", "place": ASNI, **more}
        village.reviews(village.sends("f7_profile", {**writes, **entity(group, f"G {status}")}))
    assert (village.figure("I14", "registered"), village.figure("I14", "in_formation")) == (1, 2)


def test_sales_of_one_month_count_once_while_the_groups_are_one(engine: Engine) -> None:
    """At once on a merge, on what is decided of the two reports, and when either is taken back."""
    village = Village(engine, "saf", ("f7_profile", "f7_monthly"))
    weavers, again = village.uuid(), village.uuid()
    for group in (weavers, again):
        village.reviews(village.sends("f7_profile", profile(village, group, [])))
    first, second = (
        village.reviews(village.sends("f7_monthly", {"group": group, "period": "2026-10-01", "sales": sales}))
        for group, sales in ((weavers, "500"), (again, "700"))
    )

    def figures() -> tuple[int, int]:
        return village.figure("I18", "amount"), village.figure("I18", "amount", level=3)

    def decides(session: Session, by: Desk, found: Found, what: str) -> Problem | None:
        pair = deciding.of_rows(session, found, desk.find(session, by.association_id, second)[0])
        if what == "undo":
            return deciding.undo(session, by, pair, pair.turn)
        return deciding.decide(session, by, pair, Verdict(what, pair.turn))

    def follows() -> bool:
        while village.write(lambda session: report_pairs.step(session, village.home, 100, village.now_ms)):
            pass
        pair = village.read(
            lambda session: deciding.of_rows(
                session, *(desk.find(session, village.home, each)[0] for each in (first, second))
            )
        )
        return pair.row is not None and deciding.is_waiting(pair)

    assert figures() == (120000, 0) and not follows()
    village.merges(weavers, again)
    assert figures() == (70000, 0) and follows(), "the amount that was said last"
    assert village.at_desk(decides, first, deciding.SAME) is None
    assert figures() == (50000, 0) and not follows(), "the repeat was rejected, and counts no longer"
    assert village.at_desk(decides, first, "undo") is None
    assert figures() == (70000, 0) and follows()
    assert village.at_desk(decides, first, deciding.SAME) is None
    village.separates(weavers)
    assert figures() == (50000, 70000) and follows(), "somebody looks again at what she rejected"
    assert village.at_desk(decides, first, deciding.DIFFERENT) is None
    assert figures() == (120000, 0) and not follows()


def test_women_of_two_groups_count_once_and_leave_with_the_group(engine: Engine) -> None:
    village = Village(engine, "saf")
    amina, itto = village.uuid(), village.uuid()
    for person in (amina, itto):
        village.reviews(village.registers(person))
    weavers, dyers = village.uuid(), village.uuid()
    for group, members in ((weavers, [amina, itto]), (dyers, [amina])):
        village.reviews(village.sends("f7_profile", profile(village, group, members)))
    assert (village.figure("I16", "group"), village.figure("I17")) == (2, 2)
    village.merges(weavers, dyers)
    assert (village.figure("I16", "group"), village.figure("I17")) == (1, 1), "what was said last rules"
    village.separates(weavers)
    assert village.figure("I17") == 2
    village.deletes(weavers, "entity")
    assert (village.figure("I16", "group"), village.figure("I17")) == (1, 1)


def test_a_holder_is_accompanied_once_her_idea_was_visited(engine: Engine) -> None:
    village = Village(engine, "kht")
    amina, idea, row = village.uuid(), village.uuid(), f"holders[{village.uuid()}]"
    village.reviews(village.registers(amina))
    writes = {"idea_uuid": idea, "kind": "business_idea", "place": ASNI, row: "a", f"{row}/participant_id": amina}
    village.reviews(village.sends("f6_idea", {**writes, **entity(idea, "I business_idea")}))
    assert village.figure("I13") == 0
    visit = village.sends("f6_visit", {"idea": idea, "date": "2026-09-10", "stage": "validated"})
    assert (village.figure("I13"), village.figure("I13", level=2)) == (0, 1)
    village.reviews(visit)
    assert (village.figure("I13"), village.figure("I13", level=2)) == (1, 0)


def test_an_incident_counts_once_with_consent_and_where_nobody_else_counts_it(engine: Engine) -> None:
    village = Village(engine, "anw")
    for code, reporting, elsewhere in (("A", "yes", "no"), ("B", "no", "no"), ("C", "yes", "yes")):
        consent = {"survivor_code": code, "consent_service": "yes", "consent_reporting": reporting}
        village.reviews(village.sends("f1_consent", consent))
        intake = {"survivor_code": code, "visit_month": "2026-09", "visit_reason": "violence", "gbvims_org": elsewhere}
        village.reviews(village.sends("f2_intake", {**intake, "gbv_class": "psychological"}))
    assert (village.figure("I03"), village.figure("I04", "event")) == (1, 1)
    village.sends("f1_withdrawal", {"survivor_code": "A", "scope": "reporting"})
    assert (village.figure("I03"), village.figure("I04", "event")) == (0, 0), "before anybody has reviewed it"


def profile(village: Village, group: str, members: list[str]) -> dict[str, object]:
    writes: dict[str, object] = {"group_uuid": group, "status": "group", "women_pct": "100", "place": ASNI}
    for person in members:
        row = f"members[{village.uuid()}]"
        writes |= {row: "a", f"{row}/participant_id": person}
    return {**writes, **entity(group, "G group")}
