"""The follower that compares what changed with the lists of associations where both allow it.

A record's keys are made anew under the partner's secret space, so that no index holds anything of two associations.
Both sides are scored by the model of the program: what one association's list taught says nothing of another's names.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.linkage import compared_otherwise
from fieldsync.services import agreements, following, linkage, relatives
from fieldsync.services.following import ACROSS, LINKAGE, Follower
from fieldsync.services.linkage_lists import LinkedList, linked_lists, with_shipped_model
from fieldsync.store import agreements as stored
from fieldsync.store import records
from fieldsync.store.agreements import Couple
from fieldsync.store.pairs import DecisionRow, PairRow, decoded


def late(session: Session, association_ids: Iterable[int]) -> list[int]:
    """Those that have partners and in which something was not compared with theirs yet."""
    return [
        each
        for each in association_ids
        if agreements.standing(session, each) and following.is_behind(session, ACROSS, each)
    ]


def step(session: Session, association_id: int, limit: int, now_ms: int) -> bool:
    """Compare what changed, at most `limit` changes; whether anything is left. Who was not compared at home waits."""
    partners = agreements.standing(session, association_id)
    if any(following.is_behind(session, LINKAGE, each) for each in (association_id, *partners)):
        return False

    def take(taken: Session, owner: int, record_ids: Sequence[int]) -> None:
        _compare(taken, owner, record_ids, partners, now_ms)

    following.follow(session, Follower(ACROSS, take), association_id, limit)
    return following.is_behind(session, ACROSS, association_id)


def _compare(
    session: Session, owner: int, record_ids: Sequence[int], partners: Mapping[int, Couple], now_ms: int
) -> None:
    rows = records.by_ids(session, record_ids)
    own = linked_lists(session, owner)
    by_list = linkage.grouped(rows.values(), own)
    for partner, couple in partners.items():
        theirs = {each.collection.of: each for each in linked_lists(session, partner).values()}
        found: dict[tuple[int, int], PairRow] = {}
        for collection_id, ids in by_list.items():
            of_list, other = own[collection_id], theirs.get(own[collection_id].collection.of)
            if other is not None and other.kind == of_list.kind:
                taken = [rows[each] for each in ids]
                found |= _found(session, of_list, with_shipped_model(other), taken, owner == couple[0], now_ms)
        before = stored.pairs_of(session, couple, record_ids)
        stored.drop_pairs(session, before.keys() - found.keys())
        decided = stored.latest(session, found.keys())
        kept = [_kept(before.get(pair), decided.get(pair), row) for pair, row in found.items()]
        stored.put_pairs(session, couple, kept)


def _found(
    session: Session, own: LinkedList, other: LinkedList, rows: Sequence[records.RecordRow], is_left: bool, now_ms: int
) -> dict[tuple[int, int], PairRow]:
    found: dict[tuple[int, int], PairRow] = {}
    for record_id, features in linkage.features_by_record(session, own, rows).items():
        for other_id, match in linkage.look_up(session, other, linkage.with_codes(other, relatives.apart(features))):
            pair = (record_id, other_id) if is_left else (other_id, record_id)
            found[pair] = decoded(linkage.pair_row(other, pair, match, now_ms))
    return found


def _kept(before: PairRow | None, decided: DecisionRow | None, row: PairRow) -> PairRow:
    """When a pair was found stays while the same is compared; what is compared otherwise is later than the decision."""
    if decided is not None and decided.levels:
        is_otherwise = bool(compared_otherwise(row.levels, decided.levels))
        return row._replace(found_ms=decided.decided_ms + is_otherwise)
    return row if before is None or before.levels != row.levels else row._replace(found_ms=before.found_ms)
