"""Which cells of published tables are hidden, so that nobody is found in them: decided here, once, before any renderer.

All tables of an indicator are decided together: every fixed period that a month lies in, the total, each dimension, and
commune by age band. A cell of one person to fewer than the threshold is hidden (primary), and so many others that
nobody can compute it (complementary). Whoever reads the result cannot tell one from the other.

Why that is enough. Two persons who exchange communes, or one who is taken for another age, make another world. A world
in which only hidden cells differ from ours would have been published in the same way. Such a pattern of change is
admitted only if it can be done twice, or once and once backwards: then each hidden cell that it touches may hold at
least three values for all that the published ones say. Every hidden cell lies in such a pattern (docs/programme.md,
section 5); the tests ask a solver.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldsync.core.indicators import S0, S2
from fieldsync.core.months import around, months

Leaf = tuple[int, ...] | tuple[int | str, ...]
"""A month, then a value for each dimension: what persons have in common."""

COMMUNE, BAND = "commune", "band"
PARTNERS_MAX = 60
"""Kinds of persons with whom an exchange is tried: those who differ least come first."""

MOVERS_MAX = 4


class Cell(NamedTuple):
    """A place in a table: a period's code, and a value of each dimension by which it is divided; none for the total."""

    period: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass
class Published:
    """What may be shown: a number, or None where it is hidden. `dropped`: dimensions that are not shown at all."""

    cells: dict[Cell, int | None] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def at(self, period: str, **values: str) -> int | None:
        """One cell; what lies outside of all tables is 0."""
        return self.cells.get(Cell(period, tuple(sorted(values.items()))), 0)


class Pattern(NamedTuple):
    """A change of the world: which cells differ, and how often it can be done at most, there and back."""

    cells: frozenset[Cell]
    times: int


def published(
    counts: Mapping[Leaf, int], dimensions: Sequence[str], rule: str, threshold: int, until: int
) -> Published:
    """The tables of an indicator, as they may be shown under a suppression rule.

    `counts`: how many persons share a month and a value of each dimension; `until`: the last month that is published.
    """
    kept, dropped = tuple(dimensions), list[str]()
    while True:
        tables = Tables(_projected(counts, dimensions, kept), kept, rule, until)
        if rule == S0:
            return Published(dict(tables.values), (), tables.domains())
        unprotected = tables.hide(threshold)
        if unprotected is None:
            shown = {cell: None if cell in tables.hidden else count for cell, count in tables.values.items()}
            return Published(shown, tuple(dropped), tables.domains())
        dropped.append(unprotected)
        kept = tuple(each for each in kept if each != unprotected)


def percentage(numerator: int, denominator: int, rule: str, threshold: int) -> float | None:
    """A share in percent; None where it is hidden, or of nothing."""
    hidden = rule != S0 and min(numerator, denominator) < threshold
    return None if hidden or not denominator else round(100 * numerator / denominator, 1)


def average(total: float, count: int, rule: str, threshold: int) -> float | None:
    """A mean; None where it is hidden, or of nothing."""
    return None if not count or (rule != S0 and count < threshold) else total / count


def _projected(counts: Mapping[Leaf, int], dimensions: Sequence[str], kept: Sequence[str]) -> Counter[Leaf]:
    wanted = [0, *(dimensions.index(each) + 1 for each in kept)]
    found: Counter[Leaf] = Counter()
    for leaf, count in counts.items():
        if count > 0:
            found[tuple(leaf[place] for place in wanted)] += count
    return found


class Tables:
    """All tables of an indicator, and which of their cells are hidden."""

    def __init__(self, counts: Counter[Leaf], dimensions: tuple[str, ...], rule: str, until: int) -> None:
        self.counts = counts
        self.dimensions = dimensions
        self.rule = rule
        self.hidden: set[Cell] = set()
        self._cells: dict[Leaf, tuple[Cell, ...]] = {}
        self._domains = [sorted({str(leaf[place]) for leaf in counts}) for place in range(1, len(dimensions) + 1)]
        self._months = list(months(min((int(leaf[0]) for leaf in counts), default=until), until))
        self.values = self._empty()
        for leaf, count in counts.items():
            for cell in self.cells_of(leaf):
                self.values[cell] = self.values.get(cell, 0) + count

    def domains(self) -> dict[str, tuple[str, ...]]:
        """The values of each dimension that occur at all."""
        return {name: tuple(self._domains[place]) for place, name in enumerate(self.dimensions)}

    def cells_of(self, leaf: Leaf) -> tuple[Cell, ...]:
        """Every published cell in which a person of this kind is counted."""
        if leaf not in self._cells:
            values = [(name, str(leaf[place + 1])) for place, name in enumerate(self.dimensions)]
            self._cells[leaf] = tuple(self._cells_with(around(int(leaf[0])), values))
        return self._cells[leaf]

    def hide(self, threshold: int) -> str | None:
        """Hide what must be hidden; a dimension that cannot be protected, where there is one."""
        needy = [cell for cell in self.values if self._is_primary(cell, threshold)]
        self.hidden.update(needy)
        safe: set[Cell] = set()
        for cell in sorted(needy, key=self._order):
            if cell in safe:
                continue
            pattern = self._cheapest(cell)
            if pattern is None:
                return cell.values[-1][0] if cell.values else self.dimensions[-1]
            self.hidden |= pattern.cells
            safe |= pattern.cells
        return None

    def _empty(self) -> dict[Cell, int]:
        found: dict[Cell, int] = {Cell("all"): 0}
        for month in self._months:
            for period in around(month):
                found[Cell(period)] = 0
                for place, name in enumerate(self.dimensions):
                    found.update((Cell(period, ((name, value),)), 0) for value in self._domains[place])
        if COMMUNE in self.dimensions and BAND in self.dimensions:
            bands = self._domains[self.dimensions.index(BAND)]
            communes = self._domains[self.dimensions.index(COMMUNE)]
            for period in {each for month in self._months for each in around(month)[:2]}:
                found.update((_crossed(period, band, commune), 0) for band in bands for commune in communes)
        return found

    def _cells_with(self, periods: Sequence[str], values: Sequence[tuple[str, str]]) -> Iterator[Cell]:
        named = dict(values)
        for period in periods:
            yield Cell(period)
            for each in values:
                yield Cell(period, (each,))
        if COMMUNE in named and BAND in named:
            for period in periods[:2]:
                yield _crossed(period, named[BAND], named[COMMUNE])

    def _is_primary(self, cell: Cell, threshold: int) -> bool:
        if not cell.values and self.rule != S2:
            return False
        count = self.values[cell]
        return 0 < count < threshold or (count == 0 and self.values[self._base(cell)] < threshold)

    def _base(self, cell: Cell) -> Cell:
        """What a cell is a part of: nobody in it says something about few people only."""
        if len(cell.values) > 1:
            return Cell(cell.period, tuple(each for each in cell.values if each[0] == COMMUNE))
        return Cell(cell.period) if cell.values else Cell("all")

    def _order(self, cell: Cell) -> tuple[int, int, Cell]:
        """Crossed cells first, then short periods: what protects them protects others too."""
        return -len(cell.values), -len(cell.period), cell

    def _cheapest(self, cell: Cell) -> Pattern | None:
        """The pattern through a hidden cell that hides least besides."""
        patterns = (each for each in self._patterns(cell) if cell in each.cells and each.times >= 2)
        allowed = (each for each in patterns if self.rule == S2 or all(touched.values for touched in each.cells))
        return min(allowed, key=lambda each: (self._cost(each), sorted(each.cells)), default=None)

    def _cost(self, pattern: Pattern) -> int:
        return sum(self.values.get(cell, 0) + 1 for cell in pattern.cells - self.hidden)

    def _patterns(self, cell: Cell) -> Iterator[Pattern]:
        for leaf in self._near(cell):
            if self.rule == S2:
                yield Pattern(frozenset(self.cells_of(leaf)), 2)  # one more whom nobody has told us of, or two
            for place in range(len(leaf)):
                yield from self._changes(leaf, place)
                yield from self._exchanges(leaf, place)

    def _near(self, cell: Cell) -> list[Leaf]:
        """Kinds of persons in a cell; where it is empty, those who might be."""
        inside = sorted(leaf for leaf in self.counts if cell in self.cells_of(leaf))
        if inside:
            return inside[:MOVERS_MAX]
        wanted = dict(cell.values)
        moved = {
            (leaf[0], *(wanted.get(name, leaf[place + 1]) for place, name in enumerate(self.dimensions)))
            for leaf in self.counts
            if cell.period in around(int(leaf[0]))
        }
        return sorted(moved)[:MOVERS_MAX] or [self._anybody(cell)]

    def _anybody(self, cell: Cell) -> Leaf:
        """Somebody who might have come in a period in which nobody did."""
        month = next(month for month in self._months if cell.period in around(month))
        wanted = dict(cell.values)
        return (month, *(wanted.get(name, self._domains[place][0]) for place, name in enumerate(self.dimensions)))

    def _changes(self, leaf: Leaf, place: int) -> Iterator[Pattern]:
        """One person is taken for another in one thing."""
        others: Iterable[int | str] = self._months if place == 0 else self._domains[place - 1]
        for value in others:
            if value != leaf[place]:
                other = (*leaf[:place], value, *leaf[place + 1 :])
                times = self.counts[leaf] + self.counts[other]
                yield Pattern(self._difference([leaf], [other]), times)

    def _exchanges(self, leaf: Leaf, place: int) -> Iterator[Pattern]:
        """Two persons exchange one thing."""
        for partner in self._partners(leaf, place):
            one = (*leaf[:place], partner[place], *leaf[place + 1 :])
            other = (*partner[:place], leaf[place], *partner[place + 1 :])
            there = min(self.counts[leaf], self.counts[partner])
            back = min(self.counts[one], self.counts[other])
            yield Pattern(self._difference([leaf, partner], [one, other]), there + back)

    def _partners(self, leaf: Leaf, place: int) -> list[Leaf]:
        found = [other for other in self.counts if other[place] != leaf[place]]
        found.sort(key=lambda other: (sum(a != b for a, b in zip(leaf, other, strict=True)), other))
        return found[:PARTNERS_MAX]

    def _difference(self, before: Iterable[Leaf], after: Iterable[Leaf]) -> frozenset[Cell]:
        change: Counter[Cell] = Counter()
        for leaf in after:
            change.update(self.cells_of(leaf))
        for leaf in before:
            change.subtract(self.cells_of(leaf))
        return frozenset(cell for cell, by in change.items() if by)


def _crossed(period: str, band: str, commune: str) -> Cell:
    return Cell(period, ((BAND, band), (COMMUNE, commune)))
