"""What is wrong in the sheets of a form, before it is converted."""

import re
from collections.abc import Iterator

from fieldsync.core.form_findings import MAX_FINDINGS, is_form_id, is_version
from fieldsync.core.forms import Blanks, Finding, blanks
from fieldsync.core.xform_xml import NAMESPACE_FORM
from fieldsync.core.xlsform import SHEETS, Row, Sheets, Table, error, read_table, size_findings
from fieldsync.core.xlsform_survey import Survey, survey_findings

_FORMULA = re.compile(r"=\s*[A-Za-z\"'+(-]")
_REFERENCE = re.compile(r"\$\{\s*(last-saved#)?([^}]*?)\s*\}")
_YES = ("yes", "true", "true()", "1")
_LIST_COLUMNS = ("list_name", "name")


def sheet_findings(sheets: Sheets) -> list[Finding]:
    """Errors and warnings of the sheets, errors first; none means that a conversion is worth trying."""
    findings = size_findings(sheets)
    if findings:
        return findings[:MAX_FINDINGS]
    if not sheets.get("survey"):
        return [error("no_survey", "There is no sheet called survey.", "Name the sheet of questions survey.")]
    tables = {name: read_table(sheets, name) for name in SHEETS}
    findings = [finding for name in SHEETS for finding in _header_findings(sheets, name)]
    findings += [finding for table in tables.values() for finding in _formulas(table)]
    survey, more = survey_findings(tables["survey"], choice_lists(tables["choices"]))
    findings += more
    findings += [
        finding for name in ("survey", "choices", "settings", "entities") for finding in _lost(tables[name], survey)
    ]
    findings += [*_choices(tables["choices"], tables["settings"]), *_settings(tables)]
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.severity)[:MAX_FINDINGS]


def choice_lists(choices: Table) -> frozenset[str]:
    """The names of the lists on the choices sheet."""
    return frozenset(row.get("list_name") for row in choices.rows if row.get("list_name"))


def _header_findings(sheets: Sheets, name: str) -> Iterator[Finding]:
    rows = sheets.get(name)
    if not rows:
        return
    header = [cell.strip() for cell in rows[0]]
    needed = {"survey": ("type", "name"), "choices": _LIST_COLUMNS, "entities": ("list_name",)}.get(name, ())
    known = read_table(sheets, name).headers
    for column in needed:
        if column not in known:
            yield error(
                "missing_column",
                "The sheet has no column {column}.",
                "Add it to the first row.",
                name,
                1,
                column,
                detail=blanks(column=column),
            )
    for place, cell in enumerate(header):
        if cell and cell in header[:place]:
            yield error(
                "duplicate_column",
                "The column {cell} stands twice.",
                "Remove one of them.",
                name,
                1,
                cell,
                detail=blanks(cell=cell),
            )
        if not cell and any(len(row) > place and row[place].strip() for row in rows[1:]):
            yield error(
                "missing_header",
                "Column {place} has cells but no header.",
                "Name or empty it.",
                name,
                1,
                detail=blanks(place=place + 1),
            )


def _formulas(table: Table) -> Iterator[Finding]:
    for row in table.rows:
        for column, text in row.cells.items():
            if text.startswith("=") and _FORMULA.match(text):
                yield _at(table, row, column, "formula", "The cell holds a formula of the spreadsheet.",
                          "Put its value there instead (paste special, values).")  # fmt: skip


def _lost(table: Table, survey: Survey) -> Iterator[Finding]:
    """References ${…} to names that no question has."""
    for row in table.rows:
        for column, text in row.cells.items():
            if "${" not in text:
                continue
            names = [match.group(2) for match in _REFERENCE.finditer(text)]
            for name in names:
                if name not in survey.names:
                    close = survey.nearest(name)
                    advice = "Did you mean ${{{close}}}?" if close else "Correct the name, or add the question."
                    yield _at(
                        table,
                        row,
                        column,
                        "unknown_reference",
                        "No question is called {name}.",
                        advice,
                        detail=blanks(name=name, close=close or ""),
                    )
            if text.count("${") != len(names):
                yield _at(table, row, column, "reference", "A reference ${ is not closed.", "Write ${name}.")


def _choices(choices: Table, settings: Table) -> Iterator[Finding]:
    repeated = any(row.get("allow_choice_duplicates").lower() in _YES for row in settings.rows)
    seen: set[tuple[str, str]] = set()
    for row in choices.rows:
        place = (row.get("list_name"), row.get("name"))
        if not all(place):
            column = "list_name" if not place[0] else "name"
            yield _at(
                choices,
                row,
                column,
                "choice_name",
                "The choice has no {column}.",
                "Fill it in.",
                detail=blanks(column=column),
            )
        elif place in seen and not repeated:
            message = "The list {list} has the choice {name} already."
            detail = blanks(list=place[0], name=place[1])
            yield _at(
                choices, row, "name", "duplicate_choice", message, "Remove one, or give it another name.", detail=detail
            )
        elif re.search(r"\s", place[1]):
            yield _at(
                choices,
                row,
                "name",
                "choice_name",
                "The name {place} has a space.",
                "Write it without spaces; the label may have them.",
                detail=blanks(place=repr(place[1])),
            )
        seen.add(place)


def _settings(tables: dict[str, Table]) -> Iterator[Finding]:
    settings = tables["settings"]
    row = settings.rows[0] if settings.rows else Row(2, {})
    if not is_form_id(row.get("form_id")):
        message = "The form's id {id} cannot be used." if row.get("form_id") else "The form has no id."
        yield _at(
            settings,
            row,
            "form_id",
            "form_id",
            message,
            "Fill form_id with 1 to 100 of the letters A-Z and a-z, digits, and _ . : -",
            detail=blanks(id=repr(row.get("form_id"))),
        )
    if not row.get("version"):
        message = "The form has no version."
        yield _at(settings, row, "version", "version_missing", message, "Give each change a new one.", "warning")
    elif not is_version(row.get("version")):
        yield _at(
            settings,
            row,
            "version",
            "version",
            "The version {version} cannot be used.",
            "Use at most 100 characters, none of them / \\ ? # %",
            detail=blanks(version=repr(row.get("version"))),
        )
    uses = any(column.startswith("bind::fs:") for column in tables["survey"].headers)
    if uses and NAMESPACE_FORM not in row.get("namespaces"):
        yield _at(
            settings,
            row,
            "namespaces",
            "namespace",
            "The columns bind::fs:… need their namespace.",
            'Write fs="{namespace_form}" in the column namespaces.',
            detail=blanks(namespace_form=NAMESPACE_FORM),
        )


def _at(
    table: Table,
    row: Row,
    column: str,
    code: str,
    message: str,
    advice: str,
    severity: str = "error",
    detail: Blanks = (),
) -> Finding:
    header = table.headers.get(column, column)
    return Finding(severity, code, message, advice, table.name, row.number, header, detail=detail)


def paths(sheets: Sheets) -> tuple[dict[str, int], dict[str, int]]:
    """The survey row of each question's and group's path, and the entities row of each list."""
    survey, _ = survey_findings(read_table(sheets, "survey"), choice_lists(read_table(sheets, "choices")))
    entities = read_table(sheets, "entities")
    return survey.rows, {row.get("list_name"): row.number for row in reversed(entities.rows)}
