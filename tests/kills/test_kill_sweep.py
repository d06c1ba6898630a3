"""kill -9 on the real server under load: what was acknowledged is there, nothing is broken, and it starts again."""

import os
import random
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from fieldsync.app import open_database
from fieldsync.config import Settings
from fieldsync.services import enrolment, publishing
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.uploads import open_files
from fieldsync.store import associations
from fieldsync.store.db import Database
from fieldsync.store.file_store import key_of
from tests.kills import file_load
from tests.kills.file_load import FilePhone
from tests.kills.load import Key, Known, LoadedPhone
from tests.kills.server_process import ServerProcess
from tests.tiny_forms import definition

PHONES, FILE_PHONES = 4, 2
UP_SECONDS_MAX = 0.7
"""A kill comes at a random moment of this span; longer, and the sweep would only be slower."""
STARTING_KILL = 0.1
"""How often a kill comes while the server is still starting."""
STARTING_SECONDS_MAX = 0.2
"""A start takes about as long, once the program is loaded."""
DOCTOR_EVERY = 20
"""The doctor folds everything again, so it does not come after every kill."""


@dataclass
class Table:
    """What the sweep did."""

    seed: int
    kills: int = 0
    kills_while_starting: int = 0
    acknowledged: int = 0
    checked: int = 0
    lost: int = 0
    in_flight: int = 0
    answers_lost: int = 0
    restarts: int = 0
    files_kept: int = 0
    uploads_resumed: int = 0
    doctor_runs: int = 0
    doctor_findings: list[object] = field(default_factory=list)

    def show(self, title: str) -> str:
        rows = [f"{name.replace('_', ' '):<22}{value}" for name, value in vars(self).items()]
        return "\n".join([f"\n{title}", *rows])


class Sweep:
    """A data folder, its server, the phones around it, and what they were promised."""

    def __init__(self, data: Path, database_url: str, seed: int) -> None:
        self.dice = random.Random(seed)
        self.table = Table(seed)
        self.url = database_url
        self.server = ServerProcess(data, database_url)
        self.settings = Settings(data=data, database_url=database_url)
        self.owner = 0
        known, pairs = Known(), self._set_up()
        self.phones = [LoadedPhone(*pair, known, self.dice.getrandbits(32)) for pair in pairs[:PHONES]]
        self.file_phones = [FilePhone(token, self.dice.getrandbits(32)) for _, token in pairs[PHONES:]]
        self.everyone: list[LoadedPhone | FilePhone] = [*self.phones, *self.file_phones]

    def _set_up(self) -> list[tuple[str, str]]:
        database = open_database(self.settings)
        self.owner = database.write(lambda session: associations.add(session, "amal", "Amal")).id
        for name in ("visit 1", "person 1"):
            made = definition(name)
            database.write(partial(publishing.publish, association_id=self.owner, definition=made, now_ms=1))
        pairs = [(self.dice.randbytes(16).hex(), self.dice.randbytes(16).hex()) for _ in range(PHONES + FILE_PHONES)]
        for author, token in pairs:
            _enrol(database, self.owner, author, token)
        database.close()
        return pairs

    def run(self, kills: int) -> None:
        self._start()
        for phone in self.everyone:
            phone.start()
        while self.table.kills < kills:
            self._kill_under_load()
            if self.dice.random() < STARTING_KILL:
                self._kill_while_starting()
            self._start()
            self.check_promises()
            if self.table.kills % DOCTOR_EVERY == 0:
                self.ask_doctor()
        for phone in self.everyone:
            phone.ended = True
            phone.may_send.set()
            phone.join()
        self.check_promises()
        self.check_records()
        for phone in self.phones:
            assert {status for status, _ in phone.say_again(500)} == {"duplicate"}
        self.ask_doctor()
        self.server.kill()

    def _start(self) -> None:
        url = self.server.start()
        self.table.restarts += self.table.kills > 0
        for phone in self.everyone:
            phone.url = url

    def _kill_under_load(self) -> None:
        for phone in self.everyone:
            phone.may_send.set()
        time.sleep(self.dice.uniform(0, UP_SECONDS_MAX))
        in_flight = sum(phone.in_flight.is_set() for phone in self.everyone)
        self.server.kill()
        for phone in self.everyone:
            phone.may_send.clear()
        for phone in self.everyone:
            while phone.is_alive() and not phone.at_rest.wait(0.1):
                pass
            assert phone.fault is None, phone.fault
        self.table.kills += 1
        self.table.in_flight += in_flight
        self.table.answers_lost = sum(phone.lost_answers for phone in self.everyone)

    def _kill_while_starting(self) -> None:
        self.server.launch()
        time.sleep(self.dice.uniform(0, STARTING_SECONDS_MAX))
        self.server.kill()
        self.table.kills += 1
        self.table.kills_while_starting += 1

    def check_promises(self) -> None:
        """Every operation that was acknowledged is there, by id and byte for byte."""
        promised: dict[Key, bytes] = {}
        for phone in self.phones:
            promised |= phone.acknowledged
        stored = self._stored()
        lost = [key for key, raw in promised.items() if raw not in stored.get(key, ())]
        self.table.acknowledged = len(promised)
        self.table.checked += len(promised)
        self.table.lost += len(lost)
        assert not lost, lost[:5]
        self.check_files()

    def check_files(self) -> None:
        """Every file and every byte that was acknowledged is there."""
        files = open_files(self.settings)
        known = {row[0] for row in self._rows("SELECT sha256 FROM attachment")}

        def lies(sha256: str) -> bytes | None:
            chunks = files.store.read(key_of(self.owner, sha256))
            return None if chunks is None else b"".join(chunks)

        for phone in self.file_phones:
            missing = file_load.lost(phone, lies, lambda uuid: files.partial.offset(uuid) or 0, known)
            self.table.lost += len(missing)
            assert not missing, missing[:5]
        self.table.files_kept = sum(len(phone.kept) for phone in self.file_phones)
        self.table.uploads_resumed = sum(phone.resumed for phone in self.file_phones)

    def check_records(self) -> None:
        """Every record that came with a photo shows it, and is whole."""
        rows = self._rows("SELECT r.uuid, r.state, r.incomplete FROM record r")
        shown = {str(uuid.UUID(bytes=bytes(row[0]))): (bytes(row[1]), bool(row[2])) for row in rows}
        for phone in self.file_phones:
            for record, digests in phone.named.items():
                state, incomplete = shown[record]
                assert not incomplete and all(sha256.encode() in state for sha256 in digests), record

    def _rows(self, sql: str) -> list[Any]:
        engine = create_engine(self.settings.sqlalchemy_url)
        with engine.connect() as connection:
            rows = list(connection.execute(text(sql)))
        engine.dispose()
        return rows

    def _stored(self) -> dict[Key, list[bytes]]:
        engine = create_engine(self.settings.sqlalchemy_url)
        stored: dict[Key, list[bytes]] = {}
        with engine.connect() as connection:
            for sql in (
                "SELECT a.name, o.counter, o.body FROM operation o JOIN author a ON a.id = o.author_id WHERE o.n = 0",
                "SELECT author, counter, body FROM quarantine",
            ):
                for author, counter, body in connection.execute(text(sql)):
                    stored.setdefault((author, counter), []).append(bytes(body))
        engine.dispose()
        return stored

    def ask_doctor(self) -> None:
        code, said = self.server.command("doctor")
        self.table.doctor_runs += 1
        findings = said.get("findings", [])
        assert isinstance(findings, list)
        self.table.doctor_findings += findings
        assert code == 0, said


def _enrol(database: Database, owner: int, author: str, token: str) -> None:
    new = NewDevice(owner, "device", "phone")
    database.write(lambda session: enrolment.enrol_at_once(session, new, author, token, 1))


def sweep(data: Path, database_url: str, kills: int, title: str) -> None:
    """Kill so often; print the table, with the seed, whatever happens."""
    seed = int(os.environ.get("FIELDSYNC_KILLS_SEED") or random.SystemRandom().getrandbits(32))
    made = Sweep(data, database_url, seed)
    try:
        made.run(kills)
    finally:
        for phone in made.everyone:
            phone.ended = True
        if made.server.is_running():
            made.server.kill()
        print(made.table.show(title))
    assert made.table.kills >= kills
    assert made.table.acknowledged > kills
    assert made.table.files_kept >= kills // 4
    assert made.table.uploads_resumed >= kills // 20


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.mark.kills
def test_a_hundred_kills_lose_nothing_on_sqlite(data: Path) -> None:
    sweep(data, "", 100, "kill -9 under load, SQLite")


@pytest.mark.kills
def test_kills_lose_nothing_on_postgresql(data: Path, postgresql_engine: object, postgresql_url: str) -> None:
    sweep(data, postgresql_url, 12, "kill -9 under load, PostgreSQL")


@pytest.mark.kills
@pytest.mark.long
def test_a_thousand_kills_lose_nothing(data: Path) -> None:
    sweep(data, "", 1000, "kill -9 under load, SQLite, long")
