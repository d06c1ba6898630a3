"""XLSForm sheets: their columns and rows, and what is wrong in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fieldsync.core.forms import Blanks, Finding, blanks

Sheets = Mapping[str, list[list[str]]]
"""Sheet name (small letters) to rows of cells; row 1 is the header."""

MAX_DEFINITION_BYTES = 4 * 1024 * 1024
"""Bytes of a definition file as it is uploaded; usual ones are under 300 kB."""

MAX_ROWS = 20_000
"""Rows of one sheet. Longer lists of choices belong in a CSV file."""

MAX_COLUMNS = 250
"""Columns of one sheet; a form in ten languages has under 100."""

MAX_CELL = 32_767
"""Characters of one cell: what a spreadsheet can hold."""

SHEETS = ("survey", "choices", "settings", "entities", "external_choices", "osm")
"""Sheets that are read; others are notes of the designer."""

_ALIASES = {
    "relevance": "relevant",
    "calculate": "calculation",
    "readonly": "read_only",
    "constraining_message": "constraint_message",
    "requiredmsg": "required_message",
    "caption": "label",
    "command": "type",
    "tag": "name",
    "count": "repeat_count",
    "jr:count": "repeat_count",
    "set_form_id": "form_id",
    "id_string": "form_id",
    "set_form_title": "form_title",
    "title": "form_title",
    "dataset": "list_name",
}
_CHOICE_ALIASES = {"value": "name", "list name": "list_name"}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Row:
    """One row: its number in the sheet and its cells by standard column name; empty cells are left out."""

    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        """A cell's text, "" where empty."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """A sheet by its standard column names; `headers` maps each to what the designer wrote."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


def error(
    code: str,
    message: str,
    advice: str = "",
    sheet: str | None = None,
    row: int | None = None,
    column: str | None = None,
    detail: Blanks = (),
) -> Finding:
    """A finding that stops the form from being published."""
    return Finding("error", code, message, advice, sheet, row, column, detail=detail)


def standard_column(header: str, sheet: str) -> str:
    """ "label::Français (fr)" stays itself; "Relevance" is "relevant"."""
    base, mark, language = header.strip().partition("::")
    plain = re.sub(r"\s+", " ", base.strip()).lower()
    name = _CHOICE_ALIASES.get(plain, plain) if sheet == "choices" else plain
    name = _ALIASES.get(name.replace(" ", "_"), name.replace(" ", "_"))
    return f"{name}{mark}{language.strip()}" if mark else name


def read_table(sheets: Sheets, name: str) -> Table:
    """A sheet as a table; empty where there is none."""
    rows = sheets.get(name) or [[]]
    columns = [standard_column(header, name) for header in rows[0]]
    headers = {column: header for column, header in zip(columns, rows[0], strict=True) if column}
    return Table(name, headers, tuple(_rows(columns, rows[1:])))


def _rows(columns: list[str], rows: list[list[str]]) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=2):
        filled = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if column and cell.strip()}
        if filled:
            yield Row(number, filled)


def size_findings(sheets: Sheets) -> list[Finding]:
    """Sheets that are too large to be looked at further, and cells that no XML can hold."""
    findings = []
    for name, rows in sheets.items():
        if len(rows) > MAX_ROWS + 1:
            findings.append(
                error(
                    "too_many_rows",
                    "The sheet has more than {most} rows.",
                    "Move the list to a CSV file.",
                    name,
                    detail=blanks(most=MAX_ROWS),
                )
            )
        if any(len(row) > MAX_COLUMNS for row in rows):
            findings.append(
                error(
                    "too_many_columns",
                    "The sheet has more than {most} columns.",
                    "Remove empty ones.",
                    name,
                    detail=blanks(most=MAX_COLUMNS),
                )
            )
    return findings or list(_cell_findings(sheets))


def _cell_findings(sheets: Sheets) -> Iterator[Finding]:
    for name, rows in sheets.items():
        for number, cells in enumerate(rows, start=1):
            for place, cell in enumerate(cells):
                if cell and (len(cell) > MAX_CELL or _FORBIDDEN.search(cell)):
                    column = rows[0][place] if place < len(rows[0]) else None
                    yield _cell_finding(cell, name, number, column)


def _cell_finding(cell: str, sheet: str, row: int, column: str | None) -> Finding:
    if len(cell) > MAX_CELL:
        return error(
            "cell_too_long",
            "The cell has more than {most} characters.",
            "Shorten it.",
            sheet,
            row,
            column,
            detail=blanks(most=MAX_CELL),
        )
    message = "The cell holds a control character that no form can carry."
    return error("control_character", message, "Type the cell again.", sheet, row, column)
