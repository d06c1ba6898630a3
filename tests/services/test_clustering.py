"""Clusters follow pairs and decisions; merging by itself is off, careful where it is on, and leaves a sample."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from fieldsync.core.clusters import Link, clustered
from fieldsync.services import clustering, deciding, desk, merging_itself
from fieldsync.services.deciding import DIFFERENT, OPEN, SAME, Pair, Verdict
from fieldsync.services.desk import Desk
from fieldsync.services.linkage_lists import linked_lists
from fieldsync.store import linkage, pairs
from fieldsync.store.linkage import PairRow
from fieldsync.store.pairs import DecisionRow
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
    merged = clustering.run(world.read, world.write, world.amal, world.now_ms)
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
    assert merging_itself.undo_day(world.write, world.desk(), night.day) == 1
    assert [merged_into(register, each) for each in (second, another[1])] == [first, None]
    assert world.read(lambda session: merging_itself.standing(session, world.amal)).nights == []
    measured = world.read(lambda session: merging_itself.measures(session, world.amal))[0]
    assert (measured.decided, measured.right) == (2, 1)


def test_a_day_with_more_merges_than_one_transaction_takes_is_taken_back_whole(
    register: Register, earned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = register.world
    monkeypatch.setattr(merging_itself, "UNDONE_MAX", 1)
    world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0))
    merged = [twice(register)[1], another_twice(register)[1]]
    assert runs(register) == 2
    [night] = world.read(lambda session: merging_itself.standing(session, world.amal)).nights
    assert merging_itself.undo_day(world.write, world.desk(), night.day) == 2
    assert [merged_into(register, each) for each in merged] == [None, None]


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


def clusters(register: Register) -> dict[int, int]:
    """Record → cluster, as stored."""
    world = register.world

    def work(session: Session) -> dict[int, int]:
        [of_list] = linked_lists(session, world.amal).values()
        return pairs.clusters(session, of_list.collection.id)

    return world.read(work)


def runs_while(register: Register, somebody: Callable[[], object]) -> int:
    """A run in which somebody does something after all was read and before the first row is written."""
    world, waiting = register.world, [somebody]

    def write(work: Callable[[Session], Any]) -> Any:
        if waiting:
            waiting.pop()()
        return world.write(work)

    return clustering.run(world.read, write, world.amal, world.now_ms)


@pytest.mark.parametrize("rows_at_once", [1, 300])
def test_what_a_coordinator_decides_while_clusters_are_made_holds(
    register: Register, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(clustering, "ROWS_AT_ONCE", rows_at_once)
    first, others = twice(register), another_twice(register)
    runs_while(register, lambda: says(register, *first, DIFFERENT))
    one, two = (register.row_id(each) for each in others)
    assert clusters(register) == {one: one, two: one}, "hers are left alone, the others are written"
    runs(register)
    assert clusters(register) == {one: one, two: one}
    says(register, *others, DIFFERENT)
    runs(register)
    assert clusters(register) == {}


def test_what_a_companion_corrects_while_clusters_are_made_is_for_the_next_run(register: Register) -> None:
    phone = register.world.phone()
    for name in ("Fatima Ait Lahcen", "فاطمة أيت لحسن"):
        second = register.member(phone, name, **PAPERS)
    register.compare()

    def corrects() -> None:
        register.says(phone, second, "", card="ZZ999999", phone="0677777777", born="1951-01-09")
        register.compare()

    runs_while(register, corrects)
    assert clusters(register) == {}
    assert runs(register) == 0 and clusters(register) == {}


@pytest.mark.parametrize("act", ["decides", "forbids", "wants two"])
def test_nothing_merges_by_itself_once_somebody_said_otherwise(register: Register, earned: None, act: str) -> None:
    world = register.world
    world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0))
    first, second = twice(register)
    runs_before = {
        "decides": lambda: says(register, first, second, DIFFERENT),
        "forbids": lambda: world.write(lambda session: merging_itself.allow(session, world.desk(), None)),
        "wants two": lambda: world.write(lambda session: deciding.need_two(session, world.desk(), "members", True)),
    }
    assert runs_while(register, runs_before[act]) == 0
    assert runs(register) == 0
    assert merged_into(register, second) is None
    decided = world.read(lambda session: pairs.recent(session, world.amal, 5))
    assert [each.decision for each in decided] == ([DIFFERENT] if act == "decides" else [])


def test_three_that_are_one_merge_in_one_run(register: Register, earned: None) -> None:
    world = register.world
    world.write(lambda session: merging_itself.allow(session, world.desk(), 12.0))
    first, second = twice(register)
    third = register.member(world.phone(), "Fatima Ait Lahcen", **PAPERS)
    register.compare()
    assert runs(register) == 2
    assert [merged_into(register, each) for each in (second, third)] == [first, first]


@pytest.mark.parametrize("nearer", ["mother", "daughter"])
def test_a_mother_and_the_daughter_who_names_her_are_not_made_one_by_way_of_a_third_record(
    register: Register, earned: None, nearer: str
) -> None:
    """All three have one name, card and phone; who came first is one of the other two."""
    world, phone = register.world, register.world.phone()
    world.write(lambda session: merging_itself.allow(session, world.desk(), 10.0))
    papers, home = {"sex": "f", "card": "AB123456", "phone": "0612345678"}, {"home": ASNI}
    third = register.member(phone, "Fatima Bakkali", **papers, **home)
    mother = register.member(phone, "Fatima Bakkali", **papers, **(home if nearer == "mother" else {}))
    told = home if nearer == "daughter" else {}
    daughter = register.member(phone, "Fatima Bakkali", mother=mother, **papers, **told)
    register.compare()
    assert [pair.zone for pair in register.pairs(third)] == ["automatic", "automatic"]
    one, other = (mother, daughter) if nearer == "mother" else (daughter, mother)
    for merged in (1, 0):
        assert runs(register) == merged
        assert clusters(register).get(register.row_id(other)) is None
        assert [merged_into(register, each) for each in (one, other)] == [third, None]


Saying = tuple[tuple[int, int], str]
"""Two members by number, and what becomes of them as a pair."""

WEIGHTS = {"heavy": (21.0, "automatic", b"[]"), "light": (13.0, "automatic", b'["household"]'),
           "kin": (15.0, "automatic", b'["kin"]'), "review": (7.5, "review", b"[]")}  # fmt: skip
SAYINGS = st.lists(
    st.tuples(
        st.sampled_from(list(combinations(range(7), 2))),
        st.sampled_from([*WEIGHTS, *WEIGHTS, "gone", SAME, DIFFERENT, OPEN]),
    ),
    max_size=12,
)


def comes_about(session: Session, association_id: int, ids: Sequence[int], sayings: Sequence[Saying]) -> None:
    """Pairs are found or gone, and people decide."""
    for (one, other), what in sayings:
        pair = (ids[one], ids[other])
        if what in WEIGHTS:
            weight, zone, bounds = WEIGHTS[what]
            row = PairRow(*pair, association_id, "entity", "members", 0, weight, b"[]", bounds, zone, 1)
            linkage.put_pairs(session, [row])
        elif what == "gone":
            linkage.drop_pairs(session, [pair])
        else:
            before = pairs.latest(session, [pair]).get(pair)
            turn = before.turn + 1 if before else 1
            pairs.decide(session, DecisionRow(*pair, turn, association_id, what, "p1", 1, "", [], [], False))


def from_scratch(session: Session, association_id: int) -> dict[int, int]:
    """The clusters that the pairs and decisions of this moment make; members arrived in the order of their ids."""
    [of_list] = linked_lists(session, association_id).values()
    rows = {row.pair: row for row in pairs.of_list(session, association_id, ("entity", "members"), 1000)}
    said = {(row.left_id, row.right_id): row.decision for row in pairs.of_collection(session, of_list.collection.id)}
    free = {pair: row for pair, row in rows.items() if row.zone == "automatic" and "kin" not in row.bounds}
    links = [Link(*pair, row.weight) for pair, row in free.items() if pair not in said]
    links += [Link(*pair, 0.0, True) for pair, decision in said.items() if decision == SAME]
    apart = {pair for pair, decision in said.items() if decision == DIFFERENT}
    weights = {pair: row.weight for pair, row in rows.items()}
    made = clustered(links, apart, None, weights, of_list.model.review)
    return {each: min(cluster) for cluster in made.clusters for each in cluster}


@pytest.fixture
def seven(register: Register) -> list[int]:
    """The row ids of seven members, in the order in which they arrived."""
    phone = register.world.phone()
    said = [register.member(phone, name) for name in ("Itto", "Rkia", "Hadda", "Tuda", "Fadma", "Zahra", "Mina")]
    return sorted(map(register.row_id, said))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=SAYINGS, meanwhile=SAYINGS)
def test_clusters_are_those_of_the_moment_and_what_happens_meanwhile_is_taken_up_by_the_next_run(
    register: Register, seven: list[int], before: list[Saying], meanwhile: list[Saying]
) -> None:
    world, ids = register.world, seven
    world.write(lambda session: comes_about(session, world.amal, ids, before))
    clustering.run(world.read, world.write, world.amal, world.now_ms)
    assert clusters(register) == world.read(lambda session: from_scratch(session, world.amal))
    world.write(lambda session: comes_about(session, world.amal, ids, meanwhile))
    runs_while(register, lambda: world.write(lambda session: comes_about(session, world.amal, ids, before)))
    clustering.run(world.read, world.write, world.amal, world.now_ms)
    assert clusters(register) == world.read(lambda session: from_scratch(session, world.amal))
