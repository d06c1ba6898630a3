"""Women and men of made-up villages, household by household: who is whose sister, twin, daughter, cousin."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from tests.linkage_registry.spellings import family_names, given_names

TODAY = date(2026, 11, 28)
COMMUNES = 40
"""Of a registry of up to 100,000; a larger one is of a larger country."""

RECORDS_PER_COMMUNE = 2500
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
    mother_id: str


@dataclass(slots=True)
class House:
    """A household: what its people share, the given names that are taken in it, and the grandparents' names by sex."""

    number: int
    kin: int
    family: int
    place: str
    phone: str
    taken: set[tuple[str, int]]
    after: dict[str, int]


def communes_of(size: int) -> int:
    """In how many communes a registry of so many records is written."""
    return max(COMMUNES, size // RECORDS_PER_COMMUNE)


def people(dice: Random, communes: int) -> Iterator[Person]:
    """Without end: one extended family after another."""
    number, houses = 0, 0
    while True:
        kin, family, place = houses, _zipf(dice, len(family_names())), _place(dice, communes)
        after, phone = {sex: _zipf(dice, len(given_names(sex))) for sex in "fm"}, _phone(dice)
        for _ in range(dice.choice((1, 1, 2, 3))):
            near = place if dice.random() < 0.8 else _place(dice, communes)
            shared = phone if dice.random() < 0.3 else _phone(dice)
            house = House(houses, kin, family, near, shared, set(), after)
            houses += 1
            for person in _household(dice, number, house):
                yield person
                number += 1


def _household(dice: Random, number: int, house: House) -> Iterator[Person]:
    born = TODAY - timedelta(days=dice.randrange(34 * 365, 70 * 365))
    own = house.family if dice.random() < 0.3 else _zipf(dice, len(family_names()))
    mother = number
    wife = replace(_person(dice, number, "f", born, house, -1), family=own)
    yield wife
    if dice.random() < 0.6:
        number += 1
        yield _person(dice, number, "m", born - timedelta(days=dice.randrange(4000)), house, -1)
    born += timedelta(days=dice.randrange(18 * 365, 22 * 365))
    for _ in range(dice.choice((1, 2, 2, 3, 4))):
        sex = "f" if dice.random() < 0.7 else "m"
        for _ in range(2 if dice.random() < 0.04 else 1):
            number += 1
            yield replace(_person(dice, number, sex, born, house, mother), mother_id=wife.national_id)
        born += timedelta(days=dice.randrange(400, 1500))


def _person(dice: Random, number: int, sex: str, born: date, house: House, mother: int) -> Person:
    age = (TODAY - born).days // 365
    phone = house.phone if dice.random() < (0.6 if sex == "f" else 0.35) else _phone(dice)
    holds = age >= 18 and dice.random() < (0.45 if sex == "f" else 0.65)
    national_id = f"{dice.choice(('J', 'JB', 'EE', 'P', 'PB', 'W'))}{dice.randrange(10_000, 999_999)}" if holds else ""
    given = house.after[sex] if mother >= 0 and dice.random() < 0.15 else _zipf(dice, len(given_names(sex)))
    while (sex, given) in house.taken:
        given = _zipf(dice, len(given_names(sex)))
    house.taken.add((sex, given))
    born = min(born, TODAY)
    return Person(
        number, sex, given, house.family, born, house.place, phone, national_id, house.number, house.kin, mother, ""
    )


def look_alike(left: Person, right: Person) -> str:
    """What two persons are to each other: twins, siblings, mother_and_child, cousins, namesakes or strangers."""
    if left.mother >= 0 and left.mother == right.mother:
        return "twins" if left.born == right.born else "siblings"
    if right.number == left.mother or left.number == right.mother:
        return "mother_and_child"
    if left.kin == right.kin:
        return "cousins"
    return "namesakes" if (left.sex, left.given) == (right.sex, right.given) else "strangers"


def moved(dice: Random, person: Person, communes: int) -> tuple[int, str, str]:
    """Family name, place and phone of a woman after her marriage: the name changes in papers only sometimes."""
    family = _zipf(dice, len(family_names())) if dice.random() < 0.4 else person.family
    return family, _place(dice, communes), _phone(dice)


def _zipf(dice: Random, size: int) -> int:
    return int(size ** dice.random()) - 1


def _place(dice: Random, communes: int) -> str:
    commune = dice.randrange(communes)
    return f"07.{41 + commune // 20:03}.{1 + commune // 4 % 5:02}.{1 + commune % 4:02}.{1 + dice.randrange(DOUARS):03}"


def _phone(dice: Random) -> str:
    return f"0{dice.choice('67')}{dice.randrange(10**8):08}"
