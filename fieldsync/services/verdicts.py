"""Verdicts on one quarantined operation: a release lets it into its record, a rejection lays it aside."""

from sqlalchemy.orm import Session

from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, desk
from fieldsync.services.desk import Desk
from fieldsync.store import authors, operations, quarantine
from fieldsync.store.quarantine import QuarantineRow, VerdictRow

RELEASE = "release"
REJECT = "reject"


def judge(session: Session, by: Desk, row: QuarantineRow, verdict: str, note: str = "") -> Problem | None:
    """Carry a verdict out, as an operation on the record wherever what was said names one; `note` is the reason."""
    operation = parse_operation(bytes(row.body))
    if row.status == "released" or (row.status, verdict) == ("rejected", REJECT):
        return Problem("already_judged")
    problem = keeps_from_release(session, row, operation) if verdict == RELEASE else None
    if problem is not None:
        return problem
    if isinstance(operation, Operation):
        return desk.say(session, by, [desk.verdict_on(session, by, row, verdict, note)])
    actor = f"person:{by.who[1:]}" if by.who.startswith("p") else auditing.OPERATOR
    target = (desk.name_of_sender(session, row.sender_id), row.author, row.counter, row.n, bytes(row.digest).hex())
    given = VerdictRow(verdict, note, desk.author_name(session, by), by.now_ms)
    quarantine.note_verdict(session, by.association_id, target, given)
    quarantine.set_status(session, row.id, "rejected")
    auditing.note(session, by.association_id, actor, "verdict", f"quarantine:{row.id}", by.now_ms, detail=verdict)
    return None


def keeps_from_release(session: Session, row: QuarantineRow, operation: object) -> Problem | None:
    """Why an operation can only be said again: it cannot be read, its author is not known, its id is taken."""
    author = authors.find(session, row.author)
    if author is None or not row.counts or not isinstance(operation, Operation):
        return Problem("not_releasable")
    return Problem("occupied") if operations.known(session, author.id, [row.counter]) else None
