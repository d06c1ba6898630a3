"""Pairs of two associations that both allow it: for whoever may act upon both records, and for nobody else.

Nothing is merged over the border: each association keeps its record. That two are one person is noted, and tells how
many persons to take off where those of the two associations are added up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, deciding, pair_queue, readers, reading
from fieldsync.services.deciding import OPEN, Pair, Verdict
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader
from fieldsync.store import agreements, associations, records
from fieldsync.store.agreements import Couple
from fieldsync.store.associations import CollectionRow
from fieldsync.store.pairs import DecisionRow
from fieldsync.store.records import RecordRow

LOOKED_AT_MAX = 200
"""Pairs of two associations that a queue looks at, the heaviest."""


@dataclass(frozen=True)
class Across:
    """A pair over a border, and the associations of its left and its right record."""

    pair: Pair
    couple: Couple


def couples(session: Session, reader: Reader) -> list[Couple]:
    """The associations that both allow it and in both of which somebody may act upon records; a script has one."""
    if reader.person is None or reader.token is not None:
        return []
    return [
        couple
        for couple in agreements.couples(session)
        if all(readers.within(session, reader, each).may(ACT_ON_RECORDS) for each in couple)
    ]


def waiting(session: Session, reader: Reader) -> list[Across]:
    """The pairs that wait for a decision, the likeliest first."""
    found = [each for couple in couples(session, reader) for each in _of_couple(session, reader, couple)]
    return sorted(found, key=lambda each: (-(each.pair.row.weight if each.pair.row else 0.0), _key(each.pair)))


def count_at_most(session: Session, reader: Reader, most: int) -> int | None:
    """How many pairs wait, cheaply up to a bound; None for whom there are none.

    Nothing is counted for whoever sees only some places or one team.
    """
    named = couples(session, reader)
    if not named:
        return None
    if any(grant.places or grant.team for grant in reader.grants):
        return 0
    return min(most, sum(agreements.count_waiting(session, each, most) for each in named))


def told(session: Session, across: Across) -> dict[str, Any]:
    """A pair as the API tells it: codes, levels and weights, never an answer; the association of each record."""
    slugs = {each.id: each.slug for each in associations.everyone(session)}
    said = {name: value for name, value in pair_queue.told(across.pair).items() if name != "kind"}
    return {**said, "associations": [slugs[each] for each in across.couple]}


def find(session: Session, reader: Reader, left: str, right: str) -> Across | None:
    """The pair of two records where both associations allow it and both records are the reader's to act upon."""
    for couple in couples(session, reader):
        sides = [
            reading.find(session, readers.within(session, reader, owner), uuid, "entity", permission=ACT_ON_RECORDS)
            for owner, uuid in zip(couple, (left, right), strict=True)
        ]
        for one in sides[0]:
            for other in sides[1]:
                found = _of_rows(session, couple, one, other) if one.of == other.of else None
                if found is not None:
                    return found
    return None


def decide(session: Session, reader: Reader, across: Across, verdict: Verdict, now_ms: int) -> Problem | None:
    """Say whether the two are one person, or take that back; nothing is written where somebody decided meanwhile."""
    pair = across.pair
    records.by_ids(session, set(_key(pair)), lock=True)
    now = _of_rows(session, across.couple, pair.left, pair.right)
    if now is None:
        return Problem("not_found")
    if now.pair.turn != verdict.turn:
        return Problem("pair_decided")
    if verdict.decision == OPEN and (now.pair.decision is None or now.pair.decision.decision == OPEN):
        return Problem("nothing_decided")
    actor, found_ms = auditing.by(reader), now.pair.row.found_ms if now.pair.row else 0
    agreements.decide(
        session,
        DecisionRow(
            *_key(pair), verdict.turn + 1, 0, verdict.decision, actor, max(now_ms, found_ms),
            verdict.why[: deciding.WHY_MAX], now.pair.levels, [], False,
        ),
    )  # fmt: skip
    for owner, side in zip(across.couple, (pair.left, pair.right), strict=True):
        about = f"record:{records.uuid_text(side.row.uuid)}"
        auditing.note(session, owner, actor, "pair_decided_across", about, now_ms, detail=verdict.decision)
    return None


def _key(pair: Pair) -> tuple[int, int]:
    return pair.left.row.id, pair.right.row.id


def _of_rows(session: Session, couple: Couple, left: Found, right: Found) -> Across | None:
    row = agreements.find(session, couple, left.row.id, right.row.id)
    if row is None:
        return None
    pair = Pair(left, right, row)
    return Across(replace(pair, decision=agreements.latest(session, [_key(pair)]).get(_key(pair))), couple)


def _of_couple(session: Session, reader: Reader, couple: Couple) -> list[Across]:
    rows = agreements.heaviest(session, couple, LOOKED_AT_MAX)
    found = records.by_ids(session, {each for row in rows for each in row.pair})
    named = {each.id: each for owner in couple for each in associations.collections(session, owner)}
    decisions = agreements.latest(session, [row.pair for row in rows])
    made = (
        pair_queue.as_pair(_acts(session, reader, couple), named, found, row.pair, row, decisions.get(row.pair))
        for row in rows
    )
    return [Across(pair, couple) for pair in made if pair is not None and deciding.is_waiting(pair)]


def _acts(session: Session, reader: Reader, couple: Couple) -> pair_queue.May:
    at_work: Mapping[int, Reader] = {each: readers.within(session, reader, each) for each in couple}

    def may(collection: CollectionRow, row: RecordRow) -> bool:
        return reading.may_read(at_work[collection.association_id], collection, row, ACT_ON_RECORDS)

    return may
