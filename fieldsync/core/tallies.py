"""Figures from sums: what an indicator shows in every fixed period, what waits beside it, how it is divided.

The same tallies are a page, a chart, JSON and CSV. Where small figures are hidden, they come from what was told
(core.telling), and are hidden there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldsync.core.counting import WAYS, Shown
from fieldsync.core.facts import APPROVED, REJECTED, WAITING
from fieldsync.core.indicators import ATTENDANCE, S0, S1, S2, Indicator
from fieldsync.core.months import around, months
from fieldsync.core.sums import Sum, approved, by_period, value_of
from fieldsync.core.suppression import OTHERS, Ledger
from fieldsync.core.telling import LATER, NO, TOTAL, YES, Ledgers, Table, tables_of

Number = int | float | None
"""A figure; None is hidden, or a share of nothing."""

COMMUNE, BAND = "commune", "band"
ALL = "all"
CROSSED_PERIODS = 2
"""Commune by age stands for the whole and for years."""


class Figure(msgspec.Struct):
    """One figure of an indicator in every period (code → number). `waiting`, `rejected`: what would come with those."""

    code: str
    unit: str
    numbers: dict[str, Number] = {}
    waiting: dict[str, int] = {}
    rejected: dict[str, int] = {}

    @property
    def is_share(self) -> bool:
        """Whether it is a share of one part in another."""
        return self.unit == "percent"


class Division(msgspec.Struct):
    """A part by its dimensions: what a table shows, cell by cell. `dropped`: dimensions of which nothing was told."""

    part: str
    dimensions: tuple[str, ...]
    values: dict[str, tuple[str, ...]]
    dropped: tuple[str, ...]
    cells: list[tuple[str, tuple[tuple[str, str], ...], int]]

    def at(self, period: str) -> dict[tuple[tuple[str, str], ...], int]:
        """The cells of a period."""
        return {values: count for each, values, count in self.cells if each == period}


class Tally(msgspec.Struct):
    """All that an indicator shows of an association, or of all together."""

    indicator: str
    association: str
    rule: str
    figures: list[Figure]
    divisions: list[Division]


def live(indicator: Indicator, sums: Sequence[Sum], rule: str, until: int, divide: bool = True) -> Tally:
    """What an indicator shows now, up to a month. Under S1 its totals alone: what was told stands beside them."""
    within = [each for each in sums if each.month <= until]
    figures = [_exact(indicator, shown, within) for shown in _in_order(indicator) if rule == S0 or not shown.of]
    parts = WAYS[indicator.rule.count].divided if divide and rule == S0 else ()
    return Tally(indicator.code, "", rule, figures, [_divided(indicator, part, within) for part in parts])


def published(indicator: Indicator, association: str, sums: Sequence[Sum], ledgers: Ledgers, until: int) -> Tally:
    """What an indicator shows to whoever is told what was published, up to a month."""
    rule = indicator.suppression
    if rule == S0:
        tally = live(indicator, sums, S0, until)
        return msgspec.structs.replace(tally, association=association)
    within = [each for each in sums if each.month <= until]
    figures = [_told_figure(indicator, shown, within, ledgers, until) for shown in _in_order(indicator)]
    divisions = [_told_division(indicator, part, within, ledgers) for part in WAYS[indicator.rule.count].divided]
    return Tally(indicator.code, association, rule, figures, divisions)


def with_told(tally: Tally, told: Tally | None) -> Tally | None:
    """Totals as they are now, and beside them what was told of parts and shares; None where there is neither."""
    shares = [each for each in told.figures if each.is_share] if told else []
    found = msgspec.structs.replace(tally, figures=[*tally.figures, *shares], divisions=told.divisions if told else [])
    return found if found.figures else None


def _in_order(indicator: Indicator) -> list[Shown]:
    """The figures that an indicator shows; the one that is held against its target first."""
    shown = list(WAYS[indicator.rule.count].shown)
    if indicator.basis == ATTENDANCE:
        shown.sort(key=lambda each: each.code != "attendance")
    return shown


def _exact(indicator: Indicator, shown: Shown, sums: Sequence[Sum]) -> Figure:
    figure = Figure(shown.code, shown.unit or indicator.unit)
    if shown.of:
        figure.numbers = _shares(by_period(sums, shown.code, APPROVED), by_period(sums, shown.of, APPROVED))
        return figure
    figure.numbers = dict(by_period(sums, shown.code, APPROVED))
    figure.waiting = dict(by_period(sums, shown.code, WAITING))
    figure.rejected = dict(by_period(sums, shown.code, REJECTED))
    return figure


def _shares(some: Mapping[str, int], whole: Mapping[str, int]) -> dict[str, Number]:
    return {period: round(100 * some.get(period, 0) / count, 1) for period, count in whole.items() if count}


def _told_figure(indicator: Indicator, shown: Shown, sums: Sequence[Sum], ledgers: Ledgers, until: int) -> Figure:
    figure = Figure(shown.code, shown.unit or indicator.unit)
    if shown.of:
        told = ledgers.get(f"share {shown.code}", Ledger()).told()
        figure.numbers = {ALL: round(100 * told[YES] / (told[YES] + told[NO]), 1) if told else None}
    elif indicator.suppression == S1:
        figure.numbers = dict(by_period(sums, shown.code, APPROVED))
    else:
        figure.numbers = _told_in_periods(ledgers.get(f"{TOTAL} {shown.code}", Ledger()), until)
    return figure


def _told_in_periods(ledger: Ledger, until: int) -> dict[str, Number]:
    """How many were told of in every period; a period in which nobody was is hidden."""
    first = min((lot.month for lot in ledger.lots), default=until)
    found: dict[str, Number] = {period: None for month in months(first, until) for period in around(month)}
    for lot in ledger.lots:
        for period in around(lot.month):
            found[period] = (found.get(period) or 0) + lot.size
    return found


def _told_division(indicator: Indicator, part: str, sums: Sequence[Sum], ledgers: Ledgers) -> Division:
    """A part as it was told, and of how many nothing was told yet."""
    total = ledgers.get(f"{TOTAL} {part}", Ledger())
    known = total.size if indicator.suppression == S2 else approved(sums, part)
    found = Division(part, indicator.disaggregated, {}, (), [(ALL, (), known)])
    for table in tables_of(indicator):
        if table.part == part and table.dimensions:
            _add_told(found, table, ledgers.get(table.name, Ledger()), known)
    return found


def _add_told(found: Division, table: Table, ledger: Ledger, known: int) -> None:
    told = ledger.told()
    for place, name in enumerate(table.dimensions):
        if not told:
            found.dropped = (*found.dropped, name)
            continue
        counts: Counter[str] = Counter()
        for value, count in told.items():
            counts[value.split("/")[place] if value != OTHERS and len(table.dimensions) > 1 else value] += count
        if known > ledger.size:
            counts[LATER] = known - ledger.size
        found.values[name] = tuple(counts)
        found.cells += [(ALL, ((name, value),), count) for value, count in counts.items()]


def _divided(indicator: Indicator, part: str, sums: Sequence[Sum]) -> Division:
    """A part as it is: by each dimension in every period, and by commune and age."""
    dimensions = indicator.disaggregated
    counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    values: dict[str, set[str]] = {name: set() for name in dimensions}
    for each in sums:
        if each.part != part or each.level != APPROVED:
            continue
        own = {name: value_of(each, name) for name in dimensions}
        for name, value in own.items():
            values[name].add(value)
        for place, period in enumerate(around(each.month)):
            for cell in _cells_of(own, place):
                counts[period, cell] += each.amount
    cells = [(period, cell, count) for (period, cell), count in sorted(counts.items())]
    return Division(part, dimensions, {name: tuple(sorted(found)) for name, found in values.items()}, (), cells)


def _cells_of(own: Mapping[str, str], place: int) -> list[tuple[tuple[str, str], ...]]:
    cells: list[tuple[tuple[str, str], ...]] = [(), *((each,) for each in own.items())]
    if COMMUNE in own and BAND in own and place < CROSSED_PERIODS:
        cells.append(((BAND, own[BAND]), (COMMUNE, own[COMMUNE])))
    return cells


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
