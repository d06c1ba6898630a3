"""How much two records agree in one thing: a level each, best first. None where one of them does not say it.

`store/linkage_splink` says the same in SQL for the training; a test holds the two against each other.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from fieldsync.core import geometry
from fieldsync.core.linkage_features import COOPERATIVE, PERSON, Features
from fieldsync.core.names import Level, compare

EXACT, SAME, ALIAS, WEAK, DIFFERENT = (level.value for level in Level)

EXCHANGED = "exchanged"
"""Given and family name stand in each other's place: one event, which counts once, as a level of the given name."""

MARRIED, MOVED = "married", "moved"
"""Another family name, another commune, of a woman of the age to marry: either says less than of other people."""

SHARED = "shared"
"""The same phone, which more than two persons bear."""

ONE_OFF = "one_off"
SAME_DATE, SLIP, SAME_YEAR, COMPATIBLE, NEAR, FAR = "same_date", "slip", "same_year", "compatible", "near", "far"
COMMUNE, PROVINCE, ELSEWHERE = "commune", "province", "elsewhere"
RELATED = "related"
"""One of the two is named as a relative of the other, so they are hardly one."""

MANY, SOME, NONE = "many", "some", "none"

COMMUNE_PARTS = 4
"""A code of so many parts is a commune's, a longer one a douar's; one without parts says nothing of what it lies in."""

PHONE_PERSONS = 2
"""A phone of more persons than this is a household's."""

ONE_OFF_LENGTH_MIN = 4
"""Of shorter codes any two are nearly one digit off."""

NEAR_DAYS = 731
YEAR_DAYS = 366
MARRYING_AGES = 17, 45

SAME_METRES, NEAR_METRES = 300, 5000
"""Points this near are one place, or lie in one commune, whatever its code."""

NAME_LEVELS = (EXACT, SAME, ALIAS, EXCHANGED, WEAK, DIFFERENT)

LEVELS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    PERSON: {
        "given_name": NAME_LEVELS,
        "family_name": (EXACT, SAME, ALIAS, WEAK, MARRIED, DIFFERENT),
        "birth": (SAME_DATE, SLIP, SAME_YEAR, COMPATIBLE, NEAR, FAR),
        "phone": (SAME, SHARED, ONE_OFF, DIFFERENT),
        "national_id": (SAME, ONE_OFF, DIFFERENT),
        "place": (SAME, COMMUNE, MOVED, PROVINCE, ELSEWHERE),
        "sex": (SAME, DIFFERENT),
        "relatives": (SAME, DIFFERENT, RELATED),
    },
    COOPERATIVE: {
        "name": (EXACT, SAME, ALIAS, WEAK, DIFFERENT),
        "register_number": (SAME, ONE_OFF, DIFFERENT),
        "place": (SAME, COMMUNE, PROVINCE, ELSEWHERE),
        "activity": (SAME, SOME, DIFFERENT),
        "members": (MANY, SOME, NONE),
    },
}
"""What is compared in a list of each kind, and its levels, best first."""

Levels = Mapping[str, str | None]


def levels_of(left: Features, right: Features, kind: str, year: int) -> dict[str, str | None]:
    """The level of every comparison; `year` is the one by which the age to marry is reckoned."""
    if kind == COOPERATIVE:
        return {
            "name": name_level(left.names, right.names),
            "register_number": _code_level(left.register_number, right.register_number),
            "place": place_level(left, right),
            "activity": _activity_level(left.activity, right.activity),
            "members": _members_level(left.members, right.members),
        }
    given, family = name_level(left.given, right.given), name_level(left.family, right.family)
    beside = levels_beside_names(left, right)
    place = beside["place"]
    may_have_married = place not in (SAME, None) and _may_have_married(left, right, year)
    if given in (WEAK, DIFFERENT) and _are_exchanged(left, right):
        given, family = EXCHANGED, None
    elif family == DIFFERENT and may_have_married:
        family = MARRIED
    if place in (PROVINCE, ELSEWHERE) and may_have_married:
        place = MOVED
    return {"given_name": given, "family_name": family, **beside, "place": place}


def levels_beside_names(left: Features, right: Features) -> dict[str, str | None]:
    """The levels of what persons say beside their names; a woman who married has not moved yet."""
    return {
        "birth": birth_level(left, right),
        "phone": _phone_level(left, right),
        "national_id": _code_level(left.national_id, right.national_id),
        "place": place_level(left, right),
        "sex": _sex_level(left.sex, right.sex),
        "relatives": relatives_level(left, right),
    }


@lru_cache(maxsize=1 << 14)
def name_level(left: tuple[str, ...], right: tuple[str, ...]) -> str | None:
    """The best level among some spellings of two names."""
    found = [compare(*sorted((one, other))) for one in left for other in right]
    return min(found, key=_RANK.__getitem__).value if found else None


_RANK: Mapping[Level, int] = {level: rank for rank, level in enumerate(Level)}

NAME_RANK: Mapping[str, int] = {level.value: rank for level, rank in _RANK.items()}
"""The levels of names, best first."""


def _are_exchanged(left: Features, right: Features) -> bool:
    crossed = (name_level(left.given, right.family), name_level(left.family, right.given))
    return all(level in (EXACT, SAME) for level in crossed)


def _may_have_married(left: Features, right: Features, year: int) -> bool:
    youngest, oldest = MARRYING_AGES
    first, last = date(year - oldest, 1, 1).toordinal(), date(year - youngest, 12, 31).toordinal()
    is_woman = left.sex == right.sex == "f"
    return is_woman and any(each.born and each.born[1] >= first and each.born[0] <= last for each in (left, right))


def birth_level(left: Features, right: Features) -> str | None:
    """How two births agree: by the day where both days are known, otherwise by the years in which they may lie.

    A slip is day and month exchanged, or one digit off.
    """
    one, other = left.born, right.born
    if one is None or other is None:
        return None
    if one[0] == one[1] and other[0] == other[1]:
        return _dates_level(date.fromordinal(one[0]), date.fromordinal(other[0]))
    if max(one[0], other[0]) <= min(one[1], other[1]):
        is_exact = max(one[1] - one[0], other[1] - other[0]) <= YEAR_DAYS
        return SAME_YEAR if is_exact else COMPATIBLE
    return NEAR if max(one[0], other[0]) - min(one[1], other[1]) <= NEAR_DAYS else FAR


def _dates_level(one: date, other: date) -> str:
    if one == other:
        return SAME_DATE
    turned = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    digits_off = sum(left != right for left, right in zip(one.isoformat(), other.isoformat(), strict=True))
    if turned or digits_off == 1:
        return SLIP
    return NEAR if abs((one - other).days) <= NEAR_DAYS else FAR


def _phone_level(left: Features, right: Features) -> str | None:
    level = _code_level(left.phone, right.phone)
    is_shared = level == SAME and max(left.phone_persons, right.phone_persons) > PHONE_PERSONS
    return SHARED if is_shared else level


def _code_level(left: str, right: str) -> str | None:
    if not left or not right:
        return None
    if left == right:
        return SAME
    return ONE_OFF if is_one_off(left, right) and min(len(left), len(right)) >= ONE_OFF_LENGTH_MIN else DIFFERENT


def is_one_off(left: str, right: str) -> bool:
    """Whether one character was changed, left out or put in (Levenshtein's distance is at most 1)."""
    shorter, longer = (left, right) if len(left) <= len(right) else (right, left)
    half = len(shorter) // 2
    begins, ends = shorter[:half] == longer[:half], longer.endswith(shorter[half:])
    if len(longer) - len(shorter) > 1 or not (begins or ends):
        return False
    at = next((place for place, (one, other) in enumerate(zip(shorter, longer, strict=False)) if one != other), None)
    if at is None:
        return True
    return shorter[at + (len(shorter) == len(longer)) :] == longer[at + 1 :]


def place_level(left: Features, right: Features) -> str | None:
    """How near two records live: by their points where both have one, and by the codes of their places."""
    by_code, by_point = codes_level(left.place, right.place), _points_level(left, right)
    if by_point is None:
        return by_code
    return by_point if by_code is None else min(by_code, by_point, key=LEVELS[PERSON]["place"].index)


@lru_cache(maxsize=1 << 14)
def codes_level(left: str, right: str) -> str | None:
    """How near two places are by their codes; None where one is not known."""
    if not left or not right:
        return None
    one, other = left.split("."), right.split(".")
    if left == right and not 1 < len(one) <= COMMUNE_PARTS:
        return SAME
    alike = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    depth = min(len(one), len(other)) if alike is None else alike
    return COMMUNE if depth >= COMMUNE_PARTS else PROVINCE if depth >= 2 else ELSEWHERE


def _points_level(left: Features, right: Features) -> str | None:
    if left.point is None or right.point is None:
        return None
    metres = geometry.distance(*left.point, *right.point)
    return SAME if metres <= SAME_METRES else COMMUNE if metres <= NEAR_METRES else None


def _sex_level(left: str, right: str) -> str | None:
    if not left or not right:
        return None
    return SAME if left == right else DIFFERENT


def relatives_level(left: Features, right: Features) -> str | None:
    """Whether two name one relative, others of one kind, or each other; whom only one of them names tells nothing."""
    if not left.relatives and not right.relatives:
        return None
    if left.itself in right.named or right.itself in left.named:
        return RELATED
    if set(left.relatives) & set(right.relatives):
        return SAME
    one, other = ({each.partition(" ")[0] for each in side.relatives} for side in (left, right))
    return DIFFERENT if one & other else None


def _activity_level(left: tuple[str, ...], right: tuple[str, ...]) -> str | None:
    if not left or not right:
        return None
    if left == right:
        return SAME
    return SOME if set(left) & set(right) else DIFFERENT


def _members_level(left: tuple[str, ...], right: tuple[str, ...]) -> str | None:
    if not left or not right:
        return None
    common = len(set(left) & set(right))
    if common * 2 >= min(len(left), len(right)):
        return MANY
    return SOME if common else NONE
