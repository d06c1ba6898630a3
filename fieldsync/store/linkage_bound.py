"""What two persons may weigh at most, for millions of pairs at once (NumPy): a pair that stays below is not scored.

The weight itself is Splink's. A bound may be too high, never too low: a test holds that of every pair. NumPy is of the
optional extra `linkage`; nothing here is imported before it is asked for.
"""

from collections.abc import Mapping
from math import log2
from typing import Any

from fieldsync.core import linkage_levels as levels
from fieldsync.core.geometry import EARTH_RADIUS_METRES
from fieldsync.core.linkage import MOVED_LESS
from fieldsync.core.linkage_model import ComparisonWeights, Model
from fieldsync.store.linkage_extract import Names
from fieldsync.store.linkage_sql import CODES, of_marrying_age

SLACK = 1e-3
"""Bits by which sums of single precision may differ."""

ALIKE = (
    *("birth", "birth_begin", "birth_end", "phone", "phone_begin", "phone_end"),
    *("national_id", "national_id_begin", "national_id_end", "sex"),
)
"""Texts of which only matters whether two are alike: digests stand for them, -1 for what was not said."""

DIGESTS = 2**31 - 1

AREAS = ("place", "douar", "commune", "province")

Columns = Mapping[str, Any]
Pairs = tuple[Any, Any]
"""Two columns: the rows of both persons of each pair."""


def columns_of(model: Model) -> str:
    """What a bound reads of the table `people`, in DuckDB's SQL, by record id."""
    told = ["unique_id", "phone_persons", "born_first IS NOT NULL AS born", "coalesce(sex = 'f', false) AS woman"]
    told.append(f"{of_marrying_age(model.year)} AS of_age")
    told += [
        f"CASE WHEN {each} IS NULL THEN -1 ELSE CAST(hash({each}) % {DIGESTS} AS INT) END {each}" for each in ALIKE
    ]
    told += [f"CAST(coalesce({each}, -1) AS INT) AS {each}" for each in AREAS]
    told += [f"coalesce({each}, 0) AS {each}" for each in ("born_first", "born_last", "relatives_mask")]
    told += [f"coalesce({each}, CAST('nan' AS DOUBLE)) AS {each}" for each in ("latitude", "longitude")]
    for name, code in CODES.items():
        number, mask = (code.replace("code", each) for each in ("id", "mask"))
        share = f"coalesce(count(*) OVER (PARTITION BY {code}) / count({code}) OVER (), 0.0)"
        known = f"CASE WHEN {code} IS NULL THEN 0.0 ELSE {share} END"
        told.append(f"CAST(coalesce({number}, -1) AS INT) AS {name}, {mask} AS {name}_mask")
        told.append(f"CAST(-log2(greatest({known}, {model.rarest!r})) AS FLOAT) AS {name}_rarity")
    return f"SELECT {', '.join(told)} FROM people ORDER BY unique_id"


class Bound:
    """Tells of pairs of persons whether their weight may reach review, by the columns of `columns_of`."""

    def __init__(self, columns: Columns, model: Model, names: Names) -> None:
        self._columns = columns
        self._names = names
        self._weights = {each.name: _bits(each) for each in model.comparisons}
        self._rare = {each.name: {x.level: log2(x.m) for x in each.levels} for each in model.comparisons}
        self._least = model.review - log2(model.prior / (1 - model.prior)) - SLACK
        self._has_relatives = bool(columns["relatives_mask"].any())
        self._has_points = bool((columns["latitude"] == columns["latitude"]).any())

    def may_match(self, pairs: Pairs) -> Any:
        """The places of the pairs that may. Names take longest to compare: only those are on which it depends."""
        import numpy

        beside, may_have_married = self._beside_names(pairs)
        given, family = (self._name_at_most(name, pairs, may_have_married) for name in CODES)
        left = numpy.flatnonzero(beside + self._with_exchanged(pairs, given, family) > self._least)
        pairs, beside, may_have_married = (pairs[0][left], pairs[1][left]), beside[left], may_have_married[left]
        given, family = (self._name(name, pairs, may_have_married) for name in CODES)
        return left[beside + self._with_exchanged(pairs, given, family) > self._least]

    def _both(self, name: str, pairs: Pairs) -> Pairs:
        column = self._columns[name]
        return column[pairs[0]], column[pairs[1]]

    def _beside_names(self, pairs: Pairs) -> tuple[Any, Any]:
        """What all but names adds, and whether one of the two may have married and moved.

        Who has one birth and one phone may be a twin, and is shown whatever the weight.
        """
        import numpy

        place, may_have_married = self._place(pairs)
        one, other = self._both("sex", pairs)
        sex = self._said(one, other, self._step("sex", one == other, levels.SAME, levels.DIFFERENT))
        codes = self._phone(pairs) + self._code("national_id", pairs)
        weight = self._birth(pairs) + codes + place + sex + self._relatives(pairs)
        may_be_twins = self._are_one("birth", pairs) & self._are_one("phone", pairs)
        return numpy.where(may_be_twins, numpy.float32(numpy.inf), weight), may_have_married

    def _relatives(self, pairs: Pairs) -> Any:
        """Those without a bit in common name no relative in common."""
        import numpy

        if not self._has_relatives:
            return numpy.float32(0)
        weights = self._weights["relatives"]
        otherwise = max(weights[levels.DIFFERENT], weights[levels.RELATED], numpy.float32(0))
        in_common = numpy.bitwise_and(*self._both("relatives_mask", pairs)) != 0
        return numpy.where(in_common, max(weights[levels.SAME], otherwise), otherwise)

    def _step(self, name: str, is_so: Any, level: str, otherwise: Any) -> Any:
        """The weight of a level where something is so, otherwise that of another level, or what was found already."""
        import numpy

        weights = self._weights[name]
        rest = weights[otherwise] if isinstance(otherwise, str) else otherwise
        return numpy.where(is_so, weights[level], rest)

    def _said(self, one: Any, other: Any, weight: Any) -> Any:
        """Nothing is added where one of two digests is of nothing."""
        return weight * ((one >= 0) & (other >= 0))

    def _alike(self, names: tuple[str, str], pairs: Pairs) -> Any:
        """Whether either of two columns is alike in both."""
        import numpy

        return numpy.logical_or(*(numpy.equal(*self._both(name, pairs)) for name in names))

    def _code(self, name: str, pairs: Pairs) -> Any:
        """Codes with one end alike may be one character off."""
        one, other = self._both(name, pairs)
        ends = self._alike((f"{name}_begin", f"{name}_end"), pairs)
        weight = self._step(name, ends, levels.ONE_OFF, levels.DIFFERENT)
        return self._said(one, other, self._step(name, one == other, levels.SAME, weight))

    def _phone(self, pairs: Pairs) -> Any:
        import numpy

        is_shared = numpy.maximum(*self._both("phone_persons", pairs)) > levels.PHONE_PERSONS
        is_shared &= self._are_one("phone", pairs)
        return self._step("phone", is_shared, levels.SHARED, self._code("phone", pairs))

    def _birth(self, pairs: Pairs) -> Any:
        import numpy

        (first_left, first_right), (last_left, last_right) = (self._both(f"born_{x}", pairs) for x in ("first", "last"))
        apart = numpy.maximum(first_left, first_right) - numpy.minimum(last_left, last_right)
        is_exact = numpy.maximum(last_left - first_left, last_right - first_right) <= levels.YEAR_DAYS
        weight = self._step("birth", apart <= levels.NEAR_DAYS, levels.NEAR, levels.FAR)
        weight = self._step("birth", apart <= 0, levels.COMPATIBLE, weight)
        weight = self._step("birth", (apart <= 0) & is_exact, levels.SAME_YEAR, weight)
        one, other = self._both("birth", pairs)
        are_dates = (one >= 0) & (other >= 0)
        slip = are_dates & self._alike(("birth_begin", "birth_end"), pairs)
        weight = numpy.where(slip, numpy.maximum(weight, self._weights["birth"][levels.SLIP]), weight)
        weight = self._step("birth", self._are_one("birth", pairs), levels.SAME_DATE, weight)
        return weight * numpy.logical_and(*self._both("born", pairs))

    def _place(self, pairs: Pairs) -> tuple[Any, Any]:
        """What places add, and whether a woman may have married and moved: what that adds includes what it lowers."""
        import numpy

        one, other = self._both("place", pairs)
        same, commune, province = (self._are_one(area, pairs) for area in AREAS[1:])
        is_said = (one >= 0) & (other >= 0)
        if self._has_points:
            metres = self._metres(pairs)
            same |= metres <= levels.SAME_METRES
            commune |= metres <= levels.NEAR_METRES
            is_said |= metres <= levels.NEAR_METRES
        women = numpy.logical_and(*self._both("woman", pairs)) & numpy.logical_or(*self._both("of_age", pairs))
        may_have_married = women & is_said & ~same
        weight = self._step("place", province, levels.PROVINCE, levels.ELSEWHERE)
        weight = numpy.where(may_have_married, self._weights["place"][levels.MOVED] + MOVED_LESS, weight)
        weight = self._step("place", same, levels.SAME, self._step("place", commune, levels.COMMUNE, weight))
        return weight * is_said, may_have_married

    def _are_one(self, name: str, pairs: Pairs) -> Any:
        one, other = self._both(name, pairs)
        return (one == other) & (one >= 0)

    def _metres(self, pairs: Pairs) -> Any:
        """The distance of points; NaN, which is less than nothing, where one is missing."""
        import numpy

        north, other_north = map(numpy.radians, self._both("latitude", pairs))
        east, other_east = map(numpy.radians, self._both("longitude", pairs))
        half = numpy.sin((other_north - north) / 2) ** 2
        half += numpy.cos(north) * numpy.cos(other_north) * numpy.sin((other_east - east) / 2) ** 2
        return 2 * EARTH_RADIUS_METRES * numpy.arcsin(numpy.minimum(1.0, numpy.sqrt(half)))

    def _name_at_most(self, name: str, pairs: Pairs, may_have_married: Any) -> Any:
        """Names without a key in common are a slip apart at most (linkage_extract.Names)."""
        import numpy

        weights, rare = self._weights[name], self._rare[name]
        rarest = max(rare[levels.EXACT], rare[levels.SAME]) + numpy.minimum(*self._both(f"{name}_rarity", pairs))
        near = numpy.maximum(rarest, max(weights[levels.ALIAS], weights[levels.WEAK]))
        in_common = numpy.bitwise_and(*self._both(f"{name}_mask", pairs)) != 0
        apart = numpy.maximum(self._different(name, may_have_married), weights[levels.WEAK])
        weight = numpy.where(in_common, near, apart)
        return self._said(*self._both(name, pairs), weight)

    def _name(self, name: str, pairs: Pairs, may_have_married: Any) -> Any:
        import numpy

        weights, rare = self._weights[name], self._rare[name]
        one, other = self._both(name, pairs)
        is_said = (one >= 0) & (other >= 0)
        ranks = numpy.full(len(one), levels.NAME_RANK[levels.DIFFERENT], numpy.int8)
        ranks[is_said] = self._names.compared(one[is_said], other[is_said])
        weight = self._different(name, may_have_married)
        rarity = numpy.minimum(*self._both(f"{name}_rarity", pairs))
        for level in (levels.WEAK, levels.ALIAS):
            weight = numpy.where(ranks == levels.NAME_RANK[level], weights[level], weight)
        for level in (levels.SAME, levels.EXACT):
            weight = numpy.where(ranks == levels.NAME_RANK[level], rare[level] + rarity, weight)
        return weight * is_said

    def _different(self, name: str, may_have_married: Any) -> Any:
        import numpy

        weights = self._weights[name]
        different = weights[levels.DIFFERENT]
        return numpy.where(may_have_married, max(weights.get(levels.MARRIED, different), different), different)

    def _with_exchanged(self, pairs: Pairs, given: Any, family: Any) -> Any:
        """What both names add; where they may be exchanged, that counts once."""
        import numpy

        given_mask, family_mask = self._columns["given_name_mask"], self._columns["family_name_mask"]
        left, right = pairs
        may_be = ((given_mask[left] & family_mask[right]) != 0) & ((family_mask[left] & given_mask[right]) != 0)
        exchanged = self._weights["given_name"][levels.EXCHANGED]
        return numpy.where(may_be, numpy.maximum(given + family, exchanged), given + family)


def _bits(weights: ComparisonWeights) -> dict[str, Any]:
    import numpy

    return {level.level: numpy.float32(log2(level.m / level.u)) for level in weights.levels}
