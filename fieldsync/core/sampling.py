"""A sample of bounded size from any number of values: the same values give the same sample, in whatever order."""

import heapq
from dataclasses import dataclass, field

_SCATTER = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@dataclass
class Sample:
    """Keeps the values whose keys scatter lowest: each value has the same chance, and no dice are thrown."""

    size: int
    seen: int = 0
    _kept: list[tuple[int, float]] = field(default_factory=list)

    def add(self, key: int, value: float) -> None:
        """Look at one value; `key` is its record's row id."""
        self.seen += 1
        scattered = -_scattered(key)
        if len(self._kept) < self.size:
            heapq.heappush(self._kept, (scattered, value))
        elif scattered > self._kept[0][0]:
            heapq.heapreplace(self._kept, (scattered, value))

    @property
    def values(self) -> list[float]:
        """The values kept."""
        return [value for _, value in self._kept]


def _scattered(key: int) -> int:
    mixed = (key + _SCATTER) * _SCATTER & _WORD
    mixed = (mixed ^ mixed >> 29) * _SCATTER & _WORD
    return mixed ^ mixed >> 32
