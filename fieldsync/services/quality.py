"""Flags of the quality rules: raised and withdrawn as submissions come and change, outside the fold and the request.

Whoever follows the change log calls `observe`; the nightly run (services/quality_night) judges everything anew by what
has become usual. A flag is never an operation and changes no state.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.observing import Facts, Observer, observed, observer_of
from fieldsync.core.quality import RULES, Flagged, are_alike, judged, limits_of
from fieldsync.services.folding import HELD_REVIEW
from fieldsync.services.published import published
from fieldsync.services.working import decode_state
from fieldsync.store import associations, flags, observations, outlines, records
from fieldsync.store.flags import FlagRow
from fieldsync.store.observations import Clock, Observed
from fieldsync.store.records import RecordRow

COMPARED_MAX = 50
"""Earlier submissions of an author with which one is compared."""


class _Stamped(msgspec.Struct):
    stamp: tuple[int, int] = (0, 0)


_stamp_decoder = msgspec.json.Decoder(_Stamped)


class Observers:
    """Looks each form version of an association up once."""

    def __init__(self, session: Session, association_id: int) -> None:
        self._session = session
        self._association_id = association_id
        self._found: dict[tuple[str, str | None], Observer | None] = {}

    def of(self, form: str, version: str | None) -> Observer | None:
        """What to look at in a form version; None where nothing is."""
        if (form, version) not in self._found:
            found = published(self._session, self._association_id, form, version)
            self._found[form, version] = observer_of(found.form) if found else None
        return self._found[form, version]


def observe(session: Session, association_id: int, record_ids: Collection[int], now_ms: int) -> set[int]:
    """Look at submissions that came or changed, and bring their flags up to date; the records whose flags changed.

    Doing it again changes nothing.
    """
    names = {row.id: row for row in associations.collections(session, association_id) if row.kind == "submission"}
    rows = {row.id: row for row in records.by_ids(session, record_ids).values() if row.collection_id in names}
    observers, clocks = Observers(session, association_id), observations.clocks(session, rows)
    seen: list[Observed] = []
    for row in rows.values():
        facts = _facts(observers, names[row.collection_id].of, row, clocks.get(row.id))
        if facts is not None:
            seen.append(Observed(row.id, row.collection_id, row.created_by, row.arrived_ms, facts))
    observations.save(session, seen)
    gone = rows.keys() - {each.record_id for each in seen}
    observations.forget(session, gone)
    found: dict[int, list[Flagged]] = {record_id: [] for record_id in gone}
    limits = limits_of(observations.chosen(session, association_id))
    known = outlines.rings(session)
    for collection_id in {each.collection_id for each in seen}:
        usual = observations.usual(session, association_id, collection_id, known)
        for each in seen:
            if each.collection_id == collection_id:
                found[each.record_id] = judged(_beside_others(session, each, limits), usual, limits)
    return settle(session, found, now_ms)


def settle(session: Session, found: Mapping[int, Sequence[Flagged]], now_ms: int) -> set[int]:
    """Make the flags of records what the rules found; the records whose flags changed.

    A dismissed flag stays dismissed until the rule sees something else; it is kept even where the rule no longer holds.
    """
    raised, withdrawn = differences(session, found, now_ms)
    flags.put(session, raised)
    flags.withdraw(session, withdrawn)
    return {row.record_id for row in (*raised, *withdrawn)}


def differences(
    session: Session, found: Mapping[int, Sequence[Flagged]], now_ms: int
) -> tuple[list[FlagRow], list[FlagRow]]:
    """What would have to be raised, and what withdrawn, for the flags of records to be what the rules found."""
    raised: list[FlagRow] = []
    withdrawn: list[FlagRow] = []
    stored = flags.of_records(session, found.keys())
    for record_id, marks in found.items():
        before = {row.name: row for row in stored.get(record_id, ()) if row.code in RULES}
        wanted = {(mark.code, mark.other): mark for mark in marks}
        raised += [
            _raised(record_id, before.get(name), mark, now_ms)
            for name, mark in wanted.items()
            if _is_news(before.get(name), mark)
        ]
        withdrawn += [row for name, row in before.items() if name not in wanted and row.dismissed_ms is None]
    return raised, withdrawn


def _is_news(before: FlagRow | None, mark: Flagged) -> bool:
    """Whether something else was seen, or may be told, than when it was raised; what is usual moves every night."""
    return before is None or (before.evidence, before.numbers.keys()) != (mark.evidence, mark.numbers.keys())


def _raised(record_id: int, before: FlagRow | None, mark: Flagged, now_ms: int) -> FlagRow:
    if before is not None and before.evidence == mark.evidence:
        return before._replace(numbers=mark.numbers)
    return FlagRow(record_id, mark.code, mark.other, now_ms, mark.numbers, mark.evidence, None, "", "")


def _facts(observers: Observers, form: str, row: RecordRow, clock: Clock | None) -> Facts | None:
    """What a submission shows; None where there is nothing to look at, or no longer."""
    state = decode_state(bytes(row.state))
    if state is None or row.deleted or row.merged_into is not None or row.review == HELD_REVIEW:
        return None
    observer = observers.of(form, state.version)
    return None if observer is None else observed(observer, state.fields, row.place, _clock_ms(clock))


def _clock_ms(clock: Clock | None) -> int:
    """How far a phone's clock was ahead: when it sent, or by a stamp later than the arrival, whichever is more."""
    if clock is None:
        return 0
    error = clock.sent_ms - clock.received_ms if clock.sent_ms is not None else 0
    try:
        ahead = _stamp_decoder.decode(clock.body).stamp[0] - clock.received_ms
    except msgspec.DecodeError:
        ahead = 0
    return ahead if ahead > abs(error) else error


def _beside_others(session: Session, row: Observed, limits: Mapping[str, Mapping[str, int]]) -> Facts:
    """The facts of a submission with what its author's earlier ones say."""
    facts, alike, near = row.facts, 0, 0
    same = limits.get("same_answers")
    if same is not None and len(facts.answers) >= same["answers"]:
        alike = count_alike(facts.answers, observations.answers_before(session, row, COMPARED_MAX), same["percent"])
    if "many_at_one_point" in limits and facts.latitude is not None:
        near = observations.count_near(session, row)
    return msgspec.structs.replace(facts, alike=alike, near=near)


def count_alike(answers: Sequence[int], others: Iterable[frozenset[int]], percent: int) -> int:
    """How many of some sets of answers are nearly these."""
    own = frozenset(answers)
    missing_max = len(own) - -(-len(own) * percent // 100)
    probe = frozenset(answers[: missing_max + 1])  # whatever has nearly these answers has one of so many
    return sum(are_alike(own, other, percent) for other in others if not other.isdisjoint(probe))
