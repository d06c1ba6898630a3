"""Entity lists on phones with ODK Collect: their own scope, and a download only when something changed."""

import csv
import gzip
import io
import os
import random
import shutil
import time

import pytest
from lxml import etree
from pyxform.xls2xform import convert as to_xform

from fieldsync.core import packed_parts
from fieldsync.core.roles import PHONE_ROLE, Role, RoleBook
from fieldsync.services import desk, entity_csv, merging, publishing, role_book
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store import list_files
from fieldsync.store.devices import ViewRow
from tests.databases import copied, put_back
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
    for known in (etag, f"W/{etag}"):  # a proxy that packs an answer calls its mark weak
        assert amina.get(before["downloadUrl"], If_None_Match=known).status_code == 304
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


def written_whole(world: World, client: Collect) -> list[dict[str, str]]:
    """The list as a server writes it that has kept nothing."""
    shutil.rmtree(world.settings.data / list_files.FOLDER, ignore_errors=True)
    return rows(client)


def test_after_any_changes_a_list_is_what_it_would_be_written_whole(
    world: World, amina: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of three: people come, change, go and come back, are merged and parted, and move out of sight."""
    monkeypatch.setattr(entity_csv, "PART_ENTITIES", 3)
    dice, phone = random.Random(7), world.phone()
    people = [registers(phone, f"Name {number}", dice.choice(VILLAGES)) for number in range(8)]
    for step in range(40):
        if step == 20:
            world.grant(amina.phone, ViewRow("place", "07.041"))
        for _ in range(dice.randint(1, 3)):
            happens(world, phone, people, dice)
        in_parts = rows(amina)
        if step % 4 == 3:
            assert in_parts == written_whole(world, amina)
    assert 3 < len(in_parts) < len(people)


VILLAGES = ("07.041.05", "07.161.01")


def happens(world: World, phone: Phone, people: list[str], dice: random.Random) -> None:
    """Something happens to somebody on the list."""
    person, other = dice.sample(people, 2)
    match dice.choice(["comes", "changes", "changes", "moves", "goes", "merged", "parted"]):
        case "comes":
            people.append(registers(phone, f"Name {len(people)}", dice.choice(VILLAGES)))
        case "changes":
            world.at_desk(desk.correct, person, {"risk": dice.choice(["low", "high"])}, kind="entity")
        case "moves":
            world.at_desk(desk.correct, person, {"village": dice.choice(VILLAGES)}, kind="entity")
        case "goes":
            world.at_desk(desk.delete, person, kind="entity")
        case "merged":
            world.at_desk(merging.merge, person, [other], kind="entity")
        case "parted":
            world.at_desk(merging.unmerge, person, kind="entity")


def test_only_what_changed_is_packed_again(world: World, amina: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entity_csv, "PART_ENTITIES", 3)
    phone = world.phone()
    people = [registers(phone, f"Name {number}") for number in range(11)]
    rows(amina)
    packed, pack = list[bytes](), packed_parts.part

    def part(content: bytes) -> bytes:
        packed.append(content)
        return pack(content)

    monkeypatch.setattr(packed_parts, "part", part)
    world.at_desk(desk.correct, people[4], {"risk": "high"}, kind="entity")
    assert len(rows(amina)) == 11
    [content] = packed
    assert content.decode().count("\n") == 3 and people[4] in content.decode()
    packed.clear()
    rows(amina)
    assert packed == []


def test_a_database_put_back_has_its_lists_written_whole(world: World, amina: Collect) -> None:
    """What was kept knows a past that is no longer: the same positions of the log may speak of others."""
    phone = world.phone()
    registers(phone, "Fadma")
    assert [row["label"] for row in rows(amina)] == ["Fadma"]
    copy = copied(world.database.engine)
    registers(phone, "Zahra")
    assert len(rows(amina)) == 2
    put_back(world.database.engine, copy)
    world.now_ms += 60_000
    registers(world.phone(), "Hadda")
    registers(world.phone(), "Mina")
    assert [row["label"] for row in rows(amina)] == ["Fadma", "Hadda", "Mina"]


def test_a_list_that_nobody_asks_for_goes_after_a_week_and_one_that_is_damaged_is_written_anew(
    world: World, amina: Collect
) -> None:
    registers(world.phone(), "Fadma")
    assert len(rows(amina)) == 1
    [kept] = (world.settings.data / list_files.FOLDER).iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    assert len(rows(amina)) == 1
    list_files.sweep(world.settings.data)
    assert kept.exists()
    long_ago = time.time() - list_files.KEPT_SECONDS - 60
    os.utime(kept, (long_ago, long_ago))
    list_files.sweep(world.settings.data)
    assert not kept.exists()
    assert len(rows(amina)) == 1
