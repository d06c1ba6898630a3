"""Deciding whether two records are one: same, different, cannot say; and taking a decision back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.linkage import AUTOMATIC, HOUSEHOLD, compared_otherwise
from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.services import (
    auditing,
    desk,
    following,
    linkage,
    linkage_hints,
    linkage_lists,
    merging,
    reading,
    report_marks,
    reviewing,
)
from fieldsync.services.desk import Desk, Found
from fieldsync.services.merging import Taken
from fieldsync.services.readers import Reader
from fieldsync.store import associations, merges, pairs, records
from fieldsync.store.pairs import DecisionRow, PairRow

SAME, DIFFERENT, UNSURE, OPEN, PROPOSED = "same", "different", "unsure", "open", "proposed"
"""What somebody may say of a pair. Open: she takes back what was said; proposed: the same, if a second one agrees."""

WAITING = (OPEN, PROPOSED)
"""What leaves a pair in the queue."""

ITSELF = "linkage"
"""Under which name what is merged by itself stands in the logs."""

WHY_MAX = 500
"""Characters of a reason."""

UNMERGED = "unmerged"
"""The reason of a decision that follows from an un-merge."""


@dataclass(frozen=True)
class Pair:
    """Two records that may be one, the one that came first first; what was decided last, and what was compared."""

    left: Found
    right: Found
    row: PairRow | None = None
    decision: DecisionRow | None = None

    @property
    def turn(self) -> int:
        """How many decisions there were."""
        return self.decision.turn if self.decision else 0

    @property
    def levels(self) -> list[tuple[str, str]]:
        """What was compared, and how it agreed."""
        return self.row.levels if self.row else []


@dataclass(frozen=True)
class Verdict:
    """What somebody says of a pair who saw it after `turn` decisions, and these heads of both records (None: as is).

    `taken`: whose values survive a merge, by path; `duplicate`: of two submissions, the UUID of the one not to count.
    `sampled`: nobody decided, and somebody is to look again. `together`: the step in which several are decided at once.
    """

    decision: str
    turn: int
    why: str = ""
    taken: Taken = field(default_factory=dict)
    duplicate: str = ""
    seen: Sequence[OperationId] | None = None
    sampled: bool = False
    together: str = ""


def find(session: Session, reader: Reader, one: str, other: str) -> Pair | None:
    """The pair of two records of one list or form, both of them the reader's to act upon; else it is not there."""
    left, right = (reading.find(session, reader, uuid, permission=ACT_ON_RECORDS) for uuid in (one, other))
    for each in left:
        for another in right:
            if (each.kind, each.of) == (another.kind, another.of) and each.row.id != another.row.id:
                return of_rows(session, each, another)
    return None


def of_rows(session: Session, one: Found, other: Found) -> Pair:
    """The pair of two records, with what is known of it; two that linkage did not pair are compared when asked for."""
    left, right = sorted((one, other), key=lambda each: each.row.id)
    key = (left.row.id, right.row.id)
    row, decision = pairs.find(session, *key), pairs.latest(session, [key]).get(key)
    if row is None and not (decision and decision.levels):
        row = _compared(session, left, right)
    return Pair(left, right, row, decision)


def decide(session: Session, by: Desk, pair: Pair, verdict: Verdict, language: str = "fr") -> Problem | None:
    """Say what a pair is; nothing is written where somebody decided since the page was opened."""
    pair = _locked(session, pair)
    if pair.turn != verdict.turn:
        return Problem("pair_decided")
    if verdict.seen is not None and set(verdict.seen) != set(heads_of(pair)):
        return Problem("stale_page")
    if is_one(pair):
        return Problem("already_one")
    said: list[list[str | int]] = []
    if verdict.decision == SAME and needs_another(session, by, pair):
        return _propose(session, by, pair, verdict)
    problem = _carry_out(session, by, pair, verdict, said, language)
    if problem is None:
        _record(session, by, pair, verdict.decision, verdict.why, said, verdict.sampled, verdict.together)
    return problem


def confirm(session: Session, by: Desk, pair: Pair, turn: int) -> Problem | None:
    """Say that what was merged by itself is right: whoever was to look again did."""
    pair = _locked(session, pair)
    last = pair.decision
    if last is None or last.decision != SAME:
        return Problem("nothing_decided")
    if pair.turn != turn:
        return Problem("pair_decided")
    _record(session, by, pair, SAME, "", last.operations)
    return None


def undo(session: Session, by: Desk, pair: Pair, turn: int, language: str = "fr") -> Problem | None:
    """Take the last decision back; a merge is un-merged, a form that was marked as a repeat stands as it did before."""
    pair = _locked(session, pair)
    last = pair.decision
    if last is None or last.decision == OPEN:
        return Problem("nothing_decided")
    if pair.turn != turn:
        return Problem("pair_decided")
    problem = _take_back(session, by, pair, last, language)
    if problem is None:
        _record(session, by, pair, OPEN, "", [])
    return problem


def unite(session: Session, by: Desk, found: Found, others: Sequence[str], together: str = "") -> Problem | None:
    """Merge entities of one list that somebody names, each as a pair with `found`: all of them, or none."""
    if found.kind != "entity":
        return Problem("bad_act")
    named = [_alike(session, by, found, other) for other in others]
    joined = [found, *(each for each in named if each is not None and each.row.id != found.row.id)]
    apart = [pair for each in joined[1:] if not is_one(pair := of_rows(session, found, each))]
    problem = _keeps_apart(session, by, joined, apart) if None not in named else Problem("not_found")
    if problem is not None:
        return problem
    said = (decide(session, by, pair, Verdict(SAME, pair.turn, together=together)) for pair in apart)
    return next((each for each in said if each is not None), None)


def need_two(session: Session, by: Desk, of: str, wanted: bool) -> Problem | None:
    """Let merges of a list need two people, or one."""
    if not any((each.kind, each.of) == ("entity", of) for each in associations.collections(session, by.association_id)):
        return Problem("not_found")
    pairs.set_reviewed_twice(session, by.association_id, of, wanted)
    detail, about = f"{of} {'two' if wanted else 'one'}", f"association:{by.association_id}"
    auditing.note(session, by.association_id, by.actor, "two_reviewers_set", about, by.now_ms, detail=detail)
    return None


def part(session: Session, by: Desk, found: Found, named: Sequence[OperationId] | None = None) -> Problem | None:
    """Un-merge a record: its merges, or those that are named; the records stay apart until somebody says otherwise."""
    standing = merging.merges_of(session, found)
    problem = merging.unmerge(session, by, found, named)
    if problem is not None:
        return problem
    for merge in standing:
        if named is None or merge.id in named:
            alike = (_alike(session, by, found, uuid) for uuid in sorted(merging.named(merge)))
            parted = [each for each in alike if each is not None]
            for one, other in combinations(parted, 2):
                pair = _locked(session, of_rows(session, one, other))
                if not is_one(pair):  # else another merge still holds them together
                    _record(session, by, pair, DIFFERENT, UNMERGED, [])
    return None


def part_for(session: Session, reader: Reader, by: Desk, found: Found) -> Problem | None:
    """The same by somebody who is not the operator, where `may_part`; else it is not there."""
    return part(session, by, found) if may_part(session, reader, found) else Problem("not_found")


def may_part(session: Session, reader: Reader, found: Found) -> bool:
    """Whether somebody may act upon every record that the merges of one name, as whoever takes a decision back must."""
    uuids = {uuid for merge in merging.merges_of(session, found) for uuid in merging.named(merge)}
    return all(reading.find(session, reader, uuid, found.kind, found.of, ACT_ON_RECORDS) for uuid in uuids)


def heads_of(pair: Pair) -> tuple[OperationId, ...]:
    """The heads of both records: what whoever decides has seen."""
    return tuple(sorted({*reviewing.heads_of(pair.left), *reviewing.heads_of(pair.right)}))


def is_one(pair: Pair) -> bool:
    """Whether the two show through one record."""
    left, right = pair.left.row, pair.right.row
    return (left.merged_into or left.id) == (right.merged_into or right.id)


def changed_since(pair: Pair) -> list[str]:
    """What is compared otherwise than when the pair was decided last, or for the first time: the new evidence."""
    if pair.decision is None or not pair.decision.levels:
        return []
    return compared_otherwise(pair.levels, pair.decision.levels)


def is_waiting(pair: Pair) -> bool:
    """Whether somebody should look at the pair: nothing is decided, or what was decided stands on other evidence."""
    if is_one(pair) or pair.left.row.deleted or pair.right.row.deleted:
        return False
    return pair.decision is None or pair.decision.decision in WAITING or bool(changed_since(pair))


def is_settled(pair: Pair) -> bool:
    """Whether what was decided of a pair holds, so that it is taken back before anything else is said of it."""
    is_said = pair.decision is not None and pair.decision.decision in (SAME, DIFFERENT)
    return is_one(pair) or (is_said and not changed_since(pair))


def is_by_two(session: Session, association_id: int, of: str) -> bool:
    """Whether merges of a list need two people."""
    return of in pairs.reviewed_twice(session, association_id)


def needs_another(session: Session, by: Desk, pair: Pair) -> bool:
    """Whether a merge of this list needs two people, and this is not the second who says so of what they both saw."""
    if pair.left.kind != "entity" or not is_by_two(session, by.association_id, pair.left.of):
        return False
    last = pair.decision
    is_second = last is not None and last.decision == PROPOSED and last.decided_by != by.actor
    return not is_second or bool(changed_since(pair))


def may_merge_itself(row: PairRow | None) -> bool:
    """Whether nothing but the cap of a household was touched: enough that is independent agrees among them."""
    return row is not None and row.kind == "entity" and row.zone == AUTOMATIC and not set(row.bounds) - {HOUSEHOLD}


def _compared(session: Session, left: Found, right: Found) -> PairRow | None:
    collection = associations.collections_by_id(session, {left.row.collection_id})[left.row.collection_id]
    of_list = linkage_lists.linked_lists(session, collection.association_id).get(collection.id)
    row = None if of_list is None else linkage.weighed(session, of_list, left.row, right.row)
    return None if row is None else pairs.decoded(row)


def _locked(session: Session, pair: Pair) -> Pair:
    """The pair as it is now; until the transaction ends nobody else decides on it."""
    rows = records.by_ids(session, {pair.left.row.id, pair.right.row.id}, lock=True)
    left, right = (Found(rows[each.row.id], each.kind, each.of) for each in (pair.left, pair.right))
    return of_rows(session, left, right)


def _propose(session: Session, by: Desk, pair: Pair, verdict: Verdict) -> Problem | None:
    last = pair.decision
    if last is not None and last.decision == PROPOSED and last.decided_by == by.actor and not changed_since(pair):
        return Problem("second_person_due")
    _record(session, by, pair, PROPOSED, verdict.why, [])
    return None


def _carry_out(
    session: Session, by: Desk, pair: Pair, verdict: Verdict, said: list[list[str | int]], language: str
) -> Problem | None:
    if pair.left.kind == "submission":
        return _carry_out_on_reports(session, by, pair, verdict, said, language)
    return _join(session, by, pair, verdict, said) if verdict.decision == SAME else None


def _carry_out_on_reports(
    session: Session, by: Desk, pair: Pair, verdict: Verdict, said: list[list[str | int]], language: str
) -> Problem | None:
    """Of two submissions that are one the repeat counts no longer; that of two that are not, or perhaps, does again."""
    before = _marked(pair)
    if verdict.decision == SAME:
        is_left = verdict.duplicate == records.uuid_text(pair.left.row.uuid)
        repeats, kept = (pair.left, pair.right) if is_left else (pair.right, pair.left)
        marked, problem = report_marks.mark(session, by, repeats, kept, before, language)
        said.extend(marked)
        return problem or report_marks.unmark(session, by, [kept], before, language)
    if verdict.decision == DIFFERENT:
        report_marks.dismiss(session, by, pair.left, pair.right, verdict.why)
    return report_marks.unmark(session, by, (pair.left, pair.right), before, language)


def _marked(pair: Pair) -> report_marks.Said:
    """What the last decision marked as a repeat, if it did."""
    last = pair.decision
    return last.operations if last is not None and last.decision == SAME else []


def _join(session: Session, by: Desk, pair: Pair, verdict: Verdict, said: list[list[str | int]]) -> Problem | None:
    if pair.left.row.deleted or pair.right.row.deleted:  # what is deleted would show again through the other
        return Problem("pair_deleted")
    if _is_held_apart(session, pair):
        return Problem("pair_held_apart")
    problem = merging.merge(session, by, pair.left, [records.uuid_text(pair.right.row.uuid)], verdict.taken)
    if problem is None:
        said.append(list(merging.merges_of(session, pair.left)[-1].id))
    return problem


def _keeps_apart(session: Session, by: Desk, joined: Sequence[Found], apart: Sequence[Pair]) -> Problem | None:
    """Why entities may not be merged by whoever names them. Of two that somebody holds apart she says otherwise."""
    if not apart:
        return Problem("already_one")
    if any(each.row.deleted for each in joined):
        return Problem("pair_deleted")
    if is_by_two(session, by.association_id, joined[0].of):
        return Problem("two_people_due")
    among = [of_rows(session, *two) for two in combinations(joined, 2)] if len(joined) > 2 else []
    parted = any(each.decision is not None and each.decision.decision == DIFFERENT for each in among)
    return Problem("pair_held_apart") if parted or any(_is_held_apart(session, each) for each in among) else None


def _is_held_apart(session: Session, pair: Pair) -> bool:
    """Whether somebody holds a record of one group apart from one of the other; the pair itself may be decided anew."""
    one, other = (merges.ever_joined(session, {each.row.id}) for each in (pair.left, pair.right))
    rows = records.by_ids(session, one | other)
    sides = [{pair.left.row.id}, {pair.right.row.id}]
    for side, each in zip(sides, (pair.left, pair.right), strict=True):
        survivor = each.row.merged_into or each.row.id
        side |= {row.id for row in rows.values() if (row.merged_into or row.id) == survivor}
    decided = pairs.of_records(session, sides[0])
    own = {pair.left.row.id, pair.right.row.id}
    return any(
        row.decision == DIFFERENT
        and {row.left_id, row.right_id} != own
        and bool({row.left_id, row.right_id} & sides[1])
        for row in decided
    )


def _take_back(session: Session, by: Desk, pair: Pair, last: DecisionRow, language: str) -> Problem | None:
    if pair.left.kind == "submission":
        if last.decision == DIFFERENT:
            report_marks.raise_again(session, by, pair.left, pair.right)
        return report_marks.unmark(session, by, (pair.left, pair.right), _marked(pair), language)
    named: list[OperationId] = [tuple(each) for each in last.operations]  # type: ignore[misc]
    standing = {each.id for each in merging.merges_of(session, pair.left)}
    return merging.unmerge(session, by, pair.left, named) if standing & set(named) else None


def _alike(session: Session, by: Desk, found: Found, uuid: str) -> Found | None:
    """The entity of the same list that bears a UUID."""
    named = desk.find(session, by.association_id, uuid)
    return next((each for each in named if (each.kind, each.of) == (found.kind, found.of)), None)


def _record(
    session: Session, by: Desk, pair: Pair, decision: str, why: str, said: list[list[str | int]], sampled: bool = False,
    together: str = "",
) -> None:  # fmt: skip
    left, right, last = pair.left.row, pair.right.row, pair.decision
    levels, weight, automatic = pair.levels, pair.row.weight if pair.row else None, may_merge_itself(pair.row)
    if pair.row is None and last is not None:  # what was merged is compared no longer: what was known of it stands
        levels, weight, automatic = last.levels, last.weight, last.automatic
    at_ms = max(by.now_ms, pair.row.found_ms if pair.row else 0)  # found later than decided is asked again
    row = DecisionRow(
        left.id, right.id, pair.turn + 1, by.association_id, decision, by.actor, at_ms, why[:WHY_MAX],
        levels, said, sampled, weight, automatic, together,
    )  # fmt: skip
    if (decision == DIFFERENT) != (last is not None and last.decision == DIFFERENT) and pair.left.kind == "entity":
        shown = {left.id, right.id, left.merged_into or left.id, right.merged_into or right.id}
        linkage_hints.tell_phones(session, by.association_id, shown, by.now_ms)
    pairs.decide(session, row)
    if pair.left.kind == "submission":
        following.pair_again(session, by.association_id, (left.id, right.id))
    about = f"record:{records.uuid_text(left.uuid)}"
    detail = f"{decision} record:{records.uuid_text(right.uuid)}"
    auditing.note(session, by.association_id, by.actor, "pair_decided", about, by.now_ms, detail=detail)
