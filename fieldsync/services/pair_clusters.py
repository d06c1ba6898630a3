"""Several records that may all be one: side by side, and which of them hang together firmly."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.clusters import Link, clustered
from fieldsync.core.declarations import LABEL
from fieldsync.core.form_texts import FormText
from fieldsync.core.operations import OperationId
from fieldsync.services import entity_told, pair_queue, pair_told, reading
from fieldsync.services.answers_told import MASKED, WITHHELD
from fieldsync.services.deciding import DIFFERENT, Pair
from fieldsync.services.desk import Found
from fieldsync.services.pair_queue import Rank
from fieldsync.services.pair_told import HIDDEN, MISSING, OTHER, SAME, Agreement, Cell
from fieldsync.services.readers import Reader
from fieldsync.services.reviewing import heads_of
from fieldsync.store import associations, linkage, pairs, records

SHOWN_MAX = 6
"""Records side by side; what else hangs on them comes up as these are decided."""

LOOKED_AT_MAX = 60
ROWS_MAX = 100

FIRM = 3.0
"""From this weight on (likely) a pair draws two records into what is proposed as one."""

Key = tuple[int, int]

APART = {"two_national_ids", "two_sexes", "two_register_numbers", "relatives_of_each_other"}
"""Bounds by which two records are never proposed as one."""


@dataclass(frozen=True)
class Row:
    """One answer of every member, and whether they agree (services.pair_told)."""

    path: str
    label: FormText
    cells: tuple[Cell, ...]
    level: str


@dataclass(frozen=True)
class Cluster:
    """Records that pairs which wait draw together: `members` side by side, `more` beyond them.

    `proposed`: row ids that hang together firmly with the first; the others hang on them by a weak pair, or by a
    bridge. `turns`: how many decisions there were among the members.
    """

    members: Sequence[Found]
    pairs: Sequence[Pair]
    proposed: frozenset[int]
    more: int
    turns: int

    @property
    def heads(self) -> tuple[OperationId, ...]:
        """What whoever decides has seen."""
        return tuple(sorted({head for each in self.members for head in heads_of(each)}))


@dataclass(frozen=True)
class Line:
    """Several that hang together, as a list tells them: the oldest first; weight and rank of their most useful pair."""

    members: Sequence[Found]
    weight: float
    rank: Rank


def around(session: Session, reader: Reader, found: Found) -> Cluster:
    """The records that hang together with an entity by pairs that wait, the nearest first."""
    met, front, known = [found.row.id], {found.row.id}, dict[Key, Pair]()
    while front and len(met) < LOOKED_AT_MAX:
        new = _waiting(session, reader, front)
        known |= new
        ordered = sorted(new.values(), key=lambda each: -_weight(each))
        front = set()
        for each in (side.row.id for pair in ordered for side in (pair.left, pair.right)):
            if each not in met:
                met.append(each)
                front.add(each)
    shown = set(met[:SHOWN_MAX])
    sides = {side.row.id: side for pair in known.values() for side in (pair.left, pair.right)} | {found.row.id: found}
    inside = [pair for key, pair in sorted(known.items()) if shown.issuperset(key)]
    members = [sides[each] for each in met[:SHOWN_MAX]]
    decided = [row for row in pairs.of_records(session, shown) if {row.left_id, row.right_id} <= shown]
    apart = {(row.left_id, row.right_id) for row in decided if row.decision == DIFFERENT}
    turns = sum(row.turn for row in decided)
    return Cluster(members, inside, _proposed(found.row.id, inside, apart), len(met) - len(members), turns)


def rows(session: Session, reader: Reader, cluster: Cluster, language: str, revealed: bool = False) -> list[Row]:
    """The answers of all members, what differs first."""
    told = reading.told(session, reader, cluster.members, language, revealed)
    speech = entity_told.speech_of(session, reader, cluster.members[0].of, language)
    named = {path for each in told for path in (*each["fields"], *each["withheld"], *each["masked"])}
    compared = _compared(session, reader, cluster.pairs)
    made = []
    for path in named:
        cells = tuple(_cell(speech, path, each) for each in told)
        is_open = path in compared and not any(each.hidden == WITHHELD for each in cells)
        level = compared[path].level if is_open else _agreement(cells)
        made.append(Row(path, speech.words.label(path), cells, level))
    order = {SAME: 1, MISSING: 2}
    return sorted(
        made, key=lambda row: (row.path != LABEL, order.get(row.level, 0), speech.order.get(row.path, 1000), row.path)
    )[:ROWS_MAX]


def lines(
    session: Session, reader: Reader, after: Rank | None, limit: int, of: str = ""
) -> tuple[list[Line], Rank | None]:
    """All that hang together, three or more, in the order of the queue; and after which rank the next page begins."""
    everything = pair_queue.waiting(session, reader, of)
    together, found = pair_queue.groups(everything), dict[int, Line]()
    for each in everything:
        group = together.get(each.rank.left_id)
        if group and group[0].row.id not in found:
            found[group[0].row.id] = Line(group, _weight(each.pair), each.rank)
    left = [each for each in found.values() if after is None or each.rank.key > after.key]
    return left[:limit], left[limit - 1].rank if len(left) > limit else None


def _waiting(session: Session, reader: Reader, ids: Collection[int]) -> dict[Key, Pair]:
    """The pairs of some records that wait and are the reader's to decide."""
    candidates = [pairs.decoded(row) for row in linkage.pairs_of(session, ids).values()]
    known = records.by_ids(session, {each for row in candidates for each in row.pair})
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    decisions = pairs.latest(session, [row.pair for row in candidates])
    may = pair_queue.acts(reader)
    asked = [pair_queue.as_pair(may, named, known, row.pair, row, decisions.get(row.pair)) for row in candidates]
    waiting = pair_queue.those_waiting(session, [each for each in asked if each is not None])
    return {(each.left.row.id, each.right.row.id): each for each in waiting}


def _proposed(first: int, inside: Sequence[Pair], decided: Collection[Key]) -> frozenset[int]:
    weights = {(each.left.row.id, each.right.row.id): _weight(each) for each in inside}
    apart = set(decided) | {
        key for key, pair in zip(weights, inside, strict=True) if pair.row and APART & set(pair.row.bounds)
    }
    links = [Link(*key, weight) for key, weight in weights.items() if weight >= FIRM and key not in apart]
    found = clustered(links, apart, None, weights).clusters
    return frozenset(next((each for each in found if first in each), (first,)))


def _weight(pair: Pair) -> float:
    return pair.row.weight if pair.row else 0.0


def _compared(session: Session, reader: Reader, among: Iterable[Pair]) -> dict[str, Agreement]:
    """Path → how it agrees in the pair in which it agrees least; so it is told of what is masked, too."""
    worst: dict[str, Agreement] = {}
    for pair in among:
        for path, agreement in pair_told.compared(session, reader, pair).items():
            worst[path] = min(agreement, worst.get(path, agreement))
    return worst


def _cell(speech: entity_told.Speech, path: str, shown: dict[str, object]) -> Cell:
    withheld, masked, fields = shown["withheld"], shown["masked"], shown["fields"]
    assert isinstance(withheld, Iterable) and isinstance(masked, Iterable) and isinstance(fields, dict)
    hidden = WITHHELD if path in withheld else MASKED if path in masked else ""
    value = fields.get(path)
    return Cell(None if hidden or value is None else speech.words.show(path, value), hidden)


def _agreement(cells: Sequence[Cell]) -> str:
    if any(each.hidden for each in cells):
        return HIDDEN
    said = [each.value for each in cells if each.value is not None]
    if any(each != said[0] for each in said):
        return OTHER
    return SAME if len(said) == len(cells) else MISSING
