"""Every format, read by somebody else's program: what was put in comes out, and nothing of it runs."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldsync.core.export_answers import Answer, Told
from fieldsync.core.export_options import FORMATS, Options
from fieldsync.core.export_plan import Plan, Record, make, own_column, unique
from fieldsync.services.export_files import About, CannotExport, file_names, plain_name
from fieldsync.services.export_spreadsheet import SHEET_NAME_MAX, column_letters, sheet_names
from fieldsync.services.exporting import OPENERS

RUNS = re.compile("[\ufeff\\x00-\\x1f\\x7f\\s]*[=+\\-@|%]")
TEXT = st.text(
    st.one_of(
        st.sampled_from("=+-@|%;,'\"\t ab_x0041é"), st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    ),
    max_size=12,
)
NAME = st.text(st.sampled_from("=+-@|%abé[]:*?/\\'"), min_size=1, max_size=40)
VALUE = st.one_of(
    TEXT, st.integers(-(2**53), 2**53), st.booleans(), st.none(), st.builds(lambda text: {"set": [text]}, TEXT),
    st.just({"lat": "31.1", "lon": "-8.2"}),
)  # fmt: skip
TYPES = st.sampled_from(
    ["text", "integer", "decimal", "date", "dateTime", "select_one", "select_multiple", "geopoint", "calculate"]
)
ABOUT = About("amal visit", "0A1B2C3D", "2026-11-28T10:00:00+01:00")


@st.composite
def exports(draw: Any) -> tuple[Plan, list[Record]]:
    """A plan with odd names and labels, one repeat, and some records with whatever values."""
    options = Options(
        "submission", "visit", draw(st.sampled_from(list(FORMATS))), labels=draw(st.booleans()), language="fr",
        free_text=True, points="exact", personal=True, split=True,
    )  # fmt: skip
    names = draw(st.lists(NAME, min_size=1, max_size=5, unique=True))
    kinds = [draw(TYPES) for _ in names]
    choices = {draw(NAME): draw(TEXT) for _ in range(2)}
    outer = [Answer(name, kind, draw(TEXT), "P1", (), choices) for name, kind in zip(names, kinds, strict=True)]
    repeat = draw(NAME).replace("[", "").replace("]", "").replace("/", "") or "r"
    inner = Answer(f"{repeat}/in", "text", draw(TEXT), "P1", (repeat,))
    own = [own_column("record", "text", "fr"), own_column("state", "text", "fr")]
    mark = draw(TEXT)
    plan = make(Told((*outer, inner), {repeat: draw(TEXT)}), options, own, lambda text: text, mark)
    rows = [{name: draw(VALUE) for name in names} for _ in range(draw(st.integers(0, 3)))]
    uuid = "018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99"
    more = [{f"{repeat}[{uuid}]": 1, f"{repeat}[{uuid}]/in": draw(TEXT)} for _ in rows]
    return plan, [
        Record([f"r{n}", "approved"], row | inside) for n, (row, inside) in enumerate(zip(rows, more, strict=True))
    ]


def written(plan: Plan, records: list[Record], folder: Path) -> tuple[str, bytes]:
    """The file and the end of its name."""
    path = folder / "file"
    with path.open("wb") as file:
        writer = OPENERS[plan.options.format](file, plan, ABOUT)
        for record in records:
            writer.add(list(plan.rows(record)))
        writer.finish()
    return writer.ending, path.read_bytes()


def cells_of(ending: str, content: bytes) -> list[Any]:
    """Every cell, heading and name of a file, read by another program."""
    if ending == "zip":
        archive = zipfile.ZipFile(io.BytesIO(content))
        inner = [cell for name in archive.namelist() for cell in cells_of(name.rpartition(".")[2], archive.read(name))]
        return [*archive.namelist(), *inner]
    if ending == "csv":
        return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]
    if ending == "parquet":
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        return [*table.column_names, *(cell for row in table.to_pylist() for cell in row.values())]
    if ending == "geojson":
        features = json.loads(content)["features"]
        return [cell for each in features for pair in each["properties"].items() for cell in pair]
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    return [*book.sheetnames, *(cell.value for sheet in book for row in sheet.iter_rows() for cell in row)]


@given(exports())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_nothing_runs_in_any_format(tmp_path: Path, made: tuple[Plan, list[Record]]) -> None:
    plan, records = made
    for cell in cells_of(*written(plan, records, tmp_path)):
        assert not (isinstance(cell, str) and RUNS.match(cell)) or re.fullmatch(r"-[0-9.]+", cell), repr(cell)


@given(exports())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_headings_are_told_apart(tmp_path: Path, made: tuple[Plan, list[Record]]) -> None:
    for table in made[0].tables:
        headings = [each.casefold() for each in made[0].headings(table)]
        assert len(set(headings)) == len(headings)


@given(st.lists(st.text(max_size=50), min_size=1, max_size=6))
def test_sheets_have_names_that_excel_takes(labels: list[str]) -> None:
    names = sheet_names(labels)
    assert len({name.casefold() for name in names}) == len(labels)
    for name in names:
        assert 1 <= len(name) <= SHEET_NAME_MAX
        assert not re.search(r"[\[\]:*?/\\\x00-\x1f]", name)
        assert not RUNS.match(name) and not name.startswith("'") and not name.endswith("'")


@given(st.lists(st.text(max_size=80), min_size=1, max_size=6))
def test_file_names_are_plain(names: list[str]) -> None:
    found = file_names(names)
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*\.csv", name) for name in found)
    assert all(re.fullmatch(r"([a-z0-9]([a-z0-9_-]*[a-z0-9])?)?", plain_name(name)) for name in names)


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    assert [column_letters(number) for number in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_texts_are_told_apart() -> None:
    assert unique(["a", "A", "a (2)", "b"]) == ["a", "A (2)", "a (2) (2)", "b"]


def test_a_sheet_that_is_full_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldsync.services.export_spreadsheet.ROWS_MAX", 2)
    told = Told((Answer("age", "integer", "Age", "P1"),), {})
    plan = make(told, Options("submission", "visit", "xlsx"), [own_column("record", "text", "en")], str)
    with pytest.raises(CannotExport):
        written(plan, [Record([f"r{number}"], {"age": number}) for number in range(3)], tmp_path)


def test_a_long_cell_is_cut_where_excel_cuts_it(tmp_path: Path) -> None:
    told = Told((Answer("text", "text", "Text", "P1"),), {})
    own = [own_column("record", "text", "en")]
    plan = make(told, Options("submission", "visit", "xlsx", free_text=True), own, str)
    _, content = written(plan, [Record(["r"], {"text": "x" * 40_000})], tmp_path)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert len(sheet["B2"].value) == 32_767 and sheet["B2"].value.endswith("…")


def test_a_big_table_is_whole_in_parquet(tmp_path: Path) -> None:
    """More rows than a row group holds, with and without answers."""
    told = Told((Answer("age", "integer", "Age", "P1"), Answer("seen", "date", "Seen", "P1")), {})
    plan = make(told, Options("submission", "visit", "parquet"), [own_column("record", "text", "en")], str)
    records = [
        Record([f"r{number}"], {"age": number} | ({"seen": "2026-11-28"} if number % 3 else {}))
        for number in range(9001)
    ]
    table = pyarrow.parquet.read_table(io.BytesIO(written(plan, records, tmp_path)[1]))
    assert table.column("age").to_pylist() == list(range(9001))
    assert table.column("seen").null_count == 3001
    assert str(table.schema.field("seen").type) == "date32[day]"
