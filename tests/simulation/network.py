"""The link between phones and server: it loses, doubles, delays, reorders and truncates, both ways."""

import gzip
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fieldsync.client.transport import Answer, LinkDown
from tests.simulation.disk import SimulatedCrash
from tests.simulation.machine import Machine

FAULT_SHARE = 0.35
"""Of the requests in bad times."""

LATE_MAX = 12
"""Requests that wait somewhere on the way; an older one is lost then."""

PROXY_ANSWERS = (
    Answer(502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>"),
    Answer(503, {"Content-Type": "application/problem+json", "Retry-After": "30"}, b"{}"),
    Answer(429, {"Content-Type": "application/problem+json"}, b"{}"),
    Answer(200, {"Content-Type": "text/html"}, b"<html>please sign in to this hotel</html>"),
    Answer(400, {"Content-Type": "text/html"}, b"<html>bad request</html>"),
)


@dataclass(frozen=True)
class Request:
    """One request as it left a phone."""

    phone: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


def content(request: Request) -> dict[str, Any]:
    """What a request says."""
    packed = request.headers.get("Content-Encoding") == "gzip"
    said: dict[str, Any] = msgspec.json.decode(gzip.decompress(request.body) if packed else request.body)
    return said


def _ids(request: Request) -> list[Any]:
    is_json = request.headers.get("Content-Type") == "application/json"
    return [one["id"] for one in content(request).get("operations", [])] if request.body and is_json else []


Heard = Callable[[Request, Answer], None]
Crashed = Callable[[], None]


class Network:
    """Carries requests. What the server was asked and answered is told to `heard`.

    `crashed` starts a server again that died of a request.
    """

    def __init__(self, dice: random.Random, machine: Machine, heard: Heard, crashed: Crashed) -> None:
        self.machine = machine
        self.calm = False
        self.faults: Counter[str] = Counter()
        self.late: list[Request] = []
        self.down = False
        self._dice = dice
        self._answers: dict[str, tuple[list[Any], str, Answer]] = {}
        self._heard = heard
        self._crashed = crashed
        self._kinds: list[tuple[str, Callable[[Request], Answer]]] = [
            ("request lost", self._lose), ("answer lost", self._lose_answer), ("request doubled", self._double),
            ("request delayed", self._delay), ("request truncated", self._truncate),
            ("answer truncated", self._truncate_answer), ("late request first", self._late_first),
            ("answered by a proxy", self._proxy), ("answer of an older request", self._older_answer),
        ]  # fmt: skip

    def link(self, phone: str) -> "Link":
        return Link(self, phone)

    def carry(self, request: Request) -> Answer:
        """Bring a request to the server and its answer back, or LinkDown."""
        if self.calm or self._dice.random() > FAULT_SHARE:
            return self.deliver(request)
        name, fault = self._dice.choice(self._kinds)
        self.faults[name] += 1
        return fault(request)

    def deliver(self, request: Request, cut: int = 0) -> Answer:
        """The request reaches the server; where the server dies of it, nobody hears anything."""
        if self.down:
            raise LinkDown("nobody there")
        try:
            answer = self.machine.answer(request.method, request.path, request.body, request.headers, cut)
        except SimulatedCrash:
            self._crashed()
            raise LinkDown("reset by peer") from None
        self._heard(request, answer)
        if answer.status == 200:
            self._answers[request.phone] = (_ids(request), request.path, answer)
        return answer

    def deliver_late(self) -> None:
        """One of the requests that were under way arrives; its sender listens no longer."""
        if self.late:
            request = self.late.pop(self._dice.randrange(len(self.late)))
            self._alone(request)

    def _alone(self, request: Request, cut: int = 0) -> None:
        try:
            self.deliver(request, cut)
        except LinkDown:
            return

    def _lose(self, _request: Request) -> Answer:
        raise LinkDown("lost")

    def _lose_answer(self, request: Request) -> Answer:
        self.deliver(request)
        raise LinkDown("answer lost")

    def _double(self, request: Request) -> Answer:
        first = self.deliver(request)
        second = self.deliver(request)
        return self._dice.choice((first, second))

    def _delay(self, request: Request) -> Answer:
        self.late = [*self.late, request][-LATE_MAX:]
        raise LinkDown("timed out")

    def _late_first(self, request: Request) -> Answer:
        self.deliver_late()
        return self.deliver(request)

    def _truncate(self, request: Request) -> Answer:
        self._alone(request, cut=1 + self._dice.randrange(max(1, len(request.body))))
        raise LinkDown("cut")

    def _truncate_answer(self, request: Request) -> Answer:
        answer = self.deliver(request)
        return Answer(answer.status, answer.headers, answer.body[: self._dice.randrange(len(answer.body) + 1)])

    def forget(self, phone: str) -> None:
        """No proxy keeps an answer for so long that the phone lives another life meanwhile."""
        self._answers.pop(phone, None)

    def _older_answer(self, request: Request) -> Answer:
        """What a broken proxy might do. Only an answer to other operations can be told from the right one."""
        older = self._answers.get(request.phone)
        if older is None or older[0] == _ids(request) or request.path != older[1]:
            return self.deliver(request)
        if self._dice.random() < 0.5:
            self._alone(request)
        return older[2]

    def _proxy(self, _request: Request) -> Answer:
        return self._dice.choice(PROXY_ANSWERS)


@dataclass
class Link:
    """One phone's end of the network: the client's Transport."""

    network: Network
    phone: str

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self.network.carry(Request(self.phone, "POST", path, body, headers))

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        return self.network.carry(Request(self.phone, "GET", path, b"", headers))
