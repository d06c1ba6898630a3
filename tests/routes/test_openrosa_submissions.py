"""Companions who fill forms in ODK Collect: each finished form becomes one operation, however often it is sent."""

from typing import Any

import pytest
from lxml import etree

from fieldsync.core.forms import Form
from fieldsync.core.instance import to_xml
from fieldsync.services import desk
from fieldsync.services.published import published
from tests.routes.collect import Collect, quarantined, said_of, visit, writes_of
from tests.world import World, codes


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def test_a_finished_form_becomes_a_record(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record, "<name>Amina</name><age>30</age><likes>red green</likes>"))
    shown = world.record(record)
    assert shown is not None
    assert shown["fields"] == {
        "name": "Amina",
        "age": 30,
        "likes": {"set": ["green", "red"]},
        "meta/instanceID": f"uuid:{record}",
    }
    assert (shown["version"], shown["review"]["state"]) == ("1", "received")
    [said] = said_of(world, record)
    assert said["id"][0] not in (amina.phone.author, "")
    assert said["stamp"] == [world.now_ms, 0]


def test_what_the_server_shows_comes_back_the_same_as_an_answer_sheet(world: World, amina: Collect) -> None:
    child, record = world.uuid(), world.uuid()
    fields = {
        "name": 'آمنة <&> "Amina"',
        "age": 30,
        "colour": "red",
        "likes": {"set": ["green", "red"]},
        f"children[{child}]": 1,
        f"children[{child}]/called": "Sami",
        "meta/instanceID": f"uuid:{record}",
    }
    amina.sends(etree.tostring(to_xml(_form(world), fields), encoding="UTF-8"))
    assert world.fields(record) == fields


def _form(world: World) -> Form:
    found = world.read(lambda session: published(session, world.amal, "visit", "1"))
    assert found is not None
    return found.form


def test_an_operation_that_makes_the_server_fail_is_sent_again_and_at_last_set_apart(
    world: World, amina: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    record = world.uuid()
    monkeypatch.setattr("fieldsync.services.folding.fold_in", fails)
    statuses = [amina.send(visit(record)).status_code for _ in range(6)]
    monkeypatch.undo()
    assert statuses == [500] * 4 + [201] * 2
    [kept] = quarantined(world)
    assert [each["code"] for each in kept["problems"]] == ["internal"]
    amina.sends(visit(world.uuid()))
    assert [each["id"][1] for each in world.hub().pulls()] == [2]


def test_the_app_on_the_same_phone_keeps_its_own_author_and_hears_of_the_record(world: World, amina: Collect) -> None:
    first = amina.phone.sync(amina.phone.says())
    record = world.uuid()
    amina.sends(visit(record))
    answer = amina.phone.sync(amina.phone.says())
    assert answer["known_through"] == 2
    assert list(answer["durable_through"]) == [amina.phone.author] == list(first["durable_through"])
    assert [each["record"] for each in answer["records"]] == [record]


def test_nobody_speaks_for_the_openrosa_author_in_a_batch(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record))
    [said] = said_of(world, record)
    act = {"review": "approved"}
    forged = amina.phone.says(record, act=act) | {"id": [said["id"][0], 2]}
    [result] = amina.phone.tells(forged)
    assert (result["status"], codes(result)) == ("quarantined", ["not_your_author"])
    amina.sends(visit(world.uuid()))
    assert [each["id"][1] for each in world.hub().pulls()] == [1, 2]


def test_a_resend_is_known_however_often_and_however_late(world: World, amina: Collect) -> None:
    record, edit = world.uuid(), world.uuid()
    first = visit(record, "<name>Amina</name><age>30</age>")
    second = visit(edit, "<name>Amina</name><age>31</age>", deprecated=record)
    amina.sends(first)
    amina.sends(first)
    amina.sends(second)
    for resent in (first, second, first):
        amina.sends(resent)
    assert len(said_of(world, record)) == 2
    assert world.fields(record)["age"] == 31
    world.at_desk(desk.delete, record)
    for resent in (first, second):
        amina.sends(resent)
    shown = world.record(record)
    assert shown is not None and shown["deleted"] and not shown["delete_conflict"]
    assert len(said_of(world, record)) == 3


def test_the_same_record_from_the_phone_enrolled_anew_is_known(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record))
    Collect(world).sends(visit(record))
    assert len(said_of(world, record)) == 1


def test_an_edit_that_comes_late_merges_by_field(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record, "<name>Amina</name><age>30</age><colour>red</colour>"))
    world.at_desk(desk.correct, record, {"name": "Amina B."})
    world.now_ms += 1000
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>31</age>", deprecated=record))
    shown = world.record(record)
    assert shown is not None
    assert {path: shown["fields"][path] for path in ("name", "age", "colour")} == {
        "name": "Amina B.",
        "age": 31,
        "colour": None,
    }
    assert shown["conflicts"] == {}
    assert set(writes_of(world, record)[2]) == {"age", "colour", "meta/instanceID", "meta/deprecatedID"}


def test_two_edits_of_the_same_answer_are_a_conflict_that_somebody_sees(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record, "<name>Amina</name>"))
    world.at_desk(desk.correct, record, {"name": "Aminata"})
    world.now_ms += 1000
    amina.sends(visit(world.uuid(), "<name>Yamina</name>", deprecated=record))
    shown = world.record(record)
    assert shown is not None
    assert shown["fields"]["name"] == "Yamina"
    assert [each["value"] for each in shown["conflicts"]["name"]] == ["Aminata"]


def test_two_phones_that_edit_other_answers_of_a_record_leave_nothing_to_decide(world: World, amina: Collect) -> None:
    fatima, record, hers, last = Collect(world), world.uuid(), world.uuid(), world.uuid()
    amina.sends(visit(record, "<name>Amina</name><age>30</age><colour>red</colour>"))
    world.now_ms += 1000
    amina.sends(visit(hers, "<name>Amina</name><age>31</age><colour>red</colour>", deprecated=record))
    amina.sends(visit(last, "<name>Amina</name><age>32</age><colour>red</colour>", deprecated=hers))
    world.now_ms += 1000
    other = visit(world.uuid(), "<name>Amina B.</name><age>30</age><colour>red</colour>", deprecated=record)
    for _ in range(2):
        fatima.sends(other)
    shown = world.record(record)
    assert shown is not None
    assert {path: shown["fields"][path] for path in ("name", "age", "colour")} == {
        "name": "Amina B.",
        "age": 32,
        "colour": "red",
    }
    assert (shown["conflicts"], shown["problems"]) == ({}, [])
    assert len(said_of(world, record)) == 4
    fatima.sends(visit(world.uuid(), "<name>Amina</name><age>33</age><colour>red</colour>", deprecated=last))
    shown = world.record(record)
    assert shown is not None and (shown["fields"]["age"], shown["conflicts"]) == (33, {})


def test_two_edits_that_come_before_the_record_differ_only_in_their_answers(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>31</age>", deprecated=record))
    Collect(world).sends(visit(world.uuid(), "<name>Amina</name><age>32</age>", deprecated=record))
    shown = world.record(record)
    assert shown is not None and list(shown["conflicts"]) == ["age"]


@pytest.mark.parametrize("late_by", ["amina", "fatima", "somebody else"])
def test_two_edits_that_differ_still_differ_when_what_they_replace_comes_late(
    world: World, amina: Collect, late_by: str
) -> None:
    """Whoever left an answer as it was changed nothing; what both changed is for people to decide."""
    record, fatima = world.uuid(), Collect(world)
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>31</age><colour>red</colour>", deprecated=record))
    world.now_ms += 1000
    fatima.sends(visit(world.uuid(), "<name>Amina B.</name><age>32</age><colour>red</colour>", deprecated=record))
    world.now_ms += 1000
    late = {"amina": amina, "fatima": fatima}.get(late_by) or Collect(world)
    original = visit(record, "<name>Amina</name><age>30</age><colour>green</colour>")
    for _ in range(2):
        late.sends(original)
    shown = world.record(record)
    assert shown is not None
    ages = [shown["fields"]["age"], *(each["value"] for each in shown["conflicts"]["age"])]
    assert sorted(ages) == [31, 32]
    assert (shown["fields"]["name"], shown["fields"]["colour"]) == ("Amina B.", "red")
    assert set(shown["conflicts"]) <= {"age", "name"}
    if late_by == "amina":
        assert shown["conflicts"].keys() == {"age"}
    assert len(said_of(world, record)) == 4


def test_every_link_of_a_chain_is_the_same_record(world: World, amina: Collect) -> None:
    first, second, third = world.uuid(), world.uuid(), world.uuid()
    amina.sends(visit(first, "<age>1</age>"))
    amina.sends(visit(second, "<age>2</age>", deprecated=first))
    amina.sends(visit(third, "<age>3</age><name>C</name>", deprecated=second))
    assert world.record(second) is None and world.record(third) is None
    assert world.fields(first)["age"] == 3
    assert len(said_of(world, first)) == 3


def test_an_edit_that_comes_before_what_it_replaces_is_shown_whole_and_stays(world: World, amina: Collect) -> None:
    record, edit = world.uuid(), world.uuid()
    amina.sends(visit(edit, "<name>Amina</name><age>31</age>", deprecated=record))
    assert world.fields(record)["age"] == 31
    world.at_desk(desk.correct, record, {"name": "Amina B."})
    amina.sends(visit(record, "<name>Amina</name><age>30</age><colour>red</colour>"))
    shown = world.record(record)
    assert shown is not None
    assert {path: shown["fields"][path] for path in ("name", "age", "colour")} == {
        "name": "Amina B.",
        "age": 31,
        "colour": None,
    }
    assert shown["fields"]["meta/instanceID"] == f"uuid:{edit}"
    assert shown["conflicts"] == {}
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>32</age>", deprecated=edit))
    assert world.fields(record)["age"] == 32


def test_other_content_under_a_known_id_is_kept_aside(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record, "<name>Amina</name>"))
    told = amina.sends(visit(record, "<name>Fatima</name>"))
    assert "set apart" in told
    assert world.fields(record)["name"] == "Amina"
    [kept] = quarantined(world)
    assert [each["code"] for each in kept["problems"]] == ["other_content"]
    amina.sends(visit(record, "<name>Fatima</name>"))
    assert len(quarantined(world)) == 1


def test_a_wrong_answer_is_quarantined_and_acknowledged_and_can_be_corrected(world: World, amina: Collect) -> None:
    record = world.uuid()
    told = amina.sends(visit(record, "<name>Amina</name><age>many</age><village>07.041</village>"))
    assert "set apart" in told
    assert world.record(record) is None
    [kept] = quarantined(world)
    assert [(each["code"], each["path"]) for each in kept["problems"]] == [("wrong_type", "age")]
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>30</age>", deprecated=record))
    fields = world.fields(record)
    assert (fields["name"], fields["age"], fields["village"]) == ("Amina", 30, None)


def test_what_the_form_does_not_know_is_not_dropped(world: World, amina: Collect) -> None:
    amina.sends(visit(world.uuid(), "<name>Amina</name><stranger>x</stranger>"))
    amina.sends(visit(world.uuid(), "<name>Amina</name><name>Fatima</name>"))
    kept = quarantined(world)
    assert [each["problems"][0]["code"] for each in kept] == ["unknown_path", "answered_twice"]
    assert "Fatima" in str(kept[1])


def test_a_form_version_that_is_not_here_yet_holds_the_record(world: World, amina: Collect) -> None:
    record, edit = world.uuid(), world.uuid()
    xml = visit(
        record, "<name>Amina</name><colour>blue</colour><children><called>Sami</called></children>", version="2"
    )
    told = amina.sends(xml)
    assert "form version" in told
    amina.sends(xml)
    assert world.record(record) is None
    world.publish("visit 2")
    fields = world.fields(record)
    assert (fields["name"], fields["colour"]) == ("Amina", "blue")
    assert "Sami" in fields.values()
    amina.sends(xml)
    amina.sends(visit(edit, "<name>Amina</name>", deprecated=record, version="2"))
    assert world.fields(record)["colour"] is None
    assert [value for value in world.fields(record).values() if value == "Sami"] == []


def test_an_edit_goes_before_a_version_that_still_waits(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record, "<name>Amina</name><colour>blue</colour><age>1</age>", version="2"))
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>2</age>", deprecated=record))
    assert world.fields(record)["age"] == 2
    world.publish("visit 2")
    fields = world.fields(record)
    assert (fields["age"], fields["colour"]) == (2, None)
    assert "blue" in str(writes_of(world, record))


def test_an_edit_in_a_version_to_come_waits_and_then_says_only_what_differs(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.sends(visit(record, "<name>Amina</name><age>1</age>"))
    amina.sends(visit(world.uuid(), "<name>Amina</name><age>2</age>", deprecated=record, version="2"))
    assert world.fields(record)["age"] == 1
    world.publish("visit 2")
    assert world.fields(record)["age"] == 2
    assert [("name" in each) for each in writes_of(world, record)] == [True, False, False]


def test_an_edit_in_a_newer_version_merges_with_what_the_desk_changed(world: World, amina: Collect) -> None:
    record, blue = world.uuid(), "<name>Amina</name><age>30</age><colour>blue</colour>"
    amina.sends(visit(record, blue.replace("blue", "red")))
    world.publish("visit 2")
    world.at_desk(desk.correct, record, {"name": "Amina B."})
    world.now_ms += 1000
    amina.sends(visit(world.uuid(), blue, deprecated=record, version="2"))
    shown = world.record(record)
    assert shown is not None
    assert (shown["version"], shown["conflicts"], shown["problems"]) == ("2", {}, [])
    assert [shown["fields"][path] for path in ("name", "age", "colour")] == ["Amina B.", 30, "blue"]


def test_a_revoked_phone_is_thanked_and_its_record_set_apart(world: World, amina: Collect) -> None:
    record = world.uuid()
    world.revoke(amina.phone)
    amina.sends(visit(record))
    amina.sends(visit(record))
    assert world.record(record) is None
    [kept] = quarantined(world)
    assert [each["code"] for each in kept["problems"]] == ["device_revoked"]
    Collect(world).sends(visit(record))
    assert world.fields(record)["name"] == "Amina"


def test_a_record_without_an_id_is_known_by_its_content(world: World, amina: Collect) -> None:
    amina.sends(visit("", "<name>Amina</name>"))
    amina.sends(visit("", "<name>Amina</name>"))
    amina.sends(visit("", "<name>Fatima</name>"))
    assert len({each["record"] for each in world.hub().pulls()}) == 2


def test_an_id_that_is_no_uuid_is_a_record_of_its_own_in_each_association(world: World, amina: Collect) -> None:
    other = world.add_association("other")
    stranger = Collect(world, world.phone(association_id=other))
    for phone in (amina, stranger):
        phone.sends(visit("household-7"))
        phone.sends(visit("second-visit", "<age>3</age>", deprecated="household-7"))
    [mine] = {each["record"] for each in world.hub().pulls()}
    assert world.fields(mine)["age"] == 3
    assert world.record(mine, association_id=other) is None


def test_repeats_keep_their_occurrences_over_an_edit(world: World, amina: Collect) -> None:
    record, sami = world.uuid(), world.uuid()
    children = f"<children><__occurrence>{sami}</__occurrence><called>Sami</called></children>"
    amina.sends(visit(record, children + "<children><called>Rita</called></children>"))
    before = world.fields(record)
    assert before[f"children[{sami}]/called"] == "Sami"
    rita = next(path for path, value in before.items() if value == "Rita")
    amina.sends(visit(world.uuid(), f"<children><called>Rita</called></children>{children}", deprecated=record))
    after = world.fields(record)
    assert (after[rita], after[f"children[{sami}]/called"]) == ("Rita", "Sami")
    assert after[rita.removesuffix("/called")] == 1
    assert len([path for path in after if path.endswith("/called")]) == 2


def test_an_occurrence_that_was_removed_in_collect_goes(world: World, amina: Collect) -> None:
    record = world.uuid()
    children = [f"<children><called>{name}</called></children>" for name in ("Sami", "Rita", "Adam")]
    amina.sends(visit(record, "".join(children)))
    amina.sends(visit(world.uuid(), children[0] + children[2], deprecated=record))
    shown = [value for path, value in world.fields(record).items() if path.endswith("/called")]
    assert sorted(shown) == ["Adam", "Sami"]


def test_an_entity_follows_from_the_form_and_its_update_knows_the_version(world: World, amina: Collect) -> None:
    person = world.uuid()
    entity = f'<entity dataset="people" id="{person}" create="1"><label>Amina</label></entity>'
    answers = f"<person>{person}</person><fullname>Amina</fullname><risk>high</risk>"
    amina.sends(_of_person(world.uuid(), answers, entity))
    assert world.fields(person, "entity")["fullname"] == "Amina"
    world.now_ms += 1000
    other = Collect(world)
    update = f'<entity dataset="people" id="{person}" update="1" baseVersion="1"/>'
    other.sends(_of_person(world.uuid(), f"<person>{person}</person><risk>low</risk>", update))
    shown = world.record(person, "entity")
    assert shown is not None
    assert (shown["fields"]["risk"], shown["conflicts"]) == ("low", {})
    old = f'<entity dataset="people" id="{person}" update="1" baseVersion="1"/>'
    Collect(world).sends(_of_person(world.uuid(), f"<person>{person}</person><risk>high</risk>", old))
    shown = world.record(person, "entity")
    assert shown is not None and list(shown["conflicts"]) == ["risk"]


def _of_person(instance: str, answers: str, entity: str) -> str:
    meta = f"<meta><instanceID>uuid:{instance}</instanceID>{entity}</meta>"
    return f'<data id="person" version="1">{answers}{meta}</data>'
