"""No cell of an export runs, whatever was answered, and however the file is cut into cells."""

import csv
import io
import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from fieldsync.core import export_cells
from fieldsync.core.export_cells import is_number, safe, without_ids
from fieldsync.core.pseudonyms import aliases_under

RUNS = re.compile("[\ufeff\\x00-\\x1f\\x7f\\s]*[=+\\-@|%]")
"""What a spreadsheet may take for a formula."""

SIGNS = st.sampled_from(
    ["=", "+", "-", "@", "|", "%", ",", ";", "\t", "\r", "\n", '"', "'", "\ufeff", " ", "\x0b", "a", "1"]
)
TEXTS = st.one_of(st.text(SIGNS, max_size=12), st.text(max_size=20).filter(lambda text: "\0" not in text))

UUID = "018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99"
ALIAS = aliases_under(b"key")


@given(TEXTS)
@example("=cmd|' /C calc'!A0")
@example("+212612345678")
@example("\ufeff\t=1+1")
@example("Douar;=1+1")
@example('Douar,"=1+1"')
def test_no_text_runs_whatever_separator_a_spreadsheet_takes(text: str) -> None:
    assert not RUNS.match(safe(text))
    file = io.StringIO(newline="")
    csv.writer(file).writerow(["record", safe(text), "end"])
    for separator in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=separator):
            assert not [cell for cell in row if RUNS.match(cell)], (separator, row)


@given(TEXTS)
def test_what_is_guarded_still_says_what_was_said(text: str) -> None:
    assert safe(text).replace("'", "") == text.replace("'", "")
    assert text == safe(text) or "'" in safe(text)
    assert safe(safe(text)) == safe(text)


@given(st.one_of(st.integers(-(2**53), 2**53), st.decimals(allow_nan=False, allow_infinity=False, places=3)))
def test_numbers_stay_numbers(number: object) -> None:
    text = f"{number:f}" if not isinstance(number, int) else str(number)
    assert is_number(text)
    assert export_cells.of_number(ALIAS)(text) == text
    assert export_cells.of_number(ALIAS)(7) == 7


def test_a_number_in_a_text_question_is_text() -> None:
    assert export_cells.of_text(ALIAS)("-5") == "'-5"
    assert export_cells.of_text(ALIAS)("+212612345678") == "'+212612345678"
    assert export_cells.of_number(ALIAS)("-5; =1") == "'-5; '=1"


@given(st.text(max_size=20), st.uuids(), st.text(max_size=20))
def test_no_id_of_a_record_is_left(before: str, found: object, after: str) -> None:
    text = without_ids(f"{before} {found} {after}", ALIAS)
    assert str(found) not in text and ALIAS(str(found)) in text


def test_aliases_are_the_same_under_a_key_and_tell_nothing_under_another() -> None:
    assert ALIAS(UUID) == aliases_under(b"key")(UUID)
    assert ALIAS(UUID) != aliases_under(b"another")(UUID)
    assert re.fullmatch("r[0-9a-f]{20}", ALIAS(UUID))


CHOSEN: list[Any] = [{"set": ["red"]}, {"set": []}, 5]


def test_values_of_each_shape() -> None:
    labels = {"red": "Rouge", "green": "-Vert"}
    assert export_cells.of_choice(labels, ALIAS)("green") == "'-Vert"
    assert export_cells.of_choice(labels, ALIAS)("blue") == "blue"
    assert export_cells.of_choices(labels, ALIAS)({"set": ["green", "blue"]}) == "'-Vert; blue"
    assert export_cells.of_choices({}, ALIAS)(["b", "a"]) == "b a"
    assert export_cells.of_choices({}, ALIAS)("text") == "text"
    assert list(map(export_cells.is_chosen("red"), CHOSEN)) == [1, 0, None]
    point = {"lat": "31.25", "lon": "-8.06", "alt": None}
    assert export_cells.of_point("lat", rounded=True)(point) == 31.2
    assert export_cells.of_point("lon", rounded=False)(point) == "-8.06"
    assert export_cells.of_point("alt", rounded=False)(point) is None
    sealed = {"sealed": "x", "header": {}, "keys": []}
    assert export_cells.of_text(ALIAS)(sealed) == ""
