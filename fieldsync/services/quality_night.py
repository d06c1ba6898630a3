"""The nightly run of the quality rules, step by step: what has become usual, then every submission anew.

Each step is a short transaction of its own and looks at a bounded number of rows, so a run over a million submissions
needs little memory and keeps nobody waiting; a run that is cut off begins again, and changes nothing twice.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.geometry import spot, spots_around
from fieldsync.core.observing import Facts
from fieldsync.core.quality import Flagged, Usual, is_small, judged, limits_of, norm_of
from fieldsync.core.sampling import Sample
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import following
from fieldsync.services.quality import COMPARED_MAX, count_alike, differences, settle
from fieldsync.store import associations, observations, outlines
from fieldsync.store.associations import CollectionRow
from fieldsync.store.db import Step
from fieldsync.store.observations import NUMBER, PLACE, SECONDS, Observed

STEP_ROWS = 1000
"""Submissions that one step looks at."""

SAMPLE = 2001
"""Values from which a median is taken: it is right within two percent of the ranks."""

PLACE_SAMPLE = 301
PLACES_MAX = 5000
"""Places of which one run remembers points."""

SPOTS_MAX = 200_000
"""Spots of one author that a run remembers; a companion who filled a form at more than these walked indeed."""

HOUR_MS = 3600 * 1000
NIGHT = range(1, 5)
"""Hours of the programme's time in which a run is due after a day; a machine that sleeps then runs it later."""

Norms = dict[str, tuple[int, float, float]]
"""What a norm is about → how many values, and its two numbers."""


@dataclass
class _Samples:
    """What one form's submissions have shown so far."""

    values: dict[str, Sample] = field(default_factory=dict)

    def add(self, about: str, row: Observed, value: float) -> None:
        if about not in self.values:
            self.values[about] = Sample(SAMPLE)
        self.values[about].add(row.record_id, value)

    def norms(self) -> Norms:
        found = {about: norm_of(sample.values) for about, sample in self.values.items()}
        return {about: (self.values[about].seen, norm.middle, norm.spread) for about, norm in found.items()}


@dataclass
class _Places:
    """Where the points of places lie, over all forms of an association."""

    points: dict[str, tuple[Sample, Sample]] = field(default_factory=dict)

    def add(self, row: Observed) -> None:
        facts = row.facts
        if facts.latitude is None or facts.longitude is None or not is_small(facts.place):
            return
        if facts.place not in self.points and len(self.points) < PLACES_MAX:
            self.points[facts.place] = Sample(PLACE_SAMPLE), Sample(PLACE_SAMPLE)
        if facts.place in self.points:
            for sample, value in zip(self.points[facts.place], (facts.latitude, facts.longitude), strict=True):
                sample.add(row.record_id, value)

    def norms(self) -> Norms:
        return {
            f"{PLACE}{place}": (samples[0].seen, norm_of(samples[0].values).middle, norm_of(samples[1].values).middle)
            for place, samples in self.points.items()
        }


@dataclass
class Neighbours:
    """What an author's earlier submissions of a form looked like, while they pass in order."""

    author_id: int = 0
    answers: deque[frozenset[int]] = field(default_factory=lambda: deque(maxlen=COMPARED_MAX))
    spots: dict[int, int] = field(default_factory=dict)

    def beside(self, row: Observed, limits: dict[str, dict[str, int]]) -> Facts:
        """The facts of the next submission with what those before it say."""
        if row.author_id != self.author_id:
            self.author_id, self.spots = row.author_id, {}
            self.answers.clear()
        facts = row.facts
        return msgspec.structs.replace(facts, alike=self._alike(facts, limits), near=self._near(facts))

    def _alike(self, facts: Facts, limits: dict[str, dict[str, int]]) -> int:
        same = limits.get("same_answers")
        wanted = same is not None and len(facts.answers) >= same["answers"]
        found = count_alike(facts.answers, self.answers, same["percent"]) if same and wanted else 0
        self.answers.append(frozenset(facts.answers))
        return found

    def _near(self, facts: Facts) -> int:
        if facts.latitude is None or facts.longitude is None:
            return 0
        here = spot(facts.latitude, facts.longitude)
        around = (each for first, last in spots_around(here) for each in range(first, last + 1))
        found = sum(self.spots.get(each, 0) for each in around)
        if here in self.spots or len(self.spots) < SPOTS_MAX:
            self.spots[here] = self.spots.get(here, 0) + 1
        return found


def is_due(judged_ms: int, now_ms: int) -> bool:
    """Whether an association's next run may begin."""
    age_ms = now_ms - judged_ms
    at_night = datetime.fromtimestamp(now_ms / 1000, PROGRAMME_ZONE).hour in NIGHT
    return age_ms >= 28 * HOUR_MS or (at_night and age_ms >= 20 * HOUR_MS)


def run(read: Step, write: Step, association_id: int, now_ms: int) -> int:
    """Learn what is usual in an association, then judge every submission by it; how many records' flags changed."""
    collections = read(lambda session: _collections(session, association_id))
    places = _Places()
    for collection in collections:
        write(partial(_keep, association_id, collection.id, _learn(read, collection, places)))
    write(partial(_keep, association_id, 0, places.norms()))
    changed = sum(_judge(read, write, collection, now_ms) for collection in collections)
    write(lambda session: observations.note_judged(session, association_id, now_ms))
    return changed


def _keep(association_id: int, collection_id: int, norms: Norms, session: Session) -> None:
    observations.replace_norms(session, association_id, collection_id, norms)


def _collections(session: Session, association_id: int) -> list[CollectionRow]:
    return [row for row in associations.collections(session, association_id) if row.kind == "submission"]


def _learn(read: Step, collection: CollectionRow, places: _Places) -> Norms:
    samples = _Samples()
    for rows in _pages(read, collection.id):
        for row in rows:
            places.add(row)
            if row.facts.seconds is not None:
                samples.add(SECONDS, row, math.log(max(row.facts.seconds, 1)))
            for path, value in row.facts.numbers.items():
                samples.add(f"{NUMBER}{path}", row, value)
    return samples.norms()


def _pages(read: Step, collection_id: int) -> Iterator[list[Observed]]:
    after = (0, 0)
    while rows := read(partial(_page, collection_id, after)):
        yield rows
        after = rows[-1].author_id, rows[-1].record_id


def _page(collection_id: int, after: tuple[int, int], session: Session) -> list[Observed]:
    return observations.by_author(session, collection_id, after, STEP_ROWS)


def _judge(read: Step, write: Step, collection: CollectionRow, now_ms: int) -> int:
    """Judge every submission of a form; nothing is written for those whose flags stay as they are."""
    usual, limits = read(lambda session: _measure(session, collection))
    neighbours, changed = Neighbours(), 0
    for rows in _pages(read, collection.id):
        found = {row.record_id: judged(neighbours.beside(row, limits), usual, limits) for row in rows}
        differing = read(partial(_differing, found, now_ms))
        if differing:
            looked_at = {row.record_id: row for row in rows if row.record_id in differing}
            changed += write(partial(_settle_unchanged, collection.association_id, looked_at, found, now_ms))
    return changed


def _differing(found: dict[int, list[Flagged]], now_ms: int, session: Session) -> set[int]:
    raised, withdrawn = differences(session, found, now_ms)
    return {row.record_id for row in (*raised, *withdrawn)}


def _settle_unchanged(
    association_id: int, rows: dict[int, Observed], found: dict[int, list[Flagged]], now_ms: int, session: Session
) -> int:
    """Settle what was judged, but for what changed meanwhile: whoever follows the change log has judged that."""
    present = observations.by_ids(session, rows)
    kept = {record_id: found[record_id] for record_id, row in rows.items() if present.get(record_id) == row}
    changed = settle(session, kept, now_ms)
    following.touch(session, association_id, changed)
    return len(changed)


def _measure(session: Session, collection: CollectionRow) -> tuple[Usual, dict[str, dict[str, int]]]:
    """What is usual for a form, and the limits that hold in its association."""
    known = outlines.rings(session)
    limits = limits_of(observations.chosen(session, collection.association_id))
    return observations.usual(session, collection.association_id, collection.id, known), limits
