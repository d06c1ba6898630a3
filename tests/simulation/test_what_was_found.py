"""Faults of the product that the simulation showed first, each as one small story."""

import random
from uuid import UUID

import msgspec
import pytest

from fieldsync.client import enrol
from fieldsync.config import Settings
from fieldsync.services import enrolment
from fieldsync.services.enrolment import NewDevice
from tests.simulation.machine import Machine
from tests.simulation.network import Link, Network
from tests.simulation.phone import Phone
from tests.simulation.questionnaire import FIRST, FORM, VILLAGES, definition
from tests.simulation.world import START_MS, publish

PULL_LIMIT = 200
WRITE_POINTS_MAX = 100
LATER_MS = 2 * 3_600_000


class Village:
    """A server and one phone, on a good day."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.dice = random.Random(1)
        self.machine = Machine(lambda: self.now_ms, self.dice.randbytes, Settings())
        publish(self.machine, "khl", definition(FIRST), START_MS)
        network = Network(self.dice, self.machine, lambda request, answer: None, self.machine.boot)
        network.calm = True
        self.phone = Phone("amina", lambda: self.now_ms, Link(network, "amina"), self.dice, PULL_LIMIT)
        new = NewDevice(self.machine.association("khl"), "device", "amina")
        self.machine.write(lambda session: enrolment.offer_code(session, new, "welcome", START_MS + LATER_MS))
        enrol(self.phone.device.store, self.phone.link, "welcome", self.dice)

    def submit(self, **answers: str) -> str:
        uuid = str(UUID(int=self.dice.getrandbits(128), version=4))
        return self.phone.device.submit(FORM, FIRST, {"village": VILLAGES[0], **answers}, record=uuid)

    def later(self) -> None:
        self.now_ms += LATER_MS


def test_a_disk_that_is_full_at_the_commit_acknowledges_nothing() -> None:
    village = Village()
    village.submit(head="Fatima")
    for point in range(1, WRITE_POINTS_MAX):
        village.machine.disk.arm(point, "full", after=False)
        results = village.phone.device.sync().results
        village.machine.disk.disarm()
        stored = village.machine.rows("SELECT count(*) FROM operation")[0][0]
        assert (results.get("retry", 0), stored) in ((1, 0), (0, 1))
        village.later()
        if stored:
            return
    raise AssertionError("the batch never went through")


@pytest.mark.parametrize("kind", ["crash", "full"])
def test_a_phone_that_was_emptied_starts_anew_whatever_its_disk_does_meanwhile(kind: str) -> None:
    village = Village()
    for point in range(1, WRITE_POINTS_MAX):
        village.phone.disk.arm(point, kind, after=False)
        village.phone.empty()
        village.phone.disk.disarm()
        assert (village.phone.device.author, village.phone.position()) == (None, 0)
        if village.phone.disk.faults.total() < point:
            return
    raise AssertionError("the store was never made without a fault")


def test_what_is_quarantined_twice_changes_nothing_the_second_time() -> None:
    village = Village()
    village.submit(consent="perhaps")
    said = village.phone.last_said()
    token = village.phone.device.store.state().token
    request = {"protocol": 1, "now": START_MS, "operations": [said]}
    positions = []
    for _ in range(2):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        village.machine.answer("POST", "/api/v1/sync", msgspec.json.encode(request), headers)
        positions.append(village.machine.rows("SELECT position FROM association ORDER BY id"))
    assert positions[0] == positions[1]


def test_a_server_that_went_back_to_a_past_epoch_is_followed_in_the_end() -> None:
    village = Village()
    village.submit(head="Fatima")
    village.phone.device.sync_until_quiet()
    image = village.machine.disk.image()
    village.machine.restore(image, told=True)
    village.phone.device.sync_until_quiet()
    village.machine.restore(image, told=False)
    village.submit(head="Khadija")
    for _ in range(12):
        village.later()
        village.phone.device.sync()
    assert village.phone.device.waiting()["unsent"] == 0
    assert village.machine.rows("SELECT count(*) FROM operation")[0][0] == 2
