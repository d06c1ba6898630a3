"""Once a night linkage learns from each list how much agreement tells there, and scores all its pairs anew.

Without Splink (the extra `linkage`) the last model, or the one of the program, scores.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.linkage import NONE
from fieldsync.core.linkage_features import ALGORITHM, Features
from fieldsync.core.linkage_model import is_sound
from fieldsync.services import linkage as matching
from fieldsync.services import quality_night
from fieldsync.services.linkage import Pair
from fieldsync.services.linkage_lists import LinkedList, linked_lists, shipped_model
from fieldsync.store import associations, linkage, linkage_splink
from fieldsync.store.associations import CollectionRow
from fieldsync.store.linkage import PairRow
from fieldsync.store.linkage_splink import Bench, Extract
from fieldsync.store.linkage_sql import DUCKDB

RECORDS_LEAST = 1000
"""A shorter list teaches nothing: the shipped model scores it."""

PAGE_ROWS = 5000
KEYS_PAGE_ROWS = 100_000
PAIRS_AT_ONCE = 1000
RESCORED_AT_ONCE = 200

Result = TypeVar("Result")
_features = msgspec.json.Decoder(Features)


class Step(Protocol):
    """Runs a piece of work in a transaction of its own."""

    def __call__(self, work: Callable[[Session], Result], /) -> Result: ...


@dataclass(frozen=True)
class Trained:
    """What a training came to. `accepted` is false for a model that made no sense and is not in force."""

    of: str
    version: int
    records: int
    accepted: bool
    never_seen: tuple[str, ...]
    pairs: int


def due(session: Session, now_ms: int) -> list[int]:
    """Associations with a list that is long enough and has its night."""
    found: list[int] = []
    for owner in associations.everyone(session):
        for each in linked_lists(session, owner.id).values():
            trained_ms = linkage.trained_ms(session, owner.id, each.collection.of)
            is_long = linkage.count_features(session, each.collection.id, ALGORITHM) >= RECORDS_LEAST
            if is_long and quality_night.is_due(trained_ms, now_ms):
                found.append(owner.id)
                break
    return found


def train(
    read: Step, write: Step, association_id: int, now_ms: int, backend: str = DUCKDB, least: int = RECORDS_LEAST
) -> list[Trained]:
    """Learn from every list of an association that is long enough, and score its pairs by what was learned."""
    lists = read(lambda session: linked_lists(session, association_id)).values()
    extracts = ((each, _extract(read, each)) for each in lists)
    return [_train(read, write, each, found, now_ms, backend) for each, found in extracts if found.records >= least]


def rescore(read: Step, write: Step, association_id: int, now_ms: int) -> int:
    """Score every pair anew by the models in force; how many look-ups found one."""
    lists = read(lambda session: linked_lists(session, association_id)).values()
    return sum(_rescore_list(read, write, of_list, now_ms) for of_list in lists)


def _rescore_list(read: Step, write: Step, of_list: LinkedList, now_ms: int) -> int:
    found = 0
    for page in _pages(read, of_list, RESCORED_AT_ONCE):
        made = {record_id: _features.decode(body) for record_id, body in page}
        found += write(partial(_rescore, of_list, made, now_ms))
    collection = of_list.collection
    write(partial(_drop_stale, collection.association_id, collection.of, of_list.model.version))
    return found


def _rescore(of_list: LinkedList, made: dict[int, Features], now_ms: int, session: Session) -> int:
    pairs = matching.pairs_of(session, of_list, made, now_ms)
    matching.settle(session, made.keys(), pairs)
    return len(pairs)


def _drop_stale(association_id: int, of: str, version: int, session: Session) -> int:
    return linkage.drop_pairs_of_others(session, association_id, of, version)


def _train(read: Step, write: Step, of_list: LinkedList, extract: Extract, now_ms: int, backend: str) -> Trained:
    collection = of_list.collection
    with linkage_splink.bench(extract, backend) as on:
        model = linkage_splink.train(on, shipped_model(of_list.kind), extract)
        accepted = is_sound(model)
        body = msgspec.json.encode(model)
        version = write(
            lambda session: linkage.add_model(
                session, collection.association_id, collection.of, body, now_ms, active=accepted
            )
        )
        pairs = _scored(read, write, on, collection, now_ms) if accepted else 0
    return Trained(collection.of, version, extract.records, accepted, model.never_seen, pairs)


def _scored(read: Step, write: Step, on: Bench, collection: CollectionRow, now_ms: int) -> int:
    """Score the pairs of a list by its new model: all at once on DuckDB, otherwise record by record as online."""
    in_force = read(lambda session: linked_lists(session, collection.association_id))[collection.id]
    if on.backend == DUCKDB:
        return _settle_all(read, write, on, in_force, now_ms)
    return _rescore_list(read, write, in_force, now_ms)


def _settle_all(read: Step, write: Step, on: Bench, of_list: LinkedList, now_ms: int) -> int:
    """Keep every pair of a list that is likely enough, by the model in force, and no other."""
    table = linkage_splink.pair_up(on, of_list.kind, _keys(read))
    likely = linkage_splink.scores(on, of_list.model, table, of_list.model.review)
    found = 0
    for page in _batches(likely):
        found += write(partial(_put_pairs, of_list, [(each.left_id, each.right_id) for each in page], now_ms))
    write(partial(_drop_stale, of_list.collection.association_id, of_list.collection.of, of_list.model.version))
    return found


def _put_pairs(of_list: LinkedList, pairs: Sequence[Pair], now_ms: int, session: Session) -> int:
    """Score pairs with their explanation. What changed meanwhile is scored as it is now."""
    wanted = {each for pair in pairs for each in pair}
    stored = linkage.features(session, of_list.collection.id, ALGORITHM, wanted)
    known = matching.with_phone_persons(
        session, of_list, {each: _features.decode(body) for each, body in stored.items()}
    )
    rows: list[PairRow] = []
    for pair in pairs:
        if pair[0] in known and pair[1] in known:
            match = of_list.scorer.score(known[pair[0]], known[pair[1]])
            rows += [matching.pair_row(of_list, pair, match, now_ms)] if match.zone != NONE else []
    linkage.put_pairs(session, rows)
    return len(rows)


def _extract(read: Step, of_list: LinkedList) -> Extract:
    extract = Extract(of_list.kind)
    for page in _pages(read, of_list, PAGE_ROWS):
        for record_id, body in page:
            extract.add(record_id, _features.decode(body))
    extract.count_phones()
    return extract


def _pages(read: Step, of_list: LinkedList, limit: int) -> Iterator[list[tuple[int, bytes]]]:
    after = 0
    while page := read(partial(_page, of_list.collection.id, after, limit)):
        yield page
        after = page[-1][0]


def _page(collection_id: int, after: int, limit: int, session: Session) -> list[tuple[int, bytes]]:
    return linkage.page(session, collection_id, ALGORITHM, after, limit)


def _keys(read: Step) -> Iterator[list[tuple[int, int]]]:
    after = (-(2**63), 0)
    while page := read(partial(_page_of_keys, after)):
        yield page
        after = page[-1]


def _page_of_keys(after: tuple[int, int], session: Session) -> list[tuple[int, int]]:
    return linkage.every_key(session, after, KEYS_PAGE_ROWS)


def _batches(scored: Iterable[linkage_splink.Scored]) -> Iterator[list[linkage_splink.Scored]]:
    rest = iter(scored)
    while page := list(islice(rest, PAIRS_AT_ONCE)):
        yield page
