"""What a designer is told about the sheets of a form, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.finding_texts import repair
from fieldsync.core.forms import Finding
from fieldsync.core.xlsform import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Sheets
from fieldsync.core.xlsform_findings import paths, sheet_findings
from fieldsync.core.xlsform_readers import read_sheets

SETTINGS = [["form_id", "version"], ["visit", "1"]]
CHOICES = [["list_name", "name", "label"], ["yes_no", "yes", "Yes"], ["yes_no", "no", "No"]]


def sheets_of(text: str, kind: str = "md") -> Sheets:
    sheets = read_sheets(text.encode(), kind)
    assert not isinstance(sheets, list), sheets
    return sheets


def refused(data: bytes, kind: str) -> Finding:
    findings = read_sheets(data, kind)
    assert isinstance(findings, list), findings
    return findings[0]


def survey(*rows: str) -> Sheets:
    """A form of these survey rows: cells with | between them, the columns type, name, label, relevant."""
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return {"survey": [["type", "name", "label", "relevant"], *cells], "choices": CHOICES, "settings": SETTINGS}


def places(sheets: Sheets) -> list[tuple[str, str | None, int | None, str | None]]:
    return [(found.code, found.sheet, found.row, found.column) for found in sheet_findings(sheets)]


MARKDOWN = r"""
# Remarks may stand anywhere.
| survey |
|        | type              | name | label          | relevant      |
|        |-------------------|------|----------------|---------------|
|        | select_one yes_no | kids | Kids \| أطفال |               |
|        | text              | who  | Who            | ${kids}='yes' |
| choices |
|         | list_name | name | label |
|         | yes_no    | yes  | Yes   |
| settings |
|          | form_id | version |
|          | visit   | 1       |
"""

CSV = """survey,,,,
,type,name,label,relevant
,select_one yes_no,kids,"Kids | أطفال",
,text,who,Who,${kids}='yes'
choices,,,,
,list_name,name,label,
,yes_no,yes,Yes,
settings,,,,
,form_id,version,,
,visit,1,,
"""

YAML = """
survey:
  - type: select_one yes_no
    name: kids
    label: Kids | أطفال
  - type: text
    name: who
    label: Who
    relevant: ${kids}='yes'
choices:
  - {list_name: yes_no, name: yes, label: Yes}
settings:
  form_id: visit
  version: 1
"""

YAML_LISTS = """
survey:
  - [type, name, label, relevant]
  - [select_one yes_no, kids, Kids | أطفال, ]
  - [text, who, Who, "${kids}='yes'"]
choices:
  - [list_name, name, label]
  - [yes_no, yes, Yes]
settings:
  - [form_id, version]
  - [visit, 1]
"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [(MARKDOWN, "md"), (CSV, "csv"), (CSV.replace(",", ";"), "csv"), (YAML, "yaml"), (YAML_LISTS, "yaml")],
)
def test_one_form_in_every_notation_is_the_same_form(text: str, kind: str) -> None:
    sheets = sheets_of(text, kind)
    assert [row[:4] for row in sheets["survey"]] == [
        ["type", "name", "label", "relevant"],
        ["select_one yes_no", "kids", "Kids | أطفال", *sheets["survey"][1][3:4]],
        ["text", "who", "Who", "${kids}='yes'"],
    ]
    assert sheets["choices"][1][:3] == ["yes_no", "yes", "Yes"]
    assert sheets["settings"][1][:2] == ["visit", "1"]
    assert sheet_findings(sheets) == []


def test_yes_and_numbers_stay_as_they_are_written_in_yaml() -> None:
    sheets = sheets_of("survey:\n  - {type: text, name: a, required: yes, default: 0123, label: ~, hint: on}\n", "yaml")
    assert sheets["survey"][1] == ["text", "a", "yes", "0123", "", "on"]


HOSTILE = {
    "nothing": (b"", "md"),
    "only space": (b" \n ", "yaml"),
    "no table": (b"Once upon a time.", "md"),
    "UTF-16": (MARKDOWN.encode("utf-16"), "md"),
    "Latin-1": ("| survey |\n|| type | é |".encode("latin-1"), "md"),
    "too large": (b"x" * (5 * 1024 * 1024), "csv"),
    "a cell without an end": (b'survey,\n,"type,' + b"x" * 200_000, "csv"),
    "a list": (b"- a\n- b\n", "yaml"),
    "a text": (b"hello", "yaml"),
    "no rows": (b"survey: hello\n", "yaml"),
    "a row in a cell": (b"survey:\n  - {type: {a: b}}\n", "yaml"),
    "two shapes": (b"survey:\n  - {type: text}\n  - [text]\n", "yaml"),
    "a column twice": (b"survey:\n  - {type: text, type: note}\n", "yaml"),
    "a sheet twice": (b"survey:\n  - {type: text}\nsurvey:\n  - {type: text}\n", "yaml"),
    "aliases": (b"survey: &a\n  - {type: text}\nchoices: *a\n", "yaml"),
    "very deep": (b"survey: " + b"[" * 10_000, "yaml"),
    "a Python object": (b"survey: !!python/object/apply:os.system [ls]\nx: [", "yaml"),
    "bad indents": (b"survey:\n  - type: text\n name: a\n", "yaml"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_definition_gets_a_finding(name: str) -> None:
    data, kind = HOSTILE[name]
    finding = refused(data, kind)
    assert finding.severity == "error"
    assert finding.message


@given(st.binary(max_size=200), st.sampled_from(["csv", "md", "yaml"]))
def test_no_bytes_stop_the_readers(data: bytes, kind: str) -> None:
    sheets = read_sheets(data, kind)
    if not isinstance(sheets, list):
        sheet_findings(sheets)


@given(st.dictionaries(st.sampled_from(["survey", "choices", "settings", "entities"]),
                       st.lists(st.lists(st.text(max_size=12), max_size=5), max_size=5)))  # fmt: skip
def test_no_cells_stop_the_checks(sheets: dict[str, list[list[str]]]) -> None:
    sheet_findings({"survey": [["type", "name"]], **sheets})


@pytest.mark.parametrize(
    ("rows", "code", "row", "column"),
    [
        (["text|a|A", "text|a|A"], "duplicate_name", 3, "name"),
        (["text|a|A", "begin_group|g|G", "text|a|A", "text|a|A", "end_group"], "duplicate_name", 5, "name"),
        (["select_one colours|a|A"], "choice_list_missing", 2, "type"),
        (["select_one|a|A"], "choice_list_missing", 2, "type"),
        (["rank yesno|a|A"], "choice_list_missing", 2, "type"),
        (["tetx|a|A"], "unknown_type", 2, "type"),
        (["select_one_external yes_no|a|A"], "select_external", 2, "type"),
        (["select_one_from_file ../x.csv|a|A"], "media_name", 2, "type"),
        (["|a|A"], "missing_type", 2, "type"),
        (["text||A"], "missing_name", 2, "name"),
        (["text|1a|A"], "name", 2, "name"),
        (["text|a b|A"], "name", 2, "name"),
        (["begin_group|g|G", "text|a|A"], "unbalanced", 2, "type"),
        (["text|a|A", "end_repeat"], "unbalanced", 3, "type"),
        (["begin_group|g|G", "text|a|A", "end_repeat"], "unbalanced", 4, "type"),
        (["text|a|A|${b} = 1"], "unknown_reference", 2, "relevant"),
        (["text|a|Hello ${b}"], "unknown_reference", 2, "label"),
        (["text|a|A|${a = 1"], "reference", 2, "relevant"),
        (["text|a|A|=B2+1"], "formula", 2, "relevant"),
        (["text|a|A\x01"], "control_character", 2, "label"),
        (["text|a|" + "x" * (MAX_CELL + 1)], "cell_too_long", 2, "label"),
    ],
)
def test_each_mistake_is_found_at_its_place(rows: list[str], code: str, row: int, column: str) -> None:
    assert places(survey(*rows)) == [(code, "survey", row, column)]


def test_the_same_name_may_stand_in_two_groups() -> None:
    rows = ["begin_group|g|G", "text|a|A", "end_group", "begin_repeat|h|H", "text|a|A", "end_repeat"]
    assert sheet_findings(survey(*rows)) == []


@pytest.mark.parametrize(
    "kind", ["select_one yes_no", "select one yes_no", "select one from yes_no", "select_multiple yes_no or_other",
             "select all that apply from yes_no or specify other", "rank yes_no", "select_one_from_file a b.csv",
             "select one from file x.geojson", "begin group", "add text prompt", "datetime"],
)  # fmt: skip
def test_every_usual_spelling_of_a_type_is_known(kind: str) -> None:
    rows = [f"{kind}|a|A", *(["end group"] if kind == "begin group" else [])]
    assert sheet_findings(survey(*rows)) == []


def test_a_mistyped_name_gets_a_suggestion() -> None:
    (finding,) = sheet_findings(survey("text|fullname|A", "text|b|B|${fulname} != ''"))
    assert repair(finding).text == "Did you mean ${fullname}?"


def test_columns_may_have_their_other_names() -> None:
    sheets = survey("text|a|A|${b} = 1")
    sheets["survey"][0] = ["Type", "name", "Label::Français (fr)", "Relevance"]
    assert places(sheets) == [("unknown_reference", "survey", 2, "Relevance")]


@pytest.mark.parametrize(
    ("sheet", "rows", "expected"),
    [
        ("choices", [*CHOICES, ["yes_no", "no", "Non"]], ("duplicate_choice", "choices", 4, "name")),
        ("choices", [*CHOICES, ["yes_no", "", "Non"]], ("choice_name", "choices", 4, "name")),
        ("choices", [*CHOICES, ["yes_no", "a b", "Non"]], ("choice_name", "choices", 4, "name")),
        (
            "choices",
            [["list", "name", "label"], ["yes_no", "no", "Non"]],
            ("missing_column", "choices", 1, "list_name"),
        ),
        ("settings", [["form_id", "version"], ["my form", "1"]], ("form_id", "settings", 2, "form_id")),
        ("settings", [["version"], ["1"]], ("form_id", "settings", 2, "form_id")),
        ("settings", [["form_id", "version"], ["visit", "1/2"]], ("version", "settings", 2, "version")),
        ("settings", [["form_id"], ["visit"]], ("version_missing", "settings", 2, "version")),
        ("entities", [["list_name", "label"], ["people", "${nobody}"]], ("unknown_reference", "entities", 2, "label")),
        ("survey", [["type", "label"], ["note", "Hello"]], ("missing_column", "survey", 1, "name")),
        ("survey", [["type", "name", "name"], ["text", "a", "b"]], ("duplicate_column", "survey", 1, "name")),
        (
            "survey",
            [["type", "name", "bind::fs:class"], ["text", "a", "P1"]],
            ("namespace", "settings", 2, "namespaces"),
        ),
        ("survey", [["type", "name"], *[["text", "a"]] * (MAX_ROWS + 1)], ("too_many_rows", "survey", None, None)),
        ("survey", [["type"] * (MAX_COLUMNS + 1)], ("too_many_columns", "survey", None, None)),
        ("survey", [], ("no_survey", None, None, None)),
    ],
)
def test_each_sheet_is_looked_at(
    sheet: str, rows: list[list[str]], expected: tuple[str, str | None, int | None, str | None]
) -> None:
    assert expected in places({**survey("text|a|A"), sheet: rows})


def test_repeated_choices_can_be_meant() -> None:
    settings = [["form_id", "version", "allow_choice_duplicates"], ["visit", "1", "yes"]]
    sheets = {**survey("text|a|A"), "choices": [*CHOICES, ["yes_no", "no", "Non"]], "settings": settings}
    assert sheet_findings(sheets) == []


def test_paths_lead_back_to_their_rows() -> None:
    sheets = survey("text|a|A", "", "begin_group|g|G", "text|b|B", "end_group")
    assert paths(sheets)[0] == {"a": 2, "g": 4, "g/b": 5}
