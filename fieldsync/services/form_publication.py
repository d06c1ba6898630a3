"""A definition that somebody sends becomes a published version, or findings and nothing else."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.core.finding_texts import message, repair
from fieldsync.core.forms import Finding
from fieldsync.core.media import media_name
from fieldsync.core.problems import Problem
from fieldsync.services import publishing
from fieldsync.services.conversion import Converted
from fieldsync.services.entity_lists import convert_with_lists
from fieldsync.services.publishing import Definition
from fieldsync.store import form_versions

CONVERSIONS_AT_ONCE = 2
"""Each may take half a gigabyte and half a minute."""

CONVERSION_WAIT_SECONDS = 10

_converting = threading.BoundedSemaphore(CONVERSIONS_AT_ONCE)


@dataclass(frozen=True)
class Sent:
    """A definition of a kind (xlsx, csv, md, yaml, xml), its files by name or None, and entity lists that it reads."""

    source: bytes
    kind: str
    files: Mapping[str, bytes] | None
    lists: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """What a definition became. `problem` says why nothing was published; `is_new` is false for the same again."""

    form: str = ""
    version: str = ""
    hash: str = ""
    findings: tuple[Finding, ...] = ()
    is_new: bool = False
    problem: Problem | None = None


def converted(sent: Sent, known_lists: Sequence[str], settings: Settings) -> Converted | Problem:
    """Convert what was sent, in a process of its own; `busy` where others are at it for long."""
    if not _converting.acquire(timeout=CONVERSION_WAIT_SECONDS):
        return Problem("busy")
    try:
        return convert_with_lists(sent.source, sent.kind, sent.files, [*sent.lists, *known_lists], settings)
    finally:
        _converting.release()


def definition_of(sent: Sent, known_lists: Sequence[str], settings: Settings) -> Definition | Outcome:
    """A definition ready to publish, or what is wrong with it."""
    made = converted(sent, known_lists, settings)
    return Outcome(problem=made) if isinstance(made, Problem) else ready(made, sent)


def ready(made: Converted, sent: Sent) -> Definition | Outcome:
    """What was converted as a definition; files that the form does not name are left out."""
    findings = tuple(made.findings)
    if made.form is None:
        return Outcome(findings=findings, problem=Problem("form_has_errors", detail=_count(findings)))
    named = {name for name in map(media_name, made.form.media) if name is not None}
    wanted = {name: data for name, data in (sent.files or {}).items() if name in named}
    return Definition(made.form, made.xform, made.xlsx, sent.source, sent.kind, findings, wanted)


def look(session: Session, association_id: int, definition: Definition) -> Outcome:
    """What publishing would do."""
    form = definition.form
    content_hash = publishing.hash_of(definition.xform, definition.media)
    known = form_versions.find(session, association_id, form.id, form.version)
    outcome = Outcome(form.id, form.version, content_hash, definition.findings, known is None)
    if known is None or known.hash == content_hash:
        return outcome
    return _refused(outcome, Problem("version_taken", detail={"form": form.id, "version": form.version}))


def publish(session: Session, association_id: int, definition: Definition, now_ms: int, by: str) -> Outcome:
    """Publish; the same content again changes nothing."""
    outcome = look(session, association_id, definition)
    if outcome.problem is not None or not outcome.is_new:
        return outcome
    row = publishing.publish(session, association_id, definition, now_ms, by)
    return _refused(outcome, row) if isinstance(row, Problem) else outcome


def findings_told(findings: Sequence[Finding]) -> list[object]:
    """Findings as the wire and the command line have them: their texts in English, no blanks left."""
    return [
        msgspec.to_builtins(
            msgspec.structs.replace(each, message=message(each).text, advice=repair(each).text, detail=())
        )
        for each in findings
    ]


def _refused(outcome: Outcome, problem: Problem) -> Outcome:
    return Outcome(outcome.form, outcome.version, outcome.hash, outcome.findings, False, problem)


def _count(findings: Sequence[Finding]) -> dict[str, str]:
    return {"count": str(sum(finding.severity == "error" for finding in findings))}
