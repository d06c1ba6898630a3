"""A night: linkage learns from an association's list, its pairs are scored anew, and the doctor finds all in order."""

import msgspec
import pytest
from sqlalchemy.orm import Session

from fieldsync.core.linkage_model import LevelWeight
from fieldsync.services import doctor, linkage_follow, linkage_training
from fieldsync.services.linkage_lists import linked_lists, shipped_model
from fieldsync.store import linkage, linkage_splink, pairs
from fieldsync.store.db import execute
from fieldsync.store.pairs import DecisionRow
from tests.linked_world import ASNI, Register
from tests.world import HOUR_MS, World

WOMEN = ("Fatima Ait Lahcen", "Khadija Oubella", "Rkia Bakkali", "Itto Ouhadi", "Tuda Amrani", "Hadda Zaki")


@pytest.fixture
def register(world: World) -> Register:
    """Sixty women, of whom every fifth was registered twice."""
    return registered(world)


def registered(world: World) -> Register:
    register = Register(world)
    phone, said = world.phone(), []
    for number in range(60):
        told = {"sex": "f", "born": f"19{60 + number % 40}-0{1 + number % 9}-1{number % 7}", "home": ASNI}
        for _ in range(1 + (number % 5 == 0)):
            name = WOMEN[number % len(WOMEN)]
            said.append(register.operation(phone, world.uuid(), name, True, **told, phone=f"06{number:08}"))
    assert set(phone.statuses(*said)) == {"applied"}
    register.compare()
    return register


def kept(world: World) -> set[tuple[int, int, str]]:
    rows = world.read(lambda session: execute(session, "SELECT left_id, right_id, zone FROM candidate_pair"))
    return {(row[0], row[1], row[2]) for row in rows}


def ailments(world: World) -> list[tuple[str, str, str]]:
    return world.read(doctor.examine).findings


def test_a_night_learns_scores_all_and_keeps_the_explanations(register: Register) -> None:
    world = register.world
    [trained] = linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert (trained.of, trained.records, trained.accepted) == ("members", 72, True)
    [of_list] = world.read(lambda session: linked_lists(session, world.amal)).values()
    assert of_list.model.version == trained.version > 0
    found = kept(world)
    twice = sum(number % 5 == 0 for number in range(60))
    assert trained.pairs == len(found) >= twice
    versions = world.read(lambda session: execute(session, "SELECT DISTINCT model_version FROM candidate_pair"))
    assert [row[0] for row in versions] == [trained.version]
    assert ailments(world) == []
    assert linkage_training._rescore_list(world.read, world.write, of_list, world.now_ms) >= len(found)
    assert kept(world) == found, "online and at night the same pairs are found by the same model"


def test_a_model_that_makes_no_sense_is_not_put_into_force(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    world = register.world
    turned = [
        msgspec.structs.replace(each, levels=tuple(LevelWeight(x.level, x.u, x.m) for x in each.levels))
        for each in shipped_model("person").comparisons
    ]
    nonsense = msgspec.structs.replace(shipped_model("person"), comparisons=tuple(turned))
    monkeypatch.setattr(linkage_splink, "train", lambda *_: nonsense)
    before = kept(world)
    [trained] = linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert not trained.accepted and trained.pairs == 0 and kept(world) == before
    assert world.read(lambda session: linkage.active_model(session, world.amal, "members")) is None


def test_a_model_that_contradicts_what_people_decided_is_not_put_into_force(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coordinators said "the same" of ten pairs that the new model would hold apart."""
    world = register.world
    levels = [("given_name", "same"), ("family_name", "same"), ("phone", "same")]
    for left, right, _ in sorted(kept(world))[:10]:
        row = DecisionRow(left, right, 1, world.amal, "same", "zineb", world.now_ms, "", levels, [], False)
        world.write(lambda session, row=row: pairs.decide(session, row))  # type: ignore[misc]
    shy = msgspec.structs.replace(shipped_model("person"), prior=1e-9)
    monkeypatch.setattr(linkage_splink, "train", lambda *_: shy)
    [trained] = linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert trained.agreement == (10, 0, 0, 10) and not trained.accepted
    assert world.read(lambda session: linkage.active_model(session, world.amal, "members")) is None


def test_a_model_of_an_older_program_scores_no_more(register: Register) -> None:
    """Its levels are not those that are compared now: the shipped model scores until the next night."""
    world = register.world
    old = shipped_model("person")
    fewer = tuple(msgspec.structs.replace(each, levels=each.levels[1:]) for each in old.comparisons)
    body = msgspec.json.encode(msgspec.structs.replace(old, comparisons=fewer))
    world.write(lambda session: linkage.add_model(session, world.amal, "members", body, 1, active=True))
    [of_list] = world.read(lambda session: linked_lists(session, world.amal)).values()
    assert of_list.model == shipped_model("person")
    before = kept(world)
    world.write(linkage_follow.begin_again)
    register.compare()
    assert kept(world) == before


def test_a_model_that_was_learned_before_relatives_were_compared_goes_on(register: Register) -> None:
    world = register.world
    old = msgspec.structs.replace(shipped_model("person"), prior=3e-5)
    fewer = tuple(each for each in old.comparisons if each.name != "relatives")
    body = msgspec.json.encode(msgspec.structs.replace(old, comparisons=fewer))
    version = world.write(lambda session: linkage.add_model(session, world.amal, "members", body, 1, active=True))
    [of_list] = world.read(lambda session: linked_lists(session, world.amal)).values()
    assert of_list.model == msgspec.structs.replace(old, version=version)


def test_a_list_has_one_night_a_day_and_a_short_one_none(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    world = register.world
    late = world.now_ms + 40 * HOUR_MS
    assert world.read(lambda session: linkage_training.due(session, late)) == []
    monkeypatch.setattr(linkage_training, "RECORDS_LEAST", 50)
    assert world.read(lambda session: linkage_training.due(session, late)) == [world.amal]
    world.write(lambda session: linkage.add_model(session, world.amal, "members", b"{}", late, active=False))
    assert world.read(lambda session: linkage_training.due(session, late + HOUR_MS)) == []


def test_models_are_kept_for_a_while_and_the_one_in_force_always(register: Register) -> None:
    world = register.world
    first = world.write(lambda session: linkage.add_model(session, world.amal, "members", b"{}", 1, active=True))
    for _ in range(8):
        world.write(lambda session: linkage.add_model(session, world.amal, "members", b"{}", 2, active=False))
    rows = world.read(lambda session: execute(session, "SELECT id FROM linkage_model ORDER BY id"))
    assert len(rows) == linkage.MODELS_KEPT + 1 and rows[0][0] == first


def test_all_is_made_anew_when_asked_and_when_the_rules_change(register: Register) -> None:
    world = register.world
    before = kept(world)
    world.write(linkage_follow.begin_again)
    register.compare()
    assert kept(world) == before and ailments(world) == []
    world.write(lambda session: execute(session, "UPDATE linkage_feature SET algorithm = 1"))
    world.write(lambda session: execute(session, "UPDATE blocking_entry SET entry = entry + 1073741824"))
    world.write(lambda session: execute(session, "UPDATE follower SET version = 1 WHERE name = 'linkage'"))
    register.compare()
    assert kept(world) == before and ailments(world) == []


def test_the_doctor_sees_what_is_compared_wrongly(register: Register) -> None:
    world = register.world
    rows = world.read(lambda session: execute(session, "SELECT left_id, right_id FROM candidate_pair ORDER BY left_id"))
    left, right = rows[0]

    def tamper(session: Session) -> None:
        execute(session, "DELETE FROM blocking_entry WHERE entry & ? = ?", (linkage.RECORD_MASK, left))
        execute(session, "UPDATE linkage_feature SET body = ? WHERE record_id = ?", (b"{}", right))
        execute(session, "UPDATE candidate_pair SET of = 'elsewhere' WHERE left_id = ?", (left,))

    world.write(tamper)
    found = {(check, what) for check, _, what in ailments(world)}
    assert found == {
        ("linkage", "bear other blocking keys than they must"),
        ("linkage", "is compared by other features than it has"),
        ("linkage", "are a pair across a border"),
    }
