"""The judges: what must hold after every answer, and what must hold when all is quiet."""

from typing import TYPE_CHECKING, Any

import msgspec

from fieldsync.client.transport import Answer
from tests.simulation.network import Request

if TYPE_CHECKING:
    from tests.simulation.world import World


class Judges:
    def __init__(self, world: "World") -> None:
        self._world = world
        self.found: dict[str, list[str]] = {}

    def accuse(self, verdict: str, evidence: str) -> None:
        self.found.setdefault(verdict, []).append(evidence)

    def on_answer(self, request: Request, answer: Answer) -> None:
        pass

    def on_restore(self) -> None:
        pass

    def at_quiet(self) -> None:
        pass
