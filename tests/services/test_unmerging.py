"""The same law at the level of the service and its database: once nothing is merged, only what people wrote shows."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.services import deciding, desk, merging
from fieldsync.services.deciding import Verdict
from fieldsync.services.desk import Desk, Found
from tests.routes.test_sync_entities import registers, updates
from tests.world import Json, Phone, World

PEOPLE = 3
PROPERTIES = ("fullname", "risk", "village")

EXAMPLES = max(8, settings().max_examples // 10)
"""A history here costs a hundred statements; the law itself is tried on thousands in tests/core."""

Act = tuple[str, int, int, str, str]

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "edit", "merge", "unmerge", "replay", "same", "different", "unsure", "undo"]),
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE - 1),
        st.sampled_from(PROPERTIES),
        st.sampled_from(["low", "high"]),
    ),
    min_size=2,
    max_size=9,
)


class Village:
    """Two associations that hear the same edits; only in one of them does the desk merge."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owners = (world.amal, world.add_association("alone", ("person 1",)))
        self.phones = [world.phone(association_id=owner) for owner in self.owners]
        self.people: list[str] = []
        self.said: list[Json] = []

    def registers(self) -> None:
        """Other people; those of before stay as they are."""
        self.people, self.said = [self.world.uuid() for _ in range(PEOPLE)], []
        for number, person in enumerate(self.people):
            self.world.now_ms += 1000
            self.says(lambda phone, each, n=number: registers(phone, each, f"F{n}"), person)

    def says(self, make: Any, person: str) -> None:
        """A phone in each association says the same of its own record of that person."""
        operations = [make(phone, person) for phone in self.phones]
        for phone, operation in zip(self.phones, operations, strict=True):
            assert phone.statuses(operation) == ["applied"]
        self.said.append(operations[0])

    def edits(self, person: str, name: str, value: str) -> None:
        """Whoever edits has seen what the phone shows: of a merged record, the survivor's heads."""
        self.world.now_ms += 1000

        def make(phone: Phone, each: str) -> Json:
            owner = self.owners[self.phones.index(phone)]
            return updates(phone, each, self.heads(owner, each), **{name: value})

        self.says(make, person)

    def heads(self, owner: int, person: str) -> list[Any]:
        found = self.world.record(person, "entity", owner)
        assert found is not None
        survivor = found["merged_into"]
        shown = self.world.record(survivor, "entity", owner) if survivor else found
        return list((shown or found)["heads"])

    def at_desk(self, act: Any, person: str, *given: Any) -> None:
        self.world.now_ms += 1000

        def work(session: Session) -> Any:
            return act(
                session, Desk(self.world.amal, "operator", self.world.now_ms), entity(session, self, person), *given
            )

        self.world.write(work)

    def decides(self, what: str, one: str, other: str) -> None:
        """A coordinator says what a pair is, or takes that back; no refusal writes anything."""
        self.world.now_ms += 1000

        def work(session: Session) -> None:
            by = Desk(self.world.amal, "operator", self.world.now_ms)
            pair = deciding.of_rows(session, *(entity(session, self, each) for each in (one, other)))
            if what == "undo":
                problem = deciding.undo(session, by, pair, pair.turn)
            else:
                problem = deciding.decide(session, by, pair, Verdict(what, pair.turn))
            after = deciding.of_rows(session, pair.left, pair.right)
            assert after.turn == pair.turn + (problem is None)

        self.world.write(work)

    def shown(self, owner: int) -> bytes:
        """The records of an association, as bytes; without what names operations, whose authors differ."""
        told = []
        for person in self.people:
            found = self.world.record(person, "entity", owner)
            assert found is not None
            values = {path: [each["value"] for each in others] for path, others in found["conflicts"].items()}
            told.append([found["fields"], values, found["deleted"], found["merged_into"]])
        return msgspec.json.encode(told, order="sorted")


def entity(session: Session, village: Village, person: str) -> Found:
    return next(each for each in desk.find(session, village.world.amal, person) if each.kind == "entity")


def plays(village: Village, act: Act) -> None:
    what, one, other, name, value = act
    person = village.people[one]
    if what == "edit":
        village.edits(person, name, value)
    elif what == "merge" and one != other:
        village.at_desk(merging.merge, person, [village.people[other]])
    elif what == "unmerge":
        village.at_desk(merging.unmerge, person)
    elif what in ("same", "different", "unsure", "undo") and one != other:
        village.decides(what, person, village.people[other])
    elif what == "replay":
        assert set(village.phones[0].statuses(*village.said)) == {"duplicate"}


villages: dict[Engine, Village] = {}


@given(ACTS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_once_nothing_is_merged_each_record_is_what_its_edits_alone_make_it(engine: Engine, acts: list[Act]) -> None:
    """Each example goes on in the database of the one before, with other people."""
    if engine not in villages:
        villages[engine] = Village(World(engine, forms=("person 1",)))
    village = villages[engine]
    village.registers()
    for act in acts:
        plays(village, act)
    for person in village.people:
        village.at_desk(merging.unmerge, person)
    merged, alone = (village.shown(owner) for owner in village.owners)
    assert merged == alone
