"""Settling conflicts: an operation that has seen exactly what the page showed (docs/protocol.md section 11).

What somebody else said meanwhile has not been seen, and stays beside it: nobody settles over another unawares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import pattern_of
from fieldsync.core.merge import RecordState
from fieldsync.core.operations import OperationId, Value
from fieldsync.core.problems import Problem
from fieldsync.core.reviews import THE_RECORD
from fieldsync.core.sets import is_set
from fieldsync.services import desk, entity_questions, histories, reviewing
from fieldsync.services.desk import Desk, Found
from fieldsync.services.histories import Spoken
from fieldsync.services.published import published

KEEP, REMOVE = "keep", "remove"
"""How a delete that is in doubt is settled."""

ANY_OCCURRENCE = "00000000-0000-4000-8000-000000000000"
"""Stands for the row of a repeat where only the question's type matters."""


@dataclass(frozen=True)
class Settlement:
    """What somebody decided of one path, and the heads of the record that she saw.

    `taken`: the operation whose value holds; else `value`, her own. `reason`: why, which what is approved takes.
    """

    path: str
    seen: Sequence[OperationId]
    taken: OperationId | None = None
    value: Value = None
    reason: str = ""


def settle(session: Session, by: Desk, found: Found, chosen: Settlement) -> Problem | None:
    """Let one value of a path hold: one of those that stand, or another that the form's own rules admit."""
    spoken = _as_seen(session, by, found, chosen.seen)
    if isinstance(spoken, Problem):
        return spoken
    if chosen.taken is None:
        writes = {chosen.path: chosen.value}
        problem = wrong_with(session, by, found, spoken.state, writes)
        if problem is not None:
            return problem
    else:
        said = next((each for each in spoken.past.operations if each.id == chosen.taken), None)
        if said is None or chosen.path not in said.writes:
            return Problem("stale_page")
        writes = {chosen.path: said.writes[chosen.path]}
    return reviewing.correct(session, by, found, writes, chosen.seen, chosen.reason)


def settle_delete(
    session: Session, by: Desk, found: Found, path: str, decision: str, seen: Sequence[OperationId], reason: str = ""
) -> Problem | None:
    """Keep, or delete, what somebody deleted while somebody wrote to it: the record (`path` is "") or an occurrence."""
    spoken = _as_seen(session, by, found, seen)
    if isinstance(spoken, Problem):
        return spoken
    if path == THE_RECORD and decision == REMOVE:
        return desk.delete(session, by, found, seen)
    if path == THE_RECORD:
        return bring_back(session, by, found, seen)
    if path not in spoken.state.fields:
        return Problem("stale_page")
    kept = spoken.state.fields[path] if decision == KEEP else None
    return reviewing.correct(session, by, found, {path: kept}, seen, reason)


def bring_back(session: Session, by: Desk, found: Found, seen: Sequence[OperationId]) -> Problem | None:
    """Undo a delete: a write that has it in its past revives the record.

    It says again what one answer shows. No answer changes by it, so that what is approved takes no reason.
    """
    spoken = _as_seen(session, by, found, seen)
    if isinstance(spoken, Problem):
        return spoken
    writes = said_again(spoken.state)
    return desk.correct(session, by, found, writes, seen) if writes else Problem("nothing_to_bring_back")


def said_again(state: RecordState) -> dict[str, Value]:
    """One answer as it shows, to be written again: a plain one that nobody disputes, where there is one."""
    plain = [path for path, value in state.fields.items() if not is_set(value) and "[" not in path]
    settled = [path for path in plain if path not in state.conflicts]
    chosen = next((path for path in settled if state.fields[path] is not None), None)
    chosen = chosen or next(iter([*settled, *plain, *state.fields]), None)
    return {} if chosen is None else {chosen: state.fields[chosen]}


def wrong_with(
    session: Session, by: Desk, found: Found, state: RecordState, writes: Mapping[str, Any]
) -> Problem | None:
    """What the form says against these values: types, choices, and rules that they would newly break."""
    if found.kind == "entity":
        return _wrong_in_list(session, by, found.of, writes)
    form = published(session, by.association_id, found.of, state.version)
    if form is None:
        return Problem("form_not_here", detail={"version": state.version or "…"})
    problems = form.compiled.wrong_in_itself(writes)
    if not problems:
        before = form.compiled.broken_rules(state.fields, by.now_ms)
        after = form.compiled.broken_rules({**state.fields, **writes}, by.now_ms)
        problems = [each for each in after if each.path in writes and each not in before]
    return next(iter(problems), None)


def _wrong_in_list(session: Session, by: Desk, list_name: str, writes: Mapping[str, Any]) -> Problem | None:
    """An entity has no form of its own: the question that writes a property says what fits it."""
    written = entity_questions.of_list(session, by.association_id, list_name)
    for name, value in writes.items():
        if name in written:
            found, question = written[name]
            somewhere = pattern_of(question.path, question.repeats).replace("[]", f"[{ANY_OCCURRENCE}]")
            problems = found.compiled.wrong_in_itself({somewhere: value})
            if problems:
                return Problem(problems[0].code, name, problems[0].detail, problems[0].said)
        elif not isinstance(value, str | None):
            return Problem("wrong_type", name, {"type": "text"})
    return None


def _as_seen(session: Session, by: Desk, found: Found, seen: Sequence[OperationId]) -> Spoken | Problem:
    """All that the record is the fold of; a problem where a page named heads that it does not have."""
    spoken = histories.spoken(session, by.association_id, found.row)
    known = {each.id for each in spoken.past.operations} if spoken else set()
    return spoken if spoken is not None and seen and known.issuperset(seen) else Problem("stale_page")
