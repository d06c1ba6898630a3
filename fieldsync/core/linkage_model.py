"""A linkage model: how much each level of agreement speaks for one person. JSON, versioned (docs/linkage.md)."""

from collections.abc import Mapping

import msgspec

from fieldsync.core.linkage_levels import FAR, LEVELS, MARRIED, MOVED, RELATED

SHIPPED = 0
"""The version of the model that comes with the program."""

LEAST = 1e-9
"""A probability of nought would be an infinite weight."""


NOT_LEARNED = (RELATED, FAR, MARRIED, MOVED)
"""Levels that no list teaches: a mother who is named by her daughter looks like her in much else, kin far apart in
birth pass for one person, and women who married and moved are so few that they would weigh as strangers do."""

PRIOR_MOST = 0.05
"""In no list is every twentieth pair one person."""


class LevelWeight(msgspec.Struct, frozen=True, omit_defaults=True):
    """How often a level is seen among pairs that are one (`m`) and among others (`u`).

    `trained`: whether the training saw it at all; otherwise the numbers are those of the shipped model.
    """

    level: str
    m: float
    u: float
    trained: bool = False


class ComparisonWeights(msgspec.Struct, frozen=True, omit_defaults=True):
    """The levels of one comparison, best first. `rare`: levels whose weight depends on how rare the name is."""

    name: str
    levels: tuple[LevelWeight, ...]
    rare: tuple[str, ...] = ()


class Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a score depends on beside the two records.

    `prior`: how likely two records of the list are one. `review` and `automatic`: thresholds of the weight.
    `household`: what phone, place and family name may add up to together. `year`: by which ages are reckoned.
    `frequencies`: comparison → keyed digest of a name → its share of the list; what is rarer than `rarest` is left
    out and counts as that. `trained_on`: records and pairs that it was made from, and levels never seen.
    """

    kind: str
    prior: float
    review: float
    automatic: float
    household: float
    year: int
    comparisons: tuple[ComparisonWeights, ...]
    version: int = SHIPPED
    rarest: float = 1e-4
    frequencies: Mapping[str, Mapping[str, float]] = {}
    trained_on: Mapping[str, int] = {}
    never_seen: tuple[str, ...] = ()


def is_sound(model: Model) -> bool:
    """Whether agreeing speaks for one and disagreeing against it, give or take a bit, and the prior is no nonsense.

    A training on a strange list may turn that round; such a model is not put into force.
    """
    turned = (each for each in model.comparisons if _ratio(each.levels[0]) < 0.5 or _ratio(each.levels[-1]) > 2)
    return not faults_of(model) and model.prior < PRIOR_MOST and next(turned, None) is None


def completed(model: Model, shipped: Model) -> Model:
    """A model that an older program learned, with what is compared since as the program weighs it."""
    known = {each.name: each for each in model.comparisons}
    added = tuple(known.get(each.name, each) for each in shipped.comparisons)
    return msgspec.structs.replace(model, comparisons=added)


def _ratio(level: LevelWeight) -> float:
    return level.m / level.u


def faults_of(model: Model) -> list[str]:
    """What is wrong with a model: a comparison or level that is missing or unknown, a number that is no probability."""
    wanted = LEVELS.get(model.kind, {})
    found = {each.name: tuple(level.level for level in each.levels) for each in model.comparisons}
    faults = [f"{name} lacks levels or has others" for name, levels in wanted.items() if found.get(name) != levels]
    faults += [f"{name} is no comparison" for name in found if name not in wanted]
    for each in model.comparisons:
        faults += [
            f"{each.name} {level.level} has no probability"
            for level in each.levels
            if not (0 < level.m <= 1 and 0 < level.u <= 1)
        ]
    return faults if 0 < model.prior < 1 else [*faults, "the prior is no probability"]
