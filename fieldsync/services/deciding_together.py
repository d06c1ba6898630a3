"""Deciding on several records in one step: which are one and which are not; and taking the whole step back in one."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.services import deciding, merging, pair_clusters, pair_queue
from fieldsync.services.deciding import DIFFERENT, SAME, Pair, Verdict
from fieldsync.services.desk import Desk, Found
from fieldsync.services.pair_clusters import Cluster
from fieldsync.services.readers import Reader
from fieldsync.store import associations, pairs, records
from fieldsync.store.pairs import DecisionRow


@dataclass(frozen=True)
class Said:
    """`same` are one, none of `apart` is: said by somebody who saw these heads (None: any) after so many `turns`."""

    same: Collection[str]
    apart: Collection[str]
    turns: int
    seen: Sequence[OperationId] | None = None


@dataclass(frozen=True)
class Step:
    """What of a step holds still: its pairs, each with what was decided of it."""

    pairs: Sequence[Pair]

    @property
    def turns(self) -> int:
        """How many decisions there were among its pairs."""
        return sum(each.turn for each in self.pairs)

    @property
    def decision(self) -> DecisionRow:
        """One of its decisions: all have the same author and moment."""
        [last, *_] = (each.decision for each in self.pairs if each.decision)
        return last

    @property
    def same(self) -> list[Found]:
        """The records that were said to be one; those that most pairs name first."""
        return self._sides(SAME)

    @property
    def apart(self) -> list[Found]:
        """The records of which it was said that they are another."""
        one = {each.row.id for each in self.same}
        return [each for each in self._sides(DIFFERENT) if each.row.id not in one]

    def _sides(self, decision: str) -> list[Found]:
        chosen = [each for each in self.pairs if each.decision and each.decision.decision == decision]
        named = Counter(side.row.id for each in chosen for side in (each.left, each.right))
        sides = {side.row.id: side for each in chosen for side in (each.left, each.right)}
        return [sides[row_id] for row_id, _count in sorted(named.items(), key=lambda each: (-each[1], each[0]))]


def decide(session: Session, by: Desk, reader: Reader, found: Found, said: Said) -> Problem | None:
    """Say which of those that hang together with a record are one, and which are not.

    All of it is written, or nothing where something was said meanwhile; `undo` takes it back as one.
    """
    cluster = _locked(session, reader, found)
    if cluster.turns != said.turns:
        return Problem("pair_decided")
    members = {records.uuid_text(each.row.uuid): each for each in cluster.members}
    is_old = said.seen is not None and set(cluster.heads) != set(said.seen)
    if is_old or not members.keys() >= {*said.same, *said.apart}:
        return Problem("stale_page")
    same = [each for uuid, each in members.items() if uuid in said.same]
    parted = _between(cluster, same, [members[uuid] for uuid in said.apart])
    if not same or (len(same) == 1 and not parted):
        return Problem("too_few_chosen")
    return _write(session, by, same, parted)


def last(session: Session, reader: Reader, found: Found) -> Step | None:
    """The last step in which a record was decided on, as far as it holds; None where not all of it is the reader's."""
    rows = [row for row in pairs.of_records(session, {found.row.id}) if row.together]
    if not rows:
        return None
    newest = max(rows, key=lambda row: (row.decided_ms, row.turn, row.together))
    said = pairs.said_together(session, reader.association_id, newest.together)
    known = records.by_ids(session, {each for row in said for each in (row.left_id, row.right_id)})
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    may = pair_queue.acts(reader)
    step = [pair_queue.as_pair(may, named, known, (row.left_id, row.right_id), None, row) for row in said]
    shown = [each for each in step if each is not None]
    return Step(shown) if shown and len(shown) == len(step) else None


def undo(session: Session, by: Desk, reader: Reader, found: Found, turns: int) -> Problem | None:
    """Take the last step of a record back as one: one operation undoes its merges, and all its pairs wait again."""
    seen = last(session, reader, found)
    if seen is None:
        return Problem("nothing_decided")
    records.by_ids(session, {side.row.id for each in seen.pairs for side in (each.left, each.right)}, lock=True)
    step = last(session, reader, found)
    if step is None or step.turns != turns:
        return Problem("pair_decided")
    problem = _part(session, by, step)
    answers = [deciding.undo(session, by, each, each.turn) for each in step.pairs] if problem is None else [problem]
    return next((each for each in answers if each is not None), None)


def _locked(session: Session, reader: Reader, found: Found) -> Cluster:
    """The records as they are now; until the transaction ends nobody else decides on them."""
    seen = pair_clusters.around(session, reader, found)
    records.by_ids(session, {each.row.id for each in seen.members}, lock=True)
    return pair_clusters.around(session, reader, found)


def _between(cluster: Cluster, same: Sequence[Found], apart: Sequence[Found]) -> list[Pair]:
    """The pairs that hold those that are one to those that are not."""
    one, other = ({each.row.id for each in side} for side in (same, apart))
    found = []
    for each in cluster.pairs:
        ends = {each.left.row.id, each.right.row.id}
        if ends & one and ends & other:
            found.append(each)
    return found


def _write(session: Session, by: Desk, same: Sequence[Found], parted: Sequence[Pair]) -> Problem | None:
    joined = (deciding.of_rows(session, same[0], each) for each in same[1:])
    first = next((each for each in (*joined, *parted) if not deciding.is_one(each)), None)
    # The key of a decision is taken once, so it names the step that begins with it.
    together = f"{first.left.row.id}-{first.right.row.id}-{first.turn + 1}" if first else ""
    if len(same) > 1:
        others = [records.uuid_text(each.row.uuid) for each in same[1:]]
        problem = deciding.unite(session, by, same[0], others, together)
        if problem is not None:
            return problem
    answers = (deciding.decide(session, by, each, Verdict(DIFFERENT, each.turn, together=together)) for each in parted)
    return next((each for each in answers if each is not None), None)


def _part(session: Session, by: Desk, step: Step) -> Problem | None:
    """Undo the merges of a step by one operation, as far as they stand."""
    decisions = [each.decision for each in step.pairs if each.decision and each.decision.decision == SAME]
    said: list[OperationId] = [tuple(each) for row in decisions for each in row.operations]  # type: ignore[misc]
    if not said:
        return None
    [survivor, *_] = step.same
    standing = {each.id for each in merging.merges_of(session, survivor)}
    return merging.unmerge(session, by, survivor, said) if standing & set(said) else None
