"""Forms are read with ETags, published by designers, and taken back; nothing is ever half published."""

import io
from typing import Any

import pytest
from pyxform.xls2xform import convert as to_xform

from tests.routes.callers import Caller, bearer, nobody, person
from tests.tiny_forms import TEXTS
from tests.world import Json, World

pytestmark = pytest.mark.usefixtures("converted_here")

XFORM = to_xform(xlsform=TEXTS["visit 2"], file_type=".md").xform.encode()
BROKEN = TEXTS["visit 2"].replace("select_one colour ", "select_one nothing")


def publish(caller: Caller, query: str, data: bytes, status: int) -> Json:
    """Send a whole body."""
    response = caller.call("POST", f"forms?{query}", data=data, headers={"Content-Type": "application/octet-stream"})
    assert response.status_code == status, response.text
    found: Json = response.get_json()
    return found


def upload(caller: Caller, query: str = "", **parts: Any) -> Any:
    """Send a multipart upload."""
    return caller.call("POST", f"forms?{query}", data=parts, content_type="multipart/form-data")


def test_forms_are_listed_with_counts_for_those_who_see_records(world: World) -> None:
    amina = world.phone()
    amina.tells(amina.says(), amina.says(writes={"name": "x", "age": 200}))
    listed = person(world, "coordinator").pages("forms?counts=true")
    assert [(each["id"], each["version"], each["state"]) for each in listed] == [
        ("visit", "1", "open"), ("person", "1", "open"), ("monthly", "1", "open"),
    ]  # fmt: skip
    assert listed[0]["counts"] == {"received": 1, "hasIssues": 1}
    for other in (person(world, "viewer"), person(world, "designer"), bearer(amina)):
        assert "counts" not in other.pages("forms?counts=true")[0]


def test_a_form_is_told_with_its_questions_and_choices(world: World) -> None:
    form = bearer(world.phone()).get("forms/visit/1")
    questions = {each["path"]: each for each in form["questions"]}
    assert questions["age"]["constraint"] == ". < 120"
    assert questions["village"]["place"] is True
    assert questions["children/called"]["repeats"] == ["children"]
    assert questions["name"]["sensitivity"] == "P2"
    assert [each["name"] for each in form["lists"]["colour"]] == ["red", "green"]
    assert bearer(world.phone()).get("forms/visit/9", 404)["code"] == "not_found"


def test_an_xform_is_fetched_once(world: World) -> None:
    phone = bearer(world.phone())
    first = phone.call("GET", "forms/visit/1/form.xml")
    assert first.status_code == 200
    assert first.mimetype == "application/xml"
    assert b"<h:html" in first.data
    tag = first.headers["ETag"]
    again = phone.call("GET", "forms/visit/1/form.xml", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    looked = phone.call("HEAD", "forms/visit/1/form.xml")
    assert (looked.status_code, looked.data, looked.headers["ETag"]) == (200, b"", tag)
    packed = phone.call("GET", "forms/visit/1/form.xml", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert phone.get("forms/visit/1/form.xlsx", 404)["code"] == "not_found"


def test_a_designer_checks_publishes_and_retires(world: World) -> None:
    designer, phone = person(world, "designer"), world.phone()
    checked = publish(designer, "kind=xml&check=1", XFORM, 200)
    assert (checked["form"], checked["version"], checked["published"]) == ("visit", "2", False)
    assert designer.get("forms/visit/2", 404)
    published = publish(designer, "kind=xml", XFORM, 201)
    assert (published["hash"], published["published"]) == (checked["hash"], True)
    assert publish(designer, "kind=xml", XFORM, 200)["hash"] == published["hash"]
    assert {form["version"] for form in phone.sync()["forms"] if form["id"] == "visit"} == {"1", "2"}
    assert designer.post("forms/visit/2/retire")["state"] == "retired"
    assert {form["version"] for form in phone.sync(cursor=None)["forms"] if form["id"] == "visit"} == {"1"}
    assert designer.post("forms/visit/9/retire", status=404)["code"] == "not_found"


def test_other_content_under_a_published_version_is_refused(world: World) -> None:
    designer = person(world, "designer")
    for query in ("kind=xml", "kind=xml&check=true"):
        refused = publish(designer, query, XFORM.replace(b'version="2"', b'version="1"'), 409)
        assert refused["code"] == "version_taken"


def test_a_form_with_mistakes_is_refused_with_all_of_them(world: World) -> None:
    response = upload(person(world, "designer"), definition=(io.BytesIO(BROKEN.encode()), "visit.md"))
    refused = response.get_json()
    assert (response.status_code, refused["code"]) == (422, "form_has_errors")
    assert response.mimetype == "application/problem+json"
    assert any(each["severity"] == "error" and each["message"] for each in refused["findings"])
    assert bearer(world.phone()).get("forms/visit/2", 404)


def test_a_workbook_comes_with_its_files(world: World) -> None:
    text = """
| survey |
|        | type                               | name  | label | bind::fs:class |
|        | select_one_from_file villages.csv  | where | Where | P1             |
| settings |
|        | form_id | version | namespaces              |
|        | where   | 1       | fs="urn:fieldsync:form" |
"""
    designer = person(world, "designer")
    definition = (io.BytesIO(text.encode()), "where.md")
    assert upload(designer, definition=definition).status_code == 422
    files = [(io.BytesIO(b"name,label\na,A\n"), "villages.csv"), (io.BytesIO(b"x"), "stray.png")]
    response = upload(designer, definition=(io.BytesIO(text.encode()), "where.md"), media=files)
    assert response.status_code == 201, response.text
    assert [each["name"] for each in designer.get("forms/where/1")["media"]] == ["villages.csv"]
    csv = designer.call("GET", "forms/where/1/media/villages.csv")
    assert (csv.data, csv.mimetype) == (b"name,label\na,A\n", "text/csv")
    assert csv.headers["Content-Disposition"] == "attachment"
    assert designer.get("forms/where/1/media/stray.png", 404)
    assert designer.call("GET", "forms/where/1/form.xlsx").data[:2] == b"PK"


def test_a_form_may_choose_from_the_entity_lists_of_the_association(world: World) -> None:
    text = """
| survey |
|        | type                            | name | label | bind::fs:class |
|        | select_one_from_file people.csv | who  | Who   | P2             |
| settings |
|        | form_id | version | namespaces              |
|        | choose  | 1       | fs="urn:fieldsync:form" |
"""
    sent = upload(person(world, "designer"), definition=(io.BytesIO(text.encode()), "choose.md"))
    assert sent.status_code == 201
    elsewhere = person(world, "designer", world.add_association("other", forms=()))
    refused = upload(elsewhere, definition=(io.BytesIO(text.encode()), "choose.md"))
    assert "media_missing" in [each["code"] for each in refused.get_json()["findings"]]
    named = upload(elsewhere, "entity_lists=people", definition=(io.BytesIO(text.encode()), "choose.md"))
    assert named.status_code == 201


def test_what_is_no_definition_is_refused(world: World) -> None:
    designer = person(world, "designer")
    assert publish(designer, "", XFORM, 400)["code"] == "wrong_shape"
    assert publish(designer, "kind=doc", XFORM, 400)["code"] == "wrong_shape"
    assert publish(designer, "kind=xml", b"<html", 422)["code"] == "form_has_errors"
    assert publish(designer, "kind=xml", b"x" * (8 * 1024 * 1024 + 1), 413)["code"] == "too_large"
    assert upload(designer, other=(io.BytesIO(b"x"), "x.md")).status_code == 400
    assert upload(designer, definition=(io.BytesIO(b"x"), "x.doc")).status_code == 400


def test_only_designers_publish(world: World) -> None:
    for role in ("coordinator", "association_reviewer", "viewer"):
        assert publish(person(world, role), "kind=xml", XFORM, 403)["code"] == "forbidden"
    assert publish(bearer(world.phone()), "kind=xml", XFORM, 403)["code"] == "forbidden"
    assert publish(nobody(world), "kind=xml", XFORM, 401)["code"] == "unknown_token"
