"""A server process, its operator, and phones with ODK Collect that reach it over a link."""

import random
import sqlite3
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from pyxform.xls2xform import convert as to_xform
from requests.auth import HTTPDigestAuth
from sqlalchemy.orm import Session

from fieldsync.app import now_ms, open_database
from fieldsync.client.transport import Answer, LinkDown
from fieldsync.config import Settings
from fieldsync.services import desk, openrosa_keys, publishing, showing
from fieldsync.services.conversion import convert
from fieldsync.services.desk import Desk
from fieldsync.services.publishing import Definition
from fieldsync.store import associations, devices
from fieldsync.store.db import Database
from fieldsync.store.file_store import key_of, open_store
from tests.collect.phone import CollectPhone
from tests.collect.wire import read_settings, written
from tests.cut_links import Link
from tests.kills.server_process import ServerProcess

ACCEPTED_BYTES = 64 * 1024
"""What the server of these stories takes in one request: two photos go in two."""

PHOTO_BYTES = 35_000
TIMEOUT_SECONDS = 60

FORM = """
| survey   |
|          | type                          | name    | label   | bind::fs:class | save_to |
|          | select_one_from_file pace.csv | pace    | Pace    | P1             |         |
|          | select_one_from_file poor.csv | house   | House   | P1             |         |
|          | text                          | head    | Head    | P2             | head    |
|          | text                          | village | Village | P1             | village |
|          | image                         | front   | Front   | P2             |         |
|          | image                         | back    | Back    | P2             |         |
{more}
| entities |
|          | list_name | entity_id                     | create_if     | update_if      | label   |
|          | poor      | coalesce(${{house}}, uuid())  | ${{house}}='' | ${{house}}!='' | ${{head}} |
| settings |
|          | form_id | form_title | version   | namespaces              |
|          | census  | Census     | {version} | fs="urn:fieldsync:form" |
"""
MORE = "|          | text                          | more    | More    | P1             |         |"
PACE = b"name,label\nslow,Slow\nfast,Fast\n"


def definition(version: str) -> Definition:
    """A form with a file, two photos, and a list that it reads and writes; the second version asks more."""
    text = FORM.format(version=version, more="" if version == "1" else MORE)
    xform = to_xform(xlsform=text, file_type=".md").xform.encode()
    made = convert(xform, "xml", media={"pace.csv": PACE}, lists=["poor"])
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, text.encode(), "md", media={"pace.csv": PACE})


class Village:
    """The server in a process of its own; what its operator does, she does on the same data folder."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.server = ServerProcess(data)
        self.server.environment["FIELDSYNC_OPENROSA_BYTES_MAX"] = str(ACCEPTED_BYTES)
        self.dice = random.Random(5)
        self.database: Database = open_database(Settings(data=data))
        self.amal = self.write(lambda session: associations.add(session, "amal", "Amal")).id
        self.publish("1")
        self.server.start()

    @property
    def port(self) -> int:
        found = urlsplit(self.server.url).port
        assert found is not None
        return found

    def write(self, work: Callable[[Session], Any]) -> Any:
        return self.database.write(work)

    def close(self) -> None:
        """Stop the server."""
        self.server.kill()
        self.database.close()

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.dice.randbytes(16), version=4))

    def photos(self) -> dict[str, bytes]:
        """The two photos of a record, each with a name of its own."""
        return {f"{self.dice.randrange(10**12):012}.jpg": self.dice.randbytes(PHOTO_BYTES) for _ in range(2)}

    # The operator.

    def publish(self, version: str) -> None:
        """A designer publishes a version of the form."""
        made = definition(version)
        self.write(lambda session: publishing.publish(session, self.amal, made, now_ms()))

    def phone(self, link: Link, signing: bool = False) -> CollectPhone:
        """A phone that has scanned its code. `signing`: by name and secret (Digest), not by an address that knows."""
        told = self._says("device", "enrol", "--association", "amal", "--name", "phone")
        general = {"server_url": told["openrosa_url"]}
        if signing:
            told = self._says("device", "collect", str(told["device"]))
            general = {"server_url": told["signed_url"], "username": told["user"], "password": told["secret"]}
        code = written(general) if signing else str(told["qr"])
        settings = read_settings(code)
        return CollectPhone(written({**general, "server_url": settings.url.replace(f":{self.port}", f":{link.port}")}),
                            Http(settings.user, settings.secret), self.uuid)  # fmt: skip

    def _says(self, *words: str) -> dict[str, Any]:
        code, told = self.server.command(*words)
        assert code == 0, told
        return dict(told)

    def deletes(self, record: str) -> None:
        """The coordinator deletes a record."""
        self._at_desk(record, desk.delete)

    def corrects(self, record: str, **answers: str) -> None:
        """The coordinator changes answers."""
        self._at_desk(record, desk.correct, answers)

    def loses(self, phone: CollectPhone) -> None:
        """Somebody lost this phone, and said so."""
        secret = phone.settings.url.rpartition("/")[2]

        def work(session: Session) -> None:
            found = openrosa_keys.by_address(session, secret)
            assert found is not None
            devices.set_status(session, found.id, "revoked", False)

        self.write(work)

    def _at_desk(self, record: str, act: Callable[..., Any], *given: Any) -> None:
        who = Desk(self.amal, "operator", now_ms())
        self.write(lambda session: act(session, who, desk.find(session, self.amal, record)[0], *given))

    # What is there.

    def record(self, uuid: str) -> dict[str, Any]:
        """A record, or an entity, as the server shows it."""
        with self.database.read() as session:
            rows = [each.row for each in desk.find(session, self.amal, uuid)]
            shown = list(showing.shown(session, self.amal, rows, "en").values())
        assert len(shown) == 1, uuid
        return dict(shown[0])

    def submissions(self, instance: str) -> int:
        """How many submissions came under an instance id."""
        with sqlite3.connect(self.data / "fieldsync.db") as found:
            asked = "SELECT count(*) FROM openrosa_submission WHERE instance = ?"
            return int(found.execute(asked, (instance,)).fetchone()[0])

    def holds(self, record: str, files: Mapping[str, bytes]) -> bool:
        """Whether a record names these files, all are here byte for byte, and nothing is told to be missing."""
        shown = self.record(record)
        named = {value["file"]: value for value in shown["fields"].values() if isinstance(value, dict)}
        store = open_store("", self.data)
        for name, data in files.items():
            chunks = store.read(key_of(self.amal, named[name]["sha256"])) if name in named else None
            if chunks is None or b"".join(chunks) != data:
                return False
        return not [each for each in shown["problems"] if each["code"] == "file_missing"]


class Http:
    """A phone's HTTP over requests; with a user it answers challenges by Digest."""

    def __init__(self, user: str = "", secret: str = "") -> None:
        self.session = requests.Session()
        if user:
            self.session.auth = HTTPDigestAuth(user, secret)

    def __call__(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            answer = self.session.request(
                method,
                address,
                data=body or None,
                headers=dict(headers),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self.session.close()
            raise LinkDown(type(error).__name__) from error
        return Answer(answer.status_code, dict(answer.headers), answer.content)


def together(*acts: Callable[[], Any]) -> None:
    """Do all of it at the same moment."""
    start = threading.Barrier(len(acts))

    def do(act: Callable[[], Any]) -> None:
        start.wait()
        act()

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
