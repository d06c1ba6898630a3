"""The conversion's own process: a definition on standard input, its XForm on standard output, within limits.

Run as `python -m fieldsync.services.conversion_worker KIND LIMITS`, the limits as JSON. What it reads is anybody's
file, so it gives up its rights to memory, processor time and files first.
"""

import re
import resource
import sys

import msgspec

from fieldsync.core.forms import Finding, blanks
from fieldsync.core.xlsform import SHEETS, Sheets, error

OUTPUT_BYTES = 24 * 1024 * 1024
"""Bytes of any file it writes, its answer among them."""

MAX_WARNINGS = 50
"""Warnings of pyxform that are passed on."""

_ROW = re.compile(r"\[row\s*:\s*(\d+)\]\s*")
_SHEET = re.compile(r"[Oo]n the '(\w+)' sheet")
_COLUMN = re.compile(r"the '([^']+)' (?:value|column)")


class Limits(msgspec.Struct, frozen=True):
    """What a conversion may take. An ordinary form takes 0.7 s of processor time and 60 MiB; 20,000 choices in three
    languages take 5 s and 250 MiB."""

    seconds: int = 30
    memory_mib: int = 512
    unpacked_mib: int = 64
    entries: int = 1000


class Answer(msgspec.Struct):
    """What the worker found: an XForm and a workbook where the definition could be converted.

    `rows` is the survey row of each question's path; `entity_rows` the entities row of each list; `sheets` what was
    read, as far as it could be read.
    """

    findings: list[Finding]
    xform: bytes = b""
    xlsx: bytes | None = None
    rows: dict[str, int] = {}
    entity_rows: dict[str, int] = {}
    sheets: dict[str, list[list[str]]] = {}


def limit_resources(limits: Limits) -> None:
    """From here on: bounded memory, processor time and file size, no core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    memory = limits.memory_mib * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def answer(data: bytes, kind: str, limits: Limits) -> Answer:
    """The definition converted, or the findings that say why not."""
    sheets = _sheets(data, kind, limits)
    if isinstance(sheets, list):
        return Answer(sheets)
    return _convert(sheets)


def _sheets(data: bytes, kind: str, limits: Limits) -> Sheets | list[Finding]:
    if kind == "xlsx":
        from fieldsync.services.workbook import read_workbook

        return read_workbook(data, limits.unpacked_mib * 1024 * 1024, limits.entries)
    from fieldsync.core.xlsform_readers import read_sheets

    return read_sheets(data, kind)


def _convert(sheets: Sheets) -> Answer:
    from fieldsync.core.xlsform_findings import paths, sheet_findings

    findings = sheet_findings(sheets)
    kept = {name: rows for name, rows in sheets.items() if name in SHEETS and rows}
    if any(finding.severity == "error" for finding in findings):
        return Answer(findings, sheets=kept)
    xform, more = to_xform(kept)
    if not xform:
        return Answer([*findings, *more], sheets=kept)
    from fieldsync.services.workbook import write_workbook

    rows, entity_rows = paths(sheets)
    return Answer([*findings, *more], xform, write_workbook(kept), rows, entity_rows, kept)


def to_xform(sheets: Sheets) -> tuple[bytes, list[Finding]]:
    """pyxform's XForm of the sheets, occurrences of repeats named; empty where it refuses them."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    from fieldsync.core.xform_occurrences import with_occurrence_ids

    warnings: list[str] = []
    try:
        result = convert(definition(sheets), warnings=warnings, validate=False, form_name="data")
    except PyXFormError as failure:
        return b"", [finding_of(str(failure), "error")]
    xform = with_occurrence_ids(result.xform.encode())
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
    kind, limits = sys.argv[1], msgspec.json.decode(sys.argv[2], type=Limits)
    limit_resources(limits)
    data = sys.stdin.buffer.read()
    try:
        found = answer(data, kind, limits)
    except (MemoryError, RecursionError):
        found = Answer([error("too_large", "The form takes too much memory to convert.", "Make it smaller.")])
    except Exception as failure:
        # pyxform meets definitions that its authors did not think of: a finding for the designer, never a crash.
        message, detail = "The form cannot be converted ({name}).", blanks(name=type(failure).__name__)
        advice = "Look for an unusual cell, and report it if there is none."
        found = Answer([error("conversion", message, advice, detail=detail)])
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    main()
