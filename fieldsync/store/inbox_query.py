"""Reading the desk's list: one lane of it at a time, by the index that leaves least to look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, is_postgresql, places
from fieldsync.store.inbox import COLUMNS, InboxRow

RARE_MAX = 4_000
"""Rows that one condition may leave to be looked up and sorted at once.

At a million rows, to look this many up costs what it costs to find a page in order where one row in 250 fits.
"""

FIRST_LOOK = 3_000
"""Rows that are looked through in order first; most pages are found within."""

MIDDLE_MAX = 8_000
"""Rows that are looked up and sorted where the first look found too little."""

SCANNED_MAX = 40_000
"""Rows that are looked through in order before a page is given short."""

COUNTED_SCAN_MAX = 10_000
"""The same for a count: beyond, it says that there are more."""

KEYS = {
    "arrived": ("arrived_ms", "id"),
    "changed": ("changed_ms", "id"),
    "form": ("kind", "of", "arrived_ms", "id"),
    "place": ("place", "arrived_ms", "id"),
    "state": ("state", "arrived_ms", "id"),
}
"""The columns by which each order sorts, all in one direction; the last tells any two rows apart."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Word:
    """A searched word: exactly `low`, or with `high` all from `low` up to it."""

    low: str
    high: str = ""


@dataclass(frozen=True)
class Lane:
    """Rows of one association that meet all of these; None or empty asks for nothing.

    `names` are (kind, form or list), `within` places of which one must lie around the row, `authors` who may have begun
    it. `closed` are (device ids, names): what these devices sent under these names is left out. `sizes` tells how many
    rows the only name and the only state have.
    """

    association_id: int
    names: tuple[tuple[str, str], ...] | None = None
    states: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    place: str = ""
    within: tuple[str, ...] = ()
    authors: tuple[int, ...] | None = None
    own: tuple[int, ...] | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    marks: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    paths: tuple[int, ...] = ()
    closed: tuple[tuple[int, ...], tuple[tuple[str, str], ...]] = ((), ())
    name_size: int | None = None
    state_size: int | None = None


@dataclass(frozen=True)
class Order:
    """How rows follow each other, and after which key they begin."""

    sort: str
    ascending: bool
    after: Key | None = None


@dataclass(frozen=True)
class Part:
    """Rows of a lane in order; `stopped` is the key up to which all was looked through, where that was not the end."""

    rows: list[InboxRow]
    stopped: Key | None = None


@dataclass(frozen=True)
class _Condition:
    """What rows `r` must meet. `drive` finds the ids of those that do; `index` gives them in the order of arrival.

    `ranges` is the order in which they are one stretch.
    """

    sql: str
    parameters: tuple[Any, ...]
    drive: str = ""
    drive_parameters: tuple[Any, ...] = ()
    index: str = ""
    size: int | None = None
    ranges: str = ""


def key_of(row: InboxRow, sort: str) -> Key:
    """Where a row stands in an order."""
    return tuple(getattr(row, column) for column in KEYS[sort])


def part(session: Session, lane: Lane, order: Order, limit: int) -> Part:
    """The next rows of a lane, at most `limit`; fewer only at the end, or where too much had to be looked through."""
    conditions = _sized(session, lane)
    rarest = _rarest(conditions)
    if rarest is not None and _size(rarest) <= RARE_MAX:
        return Part(_looked_up(session, lane, rarest, conditions, order, limit))
    most = _scanned_max(conditions)
    found = _in_order(session, lane, conditions, order, limit, min(FIRST_LOOK, most))
    if found.stopped is None:
        return found
    if rarest is not None and _size(rarest) <= MIDDLE_MAX:
        return Part(_looked_up(session, lane, rarest, conditions, order, limit))
    return _in_order(session, lane, conditions, order, limit, most)


def count(session: Session, lane: Lane, most: int) -> tuple[int, bool]:
    """(how many rows a lane has, whether that is all of them): at most `most`, and as far as may be looked through."""
    conditions = _sized(session, lane)
    rarest = _rarest(conditions)
    if rarest is not None and _size(rarest) <= RARE_MAX:
        sql, parameters = _lookup("1", lane, rarest, conditions)
        found = execute(session, f"SELECT count(*) FROM ({sql} LIMIT ?) f", (*parameters, most + 1)).scalar_one()
        return min(found, most), found <= most
    scan = _scan(session, lane, conditions, Order("arrived", ascending=False), min(COUNTED_SCAN_MAX, SCANNED_MAX))
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {scan.sql} LIMIT ?) f"
    found = execute(session, sql, (*scan.parameters, most + 1)).scalar_one()
    return min(found, most), found <= most and scan.stopped is None


@dataclass(frozen=True)
class _Scan:
    """A stretch of an index, and of its rows `r` those that meet the conditions; up to `stopped`, if not the end."""

    sql: str
    parameters: tuple[Any, ...]
    stopped: Key | None


def _looked_up(
    session: Session, lane: Lane, rarest: _Condition, conditions: Sequence[_Condition], order: Order, limit: int
) -> list[InboxRow]:
    sql, parameters = _lookup(COLUMNS_OF_R, lane, rarest, conditions)
    keyset, keys = _beyond(order, order.after, ">" if order.ascending else "<")
    rows = execute(session, f"{sql}{keyset} ORDER BY {_by(order)} LIMIT ?", (*parameters, *keys, limit))
    return [InboxRow(*row) for row in rows]


def _lookup(
    columns: str, lane: Lane, rarest: _Condition, conditions: Sequence[_Condition]
) -> tuple[str, tuple[Any, ...]]:
    """The rows that one condition finds, held against the others: the join goes from the few to their rows."""
    wheres, parameters = _all([each for each in conditions if each is not rarest])
    once = "DISTINCT " if rarest.drive.startswith("inbox_word") else ""
    sql = (
        f"WITH found AS MATERIALIZED (SELECT {once}r.id AS id FROM {rarest.drive}) SELECT {columns}"
        f" FROM found CROSS JOIN inbox_row r WHERE r.id = found.id AND r.association_id = ? AND {wheres}"
    )
    return sql, (*rarest.drive_parameters, lane.association_id, *parameters)


def _in_order(
    session: Session, lane: Lane, conditions: Sequence[_Condition], order: Order, limit: int, most: int
) -> Part:
    scan = _scan(session, lane, conditions, order, most)
    sql = f"SELECT {COLUMNS_OF_R} FROM {scan.sql} ORDER BY {_by(order)} LIMIT ?"
    rows = [InboxRow(*row) for row in execute(session, sql, (*scan.parameters, limit))]
    return Part(rows, None if len(rows) == limit else scan.stopped)


def _scan(session: Session, lane: Lane, conditions: Sequence[_Condition], order: Order, most: int) -> _Scan:
    """The next `most` rows of the index that knows most of the conditions."""
    by_sort = f"ix_inbox_row_{order.sort}"
    usable = [each for each in conditions if each.index and (order.sort == "arrived" or each.index == by_sort)]
    leading = min(usable, key=_size, default=None)
    hint = "" if is_postgresql(session) else f" INDEXED BY {leading.index if leading else by_sort}"
    known = [each for each in conditions if each is leading or each.ranges == order.sort]
    keyset, keys = _beyond(order, order.after, ">" if order.ascending else "<")
    wheres, parameters = _all(known)
    start = f"inbox_row r{hint} WHERE r.association_id = ? AND {wheres}{keyset}"
    columns = ", ".join(f"r.{column}" for column in KEYS[order.sort])
    sql = f"SELECT {columns} FROM {start} ORDER BY {_by(order)} LIMIT 1 OFFSET ?"
    last = execute(session, sql, (lane.association_id, *parameters, *keys, most - 1)).first()
    stopped = tuple(last) if last else None
    end, bounds = _beyond(order, stopped, "<=" if order.ascending else ">=")
    rest, others = _all([each for each in conditions if each not in known])
    return _Scan(f"{start}{end} AND {rest}", (lane.association_id, *parameters, *keys, *bounds, *others), stopped)


def _scanned_max(conditions: Sequence[_Condition]) -> int:
    """How many rows may be looked through: fewer where each of them is looked up in other tables."""
    return max(1, SCANNED_MAX // (1 + 2 * sum(each.sql.startswith("EXISTS") for each in conditions)))


COLUMNS_OF_R = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))


def _beyond(order: Order, key: Key | None, sign: str) -> tuple[str, Key]:
    """A condition that rows stand after, or not after, a key."""
    if key is None:
        return "", ()
    columns = ", ".join(f"r.{column}" for column in KEYS[order.sort])
    return f" AND ({columns}) {sign} ({places(len(key))})", key


def _by(order: Order) -> str:
    way = "ASC" if order.ascending else "DESC"
    return ", ".join(f"r.{column} {way}" for column in KEYS[order.sort])


def _all(conditions: Sequence[_Condition]) -> tuple[str, tuple[Any, ...]]:
    sql = " AND ".join(each.sql for each in conditions) or "1 = 1"
    return sql, tuple(value for each in conditions for value in each.parameters)


def _sized(session: Session, lane: Lane) -> list[_Condition]:
    """The conditions of a lane, each with how many rows meet it, counted no further than it matters."""
    sized = []
    for each in _conditions(lane):
        size = each.size
        if each.drive and size is None:
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {each.drive} LIMIT ?) f"
            size = execute(session, sql, (*each.drive_parameters, MIDDLE_MAX + 1)).scalar_one()
        sized.append(replace(each, size=size))
    return sized


def _size(condition: _Condition) -> int:
    return condition.size or 0


def _rarest(conditions: Sequence[_Condition]) -> _Condition | None:
    """The condition that fewest rows meet."""
    return min((each for each in conditions if each.drive), key=_size, default=None)


def _conditions(lane: Lane) -> Iterator[_Condition]:
    yield from _of_names(lane)
    yield from _of_states(lane)
    yield from _of_places(lane)
    yield from _of_authors(lane)
    yield from _of_days(lane)
    for mark in lane.marks:
        named = (lane.association_id, mark)
        exists = "EXISTS (SELECT 1 FROM inbox_mark m WHERE m.association_id = ? AND m.mark = ? AND m.id = r.id)"
        yield _Condition(exists, named, "inbox_mark r WHERE r.association_id = ? AND r.mark = ?", named)
    for word in lane.words:
        yield _of_word(lane, word)


def _of_names(lane: Lane) -> Iterator[_Condition]:
    if lane.names is not None and len(lane.names) == 1:
        name = lane.names[0]
        drive = "inbox_row r WHERE r.association_id = ? AND r.kind = ? AND r.of = ?"
        parameters = (lane.association_id, *name)
        yield _Condition("r.kind = ? AND r.of = ?", name, drive, parameters, "ix_inbox_row_form", lane.name_size)
    elif lane.names is not None:
        yield _Condition(f"(r.kind, r.of) IN (VALUES {_pairs(lane.names)})", _flat(lane.names))
    senders, names = lane.closed
    if senders and names:
        sql = f"NOT (r.sender_id IN ({places(len(senders))}) AND (r.kind, r.of) IN (VALUES {_pairs(names)}))"
        yield _Condition(sql, (*senders, *_flat(names)))


def _of_states(lane: Lane) -> Iterator[_Condition]:
    if lane.states:
        sql = f"r.state IN ({places(len(lane.states))})"
        drive = f"inbox_row r WHERE r.association_id = ? AND {sql}"
        index = "ix_inbox_row_state" if len(lane.states) == 1 else ""
        yield _Condition(sql, lane.states, drive, (lane.association_id, *lane.states), index, lane.state_size)
    if lane.gone:
        yield _Condition(f"r.gone IN ({places(len(lane.gone))})", lane.gone)


def _of_places(lane: Lane) -> Iterator[_Condition]:
    if lane.place:
        yield _Condition("r.place >= ? AND r.place < ?", (lane.place, f"{lane.place}/"), ranges="place")
        yield _within(lane, (lane.place,))
    if lane.within:
        yield _within(lane, lane.within)


def _within(lane: Lane, around: tuple[str, ...]) -> _Condition:
    """In one of some places or below it: codes grow by parts joined with dots, and `/` follows the dot.

    It drives by one stretch of the index after the other, which a planner makes of no OR.
    """
    sql = "(" + " OR ".join("r.place = ? OR (r.place >= ? AND r.place < ?)" for _ in around) + ")"
    ranges = tuple(value for code in around for value in (code, f"{code}.", f"{code}/"))
    outer = [code for code in sorted(set(around)) if not any(code.startswith(f"{other}.") for other in around)]
    start = "SELECT id FROM inbox_row WHERE association_id = ? AND place"
    stretches = f"{start} = ? UNION ALL {start} >= ? AND place < ?"
    drive = f"({' UNION ALL '.join(stretches for _ in outer)}) r"
    owner = lane.association_id
    named = tuple(value for code in outer for value in (owner, code, owner, f"{code}.", f"{code}/"))
    return _Condition(sql, ranges, drive, named)


def _of_authors(lane: Lane) -> Iterator[_Condition]:
    for authors in (lane.authors, lane.own):
        if authors is not None and not authors:
            yield _Condition("1 = 0", ())
        elif authors is not None:
            sql = f"r.author_id IN ({places(len(authors))})"
            drive = f"inbox_row r WHERE r.association_id = ? AND {sql}"
            index = "ix_inbox_row_author" if len(authors) == 1 else ""
            yield _Condition(sql, authors, drive, (lane.association_id, *authors), index)


def _of_days(lane: Lane) -> Iterator[_Condition]:
    for sign, moment in ((">=", lane.since_ms), ("<", lane.until_ms)):
        if moment is not None:
            yield _Condition(f"r.arrived_ms {sign} ?", (moment,), ranges="arrived")


def _of_word(lane: Lane, word: Word) -> _Condition:
    if not lane.paths:
        return _Condition("1 = 0", ())
    found = "{0}.word >= ? AND {0}.word < ?" if word.high else "{0}.word = ?"
    asked = f"{{0}}.association_id = ? AND {found} AND {{0}}.path_id IN ({places(len(lane.paths))})"
    parameters = (lane.association_id, word.low, *((word.high,) if word.high else ()), *lane.paths)
    exists = f"EXISTS (SELECT 1 FROM inbox_word w WHERE {asked.format('w')} AND w.id = r.id)"
    return _Condition(exists, parameters, f"inbox_word r WHERE {asked.format('r')}", parameters)


def _pairs(names: Sequence[tuple[str, str]]) -> str:
    return ", ".join("(?, ?)" for _ in names)


def _flat(names: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(part for name in names for part in name)
