"""A link that drops: some requests never arrive, some answers never come back."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldsync.client.transport import Answer, LinkDown, Transport

REQUESTS_LOST = 0.18
"""Share of requests that never arrive."""

ANSWERS_LOST = 0.18
"""Share of answers that never come back, though the server did what was asked."""


@dataclass
class Link:
    """Carries requests over a transport, and loses some; counts what it lost."""

    inner: Transport
    dice: random.Random
    requests_lost: int = 0
    answers_lost: int = 0

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body, perhaps in vain."""
        return self._carry(lambda: self.inner.post(path, body, headers))

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for something, perhaps in vain."""
        return self._carry(lambda: self.inner.get(path, headers))

    def _carry(self, send: Callable[[], Answer]) -> Answer:
        if self.dice.random() < REQUESTS_LOST:
            self.requests_lost += 1
            raise LinkDown("the request was lost")
        answer = send()
        if self.dice.random() < ANSWERS_LOST:
            self.answers_lost += 1
            raise LinkDown("the answer was lost")
        return answer
