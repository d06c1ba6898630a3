"""An operator sets up a server and looks after its records from the terminal."""

import base64
import json
import zlib
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import program_folder
from tests.journeys.operator_at_terminal import Operator
from tests.world import World

UUID = "018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99"
BROKEN = "survey:\n  - {type: select_one nowhere, name: a, label: A}\nsettings:\n  - {form_id: b, version: '1'}\n"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


@pytest.fixture
def beside(sqlite_engine: Engine) -> tuple[World, Operator]:
    """A world, and an operator who works on its database."""
    return World(sqlite_engine), Operator(Path(str(sqlite_engine.url.database)).parent)


def test_first_steps(operator: Operator) -> None:
    forms = program_folder("forms")
    assert operator.types("association", "add", "rifq", "--name", "جمعية الرفق").json["association"] == "rifq"
    published = operator.types(
        "form", "publish", forms / "f4_participant.yaml", "--media", forms / "media", "--association", "rifq"
    ).json
    assert published["form"] == "f4_participant"
    assert published["hash"].startswith("sha256:")
    assert published["findings"] == []
    person = operator.types("person", "add", "a@example.org", "--role", "coordinator", "--association", "rifq").json
    assert person["person"] == "a@example.org"
    assert len(person["password"]) >= 16
    assert operator.types("person", "token", "a@example.org").json["token"]
    device = operator.types("device", "enrol", "--association", "rifq", "--name", "Phone 1").json
    assert device["openrosa_url"].endswith(device["token"])
    scanned = json.loads(zlib.decompress(base64.b64decode(device["qr"])))
    assert scanned["general"] == {
        "server_url": device["openrosa_url"],
        "form_update_mode": "match_exactly",  # her forms come, and what is finished goes, by themselves
        "autosend": "wifi_and_cellular",
    }
    assert scanned["project"]["name"] == "جمعية الرفق"
    listed = operator.types("device", "list", "--association", "rifq").json["devices"]
    assert [each["device"] for each in listed] == [device["device"]]
    assert operator.types("doctor").json["ok"]


def test_a_form_with_errors_is_listed_and_not_published(operator: Operator, tmp_path: Path) -> None:
    operator.types("association", "add", "rifq", "--name", "Rifq")
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN)
    said = operator.types("form", "publish", file, "--association", "rifq")
    assert said.code == 1
    assert said.json["error"] == "form_has_errors"
    assert any(finding["severity"] == "error" and finding["message"] for finding in said.json["findings"])
    assert operator.types("form", "list", "--association", "rifq").json["forms"] == []


def test_a_csv_that_is_not_there_is_taken_for_an_entity_list_only_beside_a_media_folder(operator: Operator) -> None:
    operator.types("association", "add", "rifq", "--name", "Rifq")
    forms = program_folder("forms")
    command = ("form", "publish", forms / "f7_monthly.yaml", "--association", "rifq")
    assert operator.types(*command).code == 1
    said = operator.types(*command, "--media", forms / "media")
    assert said.code == 0
    assert [finding["code"] for finding in said.json["findings"]] == ["entity_list_assumed"]


def test_a_version_leaves_as_a_workbook_and_is_retired(operator: Operator, tmp_path: Path) -> None:
    operator.types("association", "add", "rifq", "--name", "Rifq")
    forms = program_folder("forms")
    command = ("form", "publish", forms / "f4_participant.yaml", "--media", forms / "media", "--association", "rifq")
    version = operator.types(*command).json["version"]
    for name, start in (("form.xlsx", b"PK"), ("form.xml", b"<?xml"), ("form.yaml", b"#")):
        target = tmp_path / name
        said = operator.types("form", "export", "f4_participant", version, "--association", "rifq", "--to", target)
        assert said.code == 0
        assert target.read_bytes().startswith(start) or name == "form.yaml"
    retired = operator.types("form", "retire", "f4_participant", version, "--association", "rifq").json
    assert retired["state"] == "retired"
    unknown = operator.types("form", "retire", "f4_participant", "0", "--association", "rifq")
    assert (unknown.code, unknown.json["error"]) == (1, "form_unknown")


REFUSED = {
    "no database": (("record", "show", UUID), "no_database"),
    "a slug in capitals": (("association", "add", "RIFQ", "--name", "x"), "slug_wrong"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_says_why_and_exits_with_1(operator: Operator, what: str) -> None:
    command, code = REFUSED[what]
    said = operator.types(*command)
    assert said.code == 1
    assert said.json["error"] == code
    assert said.json["message"] in said.errors


def test_known_names_are_refused_and_unknown_ones_too(operator: Operator) -> None:
    operator.types("association", "add", "rifq", "--name", "Rifq")
    operator.types("person", "add", "a@b.org", "--role", "viewer", "--association", "rifq")
    for command, code in (
        (("association", "add", "rifq", "--name", "Rifq"), "association_taken"),
        (("person", "add", "a@b.org", "--role", "viewer", "--association", "rifq"), "email_taken"),
        (("person", "add", "nobody", "--role", "viewer", "--association", "rifq"), "email_wrong"),
        (("person", "token", "x@b.org"), "person_unknown"),
        (("device", "enrol", "--association", "none", "--name", "x"), "association_unknown"),
        (("device", "revoke", "nobody"), "device_unknown"),
        (("record", "show", UUID), "record_unknown"),
    ):
        said = operator.types(*command)
        assert (said.code, said.json["error"]) == (1, code)


@pytest.mark.parametrize(
    "command", [("record", "show", "no-uuid"), ("record", "review", UUID, "fine"), ("person", "add"), ("nonsense",)]
)
def test_what_was_called_wrongly_exits_with_2(operator: Operator, command: tuple[str, ...]) -> None:
    assert operator.reads(*command).code == 2


def test_a_wrong_setting_exits_with_2(tmp_path: Path) -> None:
    said = Operator(tmp_path, {"FIELDSYNC_PORT": "many"}).types("association", "list")
    assert said.code == 2
    assert said.json["error"] == "setting_wrong"


def test_the_operator_is_spoken_to_in_his_language(tmp_path: Path) -> None:
    arabic, french = (Operator(tmp_path / "none", {"LC_ALL": name}) for name in ("ar_MA.UTF-8", "fr_FR.UTF-8"))
    assert "قاعدة بيانات" in arabic.types("association", "list").json["message"]
    assert "base de données" in french.types("association", "list").json["message"]


def test_a_record_is_shown_with_all_that_was_said(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    phone = world.phone()
    said = phone.says(writes={"name": "Amina", "age": 30})
    wrong = phone.says(said["record"], {"colour": "none"}, seen=[said])
    held = phone.says(said["record"], {"age": 31}, version="2", seen=[said])
    phone.tells(said, wrong, held)
    shown = operator.types("record", "show", said["record"]).json
    assert shown["fields"] == {"name": "Amina", "age": 30}
    assert [(each["id"], each["status"]) for each in shown["operations"]] == [
        (said["id"], "applied"),
        (held["id"], "held"),
    ]
    assert shown["operations"][1]["waits"] == [["form", "visit\n2"]]
    assert [each["id"] for each in shown["quarantined"]] == [wrong["id"]]
    text = operator.reads("record", "show", said["record"]).output
    assert "age = 30" in text
    assert "waits for form visit" in text


def test_two_records_of_one_uuid_are_shown_as_a_list(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    other = world.add_association("other")
    uuid = world.uuid()
    for phone in (world.phone(), world.phone(association_id=other)):
        phone.tells(phone.says(uuid))
    assert {each["association"] for each in operator.types("record", "show", uuid).json} == {"amal", "other"}
    assert operator.types("record", "show", uuid, "--association", "other").json["association"] == "other"
    assert operator.types("record", "review", uuid, "approved").json["error"] == "several_records"


def test_what_is_only_quarantined_can_be_seen_and_released(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    phone = world.phone()
    wrong = phone.says(writes={"name": "A", "colour": "blue"})
    phone.tells(wrong)
    name = f"{phone.author}:1"
    assert operator.types("record", "show", wrong["record"]).json["quarantined"][0]["id"] == wrong["id"]
    assert (
        operator.types("record", "release", wrong["record"], f"{phone.author}:9").json["error"] == "operation_unknown"
    )
    released = operator.types("record", "release", wrong["record"], name, "--note", "A new colour").json
    assert released["fields"]["colour"] == "blue"
    assert "A new colour" in [(each.get("act") or {}).get("note") for each in released["operations"]]
    again = phone.says(writes={"colour": "none"})
    phone.tells(again)
    rejected = operator.types("record", "reject", again["record"], json.dumps(again["id"])).json
    assert rejected["quarantined"][0]["status"] == "rejected"


def test_the_desk_reviews_comments_corrects_and_deletes(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    phone = world.phone()
    said = phone.says(writes={"name": "Amina"})
    phone.tells(said)
    record = said["record"]
    assert operator.types("record", "review", record, "approved", "--note", "ok").json["review"]["state"] == "approved"
    assert operator.types("record", "comment", record, "seen").json["review"]["comments"]
    corrected = operator.types("record", "correct", record, "--set", "age=41", "--set", "name=Amina B.").json
    assert corrected["fields"] == {"name": "Amina B.", "age": 41}
    assert corrected["review"]["state"] == "edited"
    assert operator.types("record", "delete", record).json["deleted"]
    assert operator.types("doctor").json["ok"]


def test_two_entities_are_merged_and_parted(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    phone, ids = world.phone(), [world.uuid(), world.uuid()]
    for number, entity in enumerate(ids):
        answers = {"meta/entity/@id": entity, "meta/entity/@create": "1", "meta/entity/label": "Z", "fullname": "Z"}
        phone.tells(phone.says(of="person", writes={**answers, "village": str(number)}))
    merged = operator.types("record", "merge", *ids).json
    assert merged["merged_into"] in (None, *ids)
    assert sum(operator.types("record", "show", each).json["merged_into"] is not None for each in ids) == 1
    operator.types("record", "unmerge", ids[0])
    assert [operator.types("record", "show", each).json["merged_into"] for each in ids] == [None, None]
    assert operator.types("record", "unmerge", ids[0]).json["error"] == "nothing_merged"
    assert operator.types("doctor").json["ok"]


def test_a_device_is_narrowed_and_revoked(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    phone = world.phone()
    said = operator.types("device", "view", phone.author, "--place", "07.041", "--own").json
    assert said["views"] == ["place:07.041", "own"]
    operator.types("device", "revoke", phone.author, "--wipe")
    assert phone.sync()["device"] == phone.sync()["device"] | {"status": "revoked", "wipe": True}
    code = operator.types("device", "code", "--association", "amal", "--name", "New").json["code"]
    answer = phone.client.post("/api/v1/enrol", json={"code": code, "author": "somebody-new"})
    assert answer.status_code in (200, 201)


def test_the_doctor_exits_with_1_where_something_is_wrong(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    phone = world.phone()
    phone.tells(phone.says())
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE association SET position = position + 1")
    said = operator.types("doctor")
    assert said.code == 1
    assert said.json["findings"][0]["check"] == "change_log"


def test_settings_are_shown_without_secrets(tmp_path: Path) -> None:
    said = Operator(tmp_path, {"FIELDSYNC_DATABASE_URL": "postgresql+psycopg://a:secret@b/c"}).types("settings")
    assert said.json["settings"]["database_url"] == "(secret)"
    assert "secret@" not in said.output
