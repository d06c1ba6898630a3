"""One quarantined operation, as one reader may see it: why, what was sent, by whom, and what its record shows now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.core.roles import MASKED
from fieldsync.services import auditing, authorship, records_told, verdicts
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.judging import problems_from_json
from fieldsync.services.published import Published, published
from fieldsync.services.readers import Reader
from fieldsync.services.reading import NOBODY, RAW, find, hidden_of, hiding
from fieldsync.services.withholding import Withholding, hidden_from
from fieldsync.services.working import decode_state
from fieldsync.store import devices, quarantine, records
from fieldsync.store.quarantine import QuarantineRow

ANSWERS_MAX = 300
"""Answers of one operation that a page shows; a form of the programme has some sixty."""

RAW_CHARACTERS_MAX = 20_000
"""Of a text that cannot be read, what a page shows."""

SHOWN, MASKED_ANSWER, WITHHELD = "shown", "masked", "withheld"


@dataclass(frozen=True)
class Sent:
    """An answer that was sent. `problem`: what is wrong with it; `now`: what the record shows there, None for nothing.

    `shows` is shown, masked or withheld; the latter two come without values.
    """

    path: str
    shows: str
    value: Value = None
    now: Value = None
    problem: Problem | None = None
    is_known: bool = True


@dataclass(frozen=True)
class Verdict:
    """What was decided of it, why, by whom, when."""

    decision: str
    note: str
    by: Author
    said_ms: int


@dataclass(frozen=True)
class Item:
    """A quarantined operation. `raw` is its text where it cannot be read; `left_out`: answers beyond what is shown.

    `keeps`: why it cannot be released; `heads`: of its record, as whoever corrects it has seen them.
    """

    row: QuarantineRow
    operation: Operation | None
    problems: tuple[Problem, ...]
    sender: Author
    author: Author
    answers: tuple[Sent, ...]
    left_out: int
    raw: str | None
    is_masked: bool
    form: Published | None
    found: Found | None
    heads: tuple[OperationId, ...]
    keeps: Problem | None
    verdict: Verdict | None


def item(session: Session, reader: Reader, row: QuarantineRow, revealed: bool = False) -> Item:
    """All that there is to know of one."""
    parsed = parse_operation(bytes(row.body))
    operation = parsed if isinstance(parsed, Operation) else None
    problems = problems_from_json(bytes(row.problems))
    found = _record(session, reader, row)
    state = decode_state(bytes(found.row.state)) if found else None
    now = _shown_now(session, reader, found, revealed)
    said = hiding(session, reader, found.row if found else None, revealed)(row.kind, row.of, _told(row))
    form = published(session, row.association_id, row.of, operation.version) if operation else None
    answers = _answers(session, reader, operation, said, problems, now, form)
    raw = said.get(RAW)
    decided = quarantine.verdict_on(session, row)
    names = {row.author, *((decided.said_by,) if decided else ())}
    authors = authorship.named(session, reader.association_id, names)
    return Item(
        row=row,
        operation=operation,
        problems=problems,
        sender=_sender(session, row),
        author=authors[row.author],
        answers=tuple(answers[:ANSWERS_MAX]),
        left_out=max(0, len(answers) - ANSWERS_MAX),
        raw=None if raw is None else str(raw)[:RAW_CHARACTERS_MAX],
        is_masked=_is_masked(reader, row, answers, operation),
        form=form,
        found=found,
        heads=state.heads if state else (),
        keeps=verdicts.keeps_from_release(session, row, parsed),
        verdict=Verdict(decided.decision, decided.note, authors[decided.said_by], decided.said_ms) if decided else None,
    )


def note_revealed(session: Session, reader: Reader, row: QuarantineRow, now_ms: int) -> None:
    """Write down that somebody is about to be shown the personal answers of a quarantined operation."""
    about = f"quarantine:{row.id}"
    auditing.note(session, reader.association_id, auditing.by(reader), "personal_revealed", about, now_ms)


def _told(row: QuarantineRow) -> dict[str, Any]:
    said: dict[str, Any] = records_told.quarantined(row, "en")["said"]
    return said


def _record(session: Session, reader: Reader, row: QuarantineRow) -> Found | None:
    """The record that it speaks of, where that is here and the reader's."""
    if row.record is None:
        return None
    return next(iter(find(session, reader, records.uuid_text(bytes(row.record)), row.kind, row.of)), None)


def _shown_now(session: Session, reader: Reader, found: Found | None, revealed: bool) -> Mapping[str, Value]:
    """What the record shows to the reader."""
    state = decode_state(bytes(found.row.state)) if found else None
    if found is None or state is None:
        return {}
    hidden = hidden_of(session, reader, found, revealed)
    left_out = hidden.withheld | hidden.masked
    return {path: value for path, value in state.fields.items() if unindexed(path) not in left_out}


def _answers(
    session: Session,
    reader: Reader,
    operation: Operation | None,
    said: Mapping[str, Any],
    problems: tuple[Problem, ...],
    now: Mapping[str, Value],
    form: Published | None,
) -> list[Sent]:
    if operation is None:
        return []
    paths = Withholding(session, reader.association_id).paths(operation.kind, operation.of)
    hidden = hidden_from(reader, reader.scope(operation.kind, operation.of, "", NOBODY), paths)
    wrong = {problem.path: problem for problem in reversed(problems) if problem.path is not None}
    known = paths.known or (frozenset(form.compiled.checked_paths()) if form else frozenset())
    shown = said.get("writes", {})
    found = []
    for path, value in operation.writes.items():
        is_known = unindexed(path) in known
        if path in shown:
            found.append(Sent(path, SHOWN, value, now.get(path), wrong.get(path), is_known))
        else:
            shows = MASKED_ANSWER if unindexed(path) in hidden.masked or not hidden.withheld else WITHHELD
            found.append(Sent(path, shows, problem=wrong.get(path), is_known=is_known))
    return found


def _is_masked(reader: Reader, row: QuarantineRow, answers: list[Sent], operation: Operation | None) -> bool:
    """Whether a click would show more."""
    if operation is not None:
        return any(each.shows == MASKED_ANSWER for each in answers)
    return access.personal(reader.grants, reader.scope(row.kind, row.of, "", NOBODY)) == MASKED


def _sender(session: Session, row: QuarantineRow) -> Author:
    device = devices.find(session, row.sender_id)
    if device is None:
        return Author(authorship.OTHER, "")
    kind = authorship.HUB if device.kind == "hub" else authorship.PHONE
    return Author(kind, device.name, device.status == "revoked")
