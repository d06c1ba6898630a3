"""A companion's phone: the real client over a simulated disk, a link that fails, and a clock of its own."""

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from fieldsync.client import Device, Store
from fieldsync.client.store import Said
from fieldsync.client.transport import Transport
from tests.simulation.disk import Disk, SimulatedCrash

Json = dict[str, Any]
Key = tuple[str, int]

DAY_MS = 24 * 3_600_000


@dataclass
class Opened:
    """A record on the screen: what it showed when it was opened."""

    record: str
    heads: list[Any]


@dataclass
class Saved:
    """What a person was told is saved. `truth`: what she had on the screen, as operation ids; None where just then."""

    phone: str
    life: int
    position: int
    content: Json
    good: bool = True
    destroyed: bool = False
    truth: list[Any] | None = None

    @cached_property
    def meaning(self) -> bytes:
        """What was said, whatever id it is said under."""
        return meaning(self.content)


def meaning(content: Json) -> bytes:
    """The content without its id and the ids that it names: a phone may say it again under a new id."""
    bare = {name: value for name, value in content.items() if name not in ("id", "seen", "bases")}
    return msgspec.json.encode(bare, order="sorted")


@dataclass
class Backup:
    """A copy of a phone, and how far it had come."""

    image: bytes
    position: int


@dataclass
class Phone:
    """`skew_ms`: how far its clock is from the true time. `life` grows when it is emptied or put back to a backup."""

    name: str
    now: Callable[[], int]
    link: Transport
    dice: random.Random
    pull_limit: int
    skew_ms: int = 0
    life: int = 0
    latest_ms: int = 0
    disk: Disk = field(default_factory=Disk)
    opened: list[Opened] = field(default_factory=list)
    backup: Backup | None = None
    association: str = "khl"
    heard: tuple[int, int] = (0, 0)
    """The greatest stamp that came down and was not a day ahead of the phone's clock then."""
    shown_stamps: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.device: Device = self.start()

    def clock(self) -> int:
        """What its clock shows, ms."""
        shown = max(0, self.now() + self.skew_ms)
        self.latest_ms = max(self.latest_ms, shown)
        return shown

    def start(self) -> Device:
        """The application starts on what the phone holds."""
        self.opened.clear()
        self.device = Device(self._open(), self.link, self.clock, self.dice, self.pull_limit)
        return self.device

    def _open(self) -> Store:
        """The store, made where it is not there; after a crash, or for want of room, its owner starts it once more."""
        try:
            return Store(self.disk.connect)
        except (SimulatedCrash, sqlite3.OperationalError):
            return Store(self.disk.connect)

    def crash(self) -> None:
        """The battery falls out."""
        self.disk.lose_power()
        self.start()

    def do(self, act: Callable[[], object]) -> bool:
        """Something that a person or the application does; False where the phone died of it."""
        try:
            act()
        except SimulatedCrash:
            self.crash()
            return False
        return True

    def position(self) -> int:
        """How many operations this store ever held."""
        rows = self.disk.connect().execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'operation'")
        return int(rows.fetchone()[0])

    def last_said(self) -> Json:
        """The operation that was stored last."""
        rows = self.disk.connect().execute("SELECT raw FROM operation ORDER BY position DESC LIMIT 1")
        content: Json = msgspec.json.decode(rows.fetchone()[0])
        return content

    def set_aside(self) -> list[Said]:
        """What the server would not read, and what waits on the phone to be brought to it by hand."""
        return self.device.store.said_in("aside")

    def pulled(self) -> list[Json]:
        """What it keeps of the server's records."""
        rows = self.disk.connect().execute("SELECT body FROM record ORDER BY record, kind, of").fetchall()
        return [msgspec.json.decode(row[0]) for row in rows]

    def listen(self) -> None:
        """Note the stamps that came down since it listened last."""
        latest = self.clock() + DAY_MS
        found = {stamp for record in self.pulled() for stamp in _stamps(record)}
        credible = [stamp for stamp in found - self.shown_stamps if stamp[0] <= latest]
        self.heard = max([self.heard, *credible])
        self.shown_stamps = found | self.shown_stamps

    def back_up(self) -> None:
        """Somebody copies the phone."""
        self.backup = Backup(self.disk.image(), self.position())

    def put_back(self) -> None:
        """The phone is set back to its copy."""
        assert self.backup is not None
        self.disk.replace(self.backup.image)
        self._begin_life()

    def empty(self) -> None:
        """The phone is reset, and everything on it is gone."""
        self.disk.replace(None)
        self.backup = None
        self._begin_life()

    def _begin_life(self) -> None:
        self.life += 1
        self.start()
        self.heard = (0, 0)
        self.shown_stamps = {stamp for record in self.pulled() for stamp in _stamps(record)}


def _stamps(record: Json) -> list[tuple[int, int]]:
    conflicts = record.get("conflicts", {}).values()
    return [(other["stamp"][0], other["stamp"][1]) for others in conflicts for other in others]
