"""Clusters follow pairs and decisions; merging by itself is off, careful where it is on, and leaves a sample."""

import pytest
from sqlalchemy.orm import Session

from fieldsync.services import clustering, deciding, desk, merging_itself
from fieldsync.services.deciding import DIFFERENT, SAME, Pair, Verdict
from fieldsync.services.desk import Desk
from fieldsync.store import pairs
from tests.linked_world import ASNI, Register
from tests.world import World

PAPERS = {"sex": "f", "year": 1990, "phone": "0612345678", "home": ASNI, "born": "1990-05-02", "card": "AB123456"}


@pytest.fixture
def register(world: World) -> Register:
    return Register(world)


@pytest.fixture
def earned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Precision is taken as measured."""
    monkeypatch.setattr(merging_itself, "DECIDED_LEAST", 0)


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


def test_what_is_merged_by_itself_is_told_apart_and_taken_back_like_any_decision(
    register: Register, earned: None
) -> None:
    world = register.world
    assert world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0)) is None
    first, second = twice(register)
    assert runs(register) == 1
    assert merged_into(register, second) == first
    [decision] = world.read(lambda session: pairs.recent(session, world.amal, 5))
    assert decision.decided_by == deciding.ITSELF
    assert runs(register) == 0

    def undo(session: Session) -> object:
        rows = [each for uuid in (first, second) for each in desk.find(session, world.amal, uuid)]
        return deciding.undo(session, Desk(world.amal, "p1", world.now_ms), deciding.of_rows(session, *rows), 1)

    assert world.write(undo) is None
    register.compare()
    assert runs(register) == 0  # a person took it back: it is hers to decide
    assert merged_into(register, second) is None


def test_a_weight_that_is_none_and_a_pair_that_a_person_parted_merge_nothing(register: Register, earned: None) -> None:
    world = register.world
    problem = world.write(lambda session: merging_itself.allow(session, world.desk(), 3.0))
    assert problem is not None and problem.code == "weight_out_of_bounds"
    world.write(lambda session: pairs.set_automatic_weight(session, world.amal, 12.0))
    first, second = twice(register)
    says(register, first, second, DIFFERENT)
    assert runs(register) == 0


def sampled(register: Register) -> tuple[Pair, str]:
    """The one merge of the sample, and what became of it."""
    world = register.world
    [pair] = world.read(lambda session: merging_itself.standing(session, world.amal)).sample
    return pair, merging_itself.sample_state(pair)


def test_a_weight_is_earned_by_pairs_that_people_decided_and_lost_by_them(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = register.world
    problem = world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0))
    assert problem is not None and problem.code == "weight_not_earned"
    monkeypatch.setattr(merging_itself, "DECIDED_LEAST", 1)
    says(register, *twice(register), SAME)
    measured = world.read(lambda session: merging_itself.measures(session, world.amal))[0]
    assert (measured.decided, measured.right, measured.precision) == (1, 1, 1.0)
    assert measured.interval[0] < 0.25 < 0.99 < measured.interval[1]
    assert world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0)) is None
    assert world.read(lambda session: merging_itself.weight_in_force(session, world.amal)) == 12.0
    second_pair = another_twice(register)
    says(register, *second_pair, DIFFERENT)
    assert world.read(lambda session: merging_itself.weight_in_force(session, world.amal)) is None
    another_twice(register, "0699887766", "CD998877")
    assert runs(register) == 0


def test_the_sample_is_looked_at_again_and_a_night_is_taken_back(
    register: Register, earned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = register.world
    monkeypatch.setattr(clustering, "SAMPLE_OF", 1)
    world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0))
    first, second = twice(register)
    assert runs(register) == 1
    pair, state = sampled(register)
    assert state == "waiting"
    coordinator = Desk(world.amal, "p1", world.now_ms + 1)
    assert world.write(lambda session: deciding.confirm(session, coordinator, pair, pair.turn)) is None
    assert sampled(register)[1] == "right"
    assert merged_into(register, second) == first
    another = another_twice(register)
    assert runs(register) == 1
    [night] = world.read(lambda session: merging_itself.standing(session, world.amal)).nights
    assert night.merges == 1
    assert world.write(lambda session: merging_itself.undo_day(session, world.desk(), night.day)) == 1
    assert [merged_into(register, each) for each in (second, another[1])] == [first, None]
    assert world.read(lambda session: merging_itself.standing(session, world.amal)).nights == []
    measured = world.read(lambda session: merging_itself.measures(session, world.amal))[0]
    assert (measured.decided, measured.right) == (2, 1)


def test_where_two_people_decide_nothing_merges_by_itself(register: Register, earned: None) -> None:
    world = register.world
    world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0))
    twice(register)
    assert world.write(lambda session: deciding.need_two(session, world.desk(), "members", True)) is None
    assert runs(register) == 0


def another_twice(register: Register, phone: str = "0655443322", card: str = "ZT765432") -> tuple[str, str]:
    """Another woman, registered twice."""
    by, papers = register.world.phone(), PAPERS | {"phone": phone, "card": card, "born": "1971-03-09", "year": 1971}
    first = register.member(by, "Rqia Boulaich", **papers)
    second = register.member(by, "رقية بولعيش", **papers)
    register.compare()
    return first, second
