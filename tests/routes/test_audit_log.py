"""Everything leaves a trace in the audit log; whoever changes the log is found out."""

from typing import Any

import pytest
from sqlalchemy import text

from fieldsync.core.chain import Head
from fieldsync.services import audit_read, auditing
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.senders import find_sender
from fieldsync.store import audit
from fieldsync.store.db import execute
from tests.routes.callers import Caller, bearer, nobody, person
from tests.tiny_forms import definition
from tests.world import Json, Phone, World


def events(world: World, action: str | None = None) -> list[Any]:
    """The rows of the association's chain and of the server's, oldest first."""
    found = world.read(lambda session: [*audit.rows(session, 0), *audit.rows(session, world.amal)])
    return [row for row in found if action in (None, row.action)]


def state(world: World, *kept: Head) -> audit_read.State:
    return world.read(lambda session: audit_read.verify(session, kept))


def lived(world: World) -> tuple[Phone, Caller]:
    """A phone that has synced, and a coordinator who has acted."""
    amina, coordinator = world.phone(), person(world, "coordinator")
    said = amina.says(writes={"name": "Fatima"})
    amina.tells(said)
    coordinator.post(f"records/{said['record']}/review", {"state": "approved"})
    coordinator.post("people", {"email": "new@example.org", "role": "viewer"}, 201)
    return amina, coordinator


def test_a_batch_is_one_row_with_its_digest_and_a_replay_is_none(world: World) -> None:
    amina = world.phone()
    said = [amina.says(writes={"name": name}) for name in ("a", "b", "c")]
    amina.tells(*said)
    [row] = events(world, "sync")
    assert (row.actor, row.detail.split()[0], len(row.detail.split()[1])) == (
        f"device:{world.device_id(amina)}",
        "3",
        64,
    )
    amina.tells(*said)
    assert len(events(world, "sync")) == 1


def test_every_act_of_people_is_there_with_who_did_it(world: World) -> None:
    _, coordinator = lived(world)
    assert coordinator.person is not None
    hers = [row.action for row in events(world) if row.actor == f"person:{coordinator.person.id}"]
    assert hers == ["sign_in", "act", "role_granted", "person_invited"]
    [act] = events(world, "act")
    assert (act.about.partition(":")[0], act.detail) == ("record", "review")


def test_the_log_holds_ids_only(world: World) -> None:
    lived(world)
    nobody(world).call("POST", "sessions", json={"email": "new@example.org", "password": "a secret"})
    nobody(world).call("POST", "sessions", json={"email": "Fatima <script>", "password": "a secret"})
    whole = repr(events(world))
    for private in ("Fatima", "new@example.org", "a secret", "phone", "127.0.0.1"):
        assert private not in whole
    assert [row.about.partition(":")[0] for row in events(world, "sign_in_failed")] == ["nobody", "person"]


def change(world: World, sql: str, *given: Any) -> None:
    world.write(lambda session: execute(session, sql, given))


TAMPERING = {
    "another actor": (["UPDATE audit_row SET actor = 'person:9' WHERE chain = {chain} AND number = 3"], "changed"),
    "another time": (["UPDATE audit_row SET at_ms = 1 WHERE chain = {chain} AND number = 3"], "changed"),
    "removed": (["DELETE FROM audit_row WHERE chain = {chain} AND number = 3"], "missing"),
    "removed and closed up": (
        [
            "DELETE FROM audit_row WHERE chain = {chain} AND number = 3",
            "UPDATE audit_row SET number = -number WHERE chain = {chain} AND number > 3",
            "UPDATE audit_row SET number = -number - 1 WHERE chain = {chain} AND number < 0",
        ],
        "changed",
    ),
    "reordered": (
        [
            "UPDATE audit_row SET number = -1 WHERE chain = {chain} AND number = 3",
            "UPDATE audit_row SET number = 3 WHERE chain = {chain} AND number = 4",
            "UPDATE audit_row SET number = 4 WHERE chain = {chain} AND number = -1",
        ],
        "changed",
    ),
    "truncated": (["DELETE FROM audit_row WHERE chain = {chain} AND number >= 3"], "shortened"),
}
"""What somebody with the database does to the third row, and what it is called."""


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_with_the_row(world: World, how: str) -> None:
    lived(world)
    anchors = world.read(audit.heads)
    assert state(world).ok
    statements, what = TAMPERING[how]
    for statement in statements:
        change(world, statement.format(chain=world.amal))
    found = state(world, *anchors)
    assert not found.ok
    first = found.faults[0]
    assert (first.chain, first.what) == (world.amal, what)
    assert first.number == (anchors[-1].number if what == "shortened" else 3)


def test_a_chain_that_lost_its_end_shows_against_the_anchor_of_the_day(world: World) -> None:
    lived(world)
    world.write(lambda session: audit_read.anchor(session, "2026-11-23"))
    change(world, "DELETE FROM audit_row WHERE chain = ? AND number >= 4", world.amal)
    assert [each.what for each in state(world).faults] == ["shortened"]


def test_a_chain_erased_whole_shows_against_an_anchor(world: World) -> None:
    lived(world)
    anchors = world.read(audit.heads)
    change(world, "DELETE FROM audit_row WHERE chain = ?", world.amal)
    assert [each.what for each in state(world, *anchors).faults] == ["shortened"]


def test_forging_needs_the_key_which_is_not_in_the_database(world: World) -> None:
    world.database.session_info["master_key"] = b"the key of the service, not of the database"
    lived(world)
    assert not state(world).ok  # the rows from before were written under another key
    with world.engine.connect() as connection:
        stored = repr([tuple(row) for row in connection.execute(text("SELECT * FROM server"))])
    assert "the key of the service" not in stored


def test_batches_of_many_phones_at_once_make_one_whole_chain(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    phones = [world.phone() for _ in range(6)]
    batches = [[phone.says(writes={"name": str(number)}) for number in range(2)] for phone in phones]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: each[0].tells(*each[1]), zip(phones, batches, strict=True)))
    assert len(events(world, "sync")) == 6
    assert state(world).ok


def test_who_protects_data_reads_and_filters_the_log_and_sees_no_answers(world: World) -> None:
    _, coordinator = lived(world)
    guardian = person(world, "data_protection")
    assert coordinator.person is not None
    hers = guardian.pages(f"audit?actor=person:{coordinator.person.id}", limit=3)
    assert [row["action"] for row in hers] == ["person_invited", "role_granted", "act", "sign_in"]
    assert {row["actor_name"] for row in hers} == {coordinator.person.email}
    for action in ("sync", "act", "role_granted"):
        assert {row["action"] for row in guardian.pages(f"audit?action={action}")} == {action}
    assert guardian.get(f"audit?from_ms={world.now_ms + 1}")["items"] == []
    told = guardian.get("audit/state")
    assert (told["ok"], told["faults"]) == (True, [])
    assert {head["association"] for head in told["heads"]} == {"amal", None}
    for role in ("coordinator", "instance_admin", "viewer", "listening_supervisor"):
        assert person(world, role).get("audit", 403)["code"] == "forbidden"


def test_devices_leave_their_traces(world: World) -> None:
    coordinator = person(world, "coordinator")
    code = coordinator.post("devices/offers", {"name": "Phone 7"}, 201)
    enrolled = nobody(world).post("enrol", {"code": code["code"]})
    path = f"devices/{enrolled['author']}"
    coordinator.call("PUT", f"{path}/name", json={"name": "Phone 8"})
    coordinator.post(f"{path}/move", {"views": ["place:07.041"], "team": "asni"})
    coordinator.post(f"{path}/revoke", {"wipe": True})
    actions = [row.action for row in events(world) if row.about.startswith(("device", "offer"))]
    assert actions == ["device_offered", "device_enrolled", "device_renamed", "device_moved", "device_revoked"]


def test_every_action_that_is_noted_is_in_the_list(world: World) -> None:
    lived(world)
    new = NewDevice(world.amal, "device", "x")
    assert new.role == "companion"
    assert world.read(lambda session: find_sender(session, "x")) is None
    assert {row.action for row in events(world)} <= auditing.ACTIONS.keys()


def test_a_form_that_is_published_and_retired_is_noted(world: World) -> None:
    designer = person(world, "designer")
    source = definition("visit 2").xform
    path = "forms?kind=xml"
    assert designer.call("POST", path, data=source, content_type="application/octet-stream").status_code == 201
    designer.post("forms/visit/2/retire")
    assert designer.person is not None
    hers = [row for row in events(world) if row.actor == f"person:{designer.person.id}"]
    assert [row.action for row in hers] == ["sign_in", "form_published", "form_retired"]


def told(found: Json) -> tuple[Any, ...]:
    return found["fields"], found["masked"], found["withheld"]


def test_reading_by_a_phone_leaves_no_row(world: World) -> None:
    amina, _ = lived(world)
    before = len(events(world))
    bearer(amina).get("submissions")
    assert len(events(world)) == before
