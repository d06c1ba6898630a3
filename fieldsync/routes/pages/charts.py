"""Small charts: geometry only, in percent of their width; words stand beside them in HTML, one rule mirrors them."""

from collections.abc import Sequence
from dataclasses import dataclass


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
