"""Two evaluators, one meaning: what is compiled to Python gives exactly what libxml2 gives."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.expression_code import NotCompiledError
from fieldsync.core.expressions import Expression, compile_expression
from tests.core.expression_forms import KID, LISTS, ONE, TREE, TWO, environment

TEXTS = ("", "a", "b", "haouz", "12", "-3.5", " 7 ", "0", "true", "2026-11-24", "1992-03-08T10:30:00.000+01:00", 'é ’"')
LITERALS = st.sampled_from([f"'{text}'" for text in TEXTS if "'" not in text])
NUMBERS = st.sampled_from(["0", "1", "2", "7", "12.5", "0.1", "1000000", "34", "20781"])
SINGLE = {
    "g/here": ["../../name", "/data/age", "../../price", "/data/born", "../../roles", "../note_text", "."],
    "members/here": ["../name", "../age", "/data/members/age", "../../age", "current()/../name", "/data/born", "."],
    "members/kids/here": ["../name", "../../age", "/data/members/name", "/data/members/kids/name", "/data/age"],
}
SEVERAL = {
    "g/here": ["/data/members/age", "../../members/name", "/data/members/kids/name", "/data/members[age > 20]/name"],
    "members/here": ["../../members/age", "../kids/name", "/data/members/kids/name", "/data/members[name = 'b']/age"],
    "members/kids/here": ["../../../members/age", "../../kids/name", "../../../members/kids/name"],
}
GROUPS = {
    "g/here": ["/data/members", "/data/g", "/data/members/kids", "/data/members[age = /data/age]"],
    "members/here": ["/data/members", "../kids", "..", "../../members[name = current()/../name]"],
    "members/kids/here": ["../..", "/data/members", "../../kids", "../../../members[name = /data/name and age > 1]"],
}
LOOKUPS = [
    "instance('communes')/root/item[province = /data/name]/name",
    "instance('communes')/root/item[name = /data/place]/people",
    "instance('communes')/root/item[people > /data/age and province != 'x']/label",
]


def expressions(context: str) -> st.SearchStrategy[str]:
    """Expressions of every kind, nested in each other, as a designer could write them at one node."""
    leaves = st.one_of(
        LITERALS,
        NUMBERS,
        st.sampled_from(SINGLE[context]),
        st.sampled_from([*SEVERAL[context], *LOOKUPS]),
        st.sampled_from(["today()", "true()", "false()", "version()"]),
        st.sampled_from([f"count({nodes})" for nodes in GROUPS[context] + SEVERAL[context]]),
        st.sampled_from(
            [f"{name}({nodes})" for name in ("sum", "min", "max", "join(',',", "concat") for nodes in SEVERAL[context]]
        ).map(lambda text: text.replace(",(", ", ")),
    )
    return st.recursive(leaves, _larger, max_leaves=8)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "and", "or"]
    one = ["not({})", "boolean({})", "number({})", "string({})", "-({})", "string-length({})", "normalize-space({})"]
    one += ["round({})", "int({})", "abs({})", "floor({})", "count-selected({})", "boolean-from-string({})", "({})"]
    two = ["selected({}, {})", "contains({}, {})", "starts-with({}, {})", "concat({}, {})", "coalesce({}, {})"]
    two += ["substring-before({}, {})", "substring-after({}, {})", "round({}, {} mod 4)", "selected-at({}, {})"]
    two += [
        "substr({}, {})",
        "max({}, {})",
        "min({}, 3, {})",
        "join({}, {})",
        "ends-with({}, {})",
        "pow({}, 2 + 0 * {})",
    ]
    three = ["if({}, {}, {})", "translate({}, {}, {})", "substr({}, {}, {})", "substring({}, {}, {})"]
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(operators), inner),
        st.builds(lambda form, a: form.format(a), st.sampled_from(one), inner),
        st.builds(lambda form, a, b: form.format(a, b), st.sampled_from(two), inner, inner),
        st.builds(lambda form, a, b, c: form.format(a, b, c), st.sampled_from(three), inner, inner, inner),
    )


WORDS = st.one_of(st.none(), st.sampled_from(TEXTS))
WHOLE = st.one_of(st.none(), st.integers(-3, 60))


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Answers of one record with none, one or two members, the first perhaps with a child."""
    fields: dict[str, Any] = {
        "name": draw(WORDS),
        "age": draw(WHOLE),
        "price": draw(st.sampled_from([None, "12.50", "0", "-1.5"])),
        "born": draw(st.sampled_from([None, "1992-03-08", "2026-11-24"])),
        "roles": draw(st.sampled_from([None, {"set": []}, {"set": ["a", "b"]}])),
        "place": draw(st.sampled_from([None, "a", "m"])),
        "g/note_text": draw(WORDS),
        "g/here": draw(WORDS),
    }
    for order, uuid in enumerate((TWO, ONE)[: draw(st.integers(0, 2))]):
        member = f"members[{uuid}]"
        fields |= {member: order, f"{member}/name": draw(WORDS), f"{member}/age": draw(WHOLE), f"{member}/here": "h"}
        for _ in range(draw(st.integers(0, 1))):
            fields |= {f"{member}/kids[{KID}]": 1, f"{member}/kids[{KID}]/name": draw(WORDS)}
    return fields


def outcome(expression: Expression, fields: dict[str, Any], prefixes: tuple[str, ...]) -> Any:
    """The value, or that it is not known; a failure is an outcome as well, which one does not matter."""
    try:
        return expression.evaluate(environment(fields), prefixes)
    except UnknownValueError:
        return "unknown"
    except (ValueError, ArithmeticError):
        return "failed"


def addresses(fields: dict[str, Any], context: str) -> list[tuple[str, ...]]:
    """The occurrences in which a node stands."""
    members = [path for path in fields if path.endswith("]") and path.count("[") == 1]
    kids = [path for path in fields if path.endswith("]") and path.count("[") == 2]
    if context == "g/here":
        return [()]
    return [(path,) for path in members] if context == "members/here" else [(kid.split("/")[0], kid) for kid in kids]


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return type(left) is type(right) and bool(left == right)


@given(st.data(), st.sampled_from(sorted(SINGLE)), records())
def test_compiled_expressions_mean_what_libxml2_says(data: st.DataObject, context: str, fields: dict[str, Any]) -> None:
    text = data.draw(expressions(context))
    try:
        compiled = compile_expression(TREE, LISTS, context, text, "compiled")
    except NotCompiledError:
        return
    by_libxml2 = compile_expression(TREE, LISTS, context, text, "libxml2")
    for prefixes in addresses(fields, context):
        ours, theirs = outcome(compiled, fields, prefixes), outcome(by_libxml2, fields, prefixes)
        assert same(ours, theirs), f"{text} at {context}: compiled {ours!r}, libxml2 {theirs!r}"
