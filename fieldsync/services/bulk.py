"""One state for several records at once, and its way back, which never overwrites what somebody decided meanwhile."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core import review_moves
from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.inbox import STATES, Filter
from fieldsync.core.operations import OperationId
from fieldsync.core.reviews import Comment, comment_order
from fieldsync.services import inbox, readers, reading, reviewing
from fieldsync.services.desk import Desk, Found
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state
from fieldsync.store import bulk_deeds
from fieldsync.store.bulk_deeds import DeedRow
from fieldsync.store.inbox import InboxRow
from fieldsync.store.records import uuid_text

TICKED_MAX = 100
"""Records that are decided in one transaction: two pages of the list."""

EVERY_MAX = 300
"""Records of one deed over all that a filter shows; others follow in another."""

LOOKED_AT_MAX = 3000
"""Rows of a filter that are looked through for what can take a state."""

KEPT_MS = 7 * 24 * 60 * 60 * 1000
"""How long a deed can be taken back."""

LISTED_MAX = 20

NOT_THERE = "not_found"


class Ticked(msgspec.Struct, frozen=True):
    """A record that somebody ticked."""

    kind: str
    of: str
    uuid: str


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a deed: what was done, and why records stayed as they were (code of the problem → how many)."""

    given: list["Given"]
    reasons: dict[str, int]


class Given(msgspec.Struct, frozen=True):
    """What was done to one record: the state before, and the operation that gave the new one."""

    association_id: int
    record: Ticked
    before: str
    said: OperationId


@dataclass(frozen=True)
class Deed:
    """A deed as its doer sees it.

    `changed` records have the state, those of `reasons` (code of the problem → how many) stayed as they were; `undone`
    were taken back, None for never.
    """

    ticket: str
    state: str
    changed: int
    reasons: Mapping[str, int]
    done_ms: int
    undone: int | None = None

    @property
    def left_out(self) -> int:
        """How many records stayed as they were."""
        return sum(self.reasons.values())


def decidable(session: Session, reader: Reader, wanted: Filter, state: str) -> list[Ticked]:
    """The first `EVERY_MAX` records of a filter that can take a state, in its order."""
    rows = inbox.each(session, reader, wanted, LOOKED_AT_MAX)
    able = (Ticked(row.kind, row.of, uuid_text(row.uuid)) for row in rows if row.uuid and _can_take(row, state))
    return list(islice(able, EVERY_MAX))


def _can_take(row: InboxRow, state: str) -> bool:
    need = review_moves.moves(STATES[row.state]).get(state)
    if need is None or row.id < 0 or row.gone:
        return False
    return state != review_moves.APPROVED or not (row.conflicts or need == review_moves.DUE)


def give_state(
    session: Session, reader: Reader, ticked: Sequence[Ticked], state: str, note: str, ticket: str, now_ms: int
) -> Deed:
    """Give records a state, each by its own rules; what cannot take it stays as it is, and is counted.

    A ticket that is known already names a deed that goes on.
    """
    assert reader.person is not None
    begun = bulk_deeds.find(session, ticket, reader.person.id)
    before = _kept(begun) if begun else Kept([], {})
    given, reasons = list(before.given), Counter(before.reasons)
    for each in dict.fromkeys(ticked[:TICKED_MAX]):
        where = _where(session, reader, each)
        if where is None:
            reasons[NOT_THERE] += 1
            continue
        owner, found = where
        problem = reviewing.decide(session, _desk(owner, now_ms), found, state, note)
        if problem is not None:
            reasons[problem.code] += 1
            continue
        given.append(Given(owner.association_id, each, found.row.review, _last_said(session, owner, each)))
    kept = msgspec.json.encode(Kept(given, reasons))
    row = DeedRow(ticket, reader.person.id, state, kept, now_ms, 0, 0, now_ms + KEPT_MS)
    (bulk_deeds.go_on if begun else bulk_deeds.add)(session, row)
    return _deed(row)


def undo(session: Session, reader: Reader, ticket: str, note: str, now_ms: int) -> Deed | None:
    """Give records back the state that a deed took from them, but for those whose state was decided since.

    None where there is no such deed of hers, or it is over. `note` is the reason, where one is due.
    """
    row = bulk_deeds.find(session, ticket, reader.person.id) if reader.person else None
    if row is None or row.expires_ms < now_ms or not bulk_deeds.begin_undoing(session, ticket, now_ms):
        return None
    undone = sum(_take_back(session, reader, row.state, each, note, now_ms) for each in _kept(row).given)
    bulk_deeds.note_undone(session, ticket, undone)
    return find(session, reader, ticket)


def find(session: Session, reader: Reader, ticket: str) -> Deed | None:
    """A deed of the reader's."""
    row = bulk_deeds.find(session, ticket, reader.person.id) if reader.person else None
    return None if row is None else _deed(row)


def recent(session: Session, reader: Reader, now_ms: int) -> list[Deed]:
    """The reader's deeds that can be taken back still, or were, newest first."""
    if reader.person is None:
        return []
    return [_deed(row) for row in bulk_deeds.of_person(session, reader.person.id, now_ms - KEPT_MS, LISTED_MAX)]


def _take_back(session: Session, reader: Reader, state: str, given: Given, note: str, now_ms: int) -> bool:
    """Whether a record got its former state back: only where the deed's word on it is still the last."""
    owner = readers.within(session, reader, given.association_id)
    found = _found(session, owner, given.record)
    if found is None or found.row.review != state or _decision_of(found) != given.said:
        return False
    return reviewing.decide(session, _desk(owner, now_ms), found, given.before, note) is None


def _where(session: Session, reader: Reader, ticked: Ticked) -> tuple[Reader, Found] | None:
    """The record, and its reader at work in its association; the same looks wherever it is."""
    places = [readers.within(session, reader, owner.id) for owner in readers.readable(session, reader)]
    hits = [(place, found) for place in places if (found := _found(session, place, ticked)) is not None]
    return hits[0] if hits else None


def _found(session: Session, reader: Reader, ticked: Ticked) -> Found | None:
    found = reading.find(session, reader, ticked.uuid, ticked.kind, ticked.of, ACT_ON_RECORDS)
    return found[0] if found else None


def _last_said(session: Session, reader: Reader, ticked: Ticked) -> OperationId:
    found = _found(session, reader, ticked)
    said = None if found is None else _decision_of(found)
    assert said is not None, "a decision was just said"
    return said


def _decision_of(found: Found) -> OperationId | None:
    """The last operation that gave a record its state."""
    state = decode_state(bytes(found.row.state))
    decisions: list[Comment] = [each for each in state.comments if each.state is not None] if state else []
    return max(decisions, key=comment_order).id if decisions else None


def _desk(reader: Reader, now_ms: int) -> Desk:
    assert reader.person is not None
    return Desk(reader.association_id, f"p{reader.person.id}", now_ms)


def _deed(row: DeedRow) -> Deed:
    kept = _kept(row)
    undone = row.undone if row.undone_ms else None
    return Deed(row.ticket, row.state, len(kept.given), kept.reasons, row.done_ms, undone)


def _kept(row: DeedRow) -> Kept:
    return msgspec.json.decode(bytes(row.records), type=Kept)
