"""A phone that updates its application goes on with the store that the former version wrote."""

import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from fieldsync.client import schema
from fieldsync.client.schema import StoreTooNew

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

AUTHOR = "a" * 32
RECORD = "0192f0c1-0000-7000-8000-000000000001"
NEW_IN_VERSION_2 = ("    witness TEXT,", "    vouch INTEGER")
NEW_IN_VERSION_4 = "CREATE TABLE renamed"


def tables_of_version_1() -> str:
    """The present tables without what versions 2 to 4 brought."""
    before, _, rest = schema.TABLES.partition("CREATE TABLE attachment")
    tables = before + rest[rest.index("INSERT INTO device") :]
    lines = [line for line in tables.splitlines() if not line.startswith((*NEW_IN_VERSION_2, NEW_IN_VERSION_4))]
    text = "\n".join(lines).replace("next_attempt_ms INTEGER NOT NULL DEFAULT 0,", "next_attempt_ms INTEGER DEFAULT 0")
    return text.replace("user_version = 4", "user_version = 1")


def written_by_version_1(start_ms: int) -> sqlite3.Connection:
    """The store of a phone that is enrolled and has one form to send."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(tables_of_version_1())
    said: dict[str, Any] = {"id": [AUTHOR, 1], "record": RECORD, "kind": "submission", "of": "participant"}
    said |= {"version": "3", "stamp": [start_ms, 0], "writes": {"name": "Fatima"}}
    connection.execute("UPDATE device SET author = ?, token = ?, association = 'amal'", (AUTHOR, f"token-{AUTHOR}"))
    connection.execute("UPDATE device SET counter = 1, clock_ms = ?", (start_ms,))
    raw = msgspec.json.encode(said)
    connection.execute(
        "INSERT INTO operation (author, counter, record, raw) VALUES (?, 1, ?, ?)", (AUTHOR, RECORD, raw)
    )
    connection.commit()
    return connection


def columns(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """(table, column) of a store."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")}


def test_a_store_of_version_1_opens_and_goes_on(server: "Server", kit: "type[Kit]") -> None:
    server.add_device(AUTHOR, f"token-{AUTHOR}")
    phone = kit.Phone(server)
    present = columns(phone.connection)
    phone.connection = written_by_version_1(kit.start_ms)
    before = columns(phone.connection)
    phone.reopen()
    tables = {each for each in present if each[0] in ("attachment", "renamed")}
    assert present - before == tables | {("device", "witness"), ("device", "vouch")}
    assert columns(phone.connection) == present
    phone.device.edit(RECORD, {"age": 34})
    phone.link.faults = [kit.changing(lambda answer: answer.update(witness="w"))]
    phone.settle()
    phone.reopen()
    arrived = server.record(RECORD)
    assert arrived is not None
    assert arrived["fields"] == {"name": "Fatima", "age": 34}
    assert phone.device.store.state().witness == "w"
    assert sorted(server.said()) == [(AUTHOR, 1), (AUTHOR, 2)]


def test_a_store_of_a_later_version_is_left_alone(phone: "Phone") -> None:
    phone.connection.execute("PRAGMA user_version = 5")
    before = list(phone.connection.iterdump())
    with pytest.raises(StoreTooNew):
        phone.reopen()
    assert list(phone.connection.iterdump()) == before
