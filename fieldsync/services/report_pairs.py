"""The follower that keeps the keys of reports, and pairs those that share one; from the change log.

A merge of entities gives another key to the reports that name them, an un-merge gives each its own again: they are
looked at some at a time, from `touched`. What follows depends on records, merges and decisions as they are now.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.services import deciding, following, linkage, linkage_hints, mentions, report_keys
from fieldsync.services.following import REPORTS, Follower
from fieldsync.services.published import Published, published
from fieldsync.services.report_keys import Report
from fieldsync.services.reports import POSSIBLE_DUPLICATE, SAME_CONTENT_AGAIN
from fieldsync.services.taken import Taken, take_up
from fieldsync.store import associations, declared_keys, flags, followers, pairs, records
from fieldsync.store import linkage as stored
from fieldsync.store.declared_keys import KeyRow
from fieldsync.store.flags import FlagRow
from fieldsync.store.linkage import PairRow
from fieldsync.store.pairs import DecisionRow
from fieldsync.store.records import RecordRow

BEARERS_MAX = 200
"""Of a key that more submissions bear, so many are looked at together: the first."""

Pair = tuple[int, int]
Decisions = Mapping[Pair, DecisionRow]


def late(session: Session, association_ids: Iterable[int]) -> list[int]:
    """Those of some associations of which something is left to look at."""
    return [each for each in association_ids if following.is_behind(session, REPORTS, each)]


def step(session: Session, association_id: int, limit: int, now_ms: int) -> bool:
    """Look at the next changes of an association, at most `limit`; whether anything is left."""

    def look(session: Session, owner: int, record_ids: Sequence[int]) -> None:
        _look(session, owner, record_ids, now_ms)

    following.follow(session, Follower(REPORTS, look), association_id, limit)
    return following.is_behind(session, REPORTS, association_id)


def keys_of(session: Session, association_id: int, taken: Iterable[Taken]) -> set[KeyRow]:
    """The keys of submissions in hand; one that is deleted bears none."""
    forms: dict[tuple[str, str | None], Published | None] = {}
    reports = []
    for each in taken:
        if each.state is None or not each.stands or each.collection.kind != "submission":
            continue
        version = each.collection.of, each.state.version
        if version not in forms:
            forms[version] = published(session, association_id, *version)
        form = forms[version]
        if form is not None:
            reports.append(Report(each.row.id, each.collection.id, form.compiled, each.state.fields))
    return report_keys.keys(session, association_id, reports)


def asked(bearers: Sequence[int], decided: Decisions) -> set[Pair]:
    """Of submissions with one key, in the order of arrival, the pairs that may be one report.

    Each with the first; with the next, too, where somebody holds it apart from those before.
    """
    found: set[Pair] = set()
    for place, later in enumerate(bearers):
        for earlier in bearers[:place]:
            found.add((earlier, later))
            if not _is_apart(decided.get((earlier, later))):
                break
    return found


def settle(session: Session, association_id: int, record_ids: Collection[int], now_ms: int) -> set[int]:
    """Make pairs and flags of submissions what their keys and decisions say; the records whose flags changed."""
    scene = _look_around(session, association_id, record_ids)
    right = _right_pairs(scene, now_ms)
    stored.drop_pairs(session, scene.pairs.keys() - right.keys())
    linkage.put(session, linkage.not_stored(session, list(right.values())))
    return _settle_flags(session, scene, now_ms)


def unsettled(session: Session, association_id: int, record_ids: Collection[int]) -> set[Pair]:
    """The pairs of submissions that are not stored as their keys and decisions say."""
    scene = _look_around(session, association_id, record_ids)
    right = _right_pairs(scene, 0)
    wrong = linkage.not_stored(session, list(right.values()))
    return {(row.left_id, row.right_id) for row in wrong} | (scene.pairs.keys() - right.keys())


@dataclass(frozen=True)
class _Scene:
    """Submissions that are looked at together: with them their keys' bearers, and whoever they are a pair with."""

    association_id: int
    forms: Mapping[int, str]
    rows: Mapping[int, RecordRow]
    wanted: Collection[Pair]
    pairs: Mapping[Pair, PairRow]
    decided: Decisions
    flags: Mapping[int, Sequence[FlagRow]]

    def name(self, record_id: int) -> str:
        return records.uuid_text(self.rows[record_id].uuid)

    def is_flagged(self, pair: Pair, code: str) -> bool:
        return any(
            (flag.code, flag.other) == (code, self.name(other))
            for one, other in (pair, pair[::-1])
            for flag in self.flags.get(one, ())
        )


def _look(session: Session, association_id: int, record_ids: Sequence[int], now_ms: int) -> None:
    taken = take_up(session, association_id, record_ids)
    mentions.keep(session, association_id, taken)
    for each in taken:
        if each.collection.kind == "entity" and each.row.merged:
            followers.touch_naming(session, REPORTS, association_id, each.collection.of, each.row.uuid)
    submissions = [each for each in taken if each.collection.kind == "submission"]
    ids = [each.row.id for each in submissions]
    right, borne = keys_of(session, association_id, submissions), declared_keys.of_records(session, ids)
    declared_keys.drop(session, borne - right)
    declared_keys.add(session, right - borne)
    changed = settle(session, association_id, ids, now_ms)
    following.touch(session, association_id, changed)
    linkage_hints.tell_phones(session, association_id, changed, now_ms)


def _look_around(session: Session, association_id: int, record_ids: Collection[int]) -> _Scene:
    beside = set(record_ids) | {each for pair in stored.pairs_of(session, record_ids) for each in pair}
    borne = declared_keys.of_records(session, beside)
    members = {key: set(found) for key, found in _bearers(session, borne).items()}
    for row in borne:
        members[row.key].add(row.record_id)
    concerned = beside.union(*members.values())
    near = {pair: row for pair, row in stored.pairs_of(session, concerned).items() if concerned.issuperset(pair)}
    company = {each for group in members.values() if len(group) > 1 for each in group}
    decided = _decided(session, company | {each for pair in near for each in pair} | set(record_ids))
    return _Scene(
        association_id,
        {each.id: each.of for each in associations.collections(session, association_id) if each.kind == "submission"},
        records.by_ids(session, concerned),
        {pair for group in members.values() for pair in asked(sorted(group), decided)},
        near,
        decided,
        flags.of_records(session, concerned),
    )


def _bearers(session: Session, borne: Iterable[KeyRow]) -> dict[Pair, list[int]]:
    return declared_keys.bearers(session, (row.key for row in borne), BEARERS_MAX)


def _decided(session: Session, record_ids: Collection[int]) -> Decisions:
    ids, found = sorted(record_ids), dict[Pair, DecisionRow]()
    for start in range(0, len(ids), pairs.CHUNK_ROWS):
        for row in pairs.of_records(session, ids[start : start + pairs.CHUNK_ROWS]):
            found[row.left_id, row.right_id] = row
    return found


def _is_apart(decision: DecisionRow | None) -> bool:
    return decision is not None and decision.decision == deciding.DIFFERENT


def _right_pairs(scene: _Scene, now_ms: int) -> dict[Pair, PairRow]:
    return {
        pair: _row(scene, pair, *why, now_ms)
        for pair in {*scene.wanted, *scene.pairs, *scene.decided}
        if scene.rows.keys() >= set(pair) and (why := _why(scene, pair))
    }


def _why(scene: _Scene, pair: Pair) -> tuple[str, str] | None:
    """What is compared of a pair, and how it agrees; None where nobody need ask.

    Of two that were called one report while they had one key, somebody looks again: what she rejected may count.
    """
    if not all(scene.rows[each].is_there for each in pair) or scene.rows[pair[0]].collection_id not in scene.forms:
        return None
    if pair in scene.wanted:
        return POSSIBLE_DUPLICATE, "same"
    if scene.is_flagged(pair, SAME_CONTENT_AGAIN):
        return SAME_CONTENT_AGAIN, "same"
    last = scene.decided.get(pair)
    stood_on_keys = last is not None and last.decision == deciding.SAME and POSSIBLE_DUPLICATE in dict(last.levels)
    return (POSSIBLE_DUPLICATE, "different") if stood_on_keys else None


def _row(scene: _Scene, pair: Pair, why: str, level: str, now_ms: int) -> PairRow:
    form = scene.forms[scene.rows[pair[0]].collection_id]
    bars = msgspec.json.encode([[why, level, pairs.REPORT_WEIGHT]])
    return PairRow(
        *pair, scene.association_id, "submission", form, 0, pairs.REPORT_WEIGHT, bars, b"[]", "review", now_ms
    )


def _settle_flags(session: Session, scene: _Scene, now_ms: int) -> set[int]:
    """The later of two is flagged with the earlier; dismissed where somebody held them apart."""
    right = {(later, scene.name(earlier)): scene.decided.get((earlier, later)) for earlier, later in scene.wanted}
    standing = {
        (record_id, flag.other): flag
        for record_id, found in scene.flags.items()
        for flag in found
        if flag.code == POSSIBLE_DUPLICATE
    }
    gone, new = standing.keys() - right.keys(), right.keys() - standing.keys()
    flags.withdraw(session, [standing[each] for each in gone])
    flags.put(session, [_flag(*each, right[each], now_ms) for each in new])
    return {record_id for record_id, _ in gone | new}


def _flag(record_id: int, other: str, last: DecisionRow | None, now_ms: int) -> FlagRow:
    plain = FlagRow(record_id, POSSIBLE_DUPLICATE, other, now_ms, {}, "", None, "", "")
    if last is None or not _is_apart(last):
        return plain
    return plain._replace(dismissed_ms=last.decided_ms, dismissed_by=last.decided_by, dismissed_why=last.why)
