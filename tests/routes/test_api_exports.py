"""A script and a person take records out by the API."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.services import desk, exporting
from fieldsync.services.readers import FRESH_MS
from fieldsync.store import audit
from fieldsync.store import exports as stored
from tests.exported import Desk, desk_of, read_csv
from tests.routes.callers import Caller, person
from tests.world import World

PERSONAL = {"kind": "submission", "of": "visit", "personal": True}
WHY = {"reason": "correct_data", "reason_text": "two women share a phone number"}


@pytest.fixture
def at_desk(engine: Engine, tmp_path: Path) -> Desk:
    world = World(engine, Settings(data=tmp_path))
    phone = world.phone()
    said = phone.says(writes={"name": "Amina", "age": 34})
    assert phone.statuses(said) == ["applied"]
    world.at_desk(desk.review, said["record"], "approved", "")
    return desk_of(world, world.settings.exports_folder)


def made(at_desk: Desk) -> None:
    """What a worker does."""
    taken = at_desk.world.write(lambda session: stored.take_up(session, "w" * 48, at_desk.world.now_ms))
    assert taken is not None
    exporting.make(at_desk.around, taken)


def script_of(at_desk: Desk) -> Caller:
    """A script of the same person."""
    given = {"name": "nightly", "permissions": ["export_records"], "days": 7}
    return Caller(at_desk.world.app.test_client(), at_desk.caller.post("me/tokens", given, 201)["secret"])


def test_a_script_fetches_a_file_of_aliases(at_desk: Desk) -> None:
    script = script_of(at_desk)
    asked = script.post("exports", {"kind": "submission", "of": "visit", "format": "csv"}, 202)
    assert (asked["state"], asked["percent"], asked["file_name"]) == ("waiting", 0, None)
    path = f"exports/{asked['export']}"
    assert script.get(f"{path}/file", 409)["code"] == "export_not_ready"
    made(at_desk)
    ready = script.get(path)
    assert (ready["state"], ready["records"], ready["number"]) == ("ready", 1, asked["export"][:8].upper())
    assert ready["expires_ms"] == at_desk.world.now_ms + exporting.KEPT_MS
    file = script.call("GET", f"{path}/file")
    assert file.status_code == 200
    assert file.headers["Content-Disposition"] == f"attachment; filename={ready['file_name']}"
    assert file.headers["Cache-Control"] == "no-store"
    assert [row["age"] for row in read_csv(file.data)["records"]] == ["34"]
    assert script.get("exports")["items"] == [ready]
    assert script.call("DELETE", path).status_code == 204
    assert script.get(f"{path}/file", 409)["code"] == "export_not_ready"
    assert list(at_desk.folder.iterdir()) == []


def test_personal_answers_take_a_person_a_proof_and_a_reason(at_desk: Desk) -> None:
    world, caller = at_desk.world, at_desk.caller
    script = script_of(at_desk)
    response = script.call("POST", "exports", json={**PERSONAL, **WHY})
    assert (response.status_code, response.json["code"]) == (403, "export_needs_person")  # type: ignore[index]
    response = caller.call("POST", "exports", json=PERSONAL)
    assert (response.status_code, response.json["code"]) == (422, "export_reason_needed")  # type: ignore[index]
    asked = caller.post("exports", {**PERSONAL, **WHY}, 202)
    made(at_desk)
    path = f"exports/{asked['export']}/file"
    [told] = read_csv(caller.call("GET", path).data)["records"]
    assert told["name"] == "Amina"
    assert script.get(path, 403)["code"] == "confirmation_needed"
    world.now_ms += FRESH_MS + 1
    assert caller.get(path, 403)["code"] == "confirmation_needed"
    response = caller.call("POST", "exports", json={**PERSONAL, **WHY})
    assert (response.status_code, response.json["code"]) == (403, "confirmation_needed")  # type: ignore[index]
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    assert [row.action for row in rows if row.action.startswith("export")] == ["exported", "export_fetched"]


def test_a_file_that_is_gone_says_so(at_desk: Desk) -> None:
    """Its time is over, or another process keeps its files elsewhere."""
    world, script = at_desk.world, script_of(at_desk)
    asked = script.post("exports", {"kind": "submission", "of": "visit"}, 202)
    made(at_desk)
    row = world.read(lambda session: stored.find(session, asked["export"]))
    assert row is not None
    (at_desk.folder / row.file).unlink()
    assert script.get(f"exports/{asked['export']}/file", 410)["code"] == "export_gone"
    world.now_ms += exporting.KEPT_MS
    assert script.get(f"exports/{asked['export']}/file", 410)["code"] == "export_gone"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"kind": "submission", "of": "nowhere"}, 404, "not_found"),
        ({"kind": "entity", "of": "nowhere"}, 404, "not_found"),
        ({"kind": "submission", "of": "visit", "format": "pdf"}, 400, "wrong_shape"),
        ({"kind": "submission", "of": "visit", "states": []}, 400, "wrong_shape"),
        ({"kind": "submission", "of": "visit", "since": "yesterday"}, 400, "wrong_shape"),
        ({"kind": "submission", "of": "visit", "owner": "me"}, 400, "wrong_shape"),
    ],
)
def test_what_cannot_be_meant_is_refused(at_desk: Desk, given: dict[str, object], status: int, code: str) -> None:
    response = at_desk.caller.call("POST", "exports", json=given)
    assert (response.status_code, response.json["code"]) == (status, code)  # type: ignore[index]


def test_a_colleagues_export_is_like_one_that_is_not_there(at_desk: Desk) -> None:
    asked = at_desk.caller.post("exports", {"kind": "submission", "of": "visit"}, 202)
    colleague = person(at_desk.world, "coordinator")
    for method, more in (("GET", ""), ("DELETE", ""), ("GET", "/file")):
        hers = colleague.call(method, f"exports/{asked['export']}{more}")
        absent = colleague.call(method, f"exports/{at_desk.world.uuid()}{more}")
        assert (hers.status_code, hers.data) == (absent.status_code, absent.data) == (404, absent.data)
