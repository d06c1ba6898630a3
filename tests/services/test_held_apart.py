"""Once somebody held a record apart from another, merging either with a third does not ask the same again."""

import pytest

from fieldsync.services import pair_queue
from fieldsync.services.deciding import DIFFERENT, SAME
from tests.linked_world import AMIZMIZ, ASNI, Register
from tests.services.test_deciding import coordinator_of, says, takes_back
from tests.world import World, codes

HERE = {"sex": "f", "home": ASNI}


@pytest.fixture
def chain(world: World) -> tuple[Register, list[str]]:
    """The first is found by a phone, the second by the phone and a card, the third by the card alone."""
    register, phone = Register(world), world.phone()
    women = [
        register.member(phone, "Fatima Ait Ali", phone="0611111111", **HERE),
        register.member(phone, "Fatima Ait Ali", phone="0611111111", card="AB123456", **HERE),
        register.member(phone, "فاطمة أيت علي", phone="0622222222", card="AB123456", sex="f", home=AMIZMIZ),
    ]
    register.compare()
    return register, women


def waiting(world: World) -> list[tuple[str, str]]:
    """What the queue asks, which the menu counts as well."""
    who = coordinator_of(world)
    told = [pair_queue.told(each.pair) for each in world.read(lambda session: pair_queue.waiting(session, who))]
    assert world.read(lambda session: pair_queue.count_at_most(session, who, 99)) == len(told)
    return [(each["records"][0], each["records"][1]) for each in told]


def hears_of_another(world: World, uuid: str) -> bool:
    return any(each["record"] == uuid and "possibly_same" in codes(each) for each in world.phone().pulls())


def test_a_no_to_one_of_a_group_is_a_no_to_the_group(chain: tuple[Register, list[str]]) -> None:
    register, (first, second, third) = chain
    world = register.world
    assert waiting(world) == [(second, third), (first, second)]
    assert says(world, second, third, DIFFERENT) is None
    assert says(world, first, second, SAME) is None
    register.compare()
    assert register.pair(first, third) is not None, "the card shows through the first now"
    assert waiting(world) == []
    assert not hears_of_another(world, first)

    assert takes_back(world, second, third) is None
    register.compare()
    assert waiting(world) == [(first, third)]
    assert hears_of_another(world, first)


def test_new_evidence_within_a_group_is_asked(chain: tuple[Register, list[str]]) -> None:
    register, (first, second, third) = chain
    world, phone = register.world, register.world.phone()
    assert says(world, second, third, DIFFERENT) is None
    assert says(world, first, second, SAME) is None
    for each in (first, third):
        register.says(phone, each, "", born="1990-05-02")
    register.compare()
    assert waiting(world) == [(first, third)]
    assert says(world, first, third, DIFFERENT) is None
    assert waiting(world) == []


def test_what_is_apart_again_is_asked_again(chain: tuple[Register, list[str]]) -> None:
    register, (first, second, third) = chain
    world = register.world
    assert says(world, first, second, SAME) is None
    register.compare()
    assert waiting(world) == [(first, third)]
    assert says(world, first, third, DIFFERENT) is None
    assert takes_back(world, first, second) is None
    register.compare()
    assert waiting(world) == [(second, third), (first, second)]
