"""Pairs that somebody has answered by another: she holds a record of one merged group apart from one of the other.

Merging a record with one that was rejected would otherwise ask the same question again, with another name above it.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.linkage import Level, compared_otherwise
from fieldsync.store import merges, pairs, records
from fieldsync.store.records import RecordRow

DIFFERENT = "different"

AT_ONCE = 50
"""Records whose groups are in hand at a time."""

Pair = tuple[int, int]


def answered(
    session: Session, known: Mapping[int, RecordRow], undecided: Mapping[Pair, Sequence[Level]]
) -> frozenset[Pair]:
    """Those of some pairs of which nothing is decided that a decision within their groups answers.

    `known`: their records; `undecided`: what each compares, and how it agrees. Where something is compared otherwise
    than in that decision, or for the first time, the pair is asked: that is new evidence.
    """
    of_groups = [pair for pair in undecided if any(each in known and known[each].merged for each in pair)]
    found: set[Pair] = set()
    for start in range(0, len(of_groups), AT_ONCE):
        chunk = of_groups[start : start + AT_ONCE]
        said = _said_of(session, {each for pair in chunk for each in pair})
        found |= {
            pair
            for pair in chunk
            if any(not compared_otherwise(undecided[pair], levels) for levels in said.get(pair, ()))
        }
    return frozenset(found)


def _said_of(session: Session, record_ids: Iterable[int]) -> dict[Pair, list[Sequence[Level]]]:
    """On what the decisions stand that hold two groups apart, by the records that show them."""
    members = merges.ever_joined(session, set(record_ids))
    decided = [row for row in pairs.of_records(session, members) if row.decision == DIFFERENT and row.levels]
    ends = records.by_ids(session, {each for row in decided for each in (row.left_id, row.right_id)})
    found: dict[Pair, list[Sequence[Level]]] = {}
    for row in decided:
        left, right = sorted(ends[each].merged_into or each for each in (row.left_id, row.right_id))
        found.setdefault((left, right), []).append(row.levels)
    return found
