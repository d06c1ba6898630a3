"""One seeded history: a server, phones, people, faults. The seed decides everything."""

import random
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext

from fieldsync.client.transport import Answer
from fieldsync.config import Settings
from fieldsync.services import publishing
from fieldsync.services.publishing import Definition
from tests.simulation.collectors import Collector
from tests.simulation.coordinators import ANSWERS, Coordinators
from tests.simulation.ledger import Ledger
from tests.simulation.machine import Machine
from tests.simulation.network import Network, Request
from tests.simulation.operators import Operators
from tests.simulation.parted import unmerge_everything
from tests.simulation.people import REQUEST_BYTES, Companions
from tests.simulation.phone import Phone
from tests.simulation.photographers import Photographer
from tests.simulation.questionnaire import FIRST, album, definition
from tests.simulation.shelf import Shelf
from tests.simulation.verdicts import Judges

START_MS = 1_790_000_000_000
STEPS = (40, 80)
REGISTERED = 4
"""Forms of each phone before the storm, where coordinators decide who is one."""

COLLECT_SHARE, DECIDE_SHARE = 0.4, 0.3
"""Of the steps, where some companions have ODK Collect, or where coordinators decide on pairs."""

ROUNDS_MAX = 80
"""Quiet rounds in which everything must have arrived; an honest history needs some twenty."""

HOUR_MS = 3_600_000
YEAR_MS = 365 * 24 * HOUR_MS
ROUND_MS = 80 * 60_000
"""Longer than any wait between two attempts."""


class World:
    """Builds the places, plays the storm, then the calm, and collects what the judges say."""

    def __init__(
        self, seed: int, tell: Callable[[str], None] | None = None, collects: bool = False, decides: bool = False
    ) -> None:
        """`collects`: some companions have ODK Collect on their phones; `decides`: coordinators decide on pairs.

        With either, the history of a seed is another.
        """
        self.seed = seed
        self.dice = random.Random(f"fieldsync-{seed}")
        self.now_ms = START_MS
        self.server_skew_ms = 0
        self.faults: Counter[str] = Counter()
        self.steps = 0
        self._tell = tell
        self.ledger = Ledger()
        durability = self.dice.choice(("disk", "backup", "backup", "backup"))
        settings = Settings(durability=durability, request_unpacked_bytes_max=REQUEST_BYTES)
        self.pull_limit = self.dice.choice((3, 10, 200))
        self.machine = Machine(self.server_clock, self.dice.randbytes, settings, keeps_files=collects)
        self.network = Network(self.dice, self.machine, self._heard, self.restart_server)
        self.phones: dict[str, Phone] = {}
        self.collectors: dict[str, Collector] = {}
        self.photographers: dict[str, Photographer] = {}
        self.shelf = Shelf(self) if collects else None
        self.judges = Judges(self)
        self.operators = Operators(self)
        self.coordinators = Coordinators(self) if decides else None
        self.companions = Companions(self.dice, self.ledger, self.judges, ANSWERS if decides else None)
        self._settle_in()
        if collects:
            publish(self.machine, "khl", album(), self.server_clock())
            self.collectors = {name: Collector(self, name) for name in ("dounia", "elham")}
            self.photographers = {name: Photographer(self, name) for name in ("farida", "ghita")}

    def server_clock(self) -> int:
        return max(0, self.now_ms + self.server_skew_ms)

    def trace(self, text: str) -> None:
        if self._tell is not None:
            self._tell(f"{self.steps:4} {text}")

    def run(self) -> dict[str, list[str]]:
        """The whole history; verdict to evidence, nothing where all is well."""
        try:
            with self.machine.files.watched() if self.machine.files else nullcontext():
                self._play()
        except Exception as error:
            self.trace(traceback.format_exc())
            self.judges.accuse("FAULT", f"{type(error).__name__}: {error} at {where(error)}")
        finally:
            if self.machine.files:
                self.machine.files.close()
        return self.judges.found

    def _play(self) -> None:
        for _ in range(self.dice.randint(*STEPS)):
            self.steps += 1
            self.step()
            if self.judges.found:
                return
        if self.settle():
            self.judges.at_quiet()
            if self.coordinators is not None and not self.judges.found:
                self._part()

    # The storm.

    def step(self) -> None:
        """Time passes, and somebody does something, perhaps with a fault waiting for it."""
        self.now_ms += self.dice.randint(1, 40 * 60_000)
        phone = self.dice.choice(list(self.phones.values()))
        if self.collectors and self.dice.random() < COLLECT_SHARE:
            owners: list[Collector | Photographer] = [*self.collectors.values(), *self.photographers.values()]
            collector = self.dice.choice(owners)
            self._with_faults(phone, lambda: self.trace(f"{collector.name} {collector.act()}"))
            return
        if self.coordinators and self.dice.random() < DECIDE_SHARE:
            self._with_faults(phone, self.coordinators.act)
            return
        chance = self.dice.random()
        if chance < 0.36:
            self._with_faults(phone, lambda: self._work(phone))
        elif chance < 0.70:
            self._with_faults(phone, lambda: self.sync(phone))
        elif chance < 0.75:
            self.network.deliver_late()
        elif chance < 0.79:
            self._jump(phone)
        else:
            self._with_faults(phone, self.operators.act)

    def _work(self, phone: Phone) -> None:
        """Somebody has her phone in the hand for a while."""
        for _ in range(self.dice.choice((1, 2, 4))):
            self.trace(f"{phone.name} {self.companions.act(phone)}")

    def sync(self, phone: Phone) -> None:
        """One round trip of a phone."""
        before = phone.device.author
        phone.do(lambda: self.trace(f"{phone.name} sync {phone.device.sync()}"))
        self._note_author(phone, before)
        phone.listen()
        self.judges.on_synced(phone)

    def _note_author(self, phone: Phone, before: str | None) -> None:
        author = phone.device.author
        if author is not None:
            self.ledger.authors[phone.name].add(author)
        if author != before:
            phone.opened.clear()

    def _with_faults(self, phone: Phone, act: Callable[[], object]) -> None:
        """Arm a disk of the two sides, now and then, and go."""
        disks = [phone.disk, self.machine.disk]
        for disk in disks:
            if self.dice.random() < 0.3:
                kind = self.dice.choice(("crash", "crash", "full"))
                disk.arm(1 + int(self.dice.expovariate(0.2)), kind, kind == "crash" and self.dice.random() < 0.5)
        act()
        for disk in disks:
            disk.disarm()

    def _jump(self, phone: Phone) -> None:
        """A clock jumps, by minutes or by years."""
        jump = self.dice.choice((-1, 1)) * self.dice.choice((60_000, HOUR_MS, 30 * HOUR_MS, YEAR_MS, 7 * YEAR_MS))
        self.faults["clock jumped"] += 1
        if self.dice.random() < 0.3:
            self.server_skew_ms += jump
            self.trace(f"server clock {jump:+}")
        else:
            phone.skew_ms += jump
            self.trace(f"{phone.name} clock {jump:+}")

    # The calm.

    def settle(self) -> bool:
        """All faults stop; within a budget of rounds everybody is done and hears nothing new."""
        self.network.calm = True
        self.network.late.clear()
        self.operators.tidy()
        quiet = 0
        for _ in range(ROUNDS_MAX):
            self.now_ms += ROUND_MS
            reports = [self._calm_sync(phone) for phone in self.phones.values()]
            reports += [self._calm_collect(collector) for collector in self.collectors.values()]
            reports += [photographer.rest() for photographer in self.photographers.values()]
            if self.judges.found:
                return False
            quiet = quiet + 1 if all(reports) else 0
            if quiet >= 2 and not self.operators.still_to_do():
                return True
        stuck = [f"{phone.name}: {phone.device.sync()}" for phone in self.phones.values()]
        self.judges.accuse("STUCK", "; ".join(stuck))
        return False

    def _calm_sync(self, phone: Phone) -> bool:
        before = phone.device.author
        report = phone.device.sync()
        self.trace(f"{phone.name} calm {report}")
        if report.status in ("enrol_again", "not_enrolled"):
            self.operators.enrol(phone)
        self._note_author(phone, before)
        return report.quiet and report.pulled == 0

    def _calm_collect(self, collector: Collector) -> bool:
        collector.match()
        return collector.phone.send_all()

    def _part(self) -> None:
        """All is taken back that was merged, and heard of."""
        unmerge_everything(self)
        if self.settle():
            self.judges.at_parted()

    # What happens around.

    def restart_server(self) -> None:
        """Its process ends wherever it is, and starts again on what the disk holds."""
        self.machine.lose_power()
        self.machine.boot()
        self.judges.on_restart()

    def _heard(self, request: Request, answer: Answer) -> None:
        self.judges.on_answer(request, answer)

    def _settle_in(self) -> None:
        """Two associations, their form, and the first phones."""
        for slug in ("khl", "amal"):
            publish(self.machine, slug, definition(FIRST, self.coordinators is not None), self.server_clock())
        self.network.calm = True
        for name in ("amina", "brahim", "chama"):
            self.operators.add_phone(name, "khl")
        self.operators.add_phone("zineb", "amal")
        for phone in list(self.phones.values()) if self.coordinators else ():
            self._register(phone)
        self.network.calm = False

    def _register(self, phone: Phone) -> None:
        """A first round through the villages, in which the same people are met by several companions."""
        for _ in range(REGISTERED):
            self.companions.submit(phone)
        self.sync(phone)

    def total_faults(self) -> Counter[str]:
        """What went wrong, by kind."""
        found = self.faults + self.network.faults
        for name, disk in (
            ("server disk", self.machine.disk),
            *((("phone disk"), p.disk) for p in self.phones.values()),
        ):
            found.update({f"{name}: {kind}": count for kind, count in disk.faults.items()})
        return found


def publish(machine: Machine, slug: str, made: Definition, now_ms: int) -> None:
    """A designer publishes a version of a form for an association."""
    association = machine.association(slug)
    machine.write(lambda session: publishing.publish(session, association, made, now_ms))


def where(error: BaseException) -> str:
    """The innermost line of the product in an exception's way."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "fieldsync/" in frame.filename]
    return f"{frames[-1].filename.rpartition('fieldsync/')[2]}:{frames[-1].lineno}" if frames else "the simulation"
