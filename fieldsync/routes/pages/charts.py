"""Small charts: geometry only, in percent of their width; words stand beside them in HTML, one rule mirrors them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Bar:
    """A bar from the start side, and where the mark of comparison stands; both in percent of the chart's width."""

    length: float
    mark: float | None = None
    is_faint: bool = False


def bars(values: Sequence[float], mark: float | None = None, faint: Sequence[bool] = ()) -> list[Bar]:
    """Bars in proportion to each other; the longest one, or the mark, reaches nearly to the end."""
    top = max([*values, mark or 0.0, 1.0]) / 96
    dim = faint or [False] * len(values)
    at = None if mark is None else round(mark / top, 1)
    return [Bar(round(value / top, 1), at, pale) for value, pale in zip(values, dim, strict=True)]


@dataclass(frozen=True)
class Step:
    """One step of a waterfall in percent of its width: a bar from `start`, `length` long; `reached`: where it ends."""

    start: float
    length: float
    reached: float
    is_up: bool


@dataclass(frozen=True)
class Waterfall:
    """Steps from nothing to a sum; where nothing lies, the bar of the sum, and where a threshold lies that shows."""

    steps: tuple[Step, ...]
    axis: float
    total: Step
    mark: float | None = None


def waterfall(weights: Sequence[float], threshold: float | None = None) -> Waterfall:
    """How weights add up, one after the other; all that is reached on the way fits the width."""
    reached = [0.0]
    for weight in weights:
        reached.append(reached[-1] + weight)
    least, most = min(reached), max(reached)
    scale = 96 / (most - least or 1.0)

    def at(value: float) -> float:
        return round(2 + (value - least) * scale, 2)

    def step(before: float, after: float) -> Step:
        low, high = sorted((before, after))
        return Step(at(low), round(at(high) - at(low), 2), at(after), after >= before)

    steps = tuple(step(before, after) for before, after in pairwise(reached))
    mark = at(threshold) if threshold is not None and least <= threshold <= most else None
    return Waterfall(steps, at(0.0), step(0.0, reached[-1]), mark)
