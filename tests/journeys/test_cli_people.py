"""An operator without a screen: people, roles, tokens, phones and the audit log from the terminal."""

import json
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, text

from fieldsync.config import program_folder
from tests.journeys.operator_at_terminal import Operator
from tests.routes.callers import Caller, nobody
from tests.world import World

HAYAT = "hayat@example.org"
LINK = "a long and quiet sentence"


@pytest.fixture
def beside(sqlite_engine: Engine) -> tuple[World, Operator]:
    """A world, and an operator who works on its database with the same key."""
    folder = Path(str(sqlite_engine.url.database)).parent
    key = "ab" * 32
    (folder / "secret.key").write_text(key)
    world = World(sqlite_engine)
    world.database.session_info["master_key"] = bytes.fromhex(key)
    return world, Operator(folder)


def test_a_person_is_invited_comes_and_is_kept_out(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    told = operator.types("person", "invite", HAYAT, "--role", "association_reviewer", "--association", "amal").json
    world.now_ms = told["expires_ms"] - 60_000
    link = told["link"].partition("#")[2]
    made = nobody(world).post("links/accept", {"link": link, "password": LINK}, 201)
    hers = Caller(world.app.test_client(), made["token"])
    assert hers.get("me")["roles"] == ["association_reviewer"]
    assert operator.types("person", "disable", HAYAT).json["status"] == "disabled"
    assert hers.get("me", 401)["code"] == "unknown_token"
    assert operator.types("person", "reset", HAYAT).json["error"] == "person_disabled"
    assert operator.types("person", "enable", HAYAT).json["status"] == "active"
    [person] = operator.types("person", "list", "--association", "amal").json["people"]
    assert (person["email"], [each["role"] for each in person["grants"]]) == (HAYAT, ["association_reviewer"])


def test_roles_are_given_and_taken_with_their_exclusions(beside: tuple[World, Operator]) -> None:
    _, operator = beside
    operator.types("person", "add", HAYAT, "--role", "coordinator", "--association", "amal")
    given = ("person", "grant", HAYAT, "--association", "amal", "--role")
    assert operator.types(*given, "listening_worker").json["error"] == "roles_excluded_waiver"
    told = operator.types(*given, "listening_worker", "--waiver", "only two people").json
    assert [each["role"] for each in told["grants"]] == ["coordinator", "listening_worker"]
    assert operator.types(*given, "astronaut").json["error"] == "role_unknown"
    assert operator.types(*given, "coordinator").json["error"] == "role_held"
    told = operator.types("person", "withdraw", HAYAT, "--role", "coordinator").json
    assert [each["role"] for each in told["grants"]] == ["listening_worker"]
    assert operator.types("person", "withdraw", HAYAT, "--role", "coordinator").json["error"] == "grant_unknown"


def test_who_looks_after_the_server_belongs_to_no_association(beside: tuple[World, Operator]) -> None:
    _, operator = beside
    assert operator.types("person", "add", "root@example.org", "--role", "instance_admin").json["association"] is None
    assert operator.types("person", "add", "x@example.org", "--role", "coordinator").json["error"] == "role_elsewhere"


def test_roles_are_listed_and_loaded(beside: tuple[World, Operator], tmp_path: Path) -> None:
    _, operator = beside
    roles = {each["role"] for each in operator.types("role", "list").json["roles"]}
    assert {"companion", "coordinator", "designer", "listening_worker", "instance_admin"} <= roles
    programme = yaml.safe_load((program_folder("forms") / "programme.yaml").read_text("utf-8"))
    programme["roles"].append(
        {"code": "archivist", "ar": "أرشيفي", "fr": "Archiviste", "en": "Archivist", "reach": "association"}
    )
    file = tmp_path / "roles.yaml"
    file.write_text(yaml.safe_dump(programme, allow_unicode=True), "utf-8")
    assert "archivist" in operator.types("role", "load", file).json["roles"]
    file.write_text("roles: [{code: x}]")
    assert operator.types("role", "load", file).json["error"] == "roles_wrong"
    assert operator.types("person", "add", HAYAT, "--role", "archivist", "--association", "amal").code == 0
    assert "archivist" not in operator.types("role", "load").json["roles"]


def test_tokens_of_scripts_are_listed_and_revoked(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    operator.types("person", "add", HAYAT, "--role", "designer", "--association", "amal")
    made = operator.types("person", "token", HAYAT, "--name", "nightly").json
    world.now_ms = made["expires_ms"] - 60_000
    script = Caller(world.app.test_client(), made["token"])
    assert set(script.get("me")["permissions"]) == {"read_forms", "publish_forms"}
    [listed] = operator.types("token", "list", HAYAT).json["tokens"]
    assert (listed["token"], listed["name"]) == (made["id"], "nightly")
    assert operator.types("token", "revoke", HAYAT, made["id"]).json["status"] == "ended"
    assert script.get("me", 401)["code"] == "unknown_token"
    assert operator.types("token", "revoke", HAYAT, made["id"]).json["error"] == "token_unknown"


def test_a_phone_is_offered_renamed_moved_and_revoked(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    offered = operator.types("device", "offer-code", "--association", "amal", "--name", "Phone 3", "--team", "a").json
    world.now_ms = offered["expires_ms"] - 60_000
    author = nobody(world).post("enrol", {"code": offered["code"]})["author"]
    assert operator.types("device", "rename", author, "--name", "Phone 4").json["name"] == "Phone 4"
    moved = operator.types("device", "move", author, "--place", "07.041", "--team", "b").json
    assert (moved["name"], moved["views"], moved["team"]) == ("Phone 4", ["place:07.041"], "b")
    assert operator.types("device", "revoke", author, "--wipe").json["status"] == "revoked"
    assert operator.types("device", "move", "nobody", "--own").json["error"] == "device_unknown"
    shown = operator.reads("device", "offer-code", "--association", "amal", "--name", "Phone 5")
    assert "/enrol#" in shown.output
    assert "█" in shown.output or "▀" in shown.output


def test_the_audit_log_is_anchored_verified_and_listed(beside: tuple[World, Operator], tmp_path: Path) -> None:
    world, operator = beside
    operator.types("person", "add", HAYAT, "--role", "viewer", "--association", "amal")
    file = tmp_path / "anchors.jsonl"
    anchored = operator.types("audit", "anchor", "--file", file).json
    assert {head["chain"] for head in anchored["anchors"]} == {0, world.amal}
    operator.types("person", "disable", HAYAT)
    whole = operator.types("audit", "verify", "--anchors", file)
    # The world set itself up before it had the operator's key: those first rows are another key's.
    faults = whole.json["faults"] if whole.code else []
    assert not [each for each in faults if each["what"] != "changed"]
    actions = [each["action"] for each in operator.types("audit", "list", "--association", "amal").json["events"]]
    assert actions[:2] == ["person_disabled", "person_invited"]
    only = operator.types("audit", "list", "--action", "role_granted").json["events"]
    assert [each["action"] for each in only] == ["role_granted"]
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_row WHERE chain = 1 AND number > 2"))
    cut = operator.types("audit", "verify", "--anchors", file)
    assert (cut.code, cut.json["error"]) == (1, "audit_broken")
    assert {each["what"] for each in cut.json["faults"]} >= {"shortened"}
    file.write_text(json.dumps({"day": "x"}) + "\n")
    assert operator.types("audit", "verify", "--anchors", file).json["error"] == "anchors_unreadable"


def test_a_log_by_the_operator_alone_is_whole(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    operator.types("person", "add", HAYAT, "--role", "coordinator", "--association", "rifq")
    operator.types("device", "enrol", "--association", "rifq", "--name", "Phone")
    told = operator.types("audit", "verify")
    assert (told.code, told.json["ok"], told.json["faults"]) == (0, True, [])
    assert told.json["rows"] >= 4
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "data" / "secret.key").write_text("no key")
    assert operator.types("audit", "verify").json["error"] == "file_unusable"
