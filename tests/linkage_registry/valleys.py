"""Two more registries that the rules were not made on: a dry valley with few phones and papers, a market town.

In the valley most births are a year or an age, one phone serves a house, half of the women marry away, and three
scripts are written. In the town births are known, phones change, and people who do not know each other have one name.
Names are those of `tests/vectors/names/valley.json`. Written before anything was measured on them, and then left alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import count, islice
from pathlib import Path
from random import Random

from tests.linkage_registry.people import TODAY, Person
from tests.linkage_registry.registry import Record, Registry
from tests.linkage_registry.spellings import script_of

_LIST = Path(__file__).parent.parent / "vectors" / "names" / "valley.json"
SCRIPTS = ("arabic", "latin", "tifinagh")


@dataclass(frozen=True, slots=True)
class Place:
    """How people live and what is written of them; shares are of one."""

    phones: float
    phone_changes: float
    cards_of_women: float
    cards_of_men: float
    births: tuple[float, float, float]
    marries: float
    douar_known: float
    scripts: tuple[float, float, float]
    douars: int
    people_of_a_douar: int
    family_names_of_a_douar: int
    family_name_missing: float
    slips: float


VALLEY = Place(
    phones=0.45, phone_changes=0.08, cards_of_women=0.25, cards_of_men=0.45, births=(0.25, 0.35, 0.32), marries=0.15,
    douar_known=0.8, scripts=(0.5, 0.42, 0.08), douars=6, people_of_a_douar=90, family_names_of_a_douar=4,
    family_name_missing=0.1, slips=0.03,
)  # fmt: skip
TOWN = Place(
    phones=0.8, phone_changes=0.25, cards_of_women=0.4, cards_of_men=0.6, births=(0.6, 0.12, 0.2), marries=0.06,
    douar_known=0.4, scripts=(0.4, 0.6, 0.0), douars=3, people_of_a_douar=400, family_names_of_a_douar=60,
    family_name_missing=0.02, slips=0.05,
)  # fmt: skip


def valley(size: int, seed: int) -> Registry:
    """`size` records of dry valleys; the same seed gives the same."""
    return Registry(list(islice(_records(Random(seed), VALLEY), size)))


def town(size: int, seed: int) -> Registry:
    """`size` records of market towns; the same seed gives the same."""
    return Registry(list(islice(_records(Random(seed), TOWN), size)))


@cache
def _names(kind: str) -> list[tuple[str, ...]]:
    groups = json.loads(_LIST.read_text(encoding="utf-8"))["groups"]
    return [tuple(each["script_forms"]) for each in groups if each["kind"] == kind]


def _people(dice: Random, of: Place) -> Iterator[Person]:
    """Douar by douar: couples, their children, and children's children under one roof."""
    numbers, houses = count(), count()
    for douar in count():
        commune = douar // of.douars
        place = f"09.{100 + commune // 12:03}.{1 + commune // 3 % 4:02}.{1 + commune % 3:02}.{1 + douar % of.douars:03}"
        families = [dice.randrange(len(_names("family"))) for _ in range(of.family_names_of_a_douar)]
        born = 0
        while born < of.people_of_a_douar:
            kin = next(houses)
            family = families[int(len(families) * dice.random() ** 2)]
            after = {sex: _given(dice, sex) for sex in "fm"}
            for _ in range(dice.choice((1, 2, 2, 3))):
                for person in _couple(dice, of, numbers, next(houses), kin, family, place, after):
                    yield person
                    born += 1


def _couple(
    dice: Random,
    of: Place,
    numbers: Iterator[int],
    house: int,
    kin: int,
    family: int,
    place: str,
    after: dict[str, int],
) -> Iterator[Person]:
    phone = _phone(dice)
    wed = TODAY - timedelta(days=dice.randrange(8 * 365, 45 * 365))
    own = family if dice.random() < 0.35 else dice.randrange(len(_names("family")))

    def person(sex: str, given: int, name: int, day: date, mother: int, card: str) -> Person:
        called = phone if dice.random() < 0.65 else _phone(dice)
        share = of.cards_of_women if sex == "f" else of.cards_of_men
        own_card = _card(dice) if (TODAY - day).days > 18 * 365 and dice.random() < share else ""
        return Person(next(numbers), sex, given, name, day, place, called, own_card, house, kin, mother, card)

    wife = person("f", _given(dice, "f"), own, wed - timedelta(days=dice.randrange(17 * 365, 27 * 365)), -1, "")
    yield wife
    yield person("m", _given(dice, "m"), family, wed - timedelta(days=dice.randrange(20 * 365, 38 * 365)), -1, "")
    day, taken = wed + timedelta(days=dice.randrange(300, 900)), set[tuple[str, int]]()
    while day < TODAY and len(taken) < 5:
        for _ in range(2 if dice.random() < 0.03 else 1):
            sex = dice.choice("ffm")
            given = after[sex] if dice.random() < 0.2 else _given(dice, sex)
            if (sex, given) not in taken:
                taken.add((sex, given))
                yield person(sex, given, family, day, wife.number, wife.national_id)
        day += timedelta(days=dice.randrange(400, 2200))


def _given(dice: Random, sex: str) -> int:
    """The first of the list are the common ones."""
    size = len(_names("women" if sex == "f" else "men"))
    return min(int(dice.expovariate(4 / size)), size - 1)


def _phone(dice: Random) -> str:
    return f"0{dice.choice('67')}{dice.randrange(10**8):08}"


def _card(dice: Random) -> str:
    return f"{dice.choice(('JC', 'J', 'JA', 'JF', 'N', 'EA'))}{dice.randrange(10_000, 800_000)}"


def _records(dice: Random, of: Place) -> Iterator[Record]:
    numbers = count()
    for person in _people(dice, of):
        for time in range(dice.choices((1, 2, 3, 4), (78, 16, 5, 1))[0]):
            companion = dice.randrange(40)
            now, has_moved = _since(dice, of, person) if time else (person, False)
            fields = _fields(dice, of, now, dice.choices(SCRIPTS, of.scripts)[0])
            yield Record(next(numbers), person, companion, script_of(fields["given_name"]), fields, False, has_moved)


def _since(dice: Random, of: Place, person: Person) -> tuple[Person, bool]:
    age = (TODAY - person.born).days // 365
    if person.sex == "f" and 17 <= age <= 40 and dice.random() < of.marries:
        douar = f"{person.place[:10]}{1 + dice.randrange(3):02}.{1 + dice.randrange(of.douars):03}"
        family = dice.randrange(len(_names("family"))) if dice.random() < 0.4 else person.family
        return replace(person, place=douar, family=family, phone=_phone(dice)), True
    return replace(person, phone=_phone(dice)) if dice.random() < of.phone_changes else person, False


def _fields(dice: Random, of: Place, person: Person, script: str) -> dict[str, str]:
    given = _spelled(dice, of, _names("women" if person.sex == "f" else "men")[person.given], script)
    family = _spelled(dice, of, _names("family")[person.family], script)
    if dice.random() < 0.015:
        given, family = family, given
    card = person.national_id if dice.random() < 0.8 else ""
    said = {
        "given_name": given,
        "family_name": "" if dice.random() < of.family_name_missing else family,
        "sex": "" if dice.random() < 0.02 else person.sex,
        "phone": _slip(dice, person.phone, 0.02) if dice.random() < of.phones else "",
        "national_id": _slip(dice, card, 0.02),
        "place": person.place if dice.random() < of.douar_known else person.place[:-4],
        **_birth(dice, of, person.born),
    }
    return {name: text for name, text in said.items() if text}


def _birth(dice: Random, of: Place, born: date) -> dict[str, str]:
    """A day, a year, an age that is rounded by whoever guesses it, or nothing."""
    how = dice.choices(("day", "year", "age", "none"), (*of.births, 1 - sum(of.births)))[0]
    if how == "day":
        if born.day <= 12 and dice.random() < 0.03:
            return {"birth_date": f"{born.year}-{born.day:02}-{born.month:02}"}
        return {"birth_date": born.isoformat()}
    if how == "year":
        return {"birth_date": f"{born.year + dice.choice((0, 0, 0, 0, 0, 0, 1, -1))}-01-01"}
    age = (TODAY - born).days // 365
    if how == "age":
        return {
            "age": str(5 * round(age / 5) if age > 25 and dice.random() < 0.35 else age + dice.choice((-1, 0, 0, 1)))
        }
    return {}


def _spelled(dice: Random, of: Place, forms: tuple[str, ...], script: str) -> str:
    written = [form for form in forms if script_of(form) == script] or [f for f in forms if script_of(f) != "tifinagh"]
    text = written[min(int(dice.expovariate(0.9)), len(written) - 1)]
    return _slip(dice, text, of.slips) if len(text) > 4 else text


def _slip(dice: Random, text: str, chance: float) -> str:
    """A letter or digit left out, doubled, or the next one."""
    if len(text) < 4 or dice.random() >= chance:
        return text
    at = dice.randrange(1, len(text) - 1)
    return text[:at] + dice.choice(("", text[at] * 2, chr(ord(text[at]) + 1))) + text[at + 1 :]
