"""What is held: operations that wait for something that is not here, and letting one go without it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import desk, desk_lists
from fieldsync.services.desk import Desk
from fieldsync.services.readers import Reader
from fieldsync.services.reading import Page
from fieldsync.store import operations, records

FORM, AUTHOR, SEEN = "form", "author", "seen"
"""What something may wait for: a form version, the enrolment of an author, an operation."""


@dataclass(frozen=True)
class Held:
    """An operation that waits: its row id, what it says, its record's UUID."""

    row_id: int
    operation: Operation
    record: str


def page(session: Session, reader: Reader, after_id: int, limit: int) -> Page:
    """A page of what waits, oldest first; without what it says."""
    rows = operations.held(session, reader.association_id, after_id, limit)
    waits = operations.waits_of(session, [row.id for row, _ in rows])
    secret, items = desk_lists.secret_of(session), list[dict[str, Any]]()
    for row, uuid in rows:
        operation = parse_operation(bytes(row.body))
        if isinstance(operation, Operation) and desk_lists.sees(reader, operation.kind, operation.of, READ_HISTORY):
            items.append(
                {
                    "held": seal_number(row.id, _purpose(reader.association_id), secret),
                    "kind": operation.kind,
                    "of": operation.of,
                    "record": records.uuid_text(uuid),
                    "author": row.author,
                    "said_ms": operation.stamp[0],
                    "received_ms": row.received_ms,
                    "waits": waits[row.id],
                    "may_go": FORM not in {kind for kind, _ in waits[row.id]},
                }
            )
    return Page(items, rows[-1][0].id if len(rows) == limit else None)


def find(session: Session, reader: Reader, ticket: str) -> Held | None:
    """The held operation that a list named so, where its form is the reader's to act on."""
    number = open_number(ticket, _purpose(reader.association_id), desk_lists.secret_of(session))
    found = None if number is None else operations.find_held(session, reader.association_id, number)
    operation = parse_operation(bytes(found[0].body)) if found else None
    if found is None or not isinstance(operation, Operation):
        return None
    seen = desk_lists.sees(reader, operation.kind, operation.of, ACT_ON_RECORDS)
    return Held(found[0].id, operation, records.uuid_text(found[1])) if seen else None


def release(session: Session, by: Desk, held: Held, note: str) -> Problem | None:
    """Let it apply without what it waits for. Without its form version nobody can tell what it means."""
    waits = operations.waits_of(session, [held.row_id])[held.row_id]
    if any(kind == FORM for kind, _ in waits):
        return Problem("form_not_here", detail={"version": held.operation.version or "…"})
    return desk.judge(session, by, held.record, held.operation.id, "release", note)


def _purpose(association_id: int) -> str:
    return f"held {association_id}"
