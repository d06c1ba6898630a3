"""Flags of the quality rules: raised and withdrawn as submissions come and change, outside the fold and the request.

Whoever follows the change log calls `observe`; the nightly run (services/quality_night) judges everything anew by what
has become usual. A flag is never an operation and changes no state.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.observing import Facts, Observer, observed, observer_of
from fieldsync.core.quality import RULES, Flagged, Limits, are_alike, judged, limits_of
from fieldsync.services.published import published
from fieldsync.services.taken import Taken
from fieldsync.store import flags, observations, outlines
from fieldsync.store.flags import FlagRow
from fieldsync.store.observations import Clock, Observed

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


def observe(session: Session, association_id: int, taken: Sequence[Taken], now_ms: int) -> set[int]:
    """Look at submissions that came or changed, and bring their flags up to date; the records whose flags changed.

    Doing it again changes nothing.
    """
    rows = {each.row.id: each for each in taken if each.collection.kind == "submission"}
    observers, clocks = Observers(session, association_id), observations.clocks(session, rows)
    seen: dict[tuple[int, int], list[Observed]] = {}
    for row_id, each in rows.items():
        facts = _facts(observers, each, clocks.get(row_id))
        if facts is not None:
            row = Observed(row_id, each.collection.id, each.row.created_by, each.row.arrived_ms, facts)
            seen.setdefault((row.collection_id, row.author_id), []).append(row)
    observations.save(session, [row for alike in seen.values() for row in alike])
    gone = rows.keys() - {row.record_id for alike in seen.values() for row in alike}
    observations.forget(session, gone)
    found: dict[int, Sequence[Flagged]] = dict.fromkeys(gone, ())
    limits = limits_of(observations.chosen(session, association_id))
    known = outlines.rings(session)
    for collection_id in {collection_id for collection_id, _ in seen}:
        usual = observations.usual(session, association_id, collection_id, known)
        for (other_id, _), alike in seen.items():
            if other_id == collection_id:
                beside = beside_others(session, alike, limits)
                found.update((row_id, judged(facts, usual, limits)) for row_id, facts in beside.items())
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


def _facts(observers: Observers, taken: Taken, clock: Clock | None) -> Facts | None:
    """What a submission shows; None where there is nothing to look at, or no longer."""
    if taken.state is None or not taken.is_judged:
        return None
    observer = observers.of(taken.collection.of, taken.state.version)
    return None if observer is None else observed(observer, taken.state.fields, taken.row.place, _clock_ms(clock))


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


def beside_others(session: Session, rows: Sequence[Observed], limits: Mapping[str, Limits]) -> dict[int, Facts]:
    """The facts of submissions of one form by one author, with what the author's earlier ones say."""
    alike = _alike(session, rows, limits.get("same_answers"))
    placed = [row for row in rows if "many_at_one_point" in limits and row.facts.latitude is not None]
    near = observations.count_near(session, placed)
    return {
        row_id: msgspec.structs.replace(facts, alike=alike.get(row_id, 0), near=near.get(row_id, 0))
        for row_id, facts in ((row.record_id, row.facts) for row in rows)
    }


def _alike(session: Session, rows: Sequence[Observed], same: Limits | None) -> dict[int, int]:
    compared = [row for row in rows if same is not None and len(row.facts.answers) >= same["answers"]]
    if same is None or not compared:
        return {}
    before = _answers_before(session, compared)
    return {row.record_id: count_alike(row.facts.answers, before[row.record_id], same["percent"]) for row in compared}


def _answers_before(session: Session, rows: Sequence[Observed]) -> dict[int, list[frozenset[int]]]:
    """The answers of the submissions before each of some: what most phones send is one stretch, and is read once."""
    last = max(rows, key=lambda row: row.record_id)
    most = COMPARED_MAX + 2 * len(rows)
    latest = observations.answers_until(session, last, last.record_id, most)
    places = {record_id: place for place, (record_id, _) in enumerate(latest, 1)}
    found = {}
    for row in rows:
        first = places.get(row.record_id, most)
        if first + COMPARED_MAX <= len(latest) or len(latest) < most:
            before = latest[first : first + COMPARED_MAX]
        else:
            before = observations.answers_until(session, row, row.record_id - 1, COMPARED_MAX)
        found[row.record_id] = [answers for _, answers in before]
    return found


def count_alike(answers: Sequence[int], others: Iterable[frozenset[int]], percent: int) -> int:
    """How many of some sets of answers are nearly these."""
    own = frozenset(answers)
    missing_max = len(own) - -(-len(own) * percent // 100)
    probe = frozenset(answers[: missing_max + 1])  # whatever has nearly these answers has one of so many
    return sum(are_alike(own, other, percent) for other in others if not other.isdisjoint(probe))
