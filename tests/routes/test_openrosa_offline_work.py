"""What a phone did offline one after the other, and sent in another order: updates of an entity."""

import itertools

import pytest

from fieldsync.services import openrosa
from fieldsync.services.openrosa_branches import WAITS_MS
from tests.routes.collect import Collect, quarantined
from tests.world import World

BRANCH = "5b0d3ab8-8ac9-4f43-8cc1-5f1f4a4f5d01"


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def said(world: World, person: str, name: str, step: int, instance: str = "", deprecated: str = "") -> str:
    """Step 0 registers somebody, each further one gives her another name."""
    does = 'create="1" update=""' if step == 0 else 'create="" update="1"'
    offline = f'baseVersion="{step or ""}" trunkVersion="" branchId="{BRANCH if step else ""}"'
    replaced = f"<orx:deprecatedID>uuid:{deprecated}</orx:deprecatedID>" if deprecated else ""
    return (
        '<data xmlns:orx="http://openrosa.org/xforms" id="person" version="1">'
        f"<person>{person}</person><fullname>{name}</fullname><village>07.041</village><orx:meta>"
        f'<entity dataset="people" id="{person}" {does} {offline}><label>{name}</label></entity>'
        f"<orx:instanceID>uuid:{instance or world.uuid()}</orx:instanceID>{replaced}</orx:meta></data>"
    )


def test_an_entity_follows_the_order_of_the_work(world: World, amina: Collect) -> None:
    for order in (*itertools.permutations(range(3)), (3, 2, 1, 0), (2, 0, 3, 1)):
        follows(world, amina, order)


def follows(world: World, amina: Collect, order: tuple[int, ...]) -> None:
    person = world.uuid()
    records = [world.uuid() for _ in order]
    names = ["Fadma", "Fatima", "Fadma Ait", "Fadma Ait Ali"]
    for step in order:
        amina.sends(said(world, person, names[step], step, records[step]))
        assert world.fields(records[step])["fullname"] == names[step]  # shown while it waits
    shown = world.record(person, "entity")
    assert shown is not None
    assert (shown["fields"]["fullname"], shown["conflicts"]) == (names[len(order) - 1], {})
    for step in set(order) - {0}:
        assert world.fields(records[step])["meta/entity/@update"] == "1"
    for step in order:  # and nothing changes when all of it comes again
        amina.sends(said(world, person, names[step], step, records[step]))
    assert world.fields(person, "entity")["fullname"] == names[len(order) - 1]


def test_a_record_that_makes_no_whole_entity_is_kept_and_says_what_is_wrong(world: World, amina: Collect) -> None:
    for wrong, path in (("id", "meta/entity/@id"), ("label", "meta/entity/label")):
        person, record = world.uuid(), world.uuid()
        xml = said(world, person, "Fadma", 0, record)
        amina.sends(
            xml.replace(f'id="{person}"', 'id=""') if wrong == "id" else xml.replace("<label>Fadma<", "<label><")
        )
        shown = world.record(record)
        assert shown is not None and shown["fields"]["fullname"] == "Fadma"
        assert [(each["code"], each["path"]) for each in shown["problems"]] == [("bad_entity", path)]
        assert (world.record(person, "entity") is None) == (wrong == "id")
        amina.sends(said(world, person, "Fadma", 0, deprecated=record))
        mended = world.record(record)
        assert mended is not None and mended["problems"] == []
        assert world.fields(person, "entity")["fullname"] == "Fadma"


@pytest.mark.parametrize(
    ("stated", "wrong", "path"),
    [
        ('id="{person}"', 'id="Fadma"', "@id"),
        ('baseVersion=""', 'baseVersion="last"', "@baseVersion"),
        ('branchId=""', 'branchId="mine"', "@branchId"),
        ('dataset="people"', 'dataset="persons"', "@dataset"),
    ],
)
def test_what_no_form_writes_of_an_entity_is_set_apart_with_its_path(
    world: World, amina: Collect, stated: str, wrong: str, path: str
) -> None:
    person = world.uuid()
    xml = said(world, person, "Fadma", 0)
    stated = stated.format(person=person)
    assert stated in xml
    assert "set apart" in amina.sends(xml.replace(stated, wrong))
    [kept] = quarantined(world)
    assert [(each["code"], each["path"]) for each in kept["problems"]] == [("wrong_type", f"meta/entity/{path}")]
    assert world.record(person, "entity") is None


def test_whatever_a_form_computes_but_1_and_true_makes_no_entity(world: World, amina: Collect) -> None:
    for said_of_it in ("yes", "no", "True", "TRUE", "2", " 1", "نعم"):
        person, record = world.uuid(), world.uuid()
        amina.sends(said(world, person, "Fadma", 0, record).replace('create="1"', f'create="{said_of_it}"'))
        shown = world.record(record)
        assert shown is not None and shown["fields"]["fullname"] == "Fadma"
        assert (shown["problems"], world.record(person, "entity")) == ([], None)
    person = world.uuid()
    amina.sends(said(world, person, "Fadma", 0).replace('create="1"', 'create="true"'))
    assert world.record(person, "entity") is not None
    assert quarantined(world) == []


def test_an_update_that_names_no_run_waits_for_its_entity(world: World, amina: Collect) -> None:
    person, record = world.uuid(), world.uuid()
    amina.sends(said(world, person, "Fatima", 1, record).replace(BRANCH, ""))
    assert world.fields(record)["fullname"] == "Fatima"
    assert world.record(person, "entity") is None
    amina.sends(said(world, person, "Fadma", 0))
    assert world.fields(person, "entity")["fullname"] == "Fatima"
    amina.sends(said(world, person, "Fadma Ait", 1).replace(BRANCH, ""))
    assert world.fields(person, "entity")["fullname"] == "Fadma Ait"


def test_an_update_does_not_wait_for_ever(world: World, amina: Collect) -> None:
    person, record = world.uuid(), world.uuid()
    amina.sends(said(world, person, "Fadma", 0))
    amina.sends(said(world, person, "Fatima", 2, record))
    assert world.fields(person, "entity")["fullname"] == "Fadma"
    assert world.write(lambda session: openrosa.take_overdue(session, world.now_ms)) == 0
    world.now_ms += WAITS_MS + 1
    assert world.write(lambda session: openrosa.take_overdue(session, world.now_ms)) == 1
    assert world.fields(person, "entity")["fullname"] == "Fatima"
    assert world.write(lambda session: openrosa.take_overdue(session, world.now_ms)) == 0


def test_a_waiting_update_may_be_edited_or_set_apart(world: World, amina: Collect) -> None:
    person, record, edit = world.uuid(), world.uuid(), world.uuid()
    amina.sends(said(world, person, "Fatima", 2, record))
    amina.sends(said(world, person, "Fatima Ait", 2, edit, deprecated=record))
    amina.sends(said(world, person, "Fadma", 0))
    wrong = said(world, person, "Fadma", 1).replace("<village>", "<risk>gold</risk><village>")
    assert amina.send(wrong).status_code == 201  # quarantined: nobody waits for it
    assert world.fields(record)["fullname"] == "Fatima Ait"
    assert world.fields(person, "entity")["fullname"] == "Fatima Ait"
