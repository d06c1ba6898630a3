"""The programme's rules, told by what companions write and what the coordinator is then shown."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from random import Random

from fieldsync.client.companion import Companion, versions_of
from fieldsync.core.operations import Value
from tests.core.programme import FIELD_FORM_IDS, compiled, form

TODAY = date(2026, 11, 20)
NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
VERSIONS = versions_of(form(form_id) for form_id in FIELD_FORM_IDS)
SEEDS = 300
Writes = dict[str, Value]


def written(form_id: str, association: str, fits: Callable[[Writes], bool]) -> Writes:
    """What some companion wrote on some day, of the kind that the story needs."""
    for seed in range(SEEDS):
        companion = Companion(Random(seed), VERSIONS, association)
        sheets = [companion.register_participant(TODAY) for _ in range(8)]
        sheets += [companion.record_activity(TODAY), companion.profile_group(TODAY)]
        sheets += [companion.profile_group(TODAY, companion.groups[0]), companion.report_month(TODAY)]
        if companion.participants:
            sheets += [companion.record_idea(TODAY), *(companion.visit_idea(TODAY) for _ in range(4))]
        for sheet in sheets:
            if sheet.form_id == form_id and fits(sheet.writes):
                return dict(sheet.writes)
    raise LookupError(form_id)


def shown(form_id: str, writes: Writes) -> set[tuple[str, str]]:
    """(code, path) of what a coordinator is shown; occurrences without their UUID."""
    problems = compiled(form_id).broken_rules(writes, NOON)
    return {(problem.code, _unindexed(problem.path or "")) for problem in problems}


def _unindexed(path: str) -> str:
    return "".join(part.partition("]")[2] or part for part in path.split("["))


def occurrences(writes: Writes, repeat: str) -> list[str]:
    return [path for path in writes if path.startswith(f"{repeat}[") and path.endswith("]")]


def consented(writes: Writes) -> bool:
    return bool(writes["consent/consent_data"] == "yes")


def has_members(writes: Writes) -> bool:
    return len(occurrences(writes, "members")) > 2


def a_minor() -> Writes:
    return written("f4_participant", "KHL", lambda writes: "guardian/guardian_consent" in writes)


def test_a_child_is_not_registered_against_the_guardians_will() -> None:
    writes = a_minor() | {"guardian/guardian_consent": "no"}
    assert shown("f4_participant", writes) == {("constraint", "guardian/guardian_consent")}


def test_a_child_is_not_registered_without_asking_the_guardian() -> None:
    writes = a_minor()
    del writes["guardian/guardian_consent"]
    assert shown("f4_participant", writes) == {("required", "guardian/guardian_consent")}


def test_a_telephone_number_is_a_moroccan_one() -> None:
    writes = written("f4_participant", "KHT", consented)
    for number in ("0512345678", "0612345678", "0712345678", "+212612345678"):
        assert shown("f4_participant", writes | {"person/phone": number}) == set()
    for number in ("0412345678", "061234567", "00212612345678", "06 12 34 56 78"):
        assert shown("f4_participant", writes | {"person/phone": number}) == {("constraint", "person/phone")}


def test_a_name_has_two_to_eighty_letters() -> None:
    writes = written("f4_participant", "KHT", consented)
    assert shown("f4_participant", writes | {"person/full_name": "إجا"}) == set()
    for name in ("ف", "ف" * 81):
        assert shown("f4_participant", writes | {"person/full_name": name}) == {("constraint", "person/full_name")}


def test_a_place_outside_the_list_is_named() -> None:
    writes = written("f4_participant", "KHT", consented) | {"home/home_province": "other", "home/commune": "other"}
    assert {("required", "home/home_province_other"), ("required", "home/commune_other")} <= shown(
        "f4_participant", writes
    )


def test_nobody_is_on_an_attendance_list_twice() -> None:
    writes = written("f5_activity", "SAF", lambda writes: writes["mode"] == "named")
    first, second = occurrences(writes, "attendance")[:2]
    writes[f"{second}/participant_id"] = writes[f"{first}/participant_id"]
    assert shown("f5_activity", writes) == {("constraint", "attendance/participant_id")}


def test_a_headcount_counts_somebody_and_its_parts_are_not_more_than_the_whole() -> None:
    writes = written("f5_activity", "SAF", lambda writes: writes["mode"] == "headcount")
    nobody = {f"headcount/n_{who}": 0 for who in ("women", "men", "girls", "boys", "disability", "quake")}
    assert shown("f5_activity", writes | nobody | {"headcount/n_total": "0"}) == {("constraint", "headcount/n_boys")}
    assert shown("f5_activity", writes | {"headcount/n_quake": 400}) == {("constraint", "headcount/n_quake")}


def test_an_activity_of_tomorrow_has_not_happened() -> None:
    writes = written("f5_activity", "SAF", lambda writes: True) | {"what/date": "2026-11-21"}
    assert shown("f5_activity", writes) == {("constraint", "what/date")}


def test_a_registered_cooperative_shows_number_court_and_date() -> None:
    writes = written("f7_profile", "SAF", lambda writes: writes["profile/status"] == "registered")
    for missing in ("register_no", "tribunal", "register_date"):
        without = {path: value for path, value in writes.items() if path != f"registration/{missing}"}
        assert shown("f7_profile", without) == {("required", f"registration/{missing}")}


def test_a_cooperatives_capital_is_a_thousand_dirhams() -> None:
    writes = written(
        "f7_profile", "SAF", lambda writes: writes["profile/status"] == "in_formation" and has_members(writes)
    )
    members = occurrences(writes, "members")
    shares = {f"{member}/shares": 1 for member in members} | {f"{member}/active_shares": "1" for member in members}
    small = writes | shares | {"shares_n": str(len(members)), "capital_group/share_value": "100"}
    small["capital_group/capital"] = str(100 * len(members))
    assert len(members) < 10
    assert shown("f7_profile", small) == {("constraint", "capital_group/share_value")}


def test_a_member_does_not_leave_before_she_joins() -> None:
    writes = written("f7_profile", "SAF", has_members)
    member = occurrences(writes, "members")[0]
    writes |= {f"{member}/entry_date": "2026-05-05", f"{member}/exit_date": "2026-05-04"}
    assert ("constraint", "members/exit_date") in shown("f7_profile", writes)


def test_a_status_that_goes_back_needs_a_reason() -> None:
    writes = written("f7_profile", "SAF", lambda writes: writes["profile/known_group"] == "yes")
    back = writes | {"profile/previous_status": "registered", "profile/status": "in_formation"}
    assert ("required", "profile/status_reason") in shown("f7_profile", back)
    assert ("required", "profile/status_reason") not in shown("f7_profile", back | {"profile/status_reason": "خطأ"})


def test_a_month_is_reported_by_its_first_day_and_not_before_it_begins() -> None:
    writes = written("f7_monthly", "SAF", lambda writes: True)
    for period in ("2026-11-15", "2026-12-01"):
        assert shown("f7_monthly", writes | {"report/period": period}) == {("constraint", "report/period")}


def test_paying_out_more_than_was_earned_needs_a_reason() -> None:
    writes = written("f7_monthly", "SAF", lambda writes: True) | {"money/paid_to_members": "999999"}
    assert shown("f7_monthly", writes) == {("required", "money/paid_reason")}
    assert shown("f7_monthly", writes | {"money/paid_reason": "رصيد شهر أكتوبر"}) == set()


def test_a_commune_lies_in_its_province_and_an_unconfirmed_douar_anywhere_in_its_own() -> None:
    writes = written("f7_monthly", "SAF", lambda writes: True)
    place = {"header/province": "07.041", "header/site": "07.041.05.05", "header/site_douar": "douar-0003"}
    writes.pop("header/site_douar_other", None)
    assert shown("f7_monthly", writes | place) == set()
    assert shown("f7_monthly", writes | place | {"header/site": "07.161.07.11"}) == {
        ("choice_not_offered", "header/site")
    }
    chichaoua = {"header/province": "07.161", "header/site": "07.161.07.11"}
    assert shown("f7_monthly", writes | place | chichaoua) == {("choice_not_offered", "header/site_douar")}


def test_who_refuses_has_no_name_in_the_register() -> None:
    writes = written("f4_participant", "KHT", consented) | {"consent/consent_data": "no"}
    assert ("not_relevant", "person/full_name") in shown("f4_participant", writes)


def test_an_idea_that_goes_back_says_why() -> None:
    writes = written("f6_visit", "BIN", lambda writes: writes["stage_rank"] > writes["previous_rank"])
    back = {"previous_stage": "launched", "previous_rank": "5", "visit/stage": "validated", "stage_rank": "2"}
    sheet = {path: value for path, value in (writes | back).items() if path != "results/revenue_month"}
    assert shown("f6_visit", sheet) == {("required", "progress/stage_reason")}
    assert shown("f6_visit", sheet | {"progress/stage_reason": "خطأ"}) == set()
    stopped = back | {"visit/stage": "stopped", "stage_rank": "7"}
    assert shown("f6_visit", sheet | stopped) == set()


def test_jobs_for_young_people_are_among_the_jobs() -> None:
    writes = written("f6_visit", "BIN", lambda writes: True) | {"results/jobs_f": 2, "results/jobs_m": 1}
    assert shown("f6_visit", writes | {"results/jobs_youth": 3}) == set()
    assert shown("f6_visit", writes | {"results/jobs_youth": 4}) == {("constraint", "results/jobs_youth")}


def test_money_is_in_whole_centimes() -> None:
    writes = written("f6_visit", "BIN", lambda writes: "results/revenue_month" in writes)
    for amount in ("0", "0.5", "1250.05", "200000"):
        assert shown("f6_visit", writes | {"results/revenue_month": amount}) == set(), amount
    for amount in ("-1", "0.005", "1250.055"):
        assert shown("f6_visit", writes | {"results/revenue_month": amount}) == {
            ("constraint", "results/revenue_month")
        }, amount


def test_an_idea_has_one_to_six_holders_each_once() -> None:
    writes = written("f6_idea", "BIN", lambda writes: len(occurrences(writes, "holders")) > 1)
    for number in (0, 7):
        wrong = {("constraint", "holders_n"), ("repeat_count", "holders")}
        assert shown("f6_idea", writes | {"holders_n": number}) == wrong
    one, other = occurrences(writes, "holders")[:2]
    twice = writes | {f"{other}/participant_id": writes[f"{one}/participant_id"]}
    assert shown("f6_idea", twice) == {("constraint", "holders/participant_id")}
