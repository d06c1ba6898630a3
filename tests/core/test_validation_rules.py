"""Rules across answers, told by what the coordinator is shown of a folded record."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fieldsync.core.forms import Choice, Form, Instance, Itemset, Question, Repeat
from fieldsync.core.problems import Problem
from fieldsync.core.rules import OCCURRENCES_MAX, PROBLEMS_MAX
from fieldsync.core.validation import CompiledForm, compile_form

NOON_MS = 1_795_521_600_000
"""2026-11-24 12:00 UTC."""
ONE, TWO = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
YES_NO = (Choice("yes"), Choice("no"))
SEALED = {"sealed": "x", "header": {}, "keys": {"k": "w"}}
PLACES = Instance("places", source="jr://file-csv/places.csv")
CSV = b"name,commune\ntagoum,asni\naghzane,asni\ntassaft,ourika\nother,\n"


def form(*questions: Question, **rest: Any) -> Form:
    return Form("f", "1", "F", "data", ("fr",), "fr", questions, **rest)


def shown(compiled: CompiledForm, fields: dict[str, Any], stamp_ms: int = NOON_MS) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.path) for problem in compiled.broken_rules(fields, stamp_ms)]


def broken(question: Question, fields: dict[str, Any], *others: Question, **rest: Any) -> list[str]:
    """The codes told at one question."""
    compiled = compile_form(form(*others, question, **rest))
    return [code for code, path in shown(compiled, fields) if path == question.path]


def test_a_required_question_without_an_answer_is_told_with_the_designers_words() -> None:
    said = {"fr": "Écrivez le nom.", "ar": "اكتبي الاسم."}
    compiled = compile_form(form(Question("name", "text", required="true()", required_message=said)))
    assert compiled.broken_rules({}, NOON_MS) == [Problem("required", "name", said=said)]
    assert compiled.broken_rules({"name": "Aicha"}, NOON_MS) == []


@pytest.mark.parametrize("empty", [None, "", {"set": []}])
def test_a_cleared_answer_is_no_answer(empty: Any) -> None:
    assert broken(Question("roles", "select_multiple", required="true()"), {"roles": empty}) == ["required"]


def test_required_may_depend_on_another_answer() -> None:
    question = Question("phone", "text", required="/data/call = 'yes'")
    call = Question("call", "select_one", choices=YES_NO)
    assert broken(question, {"call": "yes"}, call) == ["required"]
    assert broken(question, {"call": "no"}, call) == broken(question, {}, call) == []


def test_a_constraint_is_about_answers_only() -> None:
    said = {"fr": "Entre 0 et 110."}
    compiled = compile_form(form(Question("age", "integer", constraint=". >= 0 and . <= 110", constraint_message=said)))
    assert compiled.broken_rules({"age": 111}, NOON_MS) == [Problem("constraint", "age", said=said)]
    assert compiled.broken_rules({"age": 34}, NOON_MS) == compiled.broken_rules({"age": None}, NOON_MS) == []


def test_an_answer_where_none_is_due_is_told_and_its_constraint_is_not() -> None:
    question = Question(
        "year", "integer", relevant=(("year", "../left = 'yes'"),), constraint=". > 2000", required="true()"
    )
    left = Question("left", "select_one", choices=YES_NO)
    assert broken(question, {"left": "no", "year": 1990}, left) == ["not_relevant"]
    assert broken(question, {"left": "yes", "year": 1990}, left) == ["constraint"]
    assert broken(question, {"left": "yes"}, left) == ["required"]
    assert broken(question, {"left": "no"}, left) == []


def test_relevance_of_groups_counts_for_what_stands_in_them() -> None:
    relevant = (("g", "/data/consent = 'yes'"), ("g/inner/year", "../../left = 'yes'"))
    question = Question("g/inner/year", "integer", relevant=relevant, required="true()")
    others = (Question("consent", "select_one", choices=YES_NO), Question("g/left", "select_one", choices=YES_NO))
    assert broken(question, {"consent": "no", "g/left": "yes", "g/inner/year": 1}, *others) == ["not_relevant"]
    assert broken(question, {"consent": "yes", "g/left": "no", "g/inner/year": 1}, *others) == ["not_relevant"]
    assert broken(question, {"consent": "yes", "g/left": "yes"}, *others) == ["required"]
    assert broken(question, {"consent": "no", "g/left": "yes"}, *others) == []


def test_calculations_and_notes_are_not_asked_of_anybody() -> None:
    hidden = (("sum", "false()"),)
    assert broken(Question("sum", "calculate", relevant=hidden), {"sum": "5"}) == []
    assert broken(Question("sum", "note", required="true()", constraint="false()"), {}) == []


def test_a_date_is_compared_with_the_local_date_of_the_greatest_stamp() -> None:
    compiled = compile_form(form(Question("day", "date", constraint=". <= today()")))
    just_before_midnight_utc = NOON_MS + 11 * 3_600_000 + 1_800_000
    assert shown(compiled, {"day": "2026-11-25"}) == [("constraint", "day")]
    assert shown(compiled, {"day": "2026-11-25"}, just_before_midnight_utc) == []
    there = ZoneInfo("America/New_York")
    assert compiled.broken_rules({"day": "2026-11-25"}, just_before_midnight_utc, there) != []


def test_a_choice_must_be_among_those_of_the_chosen_commune() -> None:
    question = Question("douar", "select_one", itemset=Itemset("places", "commune = /data/commune or commune = ''"))
    compiled = compile_form(form(Question("commune", "text"), question, instances=(PLACES,)), {"places.csv": CSV})
    assert shown(compiled, {"commune": "asni", "douar": "tagoum"}) == []
    assert shown(compiled, {"commune": "asni", "douar": "other"}) == []
    assert shown(compiled, {"commune": "asni", "douar": "tassaft"}) == [("choice_not_offered", "douar")]
    assert shown(compiled, {"douar": "tagoum"}) == [("choice_not_offered", "douar")]
    assert shown(compiled, {"commune": "asni"}) == []


def test_every_choice_of_several_must_be_offered() -> None:
    question = Question("douars", "select_multiple", itemset=Itemset("places", "commune = /data/commune"))
    compiled = compile_form(form(Question("commune", "text"), question, instances=(PLACES,)), {"places.csv": CSV})
    assert shown(compiled, {"commune": "asni", "douars": {"set": ["tagoum", "aghzane"]}}) == []
    assert shown(compiled, {"commune": "asni", "douars": {"set": ["tagoum", "tassaft"]}}) == [
        ("choice_not_offered", "douars")
    ]


def test_a_list_that_is_not_here_refuses_nothing() -> None:
    question = Question("douar", "select_one", itemset=Itemset("places", "commune = /data/commune"))
    assert shown(compile_form(form(Question("commune", "text"), question, instances=(PLACES,))), {"douar": "x"}) == []


def test_a_filter_by_position_is_left_to_libxml2() -> None:
    nodeset = "instance('places')/root/item[position() < 3]"
    question = Question("douar", "select_one", itemset=Itemset("places", "position() < 3", nodeset=nodeset))
    compiled = compile_form(form(question, instances=(PLACES,)), {"places.csv": CSV})
    assert shown(compiled, {"douar": "aghzane"}) == []
    assert shown(compiled, {"douar": "tassaft"}) == [("choice_not_offered", "douar")]


MEMBERS = (
    Question("members/name", "text", ("members",), required="true()"),
    Question("members/age", "integer", ("members",), constraint=". < 111"),
    Question("members/school", "text", ("members",), relevant=(("members/school", "../age < 18"),)),
    Question("members/twin", "text", ("members",), constraint="count(../../members[name = current()/../name]) = 1"),
    Question("members/first", "text", ("members",), constraint="position(..) = 1"),
)


def member(uuid: str, order: int, **answers: Any) -> dict[str, Any]:
    return {f"members[{uuid}]": order} | {f"members[{uuid}]/{name}": value for name, value in answers.items()}


def test_each_occurrence_is_judged_by_its_own_answers() -> None:
    compiled = compile_form(form(*MEMBERS, repeats=(Repeat("members"),)))
    fields = member(ONE, 2, name="Aicha", age=12, school="Asni") | member(TWO, 1, age=40, school="Asni")
    assert shown(compiled, fields) == [("required", f"members[{TWO}]/name"), ("not_relevant", f"members[{TWO}]/school")]


def test_a_rule_may_look_at_the_other_occurrences() -> None:
    compiled = compile_form(form(*MEMBERS, repeats=(Repeat("members"),)))
    same = member(ONE, 2, name="Aicha", twin="x") | member(TWO, 1, name="Aicha", first="x")
    assert shown(compiled, same) == [("constraint", f"members[{ONE}]/twin")]
    late = member(ONE, 2, name="Aicha", first="x") | member(TWO, 1, name="Fadma", twin="x")
    assert shown(compiled, late) == [("constraint", f"members[{ONE}]/first")]


def test_repeats_within_repeats_and_groups_are_judged_too() -> None:
    kid = Question("members/kids/age", "integer", ("members", "members/kids"), constraint=". < ../../age")
    compiled = compile_form(form(*MEMBERS, kid, repeats=(Repeat("members"), Repeat("members/kids"))))
    fields = member(ONE, 1, name="Aicha", age=30) | member(TWO, 2, name="Fadma", age=9)
    fields |= {f"members[{uuid}]/kids[{uuid}]": 1 for uuid in (ONE, TWO)}
    fields |= {f"members[{uuid}]/kids[{uuid}]/age": 10 for uuid in (ONE, TWO)}
    assert shown(compiled, fields) == [("constraint", f"members[{TWO}]/kids[{TWO}]/age")]


def test_a_repeat_has_as_many_occurrences_as_its_count_says() -> None:
    repeats = (Repeat("members", count="/data/number", relevant=(("members", "/data/any = 'yes'"),)),)
    others = (
        Question("any", "select_one", choices=YES_NO),
        Question("number", "integer"),
        Question("members/name", "text", ("members",)),
    )
    compiled = compile_form(form(*others, repeats=repeats))
    one = member(ONE, 1, name="Aicha")
    assert shown(compiled, one | {"any": "yes", "number": 2}) == [("repeat_count", "members")]
    assert shown(compiled, one | {"any": "yes", "number": 1}) == []
    assert shown(compiled, one | {"any": "yes"}) == shown(compiled, one | {"number": 2}) == []


def test_choices_may_come_from_the_occurrences_of_a_repeat() -> None:
    head = Question("head", "select_one", itemset=Itemset(nodeset="/data/members[name != '']", value="name"))
    compiled = compile_form(form(*MEMBERS, head, repeats=(Repeat("members"),)))
    fields = member(ONE, 1, name="Aicha") | member(TWO, 2, name="Fadma")
    assert shown(compiled, fields | {"head": "Fadma"}) == []
    assert shown(compiled, fields | {"head": "Zahra"}) == [("choice_not_offered", "head")]


def test_what_is_sealed_or_random_breaks_no_rule() -> None:
    danger = Question(
        "danger", "select_one", choices=YES_NO, sensitivity="P3", required="true()", constraint=". = 'yes'"
    )
    plan = Question("plan", "text", required="true()", relevant=(("plan", "/data/danger = 'yes'"),))
    draw = Question("draw", "text", constraint=". = random()", required="uuid() = ''")
    fields = {"danger": SEALED, "draw": "1"}
    assert shown(compile_form(form(danger, plan, draw)), fields) == []
    assert shown(compile_form(form(danger, plan)), {"danger": "yes"}) == [("required", "plan")]
    assert shown(compile_form(form(danger, plan)), {"danger": SEALED, "plan": "x"}) == []


@pytest.mark.parametrize("rule", ["date(.) < today()", "frobnicate(.)", ". >", "/elsewhere/age = 1", "name(1)"])
def test_a_rule_that_cannot_be_worked_out_is_told_as_such(rule: str) -> None:
    assert broken(Question("q", "text", constraint=rule), {"q": "no date"}) == ["rule_failed"]
    assert broken(Question("q", "text", constraint=rule), {}) == []


def test_a_failing_rule_takes_no_other_with_it() -> None:
    good = Question("age", "integer", constraint=". > 5")
    group = (("g", "date(/data/q) = 'x'"),)
    bad, inside = (
        Question("q", "text", constraint="date(.)"),
        Question("g/in", "text", relevant=group, required="true()"),
    )
    told = shown(compile_form(form(bad, good, inside)), {"q": "?", "age": 1})
    assert told == [("rule_failed", "q"), ("constraint", "age"), ("rule_failed", "g")]


def test_a_bare_name_is_an_empty_node_set_as_in_xpath() -> None:
    assert broken(Question("q", "text", constraint="yes = 'yes'"), {"q": "a"}) == ["constraint"]


def test_a_form_of_many_questions_is_judged_in_order() -> None:
    questions = [Question(f"q{number}", "integer", constraint=f". < {number}") for number in range(250)]
    told = shown(compile_form(form(*questions)), {f"q{number}": 100 for number in range(250)})
    assert told == [("constraint", f"q{number}") for number in range(101)]


def test_however_many_occurrences_there_are_the_work_is_bounded() -> None:
    everyone = Question("members/all", "integer", ("members",), constraint="sum(../../members/all) = 0")
    compiled = compile_form(form(everyone, repeats=(Repeat("members"),)))
    fields: dict[str, Any] = {}
    for number in range(OCCURRENCES_MAX + 200):
        fields |= member(f"00000000-0000-7000-8000-{number:012}", number, all=1)
    assert 0 < len(compiled.broken_rules(fields, NOON_MS)) <= PROBLEMS_MAX


def test_a_problem_never_holds_an_answer() -> None:
    questions = (
        Question("name", "text", constraint="false()"),
        Question("a", "text", relevant=(("a", "false()"),)),
        Question("b", "text", constraint="date(.)"),
        Question("c", "select_one", itemset=Itemset("places", "name = 'x'")),
    )
    compiled = compile_form(form(*questions, instances=(PLACES,)), {"places.csv": CSV})
    told = compiled.broken_rules({question.path: "secret" for question in questions}, NOON_MS)
    assert [problem.code for problem in told] == ["constraint", "not_relevant", "rule_failed", "choice_not_offered"]
    assert "secret" not in repr(told)
