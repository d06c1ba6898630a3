"""Family links in a made-up registry: some records name the mother, by one of the records that are about her.

Which of them is chance, and nobody has merged them yet; sometimes it is somebody else's mother.
"""

from dataclasses import replace
from random import Random
from uuid import UUID

from tests.linkage_registry.registry import COMPANIONS, Record, Registry

ASKS = (0.0, 0.2, 0.5, 0.9)
"""How many of the mothers whom she could name a companion does name."""

MISTAKEN = 0.03


def uuid_of(number: int) -> str:
    """The UUID under which a record is named."""
    return str(UUID(int=number))


def with_mothers(made: Registry, seed: int) -> Registry:
    """The same registry, in which companions name mothers; what else they wrote stays as it was."""
    dice = Random(seed)
    asks = [dice.choice(ASKS) for _ in range(COMPANIONS)]
    about: dict[int, list[int]] = {}
    for each in made.records:
        about.setdefault(each.person.number, []).append(each.number)
    mothers = sorted({each.person.mother for each in made.records if each.person.mother in about})

    def named(record: Record) -> Record:
        mother = record.person.mother
        if mother not in about or dice.random() >= asks[record.companion]:
            return record
        other = dice.choice(mothers) if dice.random() < MISTAKEN else mother
        return replace(record, fields=record.fields | {"mother": uuid_of(dice.choice(about[other]))})

    return Registry(list(map(named, made.records)))
