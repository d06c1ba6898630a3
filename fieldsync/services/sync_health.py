"""How phones are doing: who is up to date, late, silent; what waits on them; whom to call first."""

from collections import Counter
from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store import authors, devices, operations, quarantine
from fieldsync.store.associations import AssociationRow
from fieldsync.store.devices import DeviceRow

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS

UP_TO_DATE_MS = DAY_MS
"""A phone that was heard of within so long is up to date."""

SILENT_MS = 7 * DAY_MS
"""A phone that was not heard of for so long is silent; in between it is late."""

CHART_DAYS = 30
CALLS_MAX = 10
VERSIONS_MAX = 8

CLOCK_WRONG_MS = 10 * 60 * 1000
STORAGE_LOW_BYTES = 200_000_000
UNSENT_PER_DAY = 5
"""So many records that wait on a phone make it as urgent as a day of silence."""


@dataclass(frozen=True)
class Phone:
    """A phone as its coordinator must know it. `faults` are words of the code: clock, storage, old_app."""

    association: AssociationRow
    device_id: int
    name: str
    state: str
    heard_ms: int
    unsent: int
    oldest_ms: int | None
    app: str
    faults: tuple[str, ...] = ()
    author: str = ""
    places: tuple[str, ...] = ()

    def urgency(self, now_ms: int) -> float:
        """How soon somebody should call: days of silence, and what waits."""
        return (now_ms - self.heard_ms) / DAY_MS + self.unsent / UNSENT_PER_DAY + len(self.faults)


@dataclass
class Health:
    """All of it. `days`: (how many up to date, late, silent) of each of the last days, oldest first."""

    states: Counter[str] = field(default_factory=Counter)
    unsent: int = 0
    versions: list[tuple[str, int]] = field(default_factory=list)
    held: int = 0
    quarantined: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    calls: list[Phone] = field(default_factory=list)
    days: list[tuple[int, int, int]] = field(default_factory=list)
    first_day_ms: int = 0

    @property
    def phones(self) -> int:
        """How many phones there are, without revoked ones."""
        return self.states.total()


def health(session: Session, owners: tuple[AssociationRow, ...], now_ms: int) -> Health:
    """How the phones of some associations are doing."""
    found = Health()
    phones = [
        (owner, row)
        for owner in owners
        for row in devices.of_association(session, owner.id)
        if row.kind == "device" and row.status == "active"
    ]
    newest = max((str(_report(row).get("app", "")) for _, row in phones), key=_version, default="")
    told = [_phone(owner, row, newest, now_ms) for owner, row in phones]
    found.states = Counter(each.state for each in told)
    found.unsent = sum(each.unsent for each in told)
    found.versions = Counter(each.app for each in told if each.app).most_common(VERSIONS_MAX)
    found.faults = Counter(fault for each in told for fault in each.faults)
    found.held = sum(operations.held_count(session, owner.id) for owner in owners)
    found.quarantined = sum(quarantine.waiting_count(session, owner.id) for owner in owners)
    urgent = [each for each in told if each.state == "silent" or each.unsent or each.faults]
    first = sorted(urgent, key=lambda each: (-each.urgency(now_ms), each.name))[:CALLS_MAX]
    found.calls = [_located(session, each) for each in first]
    found.days, found.first_day_ms = _days(session, [row for _, row in phones], now_ms)
    return found


def state_of(heard_ms: int, now_ms: int) -> str:
    """up_to_date, late or silent."""
    since = now_ms - heard_ms
    return "up_to_date" if since < UP_TO_DATE_MS else "late" if since < SILENT_MS else "silent"


def _phone(owner: AssociationRow, row: DeviceRow, newest: str, now_ms: int) -> Phone:
    report = _report(row)
    heard = row.last_sync_ms or row.enrolled_ms
    app, storage = str(report.get("app", ""))[:40], report.get("storage_free")
    faults = {
        "clock": abs(row.clock_error_ms) > CLOCK_WRONG_MS,
        "storage": isinstance(storage, int) and storage < STORAGE_LOW_BYTES,
        "old_app": bool(app) and app != newest,
    }
    unsent, oldest = report.get("unsent", 0), report.get("oldest_ms")
    return Phone(
        owner, row.id, row.name, state_of(heard, now_ms), heard, unsent if isinstance(unsent, int) else 0,
        oldest if isinstance(oldest, int) else None, app, tuple(name for name, holds in faults.items() if holds),
    )  # fmt: skip


def _located(session: Session, phone: Phone) -> Phone:
    """A phone with the author under which its page is found, and the places that it works in."""
    own = authors.of_device(session, phone.device_id)
    places = tuple(view.place for view in devices.views(session, phone.device_id) if view.place)
    return replace(phone, author=own[-1].name if own else "", places=places)


def _report(row: DeviceRow) -> dict[str, object]:
    found = msgspec.json.decode(bytes(row.report)) if row.report else {}
    return found if isinstance(found, dict) else {}


def _version(app: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in app.split("."))


def _days(session: Session, rows: list[DeviceRow], now_ms: int) -> tuple[list[tuple[int, int, int]], int]:
    """How it stood on each of the last days; the last one is today, as it stands now."""
    last = now_ms // DAY_MS
    first = last - CHART_DAYS + 1
    heard: dict[int, set[int]] = {row.id: {row.last_sync_ms // DAY_MS} for row in rows}
    for device_id, day in devices.days_heard(session, list(heard), first - 7):
        heard[device_id].add(day)
    days = []
    for day in range(first, last + 1):
        there = [row for row in rows if row.enrolled_ms // DAY_MS <= day]
        since_heard = [min((day - each for each in heard[row.id] if each <= day), default=99) for row in there]
        up_to_date = sum(each == 0 for each in since_heard)
        late = sum(0 < each < SILENT_MS // DAY_MS for each in since_heard)
        days.append((up_to_date, late, len(there) - up_to_date - late))
    return days, first * DAY_MS
