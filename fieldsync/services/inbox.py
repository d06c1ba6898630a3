"""The desk's list for one reader: pages both ways, all of it, its neighbours, how many there are."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.inbox import Filter
from fieldsync.services import inbox_lanes, readers, searchable
from fieldsync.services.desk import Found
from fieldsync.services.inbox_lanes import QUARANTINED, Name
from fieldsync.services.readers import Reader
from fieldsync.store import inbox, inbox_query
from fieldsync.store.inbox import InboxRow
from fieldsync.store.inbox_query import Key, Lane, Order

CHUNK_ROWS = 500
"""Rows that `each` has in hand at a time."""

COUNTED_MAX = 10_000
"""Beyond this many, people are told that there are more."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after a key, or before it."""

    key: Key
    backwards: bool = False


@dataclass(frozen=True)
class Page:
    """Rows in order; where the pages before and after begin, None where there is nothing.

    `cut_short`: much was looked through and little found; the page after goes on looking.
    """

    rows: list[InboxRow]
    before: Cursor | None = None
    after: Cursor | None = None
    cut_short: bool = False


@dataclass(frozen=True)
class Count:
    """How many; `more` where it was not counted to the end."""

    number: int
    more: bool = False


def page(session: Session, reader: Reader, wanted: Filter, at: Cursor | None = None, limit: int = 50) -> Page:
    """A page of what the reader may see of a filter."""
    found = inbox_lanes.lanes(session, reader, wanted)
    backwards = at is not None and at.backwards
    order = Order(wanted.sort, wanted.ascending != backwards, at.key if at else None)
    rows, stopped = _merged(session, found, order, limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    onward = _onward(rows, wanted.sort, more, stopped)
    back = at.key if at else None
    if not backwards:
        first = inbox_query.key_of(rows[0], wanted.sort) if rows else back
        before = Cursor(first, backwards=True) if at and first else None
        return Page(rows, before, onward and Cursor(onward), stopped is not None and not more)
    first = inbox_query.key_of(rows[0], wanted.sort) if rows else back
    return Page(
        rows[::-1],
        onward and Cursor(onward, backwards=True),
        Cursor(first) if first else None,
        stopped is not None and not more,
    )


def each(session: Session, reader: Reader, wanted: Filter, most: int | None = None) -> Iterator[InboxRow]:
    """Every row of a filter in its order, or the first `most` of them; a few hundred are in memory at a time."""
    at: Cursor | None = None
    given = 0
    while True:
        found = page(session, reader, wanted, at, CHUNK_ROWS)
        for row in found.rows:
            if most is not None and given >= most:
                return
            given += 1
            yield row
        if found.after is None:
            return
        at = found.after


def neighbours(
    session: Session, reader: Reader, wanted: Filter, found: Found
) -> tuple[InboxRow | None, InboxRow | None]:
    """The rows before and after a record in a filter's order, whether or not it meets the filter itself."""
    row = inbox.by_ids(session, [found.row.id]).get(found.row.id)
    if row is None:
        return None, None
    key = inbox_query.key_of(row, wanted.sort)
    before = page(session, reader, wanted, Cursor(key, backwards=True), 1).rows
    after = page(session, reader, wanted, Cursor(key), 1).rows
    return (before[0] if before else None), (after[0] if after else None)


def position(session: Session, reader: Reader, wanted: Filter, found: Found, most: int) -> int | None:
    """Which row of a filter a record is, from 1; None beyond the first `most`, and for one that does not meet it."""
    rows = page(session, reader, wanted, None, most).rows
    return next((number for number, row in enumerate(rows, 1) if row.id == found.row.id), None)


def count(session: Session, reader: Reader, wanted: Filter, most: int = COUNTED_MAX) -> Count:
    """How many rows a filter has for the reader, counted up to `most`."""
    found = inbox_lanes.lanes(session, reader, wanted)
    if _overlap(found):
        rows = {row.id for row in each(session, reader, wanted, most + 1)}
        return Count(min(len(rows), most), len(rows) > most)
    number, more = 0, False
    for lane in found:
        here, is_all = _counted(session, lane, most)
        number, more = number + here, more or not is_all
    return Count(number, more)


def _counted(session: Session, lane: Lane, most: int) -> tuple[int, bool]:
    """(how many rows a lane has, whether that is all): from the tallies where they know, else counted up to `most`."""
    untold = (lane.place, lane.within, lane.marks, lane.words)
    if any(untold) or (lane.authors, lane.own, lane.since_ms, lane.until_ms) != (None,) * 4:
        return inbox_query.count(session, lane, most)
    number = sum(
        count
        for (kind, of, state, gone), count in inbox.tallies(session, lane.association_id).items()
        if (lane.names is None or (kind, of) in lane.names)
        and (not lane.states or state in lane.states)
        and (not lane.gone or gone in lane.gone)
    )
    if lane.states and QUARANTINED not in lane.states:
        return number, True
    untallied, is_all = inbox_query.count(session, replace(lane, states=(QUARANTINED,), state_size=None), most)
    return number + untallied, is_all


def names(session: Session, reader: Reader, wanted: Filter) -> list[Name]:
    """The forms and lists that a reader may choose from where a filter looks."""
    found: set[Name] = set()
    for owner in inbox_lanes.associations_of(session, reader, wanted):
        known = {(kind, of) for kind, of, _, _ in inbox.tallies(session, owner.id)}
        for reach in inbox_lanes.reaches(session, readers.within(session, reader, owner.id), known):
            found |= {name for name in reach.names if all(name)}
    return sorted(found)


def sealed(session: Session, reader: Reader) -> int:
    """How many submissions are sealed for a reader who sees their number only; nothing more is told of them."""
    book, tallies = reader.book, inbox.tallies(session, reader.association_id)
    sealed_names = searchable.sealed_families(book)
    return sum(
        count
        for (kind, of, _, gone), count in tallies.items()
        if kind == "submission"
        and gone == 0
        and book.family(kind, of) in sealed_names
        and reader.counts(of)
        and not reader.opens(kind, of)
    )


def association_ids(session: Session, reader: Reader, wanted: Filter) -> list[int]:
    """The associations that a filter looks into."""
    return [each.id for each in inbox_lanes.associations_of(session, reader, wanted)]


def _overlap(lanes: Sequence[Lane]) -> bool:
    """Whether a row may stand in two lanes: where two grants of a reader reach into one association."""
    keys = [(lane.association_id, lane.states) for lane in lanes]
    return len(set(keys)) < len(keys)


def _merged(session: Session, lanes: Sequence[Lane], order: Order, limit: int) -> tuple[list[InboxRow], Key | None]:
    """The next rows of all lanes together, each once; and where looking stopped, if before the end."""
    parts = [inbox_query.part(session, lane, order, limit) for lane in lanes]
    streams = [[(inbox_query.key_of(row, order.sort), row) for row in part.rows] for part in parts]
    ordered = heapq.merge(*streams, key=lambda pair: pair[0], reverse=not order.ascending)
    stops = [part.stopped for part in parts if part.stopped is not None]
    stopped = (min(stops) if order.ascending else max(stops)) if stops else None
    rows: dict[int, InboxRow] = {}
    for key, row in ordered:
        if len(rows) == limit or (stopped is not None and _is_beyond(key, stopped, order)):
            break
        rows[row.id] = row
    return list(rows.values()), stopped


def _is_beyond(key: Key, stopped: Key, order: Order) -> bool:
    return key > stopped if order.ascending else key < stopped


def _onward(rows: Sequence[InboxRow], sort: str, more: bool, stopped: Key | None) -> Any:
    """After which key the next page begins; nothing at the end."""
    return inbox_query.key_of(rows[-1], sort) if more else stopped
