"""Two associations look for women whom both know: only where both allow it, only for who reads both, never merged."""

from dataclasses import replace

import msgspec
import pytest

from fieldsync.core.access import ACT_ON_RECORDS, READ_RECORDS, Grant
from fieldsync.core.problems import Problem
from fieldsync.core.roles import ALL, CLEAR, Role
from fieldsync.jobs import link
from fieldsync.services import across, agreements, doctor
from fieldsync.services.across import Across
from fieldsync.services.deciding import DIFFERENT, OPEN, SAME, Verdict
from fieldsync.services.readers import Reader
from fieldsync.store.db import execute
from fieldsync.store.people import PersonRow
from tests.linked_world import ASNI, Register
from tests.world import World

PAPERS = {"sex": "f", "year": 1990, "phone": "0612345678", "home": ASNI}


class Neighbours:
    """Amal and Khoutwa, who both register members."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.amal, self.khoutwa = Register(world), Register(world, world.add_association("khoutwa"))
        self.owners = (self.amal.association_id, self.khoutwa.association_id)

    def registers(self, **papers: str | int) -> tuple[str, str]:
        """One woman whom both register, in two scripts."""
        found = []
        for register, name in ((self.amal, "Fatima Ait Lahcen"), (self.khoutwa, "فاطمة أيت لحسن")):
            phone = self.world.phone(association_id=register.association_id)
            found.append(register.member(phone, name, **(PAPERS | papers)))
        link(self.world.database)
        return found[0], found[1]

    def allows(self, number: int) -> None:
        own, other = self.owners[number], self.owners[1 - number]
        assert (
            self.world.write(lambda session: agreements.allow(session, own, other, "person:1", self.world.now_ms))
            is None
        )
        link(self.world.database)

    def withdraws(self, number: int) -> None:
        own, other = self.owners[number], self.owners[1 - number]
        self.world.write(lambda session: agreements.withdraw(session, own, other, "person:1", self.world.now_ms))

    def seen_by(self, reader: Reader) -> list[Across]:
        return self.world.read(lambda session: across.waiting(session, reader))

    def says(self, reader: Reader, uuids: tuple[str, str], decision: str, turn: int) -> Problem | None:
        def work(session: object) -> Problem | None:
            found = across.find(session, reader, *uuids)  # type: ignore[arg-type]
            if found is None:
                return Problem("not_found")
            return across.decide(session, reader, found, Verdict(decision, turn), self.world.now_ms)  # type: ignore[arg-type]

        return self.world.write(work)


def who_acts_in(world: World, *associations: int) -> Reader:
    """Somebody who may act upon the records of these associations."""
    may = frozenset({READ_RECORDS, ACT_ON_RECORDS})
    role = Role("coordinator", "", "", "", "association", may, frozenset({ALL}), personal=CLEAR)
    person = PersonRow(1, world.uuid(), associations[0], "p@example.org", "", "active", None, 0, 0, 0)
    return Reader(associations[0], person=person, grants=tuple(Grant(role, each) for each in associations))


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    return Neighbours(world)


def test_nothing_is_compared_before_both_allow_it_and_all_is_gone_when_one_ends_it(neighbours: Neighbours) -> None:
    both = who_acts_in(neighbours.world, *neighbours.owners)
    pair = neighbours.registers()
    assert neighbours.seen_by(both) == []
    neighbours.allows(0)
    assert neighbours.seen_by(both) == []
    neighbours.allows(1)
    [found] = neighbours.seen_by(both)
    assert ("given_name", "same") in found.pair.levels and ("phone", "same") in found.pair.levels
    neighbours.withdraws(0)
    assert neighbours.seen_by(both) == []
    assert neighbours.says(both, pair, SAME, 0) == Problem("not_found")
    neighbours.allows(0)
    assert len(neighbours.seen_by(both)) == 1


def test_who_reads_only_one_of_the_two_sees_nothing(neighbours: Neighbours) -> None:
    pair = neighbours.registers()
    neighbours.allows(0)
    neighbours.allows(1)
    for owner in neighbours.owners:
        one = who_acts_in(neighbours.world, owner)
        assert neighbours.seen_by(one) == []
        assert neighbours.says(one, pair, SAME, 0) == Problem("not_found")


def test_who_comes_later_is_found_and_who_changes_is_compared_anew(neighbours: Neighbours) -> None:
    both = who_acts_in(neighbours.world, *neighbours.owners)
    neighbours.allows(0)
    neighbours.allows(1)
    first, second = neighbours.registers()
    assert len(neighbours.seen_by(both)) == 1
    assert neighbours.says(both, (first, second), DIFFERENT, 0) is None
    assert neighbours.seen_by(both) == []
    neighbours.world.now_ms += 1000
    phone = neighbours.world.phone(association_id=neighbours.owners[1])
    neighbours.khoutwa.says(phone, second, "فاطمة أيت لحسن", born="1990-05-02")
    neighbours.amal.says(neighbours.world.phone(), first, "Fatima Ait Lahcen", born="1990-05-02")
    link(neighbours.world.database)
    [again] = neighbours.seen_by(both)
    assert again.pair.decision is not None and again.pair.decision.decision == DIFFERENT


def test_one_person_is_noted_and_taken_back_and_no_record_changes(neighbours: Neighbours) -> None:
    world, both = neighbours.world, who_acts_in(neighbours.world, *neighbours.owners)
    pair = neighbours.registers()
    neighbours.allows(0)
    neighbours.allows(1)
    before = [
        msgspec.json.encode(world.record(uuid, "entity", owner))
        for uuid, owner in zip(pair, neighbours.owners, strict=True)
    ]
    assert neighbours.says(both, pair, SAME, 0) is None
    assert neighbours.says(both, pair, DIFFERENT, 0) == Problem("pair_decided")
    partner = world.read(lambda session: agreements.partners(session, neighbours.owners[0]))[0]
    assert partner.both and partner.same == 1
    after = [
        msgspec.json.encode(world.record(uuid, "entity", owner))
        for uuid, owner in zip(pair, neighbours.owners, strict=True)
    ]
    assert before == after and neighbours.seen_by(both) == []
    assert neighbours.says(both, pair, OPEN, 1) is None
    assert len(neighbours.seen_by(both)) == 1
    assert neighbours.says(both, pair, OPEN, 2) == Problem("nothing_decided")


def test_a_list_that_is_restricted_on_one_side_is_compared_with_nothing(neighbours: Neighbours) -> None:
    from fieldsync.store.db import execute

    both = who_acts_in(neighbours.world, *neighbours.owners)
    neighbours.world.write(
        lambda session: execute(
            session,
            "UPDATE entity_property SET sensitivity = 'P3' WHERE name = 'phone' AND association_id = ?",
            (neighbours.owners[1],),
        )
    )
    neighbours.allows(0)
    neighbours.allows(1)
    neighbours.registers()
    assert neighbours.seen_by(both) == []


def findings(world: World) -> list[str]:
    found = world.read(doctor.examine).findings
    return [what for check, _, what in found if check == "linkage"]


def test_the_doctor_tells_of_what_one_side_keeps_shut_and_of_what_a_pair_tells_too_much(
    neighbours: Neighbours,
) -> None:
    world = neighbours.world
    neighbours.registers()
    for number in (0, 1):
        neighbours.allows(number)
    assert findings(world) == []
    told = msgspec.json.encode([("start", "", -3.0), ("phone", "0612345678", 9.0)])
    world.write(lambda session: execute(session, "UPDATE across_pair SET comparisons = ?", (told,)))
    world.write(lambda session: execute(session, "DELETE FROM linkage_agreement WHERE association_id = ?", (1,)))
    assert findings(world) == [
        "are compared across a border that one side keeps shut",
        "tell over a border more than how they agree",
    ]
    world.write(lambda session: execute(session, "UPDATE across_pair SET of = 'nothing'"))
    assert "are compared across a border, and their list is compared with nothing" in findings(world)


def test_what_waits_is_counted_up_to_a_bound_and_not_for_whoever_sees_some_places(neighbours: Neighbours) -> None:
    world = neighbours.world
    both = who_acts_in(world, *neighbours.owners)
    neighbours.registers()
    assert world.read(lambda session: across.count_at_most(session, both, 9)) is None
    for number in (0, 1):
        neighbours.allows(number)
    pair = neighbours.registers(phone="0699887766", year=1961)
    assert world.read(lambda session: across.count_at_most(session, both, 9)) == 2
    assert world.read(lambda session: across.count_at_most(session, both, 1)) == 1
    assert neighbours.says(both, pair, DIFFERENT, 0) is None
    assert world.read(lambda session: across.count_at_most(session, both, 9)) == 1
    in_asni = replace(both, grants=tuple(replace(each, places=(ASNI,)) for each in both.grants))
    assert world.read(lambda session: across.count_at_most(session, in_asni, 9)) == 0
