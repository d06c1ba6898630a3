"""Clusters follow pairs and decisions; merging by itself is off, careful where it is on, and leaves a sample."""

import pytest
from sqlalchemy.orm import Session

from fieldsync.services import clustering, deciding, desk
from fieldsync.services.deciding import DIFFERENT, Verdict
from fieldsync.services.desk import Desk
from fieldsync.store import pairs
from tests.linked_world import ASNI, Register
from tests.world import World

PAPERS = {"sex": "f", "year": 1990, "phone": "0612345678", "home": ASNI, "born": "1990-05-02", "card": "AB123456"}


@pytest.fixture
def register(world: World) -> Register:
    return Register(world)


def twice(register: Register) -> tuple[str, str]:
    """One woman with her papers, registered in two scripts."""
    phone = register.world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **PAPERS)
    second = register.member(phone, "فاطمة أيت لحسن", **PAPERS)
    register.compare()
    return first, second


def runs(register: Register) -> int:
    world = register.world
    merged = world.write(lambda session: clustering.step(session, world.amal, world.now_ms))
    register.compare()
    return merged


def merged_into(register: Register, entity: str) -> str | None:
    found = register.world.record(entity, "entity")
    return found["merged_into"] if found else None


def says(register: Register, one: str, other: str, decision: str) -> None:
    world = register.world

    def work(session: Session) -> None:
        rows = [each for uuid in (one, other) for each in desk.find(session, world.amal, uuid) if each.kind == "entity"]
        pair = deciding.of_rows(session, rows[0], rows[1])
        assert deciding.decide(session, world.desk(), pair, Verdict(decision, pair.turn)) is None

    world.write(work)


def test_clusters_are_known_but_nothing_merges_unless_the_association_lets_it(register: Register) -> None:
    first, second = twice(register)
    assert runs(register) == 0
    ids = [register.row_id(each) for each in (first, second)]
    assert register.world.read(lambda session: pairs.cluster_sizes(session, ids)) == dict.fromkeys(ids, 2)
    assert merged_into(register, second) is None


def test_what_is_merged_by_itself_is_told_apart_and_taken_back_like_any_decision(register: Register) -> None:
    world = register.world
    assert world.write(lambda session: clustering.allow(session, world.desk(), 12.0)) is None
    first, second = twice(register)
    assert runs(register) == 1
    assert merged_into(register, second) == first
    [decision] = world.read(lambda session: pairs.recent(session, world.amal, 5))
    assert decision.decided_by == clustering.ITSELF
    assert runs(register) == 0

    def undo(session: Session) -> object:
        rows = [each for uuid in (first, second) for each in desk.find(session, world.amal, uuid)]
        return deciding.undo(session, Desk(world.amal, "p1", world.now_ms), deciding.of_rows(session, *rows), 1)

    assert world.write(undo) is None
    register.compare()
    assert runs(register) == 0  # a person took it back: it is hers to decide
    assert merged_into(register, second) is None


def test_a_weight_that_nothing_earns_and_a_pair_that_a_person_parted_merge_nothing(register: Register) -> None:
    world = register.world
    problem = world.write(lambda session: clustering.allow(session, world.desk(), 3.0))
    assert problem is not None and problem.code == "weight_out_of_bounds"
    world.write(lambda session: clustering.allow(session, world.desk(), 12.0))
    first, second = twice(register)
    says(register, first, second, DIFFERENT)
    assert runs(register) == 0
