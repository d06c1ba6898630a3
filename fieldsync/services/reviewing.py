"""Judging a record at the desk: the review states by their table, and answers that change by its rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.core.review_moves import FREE, keeps_from, keeps_from_writing, moves
from fieldsync.services import desk, histories
from fieldsync.services.desk import Desk, Found, Seen
from fieldsync.services.working import decode_state
from fieldsync.store import quarantine, records
from fieldsync.store.quarantine import QuarantineRow


def decide(session: Session, by: Desk, found: Found, state: str, reason: str = "", seen: Seen = None) -> Problem | None:
    """Move a record to a review state; the reason goes to whoever sent it, with her next sync.

    `seen` are the heads that a page showed: nobody judges what was said since.
    """
    if seen is not None and set(seen) != set(heads_of(found)):
        return Problem("stale_page")
    return why_not(session, by.association_id, found, state, reason) or desk.review(session, by, found, state, reason)


def comment(session: Session, by: Desk, found: Found, text: str, seen: Seen) -> Problem | None:
    """Say something as one who saw the record at `seen`: what was said since stays unseen by whoever comments."""
    if seen is None:
        return desk.comment(session, by, found, text)
    spoken = histories.spoken(session, by.association_id, found.row)
    known = {each.id for each in spoken.past.operations} if spoken else set()
    if not seen or not known.issuperset(seen):
        return Problem("stale_page")
    return desk.comment(session, by, found, text, seen)


def heads_of(found: Found) -> tuple[OperationId, ...]:
    """The heads of a record as it is."""
    state = decode_state(bytes(found.row.state))
    return state.heads if state else ()


def why_not(session: Session, association_id: int, found: Found, state: str, reason: str = "") -> Problem | None:
    """Why a record does not move to a review state, or None."""
    waiting = len(set_apart(session, association_id, found))
    return keeps_from(found.row.review, state, reason, found.row.conflicts, waiting)


def takes_reason(found: Found, state: str) -> bool:
    """Whether whoever moves a record to a review state is asked why."""
    return moves(found.row.review).get(state, FREE) != FREE


def set_apart(session: Session, association_id: int, found: Found) -> list[QuarantineRow]:
    """What was said about a record and waits in quarantine for a verdict, oldest first."""
    rows = quarantine.of_record(session, association_id, bytes(found.row.uuid))
    return [row for row in rows if row.status == "quarantined" and (row.kind, row.of) == (found.kind, found.of)]


def correct(
    session: Session,
    by: Desk,
    found: Found,
    writes: Mapping[str, Any],
    seen: Sequence[OperationId] | None,
    reason: str = "",
) -> Problem | None:
    """Write other answers as one who saw the record at `seen`, or as it is; a reason stands beside as a comment."""
    problem = keeps_from_writing(found.row.review, reason) or desk.correct(session, by, found, writes, seen)
    if problem is not None or not reason:
        return problem
    uuid = records.uuid_text(found.row.uuid)
    named = (found.kind, found.of)
    again = next(each for each in desk.find(session, by.association_id, uuid) if (each.kind, each.of) == named)
    return desk.comment(session, by, again, reason)
