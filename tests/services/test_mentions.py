"""Who was at a training is named there and nothing more: the training stands on her page all the same."""

import pytest

from fieldsync.core.declarations import chosen_entities
from fieldsync.services import desk, doctor, entity_told, merging, quality_follow
from fieldsync.services.entity_told import Asked
from fieldsync.services.mentions import NAMED_MAX, ROWS
from fieldsync.services.readers import Reader
from fieldsync.store.db import execute
from tests.services.test_doctor import registered
from tests.services.test_inbox_follows import reader
from tests.tiny_forms import definition
from tests.world import Json, Phone, World

COMMUNE = "07.041.07.03"


@pytest.fixture
def phone(world: World) -> Phone:
    """A companion's phone, where trainings are a form."""
    world.publish("training 1")
    return world.phone()


def person(world: World, phone: Phone, name: str) -> str:
    who = world.uuid()
    assert phone.statuses(phone.says(of="person", writes=registered(who, name))) == ["applied"]
    return who


def training(phone: Phone, *present: str, **writes: object) -> Json:
    rows = {f"present[{phone.world.uuid()}]": number for number in range(1, len(present) + 1)}
    named = {f"{row}/who": who for row, who in zip(rows, present, strict=True)}
    said = phone.says(of="training", writes={"commune": COMMUNE, **rows, **named, **writes})
    assert phone.statuses(said) == ["applied"]
    return said


def settle(world: World) -> None:
    while world.write(lambda session: quality_follow.step(session, world.amal, 7, world.now_ms)):
        pass
    report = world.read(doctor.examine)
    assert report.ok, report.findings


def spoken(
    world: World, who: Reader, entity: str, before: int | None = None, revealed: bool = False
) -> tuple[list[tuple[str, bool]], int | None]:
    """(form, whether it wrote her) of the submissions on an entity's page; where the next page begins."""

    def work(session: object) -> entity_told.EntityPage:
        [found] = [each for each in desk.find(session, world.amal, entity) if each.kind == "entity"]  # type: ignore[arg-type]
        return entity_told.told(session, who, found, Asked("en", None, revealed, before))  # type: ignore[arg-type]

    page = world.read(work).submissions
    return [(each.found.of, each.wrote) for each in page.items], page.before_id


def test_trainings_stand_on_the_page_of_whoever_was_there_the_last_first(world: World, phone: Phone) -> None:
    amina, tuda = person(world, phone, "Amina"), person(world, phone, "Tuda")
    training(phone, amina, tuda)
    training(phone, tuda, trainer=amina)
    settle(world)
    who = reader(world, "association_reviewer")
    assert spoken(world, who, amina) == ([("training", False), ("training", False), ("person", True)], None)
    assert spoken(world, who, tuda) == ([("training", False), ("training", False), ("person", True)], None)


def test_what_is_corrected_away_names_her_no_longer(world: World, phone: Phone) -> None:
    amina, tuda = person(world, phone, "Amina"), person(world, phone, "Tuda")
    said = training(phone, trainer=amina)
    settle(world)
    phone.tells(phone.says(said["record"], {"trainer": tuda}, of="training", seen=[said]))
    settle(world)
    who = reader(world, "association_reviewer")
    assert spoken(world, who, amina)[0] == [("person", True)]
    assert spoken(world, who, tuda)[0] == [("training", False), ("person", True)]


def test_a_personal_answer_that_is_masked_tells_nobody_whom_it_names(world: World, phone: Phone) -> None:
    amina = person(world, phone, "Amina")
    training(phone, amina)
    settle(world)
    coordinator = reader(world, "coordinator")
    assert spoken(world, coordinator, amina)[0] == [("person", True)]
    assert spoken(world, coordinator, amina, revealed=True)[0] == [("training", False), ("person", True)]


def test_merged_persons_share_their_trainings(world: World, phone: Phone) -> None:
    amina, again = person(world, phone, "Amina"), person(world, phone, "Aminata")
    training(phone, again)
    world.at_desk(merging.merge, amina, [again], kind="entity")
    settle(world)
    assert ("training", False) in spoken(world, reader(world, "association_reviewer"), amina)[0]


def test_many_trainings_come_page_by_page(world: World, phone: Phone) -> None:
    amina = person(world, phone, "Amina")
    for _ in range(ROWS + 3):
        training(phone, trainer=amina)
    settle(world)
    who = reader(world, "association_reviewer")
    first, onward = spoken(world, who, amina)
    rest, end = spoken(world, who, amina, onward)
    assert (len(first), len(rest), end) == (ROWS, 4, None)
    assert rest[-1] == ("person", True)


def test_another_associations_trainings_stay_its_own(world: World, phone: Phone) -> None:
    amina = person(world, phone, "Amina")
    elsewhere = world.add_association("elsewhere", ("training 1",))
    training(world.phone(association_id=elsewhere), trainer=amina)
    world.write(lambda session: quality_follow.step(session, elsewhere, 50, world.now_ms))
    settle(world)
    assert spoken(world, reader(world, "association_reviewer"), amina)[0] == [("person", True)]


def test_the_doctor_sees_what_the_index_has_lost_and_following_anew_mends_it(world: World, phone: Phone) -> None:
    amina = person(world, phone, "Amina")
    training(phone, trainer=amina)
    settle(world)
    world.write(lambda session: execute(session, "DELETE FROM mention"))
    assert [check for check, _, _ in world.read(doctor.examine).findings] == ["mentions"]
    world.write(lambda session: execute(session, "UPDATE follower SET position = 0 WHERE name = 'quality'"))
    settle(world)
    assert spoken(world, reader(world, "association_reviewer"), amina)[0] == [("training", False), ("person", True)]


def test_choices_of_every_kind_name_an_entity_and_nothing_else_does() -> None:
    form = definition("training 1").form
    one, two = "0198c0de-0000-4000-8000-000000000001", "0198C0DE-0000-4000-8000-000000000002"
    fields = {
        "trainer": {"set": [one, two]}, "commune": one, "present[x]/who": f"uuid:{one}", "present[y]/who": [two, "x"],
        "present[z]/who": None,
    }  # fmt: skip
    assert chosen_entities(form, fields) == {
        ("people", one): {"trainer", "present/who"}, ("people", two.lower()): {"trainer", "present/who"},
    }  # fmt: skip
    assert NAMED_MAX >= 200
