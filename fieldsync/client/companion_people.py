"""Simulated people: whom a companion meets, and the places where she meets them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from fieldsync.client import companion_names
from fieldsync.client.companion_names import Name
from fieldsync.core.operations import Value

AGES = {
    "child": (5, 13),
    "young_pupil": (10, 17),
    "youth": (18, 30),
}
"""Years, lowest and highest, of those whom a role's name puts in an age; everybody else is an adult."""
ADULT_AGES = (19, 64)

AGE_BANDS = ((15, "under_15"), (18, "15_17"), (25, "18_24"), (36, "25_35"), (60, "36_59"))
"""(years, band): who is younger than that, and than no band before, is in it."""
OLDEST_BAND = (60, "60_plus")

WORK = {
    "ANW": ("07.161", ("07.161.07.11", "07.161.07.01", "07.161.05.09", "07.161.07.09")),
    "BAS": ("07.161", ("07.161.01.01", "07.161.07.11")),
    "KHL": ("07.041", ("07.041.05.05", "07.041.05.07", "07.041.05.01", "07.041.01.03")),
    "ATT": ("07.041", ("07.041.01.09", "07.041.01.03")),
    "BIN": ("07.041", ("07.041.07.03",)),
    "KHT": ("07.041", ("07.041.07.03", "07.041.05.05", "07.041.01.09")),
    "SAF": ("07.041", ("07.041.07.03", "07.041.05.01")),
}
"""Association to the province and communes of its companions."""

ROLES = {
    "ANW": ("woman_leader", "woman_leader", "woman_beneficiary"),
    "BAS": ("young_pupil",),
    "KHL": ("woman_beneficiary", "woman_beneficiary", "child"),
    "ATT": ("youth",),
    "BIN": ("project_holder", "youth"),
    "KHT": ("woman_beneficiary", "field_companion", "project_holder", "coop_member"),
    "SAF": ("woman_beneficiary", "coop_member"),
}
"""Association to the roles of the people it registers, the usual ones more often."""

DOUARS_WITHOUT_COMMUNE = ("douar-0001", "douar-0002", "douar-0003", "douar-0004")
"""Internal ids of douars of Al Haouz whose commune nobody has confirmed: offered in every commune of the province."""
AL_HAOUZ = "07.041"


@dataclass(frozen=True, slots=True)
class Person:
    """A registered participant as a companion remembers her: `id` is the entity's UUID, `short_id` is on her card."""

    id: str
    short_id: str
    sex: str
    birth_year: int
    name: str
    name_alt: str
    role: str


def new_uuid(rng: Random) -> str:
    """A version 4 UUID of the generator's own bits."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def short_code(rng: Random, letter: str) -> str:
    """A short id as the forms draw it: a letter and eight hexadecimal digits."""
    return f"{letter}-{rng.getrandbits(32):08X}"


def phone(rng: Random) -> str:
    """A Moroccan mobile number, national or international."""
    prefix = "+212" if rng.random() < 0.15 else "0"
    return f"{prefix}{rng.choice('67')}{rng.randrange(10**8):08}"


def full_name(rng: Random, given: Name, family: Name) -> tuple[str, str]:
    """The name in Arabic, and in one of its Latin spellings."""
    return f"{given[0]} {family[0]}", f"{rng.choice(given[1])} {rng.choice(family[1])}"


def someone(rng: Random, association: str, year: int) -> Person:
    """A person whom the association would register in that year."""
    role = rng.choice(ROLES[association])
    woman = role.startswith("woman") or rng.random() < (0.85 if role == "coop_member" else 0.6)
    youngest, oldest = AGES.get(role, ADULT_AGES)
    given = rng.choice(companion_names.WOMEN if woman else companion_names.MEN)
    spellings = full_name(rng, given, rng.choice(companion_names.FAMILIES))
    name, name_alt = spellings if rng.random() < 0.65 else (spellings[1], spellings[0])
    return Person(
        id=new_uuid(rng),
        short_id=short_code(rng, "P"),
        sex="f" if woman else "m",
        birth_year=year - rng.randint(youngest, oldest),
        name=name,
        name_alt=name_alt,
        role=role,
    )


def person_of(record: Mapping[str, Any], year: int) -> Person:
    """The person in an entity of `participants` as sync brings it; her year of birth is one that fits her age band."""
    fields = record["fields"]
    band = fields.get("band")
    roles = fields.get("role") or {"set": []}
    return Person(
        id=record["record"],
        short_id=fields.get("participant_id") or "",
        sex=fields.get("sex") or "f",
        birth_year=year - next((below - 1 for below, name in AGE_BANDS if name == band), OLDEST_BAND[0]),
        name=fields.get("full_name") or fields.get("label") or "",
        name_alt="",
        role=next(iter(roles["set"]), "woman_beneficiary"),
    )


def age_band(age: int) -> str:
    """The programme's age band."""
    return next((band for below, band in AGE_BANDS if age < below), OLDEST_BAND[1])


def douar_answers(rng: Random, path: str, province: str) -> dict[str, Value]:
    """A douar below a commune: often not said, sometimes one that is not in the list."""
    luck = rng.random()
    if luck < 0.5:
        return {}
    if luck < 0.8 and province == AL_HAOUZ:
        return {path: rng.choice(DOUARS_WITHOUT_COMMUNE)}
    return {path: "other", f"{path}_other": rng.choice(companion_names.DOUARS)}


def place_answers(rng: Random, association: str, paths: Sequence[str]) -> dict[str, Value]:
    """A cascade of province, commune and douar at these three paths, where the association works."""
    province, communes = WORK[association]
    at_province, at_commune, at_douar = paths
    return {at_province: province, at_commune: rng.choice(communes)} | douar_answers(rng, at_douar, province)
