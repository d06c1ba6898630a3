"""The levels of core/linkage_levels as Splink's training asks for them, in the SQL of DuckDB or Spark.

A test holds both against each other on the same records. Columns end in `_l` and `_r` for the two of a pair. Names are
numbers, and `name_level` (a function that the backend brings) is the rank of their level, exact first.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fieldsync.core import linkage_levels as levels
from fieldsync.core.geometry import EARTH_RADIUS_METRES
from fieldsync.core.linkage_features import PERSON
from fieldsync.core.linkage_model import NOT_LEARNED, ComparisonWeights, LevelWeight, Model

NAME_LEVEL = "name_level"
"""The function that a backend brings: (number, number) → rank of the level."""

DUCKDB, SPARK = "duckdb", "spark"

CODES = {"given_name": "given_code", "family_name": "family_code"}
"""The columns by which names are counted."""

_ELSE = "ELSE"

_OVERLAP: Mapping[str, Mapping[str, str]] = {
    DUCKDB: {
        "some": "list_has_any({0}_l, {0}_r)",
        "count": "len(list_intersect({0}_l, {0}_r))",
        "size": "len({0})",
        "has": "list_contains({0}, {1})",
    },
    SPARK: {
        "some": "arrays_overlap({0}_l, {0}_r)",
        "count": "size(array_intersect({0}_l, {0}_r))",
        "size": "size({0})",
        "has": "array_contains({0}, {1})",
    },
}

Conditions = Mapping[str, str]
"""Level → condition, in the order in which they are asked; the empty level is the one where something was not said."""


def settings_of(model: Model, backend: str) -> list[Any]:
    """The comparisons of a model as Splink reads them."""
    asked = _person(model.year, _OVERLAP[backend]) if model.kind == PERSON else _cooperative(_OVERLAP[backend])
    return [_comparison(each, asked[each.name], model.rarest) for each in model.comparisons]


def _comparison(weights: ComparisonWeights, conditions: Conditions, rarest: float) -> dict[str, Any]:
    known = {each.level: each for each in weights.levels}
    told = [
        {"sql_condition": condition, "label_for_charts": level or "not said", "is_null_level": True}
        if not level
        else _level(known[level], condition, weights, rarest)
        for level, condition in conditions.items()
    ]
    return {"output_column_name": weights.name, "comparison_levels": told}


def _level(level: LevelWeight, condition: str, weights: ComparisonWeights, rarest: float) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sql_condition": condition,
        "label_for_charts": level.level,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    if level.level in NOT_LEARNED:
        told |= {"fix_m_probability": True, "fix_u_probability": True}
    if level.level in weights.rare:
        told |= {
            "tf_adjustment_column": CODES[weights.name],
            "tf_adjustment_weight": 1.0,
            "tf_minimum_u_value": rarest,
            "disable_tf_exact_match_detection": True,
        }
    return told


def _person(year: int, lists: Mapping[str, str]) -> Mapping[str, Conditions]:
    given, family = _rank("given", "given"), _rank("family", "family")
    crossed = (
        f"(CASE WHEN {_MAY_BE_EXCHANGED} THEN {_rank('given', 'family')} <= 1 and {_rank('family', 'given')} <= 1"
        " ELSE false END)"
    )
    exchanged = f"{given} >= 3 and {crossed}"
    return {
        "given_name": {
            "": _unsaid("given"),
            levels.EXACT: f"{given} = 0",
            levels.SAME: f"{given} = 1",
            levels.ALIAS: f"{given} = 2",
            levels.EXCHANGED: crossed,
            levels.WEAK: f"{given} = 3",
            levels.DIFFERENT: _ELSE,
        },
        "family_name": {
            "": f"{_unsaid('family')} or ({exchanged})",
            levels.EXACT: f"{family} = 0",
            levels.SAME: f"{family} = 1",
            levels.ALIAS: f"{family} = 2",
            levels.WEAK: f"{family} = 3",
            levels.MARRIED: _married(year),
            levels.DIFFERENT: _ELSE,
        },
        "birth": _birth(),
        "phone": _phone(),
        "national_id": _code("national_id"),
        "place": _place(f"({_married(year)}) and not ({_COMMUNE})"),
        "sex": {"": _unsaid("sex"), levels.SAME: "sex_l = sex_r", levels.DIFFERENT: _ELSE},
        "relatives": _relatives(lists),
    }


def _cooperative(lists: Mapping[str, str]) -> Mapping[str, Conditions]:
    rank = _rank("name", "name")
    common, fewest = lists["count"].format("members"), [lists["size"].format(f"members_{side}") for side in "lr"]
    return {
        "name": {
            "": _unsaid("name"),
            levels.EXACT: f"{rank} = 0",
            levels.SAME: f"{rank} = 1",
            levels.ALIAS: f"{rank} = 2",
            levels.WEAK: f"{rank} = 3",
            levels.DIFFERENT: _ELSE,
        },
        "register_number": _code("register_number"),
        "place": _place(),
        "activity": {
            "": _unsaid("activity"),
            levels.SAME: "activity_l = activity_r",
            levels.SOME: lists["some"].format("activity"),
            levels.DIFFERENT: _ELSE,
        },
        "members": {
            "": _unsaid("members"),
            levels.MANY: f"2 * {common} >= least({fewest[0]}, {fewest[1]})",
            levels.SOME: lists["some"].format("members"),
            levels.NONE: _ELSE,
        },
    }


_MAY_BE_EXCHANGED = "given_mask_l & family_mask_r <> 0 and family_mask_l & given_mask_r <> 0"


def _rank(left: str, right: str) -> str:
    """The rank of two names' level; 4 where one of them was not said."""
    return f"coalesce({NAME_LEVEL}({left}_id_l, {right}_id_r), 4)"


def _unsaid(column: str) -> str:
    name = f"{column}_id" if column in ("given", "family", "name") else column
    return f"{name}_l is null or {name}_r is null"


def _birth() -> Conditions:
    overlaps = "greatest(born_first_l, born_first_r) <= least(born_last_l, born_last_r)"
    spans = "greatest(born_last_l - born_first_l, born_last_r - born_first_r)"
    return {
        "": "born_first_l is null or born_first_r is null",
        levels.SAME_DATE: "birth_l = birth_r",
        levels.SLIP: f"birth_l = birth_turned_r or {_one_off('birth')}",
        levels.SAME_YEAR: f"{overlaps} and {spans} <= {levels.YEAR_DAYS}",
        levels.COMPATIBLE: overlaps,
        levels.NEAR: f"greatest(born_first_l, born_first_r) - least(born_last_l, born_last_r) <= {levels.NEAR_DAYS}",
        levels.FAR: _ELSE,
    }


def _phone() -> Conditions:
    persons = f"greatest(phone_persons_l, phone_persons_r) <= {levels.PHONE_PERSONS}"
    return {
        "": _unsaid("phone"),
        levels.SAME: f"phone_l = phone_r and {persons}",
        levels.SHARED: "phone_l = phone_r",
        levels.ONE_OFF: _one_off("phone"),
        levels.DIFFERENT: _ELSE,
    }


def _relatives(lists: Mapping[str, str]) -> Conditions:
    has = (lists["has"].format(f"named_{one}", f"itself_{other}") for one, other in ("lr", "rl"))
    related = " or ".join(f"coalesce({each}, false)" for each in has)
    same, of_a_kind = (f"coalesce({lists['some'].format(each)}, false)" for each in ("relatives", "relations"))
    return {
        "": f"not ({related}) and not {of_a_kind}",
        levels.SAME: f"not ({related}) and {same}",
        levels.DIFFERENT: f"not ({related})",
        levels.RELATED: _ELSE,
    }


def _code(column: str) -> Conditions:
    return {
        "": _unsaid(column),
        levels.SAME: f"{column}_l = {column}_r",
        levels.ONE_OFF: _one_off(column),
        levels.DIFFERENT: _ELSE,
    }


def _one_off(column: str) -> str:
    """The ends are asked first (linkage_extract.ENDS)."""
    ends = " or ".join(f"{column}_{end}_l = {column}_{end}_r" for end in ("begin", "end"))
    shortest = f"least(length({column}_l), length({column}_r))"
    return f"({ends}) and levenshtein({column}_l, {column}_r) <= 1 and {shortest} >= {levels.ONE_OFF_LENGTH_MIN}"


_HALF = (
    "(power(sin(radians(latitude_r - latitude_l) / 2), 2) + cos(radians(latitude_l)) * cos(radians(latitude_r))"
    " * power(sin(radians(longitude_r - longitude_l) / 2), 2))"
)
_METRES = f"(2 * {EARTH_RADIUS_METRES} * asin(least(1.0, sqrt({_HALF}))))"
_SAME_PLACE = f"coalesce(douar_l = douar_r, false) or coalesce({_METRES} <= {levels.SAME_METRES}, false)"
_NO_PLACE = f"(place_l is null or place_r is null) and coalesce({_METRES} > {levels.NEAR_METRES}, true)"
_COMMUNE = f"coalesce(commune_l = commune_r, false) or coalesce({_METRES} <= {levels.NEAR_METRES}, false)"


def _place(moved: str = "") -> Conditions:
    """`moved`: when a woman may have moved at marriage, in a list of persons."""
    return {
        "": _NO_PLACE,
        levels.SAME: _SAME_PLACE,
        levels.COMMUNE: _COMMUNE,
        **({levels.MOVED: moved} if moved else {}),
        levels.PROVINCE: "coalesce(province_l = province_r, false)",
        levels.ELSEWHERE: _ELSE,
    }


def _married(year: int) -> str:
    of_age = " or ".join(of_marrying_age(year, f"_{side}") for side in "lr")
    women = "coalesce(sex_l = 'f' and sex_r = 'f', false)"
    return f"{women} and ({of_age}) and not ({_SAME_PLACE}) and not ({_NO_PLACE})"


def of_marrying_age(year: int, end: str = "") -> str:
    """Whether a person is of an age to marry; `end` is that of the columns' names."""
    youngest, oldest = levels.MARRYING_AGES
    first, last = date(year - oldest, 1, 1).toordinal(), date(year - youngest, 12, 31).toordinal()
    return f"coalesce(born_last{end} >= {first} and born_first{end} <= {last}, false)"
