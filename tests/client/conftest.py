"""A small honest server for one association, a link with faults, and a phone whose clock and dice are set."""

import copy
import gzip
import random
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from fieldsync.client import Device, Store
from fieldsync.client.transport import Answer, LinkDown
from fieldsync.core.merge import fold
from fieldsync.core.operations import Operation

Json = dict[str, Any]
Key = tuple[Any, ...]

START_MS = 1_790_000_000_000
PROBLEM = {"Content-Type": "application/problem+json"}


class Server:
    """Speaks docs/protocol.md to devices: stores, folds, answers. Its whole memory is `data`, so it can be restored."""

    def __init__(self) -> None:
        self.data: Json = {"operations": {}, "log": [], "void": {}, "authors": {}, "quarantine": []}
        self.tokens: dict[str, str] = {}
        self.epoch = "epoch-1"
        self.standing: Json = {"status": "active", "wipe": False}
        self.forms: list[Json] | None = None
        self.files: dict[str, tuple[str, bytes]] = {}
        self.durable = True
        self.page = 1000
        self.poison: set[str] = set()
        """Records whose operations the server cannot even read: 400 for the batch."""
        self.verdicts: dict[str, str] = {}
        """Record to the status that its operations get."""
        self.hidden: set[str] = set()
        self.codes = {"one-time", "second"}
        self.keys: dict[str, str] = {}
        self.batches: list[Json] = []

    # For the test.

    def add_device(self, author: str, token: str) -> None:
        self.tokens[token] = author
        self.data["authors"].setdefault(author, author)

    def backup(self) -> Json:
        return copy.deepcopy(self.data)

    def restore(self, backup: Json) -> None:
        authors = self.data["authors"]
        self.data = copy.deepcopy(backup) | {"authors": authors}
        self.epoch = f"epoch-{int(self.epoch.split('-')[1]) + 1}"

    def forget(self, author: str) -> None:
        """What the server was put back from is older than this further id of a phone."""
        first = self.data["authors"].pop(author)
        self.tokens = {token: first if named == author else named for token, named in self.tokens.items()}

    def say(self, operation: Json) -> None:
        """Somebody else says something."""
        self._store(tuple(operation["id"]), operation, "applied")

    def record(self, uuid: str) -> Json | None:
        """The record as docs/protocol.md section 5 has it."""
        raw = [said for said, status in self.data["operations"].values() if said["record"] == uuid]
        applied = [
            said for said, status in self.data["operations"].values() if said["record"] == uuid and status == "applied"
        ]
        if not applied:
            return None
        state = fold([msgspec.convert(said, Operation) for said in applied])
        return {
            "record": uuid,
            "kind": raw[0]["kind"],
            "of": raw[0]["of"],
            "version": state.version,
            "heads": [list(key) for key in state.heads],
            "fields": state.fields,
            "conflicts": msgspec.json.decode(msgspec.json.encode(state.conflicts)),
            "deleted": state.deleted,
            "delete_conflict": bool(state.delete_conflicts),
            "merged_into": None,
            "problems": [],
            "review": {"state": state.decision or "received", "comments": []},
        }

    def said(self) -> dict[Key, Json]:
        return {key: said for key, (said, _) in self.data["operations"].items()}

    # For the device.

    def answer(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        content = msgspec.json.decode(body)
        if path == "/api/v1/enrol":
            return self._enrol(content, token)
        if token not in self.tokens:
            return Answer(401, PROBLEM, b"{}")
        self.batches.append(content)
        if any(said["record"] in self.poison for said in content["operations"]):
            return Answer(400, PROBLEM, b"{}")
        return Answer(200, {"Content-Type": "application/json"}, msgspec.json.encode(self._sync(content, token)))

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        if path.startswith("/api/v1/records/"):
            record = self.record(path.rsplit("/", 1)[1])
            return Answer(200, {}, msgspec.json.encode(record)) if record else Answer(404, PROBLEM)
        if path not in self.files:
            return Answer(404, PROBLEM)
        etag, content = self.files[path]
        return (
            Answer(304, {"etag": etag})
            if headers.get("If-None-Match") == etag
            else Answer(200, {"etag": etag}, content)
        )

    def _enrol(self, content: Json, token: str) -> Answer:
        author = content["author"]
        if "code" in content:
            if content["code"] not in self.codes:
                return Answer(403, PROBLEM)
            self.codes.discard(content["code"])
            if author in self.data["authors"] and self.keys.get(author) != content["key"]:
                return Answer(409, PROBLEM)
            self.keys[author] = content["key"]
            device = author
        elif token in self.tokens:
            device = self.data["authors"][self.tokens[token]]
        else:
            return Answer(401, PROBLEM)
        self.data["authors"][author] = device
        self.tokens[f"token-of-{author}"] = author
        said = {"author": author, "token": f"token-of-{author}", "association": "amal", "openrosa_url": ""}
        return Answer(200, {}, msgspec.json.encode(said))

    def _sync(self, content: Json, token: str) -> Json:
        author = self.tokens[token]
        for counter, _, named in content.get("void", []):
            self.data["void"].setdefault(named, []).append(counter)
        results = [self._result(said, author) for said in content["operations"]]
        answer: Json = {"protocol": 1, "epoch": self.epoch, "now": START_MS, "results": results, "more": False}
        answer |= {"records": [], "cursor": content["cursor"], "device": self.standing}
        if content["pull"] == "records" and self.standing["status"] == "active":
            answer |= self._pull(content, author)
        device = self.data["authors"][author]
        known = {one: self._through(one) for one, owner in self.data["authors"].items() if owner == device}
        answer["durable_through"] = known if self.durable else {}
        answer["known_through"] = max([key[1] for key in self.data["operations"] if key[0] == author], default=0)
        if self.forms is not None:
            answer["forms"] = self.forms
        return answer

    def _result(self, said: Json, sender: str) -> Json:
        key = tuple(said["id"])
        authors = self.data["authors"]
        if authors.get(key[0]) != authors[sender]:
            return {"id": key, "status": "quarantined", "problems": [{"code": "not_your_author"}]}
        known = self.data["operations"].get(key)
        if known is not None and known[0] != said:
            self.data["quarantine"].append(said)
            return {"id": key, "status": "quarantined", "problems": [{"code": "other_content"}]}
        if known is not None:
            return {"id": key, "status": "duplicate", "was": known[1], "problems": []}
        status = self.verdicts.get(said["record"], "applied")
        if status != "retry":
            missing = [seen for seen in said.get("seen", []) if tuple(seen) not in self.data["operations"]]
            status = "held" if status == "applied" and missing else status
            self._store(key, said, status)
        problems = [{"code": "unknown_path", "path": "x"}] if status == "quarantined" else []
        return {"id": key, "status": status, "problems": problems}

    def _store(self, key: Key, said: Json, status: str) -> None:
        before = self.record(said["record"])
        goes_on = [list(seen) for seen in said.get("seen", [])] == (before["heads"] if before else [])
        self.data["operations"][key] = (said, status)
        # Only what goes on from all that is here, and deletes nothing, may be left out of its author's pull.
        self.data["log"].append((said["record"], key[0] if goes_on and not said.get("delete") else "server"))
        for other, (waiting, was) in list(self.data["operations"].items()):
            here = all(tuple(seen) in self.data["operations"] for seen in waiting.get("seen", []))
            if was == "held" and here and waiting["record"] not in self.verdicts:
                self.data["operations"][other] = (waiting, "applied")
                self.data["log"].append((waiting["record"], key[0]))

    def release(self, uuid: str) -> None:
        """A coordinator releases what was quarantined of this record."""
        self.verdicts.pop(uuid, None)
        for key, (said, status) in list(self.data["operations"].items()):
            if said["record"] == uuid and status == "quarantined":
                self.data["operations"][key] = (said, "applied")
        self.data["log"].append((uuid, "coordinator"))

    def take_away(self, uuid: str) -> None:
        self.hidden.add(uuid)
        self.data["log"].append((uuid, "coordinator"))

    def _pull(self, content: Json, author: str) -> Json:
        epoch, _, place = (content["cursor"] or f"{self.epoch}:0").partition(":")
        start = int(place) if epoch == self.epoch else 0
        rows = self.data["log"][start : start + self.page]
        end = start + len(rows)
        records: list[Json] = []
        for uuid in dict.fromkeys(record for record, _ in rows):
            if start and all(by == author for record, by in rows if record == uuid):
                continue
            body = {"record": uuid, "gone": True} if uuid in self.hidden else self.record(uuid)
            records += [body] if body else []
        return {"records": records, "cursor": f"{self.epoch}:{end}", "more": end < len(self.data["log"])}

    def _through(self, author: str) -> int:
        have = {key[1] for key in self.data["operations"] if key[0] == author} | set(self.data["void"].get(author, []))
        counter = 0
        while counter + 1 in have:
            counter += 1
        return counter


class Link:
    """Carries requests to the server. `faults` are used up one by one: each takes (server, request) to an Answer."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.faults: list[Callable[[Callable[[], Answer]], Answer]] = []
        self.bodies: list[bytes] = []
        self.requests = 0

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.requests += 1
        self.bodies.append(body)
        return self._carry(lambda: self.server.answer(path, body, headers))

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        self.requests += 1
        return self._carry(lambda: self.server.get(path, headers))

    def _carry(self, carry: Callable[[], Answer]) -> Answer:
        return self.faults.pop(0)(carry) if self.faults else carry()


def as_is(carry: Callable[[], Answer]) -> Answer:
    """Nothing goes wrong, this once."""
    return carry()


def cut_before(carry: Callable[[], Answer]) -> Answer:
    """The request never arrives."""
    raise LinkDown("cut")


def cut_after(carry: Callable[[], Answer]) -> Answer:
    """The server has done it, and the answer is lost."""
    carry()
    raise LinkDown("cut")


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[[Callable[[], Answer]], Answer]:
    """Something in between answers in the server's place."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda carry: Answer(status, named, body)


def changing(change: Callable[[Json], None]) -> Callable[[Callable[[], Answer]], Answer]:
    """The server's answer arrives changed."""

    def fault(carry: Callable[[], Answer]) -> Answer:
        answer = carry()
        content = msgspec.json.decode(answer.body)
        change(content)
        return Answer(answer.status, answer.headers, msgspec.json.encode(content))

    return fault


class Phone:
    """A companion's phone: its store in memory, its clock and dice in the test's hand."""

    def __init__(self, server: Server, name: str = "amina") -> None:
        self.server = server
        self.link = Link(server)
        self.connection = sqlite3.connect(":memory:")
        self.clock = START_MS
        self.dice = random.Random(name)
        self.device = self.reopen()

    def reopen(self) -> Device:
        """The application starts again on what the disk holds."""
        self.device = Device(Store(lambda: self.connection), self.link, lambda: self.clock, self.dice)
        return self.device

    def enrolled(self, author: str = "a" * 32) -> "Phone":
        self.server.add_device(author, f"token-{author}")
        self.device.adopt(author, f"token-{author}", "amal")
        return self

    def backup(self) -> bytes:
        return self.connection.serialize()

    def restore(self, backup: bytes) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.deserialize(backup)
        self.reopen()

    def later(self) -> None:
        """Long enough for any wait to be over."""
        self.clock += 60 * 60_000 + 20 * 60_000

    def settle(self) -> None:
        """Sync, with patience, until all is quiet."""
        for _ in range(60):
            if self.device.sync().quiet:
                return
            self.later()
        raise AssertionError(f"not quiet: {self.device.sync()}")


class Kit:
    """What the tests of the client build on."""

    Phone, Server, Link = Phone, Server, Link
    as_is, cut_before, cut_after = staticmethod(as_is), staticmethod(cut_before), staticmethod(cut_after)
    answering, changing = staticmethod(answering), staticmethod(changing)
    problem = PROBLEM
    start_ms = START_MS


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def phone(server: Server) -> Phone:
    """Amina's phone, enrolled."""
    return Phone(server).enrolled()
