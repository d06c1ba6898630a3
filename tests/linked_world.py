"""A register of members whose duplicates are looked for: what companions say, and the follower that compares."""

from functools import partial
from typing import Any

import msgspec

from fieldsync.services import linkage_follow, report_pairs
from fieldsync.store import linkage, records
from fieldsync.store.linkage import PairRow
from tests.world import Json, Phone, World

ASNI, AMIZMIZ = "07.041.07.03", "07.041.01.03"


class Register:
    """An association's list of members, and how two of them stand to each other."""

    def __init__(self, world: World, association_id: int | None = None) -> None:
        self.world = world
        self.association_id = association_id or world.amal
        world.publish("member 1", self.association_id)

    def member(self, by: Phone, name: str, **answers: Any) -> str:
        """A companion registers somebody; the entity's id."""
        entity = self.world.uuid()
        self.says(by, entity, name, create=True, **answers)
        return entity

    def says(self, by: Phone, entity: str, name: str, create: bool = False, **answers: Any) -> Json:
        """A form about a member: her registration, or a later correction."""
        said = self.operation(by, entity, name, create, **answers)
        assert by.statuses(said) == ["applied"]
        return said

    def operation(self, by: Phone, entity: str, name: str, create: bool = False, **answers: Any) -> Json:
        """The same, not yet sent."""
        wanted = {"meta/entity/@create": "1"} if create else {"meta/entity/@update": "1"}
        label = {"meta/entity/label": name} if name else {}
        writes = {"id": entity, "meta/entity/@id": entity, **wanted, **label, **answers}
        return by.says(writes=writes | ({"name": name} if name else {}), of="member")

    def compare(self) -> None:
        """The followers look at all that changed."""
        for step in (report_pairs.step, linkage_follow.step):
            taken = partial(step, association_id=self.association_id, limit=100, now_ms=self.world.now_ms)
            while self.world.write(taken):
                pass

    def row_id(self, entity: str) -> int:
        [row] = self.world.read(lambda session: records.by_uuids(session, [records.uuid_bytes(entity)]))
        return row.id

    def pairs(self, *entities: str) -> list[PairRow]:
        """The pairs of some members."""
        ids = [self.row_id(entity) for entity in entities]
        found = self.world.read(lambda session: linkage.pairs_of(session, ids))
        return sorted(found.values(), key=lambda row: -row.weight)

    def pair(self, one: str, other: str) -> PairRow | None:
        """How two stand to each other; None where nobody asks."""
        wanted = {self.row_id(one), self.row_id(other)}
        return next((row for row in self.pairs(one) if {row.left_id, row.right_id} == wanted), None)


def bars(row: PairRow) -> list[tuple[str, str]]:
    """What was compared, and how much it agrees."""
    return [(name, level) for name, level, _ in msgspec.json.decode(bytes(row.comparisons))]


def bounds(row: PairRow) -> list[str]:
    """Why a pair is not automatic."""
    found: list[str] = msgspec.json.decode(bytes(row.bounds))
    return found
