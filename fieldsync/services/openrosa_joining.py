"""Records that a late link of a chain of edits shows to be one: what stands apart goes on in the record of the link.

A companion edits a sent form twice, and the second edit comes before the first: nothing tells yet whose edit it is, so
it begins a record. When the link comes, each submission of that record is said once more, in the name of who sent it,
against what it replaces, in the record of the link; the record that it began is deleted by one who has seen nothing
but submissions. What anybody else wrote there keeps it, as a delete in doubt, and a flag leads to what was said there.
"""

import logging
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fieldsync.core.merge import RecordState
from fieldsync.services import arrivals, desk, verdicts
from fieldsync.services.deciding import ITSELF
from fieldsync.services.desk import SEEN_MAX, Desk
from fieldsync.services.openrosa_chain import EDITS_MAX, around, operation_of
from fieldsync.services.openrosa_taking import Taking, again
from fieldsync.services.working import decode_state
from fieldsync.store import authors, flags, openrosa, operations, quarantine, records
from fieldsync.store import openrosa_branches as store_branches
from fieldsync.store import openrosa_files as store_files
from fieldsync.store.db import is_passing, savepoint
from fieldsync.store.openrosa import AUTHOR_KIND, SubmissionRow
from fieldsync.store.quarantine import QuarantineRow
from fieldsync.store.records import RecordRow

logger = logging.getLogger(__name__)

CAME_APART = "came_apart"
"""The flag of a record of which a part came first, as another record, about which people have spoken."""


class StaysApart(Exception):
    """A submission cannot be said again in another record."""


def join(session: Session, link: Taking) -> set[str]:
    """Let the records that a submission shows to be one be one; the entities of which they speak.

    All of a record or nothing: what cannot be said again leaves both as they were, and flagged.
    """
    entities: set[str] = set()
    for uuid in link.chain.apart:
        apart = _stored(session, link, records.uuid_text(uuid))
        try:
            with savepoint(session):
                entities |= _move(session, link, uuid, apart)
            is_one = True
        except Exception as error:
            if is_passing(error) or isinstance(error, IntegrityError):
                raise  # another transaction was first: the whole is tried again
            if not isinstance(error, StaysApart):
                logger.error("records of one chain stay apart by %s", type(error).__name__)
            is_one = False
        if apart is not None and not (is_one and _is_of_submissions_alone(session, apart)):
            _flag(session, link, uuid)
    return entities


def _move(session: Session, link: Taking, uuid: bytes, apart: RecordRow | None) -> set[str]:
    rows = _in_order(_rows_of(session, link, uuid))
    if apart is not None:
        _delete(session, link, rows, apart)
    entities: set[str] = set()
    for row in rows:
        entities |= _say_again(session, link, row)
    if apart is not None:
        arrivals.make_whole_if_it_is(session, apart.id)
    return entities


def _rows_of(session: Session, link: Taking, uuid: bytes) -> list[SubmissionRow]:
    """The submissions of a record, oldest first; each names another of them, or is named."""
    found = around(session, link.association_id, link.sheet)
    rows: dict[int, SubmissionRow] = {}
    asked: set[str] = set()
    while new := {row.id: row for row in found if bytes(row.record) == uuid and row.id not in rows}:
        rows |= new
        if len(rows) > EDITS_MAX:
            raise StaysApart
        names = {name for row in new.values() for name in (row.instance, row.deprecated) if name} - asked
        asked |= names
        found = openrosa.around(session, link.association_id, link.sheet.form, tuple(sorted(names))) if names else []
    return [rows[each] for each in sorted(rows)]


def _in_order(rows: Sequence[SubmissionRow]) -> list[SubmissionRow]:
    """Each after what it replaces."""
    left, ordered = list(rows), []
    while left:
        names = {row.instance for row in left}
        first = next((row for row in left if row.deprecated not in names - {row.instance}), left[0])
        left.remove(first)
        ordered.append(first)
    return ordered


def _delete(session: Session, link: Taking, rows: Sequence[SubmissionRow], apart: RecordRow) -> None:
    """Delete a record as one who has seen its submissions; those that wait for their form version wait with it."""
    waiting = [row for row in rows if row.waits_version is not None]
    speaker = next((row for row in rows if not row.revoked_device), None)  # of what that one said nothing is shown
    state = _state(apart)
    seen = [(name, state.turns[name][0]) for name in _senders(session, state)] if state else []
    announced = [operation_of(session, row) for row in waiting]
    for ids in (seen, announced):
        if ids and speaker is not None:
            deleting = again(session, speaker, link.now_ms)
            deleting.delete(records.uuid_text(apart.uuid), ids[:SEEN_MAX])


def _say_again(session: Session, link: Taking, row: SubmissionRow) -> set[str]:
    """Say a submission in the record of the link; the entities of which it speaks."""
    openrosa.move(session, row.id, records.uuid_bytes(link.chain.record))
    stood = _quarantined(session, row) if row.status == "quarantined" else []
    if row.waits_version is not None or (row.status == "quarantined" and not stood):
        return set()  # it is said when its form version comes; or it was rejected
    store_files.forget(session, row.id)
    taking = again(session, openrosa.find(session, row.id), link.now_ms, store_branches.forget(session, row.id))
    if taking.take() not in (row.status, "applied"):
        raise StaysApart
    for each in stood:
        by = Desk(link.association_id, ITSELF, link.now_ms)
        verdicts.judge(session, by, each, verdicts.REJECT, note=f"→ {link.chain.record}")
    return taking.entities


def _quarantined(session: Session, row: SubmissionRow) -> list[QuarantineRow]:
    """What waits for a verdict of a submission that was quarantined; `StaysApart` where one let it in."""
    if operations.known(session, row.author_id, [row.counter]):
        raise StaysApart
    name = openrosa.author_name(session, row.author_id)
    stored = quarantine.targets(session, row.association_id, name, row.counter, 0)
    return [each for each in stored if each.status == "quarantined"]


def _flag(session: Session, link: Taking, uuid: bytes) -> None:
    """Lead whoever looks at the record of the link to the other one."""
    found = _stored(session, link, link.chain.record)
    if found is not None:
        flags.raise_flags(session, [(found.id, CAME_APART, records.uuid_text(uuid), link.now_ms)])


def _stored(session: Session, link: Taking, uuid: str) -> RecordRow | None:
    found = desk.find(session, link.association_id, uuid)
    return next((each.row for each in found if (each.kind, each.of) == ("submission", link.sheet.form)), None)


def _state(row: RecordRow) -> RecordState | None:
    return decode_state(bytes(row.state))


def _senders(session: Session, state: RecordState) -> list[str]:
    """Those of a record's authors who speak for OpenRosa clients."""
    known = authors.named(session, state.turns.keys())
    return sorted(name for name, author in known.items() if author.kind == AUTHOR_KIND)


def _is_of_submissions_alone(session: Session, row: RecordRow) -> bool:
    state = _state(row)
    return state is None or len(_senders(session, state)) == len(state.turns)
