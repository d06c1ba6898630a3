"""A form definition in, its Form, XForm and workbook out, or findings; hostile files meet a process of their own."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

import msgspec

from fieldsync.config import Settings
from fieldsync.core.form_findings import form_findings
from fieldsync.core.forms import Finding, Form, blanks
from fieldsync.core.media import media_findings
from fieldsync.core.xform import read_form
from fieldsync.core.xlsform import error
from fieldsync.services import limited_process
from fieldsync.services.conversion_worker import Answer, Limits, answer

DEFAULT_LIMITS = Limits()

_KINDS = {".xlsx": "xlsx", ".csv": "csv", ".md": "md", ".yaml": "yaml", ".yml": "yaml", ".xml": "xml"}


class Converted(msgspec.Struct, frozen=True):
    """What became of a definition.

    `form` is None where an error stands in `findings`; then `xform` is empty too, so that nobody publishes half a form.
    `xlsx` is None for a definition that came as an XForm: there is no way back to its sheets. `sheets` are what was
    read, to show findings in their rows; empty where nothing could be read.
    """

    form: Form | None
    xform: bytes
    xlsx: bytes | None
    findings: list[Finding]
    sheets: dict[str, list[list[str]]] = {}


def definition_kind(filename: str) -> str | None:
    """xlsx, csv, md, yaml or xml by the file's name; None for others (old .xls and .xlsm with macros among them)."""
    return _KINDS.get(PurePosixPath(filename).suffix.lower())


def limits_of(settings: Settings) -> Limits:
    """The limits that the operator has set."""
    return Limits(
        settings.conversion_seconds,
        settings.conversion_memory_mib,
        settings.conversion_unpacked_mib,
        settings.conversion_entries_max,
    )


def convert(
    data: bytes,
    kind: str,
    media: Mapping[str, bytes] = {},
    *,
    lists: Collection[str] = (),
    p3_allowed: bool = False,
    ours: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Converted:
    """Convert a definition of one kind with its media by file name. About 0.7 s; 0.01 s for an XForm.

    `lists`: entity lists whose CSV the server makes. `p3_allowed`: published for tests, or its P3 answers are sealed.
    `ours`: it came with the program, and needs no process of its own.
    """
    if kind not in _KINDS.values():
        return _refused(
            [
                error(
                    "unknown_kind",
                    "{kind} is no kind of form definition.",
                    "Use xlsx, csv, md, yaml, xml.",
                    detail=blanks(kind=repr(kind)),
                )
            ]
        )
    run = answer if ours else _run_worker
    found = Answer([], xform=data) if kind == "xml" else run(data, kind, limits)
    if not found.xform:
        return _refused(found.findings, found.sheets)
    form = read_form(found.xform)
    if isinstance(form, list):
        return _refused([*found.findings, *form], found.sheets)
    findings = [*form_findings(form, p3_allowed=p3_allowed), *media_findings(form, media, lists)]
    findings = _ordered([*found.findings, *_placed(findings, form, found)])
    if any(finding.severity == "error" for finding in findings):
        return _refused(findings, found.sheets)
    return Converted(form, found.xform, found.xlsx, findings, found.sheets)


def _refused(findings: Iterable[Finding], sheets: dict[str, list[list[str]]] | None = None) -> Converted:
    return Converted(None, b"", None, _ordered(findings), sheets or {})


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.severity)


def _placed(findings: list[Finding], form: Form, found: Answer) -> list[Finding]:
    """Findings about paths, with the row of the sheet that the path came from."""
    entity_rows = {entity.path: found.entity_rows.get(entity.list) for entity in form.entities}
    placed = []
    for finding in findings:
        row = finding.row or found.rows.get(finding.path or "")
        for path, entity_row in entity_rows.items():
            if finding.sheet == "entities" and (finding.path or "").startswith(path):
                row = entity_row
        known = {"row": row} if found.xlsx is not None else {"row": None, "sheet": None, "column": None}
        placed.append(msgspec.structs.replace(finding, **known))
    return placed


def _run_worker(data: bytes, kind: str, limits: Limits) -> Answer:
    """The worker's answer; a finding where it was ended for taking too much."""
    stated = msgspec.json.encode(limits).decode()
    try:
        found = limited_process.run("fieldsync.services.conversion_worker", [kind, stated], data, limits.seconds)
        return _too_much() if found is None else msgspec.msgpack.decode(found, type=Answer)
    except OSError:
        return Answer([error("conversion", "The conversion could not be started.", "Try again later.")])
    except msgspec.DecodeError:
        return _too_much()


def _too_much() -> Answer:
    message = "The conversion took too much time or memory and was ended."
    return Answer([error("too_expensive", message, "Make the form smaller; move long lists to CSV files.")])
