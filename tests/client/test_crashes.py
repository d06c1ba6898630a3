"""The phone's battery falls out between any two statements, and the disk is full at any of them."""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from fieldsync.client import Device, Store, enrol

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

STEPS_MAX = 2000


class Dead(BaseException):
    """The process is gone: no handler of ours runs to its end."""


class Disk:
    """A connection that dies, or has no room, at its n-th statement; what was not committed is gone."""

    def __init__(self, connection: sqlite3.Connection, at: int, after: bool, full: bool = False) -> None:
        self.connection, self.left, self.after, self.full = connection, at, after, full
        self.isolation_level: str | None = None

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        self.left -= 1
        if self.left == 0 and self.full:
            raise sqlite3.OperationalError("database or disk is full")
        if self.left <= 0 and not self.full:
            self._die(statement, values)
        return self.connection.execute(statement, values)

    def _die(self, statement: str, values: tuple[Any, ...]) -> None:
        if self.left == 0 and self.after:
            self.connection.execute(statement, values)
        self.connection.rollback()
        raise Dead

    def rollback(self) -> None:
        self.connection.rollback()


class Day:
    """A day in the field in steps, each of which the companion either saw done or not."""

    def __init__(self, server: "Server", kit: "type[Kit]") -> None:
        self.server, self.kit = server, kit
        self.phone = kit.Phone(server).enrolled()
        self.phone.connection.isolation_level = None
        self.khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
        self.records: list[str] = []
        server.durable = False

    def steps(self) -> list[Callable[[], object]]:
        phone = self.phone
        return [
            self.submit,
            self.submit,
            self.sync,
            lambda: self.phone.device.edit(self.records[0], {"age": 30}) if self.records else None,
            lambda: phone.link.faults.append(self.kit.cut_after),
            self.sync,
            phone.later,
            lambda: self.server.restore(self.server_backup),
            self.sync,
            self.poison,
            self.sync,
            self.sync,
            self.sync,
            lambda: self.records.append(self.khadija.device.submit("participant", "3", {"name": "hers"})),
            self.khadija.settle,
            phone.later,
            self.sync,
            self.sync,
            self.sync,
        ]

    def submit(self) -> None:
        self.records.append(self.phone.device.submit("participant", "3", {"name": "one"}))

    def sync(self) -> None:
        self.phone.device.sync()

    def poison(self) -> None:
        """Something that the server will not be able to read."""
        record = self.phone.device.submit("participant", "3", {"name": "two"})
        self.records.append(record)
        self.server.poison.add(record)

    def live(self, disk: Disk) -> bool:
        """Live the day on this disk; True if it ended without a fault."""
        self.server_backup = self.server.backup()
        whole = True
        self._open(disk)
        for step in self.steps():
            try:
                step()
            except Dead:
                whole = False
                self.phone.reopen()
            except sqlite3.OperationalError:
                whole = False
        return whole and disk.left > 0

    def _open(self, disk: Disk) -> None:
        try:
            store = Store(lambda: disk)  # type: ignore[arg-type,return-value]
        except (Dead, sqlite3.OperationalError):
            self.phone.reopen()
            return
        self.phone.device = Device(store, self.phone.link, lambda: self.phone.clock, self.phone.dice)


def check(day: Day) -> None:
    """Everything that somebody was told is stored has arrived, once, and both see the same."""
    phone, server = day.phone, day.server
    phone.reopen()
    phone.later()
    phone.settle()
    day.khadija.later()
    day.khadija.settle()
    phone.settle()
    aside = {exported["operation"]["record"] for exported in phone.device.export_set_aside()}
    assert aside <= server.poison
    for record in day.records:
        assert record in aside or server.record(record) is not None, record
        assert record in aside or phone.device.record(record) is not None, record
    assert server.data["quarantine"] == []
    assert phone.device.author == "a" * 32, "a crash must not look like another life of the phone"
    assert phone.device.waiting()["unsent"] == 0
    for shown in phone.device.records():
        arrived = server.record(shown["record"])
        assert arrived is not None
        assert (shown["fields"], shown["heads"]) == (arrived["fields"], arrived["heads"])


@pytest.mark.parametrize("kind", ["killed before", "killed after", "disk full"])
def test_a_phone_that_dies_at_any_statement_goes_on_where_it_was(kit: "type[Kit]", kind: str) -> None:
    for at in range(1, STEPS_MAX):
        day = Day(kit.Server(), kit)
        disk = Disk(day.phone.connection, at, after=kind == "killed after", full=kind == "disk full")
        ended = day.live(disk)
        check(day)
        if ended:
            return
    raise AssertionError("the day never ended without a fault")


def test_the_first_opening_can_die_at_any_statement() -> None:
    for at in range(1, STEPS_MAX):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        try:
            Store(lambda at=at, connection=connection: Disk(connection, at, after=False))  # type: ignore[misc,arg-type]
        except Dead:
            assert Store(lambda connection=connection: connection).state().counter == 0  # type: ignore[misc]
        else:
            return


def test_a_disk_that_is_full_while_a_phone_enrols_is_told_and_the_next_code_brings_the_same_id(
    kit: "type[Kit]",
) -> None:
    asked = set[str | None]()
    for at in range(1, STEPS_MAX):
        phone = kit.Phone(kit.Server())
        disk = Disk(sqlite3.connect(":memory:", isolation_level=None), 0, after=False, full=True)
        store = Store(lambda disk=disk: disk)  # type: ignore[misc]
        disk.left = at
        went = enrol(store, phone.link, "one-time", phone.dice)
        if went.status == "enrolled":
            assert asked > {None}
            return
        assert (went.status, store.state().author) == ("storage_failed", None)
        asked.add(store.state().next_author)
        assert enrol(store, phone.link, "second", phone.dice).status == "enrolled"
        assert store.state().author in asked or None in asked
    raise AssertionError("no phone was ever enrolled")


def test_nothing_is_written_outside_a_transaction(phone: "Phone") -> None:
    with pytest.raises(RuntimeError):
        phone.device.store.update(counter=5)
    with pytest.raises(RuntimeError), phone.device.store.transaction(), phone.device.store.transaction():
        pass
    with pytest.raises(ValueError, match="no such"), phone.device.store.transaction():
        phone.device.store.update(**{"no_such_column": 1})
    assert phone.device.store.state().counter == 0
