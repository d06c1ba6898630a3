"""Seeded bugs of the door for OpenRosa clients."""

from typing import Any

from fieldsync.services import openrosa, openrosa_branches, openrosa_joining
from tests.simulation.mutations import around, instead, seeded


@seeded("offline updates apply in the order of arrival", "an entity follows the order of the work", collects=True)
def _() -> list[Any]:
    return [instead(openrosa_branches, "early", lambda session, association, found: [])]


@seeded("what could not be kept is told as received", "201 is said of what is durable", collects=True)
def _() -> list[Any]:
    def receive(real: Any, *given: Any) -> str:
        try:
            return str(real(*given))
        except Exception:
            return "applied"

    return [around(openrosa, "receive", receive)]


@seeded("an update whose turn has come is forgotten", "what waits is said in the end", collects=True)
def _() -> list[Any]:
    return [instead(openrosa_branches, "next_due", lambda session, association, entities: None)]


@seeded("a middle link that comes last joins nothing", "a form and its edits are one record", collects=True)
def _() -> list[Any]:
    return [instead(openrosa_joining, "join", lambda session, link: set())]
