"""Expressions as designers write them, against known answers of the ODK documentation, JavaRosa and XPath 1.0."""

import math
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.expression_code import NotCompiledError
from fieldsync.core.expression_parser import EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, ExpressionFault, parse
from fieldsync.core.expressions import check_expressions, compile_expression, environment_of
from fieldsync.core.forms import Form, Instance, Itemset, Question, Repeat
from tests.core.expression_forms import FAMILY, FORM, LISTS, STAMP_MS, TREE, VECTORS, environment, value


def simple(found: Any) -> Any:
    """A value as the vectors write it: a node-set is its first text, infinity and NaN are words."""
    if isinstance(found, list):
        return found[0] if found else ""
    if isinstance(found, float) and not math.isfinite(found):
        return str(found).replace("inf", "Infinity")
    return found


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["cases"]])
def test_both_evaluators_give_the_known_answer(case: dict[str, Any]) -> None:
    fields = FAMILY | case["fields"] if "fields" in case else None
    assert simple(value(case["expression"], fields, case.get("context", "g/here"))) == case["value"]


def test_today_is_the_local_date_of_the_stamp() -> None:
    late = STAMP_MS - 1_800_000
    casablanca = environment_of({}, late, ZoneInfo("Africa/Casablanca"))
    new_york = environment_of({}, late, ZoneInfo("America/New_York"))
    today = compile_expression(TREE, LISTS, "g/here", "today()").evaluate
    assert (today(casablanca, ()), today(new_york, ())) == ("2026-11-24", "2026-11-23")


@pytest.mark.parametrize("stamp_ms", [-(10**18), 10**18])
def test_a_clock_that_is_off_by_ages_still_has_a_date(stamp_ms: int) -> None:
    evaluate = compile_expression(TREE, LISTS, "g/here", "string-length(today()) + string-length(now())").evaluate
    assert evaluate(environment_of({}, stamp_ms, ZoneInfo("Africa/Casablanca")), ()) >= 10


@pytest.mark.parametrize(
    "text",
    [
        "/data/members[2]/name",
        "/data/members[position() = 2]/name",
        "//age",
        "../preceding-sibling::name",
        "/data/members/name | /data/name",
        "(/data/members/name)[1]",
        "sum(/data/*[. > 20])",
        "name(..)",
        "count(/data/members[last()]/name)",
        "instance('communes')/root/item[2]/label",
    ],
)
def test_what_the_compiler_leaves_goes_to_libxml2(text: str) -> None:
    assert compile_expression(TREE, LISTS, "g/here", text).way == "libxml2"
    with pytest.raises(NotCompiledError):
        compile_expression(TREE, LISTS, "g/here", text, "compiled")
    value(text, way="libxml2")


def test_positions_and_axes_give_what_xpath_says() -> None:
    assert value("/data/members[2]/name", way="libxml2") == ["Aicha"]
    assert value("instance('communes')/root/item[last()]/label", way="libxml2") == ["Majjat"]
    assert value("sum(/data/members[age > 100 or position() = 1]/age)", way="libxml2") == 12.0
    assert value("../preceding-sibling::members[1]/name", context="members/here", way="libxml2") == ["Fadma"]


@pytest.mark.parametrize("text", ["random()", "uuid()", "concat('x', uuid(8))", "digest('a', 'MD5')", "jr:itext('a')"])
@pytest.mark.parametrize("way", ["compiled", "libxml2"])
def test_chance_and_language_are_not_known_here(text: str, way: str) -> None:
    with pytest.raises(UnknownValueError):
        value(text, way=way)


def test_a_file_that_is_not_here_makes_the_answer_unknown() -> None:
    form = Form(
        "f",
        "1",
        "F",
        "data",
        ("",),
        "",
        (Question("q", "text"),),
        instances=(Instance("x", source="jr://file-csv/x.csv"),),
    )
    assert check_expressions(form) == []
    with pytest.raises(UnknownValueError):
        value("pulldata('absent', 'a', 'b', 'c')", way="compiled")


def test_a_sealed_answer_makes_the_value_unknown() -> None:
    sealed = FAMILY | {"members[00000000-0000-7000-8000-000000000001]/age": {"sealed": "x", "header": {}, "keys": []}}
    for way in ("compiled", "libxml2"):
        with pytest.raises(UnknownValueError):
            value("sum(/data/members/age)", sealed, way=way)


def test_quotes_and_code_in_texts_stay_texts() -> None:
    nasty = '"); import os; os.abort(); ("'
    assert value(f"concat('{nasty}', \"'\", '{{}}', '\\n')") == nasty + "'{}\\n"
    assert value("/data/name = '__import__'") is False


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "(1", "'open", "a b", "f(,)", "[1]", "$x", "1 = = 2", "/data/", "..name", "selected(", "\x00", "#{x}"],
)
def test_what_cannot_be_read_is_named_and_never_raises_anything_else(text: str) -> None:
    with pytest.raises(ExpressionFault) as fault:
        parse(text)
    assert fault.value.code == "expression_syntax"


def test_length_and_depth_are_bounded() -> None:
    for text in ("1" * (EXPRESSION_LENGTH_MAX + 1), "(" * 2_000 + "1" + ")" * 2_000, "-" * 9_000, "1" + "-1" * 5_000):
        with pytest.raises(ExpressionFault):
            parse(text)
    parse(" or ".join(["/data/age = 1"] * 1_000))


def test_the_deepest_expression_that_is_read_is_also_evaluated() -> None:
    deep = "if(/data/age = 1, 'a', " * (EXPRESSION_DEPTH_MAX - 2) + "'end'" + ")" * (EXPRESSION_DEPTH_MAX - 2)
    assert value(deep) == "end"
    long = compile_expression(TREE, LISTS, "g/here", "+".join(["1"] * 3_000))
    assert long.evaluate(environment({}), ()) == 3_000.0


def rules_of(**rules: Any) -> Form:
    questions = (Question("age", "integer"), Question("q", "text", **rules))
    return Form("f", "1", "F", "data", ("",), "", questions, repeats=(Repeat("r"),))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("frobnicate(.)", "expression_unsupported"),
        ("regex(., '(a')", "expression_unsupported"),
        ("regex(., '(.*a){30}(b|.)*(?=c)')", "expression_unsupported"),
        ("regex(., '[a-z&&[^b]]')", "expression_unsupported"),
        ("selected(.)", "expression_syntax"),
        (". > ", "expression_syntax"),
        ("sum(1)[2] | 3", "expression_unsupported"),
        ("pulldata(., 'a', 'b', 'c')", "expression_unsupported"),
    ],
)
def test_a_designer_is_told_at_publication(text: str, code: str) -> None:
    (finding,) = check_expressions(rules_of(constraint=text))
    assert (finding.severity, finding.code, finding.path, finding.column) == ("error", code, "q", "constraint")


def test_good_expressions_bring_no_findings() -> None:
    assert check_expressions(FORM) == []
    assert (
        check_expressions(rules_of(constraint="regex(., '^([a-z]+ )*[a-z]+$')", relevant=(("q", "../age > 3"),))) == []
    )
    assert check_expressions(rules_of(calculate="date(../age) + instance('r')/x")) == []


def test_a_filter_is_checked_among_its_rows() -> None:
    rows = Instance("l", ({"name": "a", "x": "1"},))
    question = Question(
        "q",
        "select_one",
        itemset=Itemset("l", "x = frobnicate(1)", nodeset="instance('l')/root/item[x = frobnicate(1)]"),
    )
    form = Form("f", "1", "F", "data", ("",), "", (question,), instances=(rows,))
    assert [finding.code for finding in check_expressions(form)] == ["expression_unsupported"]


def test_answers_are_kept_apart_between_records() -> None:
    evaluate = compile_expression(TREE, LISTS, "g/here", "count(/data/members[name = /data/name])").evaluate
    member = "members[00000000-0000-7000-8000-000000000001]"
    fields = {member: 1, f"{member}/name": "haouz", "name": "haouz"}
    assert [evaluate(environment(one), ()) for one in (fields, FAMILY, fields)] == [1.0, 0.0, 1.0]
