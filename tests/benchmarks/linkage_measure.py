"""Precision, recall and their confidence intervals, for pairs."""

import math
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
