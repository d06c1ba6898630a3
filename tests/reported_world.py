"""Cooperatives that turn out to be one, what their companions report, and what coordinators make of it."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import deciding, desk, doctor, linkage_follow, merging, pair_queue, report_pairs
from fieldsync.services.deciding import Pair, Verdict
from fieldsync.store import declared_keys
from fieldsync.store.db import execute
from tests.services.test_doctor import registered
from tests.services.test_inbox_follows import reader
from tests.world import Json, Phone, World, codes

OCTOBER, NOVEMBER = "2026-10", "2026-11"


class Reports:
    """Cooperatives of a list, what their companions report month by month, and what the desk makes of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.publish("turnover 1")
        self.phone: Phone = world.phone()

    def cooperative(self, name: str) -> str:
        entity = self.world.uuid()
        self.world.now_ms += 1000
        assert self.phone.statuses(self.phone.says(of="person", writes=registered(entity, name))) == ["applied"]
        return entity

    def reports(self, cooperative: str, month: str = OCTOBER, sales: int = 100) -> str:
        return str(self.says(cooperative, month, sales)["record"])

    def says(self, cooperative: str, month: str, sales: int, record: str | None = None, **more: Any) -> Json:
        writes = {"group": cooperative, "month": month, "sales": sales}
        said = self.phone.says(record, writes, of="turnover", **more)
        assert self.phone.statuses(said) == ["applied"]
        return said

    def merges(self, one: str, other: str) -> None:
        assert self.world.at_desk(merging.merge, one, [other], kind="entity") is None

    def parts(self, one: str) -> None:
        assert self.world.at_desk(deciding.part, one, kind="entity") is None

    def step(self, limit: int = 100) -> bool:
        return self.world.write(
            partial(report_pairs.step, association_id=self.world.amal, limit=limit, now_ms=self.world.now_ms)
        )

    def settles(self) -> None:
        """Those who follow look at all that changed."""
        while self.step():
            pass
        linkage = partial(linkage_follow.step, association_id=self.world.amal, limit=100, now_ms=self.world.now_ms)
        while self.world.write(linkage):
            pass
        report = self.world.read(doctor.examine)
        assert report.ok, report.findings
        assert not report.checked["reports not keyed yet"]

    def pair(self, session: Session, one: str, other: str) -> Pair:
        return deciding.of_rows(session, *(desk.find(session, self.world.amal, each)[0] for each in (one, other)))

    def decides(self, one: str, other: str, decision: str, duplicate: str = "") -> Problem | None:
        """What a coordinator says of two reports; of two that are one the later is marked as the repeat."""
        self.world.now_ms += 1000

        def work(session: Session) -> Problem | None:
            pair = self.pair(session, one, other)
            verdict = Verdict(decision, pair.turn, duplicate=duplicate)
            return deciding.decide(session, self.world.desk(), pair, verdict)

        return self.world.write(work)

    def takes_back(self, one: str, other: str) -> Problem | None:
        def work(session: Session) -> Problem | None:
            pair = self.pair(session, one, other)
            return deciding.undo(session, self.world.desk(), pair, pair.turn)

        return self.world.write(work)

    def found(self, one: str, other: str) -> Pair | None:
        """The pair of two reports; None where nobody asks."""
        pair = self.world.read(lambda session: self.pair(session, one, other))
        return pair if pair.row is not None else None

    def waits(self, one: str, other: str) -> bool:
        pair = self.found(one, other)
        return pair is not None and deciding.is_waiting(pair)

    def queue(self) -> list[tuple[int, int]]:
        """What a coordinator is shown as waiting."""
        who = reader(self.world, "coordinator")
        found = self.world.read(lambda session: pair_queue.waiting(session, who, "turnover"))
        return sorted((each.rank[1], each.rank[2]) for each in found)

    def state(self, report: str) -> str:
        found = self.world.record(report)
        assert found is not None
        return str(found["review"]["state"])

    def flagged(self, report: str) -> list[str]:
        return [each for each in codes(self.world.record(report) or {}) if each == "possible_duplicate"]


def borne(world: World) -> set[declared_keys.KeyRow]:
    def read(session: Session) -> set[declared_keys.KeyRow]:
        return {declared_keys.KeyRow(*row) for row in execute(session, "SELECT * FROM declared_key")}

    return world.read(read)
