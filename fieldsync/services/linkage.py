"""Which records may be one: features and keys of what changed, candidates by the keys, their scores.

Called by the follower of the change log (services/linkage_follow) and by whoever makes everything anew.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.blocking import BEARERS_MAX, CANDIDATES_MAX, Space, phone_block
from fieldsync.core.linkage import RARITY, Level, Match, compared_otherwise
from fieldsync.core.linkage_features import Features, algorithm, features_of, with_spellings
from fieldsync.core.operations import Value
from fieldsync.services import histories, relatives
from fieldsync.services.folding import HELD_REVIEW
from fieldsync.services.linkage_lists import LinkedList
from fieldsync.services.working import decode_state
from fieldsync.store import linkage, pairs, records
from fieldsync.store.linkage import PairRow
from fieldsync.store.records import RecordRow

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
_features = msgspec.json.Decoder(Features)
_bars = msgspec.json.Decoder(list[tuple[str, str, float]])

Pair = tuple[int, int]


def features_by_record(session: Session, of_list: LinkedList, rows: Iterable[RecordRow]) -> dict[int, Features]:
    """The features of entities; of those that are gone, merged away or say nothing there are none.

    By whatever name one of a merged group was written down, the group is found.
    """
    found: dict[int, Features] = {}
    compared = {row.id: row for row in rows if is_compared(row)}
    for row in compared.values():
        state = decode_state(bytes(row.state))
        features = Features() if state is None else _features_of(of_list, row, state.fields)
        if row.merged:
            said = histories.said_of_each(session, of_list.collection.association_id, row)
            features = with_spellings(features, (_features_of(of_list, row, fields) for fields in said))
        if features.says_something:
            found[row.id] = with_codes(of_list, features)
    return relatives.settled(session, of_list, compared, found)


def _features_of(of_list: LinkedList, row: RecordRow, fields: Mapping[str, Value]) -> Features:
    year = datetime.fromtimestamp(row.arrived_ms / 1000, UTC).year
    return features_of(fields, row.place, of_list.parts, year)


def is_compared(row: RecordRow) -> bool:
    """Whether a record is there to be compared: not gone, not merged away, not only waiting."""
    return row.is_there and row.review != HELD_REVIEW


def with_codes(of_list: LinkedList, features: Features) -> Features:
    """Features with what stands for the names where their frequency is looked up."""
    given, family = (of_list.space.name_code(each) for each in (features.given, features.family))
    return msgspec.structs.replace(features, given_code=given, family_code=family)


def note(session: Session, of_list: LinkedList, record_ids: Collection[int]) -> dict[int, Features]:
    """Keep features and keys of records up to date; the features of those that changed and are compared."""
    made = features_by_record(session, of_list, records.by_ids(session, record_ids).values())
    after = {record_id: _encode(features) for record_id, features in made.items()}
    collection_id = of_list.collection.id
    before = linkage.features(session, collection_id, algorithm(), record_ids)
    changed = {record_id for record_id, body in after.items() if before.get(record_id) != body}
    gone = before.keys() - after.keys()
    old = {(key, each) for each in changed & before.keys() | gone for key in _keys(of_list, before[each])}
    new = {(key, each) for each in changed for key in of_list.space.keys(made[each])}
    linkage.drop_keys(session, old - new)
    linkage.add_keys(session, new - old)
    linkage.put_features(session, collection_id, algorithm(), [(each, after[each]) for each in changed])
    linkage.drop_features(session, collection_id, algorithm(), gone)
    return {record_id: made[record_id] for record_id in changed}


def forget(session: Session, collection_id: int, space: Space, record_ids: Collection[int]) -> None:
    """Forget all that was compared of records whose list is compared no longer."""
    before = linkage.features(session, collection_id, algorithm(), record_ids)
    keys = {(key, record_id) for record_id, body in before.items() for key in space.keys(_features.decode(body))}
    linkage.drop_keys(session, keys)
    linkage.drop_features(session, collection_id, algorithm(), before)
    linkage.drop_pairs(session, linkage.pairs_of(session, record_ids))


def pairs_of(session: Session, of_list: LinkedList, made: Mapping[int, Features], now_ms: int) -> dict[Pair, PairRow]:
    """The candidate pairs of records with those that share a key with them."""
    found: dict[Pair, PairRow] = {}
    for record_id, features in made.items():
        for other_id, match in look_up(session, of_list, features, {record_id}):
            pair = min(record_id, other_id), max(record_id, other_id)
            found[pair] = pair_row(of_list, pair, match, now_ms)
    return found


def look_up(
    session: Session, of_list: LinkedList, features: Features, without: Collection[int] = ()
) -> list[tuple[int, Match]]:
    """The records that may be the same as one with these features, best first: at most those of its keys."""
    wanted, persons = _candidates(session, of_list, features)
    stored = linkage.features(session, of_list.collection.id, algorithm(), wanted.difference(without))
    known = msgspec.structs.replace(features, phone_persons=persons)
    likely = of_list.scorer.matches(known, ((other, _features.decode(body)) for other, body in stored.items()))
    return sorted(likely, key=lambda each: (-each[1].weight, each[0]))


def weighed(session: Session, of_list: LinkedList, one: RecordRow, other: RecordRow) -> PairRow | None:
    """Two records as a pair, whatever they weigh and share; None where one of them is not compared."""
    made = with_phone_persons(session, of_list, features_by_record(session, of_list, (one, other)))
    left, right = sorted((one.id, other.id))
    if left not in made or right not in made:
        return None
    return pair_row(of_list, (left, right), of_list.scorer.score(made[left], made[right]), 0)


def with_phone_persons(session: Session, of_list: LinkedList, known: Mapping[int, Features]) -> dict[int, Features]:
    """Features with how many records bear the phone of each."""
    keys = {record_id: _phone_key(of_list, each) for record_id, each in known.items() if each.phone}
    bearers = linkage.bearers(session, set(keys.values()), BEARERS_MAX + 1)
    return {
        record_id: msgspec.structs.replace(each, phone_persons=len(bearers.get(keys[record_id], ())))
        if record_id in keys
        else each
        for record_id, each in known.items()
    }


def pair_row(of_list: LinkedList, pair: Pair, match: Match, now_ms: int) -> PairRow:
    """A pair as it is stored."""
    return PairRow(
        left_id=pair[0],
        right_id=pair[1],
        association_id=of_list.collection.association_id,
        kind=of_list.collection.kind,
        of=of_list.collection.of,
        model_version=of_list.model.version,
        weight=match.weight,
        comparisons=_encode([(each.name, each.level, round(each.weight, 4)) for each in match.comparisons]),
        bounds=_encode(match.bounds),
        zone=match.zone,
        found_ms=now_ms,
    )


def settle(session: Session, record_ids: Collection[int], found: Mapping[Pair, PairRow]) -> set[int]:
    """Make the pairs of records what was found; the records of pairs that came, went, or are told otherwise now."""
    before = linkage.pairs_of(session, record_ids)
    linkage.drop_pairs(session, before.keys() - found.keys())
    changed = [row for pair, row in found.items() if pair not in before or _differs(before[pair], row)]
    news = before.keys() ^ found.keys() | put(session, changed)
    return {record_id for pair in news for record_id in pair}


def put(session: Session, rows: Sequence[PairRow]) -> set[Pair]:
    """Store pairs. One that was decided is asked again where something is compared otherwise than it was then.

    Returned are those that were decided: what is told of them may be another now.
    Whether it is, is told by `found_ms` against the time of the decision, whatever the clock says meanwhile.
    """
    linkage.put_pairs(session, rows)
    by_pair = {(row.left_id, row.right_id): row for row in rows}
    decided = pairs.latest(session, by_pair.keys())
    told = {
        pair: each.decided_ms + bool(compared_otherwise(levels_of(by_pair[pair]), each.levels))
        for pair, each in decided.items()
        if each.levels
    }
    linkage.set_found(session, told)
    return set(told)


def not_stored(session: Session, rows: Sequence[PairRow]) -> list[PairRow]:
    """Those of some pairs that are not stored as they are."""
    before = linkage.stored_pairs(session, [(row.left_id, row.right_id) for row in rows])
    return [row for row in rows if (known := before.get((row.left_id, row.right_id))) is None or _differs(known, row)]


def levels_of(row: PairRow) -> list[Level]:
    """What was compared in a pair, and how it agreed: what a decision stands on, whatever the model."""
    return [(name, level) for name, level, _ in _bars.decode(bytes(row.comparisons)) if level and level != RARITY]


def _differs(before: PairRow, after: PairRow) -> bool:
    return before._replace(found_ms=0, comparisons=bytes(before.comparisons), bounds=bytes(before.bounds)) != (
        after._replace(found_ms=0)
    )


def _candidates(session: Session, of_list: LinkedList, features: Features) -> tuple[set[int], int]:
    """Whom to compare with, and how many records bear the phone. A key that too many bear is not used alone."""
    keys = of_list.space.keys(features)
    bearers = linkage.bearers(session, keys, BEARERS_MAX + 1)
    crowded = [key for key, found in bearers.items() if len(found) > BEARERS_MAX]
    found: set[int] = set()
    for key in sorted(bearers.keys() - set(crowded), key=lambda key: (len(bearers[key]), key)):
        found.update(bearers[key][: CANDIDATES_MAX - len(found)] if len(found) < CANDIDATES_MAX else ())
    if len(found) >= CANDIDATES_MAX:
        logger.info("a record shares keys with %d others or more: the rest are not compared", CANDIDATES_MAX)
    if crowded:
        logger.debug("%d of %d blocking keys are borne by more than %d", len(crowded), len(keys), BEARERS_MAX)
    return found, len(bearers.get(_phone_key(of_list, features), ())) if features.phone else 0


def _phone_key(of_list: LinkedList, features: Features) -> int:
    return of_list.space.key(f"phone {phone_block(features.phone)}")


def _keys(of_list: LinkedList, body: bytes) -> frozenset[int]:
    return of_list.space.keys(_features.decode(body))


def grouped(rows: Iterable[RecordRow], lists: Mapping[int, LinkedList]) -> dict[int, Sequence[int]]:
    """Record ids by the list that they are in, for lists that are compared."""
    found: dict[int, list[int]] = {}
    for row in rows:
        if row.collection_id in lists:
            found.setdefault(row.collection_id, []).append(row.id)
    return dict(found)
