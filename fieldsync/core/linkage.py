"""How much two records speak for one person or cooperative: Fellegi and Sunter's match weight, and bounds beyond it.

"A Theory for Record Linkage", JASA 64 (1969): weight = log2(prior odds) + Σ log2(m/u). Independence does not hold in
a village, where phone, place and family name agree for all sisters; so bounds say what no sum may decide alone.
"""

import math
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

from fieldsync.core.linkage_features import FAMILY, GIVEN, PERSON, Features
from fieldsync.core.linkage_levels import (
    ALIAS,
    COMMUNE,
    COMPATIBLE,
    DIFFERENT,
    ELSEWHERE,
    EXACT,
    EXCHANGED,
    FAR,
    LEVELS,
    MOVED,
    NEAR,
    ONE_OFF,
    PROVINCE,
    RELATED,
    SAME,
    SAME_DATE,
    SAME_YEAR,
    SHARED,
    SLIP,
    WEAK,
    Levels,
    levels_beside_names,
    levels_of,
)
from fieldsync.core.linkage_model import LevelWeight, Model

AUTOMATIC, REVIEW, NONE = "automatic", "review", "none"
"""Zones: over the upper threshold with nothing against it; for a person to decide; not shown."""

START, RARITY, HOUSEHOLD = "start", "rarity", "household"
"""Names in an explanation beside the comparisons: the prior odds; (as a level) how rare the name is; the cap."""

TWINS = "twins"

HOUSEHOLD_OF = ("family_name", "phone", "place")
RELATIVES = "relatives"
MOVED_LESS = 2.0
"""Bits by which the lower threshold is lower for a woman who may have married and moved.

Her phone changed with her place, so less is left to find her by; she must not be found less often for that.
"""

KIN_LESS = 3.0
"""Bits by which the cap of a household is lower where the given names differ: then it is kin, as a rule."""

IDENTIFIERS = {"national_id": (SAME,), "phone": (SAME, SHARED), "birth": (SAME_DATE,)}
"""What tells a person from others, and the levels on which it agrees."""

PHONE_OF_A_HOUSE = 12
"""A phone that more records bear is a companion's or a shop's, and identifies nobody."""

ONE_NAME = (EXACT, SAME)
MAY_BE_KIN = (*ONE_NAME, ALIAS, WEAK, None)
"""What two family names may say of each other where one family bears both, or one of them is not said."""

BIRTHS_AGREE = (SAME_DATE, SLIP, SAME_YEAR, COMPATIBLE)

AGREEING_MAX = 1 << 14
"""Ways of agreeing that are remembered."""

SLACK = 1e-6
"""Bits by which sums in another order may differ."""


Level = tuple[str, str]
"""(what was compared, how it agreed)."""


def compared_otherwise(now: Iterable[Level], before: Iterable[Level]) -> list[str]:
    """What is compared otherwise than before, or for the first time."""
    known = dict(before)
    return [name for name, level in now if known.get(name) != level]


class Comparison(NamedTuple):
    """One bar of the explanation: what was compared, how much it agrees, what that adds, in bits."""

    name: str
    level: str
    weight: float


class Match(NamedTuple):
    """`weight` is the sum of `comparisons`, the first of which is where one starts. `bounds`: why it is not automatic.

    `raw`: the same sum without the cap of a household, as Splink has it.
    """

    weight: float
    comparisons: tuple[Comparison, ...]
    bounds: tuple[str, ...]
    zone: str
    raw: float


class Compared(NamedTuple):
    """All of two records that a match depends on.

    `levels`: of each comparison of LEVELS, in that order. `given_codes`, `family_codes`: what stands for the names of
    both where their frequency is looked up. `is_anyones`: the phone of one is no household's (PHONE_OF_A_HOUSE).
    """

    levels: tuple[str | None, ...]
    given_codes: tuple[int, int]
    family_codes: tuple[int, int]
    is_anyones: bool


class _Agreeing(NamedTuple):
    """What levels weigh, however rare the names are, why they are not automatic, and from where on they are shown.

    Few ways of agreeing occur, and often.
    """

    bars: tuple[Comparison, ...]
    bounds: tuple[str, ...]
    lower: float


def compared(left: Features, right: Features, kind: str, year: int) -> Compared:
    """Compare two records; `year` is the one by which the age to marry is reckoned."""
    return Compared(
        tuple(levels_of(left, right, kind, year).values()),
        (left.given_code, right.given_code),
        (left.family_code, right.family_code),
        max(left.phone_persons, right.phone_persons) > PHONE_OF_A_HOUSE,
    )


class Scorer:
    """Scores pairs by one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._agreeing = lru_cache(maxsize=AGREEING_MAX)(self._agree)
        self._start = math.log2(model.prior / (1 - model.prior))
        self._weights = {(name, level.level): math.log2(level.m / level.u) for name, level, _ in _every_level(model)}
        self._bases = {(name, level.level): math.log2(level.u) for name, level, rare in _every_level(model) if rare}

    def score(self, left: Features, right: Features) -> Match:
        """The match of two records; the same whichever comes first."""
        return self.match(compared(left, right, self.model.kind, self.model.year))

    def match(self, pair: Compared) -> Match:
        """The match of two records that were compared."""
        plain, bounds, lower = self._agreeing(pair.levels, pair.is_anyones)
        bars = list(self._with_rarity(plain, pair))
        raw = math.fsum(bar.weight for bar in bars)
        most = self.model.household - (KIN_LESS if "given_name_differs" in bounds else 0.0)
        excess = math.fsum(bar.weight for bar in bars if _is_of_a_household(bar)) - most
        if excess > 0 and self.model.kind == PERSON:
            bars.append(Comparison(HOUSEHOLD, "", -excess))
            bounds = (*bounds, HOUSEHOLD)
        weight = math.fsum(bar.weight for bar in bars)
        return Match(weight, tuple(bars), bounds, _zone(weight, bounds, self.model.automatic, lower), raw)

    def matches(self, known: Features, others: Iterable[tuple[int, Features]]) -> Iterator[tuple[int, Match]]:
        """The matches of a record with others that are not beyond review, as `score` has them.

        Names take longest to compare, so pairs that no name could save are left out before.
        """
        most_by_given, most_by_family = (self._most_by_name(name, known) for name in (GIVEN, FAMILY))
        for number, other in others:
            most = most_by_given + (most_by_family if other.family else 0.0)
            if self.model.kind != PERSON or self._may_match(known, other, most):
                match = self.score(known, other)
                if match.zone != NONE:
                    yield number, match

    def _most_by_name(self, name: str, features: Features) -> float:
        """The most that a name of a record may add, whatever it is compared with."""
        levels = LEVELS[self.model.kind].get(name, ())
        said = features.given if name == GIVEN else features.family
        code = features.given_code if name == GIVEN else features.family_code
        added = (self._weights[name, level] + self._rarity(name, level, (code,)) for level in levels)
        return max(0.0, *added) if said else 0.0

    def _may_match(self, left: Features, right: Features, most: float) -> bool:
        """Whether a pair may not be beyond review, if names add `most`."""
        levels = levels_beside_names(left, right)
        place = levels["place"]
        if levels["birth"] == SAME_DATE and levels["phone"] in (SAME, SHARED):
            return True  # they may be twins
        weight = self._start + most + sum(self._weights[name, level] for name, level in levels.items() if level)
        if place is not None and place in (PROVINCE, ELSEWHERE):  # of a woman who may have married it counts otherwise
            weight += max(self._weights["place", MOVED] - self._weights["place", place] + MOVED_LESS, 0.0)
        return weight > self.model.review - SLACK

    def weight_of(self, levels: Iterable[tuple[str, str]]) -> float:
        """What levels of agreement weigh together; one that the model does not know weighs nothing."""
        return self._start + math.fsum(self._weights.get(each, 0.0) for each in levels)

    def _agree(self, levels: tuple[str | None, ...], is_anyones: bool) -> _Agreeing:
        by_name = dict(zip(LEVELS[self.model.kind], levels, strict=True))
        said = [(name, level) for name, level in by_name.items() if level is not None]
        bars = [Comparison(START, "", self._start), *(Comparison(*each, self._weights[each]) for each in said)]
        lower = least_of(self.model) if by_name["place"] == MOVED else self.model.review
        return _Agreeing(tuple(bars), _bounds(by_name, is_anyones, self.model.kind), lower)

    def _with_rarity(self, bars: Iterable[Comparison], pair: Compared) -> Iterator[Comparison]:
        for bar in bars:
            yield bar
            if (bar.name, bar.level) in self._bases:
                codes = pair.given_codes if bar.name == "given_name" else pair.family_codes
                rarity = self._rarity(bar.name, bar.level, codes)
                if rarity:
                    yield Comparison(bar.name, RARITY, rarity)

    def _rarity(self, name: str, level: str, codes: Iterable[int]) -> float:
        """What a name adds or takes by being rarer or commoner than names that agree are on the whole."""
        base = self._bases.get((name, level))
        shares = self.model.frequencies.get(name)
        if base is None or not shares:
            return 0.0
        share = max(self.model.rarest, *(shares.get(str(code), 0.0) for code in codes))
        return base - math.log2(share)


def score(left: Features, right: Features, model: Model) -> Match:
    """The match of two records by a model; who scores many makes a Scorer."""
    return Scorer(model).score(left, right)


def probability(weight: float) -> float:
    """How likely a match weight makes it that two records are one."""
    return 1 / (1 + math.exp2(-max(min(weight, 1000.0), -1000.0)))


def least_of(model: Model) -> float:
    """The lowest weight at which any pair of a model is shown."""
    return model.review - MOVED_LESS


def _is_of_a_household(bar: Comparison) -> bool:
    """Whether kin agree in it as a rule. What relatives say against two records stands in full."""
    return bar.name in HOUSEHOLD_OF or (bar.name == RELATIVES and bar.level == SAME)


def _zone(weight: float, bounds: tuple[str, ...], automatic: float, lower: float) -> str:
    if TWINS in bounds:
        return REVIEW
    if weight >= automatic and not set(bounds) - {HOUSEHOLD}:
        return AUTOMATIC
    return REVIEW if weight >= lower else NONE


def _bounds(levels: Levels, is_anyones: bool, kind: str) -> tuple[str, ...]:
    """Why a pair is not automatic, whatever its weight."""
    if kind != PERSON:
        return ("two_register_numbers",) if levels["register_number"] == DIFFERENT else ()
    given = levels["given_name"]
    relatives = levels["birth"] == SAME_DATE and levels["phone"] in (SAME, SHARED)
    holds = {
        "given_name_differs": given in (DIFFERENT, None),
        "two_national_ids": levels["national_id"] == DIFFERENT,
        "births_apart": levels["birth"] == FAR,
        "two_sexes": levels["sex"] == DIFFERENT,
        "relatives_of_each_other": levels[RELATIVES] == RELATED,
        TWINS: relatives and levels["family_name"] in MAY_BE_KIN and given not in (*ONE_NAME, EXCHANGED, None),
        "few_identifiers": not _are_enough({**levels, "phone": None} if is_anyones else levels),
    }
    return tuple(name for name, does in holds.items() if does)


def _are_enough(levels: Levels) -> bool:
    """Whether independent facts agree enough to be automatic. Each way was earned on made-up villages full of kin.

    Kin of one household never agree in these: sisters and twins differ in the given name, mother and daughter and
    cousins named after one grandmother in the birth.
    """
    given, family = levels["given_name"], levels["family_name"]
    agreeing = {name for name, agree in IDENTIFIERS.items() if levels[name] in agree}
    is_one_name = given in (*ONE_NAME, EXCHANGED)
    if len(agreeing) >= 2 and (is_one_name or "birth" in agreeing):
        return True
    if "national_id" in agreeing and (is_one_name or given == ALIAS) and levels["birth"] in BIRTHS_AGREE:
        return True
    if given == EXCHANGED or (is_one_name and family in ONE_NAME):
        return _are_with_whole_name(levels, agreeing)
    return given in ONE_NAME and _are_with_given_name(levels, agreeing)


def _are_with_whole_name(levels: Levels, agreeing: AbstractSet[str]) -> bool:
    """Both names agree: so must the day of birth near by, or phone or card and the years; a digit may be off."""
    birth, place = levels["birth"], levels["place"]
    return (
        (birth in BIRTHS_AGREE and ("phone" in agreeing or ONE_OFF in (levels["phone"], levels["national_id"])))
        or ("birth" in agreeing and place in (SAME, COMMUNE))
        or (birth == SLIP and place == SAME)
        or (birth == NEAR and "national_id" in agreeing)
    )


def _are_with_given_name(levels: Levels, agreeing: AbstractSet[str]) -> bool:
    """The given name agrees: so must the phone and the years of birth, or the day of birth and the douar."""
    lives_there = levels["family_name"] in MAY_BE_KIN and levels["place"] == SAME
    return ("phone" in agreeing and levels["birth"] in BIRTHS_AGREE) or ("birth" in agreeing and lives_there)


def _every_level(model: Model) -> Iterator[tuple[str, LevelWeight, bool]]:
    for each in model.comparisons:
        for level in each.levels:
            yield each.name, level, level.level in each.rare
