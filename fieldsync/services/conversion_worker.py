"""The conversion's own process: a definition on standard input, its XForm on standard output, within limits.

Run as `python -m fieldsync.services.conversion_worker KIND`. What it reads is anybody's file, so it gives up its rights
to memory, processor time and files first.
"""

import re
import resource
import sys

import msgspec

from fieldsync.core.forms import Finding
from fieldsync.core.xlsform import SHEETS, Sheets, error

MEMORY_BYTES = 512 * 1024 * 1024
"""Address space. An ordinary form takes 60 MiB of it, 20,000 choices in three languages 250."""

CPU_SECONDS = 20
"""Processor time. An ordinary form takes 0.7 s, 20,000 choices in three languages 5 s."""

OUTPUT_BYTES = 24 * 1024 * 1024
"""Bytes of any file it writes, its answer among them."""

MAX_WARNINGS = 50
"""Warnings of pyxform that are passed on."""

_ROW = re.compile(r"\[row\s*:\s*(\d+)\]\s*")
_SHEET = re.compile(r"[Oo]n the '(\w+)' sheet")
_COLUMN = re.compile(r"the '([^']+)' (?:value|column)")


class Answer(msgspec.Struct):
    """What the worker found: an XForm and a workbook where the definition could be converted.

    `rows` is the survey row of each question's path; `entity_rows` the entities row of each list.
    """

    findings: list[Finding]
    xform: bytes = b""
    xlsx: bytes | None = None
    rows: dict[str, int] = {}
    entity_rows: dict[str, int] = {}


def limit_resources() -> None:
    """From here on: bounded memory, processor time and file size, no core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def answer(data: bytes, kind: str) -> Answer:
    """The definition converted, or the findings that say why not."""
    sheets = _sheets(data, kind)
    if isinstance(sheets, list):
        return Answer(sheets)
    return _convert(sheets)


def _sheets(data: bytes, kind: str) -> Sheets | list[Finding]:
    if kind == "xlsx":
        from fieldsync.services.workbook import read_workbook

        return read_workbook(data)
    from fieldsync.core.xlsform_readers import read_sheets

    return read_sheets(data, kind)


def _convert(sheets: Sheets) -> Answer:
    from fieldsync.core.xlsform_findings import paths, sheet_findings

    findings = sheet_findings(sheets)
    if any(finding.severity == "error" for finding in findings):
        return Answer(findings)
    kept = {name: rows for name, rows in sheets.items() if name in SHEETS and rows}
    xform, more = to_xform(kept)
    if not xform:
        return Answer([*findings, *more])
    from fieldsync.services.workbook import write_workbook

    rows, entity_rows = paths(sheets)
    return Answer([*findings, *more], xform, write_workbook(kept), rows, entity_rows)


def to_xform(sheets: Sheets) -> tuple[bytes, list[Finding]]:
    """pyxform's XForm of the sheets; empty where it refuses them."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    warnings: list[str] = []
    try:
        result = convert(definition(sheets), warnings=warnings, validate=False, form_name="data")
    except PyXFormError as failure:
        return b"", [finding_of(str(failure), "error")]
    xform: bytes = result.xform.encode()
    return xform, [finding_of(warning, "warning") for warning in warnings[:MAX_WARNINGS]]


def definition(sheets: Sheets) -> dict[str, object]:
    """Sheets as pyxform takes them: each row by its headers, empty rows kept so that its row numbers are ours."""
    found: dict[str, object] = {"sheet_names": list(sheets)}
    for name, rows in sheets.items():
        headers = [" ".join(header.split()) for header in rows[0]]
        found[f"{name}_header"] = [{header: None for header in headers if header}]
        found[name] = [
            {header: text for header, text in zip(headers, row, strict=False) if header and text} for row in rows[1:]
        ]
    return found


def finding_of(message: str, severity: str) -> Finding:
    """pyxform's message as a finding, with the place where it says one."""
    row, sheet, column = _ROW.search(message), _SHEET.search(message), _COLUMN.search(message)
    text = " ".join(_ROW.sub("", message).split())
    first, _, advice = text.partition(" Learn more:")
    return Finding(
        severity,
        "pyxform",
        first.strip(),
        f"See {advice.strip()}" if advice else "",
        sheet=sheet.group(1) if sheet else ("survey" if row else None),
        row=int(row.group(1)) if row else None,
        column=column.group(1) if column else None,
    )


def main() -> None:
    """Read, convert, write; whatever happens the answer is findings."""
    limit_resources()
    data = sys.stdin.buffer.read()
    try:
        found = answer(data, sys.argv[1])
    except (MemoryError, RecursionError):
        found = Answer([error("too_large", "The form takes too much memory to convert.", "Make it smaller.")])
    except Exception as failure:
        # pyxform meets definitions that its authors did not think of: a finding for the designer, never a crash.
        message = f"The form cannot be converted ({type(failure).__name__})."
        found = Answer([error("conversion", message, "Look for an unusual cell, and report it if there is none.")])
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    main()
