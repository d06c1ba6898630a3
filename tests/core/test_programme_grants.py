"""Applications, scores, decisions and tranches hold to the programme's rules about money and scoring (R8, R9)."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.operations import Value
from tests.core.programme import compiled

NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
CALL, PERSON, SOME, ONE, OTHER = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(5))

HEADER: Mapping[str, Value] = {
    "start": "2026-11-20T09:00:00.000+01:00",
    "end": "2026-11-20T09:20:00.000+01:00",
    "today": "2026-11-20",
    "staff_code": "BIN-07",
    "header/association": "BIN",
    "header/province": "07.041",
    "header/site": "07.041.07.03",
    "header/form_lang": "ar",
}

APPLICATION: Mapping[str, Value] = {
    **HEADER,
    "which/call": CALL,
    "which/date": "2026-11-19",
    "which/phase": "pre_creation",
    "call_opens": "2026-11-01",
    "call_closes": "2026-11-30",
    "call_phases": "pre_creation post_creation",
    "call_documents": "statutes quotes",
    "call_cap": "200000",
    "cap_mad": "200000",
    "who/applicant_type": "entrepreneur",
    "who/applicant_person": PERSON,
    "applicant_band": "25_35",
    "applicant": PERSON,
    "application_code": "D-0A1B2C3D",
    "applicant_of": "BIN",
    "application_state": "submitted",
    "project/title": "معصرة زيت الجوز",
    "project/summary": "شراء معصرة وتهيئة محل",
    "project/women_led": "yes",
    "project/youth_led": "no",
    f"budget[{ONE}]": 1,
    f"budget[{ONE}]/line": "معصرة",
    f"budget[{ONE}]/qty": "1",
    f"budget[{ONE}]/unit_price": "220000.5",
    f"budget[{ONE}]/total": "220000.5",
    "budget_total": "220000.5",
    "money/requested": "200000",
    "money/own_share": "20000.5",
    "money/own_pct": "9",
    "benefit/benef_f": 12,
    "benefit/benef_m": 3,
    "benefit/benef_youth": 5,
    "documents": {"set": ["quotes", "statutes"]},
}

SCORE: Mapping[str, Value] = {
    **HEADER,
    "what/application": SOME,
    "what/conflict_of_interest": "no",
    "application_of": "KHT",
    f"scores[{ONE}]": 1,
    f"scores[{ONE}]/criterion": "impact",
    f"scores[{ONE}]/score": 15,
    "scores_n": "1",
    "score_total": "15",
    "score_pct": "75",
    "finalised": "yes",
    "valid_score": "1",
}

DECISION: Mapping[str, Value] = {
    **HEADER,
    "which/application": SOME,
    "which/date": "2026-11-20",
    "which/state": "awarded",
    "requested": "150000.25",
    "title": "معصرة زيت الجوز",
    "award/valid_scores": 2,
    "award/award_mad": "150000.25",
    "award/grant_application": SOME,
}

TRANCHE: Mapping[str, Value] = {
    **HEADER,
    "which/grant": SOME,
    "award": "150000.25",
    "planned_before": "100000",
    "paid_before": "100000",
    "tranches_before": "1",
    "report_before": "accepted",
    "no": "2",
    "money/planned": "50000.25",
    "money/planned_total": "150000.25",
    "money/paid": "50000.25",
    "money/paid_total": "150000.25",
    "money/date": "2026-11-20",
    "report/report_due": "2027-02-20",
    "report/report_state": "due",
}


def shown(form: str, sheet: Mapping[str, Value], **changed: Value) -> set[tuple[str, str]]:
    """What a coordinator is shown of a sheet with something changed; `money__paid` stands for money/paid, None for
    an answer that is not there."""
    writes = {**sheet, **{path.replace("__", "/"): value for path, value in changed.items()}}
    writes = {path: value for path, value in writes.items() if value is not None}
    rules = compiled(form)
    assert rules.wrong_in_itself(writes) == []
    return {(problem.code, problem.path or "") for problem in rules.broken_rules(writes, NOON)}


@pytest.mark.parametrize(
    ("form", "sheet"),
    [("f8_application", APPLICATION), ("f8_score", SCORE), ("f8_decision", DECISION), ("f8_tranche", TRANCHE)],
)
def test_what_is_right_breaks_no_rule(form: str, sheet: Mapping[str, Value]) -> None:
    assert shown(form, sheet) == set()


@given(st.integers(1, 40_000_000))
def test_what_is_requested_is_no_more_than_the_cap_to_the_centime(centimes: int) -> None:
    amount = f"{centimes // 100}.{centimes % 100:02}"
    budget = f"{(centimes + 100) // 100}.{centimes % 100:02}"
    found = shown("f8_application", APPLICATION, money__requested=amount, money__own_share="1", budget_total=budget)
    assert found == (set() if centimes <= 20_000_000 else {("constraint", "money/requested")})


def test_a_call_has_its_own_cap() -> None:
    lower = {"call_cap": "50000", "cap_mad": "50000"}
    assert shown("f8_application", APPLICATION, **lower) == {("constraint", "money/requested")}


def test_requested_and_own_share_are_the_whole_budget() -> None:
    for share in ("20000", "20000.49", "20000.51", "0"):
        assert shown("f8_application", APPLICATION, money__own_share=share) == {("constraint", "money/own_share")}


def test_half_a_centime_is_no_money() -> None:
    assert ("constraint", "money/requested") in shown("f8_application", APPLICATION, money__requested="1000.005")
    assert ("constraint", "award/award_mad") in shown("f8_decision", DECISION, award__award_mad="1000.005")
    assert ("constraint", "money/planned") in shown("f8_tranche", TRANCHE, money__planned="1000.005")


def test_an_application_comes_while_the_call_is_open() -> None:
    for day in ("2026-10-31", "2026-11-21"):
        assert shown("f8_application", APPLICATION, which__date=day) == {("constraint", "which/date")}
    late = shown("f8_application", APPLICATION, call_closes="2026-11-18")
    assert late == {("constraint", "which/date")}
    closed = shown("f8_application", APPLICATION, call_phases="post_creation")
    assert closed == {("constraint", "which/phase")}


def test_an_entrepreneur_is_an_adult() -> None:
    assert shown("f8_application", APPLICATION, applicant_band="15_17") == {("constraint", "who/applicant_person")}


def test_a_call_wants_its_own_documents() -> None:
    found = shown("f8_application", APPLICATION, documents={"set": ["business_plan"]})
    assert found == {("choice_not_offered", "documents")}


def test_an_association_never_scores_its_own_application() -> None:
    assert shown("f8_score", SCORE, application_of="BIN") == {("constraint", "what/application")}


def test_a_conflict_of_interest_leaves_no_score_possible() -> None:
    stays = shown("f8_score", SCORE, what__conflict_of_interest="yes", valid_score="0")
    assert {code for code, _ in stays} == {"not_relevant"}
    empty = {path: None for path in SCORE if path.startswith(("scores", "score_", "finalised"))}
    refused = shown("f8_score", SCORE, what__conflict_of_interest="yes", valid_score="0", **empty | {"scores_n": "0"})
    assert refused == set()


def test_nothing_is_finished_without_a_score_and_no_criterion_counts_twice() -> None:
    empty = {path: None for path in SCORE if path.startswith("scores[")}
    assert ("constraint", "finalised") in shown("f8_score", SCORE, **empty | {"scores_n": "0", "score_pct": None})
    twice = {f"scores[{OTHER}]": 2, f"scores[{OTHER}]/criterion": "impact", f"scores[{OTHER}]/score": 3}
    found = shown("f8_score", SCORE, **twice)
    assert {f"scores[{ONE}]/criterion", f"scores[{OTHER}]/criterion"} <= {path for _, path in found}
    assert shown("f8_score", SCORE, **{f"scores[{ONE}]/score": 21}) >= {("constraint", f"scores[{ONE}]/score")}


def test_an_award_needs_two_scores_and_is_no_more_than_was_requested() -> None:
    assert shown("f8_decision", DECISION, award__valid_scores=1) == {("constraint", "award/valid_scores")}
    assert shown("f8_decision", DECISION, award__award_mad="150000.26") == {("constraint", "award/award_mad")}
    refused = {path: None for path in DECISION if path.startswith("award/")} | {"which/state": "refused"}
    assert shown("f8_decision", DECISION, **refused) == {("required", "which/reason")}


def test_tranches_stay_within_the_award_and_payments_within_the_plan() -> None:
    more = {"money/planned": "50000.26", "money/planned_total": "150000.26"}
    assert shown("f8_tranche", TRANCHE, **more) == {("constraint", "money/planned")}
    assert shown("f8_tranche", TRANCHE, money__paid="50000.26") == {("constraint", "money/paid")}


def test_the_next_tranche_waits_for_an_accepted_report() -> None:
    for state in ("due", "received"):
        assert shown("f8_tranche", TRANCHE, report_before=state) == {("constraint", "which/grant")}
    first = {"tranches_before": None, "report_before": None, "planned_before": None, "paid_before": None}
    sums = {"money/planned_total": "50000.25", "money/paid_total": "50000.25", "no": "1"}
    assert shown("f8_tranche", TRANCHE, **first, **sums) == set()
