"""Companions name a woman's mother from the list: it helps to tell who is who, and follows when mothers are merged."""

import pytest

from fieldsync.services import doctor, linkage_follow, merging
from fieldsync.store import linkage
from fieldsync.store.linkage import PairRow
from tests.linked_world import AMIZMIZ, ASNI, Register, bars, bounds
from tests.services.test_across import Neighbours, who_acts_in
from tests.world import World

GIRL = {"sex": "f", "year": 2006, "home": ASNI}


@pytest.fixture
def register(world: World) -> Register:
    return Register(world)


def agreement(pair: PairRow | None) -> str | None:
    assert pair is not None
    return dict(bars(pair)).get("relatives")


def test_a_woman_who_moved_is_found_by_her_mother_alone(register: Register) -> None:
    """Family name, place, phone: all is other since her marriage."""
    phone = register.world.phone()
    mother = register.member(phone, "Itto Bakkali", sex="f", year=1980, home=ASNI)
    girl = register.member(phone, "Nezha Bakkali", mother=mother, **GIRL)
    wife = register.member(phone, "Nezha Oubella", mother=mother.upper(), **GIRL | {"home": AMIZMIZ})
    stranger = register.member(phone, "Nezha Zahidi", **GIRL | {"home": AMIZMIZ})
    register.compare()
    assert agreement(register.pair(girl, wife)) == "same"
    assert register.pair(girl, stranger) is None


def test_mother_and_daughter_of_one_name_are_never_one_by_themselves(register: Register) -> None:
    phone = register.world.phone()
    papers = {"sex": "f", "home": ASNI, "phone": "0612345678", "card": "JB12345"}
    mother = register.member(phone, "Fatima Bakkali", **papers)
    unnamed = register.member(phone, "Fatima Bakkali", **papers)
    register.compare()
    before = register.pair(mother, unnamed)
    assert before is not None and before.zone == "automatic"
    register.says(phone, unnamed, "", mother=mother)
    register.compare()
    after = register.pair(mother, unnamed)
    assert after is not None and agreement(after) == "related"
    assert "relatives_of_each_other" in bounds(after) and after.zone == "review"
    assert after.weight < before.weight - 5


def test_mothers_who_turn_out_to_be_one_make_their_daughters_agree_until_it_is_undone(register: Register) -> None:
    world, phone = register.world, register.world.phone()
    first = register.member(phone, "Itto Bakkali", sex="f", year=1980, home=ASNI)
    world.now_ms += 1000
    again = register.member(phone, "إطو البقالي", sex="f", year=1980, home=ASNI)
    one = register.member(phone, "Nezha Bakkali", mother=first, **GIRL)
    other = register.member(phone, "Nezha Bakkali", mother=again, **GIRL)
    register.compare()
    assert agreement(register.pair(one, other)) == "different"
    assert world.at_desk(merging.merge, first, [again], kind="entity") is None
    register.compare()
    assert agreement(register.pair(one, other)) == "same"
    assert world.read(doctor.examine).ok
    assert world.at_desk(merging.unmerge, first, kind="entity") is None
    register.compare()
    assert agreement(register.pair(one, other)) == "different"
    assert world.read(doctor.examine).ok
    kept = world.read(lambda session: linkage.entries(session, -(2**63), 1000))
    world.write(linkage_follow.begin_again)
    register.compare()
    assert world.read(lambda session: linkage.entries(session, -(2**63), 1000)) == kept


def test_two_who_name_each_other_are_compared_once_and_not_for_ever(register: Register) -> None:
    world, phone = register.world, register.world.phone()
    one = register.member(phone, "Itto Bakkali", **GIRL)
    other = register.member(phone, "Tuda Bakkali", mother=one, **GIRL)
    register.says(phone, one, "", mother=other)
    register.says(phone, other, "", mother=other)
    register.compare()
    assert world.read(doctor.examine).ok


def test_whom_another_association_names_says_nothing_across_the_border(world: World) -> None:
    both = Neighbours(world)
    mother, _ = both.registers(card="JB99999")
    phones = [world.phone(association_id=owner) for owner in both.owners]
    for register, phone, named in zip((both.amal, both.khoutwa), phones, (mother, world.uuid()), strict=True):
        register.member(phone, "Nezha Zahidi", card="K12345", mother=named, **GIRL)
    both.allows(0)
    both.allows(1)
    found = both.seen_by(who_acts_in(world, *both.owners))
    levels = [dict(each.pair.levels) for each in found]
    assert len(levels) == 2 and not any("relatives" in each for each in levels)
    assert world.read(doctor.examine).ok
