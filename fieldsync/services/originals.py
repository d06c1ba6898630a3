"""The XML of submissions as it came by OpenRosa. Everything that was said is in it: only who may read all gets it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.openrosa import instance_name
from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, reading
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader
from fieldsync.services.withholding import Withholding
from fieldsync.store import openrosa, operations, records
from fieldsync.store.openrosa import SubmissionRow

INSTANCE_ID = "meta/instanceID"

PAGE_ROWS = 200

OPERATIONS_MAX = 2000
"""Operations of a record that are looked through for the submissions behind them."""


@dataclass(frozen=True)
class Original:
    """A submission as it came: the digest by which it is asked for, what became of it, when it came (where known)."""

    digest: str
    status: str
    received_ms: int | None


def listed(session: Session, reader: Reader, found: Found) -> list[Original]:
    """The submissions of a record, in the order in which they came; edits, and other content under their ids, too.

    One whose form version is not here is left out: nobody can tell yet who may read it.
    """
    came = {}
    instances: set[str] = set()
    for instance, author, counter, received_ms in _said(session, found):
        instances.add(instance)
        came[author, counter] = received_ms
    rows = _rows(session, reader.association_id, found, instances)
    names = {row.author_id: openrosa.author_name(session, row.author_id) for row in rows}
    return [
        Original(row.digest.hex(), row.status, came.get((names[row.author_id], row.counter)))
        for row in rows
        if row.waits_version is None
    ]


def refusal(session: Session, reader: Reader, found: Found) -> Problem | None:
    """Why somebody may not have the XML of a record: some answers of its form are never hers to see.

    Answers that are masked until a click are hers: fetching the XML is written down as a click is.
    """
    if not Withholding(session, reader.association_id).paths(found.kind, found.of).known:
        return Problem("original_closed")
    hidden = reading.hidden_of(session, reader, found, revealed=True)
    return Problem("original_closed") if hidden.withheld or hidden.masked else None


def fetched(session: Session, reader: Reader, found: Found, digest: str, now_ms: int) -> bytes | Problem:
    """The XML of one submission, byte for byte; that it was fetched is written down with it."""
    problem = refusal(session, reader, found)
    if problem is not None:
        return problem
    instances = {instance for instance, _, _, _ in _said(session, found)}
    rows = _rows(session, reader.association_id, found, instances)
    row = next((row for row in rows if row.digest.hex() == digest and row.waits_version is None), None)
    if row is None:
        return Problem("not_found")
    about = f"record:{records.uuid_text(found.row.uuid)}"
    by = auditing.by(reader)
    auditing.note(session, reader.association_id, by, "original_fetched", about, now_ms, detail=digest)
    return bytes(row.xml or b"")


def _said(session: Session, found: Found) -> Iterator[tuple[str, str, int, int | None]]:
    """(instance id, author, counter, when it came) of the submissions that a record's operations name."""
    after_id, left = 0, OPERATIONS_MAX
    while left > 0 and (page := operations.history_page(session, found.row.id, after_id, PAGE_ROWS)):
        after_id, left = page[-1].id, left - len(page)
        for row in page:
            operation = parse_operation(bytes(row.body)) if row.n == 0 else None
            if isinstance(operation, Operation):
                stated = operation.writes.get(INSTANCE_ID)
                instance = instance_name(stated) if isinstance(stated, str) else ""
                yield instance, row.author, row.counter, row.received_ms


def _rows(session: Session, association_id: int, found: Found, instances: set[str]) -> list[SubmissionRow]:
    named = tuple(sorted(filter(None, instances)))
    rows = []
    for start in range(0, len(named), PAGE_ROWS):
        rows += openrosa.around(session, association_id, found.of, named[start : start + PAGE_ROWS])
    if "" in instances:
        rows += openrosa.without_instance_id(session, association_id, found.of, found.row.uuid)
    mine = {row.id: row for row in rows if bytes(row.record) == bytes(found.row.uuid)}
    return [mine[each] for each in sorted(mine)]
