"""The follower that keeps the desk's list: a row for each record, made of its present state alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.inbox import CONFLICT, GONE, HELD, INCOMPLETE, STATES
from fieldsync.services import following, histories
from fieldsync.services.following import INBOX, Follower
from fieldsync.services.searchable import Answers, Searchable, Words
from fieldsync.services.taken import Taken, take_up
from fieldsync.store import flags, inbox, operations
from fieldsync.store.inbox import InboxRow, Tally
from fieldsync.store.records import RecordRow


def take(session: Session, association_id: int, record_ids: Sequence[int]) -> None:
    """Make the rows of some records anew, and change what follows from them."""
    searchable = Searchable(session, association_id)
    rows = made(session, association_id, record_ids, searchable)
    known = inbox.by_ids(session, [row.id for row, _ in rows])
    changed = [row for row, _ in rows if known.get(row.id) != row]
    inbox.put(session, changed)
    _note_marks(session, association_id, known, changed)
    _note_tallies(session, association_id, known, changed)
    _note_words(session, association_id, {row.id: words for row, words in rows}, searchable)


def made(
    session: Session, association_id: int, record_ids: Sequence[int], searchable: Searchable
) -> list[tuple[InboxRow, Words]]:
    """The rows of some records as they must be, each with the words under which it is found."""
    taken = take_up(session, association_id, record_ids)
    marks = _marks(session, association_id, [each.row for each in taken])
    rows = [(_row(association_id, each, marks[each.row.id]), each) for each in taken]
    return [(row, searchable.words(row, each.state, _merged_into(session, association_id, each))) for row, each in rows]


def _merged_into(session: Session, association_id: int, taken: Taken) -> Sequence[Answers]:
    """What was said of each of a merged group, where this one shows it; of any other record nothing beside."""
    shows_others = taken.row.merged and taken.row.merged_into is None
    return histories.said_of_each(session, association_id, taken.row) if shows_others else ()


def late(session: Session, association_ids: Iterable[int]) -> list[int]:
    """Those of some associations whose list does not tell all yet."""
    return [each for each in association_ids if following.is_behind(session, INBOX, each)]


def behind(session: Session, association_ids: Iterable[int]) -> int:
    """How many changes of some associations the list does not tell yet."""
    return sum(following.behind(session, INBOX, each) for each in association_ids)


def step(session: Session, association_id: int, limit: int) -> bool:
    """Take the next changes of an association, at most `limit`; whether anything is left."""
    following.follow(session, FOLLOWER, association_id, limit)
    return following.is_behind(session, INBOX, association_id)


def _row(association_id: int, taken: Taken, marks: frozenset[str]) -> InboxRow:
    row, collection, state = taken.row, taken.collection, taken.state
    gone = GONE.index("merged" if row.merged_into is not None else "deleted" if row.deleted else "")
    return InboxRow(
        id=row.id,
        association_id=association_id,
        kind=collection.kind,
        of=collection.of,
        uuid=bytes(row.uuid),
        author_id=row.created_by,
        sender_id=0,
        place=row.place,
        state=STATES.index(row.review),
        gone=gone,
        conflicts=row.conflicts,
        comments=sum(bool(each.text) for each in state.comments) if state else 0,
        marks=" ".join(sorted(marks)),
        arrived_ms=row.arrived_ms,
        changed_ms=row.changed_ms,
    )


def _marks(session: Session, association_id: int, rows: Sequence[RecordRow]) -> dict[int, frozenset[str]]:
    ids = [row.id for row in rows]
    raised = flags.of_records(session, ids)
    waits = operations.anything_waits(session, association_id)
    held = inbox.held_among(session, ids) if waits else set()
    return {
        row.id: frozenset(
            [mark.code for mark in raised.get(row.id, ()) if mark.dismissed_ms is None]
            + [CONFLICT] * (row.conflicts > 0)
            + [HELD] * (row.id in held)
            + [INCOMPLETE] * bool(row.incomplete)
        )
        for row in rows
    }


def _note_marks(
    session: Session, association_id: int, known: Mapping[int, InboxRow], changed: Sequence[InboxRow]
) -> None:
    before = {(mark, row.id) for row in changed if row.id in known for mark in known[row.id].marked}
    after = {(mark, row.id) for row in changed for mark in row.marked}
    inbox.change_marks(session, association_id, before - after, after - before)


def _note_tallies(
    session: Session, association_id: int, known: Mapping[int, InboxRow], changed: Sequence[InboxRow]
) -> None:
    moved: Counter[Tally] = Counter()
    for row in changed:
        moved[_tally(row)] += 1
        if row.id in known:
            moved[_tally(known[row.id])] -= 1
    inbox.add_tallies(session, association_id, moved)


def _tally(row: InboxRow) -> Tally:
    return row.kind, row.of, row.state, row.gone


def _note_words(session: Session, association_id: int, texts: Mapping[int, Words], searchable: Searchable) -> None:
    numbered = searchable.numbers({path for words in texts.values() for path, _ in words})
    after = {row_id: frozenset((numbered[path], word) for path, word in words) for row_id, words in texts.items()}
    before = inbox.words_of(session, list(after))
    moved = {row_id: words for row_id, words in after.items() if words != before.get(row_id, frozenset())}
    lost = [(row_id, *each) for row_id, words in moved.items() for each in before.get(row_id, frozenset()) - words]
    won = [(row_id, *each) for row_id, words in moved.items() for each in words - before.get(row_id, frozenset())]
    inbox.change_words(session, association_id, lost, won, moved)


FOLLOWER = Follower(INBOX, take)
