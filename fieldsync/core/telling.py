"""What is published, month after month: the tables of every indicator as ledgers of lots (core.suppression).

The sums of a month that has closed are compared with what was told before; the rest is told, or waits. Published
figures and divisions are read from the ledgers alone. Pure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fieldsync.core import suppression
from fieldsync.core.counting import WAYS
from fieldsync.core.facts import APPROVED
from fieldsync.core.indicators import S0, S2, Indicator
from fieldsync.core.sums import Sum, approved, value_of
from fieldsync.core.suppression import Ledger

TOTAL = "total"
YES, NO = "yes", "no"
LATER = "later"
"""In place of a value: those of whom nothing was told yet."""

BOTH = ("category", "law")
"""Dimensions that follow from each other: told as one."""

Ledgers = dict[str, Ledger]
"""By the name of the table."""


class Table(NamedTuple):
    """A table of an indicator: of which part, by which dimensions; or a share of one part in another."""

    name: str
    part: str
    dimensions: tuple[str, ...] = ()
    of: str = ""


def tables_of(indicator: Indicator) -> list[Table]:
    """The tables of an indicator in which persons could be found."""
    way = WAYS[indicator.rule.count]
    if indicator.suppression == S0:
        return []
    found = [Table(f"{TOTAL} {part}", part) for part in way.divided if indicator.suppression == S2]
    found += [Table(f"share {each.code}", each.code, of=each.of) for each in way.shown if each.of]
    return found + [
        Table(f"{part} by {' '.join(dimensions)}", part, dimensions)
        for part in way.divided
        for dimensions in divided_by(indicator)
    ]


def divided_by(indicator: Indicator) -> list[tuple[str, ...]]:
    """The dimensions of an indicator, table by table."""
    joined = tuple(each for each in indicator.disaggregated if each in BOTH)
    alone: list[tuple[str, ...]] = [(each,) for each in indicator.disaggregated if each not in BOTH]
    return [*alone, joined] if joined else alone


def tell(
    indicators: Sequence[Indicator],
    sums: Mapping[str, Sequence[Sum]],
    ledgers: Mapping[str, Ledgers],
    month: int,
    threshold: int,
) -> None:
    """Tell what an association counted up to a month that has closed; indicator → its sums, and its ledgers."""
    telling = _Telling(sums, ledgers, month, threshold)
    for linked in _families(indicators):
        telling.totals(linked)
    for indicator in indicators:
        for table in tables_of(indicator):
            if table.dimensions:
                telling.division(indicator, table)


def _families(indicators: Sequence[Indicator]) -> list[list[tuple[Indicator, Table]]]:
    """The totals and shares that count the same kind of persons: they are told so that no difference tells."""
    found: dict[str, list[tuple[Indicator, Table]]] = {}
    for indicator in indicators:
        subjects = WAYS[indicator.rule.count].subjects
        name = subjects if indicator.suppression == S2 else indicator.code
        found.setdefault(name, []).extend((indicator, each) for each in tables_of(indicator) if not each.dimensions)
    return list(found.values())


class _Telling:
    """One month of one association."""

    def __init__(
        self, sums: Mapping[str, Sequence[Sum]], ledgers: Mapping[str, Ledgers], month: int, threshold: int
    ) -> None:
        self.sums = {code: [each for each in found if each.month <= month] for code, found in sums.items()}
        self.ledgers = ledgers
        self.month = month
        self.threshold = threshold

    def totals(self, linked: Sequence[tuple[Indicator, Table]]) -> None:
        """Tell the totals and shares of a family, as many of them as can be told at once."""
        drafts = [self._draft(indicator, table) for indicator, table in linked]
        sizes = [sum(parts.values()) if parts else 0 for _waiting, parts in drafts]
        before = [self._ledger(indicator, table).size for indicator, table in linked]
        chosen = suppression.together(before, sizes, self.threshold)
        for (indicator, table), (waiting, parts), tells in zip(linked, drafts, chosen, strict=True):
            if tells and parts:
                self._ledger(indicator, table).tell(self.month, waiting, parts)

    def division(self, indicator: Indicator, table: Table) -> None:
        """Tell a division: of nobody who is not among those of whom the total tells."""
        ledger = self._ledger(indicator, table)
        known = self._known(indicator, table.part)
        waiting = suppression.room_in(ledger.waiting(self._counts(indicator, table)), known - ledger.size)
        parts = suppression.parts_of(waiting, self.threshold)
        if parts:
            ledger.tell(self.month, waiting, parts)

    def _known(self, indicator: Indicator, part: str) -> int:
        """How many persons a reader knows of; of survivors nobody is told apart before all are told of."""
        total = approved(self.sums.get(indicator.code, ()), part)
        if indicator.suppression != S2:
            return total
        told = self._ledger(indicator, Table(f"{TOTAL} {part}", part)).size
        return told if told >= total else 0

    def _draft(self, indicator: Indicator, table: Table) -> tuple[dict[str, int], dict[str, int] | None]:
        counts, ledger = self._counts(indicator, table), self._ledger(indicator, table)
        waiting = suppression.room_in(ledger.waiting(counts), sum(counts.values()) - ledger.size)
        if table.of:
            both = len(waiting) == len((YES, NO)) and min(waiting.values()) >= self.threshold
            return waiting, dict(waiting) if both else None
        size = sum(waiting.values())
        return waiting, {"": size} if size >= self.threshold else None

    def _counts(self, indicator: Indicator, table: Table) -> Counter[str]:
        found: Counter[str] = Counter()
        sums = self.sums.get(indicator.code, ())
        if table.of:
            some = approved(sums, table.part)
            return Counter({YES: some, NO: approved(sums, table.of) - some})
        for each in sums:
            if each.part == table.part and each.level == APPROVED:
                found["/".join(value_of(each, name) for name in table.dimensions)] += each.amount
        return found

    def _ledger(self, indicator: Indicator, table: Table) -> Ledger:
        return self.ledgers[indicator.code].setdefault(table.name, Ledger())
