"""Clusters of a list made anew from its pairs and decisions, and merging by itself where an association allows it."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.clusters import Facts, Link, Pair, clustered, components, named_after_oldest
from fieldsync.core.linkage_features import Features, algorithm
from fieldsync.services import deciding, merging_itself
from fieldsync.services.deciding import DIFFERENT, ITSELF, SAME, Verdict
from fieldsync.services.desk import Desk, Found
from fieldsync.services.linkage_lists import LinkedList, linked_lists
from fieldsync.store import linkage, pairs, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.db import Step
from fieldsync.store.pairs import PairRow

PAIRS_MAX = 100_000
"""Pairs of one list from which its clusters are made, the heaviest."""

MERGED_MAX = 50
"""Merges of a list in one run."""

ROWS_AT_ONCE = 300
"""Records whose clusters are stored in one transaction: some ten milliseconds."""

SAMPLE_OF = 10
"""One of so many merges that nobody made is to be looked at again."""

Group = tuple[int, ...]
_features = msgspec.json.Decoder(Features)


Evidence = tuple[bytes, frozenset[tuple[Any, ...]]]
"""What the cluster of a record is made from: its features, its pairs, and what people said of them."""


@dataclass(frozen=True)
class Made:
    """The clusters of a list, as one moment had it.

    `cluster_of`, `standing`: record → cluster, as it should be and as it is stored; `group_of`: the records that links
    or a stored cluster draw together, of each; `wanted`: pairs to be merged, heaviest first; `evidence`: of each record
    in a group in which something is to be written.
    """

    collection: CollectionRow
    cluster_of: Mapping[int, int]
    standing: Mapping[int, int]
    group_of: Mapping[int, Group]
    wanted: Sequence[PairRow]
    evidence: Mapping[int, Evidence]

    def differing(self, group: Group) -> dict[int, int | None]:
        """What is to be stored of the records of a group."""
        return {each: self.cluster_of.get(each) for each in group if self._differs(each)}

    def unchanged(self, session: Session, groups: Iterable[Group]) -> list[Group]:
        """Those of some groups of which nothing changed since."""
        groups = list(groups)
        now = _evidence(session, self.collection, {each for group in groups for each in group})
        return [group for group in groups if all(now[each] == self.evidence[each] for each in group)]

    def _differs(self, record_id: int) -> bool:
        return self.cluster_of.get(record_id) != self.standing.get(record_id)


def run(read: Step, write: Step, association_id: int, now_ms: int) -> int:
    """Make the clusters of an association's lists anew; merge what it lets be merged. How many were merged.

    All is worked out from what one moment knew, while others write. What differs is written some rows at a time, and
    nothing of a group of which something was said or compared meanwhile: that is for the next run.
    """
    merged = 0
    for of_list in read(lambda session: linked_lists(session, association_id)).values():
        weight = read(partial(_weight, of_list.collection))
        made = read(partial(_make, of_list, weight))
        for lot in _lots(made):
            write(partial(_put, made, lot))
        if weight is not None:
            merged += _merge(write, made, weight, now_ms)
    return merged


def _weight(collection: CollectionRow, session: Session) -> float | None:
    """From which weight on pairs of a list merge by themselves now; None: never."""
    if collection.of in pairs.reviewed_twice(session, collection.association_id):
        return None
    return merging_itself.weight_in_force(session, collection.association_id)


def _make(of_list: LinkedList, weight: float | None, session: Session) -> Made:
    """Make the clusters of a list anew; each is named after its oldest record."""
    collection = of_list.collection
    name = (collection.kind, collection.of)
    rows = {row.pair: row for row in pairs.of_list(session, collection.association_id, name, PAIRS_MAX)}
    said = pairs.of_collection(session, collection.id)
    decisions = {(row.left_id, row.right_id): row.decision for row in said}
    links = _links(rows, decisions)
    told = _told(session, collection, {each for pair in rows for each in pair})
    facts = {record_id: Facts(each.national_id, each.sex) for record_id, each in told.items()}
    apart = {pair for pair, decision in decisions.items() if decision == DIFFERENT} | _relatives(told)
    weights = {pair: row.weight for pair, row in rows.items()}
    clusters = clustered(links, apart, facts, weights, of_list.model.review).clusters
    arrived = records.arrived_ms(session, {each for cluster in clusters for each in cluster})
    cluster_of = named_after_oldest(clusters, {each: (at_ms, each) for each, at_ms in arrived.items()})
    standing = pairs.clusters(session, collection.id)
    group_of = _groups(links, standing)
    wanted = [] if weight is None else _wanted(rows.values(), weight, cluster_of, decisions)
    touched = {each for each in group_of if cluster_of.get(each) != standing.get(each)}
    touched |= {row.left_id for row in wanted}
    ids = {member for each in touched for member in group_of[each]}
    return Made(collection, cluster_of, standing, group_of, wanted, _evidence(session, collection, ids))


def _links(rows: Mapping[Pair, PairRow], decisions: Mapping[Pair, str]) -> list[Link]:
    automatic = (row for row in rows.values() if deciding.may_merge_itself(row) and row.pair not in decisions)
    decided = (pair for pair, decision in decisions.items() if decision == SAME)
    return [Link(*row.pair, row.weight) for row in automatic] + [Link(*pair, 0.0, True) for pair in decided]


def _groups(links: Iterable[Link], standing: Mapping[int, int]) -> dict[int, Group]:
    drawn = [*links, *(Link(*each, 0.0) for each in standing.items())]
    found = components({each for link in drawn for each in link.pair}, drawn)
    return {each: group for group in found for each in group}


def _wanted(
    rows: Iterable[PairRow], weight: float, cluster_of: Mapping[int, int], decided: Collection[Pair]
) -> list[PairRow]:
    """Pairs within a cluster of which nothing was ever decided, heaviest first."""
    found = (
        row
        for row in rows
        if row.weight >= weight
        and deciding.may_merge_itself(row)
        and row.pair not in decided
        and cluster_of.get(row.left_id, row.left_id) == cluster_of.get(row.right_id)
    )
    return sorted(found, key=lambda row: (-row.weight, row.pair))


def _evidence(session: Session, collection: CollectionRow, ids: Collection[int]) -> dict[int, Evidence]:
    """What was merged by itself is left out: that is this job's own doing."""
    known = linkage.features(session, collection.id, algorithm(), ids)
    said = pairs.touching(session, ids, but_by=ITSELF)
    return {each: (known.get(each, b""), frozenset(said[each])) for each in ids}


def _lots(made: Made) -> Iterator[list[Group]]:
    """Groups in which something differs, so many at a time as make up one transaction."""
    lot: list[Group] = []
    for group in sorted(set(made.group_of.values())):
        if made.differing(group):
            lot.append(group)
        if sum(map(len, lot)) >= ROWS_AT_ONCE:
            yield lot
            lot = []
    if lot:
        yield lot


def _put(made: Made, lot: Sequence[Group], session: Session) -> None:
    for group in made.unchanged(session, lot):
        pairs.put_clusters(session, made.differing(group))


def _merge(write: Step, made: Made, weight: float, now_ms: int) -> int:
    merged = 0
    for row in made.wanted:
        if merged < MERGED_MAX:
            merged += write(partial(_merge_pair, made, row, weight, now_ms))
    return merged


def _merge_pair(made: Made, row: PairRow, weight: float, now_ms: int, session: Session) -> bool:
    """Merge a pair, unless people said otherwise since."""
    collection = made.collection
    by = Desk(collection.association_id, ITSELF, now_ms)
    is_allowed = pairs.automatic_weight(session, by.association_id) == weight
    if not is_allowed or collection.of in pairs.reviewed_twice(session, by.association_id):
        return False
    if not made.unchanged(session, [made.group_of[row.left_id]]):
        return False
    known = records.by_ids(session, row.pair)
    left, right = (Found(known[each], collection.kind, collection.of) for each in row.pair)
    pair = deciding.of_rows(session, left, right)
    verdict = Verdict(SAME, turn=0, sampled=_is_sampled(row.pair))
    return deciding.is_waiting(pair) and deciding.decide(session, by, pair, verdict) is None


def _is_sampled(pair: Pair) -> bool:
    return hashlib.blake2b(b"%d %d" % pair, digest_size=2).digest()[0] % SAMPLE_OF == 0


def _told(session: Session, collection: CollectionRow, ids: Collection[int]) -> dict[int, Features]:
    found = linkage.features(session, collection.id, algorithm(), ids)
    return {record_id: _features.decode(body) for record_id, body in found.items()}


def _relatives(told: Mapping[int, Features]) -> set[Pair]:
    """Records of which one names the other: nobody is her own mother."""
    bearer = {each.itself: record_id for record_id, each in told.items()}
    named = ((record_id, bearer[uuid]) for record_id, each in told.items() for uuid in each.named if uuid in bearer)
    return {(min(one, other), max(one, other)) for one, other in named}
