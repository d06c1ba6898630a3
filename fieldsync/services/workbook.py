"""XLSForm workbooks: opened with suspicion, written the same way each time. Runs in the conversion's own process."""

import datetime
import io
import itertools
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.packaging.core import DocumentProperties
from openpyxl.xml.functions import tostring

from fieldsync.core.forms import Finding, blanks
from fieldsync.core.xlsform import MAX_COLUMNS, MAX_DEFINITION_BYTES, MAX_ROWS, SHEETS, Sheets, error

MAX_RATIO = 200
"""Unpacked to packed size of files over 1 MiB; real sheets reach about 40."""

RATIO_FROM_BYTES = 1024 * 1024

_OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIXED_DATE = (2000, 1, 1, 0, 0, 0)
_FIXED_TIME = datetime.datetime(2000, 1, 1)

_SAVE_AGAIN = "Open it in a spreadsheet program and save it as .xlsx."


def read_workbook(data: bytes, unpacked_bytes: int, entries_max: int) -> Sheets | list[Finding]:
    """The XLSForm sheets of an .xlsx file as text, or why it cannot be read."""
    refused = _refuse_archive(data, unpacked_bytes, entries_max)
    if refused is not None:
        return [refused]
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        return _read_sheets(book)
    except (MemoryError, RecursionError):
        return [error("too_large", "The workbook takes too much memory.", "Remove what is not needed from it.")]
    except Exception as failure:
        # openpyxl fails in many ways on files that are not quite workbooks; all of them mean the same to a designer.
        return [
            error(
                "broken_workbook",
                "The workbook is damaged ({name}).",
                _SAVE_AGAIN,
                detail=blanks(name=type(failure).__name__),
            )
        ]


def _refuse_archive(data: bytes, unpacked_bytes: int, entries_max: int) -> Finding | None:
    if not data.strip():
        return error("empty", "The file is empty.", "Choose the form's file again.")
    if len(data) > MAX_DEFINITION_BYTES:
        return error(
            "too_large",
            "The file is larger than {most} bytes.",
            "Remove pictures from it.",
            detail=blanks(most=MAX_DEFINITION_BYTES),
        )
    if data.startswith(_OLE_START):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return error("password_protected", "The workbook is protected by a password.", "Save it without one.")
        return error("old_workbook", "The file is an old .xls workbook.", _SAVE_AGAIN)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _refuse_entries(archive.infolist(), unpacked_bytes, entries_max)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError):
        return error("broken_workbook", "The file is no .xlsx workbook, or it is damaged.", _SAVE_AGAIN)


def _refuse_entries(entries: list[zipfile.ZipInfo], unpacked_bytes: int, entries_max: int) -> Finding | None:
    names = {entry.filename.lower() for entry in entries}
    if len(entries) > entries_max or len(names) < len(entries):
        return error("archive_bomb", "The workbook holds too many files, or two of one name.", _SAVE_AGAIN)
    if any(entry.flag_bits & 1 for entry in entries):
        return error("password_protected", "The workbook is protected by a password.", "Save it without one.")
    if any(name.endswith("vbaproject.bin") for name in names):
        return error("macros", "The workbook holds macros.", "Save it as .xlsx, which holds none.")
    large = [entry for entry in entries if entry.file_size > RATIO_FROM_BYTES]
    stretched = any(entry.file_size > MAX_RATIO * max(entry.compress_size, 1) for entry in large)
    if stretched or sum(entry.file_size for entry in entries) > unpacked_bytes:
        return error("archive_bomb", "The workbook unpacks to far more than a form needs.",
                     "Remove empty rows, pictures and other sheets.")  # fmt: skip
    return None


def _read_sheets(book: Any) -> Sheets | list[Finding]:
    sheets: dict[str, list[list[str]]] = {}
    findings: list[Finding] = []
    for sheet in book.worksheets:
        name = sheet.title.strip().lower()
        if name in SHEETS and name not in sheets:
            sheets[name] = []
            for cells in _cells(sheet):
                sheets[name].append([_text(cell.value) for cell in cells])
                findings.extend(_formulas(name, len(sheets[name]), cells, sheets[name][0]))
            _trim(sheets[name])
    return findings or sheets


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS + 1)
    return itertools.islice(rows, MAX_ROWS + 2)


def _formulas(sheet: str, row: int, cells: tuple[Any, ...], header: list[str]) -> Iterator[Finding]:
    for place, cell in enumerate(cells):
        if getattr(cell, "data_type", None) == "f":
            column = header[place] if row > 1 and place < len(header) else None
            yield error("formula", "The cell holds a formula of the spreadsheet.",
                        "Put its value there instead (paste special, values).", sheet, row, column)  # fmt: skip


def _text(value: object) -> str:
    """A cell as its designer sees it: whole numbers without a fraction, TRUE and FALSE, plain spaces."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _trim(rows: list[list[str]]) -> None:
    for row in rows:
        while row and not row[-1]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()


def write_workbook(sheets: Sheets) -> bytes:
    """The sheets as an .xlsx file: every cell a text, so that nothing in it is taken for a formula."""
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([_plain_cell(sheet, text) for text in row])
    written = io.BytesIO()
    book.save(written)
    return _without_dates(written.getvalue())


def _plain_cell(sheet: Any, text: str) -> Any:
    if not text.startswith("="):
        return text or None
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _without_dates(data: bytes) -> bytes:
    """The same archive with fixed dates, so that the same sheets give the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = tostring(_properties().to_tree())
            new.writestr(zipfile.ZipInfo(entry.filename, _FIXED_DATE), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _properties() -> Any:
    return DocumentProperties(creator="fieldsync", created=_FIXED_TIME, modified=_FIXED_TIME)
