"""Figures from sums: what an indicator shows in every fixed period, what waits beside it, how it is divided.

The same tallies are a page, a chart, JSON and CSV; what is hidden is hidden here, by core.suppression.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from fieldsync.core import suppression
from fieldsync.core.counting import WAYS, Shown
from fieldsync.core.facts import APPROVED, REJECTED, WAITING
from fieldsync.core.indicators import ATTENDANCE, S0, S2, Indicator
from fieldsync.core.months import around
from fieldsync.core.suppression import Leaf, Published, percentage

Number = int | float | None
"""A figure; None is hidden, or a share of nothing (then `of` is 0)."""


class Sum(NamedTuple):
    """How many of a part share all of this."""

    part: str
    month: int
    level: int
    commune: str
    sex: str
    band: str
    disability: str
    category: str
    amount: int


class Figure(msgspec.Struct):
    """One figure of an indicator in every period (code → number). `waiting`, `rejected`: what would come with those."""

    code: str
    unit: str
    numbers: dict[str, Number] = {}
    waiting: dict[str, int] = {}
    rejected: dict[str, int] = {}


class Division(msgspec.Struct):
    """A part by its dimensions: what a table shows, cell by cell. `None` is hidden."""

    part: str
    dimensions: tuple[str, ...]
    values: dict[str, tuple[str, ...]]
    dropped: tuple[str, ...]
    cells: list[tuple[str, tuple[tuple[str, str], ...], int | None]]

    def at(self, period: str) -> dict[tuple[tuple[str, str], ...], int | None]:
        """The cells of a period."""
        return {values: count for each, values, count in self.cells if each == period}


class Tally(msgspec.Struct):
    """All that an indicator shows of an association, or of all together."""

    indicator: str
    association: str
    rule: str
    figures: list[Figure]
    divisions: list[Division]


def tally(
    indicator: Indicator,
    association: str,
    sums: Sequence[Sum],
    rule: str,
    threshold: int,
    until: int,
    divide: bool = True,
) -> Tally:
    """What an indicator shows under a suppression rule, up to a month; without `divide` its figures only."""
    way = WAYS[indicator.rule.count]
    within = [each for each in sums if each.month <= until]
    divisions = {
        part: _division(indicator, part, [each for each in within if each.part == part], rule, threshold, until)
        for part in way.divided
        if divide or rule == S2
    }
    figures = [_figure(indicator, shown, within, rule, threshold, divisions) for shown in _in_order(indicator)]
    return Tally(indicator.code, association, rule, figures, [_told(*each) for each in divisions.values()])


def together(sums: Iterable[Sequence[Sum]]) -> list[Sum]:
    """The sums of several associations as one's."""
    added: Counter[Sum] = Counter()
    for rows in sums:
        for row in rows:
            added[row._replace(amount=0)] += row.amount
    return [row._replace(amount=count) for row, count in added.items() if count]


def _in_order(indicator: Indicator) -> list[Shown]:
    """The figures that an indicator shows; the one that is held against its target first."""
    shown = list(WAYS[indicator.rule.count].shown)
    if indicator.basis == ATTENDANCE:
        shown.sort(key=lambda each: each.code != "attendance")
    return shown


def _division(
    indicator: Indicator, part: str, sums: Sequence[Sum], rule: str, threshold: int, until: int
) -> tuple[str, tuple[str, ...], Published]:
    dimensions = indicator.disaggregated
    counts: Counter[Leaf] = Counter()
    for each in sums:
        if each.level == APPROVED:
            counts[(each.month, *(_value(each, name) for name in dimensions))] += each.amount
    return part, dimensions, suppression.published(counts, dimensions, rule, threshold, until)


def _value(each: Sum, dimension: str) -> str:
    """What stands in a dimension; the law's categories stand behind the class of an incident."""
    category, _, law = each.category.partition("/")
    if dimension in ("category", "law"):
        return law if dimension == "law" else category
    return str(getattr(each, dimension))


def _told(part: str, dimensions: tuple[str, ...], found: Published) -> Division:
    cells = [(cell.period, cell.values, count) for cell, count in sorted(found.cells.items(), key=lambda each: each[0])]
    return Division(part, dimensions, found.values, found.dropped, cells)


def _figure(
    indicator: Indicator,
    shown: Shown,
    sums: Sequence[Sum],
    rule: str,
    threshold: int,
    divisions: Mapping[str, tuple[str, tuple[str, ...], Published]],
) -> Figure:
    figure = Figure(shown.code, shown.unit or indicator.unit)
    if shown.of:
        figure.numbers = _shares(shown, sums, rule, threshold)
        return figure
    figure.numbers = dict(_by_period(sums, shown.code, APPROVED))
    if shown.code in divisions and rule == S2:
        published = divisions[shown.code][2]
        figure.numbers = {cell.period: count for cell, count in published.cells.items() if not cell.values}
    elif rule == S2:
        figure.numbers = {
            code: count if _is_large(count, threshold) else None for code, count in figure.numbers.items()
        }
    if rule != S2:
        figure.waiting = dict(_by_period(sums, shown.code, WAITING))
        figure.rejected = dict(_by_period(sums, shown.code, REJECTED))
    return figure


def _is_large(count: Number, threshold: int) -> bool:
    return count is not None and count >= threshold


def _by_period(sums: Sequence[Sum], part: str, level: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in sums:
        if each.part == part and each.level == level:
            for period in around(each.month):
                found[period] += each.amount
    return found


def _shares(shown: Shown, sums: Sequence[Sum], rule: str, threshold: int) -> dict[str, Number]:
    some, all_of = _by_period(sums, shown.code, APPROVED), _by_period(sums, shown.of, APPROVED)
    return {period: percentage(some[period], count, rule, threshold) for period, count in all_of.items() if count}


def quality(sums: Sequence[Sum]) -> Tally:
    """How submissions came and were judged: hours to arrive, and the shares reviewed in time and rejected."""
    lags = [(each.month, int(each.category), each.amount) for each in sums if each.part == "lag"]
    reviews = [each for each in sums if each.part == "review"]
    closed = [each for each in reviews if each.category != "open"]
    in_time = [each for each in closed if each.category == "in_time"]
    judged = [each for each in reviews if each.level in (APPROVED, REJECTED)]
    figures = [
        Figure("reviewed_in_time", "percent", _parts(in_time, closed)),
        Figure("lag_median", "hours", _quantiles(lags, 0.5)),
        Figure("lag_ninth_tenth", "hours", _quantiles(lags, 0.9)),
        Figure("rejected", "percent", _parts([each for each in judged if each.level == REJECTED], judged)),
        Figure("to_review", "events", dict(_totals(each for each in reviews if each.level == WAITING))),
        Figure("received", "events", dict(_totals(reviews))),
    ]
    return Tally("", "", S0, figures, [])


def _totals(sums: Iterable[Sum]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in sums:
        for period in around(each.month):
            found[period] += each.amount
    return found


def _parts(some: Iterable[Sum], whole: Iterable[Sum]) -> dict[str, Number]:
    counted = _totals(some)
    return {period: round(100 * counted[period] / count, 1) for period, count in _totals(whole).items() if count}


def _quantiles(lags: Iterable[tuple[int, int, int]], share: float) -> dict[str, Number]:
    by_period: dict[str, Counter[int]] = {}
    for month, hours, count in lags:
        for period in around(month):
            by_period.setdefault(period, Counter())[hours] += count
    return {period: _quantile(counted, share) for period, counted in by_period.items() if counted.total()}


def _quantile(counted: Counter[int], share: float) -> int:
    """The least number of hours within which that share has come."""
    wanted, seen = share * counted.total(), 0
    for hours in sorted(counted):
        seen += counted[hours]
        if seen >= wanted:
            return hours
    return max(counted)
