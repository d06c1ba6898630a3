"""A designer hands in a form in one of five notations, and gets a form or findings."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from fieldsync.core.forms import Form, legal_paths
from fieldsync.core.xform_occurrences import with_occurrence_ids
from fieldsync.services.conversion import Converted, convert, definition_kind
from fieldsync.services.conversion_worker import finding_of

COOPERATIVE = """
| survey |
|  | type | name | label::العربية (ar) | label::Français (fr) | required | relevant | constraint | constraint_message::العربية (ar) | constraint_message::Français (fr) | calculation | choice_filter | save_to | repeat_count | bind::fs:class | bind::fs:key | bind::fs:place | bind::fs:protective |
|  | start | start | | | | | | | | | | | | P1 | | | |
|  | select_one province | province | الإقليم | Province | yes | | | | | | | | | P1 | | | |
|  | select_one commune | commune | الجماعة | Commune | yes | | | | | | province=${province} | | | P1 | yes | yes | |
|  | text | title | الاسم | Nom | yes | | | | | | | title | | P0 | yes | | |
|  | select_one yes_no | consent | الموافقة | Accord | yes | | | | | | | | | P2 | | | no yes |
|  | begin_repeat | members | الأعضاء | Membres | | ${consent}='yes' | | | | | | | | P2 | | | |
|  | text | who | من | Qui | | | string-length(.) < 80 | طويل جدا | Trop long | | | | | P2 | | | |
|  | integer | age | السن | Âge | | ${who}!='' | . < 120 | | | | | | | P2 | | | |
|  | end_repeat | | | | | | | | | | | | | | | | |
|  | calculate | total | | | | | | | | count(${members}) | | total | | P1 | | | |
| choices |
|  | list_name | name | label::العربية (ar) | label::Français (fr) | province |
|  | province | haouz | الحوز | Al Haouz | |
|  | province | chichaoua | شيشاوة | Chichaoua | |
|  | commune | asni | أسني | Asni | haouz |
|  | commune | majjat | مجاط | Majjat | chichaoua |
|  | yes_no | yes | نعم | Oui | |
|  | yes_no | no | لا | Non | |
| settings |
|  | form_title | form_id | version | default_language | namespaces |
|  | تعاونية | cooperative | 1 | العربية (ar) | fs="urn:fieldsync:form" |
| entities |
|  | list_name | label |
|  | groups | ${title} |
"""  # noqa: E501

SMALL = """
| survey |
|  | type | name | label | relevant |
|  | text | a    | A     | RELEVANT |
| settings |
|  | form_title | form_id | version |
|  | Small | small | 1 |
"""


@pytest.fixture(scope="module")
def cooperative() -> Converted:
    return convert(COOPERATIVE.encode(), "md")


def form_of(converted: Converted) -> Form:
    assert converted.form is not None, converted.findings
    return converted.form


def codes(converted: Converted) -> list[str]:
    return [finding.code for finding in converted.findings]


def workbook(rows: list[list[object]], title: str = "survey") -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].title = title
    for row in rows:
        book.worksheets[0].append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_cooperative_form_leaves_as_a_form_an_xform_and_a_workbook(cooperative: Converted) -> None:
    form = form_of(cooperative)
    assert cooperative.findings == []
    assert (form.id, form.version, form.title, form.languages) == ("cooperative", "1", "تعاونية", ("ar", "fr"))
    by_path = {question.path: question for question in form.questions}
    assert list(by_path) == [
        "start", "province", "commune", "title", "consent", "members/who", "members/age", "total",
    ]  # fmt: skip
    assert by_path["commune"].choices[0].columns == {"province": "haouz"}
    assert by_path["commune"].itemset is not None
    assert by_path["commune"].itemset.filter == "province= /data/province"
    assert (by_path["commune"].place, by_path["commune"].key) == (True, True)
    assert by_path["members/who"].constraint_message == {"ar": "طويل جدا", "fr": "Trop long"}
    assert by_path["members/age"].repeats == ("members",)
    assert [context for context, _ in by_path["members/age"].relevant] == ["members", "members/age"]
    assert by_path["consent"].protective == ("no", "yes")
    assert by_path["total"].type == "calculate"
    (declaration,) = form.entities
    assert (declaration.list, declaration.create, declaration.update) == ("groups", "true()", None)
    assert declaration.properties == {"title": "title", "total": "total"}
    assert "meta/entity/@id" in legal_paths(form)
    assert all(question.declared_sensitivity for question in form.questions)


def test_the_same_form_gives_the_same_bytes_and_comes_back_from_its_workbook(cooperative: Converted) -> None:
    assert cooperative.xlsx is not None
    again = convert(cooperative.xlsx, "xlsx")
    assert again.xform == cooperative.xform
    assert again.xlsx == cooperative.xlsx


def test_an_xform_is_taken_as_it_is(cooperative: Converted) -> None:
    again = convert(cooperative.xform, "xml")
    assert again.xform == cooperative.xform
    assert again.form == cooperative.form
    assert again.xlsx is None


def test_a_finding_in_the_xform_names_the_row_of_the_sheet() -> None:
    converted = convert(SMALL.replace("RELEVANT", "${a} = 'x'").encode(), "md")
    (cycle,) = [finding for finding in converted.findings if finding.severity == "error"]
    assert (cycle.code, cycle.sheet, cycle.row, cycle.path) == ("cycle", "survey", 2, "a")
    assert (converted.form, converted.xform, converted.xlsx) == (None, b"", None)


def test_what_pyxform_refuses_becomes_a_finding_at_its_place() -> None:
    finding = finding_of("[row : 4] On the 'survey' sheet, the 'save_to' value is invalid. Learn more: here", "error")
    assert (finding.sheet, finding.row, finding.column, finding.advice) == ("survey", 4, "save_to", "See here")
    converted = convert(SMALL.replace("|  | text |", "|  | image |").replace("label |", "parameters |").encode(), "md")
    (found,) = [finding for finding in converted.findings if finding.severity == "error"]
    assert (found.code, found.row, found.column) == ("pyxform", 2, "parameters")


def test_the_files_that_a_form_names_come_with_it() -> None:
    form = SMALL.replace("| text |", "| select_one_from_file douars.csv |").replace("RELEVANT", "").encode()
    assert codes(convert(form, "md"))[0] == "media_missing"
    assert form_of(convert(form, "md", {"douars.csv": b"name,label\nd1,Tagoum\n"})).media == (
        "jr://file-csv/douars.csv",
    )
    assert "media_column" in codes(convert(form, "md", {"douars.csv": b"code,label\n"}))
    assert "media_unreadable" in codes(convert(form, "md", {"douars.csv": "name,label".encode("utf-16")}))
    assert form_of(convert(form, "md", lists=["douars"])).instances[0].id == "douars"


def test_each_occurrence_of_a_repeat_gets_a_uuid_on_the_phone(cooperative: Converted) -> None:
    (repeat,) = form_of(cooperative).repeats
    assert repeat.occurrence == "members/__occurrence"
    assert repeat.occurrence in legal_paths(form_of(cooperative))
    assert with_occurrence_ids(cooperative.xform) == cooperative.xform, "once is enough"


def test_a_form_for_survivors_is_published_for_tests_only() -> None:
    form = COOPERATIVE.replace("| P2 |", "| P3 |").encode()
    assert codes(convert(form, "md")) == ["p3_needs_sealing"]
    assert form_of(convert(form, "md", p3_allowed=True)).repeats[0].sensitivity == "P3"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("f7.XLSX", "xlsx"), ("a.b.yml", "yaml"), ("x.yaml", "yaml"), ("x.csv", "csv"), ("x.md", "md"), ("x.xml", "xml"),
     ("x.xls", None), ("x.xlsm", None), ("xlsx", None), ("", None)],
)  # fmt: skip
def test_the_kind_of_a_definition_is_told_by_its_name(name: str, kind: str | None) -> None:
    assert definition_kind(name) == kind


def zipped(entries: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return written.getvalue()


def with_entry(name: str, content: bytes) -> bytes:
    written = io.BytesIO(workbook([["type", "name"], ["text", "a"]]))
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return written.getvalue()


def with_shared_strings_bomb() -> bytes:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
    sheet = f"<!DOCTYPE x [<!ENTITY l0 'ha'>{laughs}]><worksheet>&l11;</worksheet>"
    return with_sheet(sheet.encode())


def with_sheet(content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([["type", "name"]]))) as old, zipfile.ZipFile(written, "w") as new:
        for entry in old.infolist():
            replaced = entry.filename == "xl/worksheets/sheet1.xml"
            new.writestr(entry.filename, content if replaced else old.read(entry), zipfile.ZIP_DEFLATED)
    return written.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)

HOSTILE = {
    "nothing": (b"", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "broken_workbook"),
    "an archive cut off": (workbook([["type", "name"]])[:-100], "broken_workbook"),
    "an archive of something else": (zipped({"a.txt": b"hello"}), "broken_workbook"),
    "one file of zeros": (with_entry("xl/media/x.bin", bytes(50_000_000)), "archive_bomb"),
    "too much altogether": (zipped({f"{n}": bytes(900_000) for n in range(100)}), "archive_bomb"),
    "too many files": (zipped({f"{n}": b"" for n in range(1001)}), "archive_bomb"),
    "macros": (with_entry("xl/vbaProject.bin", b"macro"), "macros"),
    "a password": (OLE + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
    "an old .xls": (OLE, "old_workbook"),
    "a billion laughs in a sheet": (with_shared_strings_bomb(), "broken_workbook"),
    "a sheet that is no XML": (with_sheet(b"\x00\x01<<<"), "broken_workbook"),
    "no survey": (workbook([["hello"]], "notes"), "no_survey"),
    "very large": (bytes(5_000_000), "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_workbook_stops_the_server(name: str) -> None:
    data, code = HOSTILE[name]
    converted = convert(data, "xlsx")
    assert converted.form is None
    assert codes(converted) == [code]


def test_a_formula_is_found_in_its_cell() -> None:
    converted = convert(workbook([["type", "name", "label"], ["text", "a", "=B2&1"], ["text", "b", "B"]]), "xlsx")
    (finding,) = converted.findings
    assert (finding.code, finding.sheet, finding.row, finding.column) == ("formula", "survey", 2, "label")


def test_a_sheet_of_a_hundred_thousand_rows_is_refused() -> None:
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>text</t></is></c></row>'
    rows = "".join(row.format(number) for number in range(1, 100_001))
    sheet = (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData>'
    )
    assert codes(convert(with_sheet(f"{sheet}</worksheet>".encode()), "xlsx")) == ["too_many_rows"]


def test_a_cell_in_the_last_row_of_the_sheet_does_not_make_a_million_rows() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "survey"
    for row in (["type", "name", "label"], ["text", "a", "A"]):
        sheet.append(row)
    sheet.cell(row=1_048_576, column=16_384, value="x")
    written = io.BytesIO()
    book.save(written)
    assert "form_id" in codes(convert(written.getvalue(), "xlsx"))


def test_numbers_dates_and_formula_like_texts_survive_the_workbook() -> None:
    book = openpyxl.Workbook()
    survey = book.worksheets[0]
    survey.title = "Survey"
    for row in (["type", "name", "label", "required"], ["integer", "a", 12.0, True], ["text", "b", "=", None]):
        survey.append(row)
    survey["C3"].data_type = "s"
    settings = book.create_sheet("settings")
    settings.append(["form_id", "version"])
    settings.append(["typed", 2026112301])
    written = io.BytesIO()
    book.save(written)
    form = form_of(convert(written.getvalue(), "xlsx"))
    assert (form.version, form.questions[0].labels, form.questions[1].labels) == ("2026112301", {"": "12"}, {"": "="})
    assert form.questions[0].required == "true()"


def test_the_worker_cannot_take_the_machine_s_memory() -> None:
    program = (
        "from fieldsync.services.conversion_worker import Limits, limit_resources\nlimit_resources(Limits())\n"
        "try:\n    bytearray(2 ** 30)\nexcept MemoryError:\n    print('refused')\n"
    )
    root = str(Path(__file__).parents[2])
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    assert ended.stdout == "refused\n"


def test_a_worker_that_dies_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldsync.services.limited_process.WALL_FACTOR", 0.001)
    assert codes(convert(SMALL.encode(), "md")) == ["too_expensive"]


def test_an_unknown_kind_is_a_finding() -> None:
    assert codes(convert(b"", "docx")) == ["unknown_kind"]
