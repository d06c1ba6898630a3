"""The XML of a submission as it came: for whoever may read all of it, written down, and never in a browser's window."""

import pytest

from fieldsync.services import publishing
from fieldsync.store import audit
from tests.routes import callers
from tests.routes.callers import Caller, person
from tests.routes.collect import Collect, visit
from tests.routes.test_need_to_know import diary_form, listening_phone, publish_intake
from tests.web.visitor import visitor
from tests.world import HOUR_MS, World

FIRST, SECOND = "<name>Amina</name>", "<name>Aicha</name><age>31</age>"


@pytest.fixture
def edited(world: World) -> tuple[str, bytes, bytes]:
    """A visit by Collect and its edit: the record, both XML texts."""
    collect, first, second = Collect(world), world.uuid(), world.uuid()
    texts = visit(first, FIRST).encode(), visit(second, SECOND, deprecated=first).encode()
    for xml in texts:
        collect.sends(xml)
    return (first, *texts)


def originals(who: Caller, record: str) -> list[str]:
    """The digests of a record's submissions."""
    return [each["digest"] for each in who.get(f"records/{record}/originals")["items"]]


def actions(world: World) -> list[tuple[str, str, str]]:
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    return [(row.actor, row.about, row.detail) for row in rows if row.action == "original_fetched"]


def test_every_version_of_a_submission_is_fetched_as_it_came(world: World, edited: tuple[str, bytes, bytes]) -> None:
    record, *texts = edited
    reviewer = person(world, "association_reviewer")
    digests = originals(reviewer, record)
    for digest, xml in zip(digests, texts, strict=True):
        response = reviewer.call("GET", f"records/{record}/originals/{digest}")
        assert (response.status_code, response.data) == (200, xml)
        assert response.headers["Content-Disposition"] == f'attachment; filename="{digest[:12]}.xml"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.mimetype == "application/octet-stream"
    assert reviewer.person is not None
    who = f"person:{reviewer.person.id}"
    assert actions(world) == [(who, f"record:{record}", digest) for digest in digests]
    assert reviewer.get(f"records/{record}/originals/{'0' * 64}", 404)["code"] == "not_found"


def test_a_record_of_no_instance_id_and_other_content_under_a_known_one_are_there_too(world: World) -> None:
    collect, reviewer, record = Collect(world), person(world, "association_reviewer"), world.uuid()
    collect.sends(visit("", FIRST))
    [nameless] = reviewer.get("submissions")["items"]
    assert len(originals(reviewer, nameless["record"])) == 1
    collect.sends(visit(record, FIRST))
    collect.sends(visit(record, SECOND))
    listed = reviewer.get(f"records/{record}/originals")["items"]
    assert [each["status"] for each in listed] == ["applied", "quarantined"]
    said = callers.person(world, "coordinator").get(f"records/{nameless['record']}/originals")["items"]
    assert said[0]["received_ms"] == world.now_ms


def test_a_record_by_sync_has_none(world: World) -> None:
    phone = world.phone()
    said = phone.says()
    phone.tells(said)
    assert originals(person(world, "association_reviewer"), said["record"]) == []


def test_a_coordinator_from_whom_names_are_masked_gets_it_and_that_is_written_down(
    world: World, edited: tuple[str, bytes, bytes]
) -> None:
    record = edited[0]
    coordinator = person(world, "coordinator", also=())
    assert coordinator.get(f"records/{record}")["masked"] == ["name"]
    [digest, _] = originals(coordinator, record)
    assert coordinator.call("GET", f"records/{record}/originals/{digest}").data == edited[1]
    assert len(actions(world)) == 1


def test_it_takes_a_person_who_has_just_proved_who_she_is(world: World, edited: tuple[str, bytes, bytes]) -> None:
    record = edited[0]
    reviewer = person(world, "association_reviewer")
    [digest, _] = originals(reviewer, record)
    made = reviewer.post("me/tokens", {"name": "x", "permissions": ["read_records", "read_history"], "days": 1}, 201)
    script, path = Caller(world.app.test_client(), made["secret"]), f"records/{record}/originals/{digest}"
    assert script.get(path, 403)["code"] == "forbidden"
    assert callers.bearer(world.hub()).get(path, 403)["code"] == "forbidden"
    world.now_ms += HOUR_MS
    assert reviewer.get(path, 403)["code"] == "confirmation_needed"
    assert actions(world) == []


def test_what_a_survivor_said_is_fetched_by_who_listens_and_by_nobody_else(world: World) -> None:
    publish_intake(world)
    record = world.uuid()
    answers = f"<case>{world.uuid()}</case><phone>0612345678</phone><story>what happened</story>"
    xml = visit(record, answers, form="f2_intake")
    Collect(world, listening_phone(world, team="centre-1")).sends(xml)
    supervisor = person(world, "listening_supervisor", team="centre-1")
    [digest] = originals(supervisor, record)
    path = f"records/{record}/originals/{digest}"
    assert supervisor.call("GET", path).data == xml.encode()
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    assert [row.about for row in rows if row.action == "restricted_read"] == [f"record:{record}"]
    for role in ("coordinator", "association_reviewer"):
        assert person(world, role).get(path, 404)["code"] == "not_found"
    other_team = person(world, "listening_supervisor", team="centre-2")
    assert other_team.get(path, 404)["code"] == "not_found"


def test_who_may_read_some_answers_of_a_form_gets_none_of_its_xml(world: World) -> None:
    """A form of the companions' own with a question in confidence: a coordinator reads all but that."""
    world.write(lambda session: publishing.publish(session, world.amal, diary_form(), world.now_ms))
    record = world.uuid()
    Collect(world).sends(visit(record, f"<case>{world.uuid()}</case><story>what happened</story>", form="diary"))
    coordinator = person(world, "coordinator")
    shown = coordinator.get(f"records/{record}?kind=submission")
    assert shown["withheld"] == ["story"]
    [digest] = [each["digest"] for each in coordinator.get(f"records/{record}/originals?kind=submission")["items"]]
    path = f"records/{record}/originals/{digest}?kind=submission"
    assert coordinator.get(path, 403)["code"] == "original_closed"
    assert actions(world) == []


def test_over_a_border_it_looks_like_what_is_not_there(world: World, edited: tuple[str, bytes, bytes]) -> None:
    record = edited[0]
    [digest, _] = originals(person(world, "association_reviewer"), record)
    other = person(world, "association_reviewer", world.add_association("other"))
    foreign = other.call("GET", f"records/{record}/originals/{digest}")
    absent = other.call("GET", f"records/{world.uuid()}/originals/{digest}")
    assert (foreign.status_code, foreign.data) == (absent.status_code, absent.data) == (404, absent.data)


def test_one_whose_form_version_is_not_here_waits_with_its_record(world: World) -> None:
    record = world.uuid()
    Collect(world).sends(visit(record, FIRST, version="2"))
    reviewer = person(world, "association_reviewer")
    assert originals(reviewer, record) == []
    world.publish("visit 2")
    assert len(originals(reviewer, record)) == 1


def test_on_the_page_it_is_a_button_that_asks_for_the_passphrase_when_that_was_long_ago(
    world: World, edited: tuple[str, bytes, bytes]
) -> None:
    record = edited[0]
    [digest, _] = originals(person(world, "association_reviewer"), record)
    page = f"/submissions/visit/{record}"
    address = f"{page}/originals/{digest}"
    reviewer = visitor(world, "association_reviewer")
    assert address in reviewer.opens(page).text
    response = reviewer.fills(address, page=page)
    assert (response.status_code, response.data) == (200, edited[1])
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    world.now_ms += HOUR_MS
    sent = reviewer.fills(address, page=page)
    assert sent.status_code == 303 and sent.headers["Location"].startswith("/confirm")
    assert len(actions(world)) == 1
    companion = visitor(world, "companion")
    assert "originals" not in companion.opens(page).text
    assert companion.fills(address, page=page).status_code == 403
