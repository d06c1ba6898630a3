"""What may be told of few persons: in lots, of which no part is small. Decided here, once, before any renderer.

Whoever does not work with the records is told of persons in **lots**. A lot is everybody who was counted since the lot
before; it is told when a month has closed, once, and never again. It is told only where it falls into two parts or more
(values of one dimension) of at least the threshold each; values that would be smaller are told together, as `others`.
What cannot be told waits for the next lot. Whatever a reader sees is a sum of such parts.

Why that is enough. Take any number of persons below the threshold who have something in common that was told: a
month, a commune, being others. Not all of a part are among them, for it is larger, and there is another part in the
lot: let one of them exchange the commune with one of the other part, so that there is one more or one less of them. In
that world the same would have been told. So nobody can tell how many they are; not by sums or differences of tables,
of periods or of days (docs/desk.md, "Small figures"; the tests ask a solver).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

import msgspec

OTHERS = "others"
"""The part of a lot in which small values are told together."""

PARTS_MIN = 2
"""A lot that is all alike would tell of each of its persons."""


class Lot(msgspec.Struct, frozen=True):
    """What was told when a month closed (202610): how many persons of each value."""

    month: int
    parts: Mapping[str, int]

    @property
    def size(self) -> int:
        """How many persons it tells of."""
        return sum(self.parts.values())


class Ledger(msgspec.Struct):
    """What was told of one table so far. `taken`: of how many persons of each value, those among others as well."""

    lots: list[Lot] = []
    taken: dict[str, int] = {}

    @property
    def size(self) -> int:
        """How many persons were told of."""
        return sum(lot.size for lot in self.lots)

    def told(self) -> Counter[str]:
        """How many of each value, and of others."""
        found: Counter[str] = Counter()
        for lot in self.lots:
            found.update(lot.parts)
        return found

    def waiting(self, counts: Mapping[str, int]) -> dict[str, int]:
        """How many of each value were not told of. Who was told and taken out since makes room for the next."""
        more = {value: count - self.taken.get(value, 0) for value, count in counts.items()}
        return {value: count for value, count in more.items() if count > 0}

    def tell(self, month: int, telling: Mapping[str, int], parts: Mapping[str, int]) -> None:
        """Tell a lot."""
        self.lots.append(Lot(month, dict(parts)))
        self.taken = dict(Counter(self.taken) + Counter(telling))


def room_in(waiting: Mapping[str, int], room: int) -> dict[str, int]:
    """Those of whom a lot tells: no more than `room`, which is how many were counted and not told of."""
    over = sum(waiting.values()) - room
    if over <= 0 or not waiting:
        return dict(waiting)
    largest = max(waiting, key=lambda value: (waiting[value], value))
    left = waiting[largest] - over
    return {**waiting, largest: left} if left > 0 else {}


def parts_of(telling: Mapping[str, int], threshold: int, least: int = PARTS_MIN) -> dict[str, int] | None:
    """How a lot is told: values of the threshold and more by themselves, all smaller together; None where it waits."""
    large = {value: count for value, count in telling.items() if count >= threshold}
    others = sum(count for value, count in telling.items() if value not in large)
    while 0 < others < threshold and large:
        smallest = min(large, key=lambda value: (large[value], value))
        others += large.pop(smallest)
    parts = large | ({OTHERS: others} if others else {})
    return parts if len(parts) >= least and min(parts.values()) >= threshold else None


def together(before: Sequence[int], lots: Sequence[int], threshold: int) -> tuple[bool, ...]:
    """Which of some tables of the same persons may tell their lots at the same time, as many of them as can.

    Nobody is found in the difference of two of them: not in all that they told, and not in what they tell now.
    `before`: of how many each told; `lots`: the sizes of the next lots, 0 where there is none.
    """
    choices = product(*((True, False) if lot else (False,) for lot in lots))
    by_size = sorted(choices, key=lambda taken: (-sum(taken), [not each for each in taken]))
    return next(taken for taken in by_size if _is_apart(before, lots, taken, threshold))


def _is_apart(before: Sequence[int], lots: Sequence[int], taken: Sequence[bool], threshold: int) -> bool:
    if not any(taken):
        return True
    now = [lot if takes else 0 for lot, takes in zip(lots, taken, strict=True)]
    gaps = [
        gap
        for one, other in combinations(range(len(before)), 2)
        for gap in (now[one] - now[other], before[one] + now[one] - before[other] - now[other])
    ]
    return all(gap == 0 or abs(gap) >= threshold for gap in gaps)


def summed(ledgers: Iterable[Ledger]) -> Ledger:
    """What several associations told, together: their lots, and none of its own."""
    return Ledger([lot for ledger in ledgers for lot in ledger.lots])
