"""Counting follows the change log: what a changed record states, whom that concerns, what they add to the figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.counting import Item, items_of
from fieldsync.core.facts import (
    APPROVED,
    GROUP,
    IDEA,
    LISTS,
    REJECTED,
    WAITING,
    Fact,
    Known,
    facts_of,
    facts_of_entity,
)
from fieldsync.core.indicators import Indicator
from fieldsync.core.months import month_of_ms
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import following, indicator_book
from fieldsync.services.following import Follower
from fieldsync.services.taken import Taken, take_up
from fieldsync.store import associations, facts, figures, operations, records
from fieldsync.store.facts import FactRow, TimeRow
from fieldsync.store.figures import CellRow, ItemRow

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
REVIEW_HOURS = 7 * 24
"""A submission should be reviewed within so many hours."""

LAG_HOURS_MAX = 60 * 24
"""Longer ones are told as this long."""

QUALITY = "quality"
"""The cells that tell how submissions came and were reviewed; no indicator of the book has that code."""

LEVELS = {"approved": APPROVED, "rejected": REJECTED}
OF_LIST = {name: letter for letter, name in LISTS.items()}
JOINED = {"profile", "visit", "idea"}
"""Facts about a group or idea that also decide what its members or holders count for."""

_decoder = msgspec.json.Decoder(dict)


def count_changed(session: Session, association_id: int, record_ids: Sequence[int]) -> None:
    """Count some records as they are now, however often they changed."""
    before = facts.of_records(session, record_ids)
    taken = take_up(session, association_id, record_ids)
    now = [row for each in taken for row in _facts(association_id, each)]
    facts.replace(session, record_ids, now)
    _count_times(session, association_id, record_ids, taken)
    concerned = _subjects(session, association_id, [*before, *now]) | _joined_anew(session, association_id, taken)
    _count_subjects(session, association_id, concerned)


FOLLOWER = Follower(indicator_book.FOLLOWER, count_changed)


def _level(taken: Taken) -> int:
    return LEVELS.get(taken.row.review, WAITING)


def _facts(association_id: int, taken: Taken) -> list[FactRow]:
    if not taken.stands or taken.state is None:
        return []
    uuid = records.uuid_text(taken.row.uuid)
    stated: list[Fact]
    if taken.collection.kind == "entity":
        stated, level = facts_of_entity(taken.collection.of, uuid, taken.state.fields), APPROVED
    else:
        stated, level = facts_of(taken.collection.of, uuid, taken.state.fields), _level(taken)
    arrived = month_of_ms(taken.row.arrived_ms, PROGRAMME_ZONE)
    stamp = taken.state.rules_stamp
    rank = (stamp[0] << 16) + min(stamp[1], 0xFFFF)
    return [
        FactRow(
            taken.row.id, n, association_id, fact.kind, fact.subject, fact.other, fact.month or arrived, level, rank,
            msgspec.json.encode(fact.data),
        )
        for n, fact in enumerate(stated)
    ]  # fmt: skip


def _subjects(session: Session, association_id: int, rows: Iterable[FactRow]) -> set[str]:
    """Whom these facts concern: their subjects, and whoever is joined to a group or idea of which they speak."""
    found = list(rows)
    joined = {row.subject for row in found if row.kind in JOINED}
    return {row.subject for row in found} | _holders(session, association_id, joined)


def _holders(session: Session, association_id: int, keys: set[str]) -> set[str]:
    if not keys:
        return set()
    alike = _alike(session, association_id, keys)
    return {row.subject for row in facts.of_others(session, association_id, alike)}


def _joined_anew(session: Session, association_id: int, taken: Iterable[Taken]) -> set[str]:
    """Subjects whose record was merged, set apart again or deleted, with those it leaves and those it joins."""
    entities = [each for each in taken if each.collection.kind == "entity" and each.collection.of in OF_LIST]
    survivors = records.by_ids(session, {each.row.merged_into for each in entities if each.row.merged_into is not None})
    rows: list[tuple[str, str, bool]] = []
    for each in entities:
        letter = OF_LIST[each.collection.of]
        subject = f"{letter}:{records.uuid_text(each.row.uuid)}"
        over = survivors.get(each.row.merged_into or 0)
        root = f"{letter}:{records.uuid_text(over.uuid)}" if over is not None else subject
        rows.append((subject, root, bool(each.row.deleted) and over is None))
    known = facts.roots(session, association_id, [row[0] for row in rows])
    changed = [row for row in rows if known.get(row[0], (row[0], False)) != (row[1], row[2])]
    facts.set_roots(session, association_id, changed)
    concerned = {key for row in changed for key in (row[0], row[1], known.get(row[0], (row[0], False))[0])}
    return concerned | _holders(session, association_id, {key for key in concerned if key[0] in (GROUP, IDEA)})


def _alike(session: Session, association_id: int, keys: Iterable[str]) -> set[str]:
    """These subjects, those under whom they count, and all others that count under the same."""
    wanted = set(keys)
    over = {root for root, _ in facts.roots(session, association_id, wanted).values()}
    both = wanted | over
    return both | {subject for subject, _ in facts.members(session, association_id, both)}


@dataclass
class _Gathered:
    """Facts by the subject under which they count."""

    roots: dict[str, tuple[str, bool]]
    by_root: dict[str, list[FactRow]] = field(default_factory=dict)

    def root(self, subject: str) -> str:
        return self.roots.get(subject, (subject, False))[0]

    def is_gone(self, subject: str) -> bool:
        return self.roots.get(subject, (subject, False))[1]

    def add(self, rows: Iterable[FactRow]) -> None:
        for row in rows:
            self.by_root.setdefault(self.root(row.subject), []).append(row)


def _count_subjects(session: Session, association_id: int, subjects: set[str]) -> None:
    """Count some subjects anew, and change the sums by the difference."""
    if not subjects:
        return
    alike = _alike(session, association_id, subjects)
    own = facts.of_subjects(session, association_id, alike)
    others = _alike(session, association_id, {row.other for row in own if row.other})
    gathered = _Gathered(facts.roots(session, association_id, alike | others))
    gathered.add(own)
    gathered.add(row for row in facts.of_subjects(session, association_id, others - alike) if row.kind in JOINED)
    slug = associations.slug_of(session, association_id)
    counted = [each for each in indicator_book.book(session).indicators if each.concerns(slug)]
    new = {
        ItemRow(association_id, subject, indicator.code, *_of_item(item))
        for subject in sorted({gathered.root(each) for each in alike})
        if not gathered.is_gone(subject)
        for indicator, item in _items(counted, subject, gathered)
    }
    old = set(figures.items_of(session, association_id, alike))
    figures.change_items(session, old - new, sorted(new - old))
    sums: Counter[CellRow] = Counter()
    for rows, sign in ((new - old, 1), (old - new, -1)):
        for row in rows:
            sums[_cell(row)] += sign * row.amount
    figures.add_to_cells(session, [cell._replace(amount=by) for cell, by in sums.items() if by])


def _items(counted: Sequence[Indicator], subject: str, gathered: _Gathered) -> Iterable[tuple[Indicator, Item]]:
    own = gathered.by_root.get(subject, [])
    joined = {gathered.root(row.other) for row in own if row.other}
    rows = [*own, *(row for key in joined if not gathered.is_gone(key) for row in gathered.by_root.get(key, ()))]
    known = [_known(row, gathered, subject) for row in rows]
    for indicator in counted:
        for item in items_of(indicator, subject, known):
            yield indicator, item


def _known(row: FactRow, gathered: _Gathered, subject: str) -> Known:
    """A fact as it is counted: what it is joined to by the subject under which that counts."""
    about = row.subject if gathered.root(row.subject) == subject else gathered.root(row.subject)
    other = gathered.root(row.other) if row.other else ""
    data = _decoder.decode(bytes(row.data))
    return Known(row.kind, about, other, row.month, row.level, row.rank, str(row.record_id), data)


def _of_item(item: Item) -> tuple[str, str, int, int, int, str, str, str, str, str]:
    return (
        item.part, item.key, item.month, item.level, item.amount, item.commune, item.sex, item.band, item.disability,
        item.category,
    )  # fmt: skip


def _cell(row: ItemRow) -> CellRow:
    return CellRow(
        row.association_id, row.indicator, row.part, row.month, row.level, row.commune, row.sex, row.band,
        row.disability, row.category, 0,
    )  # fmt: skip


def _count_times(session: Session, association_id: int, record_ids: Sequence[int], taken: Sequence[Taken]) -> None:
    """How long submissions took to come and to be reviewed."""
    submissions = [each for each in taken if each.collection.kind == "submission" and each.stands]
    begun = _first_said_ms(session, submissions)
    new = [_time(association_id, each, begun[each.row.id]) for each in submissions]
    old = facts.times(session, record_ids)
    if set(old) == set(new):
        return
    facts.set_times(session, record_ids, new)
    sums: Counter[CellRow] = Counter()
    for rows, sign in ((new, 1), (old, -1)):
        for row in rows:
            for cell in _time_cells(row):
                sums[cell] += sign
    figures.add_to_cells(session, [cell._replace(amount=count) for cell, count in sums.items() if count])


def _first_said_ms(session: Session, submissions: Sequence[Taken]) -> dict[int, int]:
    """When each was said first, by its device's clock: asked of its operations where it was changed since it came."""
    said = {each.row.id: each.state.rules_stamp[0] for each in submissions if each.state is not None}
    changed = [each.row.id for each in submissions if said[each.row.id] > each.row.arrived_ms]
    for record_id, found in operations.of_records(session, changed).items():
        if found:
            stamp = msgspec.json.decode(bytes(found[0].body)).get("stamp") or [said[record_id]]
            said[record_id] = int(stamp[0])
    return said


def _time(association_id: int, taken: Taken, said_ms: int) -> TimeRow:
    row, state = taken.row, taken.state
    decided = [comment.stamp[0] for comment in state.comments if comment.state] if state is not None else []
    lag = min(max(0, row.arrived_ms - said_ms) // HOUR_MS, LAG_HOURS_MAX)
    review = max(0, min(decided) - row.arrived_ms) // HOUR_MS if decided else None
    month = month_of_ms(row.arrived_ms, PROGRAMME_ZONE)
    return TimeRow(row.id, association_id, month, _level(taken), lag, review)


def _time_cells(row: TimeRow) -> list[CellRow]:
    """A submission in the sums: one for how long it took to come, one for how its review stands."""
    state = "open" if row.review_hours is None else "in_time" if row.review_hours < REVIEW_HOURS else "late"
    start = (row.association_id, QUALITY)
    return [
        CellRow(*start, "lag", row.month, APPROVED, "", "", "", "", str(row.lag_hours), 0),
        CellRow(*start, "review", row.month, row.level, "", "", "", "", state, 0),
    ]


def catch_up(session: Session, association_id: int, limit: int) -> int:
    """Count what has changed since; return how many positions of the log remain."""
    return following.follow(session, FOLLOWER, association_id, limit)
