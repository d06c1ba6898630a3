"""Keeping what is wrong in itself, so that a person can look at it (docs/protocol.md section 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.canonical import sameness
from fieldsync.core.operations import Operation
from fieldsync.core.problems import Problem
from fieldsync.services import following
from fieldsync.services.judging import Said, problems_as_json, problems_from_json
from fieldsync.services.senders import Sender
from fieldsync.store import operations, quarantine, records
from fieldsync.store.operations import OperationRow
from fieldsync.store.quarantine import FAULTS_MAX, QuarantineRow


@dataclass(frozen=True)
class Kept:
    """How a quarantined statement stands: whether it was said before, and what became of it."""

    said_before: bool
    status: str
    counts: bool
    problems: tuple[Problem, ...]


Judged = tuple[tuple[str, int, int], bytes]
"""((author, counter, n), digest) of a quarantined statement."""


STAYS = 0
"""In the place of a row id: what is quarantined stays there until a verdict."""


def judged_before(session: Session, sender: Sender, keys: Iterable[tuple[str, int, int]]) -> dict[Judged, int]:
    """What of these ids stands in quarantine as said by this sender, and whether it stays there.

    What the sender could not speak for then, and can now, leaves by the row id given.
    """
    rows = quarantine.of_sender(session, sender.device.id, {(author, counter) for author, counter, _ in keys})
    return {
        ((author, counter, n), digest): STAYS if counts else row for author, counter, n, digest, counts, row in rows
    }


def leave(session: Session, row_id: int) -> None:
    """What was quarantined is said again by one who may now say it: nobody needs to look at it any more."""
    quarantine.set_status(session, row_id, "released")


def is_released(session: Session, sender: Sender, said: Said) -> bool:
    """Whether a verdict came before what it releases."""
    if not said.counts or said.operation is None:
        return False
    author, counter, n = said.key
    association_id = sender.device.association_id
    return quarantine.verdict(session, association_id, author, counter, n, said.digest().hex()) == "release"


def keep(session: Session, sender: Sender, said: Said, now_ms: int) -> Kept:
    """Keep an operation raw, once for each (sender, id, digest)."""
    author, counter, n = said.key
    digest = said.digest()
    before = quarantine.said(session, sender.device.id, author, counter, n, digest)
    if before is not None and said.counts and not before.counts:
        # Said again by one who may now say it: it counts, and is wrong for what is in it.
        status = quarantine.let_count(session, before, problems_as_json(said.problems), code_of(said.problems))
        return Kept(False, status, True, said.problems)
    if before is not None:
        return Kept(True, before.status, before.counts, problems_from_json(before.problems))
    decided = quarantine.verdict(session, sender.device.association_id, author, counter, n, digest.hex())
    status = "rejected" if decided == "reject" else "quarantined"
    operation = said.operation
    row = QuarantineRow(
        id=0,
        association_id=sender.device.association_id,
        sender_id=sender.device.id,
        author=author,
        counter=counter,
        n=n,
        digest=digest,
        counts=said.counts,
        kind=operation.kind if operation else "",
        of=operation.of if operation else "",
        record=records.uuid_bytes(operation.record) if operation else None,
        status=status,
        problems=problems_as_json(said.problems),
        body=said.raw,
        arrived_ms=now_ms,
        code=code_of(said.problems),
    )
    quarantine.add(session, row)
    return Kept(False, status, said.counts, said.problems)


def code_of(problems: Sequence[Problem]) -> str:
    """By which of its problems a statement is found: the first."""
    return problems[0].code if problems else ""


def move_from_held(
    session: Session, row: OperationRow, operation: Operation, association_id: int, sender_id: int, now_ms: int,
    problems: tuple[Problem, ...],
) -> None:  # fmt: skip
    """Quarantine an operation that waited for its form version, and that the version finds wrong in itself."""
    operations.remove_held(session, row.id)
    following.touch(session, association_id, [row.record_id])
    raw = bytes(row.body)
    before = quarantine.said(session, sender_id, operation.id[0], operation.id[1], 0, sameness(raw))
    if before is not None:  # it was there before its sender might speak for its author
        quarantine.let_count(session, before, problems_as_json(problems), code_of(problems))
        return
    quarantine.add(
        session,
        QuarantineRow(
            0, association_id, sender_id, operation.id[0], operation.id[1], 0, sameness(raw), True, operation.kind,
            operation.of, records.uuid_bytes(operation.record), "quarantined", problems_as_json(problems), raw, now_ms,
            code_of(problems),
        ),
    )  # fmt: skip


def same(said: Said, body: bytes) -> bool:
    """Whether a statement is the one that is stored under its id."""
    return said.raw == body or said.digest() == sameness(body)


def fails_always(session: Session, sender: Sender, said: Said) -> bool:
    """Count a failure of an operation alone; true when it has failed often enough to be set apart."""
    return quarantine.count_fault(session, sender.device.id, *said.key, said.digest()) >= FAULTS_MAX
