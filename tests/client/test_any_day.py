"""Any day in the field: phones, faults, restores and lost lives in any order, and in the end nobody lost anything."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone

PHONES = ("amina", "khadija", "rachida")
ACTIONS_MAX = 60


class World:
    """A server, three phones, and what each companion was told is stored."""

    def __init__(self, kit: "type[Kit]", seed: int) -> None:
        self.kit, self.dice = kit, random.Random(seed)
        self.server = kit.Server()
        self.server.durable = False
        self.server.page = self.dice.choice((3, 1000))
        self.phones = [kit.Phone(self.server, name).enrolled(name) for name in PHONES]
        self.told: set[str] = set()
        self.backups: list[Any] = [self.server.backup()]
        self.phone_backups: dict[int, bytes] = {}

    def run(self) -> None:
        actions: list[tuple[int, Callable[[], None]]] = [
            (8, self.submit),
            (10, self.edit),
            (3, self.delete),
            (12, self.sync),
            (6, self.fault),
            (4, self.later),
            (1, self.restore_server),
            (2, self.back_up_server),
            (2, self.reopen),
            (1, self.back_up_phone),
            (1, self.restore_phone),
            (2, self.verdict),
            (1, self.jump),
        ]
        weights = [weight for weight, _ in actions]
        for _ in range(ACTIONS_MAX):
            self.dice.choices(actions, weights)[0][1]()

    def phone(self) -> "Phone":
        return self.dice.choice(self.phones)

    def writes(self) -> dict[str, Any]:
        paths = self.dice.sample(["name", "age", "skills", "members[1]/name", "members[1]"], self.dice.randint(1, 3))
        return {path: self.value(path) for path in paths}

    def value(self, path: str) -> Any:
        if path == "members[1]":
            return self.dice.choice(["a", None])
        if path == "skills":
            return self.dice.choice([{"set": self.dice.sample(["sew", "cook", "weave"], 2)}, None])
        return self.dice.choice(["x", "y", 3, None])

    def submit(self) -> None:
        self.told.add(self.phone().device.submit("participant", "3", self.writes()))

    def one_of(self, phone: "Phone") -> str | None:
        records = [record["record"] for record in phone.device.records()]
        return self.dice.choice(records) if records else None

    def edit(self) -> None:
        phone = self.phone()
        record = self.one_of(phone)
        if record:
            phone.device.edit(record, self.writes())

    def delete(self) -> None:
        phone = self.phone()
        record = self.one_of(phone)
        if record:
            phone.device.delete(record)

    def sync(self) -> None:
        self.phone().device.sync()

    def fault(self) -> None:
        busy = self.kit.answering(503, Retry_After="20")
        fault = self.dice.choice([self.kit.cut_before, self.kit.cut_after, busy, self.kit.answering(200, b"<html>")])
        self.phone().link.faults.append(fault)

    def later(self) -> None:
        for phone in self.phones:
            phone.clock += self.dice.choice((1, 1_000, 100_000))

    def jump(self) -> None:
        self.phone().clock += self.dice.choice((-1, 1)) * 10 ** self.dice.randint(1, 12)

    def reopen(self) -> None:
        self.phone().reopen()

    def back_up_server(self) -> None:
        self.backups.append(self.server.backup())

    def restore_server(self) -> None:
        self.server.restore(self.dice.choice(self.backups))

    def back_up_phone(self) -> None:
        which = self.dice.randrange(len(self.phones))
        self.phone_backups[which] = self.phones[which].backup()

    def restore_phone(self) -> None:
        """The phone's last days are lost with it, save what the server has: only that may be expected."""
        if not self.phone_backups:
            return
        which, backup = self.phone_backups.popitem()
        phone = self.phones[which]
        for record in {said.record for said in phone.device.store.all_said()}:
            self.told.discard(record)
        phone.restore(backup)
        phone.dice.seed(self.dice.random())
        self.told |= {said.record for said in phone.device.store.all_said()}

    def verdict(self) -> None:
        records = sorted(self.told)
        if records:
            self.server.verdicts[self.dice.choice(records)] = self.dice.choice(["quarantined", "retry", "held"])

    def calm(self) -> None:
        """The faults end, coordinators release what they find, and everybody syncs until all is quiet."""
        for phone in self.phones:
            phone.link.faults = []
        for record in list(self.server.verdicts):
            self.server.release(record)
        for key, (said, status) in list(self.server.data["operations"].items()):
            if status in ("held", "quarantined"):
                self.server.data["operations"][key] = (said, "applied")
                self.server.data["log"].append((said["record"], "coordinator"))
        for _ in range(4):
            for phone in self.phones:
                phone.later()
                phone.settle()


def check(world: World) -> None:
    server = world.server
    for record in world.told:
        assert server.record(record) is not None, f"{record} was lost"
    for phone in world.phones:
        assert phone.device.waiting()["unsent"] == phone.device.waiting()["set_aside"] == 0
        folded = {said["record"]: server.record(said["record"]) for said in server.said().values()}
        held = {said["record"] for said, status in server.data["operations"].values() if status == "held"}
        views = {shown["record"]: shown for shown in phone.device.records()}
        for record, arrived in folded.items():
            if arrived is None or record in held:
                continue  # held for ever: what it builds on died with a phone and a server
            shown = views[record]
            for part in ("fields", "heads", "conflicts", "deleted", "version"):
                assert shown[part] == arrived[part], (phone.device.author, record, part)


@given(seed=st.integers(min_value=0, max_value=2**32))
def test_whatever_happens_nothing_is_lost_and_all_see_the_same(kit: "type[Kit]", seed: int) -> None:
    world = World(kit, seed)
    world.run()
    world.calm()
    check(world)
