"""Form definitions written as text, CSV, Markdown or YAML, to sheets."""

import csv
import io
import re

import yaml

from fieldsync.core.forms import Finding, blanks
from fieldsync.core.xlsform import MAX_DEFINITION_BYTES, Sheets, error

MAX_YAML_DEPTH = 6
"""Nested collections; a definition needs three: sheets, rows, cells."""

TEXT_KINDS = ("csv", "md", "yaml")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MD_CELL_END = re.compile(r"(?<!\\)\|")
_MD_RULE = re.compile(r":?-+:?")


def read_sheets(data: bytes, kind: str) -> Sheets | list[Finding]:
    """The sheets in a definition of kind csv, md or yaml, row 1 the header; or why it cannot be read."""
    if len(data) > MAX_DEFINITION_BYTES:
        return [
            error(
                "too_large",
                "The file is larger than {most} bytes.",
                "Move long lists to a CSV.",
                detail=blanks(most=MAX_DEFINITION_BYTES),
            )
        ]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [error("encoding", "The file is not UTF-8 text.", "Save it again with the encoding UTF-8.")]
    if not text.strip():
        return [error("empty", "The file is empty.", "Choose the form's file again.")]
    sheets = {"csv": read_csv, "md": read_markdown, "yaml": read_yaml}[kind](text)
    if not isinstance(sheets, list) and not sheets:
        return [error("no_sheets", "The file holds no sheet.", "Begin it with a sheet called survey.")]
    return sheets


def read_csv(text: str) -> Sheets | list[Finding]:
    """pyxform's layout: a sheet's name in the first column, its rows below it from the second column on."""
    sheets: dict[str, list[list[str]]] = {}
    rows: list[list[str]] | None = None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for cells in reader:
            if cells and cells[0].strip():
                rows = sheets.setdefault(cells[0].strip().lower(), [])
            if rows is not None and any(cell.strip() for cell in cells[1:]):
                rows.append([cell.strip() for cell in cells[1:]])
    except csv.Error as failure:
        return [
            error(
                "not_csv",
                "Line {line_num} is not CSV: {failure}.",
                "Save the file again as CSV.",
                detail=blanks(line_num=reader.line_num, failure=failure),
            )
        ]
    return sheets


def _delimiter(text: str) -> str:
    """A French or Arabic spreadsheet program writes semicolons."""
    start = "\n".join(text.splitlines()[:3])
    return max(",;\t", key=start.count)


def read_markdown(text: str) -> Sheets:
    """Tables whose first column names the sheet; lines that are no table row are remarks."""
    sheets: dict[str, list[list[str]]] = {}
    rows: list[list[str]] | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped.startswith("|"):
            continue
        cells = [cell.strip().replace(r"\|", "|") for cell in _MD_CELL_END.split(stripped[1:])]
        if cells and not cells[-1]:
            cells.pop()
        if all(not cell or _MD_RULE.fullmatch(cell) for cell in cells) and "-" in stripped:
            continue
        if cells and cells[0]:
            rows = sheets.setdefault(cells[0].lower(), [])
        if rows is not None and any(cells[1:]):
            rows.append(cells[1:])
    return sheets


def read_yaml(text: str) -> Sheets | list[Finding]:
    """A mapping of sheet to rows. A row is a mapping of column to value, or the rows are lists, the header first."""
    try:
        refused = _refuse_events(text)
        root = None if refused else yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as failure:
        line = getattr(getattr(failure, "problem_mark", None), "line", None)
        return [
            error(
                "not_yaml",
                "The file is not YAML." if line is None else "The file is not YAML (line {line}).",
                "Check its indents, and put : and # in quotes.",
                detail=blanks(line=(line or 0) + 1),
            )
        ]
    if refused is not None:
        return [refused]
    if not isinstance(root, yaml.MappingNode):
        return [error("not_yaml", "The file names no sheets.", "Begin it with survey: and a list of rows.")]
    sheets: dict[str, list[list[str]]] = {}
    for key, value in root.value:
        name = str(key.value).strip().lower()
        rows = _yaml_sheet(name, value)
        if isinstance(rows, Finding):
            return [rows]
        if name in sheets:
            return [
                error(
                    "duplicate_sheet",
                    "The sheet {name} stands twice.",
                    "Join the two.",
                    sheet=name,
                    detail=blanks(name=name),
                )
            ]
        sheets[name] = rows
    return sheets


def _refuse_events(text: str) -> Finding | None:
    """Repeated anchors can make a small file huge, and deep nesting can exhaust the reader."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            return error("yaml_alias", "A value is an alias (*) of another.", "Write the value again.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            return error("too_deep", "The file is nested too deep.", "Write a list of rows under each sheet.")
    return None


def _yaml_sheet(name: str, node: yaml.Node) -> list[list[str]] | Finding:
    if isinstance(node, yaml.MappingNode) and name == "settings":
        node = yaml.SequenceNode("", [node], node.start_mark, node.end_mark)
    if isinstance(node, yaml.ScalarNode) and not node.value.strip():
        return []
    if not isinstance(node, yaml.SequenceNode):
        return error(
            "not_rows",
            "{name} is not a list of rows.",
            "Begin each row with a dash.",
            sheet=name,
            detail=blanks(name=name),
        )
    by_name = [row for row in node.value if isinstance(row, yaml.MappingNode)]
    if by_name and len(by_name) != len(node.value):
        return error(
            "not_rows",
            "{name} mixes rows of two shapes.",
            "Write all rows as column: value.",
            sheet=name,
            detail=blanks(name=name),
        )
    return _yaml_mappings(name, by_name) if by_name else _yaml_lists(name, node.value)


def _yaml_lists(name: str, nodes: list[yaml.Node]) -> list[list[str]] | Finding:
    rows = []
    for number, row in enumerate(nodes, start=1):
        cells = row.value if isinstance(row, yaml.SequenceNode) else None
        if cells is None or any(not isinstance(cell, yaml.ScalarNode) for cell in cells):
            return error(
                "not_rows",
                "Row {number} of {name} is not a row of texts.",
                "Correct it.",
                name,
                number,
                detail=blanks(number=number, name=name),
            )
        rows.append([_yaml_text(cell) for cell in cells])
    return rows


def _yaml_mappings(name: str, nodes: list[yaml.MappingNode]) -> list[list[str]] | Finding:
    header: dict[str, int] = {}
    rows: list[dict[str, str]] = []
    for number, row in enumerate(nodes, start=2):
        cells: dict[str, str] = {}
        for key, value in row.value:
            column = str(key.value).strip()
            if not isinstance(value, yaml.ScalarNode) or not isinstance(key, yaml.ScalarNode):
                return error(
                    "not_rows",
                    "{column} holds no plain text.",
                    "Write one text.",
                    name,
                    number,
                    column,
                    detail=blanks(column=column),
                )
            if column in cells:
                return error(
                    "duplicate_column",
                    "{column} stands twice in a row.",
                    "Remove one.",
                    name,
                    number,
                    column,
                    detail=blanks(column=column),
                )
            header.setdefault(column, len(header))
            cells[column] = _yaml_text(value)
        rows.append(cells)
    return [list(header), *([row.get(column, "") for column in header] for row in rows)]


def _yaml_text(node: yaml.ScalarNode) -> str:
    """A value exactly as written: yes stays yes; an empty or null one is empty."""
    empty = not node.style and node.value in ("~", "null", "Null", "NULL")
    return "" if empty else str(node.value).strip()
