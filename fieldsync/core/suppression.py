"""Which cells of published tables are hidden, so that nobody is found in them: decided here, once, before any renderer.

All tables of an indicator are decided together: every fixed period that a month lies in, the total, each dimension, and
commune by age band. A cell of one person to fewer than the threshold is hidden (primary), and so many others that
nobody can compute it (complementary). Whoever reads the result cannot tell one from the other.

Why that is enough. Two persons who exchange communes, or one who is taken for another age, make another world. A world
in which only hidden cells differ from ours would have been published in the same way. Every hidden cell lies in at
least two such moves of different persons, or in one there and one back: so for all that the published cells say it may
hold at least three values (docs/programme.md, section 5). The tests ask a solver.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldsync.core.indicators import S0, S2, THRESHOLD
from fieldsync.core.months import around, months

Leaf = tuple[int, ...] | tuple[int | str, ...]
"""A month, then a value for each dimension: what persons have in common."""

COMMUNE, BAND = "commune", "band"
PARTNERS_MAX = 16
"""Kinds of persons with whom an exchange is tried: those who differ least come first."""

MOVERS_MAX = 6
WIDTH = 2
"""A hidden cell may be at least so much less or more, both together; one that is not even shown as hidden, 1."""

DIVIDED = (1, 2, 3, 4)
"""Into which periods dimensions are divided: all, and years, and quarters, and months. The finest is taken that costs
the whole nothing: what is hidden in a month often takes cells of the year with it."""


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

    def hidden(self, period: str) -> int:
        """How many cells of a period are hidden."""
        return sum(count is None for cell, count in self.cells.items() if cell.period == period)

    def at(self, period: str, **values: str) -> int | None:
        """One cell; what lies outside of all tables is 0."""
        return self.cells.get(Cell(period, tuple(sorted(values.items()))), 0)


class Move(NamedTuple):
    """Another world: by how much each cell differs in it, and who changes (kinds of persons; none: one more comes)."""

    change: Mapping[Cell, int]
    movers: tuple[Leaf, ...]


def published(
    counts: Mapping[Leaf, int], dimensions: Sequence[str], rule: str, threshold: int, until: int
) -> Published:
    """The tables of an indicator, as they may be shown under a suppression rule.

    `counts`: how many persons share a month and a value of each dimension; `until`: the last month that is published.
    """
    if rule == S0:
        tables = Tables(_projected(counts, dimensions, dimensions), tuple(dimensions), rule, until)
        return Published(dict(tables.values), (), tables.domains())
    best = _protected(counts, dimensions, rule, threshold, until, DIVIDED[0])
    for divided in DIVIDED[1:]:
        finer = _protected(counts, dimensions, rule, threshold, until, divided)
        if finer.dropped or finer.hidden("all") > best.hidden("all"):
            break
        best = finer
    return best


def _protected(
    counts: Mapping[Leaf, int], dimensions: Sequence[str], rule: str, threshold: int, until: int, divided: int
) -> Published:
    """The tables with that many kinds of period divided; a dimension that cannot be protected is left out."""
    kept, dropped = tuple(dimensions), list[str]()
    while True:
        tables = Tables(_projected(counts, dimensions, kept), kept, rule, until, divided, threshold)
        unprotected = tables.hide()
        if unprotected is None:
            return tables.published(tuple(dropped))
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

    def __init__(
        self,
        counts: Counter[Leaf],
        dimensions: tuple[str, ...],
        rule: str,
        until: int,
        divided: int = 4,
        threshold: int = THRESHOLD,
    ) -> None:
        self.counts = counts
        self.dimensions = dimensions
        self.rule = rule
        self.divided = divided
        self.threshold = threshold
        self.hidden: set[Cell] = set()
        self._open: set[Cell] = set()
        self._tried: dict[tuple[tuple[Leaf, ...], tuple[Leaf, ...]], list[Move]] = {}
        self._beside: dict[tuple[Leaf, int], list[Leaf]] = {}
        self._moves: dict[tuple[Cell, bool], set[tuple[Leaf, ...]]] = {}
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

    def hide(self) -> str | None:
        """Hide what must be hidden; a dimension that cannot be protected, where there is one."""
        self._hide(cell for cell in self.values if self._is_primary(cell))
        while self._open:
            cell = min(self._open, key=self._order)
            while not self._is_safe(cell):
                move = self._cheapest(cell)
                if move is None:
                    return cell.values[-1][0] if cell.values else self.dimensions[-1]
                self._adopt(move)
            self._open.discard(cell)
        return None

    def published(self, dropped: tuple[str, ...]) -> Published:
        """What may be shown."""
        shown = {
            cell: None if cell in self.hidden else count
            for cell, count in self.values.items()
            if not cell.values or self._is_divided(cell.period)
        }
        return Published(shown, dropped, self.domains())

    def _hide(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            if cell not in self.hidden:
                self.hidden.add(cell)
                self._open.add(cell)

    def _adopt(self, move: Move) -> None:
        self._hide(move.change)
        for cell, by in move.change.items():
            self._moves.setdefault((cell, by > 0), set()).add(move.movers)

    def _is_safe(self, cell: Cell) -> bool:
        return sum(self._reach(self._moves.get((cell, up), set())) for up in (True, False)) >= self._needed(cell)

    def _needed(self, cell: Cell) -> int:
        return WIDTH if self._is_divided(cell.period) else 1

    def _is_divided(self, period: str) -> bool:
        """Whether a period has tables: a shown total under the threshold is not divided."""
        return self.rule == S2 or self.values[Cell(period)] >= self.threshold

    def _reach(self, moves: Collection[tuple[Leaf, ...]]) -> int:
        """How many of some moves can be done together: nobody moves twice."""
        left: Counter[Leaf] = Counter()
        reach = 0
        for movers in sorted(moves):
            if not movers:
                return WIDTH
            for leaf in movers:
                left.setdefault(leaf, self.counts[leaf])
            while reach < WIDTH and all(left[leaf] for leaf in movers):
                left.subtract(movers)
                reach += 1
        return reach

    def _empty(self) -> dict[Cell, int]:
        found: dict[Cell, int] = {Cell("all"): 0}
        for month in self._months:
            found.update((Cell(period), 0) for period in around(month))
            for period in around(month)[: self.divided]:
                for place, name in enumerate(self.dimensions):
                    found.update((Cell(period, ((name, value),)), 0) for value in self._domains[place])
        if COMMUNE in self.dimensions and BAND in self.dimensions:
            bands = self._domains[self.dimensions.index(BAND)]
            communes = self._domains[self.dimensions.index(COMMUNE)]
            for period in {each for month in self._months for each in around(month)[: self._crossed_periods]}:
                found.update((_crossed(period, band, commune), 0) for band in bands for commune in communes)
        return found

    @property
    def _crossed_periods(self) -> int:
        """Commune by age stands for the whole and for years."""
        return min(self.divided, 2)

    def _cells_with(self, periods: Sequence[str], values: Sequence[tuple[str, str]]) -> Iterator[Cell]:
        named = dict(values)
        for place, period in enumerate(periods):
            yield Cell(period)
            if place < self.divided:
                for each in values:
                    yield Cell(period, (each,))
        if COMMUNE in named and BAND in named:
            for period in periods[: self._crossed_periods]:
                yield _crossed(period, named[BAND], named[COMMUNE])

    def _is_primary(self, cell: Cell) -> bool:
        if not cell.values and self.rule != S2:
            return False
        count = self.values[cell]
        if self.rule != S2 and not self.values[Cell(cell.period)]:
            return False
        return 0 < count < self.threshold or (count == 0 and self.values[self._base(cell)] < self.threshold)

    def _base(self, cell: Cell) -> Cell:
        """What a cell is a part of: nobody in it says something about few people only."""
        if len(cell.values) > 1:
            return Cell(cell.period, tuple(each for each in cell.values if each[0] == COMMUNE))
        return Cell(cell.period) if cell.values else Cell("all")

    def _order(self, cell: Cell) -> tuple[int, int, Cell]:
        """Crossed cells first, then short periods: what protects them protects others too."""
        return -len(cell.values), -len(cell.period), cell

    def _cheapest(self, cell: Cell) -> Move | None:
        """The move through a hidden cell that is new to it and hides least besides."""
        known = {up: self._moves.get((cell, up), set()) for up in (True, False)}
        moves = [
            each
            for each in self._moves_near(cell)
            if cell in each.change
            and self._reach({*known[each.change[cell] > 0], each.movers}) > self._reach(known[each.change[cell] > 0])
            and (self.rule == S2 or all(touched.values for touched in each.change))
        ]
        return min(moves, key=lambda each: (self._cost(each), each.movers), default=None)

    def _cost(self, move: Move) -> int:
        return sum(self.values.get(cell, 0) + 1 for cell in move.change if cell not in self.hidden)

    def _moves_near(self, cell: Cell) -> Iterator[Move]:
        for leaf in self._near(cell):
            if self.rule == S2:
                yield Move(dict.fromkeys(self.cells_of(leaf), 1), ())
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

    def _changes(self, leaf: Leaf, place: int) -> Iterator[Move]:
        """One person is taken for another in one thing, or that other for her."""
        others: Iterable[int | str] = self._months if place == 0 else self._domains[place - 1]
        for value in others:
            if value != leaf[place]:
                yield from self._both((leaf,), ((*leaf[:place], value, *leaf[place + 1 :]),))

    def _exchanges(self, leaf: Leaf, place: int) -> Iterator[Move]:
        """Two persons exchange one thing, or two others exchange it back."""
        for partner in self._partners(leaf, place):
            one = (*leaf[:place], partner[place], *leaf[place + 1 :])
            other = (*partner[:place], leaf[place], *partner[place + 1 :])
            yield from self._both((leaf, partner), (one, other))

    def _both(self, here: tuple[Leaf, ...], there: tuple[Leaf, ...]) -> list[Move]:
        known = self._tried.get((here, there))
        if known is None:
            change = self._difference(here, there)
            known = self._tried[(here, there)] = []
            if all(self.counts[leaf] for leaf in here):
                known.append(Move(change, here))
            if all(self.counts[leaf] for leaf in there):
                known.append(Move({cell: -by for cell, by in change.items()}, there))
        return known

    def _partners(self, leaf: Leaf, place: int) -> list[Leaf]:
        if (leaf, place) not in self._beside:
            found = [other for other in self.counts if other[place] != leaf[place]]
            found.sort(key=lambda other: (sum(a != b for a, b in zip(leaf, other, strict=True)), other))
            self._beside[(leaf, place)] = found[:PARTNERS_MAX]
        return self._beside[(leaf, place)]

    def _difference(self, before: Sequence[Leaf], after: Sequence[Leaf]) -> dict[Cell, int]:
        change: dict[Cell, int] = {}
        for leaves, by in ((after, 1), (before, -1)):
            for leaf in leaves:
                for cell in self.cells_of(leaf):
                    change[cell] = change.get(cell, 0) + by
        return {cell: by for cell, by in change.items() if by}


def _crossed(period: str, band: str, commune: str) -> Cell:
    return Cell(period, ((BAND, band), (COMMUNE, commune)))
