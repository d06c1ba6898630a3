"""Coordinators, companions and scripts read records, page by page, each what is theirs to see."""

from typing import Any

import pytest
from pyxform.xls2xform import convert as to_xform

from fieldsync.services import inbox_projection, publishing, reading
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store.devices import ViewRow
from tests.routes.callers import Caller, bearer, person
from tests.world import Json, Phone, World

INTAKE = """
| survey  |
|         | type | name  | label | bind::fs:class | save_to |
|         | csv-external | dossiers | |           |         |
|         | text | code  | Code  | P1             |         |
|         | text | case  | Case  | P1             |         |
|         | text | story | Story | P3             | story   |
| entities |
|          | list_name | entity_id | create_if     | update_if     | label   |
|          | dossiers     | ${case}   | ${code} != '' | ${code} = ''  | ${code} |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | intake  | Intake     | 1       | fs="urn:fieldsync:form" |
"""


def names(items: list[Json]) -> list[str]:
    """What the listed records say under `name`."""
    return [item["fields"]["name"] for item in items]


def visits(phone: Phone, *said: str, **writes: Any) -> list[Json]:
    """Visits of these names, sent."""
    operations = [phone.says(writes={"name": name, **writes}) for name in said]
    assert set(phone.statuses(*operations)) == {"applied"}
    return operations


def test_a_coordinator_walks_through_all_submissions_in_the_order_of_arrival(world: World) -> None:
    visits(world.phone(), "a", "b", "c", "d", "e")
    coordinator = person(world, "coordinator")
    assert names(coordinator.pages("submissions?form=visit")) == ["a", "b", "c", "d", "e"]
    assert names(coordinator.pages("submissions", limit=500)) == ["a", "b", "c", "d", "e"]
    assert coordinator.pages("submissions?form=monthly") == []
    assert coordinator.pages("entities") == []


def test_the_list_of_records_takes_the_words_of_the_inboxs_filter(world: World) -> None:
    amina, zaina = world.phone(), world.phone()
    a, b = visits(amina, "a", "b", village="07.041.05.05")
    c, d, e = visits(zaina, "c", "d", "e")
    mine = amina.says(a["record"], {"age": 1}, seen=[a])
    theirs = zaina.says(a["record"], {"age": 2}, seen=[a])
    assert (amina.statuses(mine), zaina.statuses(theirs)) == (["applied"], ["applied"])
    wrong = amina.says(writes={"name": "x", "colour": "mauve"})
    assert amina.statuses(wrong, amina.says(d["record"], delete=True, seen=[d])) == ["quarantined", "applied"]
    coordinator = person(world, "association_reviewer")
    coordinator.post(f"records/{b['record']}/review", {"state": "approved"})
    assert coordinator.get("records")["behind"] > 0
    world.write(lambda session: inbox_projection.step(session, world.amal, 100))
    assert coordinator.get("records")["behind"] == 0
    for words, found in (
        ("of=submission.visit", "ecba"), ("of=entity", ""), ("of=submission.monthly", ""), ("place=07.041", "ba"),
        (f"device={amina.author}", "ba"), ("state=approved", "b"), ("state=open", "eca"), ("conflict=true", "a"),
        ("gone=deleted", "d"), ("gone=with&sort=arrived.up", "abcde"), ("since=2000-01-01", "ecba"),
        ("until=2000-01-01", ""), ("flag=possible_duplicate", ""), ("incomplete=true", ""), ("held=true", ""),
    ):  # fmt: skip
        assert "".join(names(coordinator.pages(f"records?{words}"))) == found, words
    for words in ("state=quarantined", "state=x", "since=yesterday", "of=form.visit", "sort=name", "nothing=1",
                  "companion=x", "cursor=x"):  # fmt: skip
        coordinator.get(f"records?{words}", status=400)
    [seen] = coordinator.get("records?conflict=1")["items"]
    assert seen == coordinator.get(f"records/{a['record']}")
    assert person(world, "viewer").call("GET", "records").status_code == 403
    assert {e["record"], c["record"]} <= {item["record"] for item in coordinator.get("records")["items"]}
    assert bearer(amina).call("GET", "records").status_code in (401, 403)


def test_lists_go_by_review_state_and_leave_out_what_is_deleted(world: World) -> None:
    amina = world.phone()
    first, second, third = visits(amina, "a", "b", "c")
    coordinator = person(world, "coordinator")
    coordinator.post(f"records/{second['record']}/review", {"state": "approved"})
    amina.tells(amina.says(first["record"], delete=True, seen=[first]))
    assert names(coordinator.pages("submissions?review=approved", limit=1)) == ["b"]
    assert names(coordinator.pages("submissions")) == ["b", "c"]
    assert [item["record"] for item in coordinator.pages("submissions?all=true")] == [
        first["record"], second["record"], third["record"],
    ]  # fmt: skip


def test_entities_are_listed_by_list(world: World) -> None:
    amina, fatima = world.phone(), world.uuid()
    amina.tells(amina.says(of="person", writes={
        "person": fatima, "fullname": "Fatima", "meta/entity/@id": fatima, "meta/entity/@create": "1",
        "meta/entity/@dataset": "people", "meta/entity/label": "Fatima",
    }))  # fmt: skip
    [entity] = person(world, "coordinator").pages("entities?list=people")
    assert (entity["record"], entity["kind"], entity["fields"]["fullname"]) == (fatima, "entity", "Fatima")


def test_a_device_reads_what_its_views_show(world: World) -> None:
    amina = world.phone()
    [here] = visits(amina, "here", village="07.041")
    [there] = visits(amina, "there", village="07.161")
    narrow = bearer(world.phone(views=[ViewRow("place", "07.041")]))
    own = bearer(world.phone(views=[ViewRow("own")]))
    assert names(narrow.pages("submissions")) == ["here"]
    assert narrow.get(f"records/{here['record']}")["fields"]["name"] == "here"
    assert narrow.get(f"records/{there['record']}", 404)["code"] == "not_found"
    assert own.pages("submissions", limit=1) == []


def test_a_revoked_device_reads_nothing(world: World) -> None:
    amina = world.phone()
    [said] = visits(amina, "a")
    world.revoke(amina)
    for path in ("submissions", f"records/{said['record']}", "forms", "forms/visit/1/form.xml", "me"):
        assert bearer(amina).get(path, 401)["code"] == "unknown_token"


def test_viewers_and_designers_see_no_records(world: World) -> None:
    [said] = visits(world.phone(), "a")
    for role in ("viewer", "designer"):
        for path in ("submissions", "entities", "conflicts", "quarantine", "held", f"records/{said['record']}"):
            assert person(world, role).get(path, 403)["code"] == "forbidden"


def test_the_history_of_a_record_is_for_those_who_review_and_for_hubs(world: World) -> None:
    amina = world.phone()
    [first] = visits(amina, "a")
    second = amina.says(first["record"], {"name": "b"}, seen=[first])
    amina.tells(second)
    path = f"records/{first['record']}/operations"
    for caller in (person(world, "coordinator"), person(world, "association_reviewer"), bearer(world.hub())):
        said = caller.pages(path, limit=1)
        assert [each["id"] for each in said] == [first["id"], second["id"]]
        assert [each["writes"]["name"] for each in said] == ["a", "b"]
        assert {each["status"] for each in said} == {"applied"}
    assert bearer(amina).get(path, 403)["code"] == "forbidden"


def test_a_uuid_that_a_submission_and_an_entity_share_answers_both(world: World) -> None:
    amina, shared = world.phone(), world.uuid()
    amina.tells(amina.says(shared, of="person", writes={
        "person": shared, "fullname": "Fatima", "meta/entity/@id": shared, "meta/entity/@create": "1",
        "meta/entity/@dataset": "people", "meta/entity/label": "Fatima",
    }))  # fmt: skip
    coordinator = person(world, "coordinator")
    both = coordinator.get(f"records/{shared}")["records"]
    assert sorted(each["kind"] for each in both) == ["entity", "submission"]
    assert coordinator.get(f"records/{shared}?kind=entity")["of"] == "people"
    assert coordinator.post(f"records/{shared}/delete", status=409)["code"] == "several_bear_it"
    assert coordinator.post(f"records/{shared}/delete?kind=entity")["deleted"] is True
    assert coordinator.get(f"records/{shared}?kind=submission")["deleted"] is False


def test_conflicts_and_held_operations_are_listed(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    [first] = visits(amina, "a")
    visits(amina, "quiet")
    amina.tells(amina.says(first["record"], {"name": "b"}, seen=[first]))
    brahim.tells(brahim.says(first["record"], {"name": "c"}, seen=[first]))
    waits = amina.says(first["record"], {"name": "d"}, seen=[["far-away", 1]])
    amina.tells(waits)
    coordinator = person(world, "coordinator")
    [record] = coordinator.pages("conflicts")
    assert {each["value"] for each in record["conflicts"]["name"]} <= {"b", "c"}
    [held] = coordinator.pages("held")
    assert (held["id"], held["record"]) == (waits["id"], first["record"])
    assert held["waits"] == [["seen", "far-away/1/0"]]


def test_a_record_of_which_nothing_applies_yet_shows_empty(world: World) -> None:
    amina = world.phone()
    waits = amina.says(seen=[["far-away", 1]])
    amina.tells(waits)
    shown = person(world, "coordinator").get(f"records/{waits['record']}")
    assert (shown["review"]["state"], shown["fields"]) == ("held", {})


def test_a_cursor_fits_one_list_of_one_association_only(world: World) -> None:
    visits(world.phone(), "a", "b")
    coordinator = person(world, "coordinator")
    cursor = coordinator.get("submissions?limit=1")["next"]
    elsewhere = person(world, "coordinator", world.add_association("other"))
    assert coordinator.get(f"entities?cursor={cursor}", 400)["code"] == "bad_cursor"
    assert elsewhere.get(f"submissions?cursor={cursor}", 400)["code"] == "bad_cursor"
    assert coordinator.get("submissions?cursor=made-up", 400)["code"] == "bad_cursor"
    for wrong in ("limit=0", "limit=501", "limit=x", "review=lost", "form=", "nonsense=1"):
        assert coordinator.get(f"submissions?{wrong}", 400)["code"] == "wrong_shape"


def test_personal_answers_are_not_kept_on_the_way(world: World) -> None:
    [said] = visits(world.phone(), "a")
    response = person(world, "coordinator").call("GET", f"records/{said['record']}")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def publish_intake(world: World) -> None:
    xform = to_xform(xlsform=INTAKE, file_type=".md").xform.encode()
    made = convert(xform, "xml", p3_allowed=True)
    assert made.form is not None, made.findings
    definition = Definition(made.form, made.xform, None, b"", "md")
    world.write(lambda session: publishing.publish(session, world.amal, definition, world.now_ms))


def intake(world: World) -> tuple[Caller, Phone]:
    publish_intake(world)
    return person(world, "coordinator"), world.phone()


def test_restricted_answers_reach_no_person(world: World) -> None:
    coordinator, mouna = intake(world)
    said = mouna.says(of="intake", writes={"code": "A1", "story": "secret"})
    assert mouna.statuses(said) == ["applied"]
    mouna.tells(mouna.says(said["record"], {"story": "other secret"}, of="intake"))
    shown = coordinator.get(f"records/{said['record']}")
    assert (shown["fields"], shown["withheld"]) == ({"code": "A1"}, ["story"])
    for path in ("submissions", "conflicts", f"records/{said['record']}/operations"):
        assert "secret" not in coordinator.call("GET", path).text
    assert bearer(mouna).get(f"records/{said['record']}")["fields"]["story"] == "other secret"


def test_an_entity_shows_no_restricted_property(world: World) -> None:
    (coordinator, mouna), case = intake(world), world.uuid()
    mouna.tells(mouna.says(of="intake", writes={
        "code": "A1", "case": case, "story": "secret", "meta/entity/@id": case, "meta/entity/@create": "1",
        "meta/entity/@dataset": "dossiers", "meta/entity/label": "A1",
    }))  # fmt: skip
    [entity] = coordinator.pages("entities?list=dossiers")
    assert entity["withheld"] == ["story"]
    assert entity["fields"] == {"label": "A1"}, "a label that copies an open answer is open"
    history = coordinator.call("GET", f"records/{case}/operations")
    assert (history.status_code, "secret" in history.text) == (200, False)


def test_a_filter_that_lets_little_pass_ends_a_request_early_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCANNED_ROWS_MAX", 3)
    said = visits(world.phone(), *"abcdefgh")
    coordinator = person(world, "coordinator")
    for each in (said[0], said[7]):
        coordinator.post(f"records/{each['record']}/review", {"state": "approved"})
    first = coordinator.get("submissions?review=approved")
    assert (names(first["items"]), first["next"] is not None) == (["a"], True)
    assert names(coordinator.pages("submissions?review=approved", limit=5)) == ["a", "h"]


def test_what_is_quarantined_shows_no_restricted_answer_either(world: World) -> None:
    coordinator, mouna = intake(world)
    slipped = mouna.says(of="intake", writes={"code": "A1", "stroy": "secret"})
    assert mouna.statuses(slipped) == ["quarantined"]
    [item] = coordinator.pages("quarantine")
    assert item["said"]["writes"] == {"code": "A1"}
    assert item["withheld"] == ["stroy"]
    assert [problem["code"] for problem in item["problems"]] == ["unknown_path"]
