"""The demo's companions: each with a real phone (fieldsync.client), a name, and a link of her own."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from fieldsync.client import Device, Store
from fieldsync.client.companion import Companion, Filled
from fieldsync.client.companion_people import WORK
from fieldsync.client.transport import HttpTransport
from fieldsync.demo import rooms
from fieldsync.demo.link import Link

ROUNDS_MAX = 200
"""Round trips until a phone has said and heard everything; with this link some ten are enough."""

PEOPLE, ACTIVITIES, GROUPS, MONTHS = 14, 6, 2, 3
IDEAS, VISITS, CHECKS, ROOMS = 2, 4, 2, 5

DAYS = 14
"""How far back the days go that a companion had no link."""


@dataclass
class Clock:
    """A phone's clock, which jumps over the waits between attempts, so that nobody has to sit through them."""

    skipped_ms: int = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + self.skipped_ms

    def skip(self, ms: int) -> None:
        """Jump over a wait."""
        self.skipped_ms += ms


@dataclass
class Phone:
    """A companion and her phone."""

    name: str
    association: str
    device: Device
    link: Link
    clock: Clock
    dice: random.Random
    filled: int = 0
    results: Counter[str] = field(default_factory=Counter)
    tried: int = 0
    heard: int = 0

    def submit(self, form: Filled, version: str | None = None) -> str:
        """Finish a form: it is on the phone, with what she had seen of the entities that it speaks of."""
        self.filled += 1
        named = {value for path, value in form.writes.items() if path.endswith("/@id") and isinstance(value, str)}
        bases = {entity: heads for entity in sorted(named) if (heads := self.device.heads(entity))}
        return self.device.submit(form.form_id, version or form.version, form.writes, bases or None)

    def sync(self) -> None:
        """Sync until everything is said and heard, through lost requests and lost answers."""
        for _ in range(ROUNDS_MAX):
            report = self.device.sync()
            self.tried += 1
            self.heard += report.pulled
            self.results.update(report.results)
            if report.quiet:
                return
            self.clock.skip(report.wait_ms)

    def versions(self) -> dict[str, str]:
        """Form id → newest version that is open to her."""
        return {form["id"]: form["version"] for form in sorted(self.device.forms(), key=lambda form: form["version"])}


def open_phone(folder: Path, name: str, association: str, url: str, seed: int) -> Phone:
    """A companion's phone, with what it kept from last time."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(f"{name} {seed}")
    link = Link(HttpTransport(url), dice)
    clock = Clock()
    device = Device(Store.at(folder / f"{name.lower()}.db"), link, clock.now_ms, dice)
    return Phone(name, association, device, link, clock, dice)


def days_work(phone: Phone, companion: Companion, today: date) -> list[tuple[str, Filled]]:
    """A few days in the villages: people, activities, ideas, groups and their months; (record, form) in order."""

    def day() -> date:
        """One of the last days, in the present year: ages follow from it."""
        return max(today - timedelta(days=phone.dice.randint(0, DAYS)), today.replace(month=1, day=1))

    work = [companion.register_participant(day()) for _ in range(PEOPLE)]
    work += [companion.record_activity(day(), named=place < ACTIVITIES - 1) for place in range(ACTIVITIES)]
    work += [companion.record_idea(day()) for _ in range(IDEAS)]
    work += [companion.visit_idea(day()) for _ in range(VISITS)]
    work += [companion.check_job(day()) for _ in range(CHECKS)]
    work += [companion.profile_group(day()) for _ in range(GROUPS)]
    work += [companion.report_month(today) for _ in range(MONTHS)]
    communes = tuple(each for each in WORK[phone.association.upper()][1] if each in rooms.MIDDLES)
    version = phone.versions()[rooms.FORM]
    work += [rooms.room(phone.dice, communes, version, day()) for _ in range(ROOMS)]
    return [(phone.submit(form), form) for form in work]
