"""The queue of pairs to decide: most useful first, within what the reader may act upon (docs/linkage.md)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.clusters import Link, components
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.services import deciding, held_apart, reading
from fieldsync.services.deciding import Pair
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader
from fieldsync.store import associations, pairs, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.pairs import DecisionRow, PairRow
from fieldsync.store.records import RecordRow

LOOKED_AT_MAX = 1000
"""Pairs of one list, the heaviest, among which the most useful are found; the next come up as these are decided."""

ENOUGH = 100
LOOKS_MAX = 20
"""For whoever sees only some places the next are looked at until so many are hers, so many times at most."""

RECENT_MAX = 20
"""Decisions that the queue shows, to be taken back."""

CURSOR_MAX = 200

OF_RECORD_MAX = 5
"""Pairs that the page of one record names."""

ZONES = ("review", "automatic")


May = Callable[[CollectionRow, RecordRow], bool]
"""Whether a record of a form or list is somebody's to act upon."""


class Rank(NamedTuple):
    """Where a pair stands in the queue: by falling value, then by its records."""

    value: int
    left_id: int
    right_id: int

    @property
    def key(self) -> tuple[int, int, int]:
        """What it is sorted by."""
        return -self.value, self.left_id, self.right_id


@dataclass(frozen=True)
class Waiting:
    """A pair that waits; its value is its weight times the records that it would join, in hundredths."""

    pair: Pair
    rank: Rank


@dataclass(frozen=True)
class Page:
    """Pairs of the queue, how many wait in all, and the rank after which the next page begins (None: the end).

    `together`: record → the records that hang together, where they are more than two.
    """

    items: Sequence[Waiting]
    total: int
    following: Rank | None
    together: Mapping[int, Sequence[Found]]


class Standing(NamedTuple):
    """The `number` of a pair among `total` that wait, 0 where it is none of them, and which comes next.

    `together`: how many records hang together with the two by pairs that wait, where they are more than two.
    """

    number: int
    total: int
    following: Waiting | None
    together: int


def page(
    session: Session, reader: Reader, after: Rank | None, limit: int, of: str = "", is_grouped: bool = False
) -> Page:
    """A page of the queue. Where it is grouped, several that hang together show by their most useful pair."""
    everything = waiting(session, reader, of)
    together = groups(everything)
    lines = _first_of_each(everything, together) if is_grouped else everything
    left = [each for each in lines if after is None or each.rank.key > after.key]
    more = left[limit - 1].rank if len(left) > limit else None
    return Page(left[:limit], len(everything), more, together)


def waiting(session: Session, reader: Reader, of: str = "") -> list[Waiting]:
    """All pairs that wait, as far as they are looked at, in the order of the queue."""
    found: list[Waiting] = []
    for collection in associations.collections(session, reader.association_id):
        if of in ("", collection.of) and reader.opens(collection.kind, collection.of, ACT_ON_RECORDS):
            found += _of_collection(session, collection, acts(reader))
    return sorted(found, key=lambda each: each.rank.key)


def waiting_anywhere(session: Session, association_id: int) -> list[Waiting]:
    """All pairs of an association that wait, for whoever runs the server."""
    named = associations.collections(session, association_id)
    found = [each for collection in named for each in _of_collection(session, collection, lambda *_: True)]
    return sorted(found, key=lambda each: each.rank.key)


def acts(reader: Reader) -> May:
    """What is somebody's to act upon."""
    return lambda collection, row: reading.may_read(reader, collection, row, ACT_ON_RECORDS)


def count(session: Session, reader: Reader) -> int:
    """How many pairs wait."""
    return len(waiting(session, reader))


def count_at_most(session: Session, reader: Reader, most: int) -> int:
    """The same for the menu, cheaply up to a bound; nothing for whoever sees only some places or one team."""
    if any(grant.places or grant.team for grant in reader.grants):
        return 0
    named = associations.collections(session, reader.association_id)
    opened = [(each.kind, each.of) for each in named if reader.opens(each.kind, each.of, ACT_ON_RECORDS)]
    counted = pairs.count_waiting(session, reader.association_id, opened, most)
    if not 0 < counted < most:
        return counted
    merged = pairs.undecided_of_merged(session, reader.association_id, opened, most)
    known = records.by_ids(session, {each for row in merged for each in row.pair})
    return counted - len(held_apart.answered(session, known, {row.pair: row.levels for row in merged}))


def recent(session: Session, reader: Reader) -> list[Pair]:
    """What was decided last, where it stands and is the reader's to take back; the newest first."""
    rows = pairs.recent(session, reader.association_id, RECENT_MAX)
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    found = records.by_ids(session, {each for row in rows for each in (row.left_id, row.right_id)})
    shown = []
    for row in rows:
        pair = as_pair(acts(reader), named, found, (row.left_id, row.right_id), None, row)
        if pair is not None and row.decision != deciding.OPEN:
            shown.append(pair)
    return shown


def of_record(session: Session, reader: Reader, found: Found) -> list[Pair]:
    """The pairs of a record that wait, the heaviest first."""
    rows = pairs.of_record(session, found.row.id, OF_RECORD_MAX)
    known = records.by_ids(session, {each for row in rows for each in row.pair})
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    decisions = pairs.latest(session, [row.pair for row in rows])
    shown = [as_pair(acts(reader), named, known, row.pair, row, decisions.get(row.pair)) for row in rows]
    return those_waiting(session, [each for each in shown if each is not None])


def seal_rank(rank: Rank, purpose: str, secret: bytes) -> str:
    """A rank as a cursor that tells nothing."""
    return ".".join(seal_number(each, purpose, secret) for each in rank)


def open_rank(text: str, purpose: str, secret: bytes) -> Rank | None:
    """The rank of a cursor; None where this server did not write it."""
    numbers = [open_number(each, purpose, secret) for each in text[:CURSOR_MAX].split(".")]
    known = [each for each in numbers if each is not None]
    return Rank(*known) if len(known) == len(numbers) == 3 else None


def told(pair: Pair) -> dict[str, Any]:
    """A pair as the API and the command line tell it: codes, levels and weights, never an answer."""
    row, last = pair.row, pair.decision
    return {
        "records": [records.uuid_text(each.row.uuid) for each in (pair.left, pair.right)],
        "kind": pair.left.kind,
        "of": pair.left.of,
        "weight": row.weight if row else None,
        "zone": row.zone if row else None,
        "comparisons": [dict(zip(("name", "level", "weight"), each, strict=True)) for each in row.comparisons]
        if row
        else [],
        "bounds": list(row.bounds) if row else [],
        "turn": pair.turn,
        "decision": {"decision": last.decision, "by": last.decided_by, "at_ms": last.decided_ms, "why": last.why}
        if last
        else None,
        "changed": deciding.changed_since(pair),
    }


def standing(session: Session, reader: Reader, pair: Pair) -> Standing:
    """Where a pair stands in the queue, and which comes after it: the first where it is the last, or has left it."""
    everything = waiting(session, reader)
    key = (pair.left.row.id, pair.right.row.id)
    place = next((number for number, each in enumerate(everything) if each.rank[1:] == key), -1)
    others = [each for each in everything[place + 1 :] + everything[:place] if each.rank[1:] != key]
    return Standing(place + 1, len(everything), others[0] if others else None, len(groups(everything).get(key[0], ())))


def groups(everything: Sequence[Waiting]) -> dict[int, list[Found]]:
    """Record → the records that hang together by pairs that wait, where they are more than two; the oldest first."""
    between = [each for each in everything if each.pair.left.kind == "entity"]
    sides = {side.row.id: side for each in between for side in (each.pair.left, each.pair.right)}
    links = [Link(each.rank.left_id, each.rank.right_id, 0.0) for each in between]
    made: dict[int, list[Found]] = {}
    for group in components(set(sides), links):
        if len(group) > 2:
            members = [sides[each] for each in sorted(group)]
            made |= {each: members for each in group}
    return made


def _first_of_each(everything: Sequence[Waiting], together: Mapping[int, Sequence[Found]]) -> list[Waiting]:
    met: set[int] = set()
    kept = []
    for each in everything:
        group = together.get(each.rank.left_id, ())
        if not group or group[0].row.id not in met:
            kept.append(each)
        met |= {one.row.id for one in group[:1]}
    return kept


def those_waiting(session: Session, asked: Sequence[Pair]) -> list[Pair]:
    """Those of some pairs at which somebody should look: none that a decision within their groups answers."""
    found = [each for each in asked if deciding.is_waiting(each)]
    undecided = {
        (each.left.row.id, each.right.row.id): each.levels
        for each in found
        if each.decision is None and each.left.kind == "entity"
    }
    known = {side.row.id: side.row for each in found for side in (each.left, each.right)}
    answered = held_apart.answered(session, known, undecided)
    return [each for each in found if (each.left.row.id, each.right.row.id) not in answered]


def _of_collection(session: Session, collection: CollectionRow, may: May) -> list[Waiting]:
    name = (collection.kind, collection.of)
    shown: list[Waiting] = []
    for zone in ZONES:
        of_zone: list[Waiting] = []
        last: PairRow | None = None
        for _ in range(LOOKS_MAX):
            rows = pairs.heaviest(session, collection.association_id, name, zone, LOOKED_AT_MAX, last)
            of_zone += _waiting_of(session, collection, rows, may)
            if len(rows) < LOOKED_AT_MAX or len(of_zone) >= ENOUGH:
                break
            last = rows[-1]
        shown += of_zone
    return shown


def _waiting_of(session: Session, collection: CollectionRow, rows: Sequence[PairRow], may: May) -> list[Waiting]:
    ids = {each for row in rows for each in row.pair}
    found = records.by_ids(session, ids)
    decisions = pairs.latest(session, [row.pair for row in rows])
    sizes = pairs.cluster_sizes(session, ids)
    named = {collection.id: collection}
    asked = [as_pair(may, named, found, row.pair, row, decisions.get(row.pair)) for row in rows]
    shown = []
    for pair in those_waiting(session, [each for each in asked if each is not None]):
        key, weight = (pair.left.row.id, pair.right.row.id), pair.row.weight if pair.row else 0.0
        joined = sum(sizes.get(each, 1) for each in key)
        shown.append(Waiting(pair, Rank(max(0, round(weight * joined * 100)), *key)))
    return shown


def as_pair(
    may: May,
    named: Mapping[int, CollectionRow],
    found: Mapping[int, RecordRow],
    key: tuple[int, int],
    row: PairRow | None,
    decision: DecisionRow | None,
) -> Pair | None:
    """Two records as a pair, where both are the reader's to act upon."""
    sides = []
    for record_id in key:
        record = found.get(record_id)
        collection = named.get(record.collection_id) if record else None
        if record is None or collection is None or not may(collection, record):
            return None
        sides.append(Found(record, collection.kind, collection.of))
    return Pair(sides[0], sides[1], row, decision)
