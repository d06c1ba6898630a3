"""A generated registry with its truth: forty companions write the same people down, each in her own way.

What they do to a record is made from tables of seen spellings and habits, never from the rules of core.names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from random import Random

from tests.linkage_registry.people import TODAY, Person, communes_of, moved, people
from tests.linkage_registry.spellings import ARABIC, LATIN, TIFINAGH, Spelled, family_names, given_names

COMPANIONS = 40
TIMES = (*(1,) * 16, 2, 2, 2, 3)
"""How often somebody is registered."""

PROPERTIES = ("given_name", "family_name", "birth_date", "age", "phone", "national_id", "sex")
"""What may be missing, as the properties of an entity are called; `place` never is."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a companion wrote about a person: `fields` by the name of each property; what is missing is not there."""

    number: int
    person: Person
    companion: int
    script: str
    fields: dict[str, str]
    wrong_commune: bool
    moved: bool


@dataclass
class Companion:
    """One who registers, with her own habits."""

    number: int
    script: str
    ages: float
    first_of_january: float
    leaves_out: dict[str, float]
    slips: float
    pets: float
    wrong_commune: float
    keeps_to: float
    spellings: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Registry:
    """Records, and whom each is about."""

    records: list[Record]

    def true_pairs(self) -> Iterator[tuple[int, int]]:
        """Pairs of record numbers that are one person, the smaller first."""
        of: dict[int, list[int]] = {}
        for record in self.records:
            of.setdefault(record.person.number, []).append(record.number)
        for numbers in of.values():
            yield from ((one, other) for at, one in enumerate(numbers) for other in numbers[at + 1 :])


def registry(size: int, seed: int) -> Registry:
    """`size` records; the same seed gives the same."""
    return Registry(list(records(size, seed)))


def records(size: int, seed: int) -> Iterator[Record]:
    """The records of a registry one after the other: of a large one they need not all be in memory."""
    return islice(_records(Random(seed), communes_of(size)), size)


def _records(dice: Random, communes: int) -> Iterator[Record]:
    companions = [_companion(dice, number) for number in range(COMPANIONS)]
    number = 0
    for person in people(dice, communes):
        for time in range(dice.choice(TIMES)):
            yield _written(dice, dice.choice(companions), person, number, communes if time else 0)
            number += 1


def _companion(dice: Random, number: int) -> Companion:
    script = dice.choices((ARABIC, LATIN, TIFINAGH), (55, 43, 2))[0]
    rates = {
        "given_name": 0.002,
        "family_name": 0.04,
        "birth_date": 0.06,
        "phone": 0.2,
        "national_id": 0.35,
        "sex": 0.01,
    }
    return Companion(
        number,
        script,
        ages=dice.choice((0.03, 0.05, 0.1, 0.2, 0.7)),
        first_of_january=dice.choice((0.02, 0.1, 0.3)),
        leaves_out={name: rate * dice.uniform(0.3, 1.7) for name, rate in rates.items()},
        slips=dice.uniform(0.002, 0.03),
        pets=dice.uniform(0.0, 0.08),
        wrong_commune=dice.uniform(0.0, 0.04),
        keeps_to=dice.uniform(0.6, 0.95),
    )


def _written(dice: Random, who: Companion, person: Person, number: int, moves_among: int) -> Record:
    """`moves_among`: among how many communes who was written down before may have moved; 0 for the first time."""
    age = (TODAY - person.born).days // 365
    family, place, phone = person.family, person.place, person.phone
    marries = moves_among > 0 and person.sex == "f" and 17 <= age <= 45 and dice.random() < 0.08
    if marries:
        family, place, phone = moved(dice, person, moves_among)
    elif moves_among and dice.random() < 0.12:
        phone = f"06{dice.randrange(10**8):08}"
    wrong_commune = dice.random() < who.wrong_commune
    if wrong_commune:
        place = f"{place[:10]}{1 + dice.randrange(4):02}{place[12:]}"
    script = who.script if dice.random() < 0.93 else dice.choice((ARABIC, LATIN))
    said = {
        "given_name": _name(dice, who, given_names(person.sex)[person.given], script, who.pets),
        "family_name": _name(dice, who, family_names()[family], script, 0.0),
        **_birth(dice, who, person.born, age),
        "phone": _digits(dice, phone, who.slips),
        "national_id": _digits(dice, _card(dice, person), who.slips),
        "sex": person.sex if dice.random() > 0.003 else "m",
    }
    kept = {name: text for name, text in said.items() if text and dice.random() >= who.leaves_out.get(name, 0.0)}
    return Record(number, person, who.number, script, kept | {"place": place}, wrong_commune, marries)


def _birth(dice: Random, who: Companion, born: date, age: int) -> dict[str, str]:
    """A date, an age that is guessed, or the first of January where only the year is known."""
    if dice.random() < who.ages:
        return {"age": str(max(age + dice.choice((-2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2)), 0))}
    if dice.random() < who.first_of_january:
        return {"birth_date": f"{born.year + dice.choice((0, 0, 0, 0, 1, -1))}-01-01"}
    if born.day <= 12 and dice.random() < 0.01:
        return {"birth_date": f"{born.year}-{born.day:02}-{born.month:02}"}
    if dice.random() < who.slips:
        return {"birth_date": f"{born.year}-{born.month:02}-{1 + (born.day + 9) % 28:02}"}
    return {"birth_date": born.isoformat()}


def _card(dice: Random, person: Person) -> str:
    """Her own, or, of a child who has none, sometimes her mother's."""
    return person.national_id or (person.mother_id if dice.random() < 0.03 else "")


def _name(dice: Random, who: Companion, name: Spelled, script: str, pets: float) -> str:
    if name.pets and dice.random() < pets:
        return dice.choice(name.pets)
    forms = name.of(script)
    usual = who.spellings.setdefault((script, name.arabic[0]), int(dice.expovariate(0.8)))
    text = forms[min(usual, len(forms) - 1)] if dice.random() < who.keeps_to else dice.choice(forms)
    if dice.random() < who.slips:
        text = _slip(dice, text)
    return text.upper() if script == LATIN and dice.random() < 0.1 else text


def _slip(dice: Random, text: str) -> str:
    """A letter lost, doubled or exchanged with the next."""
    if len(text) < 4:
        return text
    at = dice.randrange(1, len(text) - 1)
    kind = dice.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    return text[:at] + (text[at] * 2 if kind == 1 else text[at + 1] + text[at]) + text[at + (1 if kind == 1 else 2) :]


def _digits(dice: Random, number: str, slips: float) -> str:
    if not number or dice.random() >= slips:
        return number
    at = dice.randrange(len(number) - 4, len(number))
    return number[:at] + str(dice.randrange(10)) + number[at + 1 :]
