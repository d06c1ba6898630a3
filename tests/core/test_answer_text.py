"""What phones write in an answer sheet becomes the value that was meant, whatever Java makes of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.answer_text import text_of, value_from_text
from fieldsync.core.answer_types import INTEGER_MAX, PLAIN_CHECKERS
from fieldsync.core.operations import Value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("decimal", "1.2345678E7", "12345678"),
        ("decimal", "1.0E-4", "0.00010"),
        ("decimal", "-2.5E10", "-25000000000"),
        ("decimal", "1.50", "1.50"),
        ("decimal", "-.5", "-.5"),
        ("integer", "007", 7),
        ("integer", "+5", 5),
        ("time", "09:30:00.000+01", "09:30:00.000+01:00"),
        ("time", "09:30", "09:30"),
        ("dateTime", "2026-11-28T09:30:00.000-05", "2026-11-28T09:30:00.000-05:00"),
        ("dateTime", "2026-11-28", "2026-11-28"),
        ("geopoint", "51.5 -8.0E-5 0.0 4.5", {"lat": "51.5", "lon": "-0.000080", "alt": "0.0", "accuracy": "4.5"}),
    ],
)
def test_what_collect_writes_is_understood(kind: str, text: str, value: Value) -> None:
    read = value_from_text(kind, text)
    assert read == value
    assert PLAIN_CHECKERS[kind](read) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", str(INTEGER_MAX + 1)),
        ("integer", f"-{INTEGER_MAX + 1}"),
        ("integer", "1E3"),
        ("integer", "NaN"),
        ("decimal", "NaN"),
        ("decimal", "1.0E300"),
        ("decimal", "1,5"),
        ("decimal", "E7"),
        ("time", "09:30+25"),
        ("dateTime", "28/11/2026"),
    ],
)
def test_what_is_wrong_stays_as_it_is_and_is_called_wrong(kind: str, text: str) -> None:
    read = value_from_text(kind, text)
    assert read == text
    assert PLAIN_CHECKERS[kind](read) is not None


@given(st.floats(1e-9, 1e15) | st.floats(-1e15, -1e-9))
def test_a_decimal_is_the_same_number_however_java_writes_it(number: float) -> None:
    digits, _, exponent = f"{number:.14E}".partition("E")
    read = value_from_text("decimal", f"{digits}E{int(exponent)}")
    assert PLAIN_CHECKERS["decimal"](read) is None
    assert Decimal(text_of(read)) == Decimal(f"{number:.14E}")
