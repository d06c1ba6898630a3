"""The quality rules: each looks at one submission beside what is usual, and says why somebody should look at it.

A flag lies outside the fold: it changes no state and blocks nothing. A reason is a code and numbers that are plain (P0,
P1) or thresholds; it never holds an answer that a reader may not see. Thresholds are data (docs/desk.md, "Quality").
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from fieldsync.core import geometry
from fieldsync.core.geometry import Ring
from fieldsync.core.observing import Facts
from fieldsync.core.validation import PROGRAMME_ZONE

MAD_TO_DEVIATION = 1.4826
"""A median absolute deviation times this is the standard deviation of a normal distribution."""

MINUTE_MS = 60_000


class Norm(NamedTuple):
    """What is usual: the median of so many values, and their median absolute deviation from it."""

    values: int
    middle: float
    spread: float


class Middle(NamedTuple):
    """Where the points of a place usually lie: the medians of their coordinates."""

    points: int
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Usual:
    """What is usual for a form in an association. `seconds`: the norm of the logarithms of the times that it takes."""

    seconds: Norm | None = None
    numbers: Mapping[str, Norm] = field(default_factory=dict)
    places: Mapping[str, Middle] = field(default_factory=dict)
    outlines: Mapping[str, Sequence[Ring]] = field(default_factory=dict)


class Threshold(NamedTuple):
    """A number that people may change: its name, what it is by default, within which bounds, in which unit."""

    name: str
    default: int
    least: int
    most: int
    unit: str


class Flagged(NamedTuple):
    """A rule holds. `other`: what of the submission it is about; `numbers` may be told.

    `evidence` names what was seen: while it stays the same, a flag that somebody dismissed stays dismissed.
    """

    code: str
    numbers: Mapping[str, str] = {}
    evidence: str = ""
    other: str = ""


Limits = Mapping[str, int]
Rule = Callable[[Facts, Usual, Limits], Iterable[Flagged]]


def filled_too_fast(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """Much less time between start and end than the form usually takes."""
    norm = usual.seconds
    if facts.seconds is None or norm is None or norm.values < limits["sample"]:
        return
    took = math.log(max(facts.seconds, 1))
    deviation = max(norm.spread * MAD_TO_DEVIATION, 0.1)
    typical = math.exp(norm.middle)
    if took < norm.middle - limits["deviations"] * deviation and facts.seconds < typical * limits["percent"] / 100:
        numbers = {"seconds": str(facts.seconds), "usual": str(round(typical))} if facts.tells_times else {}
        yield Flagged("filled_too_fast", numbers, str(facts.seconds))


def filled_at_night(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """Opened between two hours of the night, by the programme's clock; a phone whose clock is wrong tells nothing."""
    if facts.begun_ms is None or abs(facts.clock_ms) >= limits["clock_minutes"] * MINUTE_MS:
        return
    at = datetime.fromtimestamp(facts.begun_ms / 1000, PROGRAMME_ZONE)
    begins, ends = limits["from_hour"], limits["to_hour"]
    within = begins <= at.hour or at.hour < ends if begins > ends else begins <= at.hour < ends
    if within:
        yield Flagged("filled_at_night", {"hour": f"{at:%H:%M}"} if facts.tells_times else {}, str(facts.begun_ms))


def far_from_place(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """The point lies outside the outline of its place, or far from where the forms of that place are filled."""
    if facts.latitude is None or facts.longitude is None or not is_small(facts.place):
        return
    rings, middle = usual.outlines.get(facts.place), usual.places.get(facts.place)
    if rings is not None:
        metres, kilometres = geometry.beyond(rings, facts.latitude, facts.longitude), limits["outline_kilometres"]
    elif middle is not None and middle.points >= limits["sample"]:
        metres = geometry.distance(facts.latitude, facts.longitude, middle.latitude, middle.longitude)
        kilometres = limits["kilometres"]
    else:
        return
    if metres > kilometres * 1000:
        seen = f"{facts.place} {facts.latitude:.4f} {facts.longitude:.4f}"
        yield Flagged("far_from_place", {"kilometres": str(kilometres)}, seen)


def same_answers(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """Nearly the same answers as several other submissions of the same companion."""
    if len(facts.answers) >= limits["answers"] and facts.alike >= limits["count"]:
        yield Flagged("same_answers", {"count": str(facts.alike)}, ",".join(map(str, facts.answers[:8])))


def far_from_usual(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """A number far from what this question of the form usually gets."""
    for path, value in sorted(facts.numbers.items()):
        norm = usual.numbers.get(path)
        if norm is None or norm.values < limits["sample"] or norm.spread <= 0:
            continue
        if abs(value - norm.middle) > limits["deviations"] * norm.spread * MAD_TO_DEVIATION:
            yield Flagged("far_from_usual", {"value": _said(value), "usual": _said(norm.middle)}, _said(value), path)


def clock_far_off(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """The phone's clock was far from the server's when it sent; its times are not to be believed."""
    minutes = abs(facts.clock_ms) // MINUTE_MS
    if minutes >= limits["minutes"]:
        yield Flagged("clock_far_off", {"minutes": str(minutes)}, str(minutes))


def many_at_one_point(facts: Facts, usual: Usual, limits: Limits) -> Iterable[Flagged]:
    """More submissions of the same form by the same companion at one spot than a round on foot gives."""
    if facts.latitude is not None and facts.longitude is not None and facts.near >= limits["count"]:
        seen = str(geometry.spot(facts.latitude, facts.longitude))
        yield Flagged("many_at_one_point", {"count": str(facts.near), "metres": str(geometry.SPOT_METRES)}, seen)


RULES: Mapping[str, tuple[Rule, tuple[Threshold, ...]]] = {
    "filled_too_fast": (
        filled_too_fast,
        (
            Threshold("deviations", 3, 1, 20, "deviations"),
            Threshold("percent", 50, 1, 100, "%"),
            Threshold("sample", 20, 5, 10_000, "submissions"),
        ),
    ),
    "filled_at_night": (
        filled_at_night,
        (
            Threshold("from_hour", 22, 0, 23, "hour"),
            Threshold("to_hour", 5, 0, 23, "hour"),
            Threshold("clock_minutes", 60, 1, 1440, "minutes"),
        ),
    ),
    "far_from_place": (
        far_from_place,
        (
            Threshold("kilometres", 15, 1, 500, "km"),
            Threshold("outline_kilometres", 2, 1, 500, "km"),
            Threshold("sample", 5, 3, 10_000, "points"),
        ),
    ),
    "same_answers": (
        same_answers,
        (
            Threshold("percent", 95, 50, 100, "%"),
            Threshold("count", 3, 1, 50, "submissions"),
            Threshold("answers", 8, 2, 400, "answers"),
        ),
    ),
    "far_from_usual": (
        far_from_usual,
        (Threshold("deviations", 8, 2, 100, "deviations"), Threshold("sample", 30, 10, 10_000, "answers")),
    ),
    "clock_far_off": (clock_far_off, (Threshold("minutes", 60, 1, 100_000, "minutes"),)),
    "many_at_one_point": (many_at_one_point, (Threshold("count", 10, 2, 1000, "submissions"),)),
}
"""Every rule by the code of its flag, with its thresholds, in the order in which pages tell them."""

OFF = "off"
"""In place of a threshold's name: the rule does not run in this association."""

Chosen = Mapping[str, Mapping[str, int]]
"""What an association has chosen: rule → threshold → value."""


def limits_of(chosen: Chosen) -> dict[str, dict[str, int]]:
    """Every threshold that holds, by rule; a rule that is switched off is left out."""
    return {
        code: {each.name: _within(each, chosen.get(code, {}).get(each.name, each.default)) for each in thresholds}
        for code, (_, thresholds) in RULES.items()
        if not chosen.get(code, {}).get(OFF)
    }


def judged(facts: Facts, usual: Usual, limits: Mapping[str, Limits]) -> list[Flagged]:
    """All that the rules find in a submission, by the limits that hold."""
    return [found for code, (rule, _) in RULES.items() if code in limits for found in rule(facts, usual, limits[code])]


def are_alike(one: frozenset[int], other: frozenset[int], percent: int) -> bool:
    """Whether two sets of answers have so much in common, of the longer one."""
    longer = max(len(one), len(other))
    if min(len(one), len(other)) * 100 < longer * percent:
        return False
    return len(one & other) * 100 >= longer * percent


def norm_of(values: Iterable[float]) -> Norm:
    """The median of some values, at least one, and their median absolute deviation."""
    ordered = sorted(values)
    middle = median(ordered)
    return Norm(len(ordered), middle, median(sorted(abs(value - middle) for value in ordered)))


def median(ordered: Sequence[float]) -> float:
    """The middle one of some sorted values, or what lies between the two in the middle."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def is_small(place: str) -> bool:
    """Whether a place is a commune or lies in one: the middle of a province says nothing about a point."""
    return bool(place) and (not place[0].isdigit() or place.count(".") >= 3)


def _within(threshold: Threshold, value: int) -> int:
    return min(max(value, threshold.least), threshold.most)


def _said(value: float) -> str:
    return f"{value:.12g}"
