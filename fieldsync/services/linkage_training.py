"""Once a night linkage learns from each list how much agreement tells there, and scores all its pairs anew.

Without Splink (the extra `linkage`) the last model, or the one of the program, scores.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.linkage import NONE, Scorer, least_of
from fieldsync.core.linkage_check import Agreement, Judged, agreement
from fieldsync.core.linkage_features import Features, algorithm
from fieldsync.core.linkage_model import is_sound
from fieldsync.services import linkage as matching
from fieldsync.services import quality_night
from fieldsync.services.deciding import DIFFERENT, ITSELF, SAME
from fieldsync.services.linkage_lists import LinkedList, linked_lists, shipped_model
from fieldsync.store import associations, linkage, linkage_pairing, linkage_splink
from fieldsync.store import pairs as pairs_store
from fieldsync.store.associations import CollectionRow
from fieldsync.store.db import Step
from fieldsync.store.linkage import PairRow
from fieldsync.store.linkage_extract import Known, digest_of
from fieldsync.store.linkage_splink import Bench, Scored
from fieldsync.store.linkage_sql import DUCKDB

logger = logging.getLogger(__name__)

RECORDS_LEAST = 1000
"""A shorter list teaches nothing: the shipped model scores it."""

PAGE_ROWS = 20_000
ENTRIES_PAGE_ROWS = 250_000
PAIRS_AT_ONCE = 500
"""Pairs that are stored in one transaction: some ten milliseconds."""

STALE_AT_ONCE = 1000
RESCORED_AT_ONCE = 50

Each = TypeVar("Each")

_features = msgspec.json.Decoder(Features)
_every_features = msgspec.json.Decoder(list[Features])


@dataclass(frozen=True)
class Trained:
    """What a training came to.

    `accepted` is false for a model that made no sense, or contradicts what people decided, and is not in force.
    `seconds`: of processor, for each part of it.
    """

    of: str
    version: int
    records: int
    accepted: bool
    never_seen: tuple[str, ...]
    pairs: int
    agreement: Agreement
    seconds: Mapping[str, float]


class OvertakenError(Exception):
    """Another night of the list put a later model into force: its pairs are to stay, so this one ends."""


class _Watch:
    """Tells how much processor the parts of a night took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.process_time()

    def note(self, part: str) -> None:
        """What went by since the last time belongs to this part."""
        now = time.process_time()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._last
        self._last = now


def due(session: Session, now_ms: int) -> list[int]:
    """Associations with a list that is long enough and has its night."""
    found: list[int] = []
    for owner in associations.everyone(session):
        for each in linked_lists(session, owner.id).values():
            trained_ms = linkage.trained_ms(session, owner.id, each.collection.of)
            if quality_night.is_due(trained_ms, now_ms) and _is_long(each, RECORDS_LEAST, session):
                found.append(owner.id)
                break
    return found


def train(
    read: Step, write: Step, association_id: int, now_ms: int, backend: str = DUCKDB, least: int = RECORDS_LEAST
) -> list[Trained]:
    """Learn from every list of an association that is long enough, and score its pairs by what was learned."""
    lists = read(lambda session: linked_lists(session, association_id)).values()
    long = [each for each in lists if read(partial(_is_long, each, least))]
    found = (_train_unless_overtaken(read, write, each, now_ms, backend) for each in long)
    return [each for each in found if each is not None]


def _train_unless_overtaken(read: Step, write: Step, of_list: LinkedList, now_ms: int, backend: str) -> Trained | None:
    try:
        return _train(read, write, of_list, now_ms, backend)
    except OvertakenError:
        logger.warning("linkage: a night of %s ended, since a later one began", of_list.collection.of)
        return None


def _is_long(of_list: LinkedList, least: int, session: Session) -> bool:
    return linkage.has_features(session, of_list.collection.id, algorithm(), least)


def _rescore_list(read: Step, write: Step, of_list: LinkedList, now_ms: int) -> int:
    found = 0
    for page in _pages(read, of_list, RESCORED_AT_ONCE):
        found += write(partial(_rescore, of_list, {each.record_id: each.features for each in page}, now_ms))
    _drop_stale(read, write, of_list)
    return found


def _rescore(of_list: LinkedList, made: dict[int, Features], now_ms: int, session: Session) -> int:
    _go_on_in_force(of_list, session)
    pairs = matching.pairs_of(session, of_list, made, now_ms)
    matching.settle(session, made.keys(), pairs)
    return len(pairs)


def _train(read: Step, write: Step, of_list: LinkedList, now_ms: int, backend: str) -> Trained:
    """The model stands as made at no time until all pairs are scored: a night that was cut off is due again."""
    collection = of_list.collection
    name, watch = (collection.association_id, collection.of), _Watch()
    with linkage_splink.bench(of_list.kind, _pages(read, of_list, PAGE_ROWS), backend) as on:
        watch.note("reading")
        model = linkage_splink.train(on, shipped_model(of_list.kind))
        watch.note("training")
        agreed = agreement(Scorer(model), of_list.scorer, read(partial(_judged, collection.id)))
        accepted, body = is_sound(model) and not agreed.contradicts, msgspec.json.encode(model)
        if not accepted:
            logger.warning("linkage: a model of %s is not put into force", collection.of)
        version = write(lambda session: linkage.add_model(session, *name, body, 0, active=accepted))
        pairs = _scored(read, write, on, collection, now_ms, watch) if accepted else 0
        write(lambda session: linkage.finish_model(session, version, now_ms))
        return Trained(collection.of, version, on.count(), accepted, model.never_seen, pairs, agreed, watch.seconds)


def _judged(collection_id: int, session: Session) -> list[Judged]:
    """How the pairs of a list were compared when people said "the same" or "not the same" last."""
    decided = pairs_store.of_collection(session, collection_id)
    people = (each for each in decided if each.decision in (SAME, DIFFERENT) and each.decided_by != ITSELF)
    return [(each.levels, each.decision == SAME) for each in people if each.levels]


def _scored(read: Step, write: Step, on: Bench, collection: CollectionRow, now_ms: int, watch: _Watch) -> int:
    """Score the pairs of a list by its new model: all at once on DuckDB, otherwise record by record as online."""
    in_force = read(lambda session: linked_lists(session, collection.association_id))[collection.id]
    if on.backend == DUCKDB:
        return _settle_all(read, write, on, in_force, now_ms, watch)
    return _rescore_list(read, write, in_force, now_ms)


def _settle_all(read: Step, write: Step, on: Bench, of_list: LinkedList, now_ms: int, watch: _Watch) -> int:
    """Keep every pair of a list that is likely enough, by the model in force, and no other."""
    found, changed = 0, set[int]()
    for table in linkage_pairing.pair_up(on, of_list.model, _entries(read)):
        watch.note("pairing up")
        likely = linkage_splink.scores(on, of_list.model, table, least_of(of_list.model))
        for scored in _batches(likely, PAIRS_AT_ONCE):
            watch.note("scoring")
            told = _told(of_list, scored, now_ms)
            found += len(told)
            watch.note("explaining")
            if anew := read(partial(_not_stored, told)):
                changed |= write(partial(_put_pairs, of_list, anew))
            watch.note("writing")
    for page in _batches(sorted(changed), RESCORED_AT_ONCE):
        write(partial(_compare_again, of_list, page, now_ms))
    _drop_stale(read, write, of_list)
    watch.note("writing")
    return found


Told = tuple[PairRow, tuple[int, int]]
"""A pair as it is to be stored, and the digests of the features by which it was scored."""


def _told(of_list: LinkedList, page: Sequence[Scored], now_ms: int) -> list[Told]:
    """Pairs that are likely enough, with their explanation."""
    found: list[Told] = []
    for each in page:
        match = of_list.scorer.match(each.compared)
        if match.zone != NONE:
            row = matching.pair_row(of_list, (each.left_id, each.right_id), match, now_ms)
            found.append((row, each.digests))
    return found


def _not_stored(told: Sequence[Told], session: Session) -> list[Told]:
    anew = set(matching.not_stored(session, [row for row, _ in told]))
    return [each for each in told if each[0] in anew]


def _put_pairs(of_list: LinkedList, told: Sequence[Told], session: Session) -> set[int]:
    """Store pairs but those of records that changed since they were read; these."""
    _go_on_in_force(of_list, session)
    ids = {each for row, _ in told for each in (row.left_id, row.right_id)}
    bodies = linkage.features(session, of_list.collection.id, algorithm(), ids)
    now = {record_id: digest_of(body) for record_id, body in bodies.items()}
    matching.put(session, [row for row, was in told if was == (now.get(row.left_id), now.get(row.right_id))])
    was = {each: digest for row, of in told for each, digest in zip((row.left_id, row.right_id), of, strict=True)}
    return {each for each in ids if now.get(each) != was[each]}


def _compare_again(of_list: LinkedList, ids: Sequence[int], now_ms: int, session: Session) -> None:
    """Compare records that changed meanwhile as they are now."""
    bodies = linkage.features(session, of_list.collection.id, algorithm(), ids)
    _rescore(of_list, {each: _features.decode(body) for each, body in bodies.items()}, now_ms, session)


def _drop_stale(read: Step, write: Step, of_list: LinkedList) -> None:
    """Forget, some at a time, the pairs that the model in force did not find."""
    name = of_list.collection.association_id, of_list.collection.of
    while pairs := read(lambda session: linkage.pairs_of_others(session, *name, of_list.model.version, STALE_AT_ONCE)):
        write(partial(_drop, of_list, pairs))


def _drop(of_list: LinkedList, pairs: Sequence[tuple[int, int]], session: Session) -> None:
    _go_on_in_force(of_list, session)
    linkage.drop_pairs_of_others(session, pairs, of_list.model.version)


def _go_on_in_force(of_list: LinkedList, session: Session) -> None:
    """Go on only while the model of this night scores: two at once would each drop what the other found."""
    name = of_list.collection.association_id, of_list.collection.of
    if of_list.model.version and not linkage.is_in_force(session, *name, of_list.model.version):
        raise OvertakenError


def _pages(read: Step, of_list: LinkedList, limit: int) -> Iterator[list[Known]]:
    after = 0
    while page := read(partial(_page, of_list.collection.id, after, limit)):
        after = page[-1][0]
        known = _every_features.decode(b"[" + b",".join(body for _, body in page) + b"]")
        yield [Known(row[0], features, digest_of(row[1])) for row, features in zip(page, known, strict=True)]


def _page(collection_id: int, after: int, limit: int, session: Session) -> list[tuple[int, bytes]]:
    return linkage.page(session, collection_id, algorithm(), after, limit)


def _entries(read: Step) -> Iterator[list[int]]:
    start = -(2**63)
    while page := read(partial(_page_of_entries, start)):
        yield page
        start = page[-1] + 1


def _page_of_entries(start: int, session: Session) -> list[int]:
    return linkage.entries(session, start, ENTRIES_PAGE_ROWS)


def _batches(every: Iterable[Each], limit: int) -> Iterator[list[Each]]:
    rest = iter(every)
    while page := list(islice(rest, limit)):
        yield page
