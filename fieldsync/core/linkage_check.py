"""Whether a trained model says what people said of pairs: it is learned without them, and held against them."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fieldsync.core.linkage import Scorer

EVEN = 0.0
"""The weight at which a pair is as likely one as two."""

CHANCE_ONE_IN = 20
"""What might happen by chance once in so many times, or oftener, is no contradiction."""

Judged = tuple[Sequence[tuple[str, str]], bool]
"""How a pair was compared when somebody decided: [(comparison, level)]; and whether it is one."""


class Agreement(NamedTuple):
    """How a model stands to decided pairs, and to the model in force.

    `gained`, `lost`: pairs on which only the new model, or only the one in force, says what people said.
    """

    decided: int = 0
    agreed: int = 0
    gained: int = 0
    lost: int = 0

    @property
    def contradicts(self) -> bool:
        """Whether the model is worse than the one in force by more than chance (McNemar, exact, one-sided)."""
        differing = self.gained + self.lost
        worse = sum(math.comb(differing, lost) for lost in range(self.lost, differing + 1))
        return worse * CHANCE_ONE_IN < 1 << differing


def agreement(model: Scorer, in_force: Scorer, judged: Iterable[Judged]) -> Agreement:
    """Hold two models against what people decided. Names count as neither rare nor common."""
    new, old = [], []
    for levels, is_one in judged:
        new.append((model.weight_of(levels) >= EVEN) == is_one)
        old.append((in_force.weight_of(levels) >= EVEN) == is_one)
    sides = list(zip(new, old, strict=True))
    return Agreement(len(new), sum(new), sides.count((True, False)), sides.count((False, True)))
