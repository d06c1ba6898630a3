"""Women and men of made-up villages, household by household: who is whose sister, twin, daughter, cousin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tests.linkage_registry.spellings import family_names, given_names

TODAY = date(2026, 11, 28)
COMMUNES = 40
DOUARS = 12
"""Of each commune."""


@dataclass(frozen=True, slots=True)
class Person:
    """`kin` is the number of her grandparents' house, `house` of her parents', `mother` the number of her mother."""

    number: int
    sex: str
    given: int
    family: int
    born: date
    place: str
    phone: str
    national_id: str
    house: int
    kin: int
    mother: int


def people(dice: Random) -> Iterator[Person]:
    """Without end: one extended family after another."""
    number, house = 0, 0
    while True:
        kin = house
        family = _zipf(dice, len(family_names()))
        place = _place(dice)
        for _ in range(dice.choice((1, 1, 2, 3))):
            house += 1
            for person in _house(dice, number, house, kin, family, place if dice.random() < 0.8 else _place(dice)):
                yield person
                number += 1


def _house(dice: Random, number: int, house: int, kin: int, family: int, place: str) -> Iterator[Person]:
    shared = _phone(dice)
    mother_born = TODAY - timedelta(days=dice.randrange(34 * 365, 70 * 365))
    own = family if dice.random() < 0.3 else _zipf(dice, len(family_names()))
    yield _person(dice, number, "f", own, mother_born, place, shared, house, kin, -1)
    mother = number
    number += 1
    if dice.random() < 0.6:
        yield _person(
            dice, number, "m", family, mother_born - timedelta(days=dice.randrange(4000)), place, shared, house, kin, -1
        )
        number += 1
    born = mother_born + timedelta(days=dice.randrange(18 * 365, 22 * 365))
    for _ in range(dice.choice((1, 2, 2, 3, 4))):
        sex = "f" if dice.random() < 0.7 else "m"
        for _ in range(2 if dice.random() < 0.04 else 1):
            yield _person(dice, number, sex, family, born, place, shared, house, kin, mother)
            number += 1
        born += timedelta(days=dice.randrange(400, 1500))


def _person(
    dice: Random,
    number: int,
    sex: str,
    family: int,
    born: date,
    place: str,
    shared: str,
    house: int,
    kin: int,
    mother: int,
) -> Person:
    age = (TODAY - born).days // 365
    phone = shared if dice.random() < (0.6 if sex == "f" else 0.35) else _phone(dice)
    holds = age >= 18 and dice.random() < (0.45 if sex == "f" else 0.65)
    national_id = f"{dice.choice(('J', 'JB', 'EE', 'P', 'PB', 'W'))}{dice.randrange(10_000, 999_999)}" if holds else ""
    given = _zipf(dice, len(given_names(sex)))
    return Person(number, sex, given, family, min(born, TODAY), place, phone, national_id, house, kin, mother)


def look_alike(left: Person, right: Person) -> str:
    """What two persons are to each other: twins, siblings, mother_and_child, cousins, namesakes or strangers."""
    if left.mother >= 0 and left.mother == right.mother:
        return "twins" if left.born == right.born else "siblings"
    if right.number == left.mother or left.number == right.mother:
        return "mother_and_child"
    if left.kin == right.kin:
        return "cousins"
    return "namesakes" if (left.sex, left.given) == (right.sex, right.given) else "strangers"


def moved(dice: Random, person: Person) -> tuple[int, str, str]:
    """Family name, place and phone of a woman after her marriage: the name changes in papers only sometimes."""
    family = _zipf(dice, len(family_names())) if dice.random() < 0.4 else person.family
    return family, _place(dice), _phone(dice)


def _zipf(dice: Random, size: int) -> int:
    return int(size ** dice.random()) - 1


def _place(dice: Random) -> str:
    commune = dice.randrange(COMMUNES)
    return f"07.{41 + commune // 20:03}.{1 + commune // 4 % 5:02}.{1 + commune % 4:02}.{1 + dice.randrange(DOUARS):03}"


def _phone(dice: Random) -> str:
    return f"0{dice.choice('67')}{dice.randrange(10**8):08}"
