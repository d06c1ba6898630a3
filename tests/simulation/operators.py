"""What coordinators and operators do at the server, and what happens to phones as things."""

import contextlib
import random
from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from fieldsync.client import enrol
from fieldsync.client.transport import LinkDown
from fieldsync.core.problems import Problem
from fieldsync.services import deciding, desk, enrolment, merging, publishing
from fieldsync.services.desk import Desk, Found
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.store import devices
from fieldsync.store.db import Busy
from fieldsync.store.devices import ViewRow
from tests.simulation.books import read_books
from tests.simulation.disk import SimulatedCrash
from tests.simulation.file_disk import Tree
from tests.simulation.ledger import Decision
from tests.simulation.machine import token_text
from tests.simulation.network import Request
from tests.simulation.phone import Phone
from tests.simulation.questionnaire import FIRST, FORM, PLACES, SECOND, VILLAGES, definition
from tests.simulation.shelf import Promises
from tests.simulation.sight import dashed

if TYPE_CHECKING:
    from tests.simulation.world import World

PHONES_MAX = 6
CODE_MS = 15 * 60_000

HOUR_MS = 3_600_000
YEARS_MS = 2 * 365 * 24 * HOUR_MS
SKEWS_MS = (-20 * HOUR_MS, -120_000, 90_000, 20 * HOUR_MS, YEARS_MS, YEARS_MS + HOUR_MS)
"""How wrong a phone's clock is when it is handed out: minutes, most of a day, years ahead."""

VIEWS = (
    (ViewRow("all"),), (ViewRow("own"),), (ViewRow("place", PLACES[0]),), (ViewRow("place", PLACES[1]),),
    (ViewRow("own"), ViewRow("place", PLACES[1])), (ViewRow("all"), ViewRow("place", PLACES[0])),
)  # fmt: skip

NARROW_FROM_THE_START = 0.35
"""How many phones are handed out with less, or other, than all of their association."""


class Operators:
    """The desk, the machine room, and fate."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._dice: random.Random = world.dice
        self._machine = world.machine
        self._backup: tuple[bytes, set[Any]] | None = None
        self._handed_in: set[str] = set()
        self._files: tuple[Tree, Promises] | None = None
        self._decided: set[Decision] = set()
        self.backed_up: dict[str, set[int]] = {}
        """Author to the counters that the last backup holds."""
        self._acts: list[tuple[int, Callable[[], object]]] = [
            (14, self.review), (5, self.comment), (8, self.correct), (4, self.delete), (12, self.judge),
            (20, self.merge), (12, self.unmerge), (7, self.publish), (16, self.change_views), (3, self.revoke),
            (3, self.add_another_phone), (8, self.speak_for_another), (8, self.back_up), (9, self.restore),
            (3, self.restore_untold), (3, self.empty_phone), (9, self.copy_phone), (10, self.put_back_phone),
            (4, self.restart),
        ]  # fmt: skip
        if world.machine.files:
            self._acts.append((12, self.give_up_files))

    def act(self) -> None:
        """One of the things that happen; a crash of the server in the middle of it is a restart."""
        weights, acts = zip(*self._acts, strict=True)
        act = self._dice.choices(acts, weights)[0]
        self._world.trace(f"operator {act.__name__}")
        try:
            act()
        except SimulatedCrash:
            self._world.restart_server()
        except Busy:
            return

    # The desk.

    def review(self) -> None:
        self._at_desk("submission", lambda x, d, f: desk.review(x, d, f, self._state(), "look"))

    def comment(self) -> None:
        self._at_desk("submission", lambda x, d, f: desk.comment(x, d, f, "seen"))

    def correct(self) -> None:
        answers = {"village": self._dice.choice(VILLAGES), "note": f"c{self._dice.randrange(10**6)}"}
        self._at_desk("submission", lambda x, d, f: desk.correct(x, d, f, answers))

    def delete(self) -> None:
        self._at_desk("submission", lambda x, d, f: desk.delete(x, d, f))

    def merge(self) -> None:
        names = self._names("entity")
        if len(names) > 1:
            one, other = self._dice.sample(names, 2)
            self._at_desk("entity", lambda x, d, f: self._join(x, d, f, dashed(other)), one)

    def _join(self, session: Any, by: Desk, found: Found, other: str) -> Problem | None:
        if self._world.coordinators is None:
            return merging.merge(session, by, found, [other])
        return deciding.unite(session, by, found, [other])

    def unmerge(self) -> None:
        rows = self._machine.rows(
            "SELECT lower(hex(r.uuid)) FROM record r JOIN merge m ON m.record_id = r.id GROUP BY r.id ORDER BY r.id"
        )
        if rows:
            name = self._dice.choice(rows)[0]
            self._at_desk("entity", lambda x, d, f: merging.unmerge(x, d, f), name)

    def judge(self) -> None:
        """A verdict on something that is quarantined, or held."""
        waiting = (
            self._machine.rows(
                "SELECT association_id, lower(hex(record)), author, counter FROM quarantine WHERE status != 'released'"
                " AND record IS NOT NULL ORDER BY id"
            )
            + self._held()
        )
        if waiting:
            association, uuid, author, counter = self._dice.choice(waiting)
            self._verdict(association, uuid, (author, counter), self._dice.choice(("release", "release", "reject")))

    def _held(self) -> list[tuple[Any, ...]]:
        return self._machine.rows(
            "SELECT a.association_id, lower(hex(r.uuid)), a.name, o.counter FROM operation o"
            " JOIN author a ON a.id = o.author_id JOIN record r ON r.id = o.record_id"
            " WHERE o.status = 'held' AND o.n = 0 ORDER BY o.id"
        )

    def _verdict(self, association: int, uuid: str, key: tuple[str, int], verdict: str) -> Problem | None:
        who = Desk(association, "op", self._world.server_clock())
        name = dashed(uuid)
        return self._machine.write(lambda x: desk.judge(x, who, name, key, verdict))

    def _at_desk(self, kind: str, act: Callable[[Any, Desk, Found], Problem | None], name: str | None = None) -> None:
        names = self._names(kind)
        if not names:
            return
        uuid = dashed(name or self._dice.choice(names))
        who = Desk(self._machine.association("khl"), "op", self._world.server_clock())

        def work(session: Any) -> Problem | None:
            found = [one for one in desk.find(session, who.association_id, uuid) if one.kind == kind]
            return act(session, who, found[0]) if found else None

        self._machine.write(work)

    def _names(self, kind: str) -> list[str]:
        rows = self._machine.rows(
            "SELECT lower(hex(r.uuid)) FROM record r JOIN collection c ON c.id = r.collection_id"
            " JOIN association a ON a.id = c.association_id"
            " WHERE a.slug = 'khl' AND c.kind = ? AND r.review != 'held' ORDER BY r.id", kind
        )  # fmt: skip
        return [row[0] for row in rows]

    def _state(self) -> str:
        return self._dice.choice(("approved", "rejected", "hasIssues"))

    # The machine room.

    def publish(self) -> None:
        """The second version of the form."""
        at, form = self._world.server_clock(), definition(SECOND, self._world.coordinators is not None)
        for slug in ("khl", "amal"):
            association = self._machine.association(slug)
            self._machine.write(lambda x, a=association: publishing.publish(x, a, form, at))  # type: ignore[misc]

    def change_views(self) -> None:
        """What a phone may read is granted or withdrawn."""
        phone = self._any_phone()
        views = self._dice.choice(VIEWS)
        device = self.device_of(phone)
        if device is not None:
            self._world.trace(f"{phone.name} reads {views}")
            self._machine.write(lambda x: devices.set_views(x, device, views))

    def revoke(self) -> None:
        phone = self._any_phone()
        device = self.device_of(phone)
        if device is not None:
            status = self._dice.choice(("revoked", "active"))
            self._world.trace(f"{phone.name} {status}")
            self._machine.write(lambda x: devices.set_status(x, device, status, False))

    def back_up(self) -> None:
        """Copy the database; once the copy is verified, the server may count on it."""
        acked, arrived = set(self._world.ledger.acked), defaultdict[str, set[int]](set)
        for author, counter in read_books(self._machine).said():
            arrived[author].add(counter)
        self._backup = (self._machine.disk.image(), acked)
        self._handed_in = set(self._world.ledger.handed_in)
        self._decided = set(self._world.ledger.decided)
        self.backed_up = arrived
        if self._machine.files and self._world.shelf:
            self._files = self._machine.files.image(), deepcopy(self._world.shelf.promises)
        self._machine.remember_backup()

    def restore(self) -> None:
        self._go_back(told=True)

    def restore_untold(self) -> None:
        """Somebody copies the file back and tells nobody: the phones bear witness, whenever they come."""
        self._go_back(told=False)

    def _go_back(self, told: bool) -> None:
        """Only a verified backup that phones were told of may be restored: that is what they rely on."""
        if self._backup is None or self._machine.settings.durability != "backup":
            return
        image, acked = self._backup
        self._world.faults["server restored" if told else "server restored, nobody told"] += 1
        self._world.ledger.acked = set(acked)
        self._world.ledger.handed_in = set(self._handed_in)
        self._world.ledger.decided = set(self._decided)
        for collector in self._world.collectors.values():
            collector.send_again()
        for photographer in self._world.photographers.values():
            photographer.send_again()
        if self._machine.files and self._world.shelf and self._files:
            tree, promises = self._files
            self._machine.files.put_back({"attachments": tree.get("attachments", {})})
            self._world.shelf.promises = Promises(set(promises.kept))
        self._machine.disk.disarm()
        self._machine.restore(image, told)
        self._world.judges.on_restore()

    def give_up_files(self) -> None:
        assert self._world.shelf is not None
        self._world.shelf.give_up()

    def restart(self) -> None:
        self._world.faults["server restarted"] += 1
        self._world.restart_server()

    # Phones as things.

    def add_phone(self, name: str, association: str) -> None:
        link = self._world.network.link(name)
        phone = Phone(name, lambda: self._world.now_ms, link, self._dice, self._world.pull_limit)
        phone.association = association
        phone.skew_ms = self._dice.choice(SKEWS_MS)
        self._world.phones[name] = phone
        self.enrol(phone)

    def add_another_phone(self) -> None:
        count = len(self._world.phones)
        if count < PHONES_MAX:
            self.add_phone(f"new{count}", "khl")

    def empty_phone(self) -> None:
        """Reset; its owner enrols it again as a new one."""
        phone = self._any_phone()
        self._world.faults["phone emptied"] += 1
        self._world.ledger.destroy(phone)
        phone.empty()
        self.enrol(phone)

    def copy_phone(self) -> None:
        phone = self._any_phone()
        phone.back_up()

    def put_back_phone(self) -> None:
        """A phone is set back to its copy, and does not know it."""
        copied = [phone for phone in self._world.phones.values() if phone.backup is not None]
        if not copied:
            self.copy_phone()
        else:
            phone = max(copied, key=_said_since)
            self._world.faults["phone restored"] += 1
            self._world.trace(f"{phone.name} put back")
            assert phone.backup is not None
            self._world.ledger.destroy(phone, after=phone.backup.position)
            self._world.network.forget(phone.name)
            phone.put_back()

    def speak_for_another(self) -> None:
        """A phone that is wrong about itself says something under the id that another one will use next."""
        phones = [phone for phone in self._world.phones.values() if phone.device.store.state().token]
        if len(phones) < 2:
            return
        one, other = self._dice.sample(phones, 2)
        theirs = other.device.store.state()
        said = {
            "id": [theirs.author, theirs.counter + self._dice.randint(1, 3)], "kind": "submission", "of": FORM,
            "record": str(UUID(int=self._dice.getrandbits(128), version=4)), "version": FIRST,
            "stamp": [one.clock(), 0], "writes": {"head": f"s{self._dice.randrange(10**6)}"},
        }  # fmt: skip
        body = msgspec.json.encode({"protocol": 1, "now": one.clock(), "pull": "none", "operations": [said]})
        headers = {"Authorization": f"Bearer {one.device.store.state().token}", "Content-Type": "application/json"}
        with contextlib.suppress(LinkDown):
            self._world.network.deliver(Request(one.name, "POST", "/api/v1/sync", body, headers))

    def enrol(self, phone: Phone) -> None:
        """A coordinator gives a code, and the companion types it in."""
        code, now_ms = token_text(self._dice.randbytes(6)), self._world.server_clock()
        association = self._machine.association(phone.association)
        views = self._dice.choice(VIEWS) if self._dice.random() < NARROW_FROM_THE_START else EVERYTHING
        new = NewDevice(association, "device", phone.name, views)
        self._machine.write(lambda x: enrolment.offer_code(x, new, code, now_ms + CODE_MS))
        phone.do(lambda: self._world.trace(f"{phone.name} {enrol(phone.device.store, phone.link, code, self._dice)}"))

    def device_of(self, phone: Phone) -> int | None:
        """The row id of the device that the server takes the phone for."""
        rows = self._machine.rows("SELECT device_id FROM author WHERE name = ?", phone.device.author or "")
        return rows[0][0] if rows else None

    def _any_phone(self) -> Phone:
        return self._dice.choice(list(self._world.phones.values()))

    # After the storm.

    def tidy(self) -> None:
        """The faults have stopped; the desk catches up with what is left to decide."""
        self._machine.disk.disarm()
        for phone in self._world.phones.values():
            phone.disk.disarm()
        self.publish()

    def still_to_do(self) -> bool:
        """Held operations whose author's phone is gone are released; whether there were any."""
        held = self._held()
        self._world.judges.before_releases()
        for association, uuid, author, counter in held:
            self._verdict(association, uuid, (author, counter), "release")
        return bool(held)


def _said_since(phone: Phone) -> int:
    """How much would be forgotten if the phone were put back to its copy."""
    return phone.position() - phone.backup.position if phone.backup is not None else 0
