"""What an operation alone shows to be wrong: types, choices, paths, shapes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.answer_types import CHOICES_MAX, POINTS_MAX, TEXT_LENGTH_MAX
from fieldsync.core.forms import Choice, EntityDeclaration, Form, Instance, Itemset, Question, Repeat
from fieldsync.core.problems import Problem
from fieldsync.core.validation import compile_form

CHOICES = (Choice("a"), Choice("b"), Choice("c"))
TYPES = (
    "text",
    "integer",
    "decimal",
    "date",
    "time",
    "dateTime",
    "geopoint",
    "geotrace",
    "geoshape",
    "file",
    "boolean",
)
FORM = Form(
    "visit",
    "7",
    "Visit",
    "data",
    ("",),
    "",
    (
        *(Question(kind, kind) for kind in (*TYPES, "note", "calculate")),
        Question("one", "select_one", choices=CHOICES),
        Question("many", "select_multiple", choices=CHOICES),
        Question("rank", "rank", choices=CHOICES),
        Question("douar", "select_one", itemset=Itemset("places", "commune = /data/one")),
        Question("elsewhere", "select_one", itemset=Itemset("absent")),
        Question("searched", "select_one", choices=CHOICES, appearance="minimal search('places')"),
        Question("secret", "integer", sensitivity="P3"),
        Question("members/name", "text", ("members",)),
        Question("members/kids/age", "integer", ("members", "members/kids")),
    ),
    repeats=(Repeat("members"), Repeat("members/kids")),
    entities=(
        EntityDeclaration("participants", "meta/entity"),
        EntityDeclaration("children", "members/meta/entity", "members", ("members",)),
    ),
    instances=(
        Instance("places", source="jr://file-csv/places.csv"),
        Instance("absent", source="jr://file-csv/absent.csv"),
    ),
)
VISIT = compile_form(FORM, {"places.csv": "\ufeffname,label,commune\nd1,تاكوم,asni\nd2,Aghzane,ourika\n".encode()})
ONE = "00000000-0000-4000-8000-00000000000a"
SHA = "0" * 64
POINT = {"lat": "31.63", "lon": "-7.99", "alt": "466.0", "accuracy": "12.5"}
FILE = {"file": "IMG_1.jpg", "sha256": SHA, "size": 12, "type": "image/jpeg"}


def code(path: str, value: Any) -> str | None:
    problems = VISIT.wrong_in_itself({path: value})
    assert [problem.path for problem in problems] == [path] * len(problems)
    return problems[0].code if problems else None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("text", "عائشة"),
        ("text", ""),
        ("text", "two\nlines\tand a tab"),
        ("text", "x" * TEXT_LENGTH_MAX),
        ("text", "😀"),
        ("integer", 0),
        ("integer", 2**53 - 1),
        ("integer", -(2**53) + 1),
        ("decimal", "12.50"),
        ("decimal", "-0.1"),
        ("decimal", ".5"),
        ("decimal", "7"),
        ("decimal", 7),
        ("boolean", True),
        ("date", "2024-02-29"),
        ("date", "0001-01-01"),
        ("time", "09:30"),
        ("time", "23:59:59.999+01:00"),
        ("time", "00:00:00Z"),
        ("dateTime", "2024-02-29T10:00:00.000+01:00"),
        ("dateTime", "2024-02-29"),
        ("geopoint", POINT),
        ("geopoint", {"lat": "90", "lon": "-180"}),
        ("geopoint", POINT | {"alt": None}),
        ("geotrace", [POINT, POINT]),
        ("geoshape", []),
        ("file", FILE),
        ("file", FILE | {"type": "audio/ogg; codecs=opus"}),
        ("note", "x"),
        ("calculate", 5),
        ("calculate", "5.5"),
        ("calculate", False),
        ("one", "a"),
        ("many", {"set": []}),
        ("many", {"set": ["c", "a"]}),
        ("rank", ["b", "a", "c"]),
        ("douar", "d1"),
        ("elsewhere", "anything"),
        ("searched", "anything"),
        ("secret", 5),
        ("secret", {"sealed": "x", "header": {"v": 1}, "keys": {"k": "w"}}),
        (f"members[{ONE}]", 1),
        (f"members[{ONE}]", "a1"),
        (f"members[{ONE}]/name", "Fadma"),
        (f"members[{ONE}]/kids[{ONE}]", 2),
        (f"members[{ONE}]/kids[{ONE}]/age", 3),
        ("meta/instanceID", "uuid:x"),
        ("meta/entity/@id", ONE),
        ("meta/entity/@id", f"uuid:{ONE}"),
        ("meta/entity/@create", "1"),
        ("meta/entity/@update", ""),
        ("meta/entity/@dataset", "participants"),
        ("meta/entity/@baseVersion", "3"),
        ("meta/entity/@baseVersion", 3),
        ("meta/entity/@trunkVersion", ""),
        ("meta/entity/label", "Fadma"),
        (f"members[{ONE}]/meta/entity/@dataset", "children"),
    ],
)
def test_what_a_companion_can_answer_is_taken(path: str, value: Any) -> None:
    assert code(path, value) is None
    assert code(path, None) is None


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("text", 5, "wrong_type"),
        ("text", ["x"], "wrong_type"),
        ("text", "x" * (TEXT_LENGTH_MAX + 1), "too_long"),
        ("text", "a\x00", "forbidden_character"),
        ("text", "\x1d", "forbidden_character"),
        ("text", "\ud800", "forbidden_character"),
        ("integer", "5", "wrong_type"),
        ("integer", True, "wrong_type"),
        ("integer", 5.5, "wrong_type"),
        ("integer", 2**53, "out_of_range"),
        ("decimal", 1.5, "wrong_type"),
        ("decimal", "1e5", "wrong_type"),
        ("decimal", "١٢", "wrong_type"),
        ("decimal", "", "wrong_type"),
        ("decimal", "NaN", "wrong_type"),
        ("decimal", "1" * 65, "too_long"),
        ("boolean", 1, "wrong_type"),
        ("boolean", "true", "wrong_type"),
        ("date", "2023-02-29", "wrong_type"),
        ("date", "2024-W01-1", "wrong_type"),
        ("date", "20240229", "wrong_type"),
        ("date", "٢٠٢٤-٠٢-٢٩", "wrong_type"),
        ("date", 20240229, "wrong_type"),
        ("date", "2024-2-29", "wrong_type"),
        ("time", "24:00", "wrong_type"),
        ("time", "9:30", "wrong_type"),
        ("time", "09:30:61", "wrong_type"),
        ("time", "09:30\n", "wrong_type"),
        ("dateTime", "2023-02-29T10:00", "wrong_type"),
        ("dateTime", "2024-02-29 10:00", "wrong_type"),
        ("dateTime", "now", "wrong_type"),
        ("geopoint", "31 -7", "wrong_type"),
        ("geopoint", {"lat": "31"}, "wrong_type"),
        ("geopoint", POINT | {"lat": 31}, "wrong_type"),
        ("geopoint", POINT | {"lat": "90.1"}, "out_of_range"),
        ("geopoint", POINT | {"lon": "181"}, "out_of_range"),
        ("geopoint", POINT | {"accuracy": "-1"}, "out_of_range"),
        ("geopoint", POINT | {"x": "1"}, "wrong_type"),
        ("geopoint", POINT | {"lat": None}, "wrong_type"),
        ("geotrace", POINT, "wrong_type"),
        ("geotrace", [POINT, "x"], "wrong_type"),
        ("geoshape", [POINT] * (POINTS_MAX + 1), "too_long"),
        ("file", "IMG_1.jpg", "wrong_type"),
        ("file", {"file": "x"}, "wrong_type"),
        ("file", FILE | {"sha256": SHA[1:]}, "wrong_type"),
        ("file", FILE | {"sha256": "G" * 64}, "wrong_type"),
        ("file", FILE | {"size": -1}, "out_of_range"),
        ("file", FILE | {"size": "1"}, "wrong_type"),
        ("file", FILE | {"file": "../x"}, "wrong_type"),
        ("file", FILE | {"file": ""}, "wrong_type"),
        ("file", FILE | {"type": "jpeg"}, "wrong_type"),
        ("file", FILE | {"file": "x" * 256}, "too_long"),
        ("calculate", {"set": []}, "wrong_type"),
        ("note", 1.5, "wrong_type"),
        ("one", "z", "unknown_choice"),
        ("one", "", "unknown_choice"),
        ("one", ["a"], "wrong_type"),
        ("many", ["a"], "wrong_type"),
        ("many", {"set": "a"}, "wrong_type"),
        ("many", {"set": ["a", "a"]}, "repeated_choice"),
        ("many", {"set": ["a", "z"]}, "unknown_choice"),
        ("many", {"set": [["a"]]}, "wrong_type"),
        ("many", {"set": ["a"], "x": 1}, "wrong_type"),
        ("many", {"set": ["a"] * (CHOICES_MAX + 1)}, "too_long"),
        ("rank", {"set": ["a"]}, "wrong_type"),
        ("rank", ["a", "a"], "repeated_choice"),
        ("douar", "d9", "unknown_choice"),
        ("elsewhere", 5, "wrong_type"),
        ("one", {"sealed": "x", "header": {}, "keys": {"k": "w"}}, "wrong_type"),
        ("secret", {"sealed": "x"}, "wrong_type"),
        ("secret", {"sealed": 5, "header": {}, "keys": {"k": 1}}, "wrong_type"),
        ("secret", {"sealed": "x", "header": {}, "keys": {}}, "wrong_type"),
        (f"members[{ONE}]", 1.5, "wrong_type"),
        (f"members[{ONE}]", True, "wrong_type"),
        (f"members[{ONE}]", "x" * 256, "too_long"),
        (f"members[{ONE}]/kids[{ONE}]/age", "3", "wrong_type"),
        ("meta/entity/@id", "x", "wrong_type"),
        ("meta/entity/@create", 1, "wrong_type"),
        ("meta/entity/@dataset", "others", "wrong_type"),
        ("meta/entity/@baseVersion", "-1", "wrong_type"),
        ("meta/entity/@baseVersion", -1, "out_of_range"),
    ],
)
def test_what_cannot_be_an_answer_is_named(path: str, value: Any, expected: str) -> None:
    assert code(path, value) == expected


@pytest.mark.parametrize(
    "path",
    [
        "nobody",
        "",
        "members",
        "members/name",
        "members[]",
        "members[x]/name",
        f"members[{ONE}",
        f"members[{ONE}]/nobody",
        f"text[{ONE}]",
        f"members[{ONE}]/kids",
        f"members[{ONE}]/kids/age",
        f"members/kids[{ONE}]/age",
        f"members[{ONE}][{ONE}]/name",
        "members[]/name",
        f"members[{ONE}]name",
        f"kids[{ONE}]/age",
        f"members[{ONE}]/text",
        "meta/entity",
        "meta/entity/@other",
        f"members[{ONE}]/name?",
        "members[[]]/name",
        f"members[]/kids[{ONE}]/age",
        f"members[{ONE}]x[{ONE}]/name",
        f"x]members[{ONE}]/name",
        "]",
        "[",
        f"members[{ONE}]/",
        "/text",
    ],
)
def test_a_path_that_the_form_does_not_have_is_named_even_where_it_is_cleared(path: str) -> None:
    expected = [Problem("unknown_path", path, {"version": "7"})]
    assert VISIT.wrong_in_itself({path: "x"}) == VISIT.wrong_in_itself({path: None}) == expected


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(["a", "12", "2024-01-01"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["set", "lat", "lon", "file", "sha256", "size", "type", "sealed", "header", "keys"]), inner
        ),
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(VISIT.checked_paths())), VALUES)
def test_no_value_makes_the_check_or_the_rules_raise(pattern: str, value: Any) -> None:
    path = pattern.replace("[]", f"[{ONE}]")
    assert {problem.path for problem in VISIT.wrong_in_itself({path: value})} <= {path}
    assert isinstance(VISIT.broken_rules({path: value}, 0), list)


def test_every_write_is_looked_at_and_neighbours_do_not_matter() -> None:
    writes = {"text": 5, "integer": 5, "nobody": 1, f"members[{ONE}]/name": 5, f"members[{ONE}]/kids[{ONE}]/age": 5}
    assert [problem.code for problem in VISIT.wrong_in_itself(writes)] == ["wrong_type", "unknown_path", "wrong_type"]


def test_a_problem_says_what_was_expected_and_never_what_was_said() -> None:
    (problem,) = VISIT.wrong_in_itself({f"members[{ONE}]/kids[{ONE}]/age": "my secret"})
    assert problem == Problem("wrong_type", f"members[{ONE}]/kids[{ONE}]/age", {"type": "integer"})
    (problem,) = VISIT.wrong_in_itself({"text": "s" * 40_000})
    assert problem == Problem("too_long", "text", {"limit": str(TEXT_LENGTH_MAX)})


def test_a_form_says_what_the_server_needs_to_know_beforehand() -> None:
    form = Form(
        "f",
        "1",
        "F",
        "data",
        ("",),
        "",
        (
            Question("group", "text", key=True),
            Question("month", "date", key=True),
            Question("site", "text", place=True),
            Question("danger", "select_one", choices=CHOICES, protective=("b", "a")),
        ),
    )
    compiled = compile_form(form)
    assert (compiled.key_paths, compiled.place_path) == (("group", "month"), "site")
    assert compiled.protective == {"danger": ("b", "a")}
    assert {"group", "meta/instanceID"} <= compiled.checked_paths()
