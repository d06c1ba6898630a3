"""Who is in the demo, and what they did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from fieldsync.client.companion import Companion, Filled
from fieldsync.demo.phones import Phone
from fieldsync.store.db import Database

COMPANIONS = (
    ("Khadija", "kht", "KHT-M01"),
    ("Fadma", "kht", "KHT-M02"),
    ("Zahra", "kht", "KHT-M04"),
    ("Naima", "khl", "KHL-M01"),
    ("Aicha", "saf", "SAF-M01"),
    ("Mina", "att", "ATT-M01"),
)
"""Name, association, and the code that is written on her phone."""

Say = Callable[[str], None]


@dataclass
class Cast:
    """The companions of a run, and the records that its story is about: what → UUID."""

    database: Database
    associations: Mapping[str, int]
    run: int
    today: date
    phones: dict[str, Phone] = field(default_factory=dict)
    companions: dict[str, Companion] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    work: dict[str, list[tuple[str, Filled]]] = field(default_factory=dict)
