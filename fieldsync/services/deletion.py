"""Deleting a submission, and what it alone wrote: each by an operation, each to be brought back."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.services import desk, histories, provenance, reading
from fieldsync.services.desk import Desk, Found
from fieldsync.services.readers import Reader
from fieldsync.store import associations, operations, records


def delete(session: Session, by: Desk, found: Found, seen: Sequence[OperationId], reason: str) -> Problem | None:
    """Delete a record; the reason stands beside it as a comment, and reaches the phone of whoever sent it.

    What somebody wrote unseen meanwhile keeps the record, as a delete in doubt.
    """
    spoken = histories.spoken(session, by.association_id, found.row)
    known = {each.id for each in spoken.past.operations} if spoken else set()
    if not seen or not known.issuperset(seen):
        return Problem("stale_page")
    having_seen: dict[str, Any] = {"seen": list(seen[: desk.SEEN_MAX])}
    said = [
        desk.statement(found, act={"comment": reason}, **having_seen),
        desk.statement(found, delete=True, **having_seen),
    ]
    return desk.say(session, by, said)


def left_alone(session: Session, reader: Reader, submission: Found) -> list[Found]:
    """The entities that a submission wrote and nothing else did, over which the reader may act.

    An entity that another submission, or somebody at the desk, wrote to, or that was merged, is not its own alone.
    """
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    own = {(row.author, row.counter) for row in operations.history(session, [submission.row.id])}
    found = []
    for row in provenance.written_by(session, submission):
        entity = Found(row, named[row.collection_id].kind, named[row.collection_id].of)
        acts = reading.may_read(reader, entity, row, ACT_ON_RECORDS)
        if acts and not row.deleted and not row.merged and _is_of(session, row.id, own):
            found.append(entity)
    return found


def _is_of(session: Session, row_id: int, own: Collection[tuple[str, int]]) -> bool:
    """Whether everything that was said of an entity follows from these operations."""
    return all(row.n and (row.author, row.counter) in own for row in operations.history(session, [row_id]))


def delete_left(session: Session, by: Desk, reader: Reader, submission: Found, chosen: Collection[str]) -> int:
    """Delete those that were chosen, by UUID, of what a submission alone wrote; how many."""
    left = left_alone(session, reader, submission)
    wanted = [each for each in left if records.uuid_text(each.row.uuid) in chosen]
    if wanted:
        problem = desk.say(session, by, [desk.statement(each, delete=True) for each in wanted])
        assert problem is None, problem
    return len(wanted)
