"""A server under test, and the phones, hubs and people around it; clock and dice are set."""

import random
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fieldsync.app import set_up
from fieldsync.config import Settings
from fieldsync.services import desk, enrolment, publishing, showing
from fieldsync.services.desk import Desk
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.services.senders import find_sender
from fieldsync.store import associations, devices
from fieldsync.store.devices import ViewRow
from fieldsync.store.form_versions import FormVersionRow
from tests.applications import application
from tests.tiny_forms import definition

Json = dict[str, Any]
Result = TypeVar("Result")

START_MS = 1_790_000_000_000
FORMS = ("visit 1", "person 1", "monthly 1")
HOUR_MS = 3600 * 1000


class World:
    """A server with the association `amal`, which has published the tiny forms."""

    def __init__(self, engine: Engine, settings: Settings | None = None, forms: Iterable[str] = FORMS) -> None:
        self.engine = engine
        self.settings = settings or Settings()
        self.now_ms = START_MS
        self.dice = random.Random(11)
        self.database = set_up(engine, self.settings, self.clock, self.dice.randbytes)
        self.app = application(self.settings, self.database, self.clock, self.dice.randbytes)
        self.amal = self.add_association("amal", forms)

    def clock(self) -> int:
        return self.now_ms

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.dice.randbytes(16), version=4))

    def write(self, work: Callable[[Session], Result]) -> Result:
        return self.database.write(work)

    def read(self, work: Callable[[Session], Result]) -> Result:
        with self.database.read() as session:
            return work(session)

    def add_association(self, slug: str, forms: Iterable[str] = FORMS) -> int:
        """A further association; its row id."""
        added = self.write(lambda session: associations.add(session, slug, slug)).id
        for name in forms:
            self.publish(name, added)
        return added

    def publish(self, name: str, association_id: int | None = None) -> FormVersionRow:
        """Publish a tiny form, "form version"."""
        made = definition(name)
        owner = association_id or self.amal
        row = self.write(lambda session: publishing.publish(session, owner, made, self.now_ms))
        assert isinstance(row, FormVersionRow)
        return row

    def phone(
        self, views: Sequence[ViewRow] = EVERYTHING, association_id: int | None = None, kind: str = "device"
    ) -> "Phone":
        """A phone, or a hub, that is enrolled."""
        author, token = self.dice.randbytes(16).hex(), self.dice.randbytes(16).hex()
        new = NewDevice(association_id or self.amal, kind, "phone", tuple(views))
        self.write(lambda session: enrolment.enrol_at_once(session, new, author, token, self.now_ms))
        return Phone(self, author, token)

    def hub(self) -> "Phone":
        """A hub that is enrolled; it reads operations."""
        hub = self.phone(kind="hub")
        hub.pull = "operations"
        return hub

    def device_id(self, phone: "Phone") -> int:
        """The row id of a phone."""
        found = self.read(lambda session: find_sender(session, phone.token))
        assert found is not None
        return found.device.id

    def grant(self, phone: "Phone", *views: ViewRow) -> None:
        """Change what a phone may read."""
        device_id = self.device_id(phone)
        self.write(lambda session: devices.set_views(session, device_id, views))

    def revoke(self, phone: "Phone", wipe: bool = False) -> None:
        """Somebody lost this phone."""
        device_id = self.device_id(phone)
        self.write(lambda session: devices.set_status(session, device_id, "revoked", wipe))

    def desk(self, association_id: int | None = None) -> Desk:
        """The coordinator's desk."""
        return Desk(association_id or self.amal, "operator", self.now_ms)

    def at_desk(self, act: Callable[..., Any], record: str, *given: Any, kind: str = "submission") -> Any:
        """Let the coordinator act on a record: `desk.review` and its like."""

        def work(session: Session) -> Any:
            found = next(each for each in desk.find(session, self.amal, record) if each.kind == kind)
            return act(session, self.desk(), found, *given)

        return self.write(work)

    def record(self, record: str, kind: str = "submission", association_id: int | None = None) -> Json | None:
        """A record as the server shows it; None where nothing of it applies."""
        owner = association_id or self.amal

        def work(session: Session) -> Json | None:
            rows = [each.row for each in desk.find(session, owner, record) if each.kind == kind]
            shown = list(showing.shown(session, owner, rows, "en").values())
            return plain(shown[0]) if shown else None

        return self.read(work)

    def fields(self, record: str, kind: str = "submission") -> Json:
        """What a record shows."""
        shown = self.record(record, kind)
        assert shown is not None
        fields: Json = shown["fields"]
        return fields


class Phone:
    """Speaks the protocol as it is written, and remembers nothing but its counter and its cursor."""

    def __init__(self, world: World, author: str, token: str) -> None:
        self.world = world
        self.author = author
        self.token = token
        self.counter = 0
        self.cursor: str | None = None
        self.pull = "records"
        self.client: FlaskClient = world.app.test_client()

    def says(self, record: str | None = None, writes: Json | None = None, **members: Any) -> Json:
        """The next operation: on a new record unless one is named; `seen` as ids or operations."""
        self.counter += 1
        said: Json = {
            "id": [self.author, self.counter],
            "record": record or self.world.uuid(),
            "kind": "submission",
            "of": "visit",
            "version": "1",
            "stamp": [self.world.now_ms, self.counter],
        }
        if writes is not None or not {"act", "delete"} & members.keys():
            said["writes"] = writes if writes is not None else {"name": "Amina"}
        seen = members.pop("seen", ())
        if seen:
            said["seen"] = [one["id"] if isinstance(one, dict) else list(one) for one in seen]
        return said | members

    def post(self, body: bytes, path: str = "/api/v1/sync", **headers: str) -> TestResponse:
        """A request as bytes; header names with _ for -."""
        named = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.post(path, data=body, headers=named)

    def request(self, operations: Sequence[Any] = (), **members: Any) -> Json:
        """A request's content."""
        return {
            "protocol": 1,
            "now": self.world.now_ms,
            "epoch": None,
            "cursor": self.cursor,
            "pull": self.pull,
            "operations": list(operations),
        } | members

    def ask(self, operations: Sequence[Any] = (), **members: Any) -> TestResponse:
        """One round trip, whatever its answer."""
        return self.post(msgspec.json.encode(self.request(operations, **members)))

    def sync(self, *operations: Any, **members: Any) -> Json:
        """One round trip that is answered; the cursor moves."""
        response = self.ask(operations, **members)
        assert response.status_code == 200, response.text
        answer: Json = response.get_json()
        self.cursor = answer["cursor"]
        assert [result["id"] for result in answer["results"]] == [said["id"] for said in operations]
        return answer

    def tells(self, *operations: Any, **members: Any) -> list[Json]:
        """The results of a round trip that pulls nothing."""
        cursor = self.cursor
        results: list[Json] = self.sync(*operations, **({"pull": "none"} | members))["results"]
        self.cursor = cursor
        return results

    def statuses(self, *operations: Any) -> list[str]:
        """What became of each."""
        return [result["status"] for result in self.tells(*operations)]

    def pulls(self, **members: Any) -> list[Json]:
        """Everything that comes down, page after page."""
        pages: list[Json] = []
        while True:
            answer = self.sync(**members)
            pages += answer[self.pull]
            if not answer["more"]:
                return pages


def plain(value: Any) -> Any:
    """A value as it travels."""
    return msgspec.json.decode(msgspec.json.encode(value))


def codes(result: Json) -> list[str]:
    """The codes of a result's, or a record's, problems."""
    return [problem["code"] for problem in result.get("problems", ())]
