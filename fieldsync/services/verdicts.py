"""Verdicts on one quarantined operation: a release lets it into its record, a rejection lays it aside."""

from sqlalchemy.orm import Session

from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, desk
from fieldsync.services.desk import Desk
from fieldsync.store import authors, operations, quarantine
from fieldsync.store.quarantine import QuarantineRow

RELEASE = "release"
REJECT = "reject"


def judge(session: Session, by: Desk, row: QuarantineRow, verdict: str) -> Problem | None:
    """Carry a verdict out, as an operation on the record wherever what was said names one."""
    operation = parse_operation(bytes(row.body))
    if row.status == "released":
        return Problem("already_judged")
    if verdict == RELEASE:
        problem = _keeps_from_release(session, row, operation)
        if problem is not None:
            return problem
    if not isinstance(operation, Operation):
        sender = desk.name_of_sender(session, row.sender_id)
        target = (sender, row.author, row.counter, row.n, bytes(row.digest).hex())
        quarantine.note_verdict(session, by.association_id, target, verdict)
        quarantine.set_status(session, row.id, "rejected")
        actor = f"person:{by.who[1:]}" if by.who.startswith("p") else auditing.OPERATOR
        auditing.note(session, by.association_id, actor, "verdict", f"quarantine:{row.id}", by.now_ms, detail=verdict)
        return None
    return desk.say_verdict(session, by, row, verdict)


def _keeps_from_release(session: Session, row: QuarantineRow, operation: object) -> Problem | None:
    """Why an operation can only be said again: it cannot be read, its author is not known, its id is taken."""
    author = authors.find(session, row.author)
    if author is None or not row.counts or not isinstance(operation, Operation):
        return Problem("not_releasable")
    return Problem("occupied") if operations.known(session, author.id, [row.counter]) else None
