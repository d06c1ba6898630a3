"""A simulated companion answers as a careful companion would, unless she is asked not to."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.client.companion import Companion, Filled, versions_of
from fieldsync.client.companion_names import FAMILIES, MEN, WOMEN
from fieldsync.client.companion_people import ROLES
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.declarations import declaration_problems, places, statements
from fieldsync.core.expression_values import text
from fieldsync.core.expressions import Expression, compile_expression, environment_of
from fieldsync.core.form_tree import FormTree
from fieldsync.core.operations import Value
from fieldsync.core.validation import PROGRAMME_ZONE
from tests.core.programme import FIELD_FORM_IDS, compiled, form

VERSIONS = versions_of(form(form_id) for form_id in FIELD_FORM_IDS)
SEEDS = st.integers(0, 2**32)
ASSOCIATIONS = st.sampled_from(sorted(ROLES))
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
PEOPLE = 8


def a_day_of(companion: Companion, today: date) -> Iterator[Filled]:
    """A long day: registrations, activities, an idea with its visits, two visits of a cooperative, monthly reports."""
    for _ in range(PEOPLE):
        yield companion.register_participant(today)
    if companion.participants:
        yield companion.register_participant(today, companion.participants[0])
    for _ in range(3):
        yield companion.record_activity(today)
    if companion.participants:
        yield companion.record_idea(today)
        yield companion.record_idea(today, companion.ideas[0])
        for _ in range(3):
            yield companion.visit_idea(today)
            yield companion.check_job(today)
    yield companion.profile_group(today)
    yield companion.profile_group(today, companion.groups[0])
    for _ in range(2):
        yield companion.report_month(today)


def noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)


@given(SEEDS, ASSOCIATIONS, DAYS)
def test_what_a_companion_writes_satisfies_the_forms(seed: int, association: str, today: date) -> None:
    companion = Companion(Random(seed), VERSIONS, association)
    for filled in a_day_of(companion, today):
        rules = compiled(filled.form_id)
        assert rules.wrong_in_itself(filled.writes) == []
        assert rules.broken_rules(filled.writes, noon(today)) == []


@cache
def calculations(form_id: str) -> dict[str, Expression]:
    """Question path to what calculates it, where that needs neither chance nor a list that only devices have."""
    tree, lists = FormTree(form(form_id)), compiled(form_id).lists
    made = {
        question.path: compile_expression(tree, lists, question.path, question.calculate)
        for question in form(form_id).questions
        if question.calculate and "uuid(" not in question.calculate
    }
    return {path: expression for path, expression in made.items() if expression.way != "unknown"}


@given(SEEDS, ASSOCIATIONS, DAYS)
def test_what_she_writes_as_calculated_is_what_the_form_calculates(seed: int, association: str, today: date) -> None:
    companion = Companion(Random(seed), VERSIONS, association)
    for filled in a_day_of(companion, today):
        environment = environment_of(filled.writes, noon(today), PROGRAMME_ZONE)
        for path, value in filled.writes.items():
            expression = calculations(filled.form_id).get(unindexed(path))
            if expression:
                around = (path[: path.index("]") + 1],) if "]" in path else ()
                assert text(expression.evaluate(environment, around)) == value, path


@given(SEEDS, ASSOCIATIONS, DAYS)
def test_a_correction_says_only_what_changes_and_the_record_still_satisfies_the_form(
    seed: int, association: str, today: date
) -> None:
    companion = Companion(Random(seed), VERSIONS, association)
    for filled in list(a_day_of(companion, today)):
        edit = companion.correct(filled, today)
        assert edit.form_id == filled.form_id
        assert edit.writes
        assert all(filled.writes.get(path) != value for path, value in edit.writes.items())
        rules = compiled(edit.form_id)
        assert rules.wrong_in_itself(edit.writes) == []
        assert rules.broken_rules(filled.writes | edit.writes, noon(today)) == []


@given(SEEDS, ASSOCIATIONS)
def test_a_mistaken_companion_writes_what_the_form_does_not_know(seed: int, association: str) -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(seed), VERSIONS, association)
    companion.profile_group(today)
    while not companion.participants:
        companion.register_participant(today)
    companion.record_idea(today)
    for filled in (
        companion.register_participant(today, mistaken=True),
        companion.record_activity(today, mistaken=True),
        companion.record_idea(today, mistaken=True),
        companion.visit_idea(today, mistaken=True),
        companion.profile_group(today, mistaken=True),
        companion.report_month(today, mistaken=True),
    ):
        assert [problem.code for problem in compiled(filled.form_id).wrong_in_itself(filled.writes)] == [
            "unknown_choice"
        ]


@given(SEEDS, ASSOCIATIONS)
def test_a_careless_companion_breaks_a_constraint(seed: int, association: str) -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(seed), VERSIONS, association)
    companion.profile_group(today)
    while not companion.participants:
        companion.register_participant(today)
    companion.record_idea(today)
    for filled in (
        companion.register_participant(today, careless=True),
        companion.record_activity(today, careless=True),
        companion.record_idea(today, careless=True),
        companion.visit_idea(today, careless=True),
        companion.profile_group(today, careless=True),
        companion.report_month(today, careless=True),
    ):
        rules = compiled(filled.form_id)
        assert rules.wrong_in_itself(filled.writes) == []
        assert "constraint" in {problem.code for problem in rules.broken_rules(filled.writes, noon(today))}


def test_the_same_seed_gives_the_same_day() -> None:
    days = [list(a_day_of(Companion(Random(7), VERSIONS), date(2026, 11, 20))) for _ in range(2)]
    assert days[0] == days[1]


def test_attendance_and_membership_are_of_people_she_registered() -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(3), VERSIONS, "SAF")
    for _ in range(PEOPLE):
        companion.register_participant(today)
    known = {person.id for person in companion.participants}
    for filled in (companion.record_activity(today, named=True), companion.profile_group(today)):
        named = {value for path, value in filled.writes.items() if path.endswith("]/participant_id")}
        assert named
        assert named <= known


def test_a_new_person_becomes_an_entity_and_a_known_one_is_updated() -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(1), VERSIONS)
    new = companion.register_participant(today).writes
    person = companion.participants[0]
    again = companion.register_participant(today, person).writes
    assert (new["meta/entity/@create"], new["meta/entity/@update"]) == ("1", "0")
    assert (again["meta/entity/@create"], again["meta/entity/@update"]) == ("0", "1")
    assert new["meta/entity/@id"] == again["meta/entity/@id"] == again["consent/participant"] == person.id
    assert len(companion.participants) == 1


@given(SEEDS, ASSOCIATIONS, DAYS)
def test_what_follows_for_entities_is_well_formed(seed: int, association: str, today: date) -> None:
    companion = Companion(Random(seed), VERSIONS, association)
    for filled in a_day_of(companion, today):
        assert declaration_problems(filled.writes, form(filled.form_id)) == []


def entity(of: str, writes: Mapping[str, Value], form_id: str) -> dict[str, Any]:
    """The entity that a submission makes, as it comes down to another phone."""
    stated = statements(writes, places(form(form_id), writes))
    said = next(statement for place, statement in stated.items() if place.list == of)
    return {"record": said.entity, "kind": "entity", "of": of, "fields": said.properties, "deleted": False}


def test_one_companion_names_whom_another_registered() -> None:
    today = date(2026, 11, 20)
    khadija, amina = (Companion(Random(seed), VERSIONS, "SAF") for seed in (8, 9))
    for _ in range(PEOPLE):
        sheet = khadija.register_participant(today).writes
        if sheet["consent/consent_data"] == "yes":
            amina.learn(entity("participants", sheet, "f4_participant"), today)
    amina.learn(entity("groups", khadija.profile_group(today).writes, "f7_profile"), today)
    amina.learn(entity("ideas", khadija.record_idea(today).writes, "f6_idea"), today)
    assert [person.id for person in amina.participants] == [person.id for person in khadija.participants]
    assert [person.sex for person in amina.participants] == [person.sex for person in khadija.participants]
    for filled in (amina.record_activity(today, named=True), amina.report_month(today), amina.visit_idea(today)):
        assert compiled(filled.form_id).wrong_in_itself(filled.writes) == []
        assert compiled(filled.form_id).broken_rules(filled.writes, noon(today)) == []
    again = amina.register_participant(today, amina.participants[0])
    assert again.writes["participant_id"] == khadija.participants[0].short_id
    amina.learn({"record": khadija.groups[0].id, "gone": True}, today)
    assert (amina.groups, [idea.id for idea in amina.ideas]) == (khadija.groups, [idea.id for idea in khadija.ideas])


def test_a_woman_who_refuses_leaves_no_name() -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(5), VERSIONS)
    sheets = [companion.register_participant(today).writes for _ in range(400)]
    refusals = [writes for writes in sheets if writes["consent/consent_data"] == "no"]
    assert refusals
    assert all(not any(path.startswith(("person/", "home/", "guardian/")) for path in writes) for writes in refusals)
    assert len(companion.participants) == len(sheets) - len(refusals)


def test_a_group_is_reported_once_a_month_unless_she_says_it_again() -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(2), VERSIONS)
    companion.profile_group(today)
    periods = [companion.report_month(today).writes["report/period"] for _ in range(5)]
    assert periods == ["2026-11-01", "2026-10-01", "2026-09-01", "2026-08-01", "2026-07-01"]
    assert companion.report_month(today, again=True).writes["report/period"] in periods


def test_a_cooperative_only_moves_forward() -> None:
    today = date(2026, 11, 20)
    companion = Companion(Random(11), VERSIONS)
    companion.profile_group(today)
    order = ("group", "in_formation", "registered")
    seen = [order.index(companion.groups[0].status)]
    for week in range(12):
        companion.profile_group(today + timedelta(weeks=week), companion.groups[0])
        seen.append(order.index(companion.groups[0].status))
    assert seen == sorted(seen)
    assert seen[-1] == 2


def test_over_many_days_every_question_that_a_companion_answers_gets_an_answer() -> None:
    left_out = {
        *("photos/photo", "where/local_orgs", "members/exit_date", "unit_other", "money/paid_reason"),
        *("profile/status_reason", "products/unit_other", "products/sold_warning", "profile/activity_other"),
        *("home/home_province_other", "home/commune_other", "where/place_other", "few_members"),
        *("capital_group/capital_note", "about/sector_other", "progress/actions_other", "progress/blockers_other"),
        *("job/employer_sector_other",),
    }
    answered: dict[str, set[str]] = {form_id: set() for form_id in FIELD_FORM_IDS}
    for number, association in enumerate(sorted(ROLES) * 6):
        for filled in a_day_of(Companion(Random(number), VERSIONS, association), date(2026, 11, 20)):
            answered[filled.form_id] |= {unindexed(path) for path in filled.writes}
    for form_id in FIELD_FORM_IDS:
        asked = {question.path for question in form(form_id).questions}
        assert asked - answered[form_id] <= left_out


def test_names_are_many_and_in_both_scripts() -> None:
    for names, least in ((WOMEN, 100), (MEN, 50), (FAMILIES, 80)):
        assert len({arabic for arabic, _ in names}) >= least
        for arabic, spellings in names:
            assert all("\u0600" <= letter <= "\u06ff" or letter == " " for letter in arabic)
            assert spellings
            assert all(spelling.isprintable() and spelling[0].isascii() for spelling in spellings)


def test_an_association_that_nobody_knows_has_no_companion() -> None:
    with pytest.raises(ValueError, match="no association"):
        Companion(Random(0), VERSIONS, "XYZ")
