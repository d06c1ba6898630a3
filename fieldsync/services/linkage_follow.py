"""The follower that looks for duplicates of what changed, from the change log and never inside the request."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.linkage_features import algorithm
from fieldsync.services import following, linkage, linkage_hints, relatives
from fieldsync.services.following import ACROSS, LINKAGE, REPORTS, Follower
from fieldsync.services.linkage_lists import LinkedList, linked_lists, space_of
from fieldsync.services.reports import SAME_CONTENT_AGAIN
from fieldsync.store import associations, flags, followers, pairs, records
from fieldsync.store import linkage as stored
from fieldsync.store.records import RecordRow


def late(session: Session, association_ids: Iterable[int]) -> list[int]:
    """Those of some associations in which something was not compared yet."""
    return [each for each in association_ids if following.is_behind(session, LINKAGE, each)]


def step(session: Session, association_id: int, limit: int, now_ms: int) -> bool:
    """Compare what changed, at most `limit` changes; whether anything is left."""

    def take(taken: Session, owner: int, record_ids: Sequence[int]) -> None:
        compare(taken, owner, record_ids, now_ms)

    following.follow(session, Follower(LINKAGE, take), association_id, limit)
    return following.is_behind(session, LINKAGE, association_id)


def begin_again(session: Session) -> None:
    """Forget features and keys, and begin with the first change; pairs stay until they are looked at."""
    stored.forget_features(session)
    followers.begin_again(session, (LINKAGE, ACROSS, REPORTS))


def compare(session: Session, association_id: int, record_ids: Sequence[int], now_ms: int) -> None:
    """Find who may be one with records that changed. What follows depends on their present state alone."""
    lists = linked_lists(session, association_id)
    for collection_id in lists:
        if stored.is_outdated(session, collection_id, algorithm()):
            stored.forget_outdated(session, collection_id, algorithm())
    rows = records.by_ids(session, record_ids)
    concerned: set[int] = set()
    for collection_id, ids in linkage.grouped(rows.values(), lists).items():
        of_list = lists[collection_id]
        changed = linkage.note(session, of_list, ids)
        unchanged = stored.features(session, collection_id, algorithm(), ids).keys() - changed.keys()
        likely = linkage.pairs_of(session, of_list, changed, now_ms)
        concerned |= linkage.settle(session, set(ids) - unchanged, likely)
    relatives.compare_who_names(session, association_id, lists.values(), rows.values())
    _forget_others(session, association_id, lists, rows.values())
    _compare_reports(session, association_id, rows, now_ms)
    linkage_hints.tell_phones(session, association_id, concerned, now_ms)


def _forget_others(
    session: Session, association_id: int, lists: Mapping[int, LinkedList], rows: Iterable[RecordRow]
) -> None:
    """What was compared stays nowhere once a list is not: it was declared otherwise, or is restricted or sealed now."""
    for collection in associations.collections(session, association_id):
        ids = [row.id for row in rows if row.collection_id == collection.id]
        if ids and collection.kind == "entity" and collection.id not in lists:
            linkage.forget(session, collection.id, space_of(session, collection), ids)


def _compare_reports(session: Session, association_id: int, rows: Mapping[int, RecordRow], now_ms: int) -> None:
    """Pairs of one content come with their flags (services/reports): end those of what is gone, bring them back.

    Those of one key are kept by services/report_pairs.
    """
    names = {row.id: row for row in associations.collections(session, association_id) if row.kind == "submission"}
    submissions = {row.id: row for row in rows.values() if row.collection_id in names}
    gone = [row.id for row in submissions.values() if not row.is_there]
    stored.drop_pairs(session, stored.pairs_of(session, gone))
    standing = [
        (record_id, each.code, each.other)
        for record_id, found in flags.of_records(session, submissions.keys() - set(gone)).items()
        for each in found
        if each.code == SAME_CONTENT_AGAIN and each.dismissed_ms is None
    ]
    others = records.by_uuids(session, {records.uuid_bytes(other) for _, _, other in standing})
    by_name = {(row.collection_id, records.uuid_text(row.uuid)): row.id for row in others if row.is_there}
    found = []
    for record_id, code, name in standing:
        collection_id = submissions[record_id].collection_id
        other_id = by_name.get((collection_id, name))
        if other_id is not None and other_id != record_id:
            found.append((record_id, other_id, names[collection_id].of, code))
    pairs.add_reports(session, association_id, found, now_ms)
