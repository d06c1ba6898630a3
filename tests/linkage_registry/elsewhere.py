"""A registry as somebody else would make it up: other names, other villages, other mistakes than those of `registry`.

A handful of names serve most people, a third of a village bears one family name, the phone is the house's or the
companion's own, cousins of one age have one name. It shares with `registry` only the shape of a record, and the words
for what two people are to each other.
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
from tests.linkage_registry.spellings import ARABIC, script_of

_LISTS = Path(__file__).parent.parent / "vectors" / "names"

WOMEN = (
    "فاطمة Fatima Fatma|خديجة Khadija Khadidja|عائشة Aicha Aïcha|زهرة Zahra Zohra|فاطنة Fatna|مينة Mina|رقية Rkia|"
    "حليمة Halima|نعيمة Naima|السعدية Saadia Essaadia|مليكة Malika|زينب Zineb Zaineb|كلثوم Keltoum Kaltoum|"
    "حبيبة Habiba|أمينة Amina|فتيحة Fatiha|لطيفة Latifa|رشيدة Rachida|حفيظة Hafida|مباركة Mbarka M'barka"
)
MEN = (
    "محمد Mohamed Mohammed|أحمد Ahmed|الحسين Lhoucine Houcine|الحسن Lahcen Lhassan|عمر Omar|علي Ali|إبراهيم Brahim|"
    "عبد_الله Abdellah Abdallah|حسن Hassan|سعيد Said|رشيد Rachid|مصطفى Mustapha Mostafa|يوسف Youssef|خالد Khalid|"
    "عبد_الرحيم Abderrahim|جمال Jamal|إدريس Driss Idriss|المختار Mokhtar|حميد Hamid|مبارك Mbarek Embarek"
)
"""The names of each sex that six in ten bear."""

ALIKE = (
    ("f", "فاطمة", "فتيحة"), ("f", "فاطمة", "فاطنة"), ("f", "حليمة", "مليكة"), ("f", "رشيدة", "رقية"),
    ("m", "حسن", "الحسن"), ("m", "الحسن", "الحسين"),
)  # fmt: skip
"""What parents call two who follow each other, because it sounds alike."""

TIMES = (*(1,) * 16, 2, 2, 2, 3)
COMMON = 20
COMPANIONS = 30
DOUARS = 8
HOUSES = 8
RECORDS_PER_COMMUNE = 700
KEYS = ("ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرىةوزظ", "azertyuiop", "qsdfghjklm", "wxcvbn")
LOOKS_LIKE = {"0": "8", "1": "7", "3": "8", "5": "6", "6": "5", "7": "1", "8": "3"}
"""A digit of a worn card, as a machine reads it."""

GUESSED = (-5, -3, -2, -1, -1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 5)
UNSAID = {"phone": 0.3, "national_id": 0.45, "family_name": 0.05, "sex": 0.02}

Spellings = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clan:
    """A grandparents' house and the houses of their children: what these share, and whom children are named after."""

    number: int
    family: int
    place: str
    after: dict[str, int]


@cache
def given_names(sex: str) -> list[Spellings]:
    """The common ones first."""
    listed = (WOMEN if sex == "f" else MEN).split("|")
    common = [tuple(form.replace("_", " ") for form in each.split()) for each in listed]
    return common + _of_lists("women" if sex == "f" else "men", {form for each in common for form in each})


@cache
def family_names() -> list[Spellings]:
    """Of lists that the other registry does not use."""
    return _of_lists("famil", set())


def _of_lists(kind: str, without: set[str]) -> list[Spellings]:
    found = []
    for name in ("wide", "wide_held_out", "mixed", "mixed_held_out"):
        groups = json.loads((_LISTS / f"{name}.json").read_text(encoding="utf-8"))["groups"]
        found += [tuple(each["script_forms"]) for each in groups if each["kind"].startswith(kind)]
    return [each for each in found if not without & set(each) and len({*map(script_of, each)}) > 1]


def registry(size: int, seed: int) -> Registry:
    """`size` records; the same seed gives the same."""
    dice = Random(seed)
    return Registry(list(islice(_records(dice, max(size // RECORDS_PER_COMMUNE, 6)), size)))


# ---- people ----------------------------------------------------------------------------------------------------


def _people(dice: Random, communes: int) -> Iterator[Person]:
    numbers, houses = count(), count()
    while True:
        place, known = _place(dice, communes), [dice.randrange(len(family_names())) for _ in range(9)]
        for _ in range(HOUSES):
            family = known[0] if dice.random() < 0.3 else dice.choice(known)
            clan = Clan(next(houses), family, place, {sex: _given(dice, sex) for sex in "fm"})
            born = TODAY - timedelta(days=dice.randrange(6000, 9000))
            for _ in range(dice.choice((1, 2, 3))):
                eldest = born + timedelta(days=dice.randrange(-900, 900))
                yield from _house(dice, numbers, next(houses), clan, eldest)


def _house(dice: Random, numbers: Iterator[int], house: int, clan: Clan, born: date) -> Iterator[Person]:
    phone, own = _phone(dice), clan.family if dice.random() < 0.4 else dice.randrange(len(family_names()))
    of_mother = born - timedelta(days=dice.randrange(17 * 365, 30 * 365))
    mother = Person(
        next(numbers),
        "f",
        _given(dice, "f"),
        own,
        of_mother,
        clan.place,
        phone,
        _card(dice),
        house,
        clan.number,
        -1,
        "",
    )
    yield mother
    taken = set()
    for sex, given in _children(dice, clan, mother):
        if (sex, given) not in taken:
            taken.add((sex, given))
            card = _card(dice) if (TODAY - born).days > 18 * 365 and dice.random() < 0.5 else ""
            yield Person(
                next(numbers), sex, given, clan.family, min(born, TODAY), clan.place,
                phone if dice.random() < 0.7 else _phone(dice), card, house, clan.number, mother.number,
                mother.national_id,
            )  # fmt: skip
        born += timedelta(days=0 if dice.random() < 0.08 else dice.randrange(330, 1300))


def _children(dice: Random, clan: Clan, mother: Person) -> Iterator[tuple[str, int]]:
    """Sex and given name: after a grandparent, alike, after her mother, or any."""
    alike = dice.choice(ALIKE) if dice.random() < 0.3 else ("f",)
    sex = alike[0]
    for name in alike[1:]:
        yield sex, next(at for at, forms in enumerate(given_names(sex)) if forms[0] == name)
    for at in range(dice.choice((1, 2, 3))):
        sex = "f" if dice.random() < 0.7 else "m"
        named = clan.after[sex] if at == 0 and dice.random() < 0.5 else _given(dice, sex)
        yield sex, mother.given if sex == "f" and dice.random() < 0.05 else named


def _place(dice: Random, communes: int) -> str:
    commune = dice.randrange(communes)
    code = f"07.{300 + commune // 20:03}.{1 + commune // 4 % 5:02}.{1 + commune % 4:02}"
    return f"{code}.{1 + dice.randrange(DOUARS):03}"


def _given(dice: Random, sex: str) -> int:
    names = len(given_names(sex))
    return dice.randrange(COMMON) if dice.random() < 0.6 else COMMON + dice.randrange(names - COMMON)


def _phone(dice: Random) -> str:
    return f"0{dice.choice('67')}{dice.randrange(10**8):08}"


def _card(dice: Random) -> str:
    return f"{dice.choice(('E', 'EE', 'JT', 'P', 'Y'))}{dice.randrange(100_000, 999_999)}"


# ---- what is written -------------------------------------------------------------------------------------------


def _records(dice: Random, communes: int) -> Iterator[Record]:
    phones, numbers = [_phone(dice) for _ in range(COMPANIONS)], count()
    for person in _people(dice, communes):
        for time in range(dice.choice(TIMES)):
            companion = dice.randrange(COMPANIONS)
            now, has_married = _later(dice, person) if time else (person, False)
            fields = _written(dice, now, is_arabic=dice.random() < (0.8 if companion % 2 else 0.2))
            if dice.random() < 0.06:
                fields["phone"] = phones[companion]
            script = script_of(fields["given_name"])
            yield Record(next(numbers), person, companion, script, _left(dice, fields, now), False, has_married)


def _later(dice: Random, person: Person) -> tuple[Person, bool]:
    """Who was written down before: she may have married and moved, or have another phone."""
    age = (TODAY - person.born).days // 365
    if person.sex == "f" and 17 <= age <= 45 and dice.random() < 0.06:
        away = f"{person.place[:10]}{1 + dice.randrange(4):02}.{1 + dice.randrange(DOUARS):03}"
        family = dice.randrange(len(family_names())) if dice.random() < 0.5 else person.family
        return replace(person, place=away, phone=_phone(dice), family=family), True
    return replace(person, phone=_phone(dice)) if dice.random() < 0.1 else person, False


def _written(dice: Random, person: Person, is_arabic: bool) -> dict[str, str]:
    given = _typed(dice, _spelled(dice, given_names(person.sex)[person.given], is_arabic))
    family = _typed(dice, _spelled(dice, family_names()[person.family], is_arabic))
    if dice.random() < 0.02:
        given, family = family, given
    elif dice.random() < 0.03 and not is_arabic:
        family = f"{family[0]}."
    card = person.national_id or (person.mother_id if dice.random() < 0.05 else "")
    return {
        **{"given_name": given, "family_name": family, "sex": person.sex, "phone": person.phone},
        **{"national_id": _read_off(dice, card), **_birth(dice, person.born)},
    }


def _left(dice: Random, fields: dict[str, str], person: Person) -> dict[str, str]:
    """What was not left out; of some nothing but name and age; the douar by hand, without a code."""
    kept = {name: text for name, text in fields.items() if text and dice.random() >= UNSAID.get(name, 0)}
    if dice.random() < 0.06:
        kept = {name: text for name, text in kept.items() if name in ("given_name", "family_name", "age")}
    return kept | {"place": person.place if dice.random() < 0.7 else person.place[:-4]}


def _spelled(dice: Random, forms: Spellings, is_arabic: bool) -> str:
    of_script = [form for form in forms if (script_of(form) == ARABIC) is is_arabic] or list(forms)
    return of_script[0] if dice.random() < 0.6 else dice.choice(of_script)


def _typed(dice: Random, text: str) -> str:
    """A neighbouring key, a space left out, the last word of a compound cut short."""
    words, chance = text.split(), dice.random()
    if len(words) > 1 and chance < 0.07:
        return "".join(words) if chance < 0.05 else text[: -max(len(words[-1]) - 2, 1)]
    if chance > 0.03 or len(text) < 4:
        return text
    at = dice.randrange(1, len(text))
    row = next((each for each in KEYS if text[at] in each), text[at])
    near = row.index(text[at]) + dice.choice((-1, 1))
    return text[:at] + row[max(0, min(near, len(row) - 1))] + text[at + 1 :]


def _birth(dice: Random, born: date) -> dict[str, str]:
    """An age that may be five years off, 1 January, nothing, another year, or the day."""
    age, chance = (TODAY - born).days // 365, dice.random()
    if chance < 0.3:
        return {"age": str(max(age + dice.choice(GUESSED), 0))}
    if chance < 0.5:
        return {"birth_date": f"{born.year}-01-01"}
    if chance < 0.55:
        return {}
    if chance < 0.58:
        return {"birth_date": f"{born.year + dice.choice((-10, -1, 1))}-{born.month:02}-{min(born.day, 28):02}"}
    return {"birth_date": born.isoformat()}


def _read_off(dice: Random, number: str) -> str:
    if not number or dice.random() >= 0.05:
        return number
    at = dice.randrange(len(number))
    return number[:at] + LOOKS_LIKE.get(number[at], number[at]) + number[at + 1 :]
