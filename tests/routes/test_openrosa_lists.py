"""Entity lists on phones with ODK Collect: their own scope, and a download only when something changed."""

import csv
import gzip
import io
import random

import pytest
from lxml import etree
from pyxform.xls2xform import convert as to_xform

from fieldsync.core.roles import PHONE_ROLE, Role, RoleBook
from fieldsync.services import desk, merging, publishing, role_book
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store.devices import ViewRow
from tests.routes.collect import MANIFEST, Collect
from tests.world import Json, Phone, World

READS = """
| survey   |
|          | type                          | name   | label  | bind::fs:class |
|          | select_one_from_file people.csv | person | Person | P1             |
| settings |
|          | form_id | form_title | version | namespaces              |
|          | reads   | Reads      | 1       | fs="urn:fieldsync:form" |
"""


@pytest.fixture
def amina(world: World) -> Collect:
    """Collect on a phone of an association whose form reads the list of people."""
    xform = to_xform(xlsform=READS, file_type=".md").xform.encode()
    made = convert(xform, "xml", lists=["people"])
    assert made.form is not None, made.findings
    definition = Definition(made.form, made.xform, None, READS.encode(), "md")
    world.write(lambda session: publishing.publish(session, world.amal, definition, world.now_ms))
    return Collect(world)


def registers(phone: Phone, name: str, village: str = "07.041") -> str:
    """A companion registers somebody; the UUID of the person."""
    person = phone.world.uuid()
    said = phone.says(of="person", writes={
        "person": person, "fullname": name, "village": village, "risk": "low",
        "meta/entity/@id": person, "meta/entity/@create": "1", "meta/entity/label": name,
    })  # fmt: skip
    assert phone.statuses(said) == ["applied"]
    return person


def listed(client: Collect) -> Json:
    """The manifest's entry of the list."""
    [form] = client.forms("formList?formID=reads")
    root = etree.fromstring(client.get(form["manifestUrl"]).data)
    [entry] = root.iterfind(f"{MANIFEST}mediaFile")
    assert entry.get("type") == "entityList"
    return {etree.QName(each).localname: each.text for each in entry}


def rows(client: Collect) -> list[dict[str, str]]:
    """The list as the phone reads it."""
    response = client.get(listed(client)["downloadUrl"])
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.text)))


def test_a_form_that_reads_a_list_names_it_and_where_it_is_checked(world: World, amina: Collect) -> None:
    registers(world.phone(), "Fadma")
    entry = listed(amina)
    assert entry["filename"] == "people.csv"
    assert entry["hash"].startswith("md5:") and len(entry["hash"]) == 36
    [row] = rows(amina)
    assert (row["label"], row["__version"], row["risk"], row["fullname"]) == ("Fadma", "1", "low", "Fadma")
    assert list(row)[:3] == ["name", "label", "__version"]


def test_a_list_is_fetched_again_only_when_it_changed(world: World, amina: Collect) -> None:
    phone = world.phone()
    person = registers(phone, "Fadma")
    before = listed(amina)
    phone.tells(phone.says())  # a visit is none of the list's business
    assert listed(amina) == before
    etag = amina.get(before["downloadUrl"]).headers["ETag"]
    assert amina.get(before["downloadUrl"], If_None_Match=etag).status_code == 304
    world.at_desk(desk.correct, person, {"risk": "high"}, kind="entity")
    after = listed(amina)
    assert after["hash"] != before["hash"]
    again = amina.get(after["downloadUrl"], If_None_Match=etag)
    assert again.status_code == 200
    [row] = csv.DictReader(io.StringIO(again.text))
    assert (row["risk"], row["__version"]) == ("high", "2")


def test_a_phone_has_its_own_scope_only(world: World, amina: Collect) -> None:
    phone = world.phone()
    for name, village in (("Fadma", "07.041.05"), ("Zahra", "07.161.01")):
        registers(phone, name, village)
    world.grant(amina.phone, ViewRow("place", "07.041"))
    assert [row["label"] for row in rows(amina)] == ["Fadma"]
    world.grant(amina.phone, ViewRow("own"))
    assert rows(amina) == []
    foreign = Collect(world, world.phone(association_id=world.add_association("other")))
    path = listed(amina)["downloadUrl"].replace(amina.phone.token, foreign.phone.token)
    assert foreign.get(path).text.count("\n") == 1


def test_who_is_deleted_or_merged_leaves_the_list_and_the_phone_learns_it(world: World, amina: Collect) -> None:
    phone = world.phone()
    stays, goes, twin = (registers(phone, name) for name in ("Fadma", "Zahra", "Fatma"))
    world.at_desk(desk.delete, goes, kind="entity")
    world.at_desk(merging.merge, stays, [twin], kind="entity")
    assert [row["name"] for row in rows(amina)] == [stays]
    never = world.uuid()
    told = amina.get(f"{listed(amina)['integrityUrl']}?id={stays},{goes},{twin},{never}")
    assert told.content_type == "text/xml; charset=utf-8"
    root = etree.fromstring(told.data)
    assert root.tag == "data"
    assert {each.get("id"): each.findtext("deleted") for each in root.iterfind("entities/entity")} == {
        stays: "false",
        goes: "true",
        twin: "true",
        never: "false",
    }


@pytest.mark.parametrize("ids", ["", "x", "," * 5000, "'; DROP TABLE record; --"])
def test_ids_that_are_none_are_left_out(amina: Collect, ids: str) -> None:
    response = amina.get(f"lists/people/integrity?id={ids}")
    assert etree.fromstring(response.data).findall("entities/entity") == []


def test_a_revoked_phone_gets_no_list(world: World, amina: Collect) -> None:
    registers(world.phone(), "Fadma")
    path = listed(amina)["downloadUrl"]
    known = amina.get(path)  # written once for all phones that read the same
    assert known.text.count("\n") == 2
    world.revoke(amina.phone)
    for condition in ({}, {"If_None_Match": known.headers["ETag"]}):
        gone = amina.get(path, **condition)
        assert (gone.status_code, gone.text.count("\n")) == (200, 1)


def test_a_list_that_another_book_of_roles_closes_is_empty_at_once(world: World, amina: Collect) -> None:
    registers(world.phone(), "Fadma")
    path = listed(amina)["downloadUrl"]
    assert amina.get(path).text.count("\n") == 2
    companion = Role(PHONE_ROLE, "", "", "", "association", families=frozenset({"markets"}))
    world.write(lambda session: role_book.load(session, RoleBook((companion,))))
    assert amina.get(path).text.count("\n") == 1


def test_a_list_travels_packed(world: World, amina: Collect) -> None:
    registers(world.phone(), "فاطمة")
    path = listed(amina)["downloadUrl"]
    packed = amina.get(path, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == amina.get(path).data


def test_the_list_says_what_the_records_show(world: World, amina: Collect) -> None:
    """Random people, changes and deletes: every row is what the record shows."""
    dice, phone = random.Random(3), world.phone()
    people = [registers(phone, f"Name {number}", f"07.0{number}") for number in range(12)]
    for _ in range(20):
        person = dice.choice(people)
        if dice.random() < 0.2:
            world.at_desk(desk.delete, person, kind="entity")
        else:
            world.at_desk(desk.correct, person, {"risk": dice.choice(["low", "high"])}, kind="entity")
    shown = {person: world.record(person, "entity") for person in people}
    present = {person: record for person, record in shown.items() if record is not None and not record["deleted"]}
    assert {row["name"]: row["risk"] for row in rows(amina)} == {
        person: record["fields"]["risk"] for person, record in present.items()
    }
