"""Correcting what is quarantined: it is released, and what is wrong in it written over at the desk, in one go.

The companion's words stay hers and stay in the history; only what the desk changed is the desk's. What cannot be
released, because its id is taken, is said again at the desk as a whole, and rejected itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.core.registers import same
from fieldsync.services import desk, histories, verdicts
from fieldsync.services.desk import Desk, Statement
from fieldsync.services.published import Published, published
from fieldsync.store.quarantine import QuarantineRow

CORRECTS = "corrects"
"""The member by which a correction names the quarantined operation whose place it takes."""


def keeps_from_correcting(session: Session, row: QuarantineRow) -> Problem | None:
    """Why nothing in it can be corrected: it cannot be read, is no answer, or its form is not here."""
    found = _readable(session, row)
    return found if isinstance(found, Problem) else None


def correct(
    session: Session,
    by: Desk,
    row: QuarantineRow,
    changed: Mapping[str, Value],
    seen: Sequence[OperationId],
    note: str,
) -> list[Problem]:
    """Let it into its record with other answers; what is still wrong with them, or nothing.

    `changed`: path → what shall stand there instead; null leaves the answer out. `seen`: the heads of its record that
    the page showed.
    """
    found = _readable(session, row)
    if isinstance(found, Problem):
        return [found]
    operation, form = found
    known, unknown = _known_and_unknown(form, operation, changed)
    problems = form.compiled.wrong_in_itself(known)
    if not problems and not _has_heads(session, by, row, seen):
        problems = [Problem("stale_page")]
    if problems:
        return problems
    problem = desk.say(session, by, _statements(session, by, row, operation, (known, unknown), seen, note))
    return [] if problem is None else [problem]


def _statements(
    session: Session,
    by: Desk,
    row: QuarantineRow,
    operation: Operation,
    answers: tuple[Mapping[str, Value], Mapping[str, Value]],
    seen: Sequence[OperationId],
    note: str,
) -> list[Statement]:
    # The verdict, too, has seen no more than the page showed: an author's own words are in the past of her later ones.
    known, unknown = answers
    members: dict[str, Any] = {"version": operation.version, CORRECTS: desk.target_of(session, row)}
    if verdicts.keeps_from_release(session, row, operation) is None:
        verdict = desk.verdict_on(session, by, row, verdicts.RELEASE, note, seen)
        writes = {path: value for path, value in known.items() if not same(value, operation.writes[path])}
        writes |= unknown
        members |= {"writes": writes, "seen": _with(seen, operation.id)}
        return [verdict, *([desk.about_quarantined(session, by, row, **members)] if writes else [])]
    verdict = desk.verdict_on(session, by, row, verdicts.REJECT, note, seen)
    whole = {path: value for path, value in known.items() if value is not None}
    members |= {"writes": whole, "seen": list(seen[: desk.SEEN_MAX]), "bases": operation.bases}
    return [desk.about_quarantined(session, by, row, **members), verdict]


def _with(seen: Sequence[OperationId], own: OperationId) -> list[OperationId]:
    return list(dict.fromkeys([own, *seen]))[: desk.SEEN_MAX]


def _readable(session: Session, row: QuarantineRow) -> tuple[Operation, Published] | Problem:
    operation = parse_operation(bytes(row.body))
    if row.status == "released":
        return Problem("already_judged")
    if not isinstance(operation, Operation) or operation.kind != "submission" or not operation.writes:
        return Problem("not_correctable")
    form = published(session, row.association_id, operation.of, operation.version)
    return (operation, form) if form else Problem("form_not_here", detail={"version": operation.version or "…"})


def _known_and_unknown(
    form: Published, operation: Operation, changed: Mapping[str, Value]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """The answers as they shall stand, and null for what is no question of the form."""
    wanted = {path: changed.get(path, value) for path, value in operation.writes.items()}
    problems = form.compiled.wrong_in_itself(dict.fromkeys(wanted))
    strange = {problem.path for problem in problems}
    known = {path: value for path, value in wanted.items() if path not in strange}
    return known, dict.fromkeys(path for path in wanted if path in strange)


def _has_heads(session: Session, by: Desk, row: QuarantineRow, seen: Sequence[OperationId]) -> bool:
    """Whether the record has the heads that the page named; else the correction would wait for them for ever."""
    found = desk.about_quarantined(session, by, row).found
    spoken = histories.spoken(session, by.association_id, found.row) if found else None
    known = {each.id for each in spoken.past.operations} if spoken else set()
    return known.issuperset(seen)
