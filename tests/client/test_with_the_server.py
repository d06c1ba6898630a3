"""The Python device against the real application."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping

import pytest
from sqlalchemy import Engine

from fieldsync.client import Device, Store, enrol
from fieldsync.client.transport import Answer, LinkDown
from fieldsync.services import desk, enrolment
from fieldsync.services.enrolment import NewDevice
from tests.world import HOUR_MS, START_MS, World

VISIT = ("visit", "1")


class InProcess:
    """Carries requests straight into the application; `cuts` says which answers get lost."""

    def __init__(self, world: World, cuts: Callable[[], str]) -> None:
        self.client, self.cuts = world.app.test_client(), cuts

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        fate = self.cuts()
        if fate == "before":
            raise LinkDown(fate)
        response = self.client.post(path, data=body, headers=dict(headers))
        if fate == "after":
            raise LinkDown(fate)
        return Answer(response.status_code, dict(response.headers), response.data)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        response = self.client.get(path, headers=dict(headers))
        return Answer(response.status_code, dict(response.headers), response.data)


class Companion:
    """A phone with a clock of its own."""

    def __init__(self, world: World, name: str) -> None:
        self.clock = START_MS
        self.dice = random.Random(name)
        self.fates: list[str] = []
        self.connection = sqlite3.connect(":memory:")
        self.link = InProcess(world, lambda: self.fates.pop(0) if self.fates else "")
        self.device = self.open()
        enrolled = world.phone()
        self.device.adopt(enrolled.author, enrolled.token, "amal")

    def open(self) -> Device:
        self.device = Device(Store(lambda: self.connection), self.link, lambda: self.clock, self.dice)
        return self.device

    def restore(self, backup: bytes) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.deserialize(backup)
        self.open()

    def settle(self) -> None:
        for _ in range(60):
            if self.device.sync().quiet:
                return
            self.clock += 2 * HOUR_MS
        raise AssertionError(self.device.sync())


@pytest.fixture
def amal(sqlite_engine: Engine) -> Iterator[World]:
    """The association's server."""
    world = World(sqlite_engine)
    yield world
    world.database.close()


def test_what_a_companion_says_arrives_and_looks_the_same_on_both_sides(amal: World) -> None:
    amina = Companion(amal, "amina")
    record = amina.device.submit(*VISIT, {"name": "Fatima", "age": 30, "likes": {"set": ["red"]}})
    report = amina.device.sync()
    assert (report.status, dict(report.results)) == ("ok", {"applied": 1})
    amina.device.edit(record, {"age": None, "likes": {"set": ["green"]}})
    amina.settle()
    shown = amina.device.record(record)
    assert shown is not None
    assert shown["fields"] == amal.fields(record)
    assert {form["id"] for form in amina.device.forms()} == {"visit", "person", "monthly"}


def test_two_companions_in_conflict_see_the_same(amal: World) -> None:
    amina, khadija = Companion(amal, "amina"), Companion(amal, "khadija")
    record = amina.device.submit(*VISIT, {"name": "Fatima", "village": "Imlil"})
    amina.settle()
    khadija.settle()
    amina.device.edit(record, {"name": "Fatma"})
    khadija.device.edit(record, {"name": "Fatema", "village": "Asni"})
    for phone in (amina, khadija, amina):
        phone.settle()
    arrived = amal.record(record)
    assert arrived is not None
    assert set(arrived["conflicts"]) == {"name"}
    for phone in (amina, khadija):
        shown = phone.device.record(record)
        assert shown is not None
        for part in ("fields", "heads", "conflicts", "version", "deleted", "problems"):
            assert shown[part] == arrived[part], part


def test_what_is_quarantined_is_told_and_can_be_corrected(amal: World) -> None:
    amina = Companion(amal, "amina")
    record = amina.device.submit(*VISIT, {"name": "Fatima", "colour": "mauve"})
    amina.settle()
    assert [problem["status"] for problem in amina.device.problems()] == ["quarantined"]
    amina.device.edit(record, {"name": "Fatima", "colour": "red"})
    amina.settle()
    assert amal.fields(record) == {"name": "Fatima", "colour": "red"}


def test_an_operation_for_a_form_to_come_is_held_until_it_is_published(amal: World) -> None:
    amina = Companion(amal, "amina")
    record = amina.device.submit("visit", "2", {"name": "Fatima"})
    amina.settle()
    assert [problem["status"] for problem in amina.device.problems()] == ["held"]
    amal.publish("visit 2")
    amina.settle()
    amina.settle()
    assert amina.device.problems() == []
    assert amal.fields(record) == {"name": "Fatima"}


def test_a_review_comes_down(amal: World) -> None:
    amina = Companion(amal, "amina")
    record = amina.device.submit(*VISIT, {"name": "Fatima"})
    amina.settle()
    amal.at_desk(desk.review, record, "approved", "good work")
    amina.settle()
    shown, arrived = amina.device.record(record), amal.record(record)
    assert shown is not None
    assert arrived is not None
    assert shown["review"] == arrived["review"]
    assert shown["review"]["state"] == "approved"


def test_a_revoked_phone_is_told(amal: World) -> None:
    amina = Companion(amal, "amina")
    known = amal.phone()
    amina.device.adopt(known.author, known.token)
    amal.revoke(known, wipe=True)
    amina.device.submit(*VISIT, {"name": "Fatima"})
    report = amina.device.sync()
    assert (report.status, report.unsent) == ("revoked", 0)


def test_a_phone_restored_from_its_backup_goes_on_under_a_new_id(amal: World) -> None:
    amina = Companion(amal, "amina")
    amina.device.submit(*VISIT, {"name": "one"})
    amina.settle()
    backup = amina.connection.serialize()
    lost = amina.device.submit(*VISIT, {"name": "lost life"})
    amina.settle()
    former = amina.device.author
    amina.restore(backup)
    amina.dice.seed("new life")
    mine = amina.device.submit(*VISIT, {"name": "new life"})
    amina.settle()
    assert amina.device.author != former
    assert amal.fields(mine) == {"name": "new life"}
    assert amal.fields(lost) == {"name": "lost life"}
    shown = amina.device.record(lost)
    assert shown is not None
    assert shown["fields"] == {"name": "lost life"}


def test_a_code_enrols_and_a_second_one_brings_a_lost_token_back(amal: World) -> None:
    new = NewDevice(amal.amal, "device", "Amina's phone")
    amal.write(lambda session: enrolment.offer_code(session, new, "first", START_MS + HOUR_MS))
    amal.write(lambda session: enrolment.offer_code(session, new, "second", START_MS + HOUR_MS))
    amina = Companion(amal, "amina")
    store = Store(lambda: sqlite3.connect(":memory:"))
    assert enrol(store, amina.link, "guessed", amina.dice).status == "refused"
    assert enrol(store, amina.link, "first", amina.dice).status == "enrolled"
    phone = Device(store, amina.link, lambda: amina.clock, amina.dice)
    author = phone.author
    record = phone.submit(*VISIT, {"name": "Fatima"})
    with store.transaction():
        store.update(token="expired")
    assert phone.sync().status == "enrol_again"
    assert enrol(store, amina.link, "second", amina.dice).status == "enrolled"
    assert phone.author == author
    assert phone.sync_until_quiet().quiet
    assert amal.fields(record) == {"name": "Fatima"}


class BadDays:
    """Three companions who do this and that over a link that fails."""

    def __init__(self, world: World, seed: int) -> None:
        self.dice = random.Random(seed)
        self.phones = [Companion(world, f"{name} {seed}") for name in ("amina", "khadija", "rachida")]
        self.records: list[str] = []

    def act(self) -> None:
        """Something, by somebody."""
        phone = self.dice.choice(self.phones)
        phone.clock += self.dice.choice((1, 60_000))
        act = self.dice.choice((self.submit, self.edit, self.delete, self.cut, self.sync, self.sync))
        act(phone)

    def submit(self, phone: Companion) -> None:
        self.records.append(phone.device.submit(*VISIT, {"name": self.dice.choice("abc")}))

    def edit(self, phone: Companion) -> None:
        likes = self.dice.choice([{"set": ["red"]}, {"set": ["green", "red"]}, None])
        for record in self.one_shown(phone):
            phone.device.edit(record, {"age": self.dice.randrange(99), "likes": likes})

    def delete(self, phone: Companion) -> None:
        for record in self.one_shown(phone):
            phone.device.delete(record)

    def one_shown(self, phone: Companion) -> list[str]:
        shown = [record["record"] for record in phone.device.records()]
        return [self.dice.choice(shown)] if shown else []

    def cut(self, phone: Companion) -> None:
        phone.fates.append(self.dice.choice(("before", "after")))

    def sync(self, phone: Companion) -> None:
        phone.device.sync()


@pytest.mark.parametrize("seed", range(6))
def test_over_a_bad_link_everything_arrives_once(amal: World, seed: int) -> None:
    days = BadDays(amal, seed)
    for _ in range(60):
        days.act()
    for _ in range(3):
        for phone in days.phones:
            phone.settle()
    for phone in days.phones:
        for record in days.records:
            arrived, shown = amal.record(record), phone.device.record(record)
            assert arrived is not None
            assert shown is not None
            for part in ("fields", "heads", "conflicts", "deleted", "version"):
                assert shown[part] == arrived[part], part
