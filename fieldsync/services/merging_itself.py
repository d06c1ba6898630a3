"""Merging by itself: what it has earned by pairs that people decided, what it did, and taking that back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.core.proportions import interval
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import auditing, deciding
from fieldsync.services.deciding import DIFFERENT, ITSELF, OPEN, SAME, Pair
from fieldsync.services.desk import Desk, Found
from fieldsync.store import associations, pairs, records
from fieldsync.store.db import Step
from fieldsync.store.pairs import DecisionRow

WEIGHTS = (10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 25.0, 30.0)
"""From which weights on an association may let pairs be merged by themselves."""

DECIDED_LEAST = 300
PRECISION_LEAST = 0.995
"""What must be measured before: of so many decided pairs of that weight and more, this share was one."""

JUDGED_MAX = 20_000
"""Decided pairs from which precision is measured, the newest."""

SAMPLE_MAX = 50
"""Merges of the sample that are shown, the newest."""

NIGHTS_MERGES_MAX = 5_000
NIGHTS_MAX = 14

UNDONE_MAX = 100
"""Merges that are taken back in one transaction, so that others are not kept waiting."""


@dataclass(frozen=True)
class Measure:
    """What decided pairs say of a weight: how many, how many of them were one, and how many it would merge now."""

    weight: float
    decided: int
    right: int
    waiting: int

    @property
    def precision(self) -> float | None:
        """The share of decided pairs that were one; None where none was decided."""
        return self.right / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        """Within which the true share lies, at 95 %."""
        return interval(self.right, self.decided)

    @property
    def is_earned(self) -> bool:
        """Whether merging by itself may begin at this weight."""
        return self.decided >= DECIDED_LEAST and self.right >= PRECISION_LEAST * self.decided


@dataclass(frozen=True)
class Night:
    """Merges of one day (of the programme's zone) that stand, made by nobody."""

    day: date
    merges: int


@dataclass(frozen=True)
class Standing:
    """How an association stands to merging by itself. `weight` None: off. `sample`: pairs to look at again, or seen."""

    weight: float | None
    measures: Sequence[Measure]
    nights: Sequence[Night]
    sample: Sequence[Pair]


def standing(session: Session, association_id: int) -> Standing:
    """Everything that its page shows."""
    sampled = pairs.sampled(session, association_id, SAMPLE_MAX)
    return Standing(
        pairs.automatic_weight(session, association_id),
        measures(session, association_id),
        _nights(session, association_id),
        _as_pairs(session, association_id, sampled),
    )


def measures(session: Session, association_id: int) -> list[Measure]:
    """What decided pairs say of each weight."""
    judged = pairs.judged(session, association_id, ITSELF, JUDGED_MAX)
    waiting = pairs.count_automatic(session, association_id, WEIGHTS)
    return [
        Measure(
            weight,
            sum(each >= weight for each, _ in judged),
            sum(each >= weight and decision == SAME for each, decision in judged),
            waiting[weight],
        )
        for weight in WEIGHTS
    ]


def weight_in_force(session: Session, association_id: int) -> float | None:
    """From which weight on pairs merge by themselves now; None: never, or decided pairs speak against it by now."""
    weight = pairs.automatic_weight(session, association_id)
    if weight is None:
        return None
    return next(
        (weight for each in measures(session, association_id) if each.weight == weight and each.is_earned), None
    )


def allow(session: Session, by: Desk, weight: float | None) -> Problem | None:
    """Let linkage merge by itself from a weight on that was earned, or (None) never."""
    if weight is not None:
        found = next((each for each in measures(session, by.association_id) if each.weight == weight), None)
        if found is None:
            told = ", ".join(f"{each:g}" for each in WEIGHTS)
            return Problem("weight_out_of_bounds", detail={"weights": told})
        if not found.is_earned:
            detail = {"decided": str(found.decided), "right": str(found.right), "least": str(DECIDED_LEAST)}
            return Problem("weight_not_earned", detail=detail)
    pairs.set_automatic_weight(session, by.association_id, weight)
    about, detail_text = f"association:{by.association_id}", "never" if weight is None else f"{weight:g}"
    auditing.note(session, by.association_id, by.actor, "automatic_merging_set", about, by.now_ms, detail=detail_text)
    return None


def undo_day(write: Step, by: Desk, day: date) -> int:
    """Take back all that was merged by itself on a day, some at a time; how many are taken back."""
    undone = 0
    while some := write(partial(_undo_some, by, day)):
        undone += some
    return undone


def _undo_some(by: Desk, day: date, session: Session) -> int:
    since, until = (_moment_ms(each) for each in (day, day + timedelta(days=1)))
    rows = pairs.made_by(session, by.association_id, ITSELF, since, until, UNDONE_MAX)
    found = _as_pairs(session, by.association_id, rows)
    return sum(deciding.undo(session, by, pair, pair.turn) is None for pair in found)


def sample_state(pair: Pair) -> str:
    """What became of a merge of the sample: "waiting", "right" or "wrong"."""
    last = pair.decision
    if last is None or last.decided_by == ITSELF:
        return "waiting"
    return "wrong" if last.decision in (OPEN, DIFFERENT) else "right"


def _nights(session: Session, association_id: int) -> list[Night]:
    rows = pairs.made_by(session, association_id, ITSELF, 0, 2**62, NIGHTS_MERGES_MAX)
    counted: dict[date, int] = {}
    for row in rows:
        day = datetime.fromtimestamp(row.decided_ms / 1000, UTC).astimezone(PROGRAMME_ZONE).date()
        counted[day] = counted.get(day, 0) + 1
    return [Night(day, counted[day]) for day in sorted(counted, reverse=True)[:NIGHTS_MAX]]


def _moment_ms(day: date) -> int:
    return int(datetime.combine(day, time(), PROGRAMME_ZONE).timestamp() * 1000)


def _as_pairs(session: Session, association_id: int, rows: Sequence[DecisionRow]) -> list[Pair]:
    found = records.by_ids(session, {each for row in rows for each in (row.left_id, row.right_id)})
    named = {each.id: each for each in associations.collections(session, association_id)}
    made = []
    for row in rows:
        sides = [found[each] for each in (row.left_id, row.right_id) if each in found]
        if len(sides) == 2 and all(each.collection_id in named for each in sides):
            left, right = (Found(each, named[each.collection_id].kind, named[each.collection_id].of) for each in sides)
            made.append(Pair(left, right, None, row))
    return made
