"""Companions who download forms in ODK Collect: the list, the forms, their files; and who gets nothing."""

import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import Engine

from fieldsync.services import publishing
from fieldsync.store.form_versions import FormVersionRow
from tests.routes.callers import bearer, person
from tests.routes.collect import Collect, message, visit
from tests.routes.test_need_to_know import listening_phone, publish_intake
from tests.tiny_forms import definition
from tests.watching import watched
from tests.web.visitor import visitor
from tests.world import World


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def md5(data: bytes) -> str:
    return f"md5:{hashlib.md5(data).hexdigest()}"


def with_files(world: World, files: dict[str, bytes]) -> None:
    """Publish visit 2 with files."""
    made = replace(definition("visit 2"), media=files)
    row = world.write(lambda session: publishing.publish(session, world.amal, made, world.now_ms))
    assert isinstance(row, FormVersionRow)


def test_the_list_names_the_open_forms_and_their_hash_is_that_of_the_bytes(amina: Collect) -> None:
    forms = amina.forms()
    assert [(each["formID"], each["name"], each["version"]) for each in forms] == [
        ("monthly", "Monthly", "1"),
        ("person", "Person", "1"),
        ("visit", "Visit", "1"),
    ]
    for each in forms:
        assert each["downloadUrl"].startswith("http://localhost/v1/key/")
        assert ("manifestUrl" in each) == (each["formID"] == "person")
        xform = amina.get(each["downloadUrl"] + "?deviceID=collect%3A1")
        assert xform.status_code == 200 and "xml" in xform.headers["Content-Type"]
        assert md5(xform.data) == each["hash"]


def test_a_list_is_text_xml_of_the_standard_and_says_when_nothing_changed(amina: Collect) -> None:
    response = amina.get("formList")
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert etree.fromstring(response.data).tag == "{http://openrosa.org/xforms/xformsList}xforms"
    assert amina.get("formList", If_None_Match=response.headers["ETag"]).status_code == 304
    assert amina.client.head(f"{amina.base}/formList").status_code == 200


def test_a_list_can_be_asked_for_one_form_and_for_every_version(world: World, amina: Collect) -> None:
    world.publish("visit 2")
    assert [each["version"] for each in amina.forms("formList?formID=visit")] == ["2"]
    assert [each["version"] for each in amina.forms("formList?formID=visit&listAllVersions=true")] == ["1", "2"]
    assert amina.forms("formList?formID=unheard") == []
    world.write(lambda session: publishing.retire(session, world.amal, "visit", "2", world.now_ms))
    assert [each["version"] for each in amina.forms("formList?formID=visit")] == ["1"]


def test_a_retired_form_still_receives(world: World, amina: Collect) -> None:
    world.write(lambda session: publishing.retire(session, world.amal, "visit", "1", world.now_ms))
    record = world.uuid()
    amina.sends(visit(record))
    assert world.fields(record)["name"] == "Amina"


def test_the_manifest_leads_to_the_files(world: World, amina: Collect) -> None:
    files = {"places.csv": b"name,label\n1,One\n", "été 1.png": b"picture"}
    with_files(world, files)
    [form] = amina.forms("formList?formID=visit")
    manifest = amina.get(form["manifestUrl"])
    assert manifest.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert manifest.headers["X-OpenRosa-Version"] == "1.0"
    entries = [{etree.QName(one).localname: one.text for one in each} for each in etree.fromstring(manifest.data)]
    assert {each["filename"] for each in entries} == files.keys()
    for each in entries:
        data = amina.get(str(each["downloadUrl"])).data
        assert data == files[str(each["filename"])]
        assert md5(data) == each["hash"]
    missing = amina.get(form["manifestUrl"].replace("/manifest", "/media/nothing.csv"))
    assert missing.status_code == 404 and message(missing)


def test_before_each_record_collect_learns_how_much_it_may_send(world: World, amina: Collect) -> None:
    asked = amina.client.head(f"{amina.base}/submission")
    assert (asked.status_code, asked.data) == (204, b"")
    assert asked.headers["X-OpenRosa-Accept-Content-Length"] == str(world.settings.openrosa_bytes_max)
    assert asked.headers["X-OpenRosa-Version"] == "1.0"


def test_a_phone_that_is_known_asks_before_its_next_record_without_the_database(world: World, amina: Collect) -> None:
    amina.sends(visit(world.uuid()))
    with watched(world) as work:
        assert amina.client.head(f"{amina.base}/submission").status_code == 204
    assert work.statements == 0
    with watched(world) as work:
        assert amina.client.head("/v1/key/nobody/submission").status_code == 403
    assert work.statements > 0


def test_form_list_and_manifest_say_their_language(amina: Collect) -> None:
    [form] = amina.forms("formList?formID=visit")
    for address in ("formList", str(form["downloadUrl"]).replace("form.xml", "manifest")):
        assert amina.get(address, Accept_Language="fr").headers["Content-Language"] == "fr"


def test_a_revoked_phone_gets_no_form(world: World, amina: Collect) -> None:
    [form] = amina.forms("formList?formID=visit")
    world.revoke(amina.phone)
    assert amina.forms() == []
    assert amina.get(form["downloadUrl"]).status_code == 404


def test_forms_of_another_association_do_not_exist(world: World, amina: Collect) -> None:
    other = world.add_association("other", forms=("visit 2",))
    stranger = Collect(world, world.phone(association_id=other))
    [form] = stranger.forms()
    assert form["version"] == "2"
    name = form["downloadUrl"].split("/forms/")[1].split("/")[0]
    for path in (f"forms/{name}/form.xml", f"forms/{name}/manifest", f"forms/{name}/media/a.csv"):
        foreign, absent = amina.get(path), amina.get(path.replace(name, "0" * 64))
        assert (foreign.status_code, foreign.data) == (absent.status_code, absent.data)
        assert foreign.status_code == 404


def test_an_unknown_key_is_answered_the_same_wherever_it_is_shown(world: World) -> None:
    phone = world.phone()
    answers = set()
    for token in ("x", "0" * 32, phone.token + "0", phone.author):
        phone.token = token
        stranger = Collect(world, phone)
        for response in (
            stranger.get("formList"),
            stranger.get("forms/0/form.xml"),
            stranger.get("forms/0/manifest"),
            stranger.get("forms/0/media/x"),
            stranger.send(visit(world.uuid())),
        ):
            assert response.status_code == 403 and "new QR code" in message(response)
            answers.add(response.data)
        assert stranger.client.head(f"{stranger.base}/submission").status_code == 403
    assert len(answers) == 1


def test_every_error_below_the_key_is_xml_and_names_no_key(world: World, amina: Collect) -> None:
    for response, status in (
        (amina.get("nothing/here"), 404),
        (amina.get("submission"), 405),
        (amina.client.put(f"{amina.base}/formList"), 405),
        (amina.client.get("/v1/key/"), 404),
        (amina.client.post(f"{amina.base}/submission", data=b"x"), 400),
    ):
        assert response.status_code == status
        assert message(response) and amina.phone.token not in response.text


def test_messages_come_in_the_phones_language(amina: Collect) -> None:
    arabic = message(amina.send(b"<data", language="ar-MA,ar;q=0.9"))
    french = message(amina.send(b"<data", language="fr-MA"))
    assert "الهاتف" in arabic and "téléphone" in french


def test_addresses_are_those_under_which_phones_reach_the_server(sqlite_engine: Engine) -> None:
    world = World(sqlite_engine)
    for public, expected in (("https://donnees.example/", "https://donnees.example/v1/key/"), ("", "http://localhost/v1/key/"),
                             ("http://0.0.0.0:8000", "http://localhost/v1/key/")):  # fmt: skip
        context = world.app.extensions["fieldsync"]
        world.app.extensions["fieldsync"] = replace(context, settings=replace(world.settings, public_url=public))
        [form, *_] = Collect(world).forms()
        assert form["downloadUrl"].startswith(expected)
    world.database.close()


def test_no_key_and_no_answer_is_logged(amina: Collect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    amina.forms()
    amina.sends(visit("a", "<name>Amina</name>"))
    amina.send(b"<data")
    assert amina.phone.token not in caplog.text and "Amina" not in caplog.text


@pytest.mark.parametrize("where", ["services.folding.fold_in", "services.openrosa.receive"])
def test_where_the_server_fails_no_key_and_no_answer_is_logged_either(
    amina: Collect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    caplog.set_level("DEBUG")
    monkeypatch.setattr(f"fieldsync.{where}", fails)
    assert amina.send(visit("a", "<name>Amina</name>")).status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert amina.phone.token not in caplog.text and "Amina" not in caplog.text


def test_a_phone_is_offered_the_forms_of_its_role_and_no_others(world: World, amina: Collect) -> None:
    """The very names of the listening centre's forms would tell what happens there."""
    publish_intake(world)
    listening = Collect(world, listening_phone(world))
    assert [each["formID"] for each in amina.forms()] == ["monthly", "person", "visit"]
    [form] = listening.forms()
    assert form["formID"] == "f2_intake"
    assert [amina.forms(f"formList?formID={name}") for name in ("f2_intake", "unheard")] == [[], []]
    assert amina.get("formList?formID=f2_intake").data == amina.get("formList?formID=unheard").data
    name = form["downloadUrl"].split("/forms/")[1].split("/")[0]
    for path in (f"forms/{name}/form.xml", f"forms/{name}/manifest", f"forms/{name}/media/a.csv"):
        closed, absent = amina.get(path), amina.get(path.replace(name, "0" * 64))
        assert (closed.status_code, closed.data) == (absent.status_code, absent.data) == (404, absent.data)
    assert listening.get(f"forms/{name}/form.xml").status_code == 200


def test_sync_and_the_api_show_a_phone_the_forms_of_its_role_and_no_others(world: World) -> None:
    publish_intake(world)
    companion, listening = world.phone(), listening_phone(world)
    assert {each["id"] for each in companion.sync()["forms"]} == {"visit", "person", "monthly"}
    assert {each["id"] for each in listening.sync()["forms"]} == {"f2_intake"}
    assert {each["id"] for each in bearer(companion).pages("forms")} == {"visit", "person", "monthly"}
    for end in ("", "/form.xml", "/form.xlsx", "/media/a.csv"):
        closed, absent = (bearer(companion).call("GET", f"forms/{form}/1{end}") for form in ("f2_intake", "unheard"))
        assert (closed.status_code, closed.data) == (absent.status_code, absent.data) == (404, absent.data)
    assert bearer(listening).call("GET", "forms/f2_intake/1/form.xml").status_code == 200
    assert {each["id"] for each in world.hub().sync()["forms"]} == {"visit", "person", "monthly", "f2_intake"}
    assert {each["id"] for each in person(world, "designer").pages("forms")} >= {"f2_intake", "visit"}


def test_the_page_of_a_phone_says_nothing_of_a_clock_that_collect_never_told(world: World, amina: Collect) -> None:
    """Collect's `Date` is half a day off from 13:00 on; no clock is read from it."""
    record = visit(world.uuid())
    response = amina.client.post(
        f"{amina.base}/submission",
        data={"xml_submission_file": (io.BytesIO(record.encode()), "r.xml", "text/xml")},
        headers={"X-OpenRosa-Version": "1.0", "Date": "Tue, 24 Nov 2026 01:00:00 GMT"},
    )
    assert response.status_code == 201
    page = visitor(world, "coordinator").opens(f"/phones/{amina.phone.author}").text
    assert "Horloge</dt><dd>non indiqué</dd>" in page
