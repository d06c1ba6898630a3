"""Precision, recall and their confidence intervals, for pairs."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Z = 1.96
"""95 %."""


@dataclass(frozen=True)
class Rate:
    """So many out of so many, with Wilson's interval (JASA 22, 1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan

    def __str__(self) -> str:
        if not self.of:
            return "none"
        centre = (self.hits + Z * Z / 2) / (self.of + Z * Z)
        spread = Z * math.sqrt(self.hits * (self.of - self.hits) / self.of + Z * Z / 4) / (self.of + Z * Z)
        return f"{self.value:.4f} ({max(centre - spread, 0):.4f} to {min(centre + spread, 1):.4f}, of {self.of:,})"


@dataclass
class Pairs:
    """What a decision got right and wrong among pairs."""

    found: int = 0
    false: int = 0
    true: int = 0

    @property
    def precision(self) -> Rate:
        return Rate(self.found, self.found + self.false)

    @property
    def recall(self) -> Rate:
        return Rate(self.found, self.true)

    @property
    def f1(self) -> float:
        return 2 * self.found / max(self.found + self.false + self.true, 1)

    def __str__(self) -> str:
        return f"precision {self.precision}, recall {self.recall}, F1 {self.f1:.4f}"


@dataclass(frozen=True)
class BCubed:
    """Of the cluster of each record, how much is right, and how much of the truth it holds; means over all records."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def b_cubed(clusters: Iterable[Sequence[int]], truth: Mapping[int, int]) -> BCubed:
    """Bagga and Baldwin, 1998. `truth`: whose each record is; a record in no cluster is one of its own."""
    cluster_of = {member: at for at, members in enumerate(clusters) for member in members}
    said = {record: cluster_of.get(record, -1 - record) for record in truth}
    sizes, true_sizes = Counter(said.values()), Counter(truth.values())
    common = Counter((said[record], truth[record]) for record in truth)
    precision = sum(common[said[each], truth[each]] / sizes[said[each]] for each in truth)
    recall = sum(common[said[each], truth[each]] / true_sizes[truth[each]] for each in truth)
    return BCubed(precision / len(truth), recall / len(truth))
