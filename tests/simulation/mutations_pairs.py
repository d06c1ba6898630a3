"""Seeded bugs of deciding on pairs, and of taking merges back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fieldsync.core.operations import Operation
from fieldsync.core.survivorship import with_survivals
from fieldsync.services import deciding, refolding
from fieldsync.store import linkage
from tests.simulation.mutations import around, instead, seeded


@seeded("whoever decides second is heard too", "two coordinators never fight", decides=True)
def _() -> list[Any]:
    def decide(real: Any, session: Any, by: Any, pair: Any, verdict: Any, *rest: Any) -> Any:
        now = deciding.of_rows(session, pair.left, pair.right)
        return real(session, by, pair, replace(verdict, turn=now.turn), *rest)

    return [around(deciding, "decide", decide)]


@seeded("new evidence is found before the decision, by the clock", "new evidence is asked of", decides=True)
def _() -> list[Any]:
    return [instead(linkage, "set_found", lambda session, found_ms: None)]


@seeded("a third record joins what is held apart", "what is held apart is one by no way", decides=True)
def _() -> list[Any]:
    return [instead(deciding, "_is_held_apart", lambda session, pair: False)]


@seeded("what a merge let survive stays after it", "an un-merge gives what edits alone give", decides=True)
def _() -> list[Any]:
    def fold(real: Any, shows: Sequence[Operation], protective: Any, passed_on: Any, elsewhere: Any) -> Any:
        said = [*shows, *elsewhere]
        merges = frozenset(each.id for each in said if "merge" in (each.act or {}))
        return real(with_survivals(said, merges)[: len(shows)], protective, passed_on, elsewhere)

    return [around(refolding, "fold", fold)]
