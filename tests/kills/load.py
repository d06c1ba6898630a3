"""Phones that never stop: each a thread over HTTP, which repeats a batch until it is answered."""

import gzip
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import requests

Json = dict[str, Any]
Key = tuple[str, int]

BATCH_MAX = 12
REMEMBERED_MAX = 200
"""Heads of records that a phone builds on."""

ACKNOWLEDGED = ("applied", "duplicate", "held", "quarantined")


@dataclass
class Known:
    """What all phones may build on: record UUID → (kind of form, heads); shared, so that they meet and conflict."""

    heads: dict[str, list[list[Any]]] = field(default_factory=dict)
    people: dict[str, list[list[Any]]] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, records: list[Json]) -> None:
        with self.guard:
            for record in records:
                if "heads" in record:
                    heads = self.heads if record["kind"] == "submission" and record["of"] == "visit" else self.people
                    heads[record["record"]] = record["heads"]
                    if len(heads) > REMEMBERED_MAX:
                        del heads[next(iter(heads))]

    def pick(self, dice: random.Random, people: bool = False) -> tuple[str, list[list[Any]]] | None:
        with self.guard:
            heads = self.people if people else self.heads
            return dice.choice(list(heads.items())) if heads else None


class LoadedPhone(threading.Thread):
    """Says things and syncs them; `acknowledged` holds the bytes of what the server said it has."""

    def __init__(self, author: str, token: str, known: Known, seed: int) -> None:
        super().__init__(name=f"phone-{author[:6]}", daemon=True)
        self.author = author
        self.token = token
        self.known = known
        self.dice = random.Random(seed)
        self.counter = 0
        self.cursor: str | None = None
        self.url = ""
        self.acknowledged: dict[Key, bytes] = {}
        self.lost_answers = 0
        self.in_flight = threading.Event()
        self.may_send = threading.Event()
        self.at_rest = threading.Event()
        self.ended = False
        self.fault: str | None = None
        self.retried = 0
        self.link = requests.Session()

    def run(self) -> None:
        """Send until told to end; rest while the server is down."""
        try:
            while not self.ended:
                batch = [self._say() for _ in range(self.dice.randint(1, BATCH_MAX))]
                while not self._send(batch) and not self.ended:
                    pass
        except Exception as error:  # the test tells of it
            self.fault = f"{type(error).__name__}: {error}"

    def say_again(self, most: int) -> set[tuple[str, str]]:
        """Repeat what was acknowledged last; the (status, was) of what the server answers."""
        again = list(self.acknowledged.values())[-most:]
        answer = self._post([*again])
        return {(result["status"], result["was"]) for result in answer.json()["results"]}

    def _send(self, batch: list[bytes]) -> bool:
        """One request; whether it was answered with the server's word on each operation."""
        self.at_rest.set()
        self.may_send.wait()
        self.at_rest.clear()
        self.in_flight.set()
        try:
            response = self._post(batch)
            content = response.content
        except requests.RequestException:
            self.lost_answers += 1
            self.link = requests.Session()
            return False
        finally:
            self.in_flight.clear()
        if response.status_code == 503:
            return False
        assert response.status_code == 200, content[:500]
        return self._hear(batch, msgspec.json.decode(content))

    def _post(self, batch: list[bytes]) -> requests.Response:
        request = {
            "protocol": 1,
            "now": time.time_ns() // 1_000_000,
            "epoch": None,
            "cursor": self.cursor,
            "limit": 50,
            "operations": [msgspec.Raw(one) for one in batch],
        }
        headers = {"Authorization": f"Bearer {self.token}", "Content-Encoding": "gzip"}
        body = gzip.compress(msgspec.json.encode(request), 1)
        return self.link.post(f"{self.url}/api/v1/sync", data=body, headers=headers, timeout=60)

    def _hear(self, batch: list[bytes], answer: Json) -> bool:
        done = True
        for raw, result in zip(batch, answer["results"], strict=True):
            if result["status"] in ACKNOWLEDGED:
                self.acknowledged[(result["id"][0], result["id"][1])] = raw
            else:
                self.retried += 1
                done = False
        self.cursor = answer["cursor"]
        self.known.hear(answer["records"])
        return done

    def _say(self) -> bytes:
        """Something to say: mostly new visits, also edits, people, deletes, and what is wrong or waits."""
        self.counter += 1
        said: Json = {
            "id": [self.author, self.counter],
            "record": str(uuid.UUID(int=self.dice.getrandbits(128), version=4)),
            "kind": "submission",
            "of": "visit",
            "version": "1",
            "stamp": [time.time_ns() // 1_000_000, self.counter % 1000],
        }
        kind = self.dice.choices(KINDS, WEIGHTS)[0]
        return msgspec.json.encode(said | kind(self, said))

    def new_visit(self, _said: Json) -> Json:
        return {"writes": {"name": f"Amina {self.counter}", "age": self.dice.randint(0, 140), "village": "07.041"}}

    def edit(self, said: Json) -> Json:
        found = self.known.pick(self.dice)
        if found is None:
            return self.new_visit(said)
        return {"record": found[0], "seen": self._not_later(found[1]), "writes": {"age": self.dice.randint(0, 99)}}

    def delete(self, said: Json) -> Json:
        found = self.known.pick(self.dice)
        if found is None:
            return self.new_visit(said)
        return {"record": found[0], "seen": self._not_later(found[1]), "delete": True, "version": None}

    def person(self, said: Json) -> Json:
        writes = {
            "person": said["record"],
            "fullname": f"Aicha {self.counter}",
            "meta/entity/@id": said["record"],
            "meta/entity/@create": "1",
            "meta/entity/label": f"Aicha {self.counter}",
        }
        return {"of": "person", "writes": writes}

    def update_person(self, said: Json) -> Json:
        found = self.known.pick(self.dice, people=True)
        if found is None:
            return self.person(said)
        writes = {
            "person": found[0],
            "risk": self.dice.choice(["high", "low"]),
            "meta/entity/@id": found[0],
            "meta/entity/@update": "1",
        }
        return {"of": "person", "writes": writes, "bases": {found[0]: self._not_later(found[1])}}

    def wrong(self, _said: Json) -> Json:
        return {"writes": {"colour": "mauve"}}

    def waits(self, _said: Json) -> Json:
        """Builds on what it will say next but one, under another record's id: held for ever or until it comes."""
        return {"seen": [["nobody-" + self.author[:8], self.counter]], "writes": {"name": "waits"}}

    def _not_later(self, heads: list[list[Any]]) -> list[list[Any]]:
        return [head for head in heads if head[0] != self.author or head[1] < self.counter][:64]


KINDS: list[Callable[[LoadedPhone, Json], Json]] = [
    LoadedPhone.new_visit,
    LoadedPhone.edit,
    LoadedPhone.person,
    LoadedPhone.update_person,
    LoadedPhone.delete,
    LoadedPhone.wrong,
    LoadedPhone.waits,
]
WEIGHTS = [8, 5, 2, 2, 1, 1, 1]
