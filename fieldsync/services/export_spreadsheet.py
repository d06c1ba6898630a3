"""XLSX, its few parts written as the standard has them (ECMA-376): one sheet a table, row after row, nothing kept.

A library writes 3,000 rows a second of processor time where this writes more than 20,000.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import IO, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from fieldsync.core.export_cells import Cell, is_number
from fieldsync.core.export_plan import Plan, Row, Table, unique
from fieldsync.core.problems import Problem
from fieldsync.services.export_files import About, Archive, CannotExport, tables_apart

ROWS_MAX = 1_048_576
"""Rows of a sheet, by the program that reads it."""

TEXT_MAX = 32_767
"""Characters of a cell; what is longer ends with an ellipsis."""

SHEET_NAME_MAX = 31

_EPOCH = datetime(1899, 12, 30)
_FIRST_YEAR = 1900
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_AT_ENDS = re.compile("^[\\s'=+\\-@|%\ufeff\uff1d\uff0b\uff0d\uff20]+|[\\s']+$")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]").search
_NOT_XML_EACH = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MARKUP = re.compile("[&<>]").search
_ESCAPE = re.compile("_(x[0-9A-Fa-f]{4}_)")

_DATE, _MOMENT, _HEADING = 1, 2, 3
"""Numbers of the cell formats in `_STYLES`."""


class SpreadsheetWriter:
    """A workbook of one sheet a table: heading frozen, Arabic from the right, no formula anywhere."""

    ending = "xlsx"

    def __init__(self, file: BinaryIO, plan: Plan, about: About) -> None:
        names = sheet_names([table.label if plan.options.labels else table.name for table in plan.tables])
        parts = [f"xl/worksheets/sheet{number}.xml" for number, _ in enumerate(names, 1)]
        self._archive = Archive(file, parts)
        self._about, self._names, self._parts = about, names, parts
        is_rtl = plan.options.labels and plan.options.language == "ar"
        self._sheets = [
            _Sheet(part, table, plan.headings(table), about, is_rtl, first=number == 0)
            for number, (part, table) in enumerate(zip(self._archive.parts, plan.tables, strict=True))
        ]

    def add(self, rows: Sequence[tuple[int, Row]]) -> None:
        """More rows."""
        for sheet, found in zip(self._sheets, tables_apart(rows, len(self._sheets)), strict=True):
            sheet.add(found)

    def finish(self) -> None:
        """End the sheets, and add what says that they are a workbook."""
        for sheet in self._sheets:
            sheet.finish()
        for name, content in _frame(self._names, self._about).items():
            self._archive.late.append((name, content.encode()))
        self._archive.finish()


class _Sheet:
    """One sheet, into the part of the archive that it becomes."""

    def __init__(
        self, part: IO[bytes], table: Table, headings: Sequence[str], about: About, is_rtl: bool, first: bool
    ) -> None:
        self._part, self._about, self._count = part, about, 1
        self._cells = [_CELLS.get(column.kind, _text_cell) for column in table.columns]
        self._letters = [column_letters(number) for number in range(len(table.columns))]
        rtl = ' rightToLeft="1"' if is_rtl else ""
        chosen = ' tabSelected="1"' if first else ""
        last = self._letters[-1]
        part.write(
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView{rtl}{chosen} workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f'<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="{len(self._letters)}" width="18"'
            f' customWidth="1"/></cols><sheetData><row r="1">'.encode()
        )
        heads = (_inline(text, f' s="{_HEADING}"') for text in headings)
        part.write("".join(heads).encode() + b"</row>")
        self._end = f'</sheetData><autoFilter ref="A1:{last}%d"/>{_footer(about)}</worksheet>'

    def add(self, rows: Sequence[Row]) -> None:
        """More rows."""
        self._count += len(rows)
        if self._count > ROWS_MAX:
            raise CannotExport(Problem("export_too_long"))
        cells = self._cells
        lines = []
        for row in rows:
            lines.append("<row>")
            lines += ["<c/>" if cell is None else write(cell) for write, cell in zip(cells, row, strict=True)]
            lines.append("</row>")
        self._part.write("".join(lines).encode())

    def finish(self) -> None:
        """The end of the sheet."""
        self._part.write((self._end % self._count).encode())


def sheet_names(labels: Sequence[str]) -> list[str]:
    """Names of sheets: at most 31 characters, each once whatever the case.

    Excel forbids some characters, and an apostrophe at an end: what would begin a formula goes, and is not guarded.
    """
    plain = [_NOT_IN_NAMES.sub(" ", _NOT_XML_EACH.sub(" ", label)) for label in labels]
    short = [_AT_ENDS.sub("", _AT_ENDS.sub("", name)[:SHEET_NAME_MAX]) or "table" for name in plain]
    if len(set(map(str.casefold, short))) == len(short):
        return short
    return unique([name[: SHEET_NAME_MAX - 6].rstrip(" '") for name in short])


def column_letters(number: int) -> str:
    """A, B, … Z, AA for the columns from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _inline(text: str, style: str = "") -> str:
    if len(text) > TEXT_MAX:
        text = text[: TEXT_MAX - 1] + "…"
    if _NOT_XML(text):
        text = _NOT_XML_EACH.sub("\ufffd", text)
    if "_x" in text:
        text = _ESCAPE.sub(r"_x005F_\1", text)
    if _MARKUP(text):
        text = escape(text)
    return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{text}</t></is></c>'


def _text_cell(cell: Cell) -> str:
    return _inline(cell) if cell.__class__ is str else f"<c><v>{cell}</v></c>"


def _number_cell(cell: Cell) -> str:
    if cell.__class__ is str and not is_number(cell):
        return _inline(str(cell))
    return f"<c><v>{cell}</v></c>"


def _date_cell(cell: Cell) -> str:
    try:
        day = date.fromisoformat(str(cell))
    except ValueError:
        return _inline(str(cell))
    if day.year < _FIRST_YEAR:
        return _inline(str(cell))
    return f'<c s="{_DATE}"><v>{(day - _EPOCH.date()).days}</v></c>'


def _moment_cell(cell: Cell) -> str:
    """The wall clock of the programme, as a spreadsheet counts days."""
    wall = datetime.fromisoformat(str(cell)).replace(tzinfo=None)
    return f'<c s="{_MOMENT}"><v>{(wall - _EPOCH) / timedelta(days=1):.6f}</v></c>'


_CELLS: dict[str, Callable[[Cell], str]] = {
    "integer": _number_cell,
    "number": _number_cell,
    "date": _date_cell,
    "moment": _moment_cell,
}

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _frame(names: Sequence[str], about: About) -> dict[str, str]:
    """The parts around the sheets: what there is, how it hangs together, how it looks."""
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return {
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
        "docProps/core.xml": f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{_xml(about.title)}</dc:title><dc:identifier>{_xml(about.number)}</dc:identifier>"
        f"<dc:description>{_xml(about.mark)}</dc:description></cp:coreProperties>",
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml"'
        ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        f"{parts}</Types>",
    }


def _footer(about: About) -> str:
    """What is printed beneath each page, for a file that has a watermark; & would begin a code of its own."""
    if not about.mark:
        return ""
    text = _xml(about.mark.replace("&", "&&"))[:200]
    return f"<headerFooter><oddFooter>&amp;C{text}</oddFooter></headerFooter>"


def _xml(text: str) -> str:
    return escape(_NOT_XML_EACH.sub("\ufffd", text))
