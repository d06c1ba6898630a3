"""Answers as they stand in a page's form: what nobody touches stays, byte for byte; what is typed is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.form_texts import FormText, filled, near, quoted_path, spoken
from fieldsync.core.forms import Question
from fieldsync.core.operations import Value
from fieldsync.core.typed_answers import CONTROLS, answered, typed
from fieldsync.core.validation import PROGRAMME_ZONE

VALUES: dict[str, st.SearchStrategy[Value]] = {
    "text": st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(str.strip),
    "integer": st.integers(-(2**53) + 1, 2**53 - 1),
    "decimal": st.sampled_from(["1.50", "+3", "-0.000", ".5", "12345678901234567890.1", 7]),
    "date": st.dates().map(str),
    "time": st.sampled_from(["09:30", "09:30:15.250+01:00", "23:59Z"]),
    "dateTime": st.datetimes().map(lambda at: at.isoformat()) | st.sampled_from(["2026-09-20", "2026-09-20T09:30:15Z"]),
    "select_one": st.sampled_from(["red", "green-blue"]),
    "select_multiple": st.lists(st.sampled_from("abcde"), min_size=1, unique=True).map(lambda names: {"set": names}),
    "boolean": st.booleans(),
    "geopoint": st.sampled_from(
        [{"lat": "31.2", "lon": "-7.90"}, {"lat": "31", "lon": "7", "alt": None, "accuracy": "4.5"}]
    ),
}


def test_every_control_is_tried() -> None:
    assert set(VALUES) == set(CONTROLS)


@given(st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_what_nobody_touches_is_the_same_value(case: tuple[str, Value]) -> None:
    question = Question("q", case[0])
    assert answered(question, typed(question, case[1], PROGRAMME_ZONE), case[1], PROGRAMME_ZONE) == case[1]


@pytest.mark.parametrize(
    ("kind", "texts", "value"),
    [
        ("text", ["  two\r\nlines "], "two\nlines"),
        ("text", ["   "], None),
        ("integer", ["1 234"], 1234),
        ("integer", ["−3"], -3),
        ("integer", ["twelve"], "twelve"),
        ("decimal", ["3 450,50"], "3450.50"),
        ("dateTime", ["2026-11-23T16:20"], "2026-11-23T16:20:00+01:00"),
        ("select_multiple", ["salt", "", "wool"], {"set": ["salt", "wool"]}),
        ("select_multiple", [], None),
        ("boolean", ["false"], False),
        ("geopoint", ["31.2, -7.9"], {"lat": "31.2", "lon": "-7.9"}),
        ("geopoint", ["somewhere"], "somewhere"),
    ],
)
def test_what_people_type_is_understood(kind: str, texts: list[str], value: Value) -> None:
    assert answered(Question("q", kind), texts, None, PROGRAMME_ZONE) == value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", FormText("سوق", "ar", "rtl")),
        ("en", FormText("Marché", "fr", "ltr")),
        ("fr", FormText("Marché", "fr", "ltr")),
    ],
)
def test_a_form_speaks_the_readers_language_or_else_its_own(language: str, text: FormText) -> None:
    assert spoken({"ar": "سوق", "fr": "Marché"}, language, "market", "fr") == text


def test_a_form_without_languages_declares_no_direction() -> None:
    assert spoken({"": "Market"}, "ar") == FormText("Market", "", "")
    assert spoken({}, "ar", "market") == FormText("market", "", "")


def test_a_label_quotes_answers_of_its_own_row() -> None:
    price = Question("sales/price", "integer", repeats=("sales",))
    row = "sales[11111111-1111-4111-8111-111111111111]"
    assert near(price, f"{row}/what") == f"{row}/price"
    assert near(Question("fee", "decimal"), f"{row}/what") == "fee"
    assert (quoted_path("../price", "sales/what"), quoted_path("sales/price", "fee")) == ("sales/price", "sales/price")
    told = filled(FormText("${../price} dirhams, ${ fee }", "fr", "ltr"), {"../price": "900"}.get)  # type: ignore[arg-type]
    assert told == FormText("900 dirhams, …", "fr", "ltr")
