"""Clusters of a list made anew from its pairs and decisions, and merging by itself where an association allows it."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.clusters import Clustering, Facts, Link, Pair, clustered, named_after_oldest
from fieldsync.core.linkage_features import ALGORITHM, Features
from fieldsync.services import deciding, merging_itself
from fieldsync.services.deciding import DIFFERENT, ITSELF, SAME, Verdict
from fieldsync.services.desk import Desk, Found
from fieldsync.services.linkage_lists import LinkedList, linked_lists
from fieldsync.store import agreements, linkage, pairs, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.pairs import PairRow

PAIRS_MAX = 100_000
"""Pairs of one list from which its clusters are made, the heaviest."""

MERGED_MAX = 50
"""Merges of one step, so that others are not kept waiting."""

SAMPLE_OF = 10
"""One of so many merges that nobody made is to be looked at again."""

_features = msgspec.json.Decoder(Features)


@dataclass(frozen=True)
class Made:
    """The clusters of a list, and the pairs that they were made from."""

    clustering: Clustering
    rows: Mapping[Pair, PairRow]
    decided: Collection[Pair]


def rebuild(session: Session, of_list: LinkedList) -> Made:
    """Make the clusters of a list anew; each is named after its oldest record."""
    collection = of_list.collection
    name = (collection.kind, collection.of)
    rows = {row.pair: row for row in pairs.of_list(session, collection.association_id, name, PAIRS_MAX)}
    ids = {each for pair in rows for each in pair}
    said = pairs.of_collection(session, collection.id)
    decisions = {(row.left_id, row.right_id): row.decision for row in said}
    links = [
        Link(*pair, row.weight)
        for pair, row in rows.items()
        if deciding.may_merge_itself(row) and pair not in decisions
    ]
    links += [Link(*pair, 0.0, True) for pair, decision in decisions.items() if decision == SAME]
    apart = {pair for pair, decision in decisions.items() if decision == DIFFERENT}
    weights = {pair: row.weight for pair, row in rows.items()}
    made = clustered(links, apart, _facts(session, collection, ids), weights, of_list.model.review)
    known = records.by_ids(session, {each for cluster in made.clusters for each in cluster})
    born = {row.id: (row.arrived_ms, row.id) for row in known.values()}
    pairs.replace_clusters(session, collection.association_id, name, named_after_oldest(made.clusters, born).items())
    return Made(made, rows, decisions.keys())


def step(session: Session, association_id: int, now_ms: int) -> int:
    """Make the clusters of an association's lists anew; merge what it lets be merged. How many were merged."""
    weight, merged = merging_itself.weight_in_force(session, association_id), 0
    by_two = agreements.reviewed_twice(session, association_id)
    for of_list in linked_lists(session, association_id).values():
        made = rebuild(session, of_list)
        if weight is not None and of_list.collection.of not in by_two:
            merged += _merge(session, of_list.collection, made, weight, now_ms)
    return merged


def _merge(session: Session, collection: CollectionRow, made: Made, weight: float, now_ms: int) -> int:
    """Merge the pairs of which nothing was ever decided, within their clusters, heaviest first."""
    by = Desk(collection.association_id, ITSELF, now_ms)
    cluster_of = {member: cluster for cluster in made.clustering.clusters for member in cluster}
    wanted = sorted(
        (row for row in made.rows.values() if row.weight >= weight), key=lambda row: (-row.weight, row.pair)
    )
    merged = 0
    for row in wanted:
        together = row.right_id in cluster_of.get(row.left_id, ())
        if merged < MERGED_MAX and together and deciding.may_merge_itself(row) and row.pair not in made.decided:
            known = records.by_ids(session, row.pair)
            left, right = (Found(known[each], collection.kind, collection.of) for each in row.pair)
            pair = deciding.of_rows(session, left, right)
            verdict = Verdict(SAME, pair.turn, sampled=_is_sampled(row.pair))
            merged += deciding.is_waiting(pair) and deciding.decide(session, by, pair, verdict) is None
    return merged


def _is_sampled(pair: Pair) -> bool:
    return hashlib.blake2b(b"%d %d" % pair, digest_size=2).digest()[0] % SAMPLE_OF == 0


def _facts(session: Session, collection: CollectionRow, ids: Collection[int]) -> dict[int, Facts]:
    found = linkage.features(session, collection.id, ALGORITHM, ids)
    told = {record_id: _features.decode(body) for record_id, body in found.items()}
    return {record_id: Facts(each.national_id, each.sex) for record_id, each in told.items()}
