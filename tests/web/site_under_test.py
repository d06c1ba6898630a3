"""The real server on a data folder of its own, and the people and phones of its story."""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy.orm import Session

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.core import totp
from fieldsync.demo import setting
from fieldsync.services import enrolment, granting, hashing, second_factor, signing
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.granting import Wanted
from fieldsync.services.readers import Reader
from fieldsync.services.signing import Draw
from fieldsync.store import authors, devices, people
from fieldsync.store.db import Database, execute
from fieldsync.store.devices import ViewRow

Result = TypeVar("Result")

PASSPHRASE = "quatre mots sans aucun rapport"
DRAW: Draw = secrets.token_bytes
DAY_MS = 24 * 3600 * 1000
NUMBERS = count(1)


@dataclass
class Account:
    """Somebody who can sign in; `secret` is her authenticator app's."""

    email: str
    uuid: str
    passphrase: str = PASSPHRASE
    secret: bytes = b""

    def code(self) -> str:
        """What her app shows now; a code is good once, so this waits for the next one where it must."""
        step = now_ms() // totp.STEP_MS
        step = max(step, self._used + 1)
        while step > now_ms() // totp.STEP_MS + totp.SKEW_STEPS:
            time.sleep(0.5)
        self._used = step
        return totp.code_at(self.secret, step)

    _used: int = 0


@dataclass
class Site:
    """A running server: its address, and its database, opened beside it."""

    url: str
    folder: Path
    database: Database
    associations: dict[str, int]

    def write(self, work: Callable[[Session], Result]) -> Result:
        return self.database.write(work)

    def person(self, name: str, role: str, slug: str | None = "kht", factor: bool = False) -> Account:
        """Somebody with a role and a passphrase; with an authenticator app where wanted."""
        email = f"{name}@{next(NUMBERS)}.{slug or 'programme'}.example"  # stories may share a name
        home = self.associations[slug] if slug else None
        hashed = hashing.hash_of(PASSPHRASE)

        def work(session: Session) -> Account:
            uuid = signing.new_uuid(DRAW)
            row = people.add(session, uuid, home, email, name.capitalize(), hashed, now_ms())
            given = granting.grant_at_once(session, row, Wanted(role, home), now_ms(), DRAW)
            assert not hasattr(given, "code"), given
            return Account(email, uuid)

        account = self.write(work)
        if factor:
            self.give_factor(account)
        return account

    def give_factor(self, account: Account) -> None:
        """Confirm an authenticator app for somebody."""

        def work(session: Session) -> bytes:
            row = people.find(session, account.email)
            assert row is not None
            reader = Reader(row.association_id or 0, person=row)
            begun = second_factor.begin(session, reader, DRAW, now_ms())
            assert isinstance(begun, second_factor.Begun), begun
            secret = secret_of(begun.secret)
            account.secret = secret
            confirmed = second_factor.confirm(session, reader, account.code(), DRAW, now_ms())
            assert isinstance(confirmed, list), confirmed
            return secret

        self.write(work)

    def device(self, name: str, *views: ViewRow, slug: str = "kht") -> str:
        """An enrolled phone; its author."""
        new = NewDevice(self.associations[slug], "device", name, views or (ViewRow("all"),))
        author, token = DRAW(16).hex(), DRAW(24).hex()
        return self.write(lambda session: enrolment.enrol_at_once(session, new, author, token, now_ms())).author

    def make_silent(self, author: str) -> None:
        """A phone that synced eight days ago, with work waiting on it, a wrong clock and little room."""

        def work(session: Session) -> None:
            at = now_ms() - 8 * DAY_MS
            report = {"unsent": 12, "oldest_ms": at - DAY_MS, "app": "1.4.2", "storage_free": 120_000_000,
                      "forms": [["f4_participant", "2026112300"]]}  # fmt: skip
            sql = "UPDATE device SET last_sync_ms = ?, clock_error_ms = ?, report = ? WHERE id = ?"
            execute(session, sql, (at, -700_000, msgspec.json.encode(report), self._device_id(session, author)))

        self.write(work)

    def revoke(self, author: str) -> None:
        """A phone that somebody lost."""
        self.write(lambda session: devices.set_status(session, self._device_id(session, author), "revoked", False))

    def let_time_pass(self, account: Account) -> None:
        """She proved who she is ten minutes ago, as far as the server knows."""

        def work(session: Session) -> None:
            row = people.find(session, account.email)
            assert row is not None
            sql = "UPDATE person_session SET authenticated_ms = authenticated_ms - 600000 WHERE person_id = ?"
            execute(session, sql, (row.id,))

        self.write(work)

    def _device_id(self, session: Session, author: str) -> int:
        known = authors.find(session, author)
        assert known is not None and known.device_id is not None
        return known.device_id


def secret_of(text: str) -> bytes:
    """An app's secret from the text that people type."""
    plain = text.replace(" ", "")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """`fieldsync run` on a new data folder, with the programme's associations and two forms published."""
    settings = Settings(data=folder)
    database = open_database(settings)
    known = setting.add_associations(database)
    setting.publish(database, [known["kht"], known["khl"]], setting.definitions(("f4_participant",)))
    command = [sys.executable, "-m", "fieldsync.cli", "run", "--data", str(folder), "--port", "0", "--json"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=dict(os.environ))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("{"), (folder / "server.log").read_text()[-2000:]
        said: dict[str, Any] = json.loads(line)
        yield Site(str(said["url"]), folder, database, known)
    finally:
        process.terminate()
        process.wait(30)
        database.close()
