"""Designers at the pages of forms: upload, read what is wrong, compare, publish, take back; on both databases."""

import io
import re
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from werkzeug.test import TestResponse

from fieldsync.routes.pages.form_uploads import KINDS
from fieldsync.services import form_uploads
from fieldsync.store import form_uploads as store
from fieldsync.store import form_versions
from fieldsync.store.db import execute
from tests.routes.test_need_to_know import publish_intake
from tests.tiny_forms import BLUE, VISIT
from tests.web.visitor import FORM_TOKEN, Visitor, visitor
from tests.world import World

VISIT_3 = VISIT.format(version="3", more=BLUE)
BROKEN = VISIT_3.replace(". < 120", ". < ${ag}")
HOSTILE = "<script>alert(1)</script>"


pytestmark = pytest.mark.usefixtures("converted_here")


def uploads(who: Visitor, text: str | bytes, name: str = "visit.md", **given: Any) -> TestResponse:
    """The form of the upload page, with a file."""
    token = FORM_TOKEN.search(who.opens("/form-uploads/new").text)
    assert token
    data = text.encode() if isinstance(text, str) else text
    fields = {"form_token": token[1], "definition": (io.BytesIO(data), name), **given}
    return who.posts("/form-uploads/new", fields)


def address(response: TestResponse) -> str:
    """Where an upload can be looked at."""
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def versions(world: World, form: str = "visit") -> list[tuple[str, str]]:
    rows = world.read(lambda session: form_versions.versions(session, world.amal, form))
    return [(row.version, row.state) for row in rows]


def test_a_form_with_a_broken_first_try_is_mended_compared_and_published(world: World) -> None:
    who = visitor(world, "designer")
    broken = address(uploads(who, BROKEN))
    page = who.opens(broken).text
    assert "1 erreur empêche la publication" in page
    assert "Aucune question ne s’appelle ag." in page and "Vouliez-vous dire ${age} ?" in page
    assert re.search(r'class="tone-bad at-fault"[^>]*>\. &lt; \$\{ag\}', page)
    assert "Publier la version" not in page
    refused = who.fills(f"{broken}/publish", page=broken)
    assert (refused.status_code, versions(world)) == (422, [("1", "open")])

    mended = address(uploads(who, VISIT_3, mends=broken.rsplit("/", 1)[-1]))
    page = who.opens(mended).text
    assert "Nouveau choix" in page and "blue" in page
    published = who.fills(f"{mended}/publish", page=mended)
    assert (published.status_code, published.headers["Location"]) == (303, "/forms/visit")
    assert versions(world) == [("1", "open"), ("3", "open")]
    assert "La version est publiée" in who.opens("/forms/visit").text
    assert who.opens(mended).status_code == 404


def test_a_version_never_changes(world: World) -> None:
    who = visitor(world, "designer")
    other = address(uploads(who, VISIT.format(version="1", more=BLUE)))
    page = who.opens(other).text
    assert "1" in page and "Publier la version" not in page
    refused = who.fills(f"{other}/publish", page=other)
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert versions(world) == [("1", "open")]


def test_a_version_is_retired_after_its_consequences_and_comes_back(world: World) -> None:
    who, phone = visitor(world, "designer"), world.phone()
    phone.sync(report={"forms": [["visit", "1"]]})
    assert "1 a cette version" in who.opens("/forms/visit").text
    question = who.opens("/forms/visit/retire?version=1").text
    assert "1 téléphone l’a" in question and "brouillons" in question
    done = who.fills("/forms/visit/retire?version=1")
    assert (done.status_code, versions(world)) == (303, [("1", "retired")])
    assert "Aucune version n’est en usage" in who.opens("/forms/visit").text
    who.fills("/forms/visit/reopen?version=1", page="/forms/visit")
    assert versions(world) == [("1", "open")]
    actions = world.read(lambda on: [row[0] for row in execute(on, "SELECT action FROM audit_row ORDER BY id")])
    assert actions[-2:] == ["form_retired", "form_reopened"]


def test_the_list_says_which_phones_are_behind_and_what_is_untranslated(world: World) -> None:
    world.phone().sync(report={"forms": [["visit", "1"], ["person", "1"]]})
    world.phone().sync(report={"unsent": 0})
    world.publish("visit 2")
    text = visitor(world, "coordinator").opens("/forms").text
    row = next(each for each in text.split("<tr ") if "/forms/visit" in each)
    assert re.search(r'toned tone-warn">1<', row)
    assert "2 versions" in row


def test_a_phone_is_not_behind_with_a_form_that_its_role_does_not_get(world: World) -> None:
    publish_intake(world)
    world.phone().sync(report={"forms": []})
    rows = visitor(world, "coordinator").opens("/forms").text.split("<tr ")
    behind = [re.search(r'toned tone-warn">1<', next(row for row in rows if f"/forms/{form}" in row))
              for form in ("visit", "f2_intake")]  # fmt: skip
    assert [bool(each) for each in behind] == [True, False]


def test_whoever_may_not_count_sees_no_number_of_submissions(world: World) -> None:
    phone = world.phone()
    for _ in range(3):
        phone.sync(phone.says(writes={"name": "x"}))
    assert "<dt>Envois</dt><dd>3</dd>" in visitor(world, "coordinator").opens("/forms/visit").text
    assert "<dt>Envois</dt>" not in visitor(world, "designer").opens("/forms/visit").text


def test_nobody_else_sees_an_upload_and_it_goes_after_a_day(world: World) -> None:
    who = visitor(world, "designer")
    mine = address(uploads(who, BROKEN))
    assert visitor(world, "designer").opens(mine).status_code == 404
    assert visitor(world, "coordinator").opens(mine).status_code == 403
    who.client.set_cookie("fieldsync-session", visitor(world, "designer").cookie("fieldsync-session"))
    assert who.opens(mine).status_code == 404


def test_the_newest_three_uploads_are_kept_and_all_go_after_a_day(world: World) -> None:
    who = visitor(world, "designer")
    files = [(io.BytesIO(b"name,label\n"), "douars.csv")]
    made = [address(uploads(who, VISIT_3)) for _ in range(form_uploads.KEPT_COUNT)]
    made.append(address(uploads(who, VISIT_3, media=files)))
    assert [who.opens(each).status_code for each in made] == [404, 200, 200, 200]

    def left(after_ms: int) -> list[int]:
        world.write(lambda on: store.drop_expired(on, world.now_ms + after_ms))
        with world.database.read() as session:
            tables = ("form_upload", "form_upload_file")
            return [execute(session, f"SELECT count(*) FROM {table}").scalar_one() for table in tables]

    assert left(form_uploads.KEPT_MS - 1) == [form_uploads.KEPT_COUNT, 1]
    assert left(form_uploads.KEPT_MS) == [0, 0]
    assert who.opens(made[-1]).status_code == 404


def test_files_come_along_when_a_form_is_mended(world: World) -> None:
    who = visitor(world, "designer")
    form = VISIT_3.replace("| text                   | village ", "| select_one_from_file douars.csv | village ")
    files = [(io.BytesIO(b"name,label\nd1,Tagoum\n"), "..\\folder/douars.csv")]
    first = address(uploads(who, form.replace(". < 120", ". < ${ag}"), media=files))
    assert "douars.csv" in who.opens(first).text
    again = address(uploads(who, form, mends=first.rsplit("/", 1)[-1]))
    who.fills(f"{again}/publish", page=again)
    response = who.opens("/forms/visit/media/douars.csv?version=3")
    assert (response.status_code, response.data) == (200, b"name,label\nd1,Tagoum\n")
    assert response.headers["Content-Disposition"] == "attachment; filename=douars.csv"
    workbook = openpyxl.load_workbook(io.BytesIO(who.opens("/forms/visit/form.xlsx?version=3").data))
    assert workbook["survey"]["B2"].value == "name"
    assert who.opens("/forms/visit/form.xml?version=3").data.startswith(b"<")
    assert who.opens("/forms/visit/form.xml?version=9").status_code == 404
    assert who.opens("/forms/visit/media/other.csv?version=3").status_code == 404


def test_what_a_designer_writes_is_never_markup(world: World) -> None:
    """Titles, labels, choices, hints, file names and broken cells."""
    who = visitor(world, "designer")
    form = VISIT_3.replace("| Visit      |", f"| {HOSTILE} |").replace("| Age      |", f"| {HOSTILE} |")
    form = form.replace("| Blue  |", f"| {HOSTILE} |")
    for text in (form, form.replace(". < 120", f"{HOSTILE} ${{ag}}")):
        looked = address(uploads(who, text, f"{HOSTILE.replace('/', '')}.md"))
        assert "<script>alert" not in who.opens(looked).text
        assert "&lt;script&gt;alert(1)" in who.opens(looked).text
    good = address(uploads(who, form))
    assert who.fills(f"{good}/publish", page=good).status_code == 303
    for path in ("/forms", "/forms/visit", "/forms/visit/try"):
        assert "<script>alert" not in who.opens(path).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in who.opens(path).text


TRIED = """
| survey |
|  | type | name | label | relevant | constraint | required | calculation | bind::fs:class |
|  | select_one colour | colour | Colour |  |  | yes |  | P1 |
|  | integer | age | Age | ${colour} = 'red' | . < 120 |  |  | P1 |
|  | calculate | twice |  |  |  |  | ${age} * 2 | P1 |
|  | note | shown | Twice: ${twice} | ${age} > 0 |  |  |  | P1 |
|  | begin_repeat | children | Children |  |  |  |  | P2 |
|  | text | called | Called |  |  | yes |  | P2 |
|  | end_repeat |  |  |  |  |  |  |  |
| choices |
|  | list_name | name | label |
|  | colour | red | Red |
|  | colour | blue | Blue |
| settings |
|  | form_id | form_title | version | namespaces |
|  | tried | Tried | 1 | fs="urn:fieldsync:form" |
"""


def test_a_form_is_tried_by_its_own_rules_and_nothing_is_kept(world: World) -> None:
    who = visitor(world, "designer")
    trial = f"{address(uploads(who, TRIED))}/try"
    page = who.opens(trial).text
    assert 'name="a:colour"' in page and 'name="a:age"' not in page

    answers = {"asked": ["colour", "age"], "a:colour": "red", "a:age": "130"}
    page = who.fills(trial, {**answers, "step": "follow"}).text
    assert 'name="a:age"' in page and 'role="alert"' not in page
    page = who.fills(trial, {**answers, "step": "check"}).text
    assert 'role="alert"' in page and 'href="#f-age"' in page
    page = who.fills(trial, {**answers, "a:age": "12", "step": "check"}).text
    assert "Aucune règle n’est enfreinte." in page
    page = who.fills(trial, {"asked": ["colour"], "step": "check"}).text
    assert 'href="#f-colour"' in page
    page = who.fills(trial, {"step": "add:children"}).text
    assert re.search(r'name="a:children\[[0-9a-f-]{36}\]/called"', page)
    with world.database.read() as session:
        for table in ("record", "operation", "quarantine"):
            assert execute(session, f"SELECT count(*) FROM {table}").scalar_one() == 0


def test_a_published_form_is_tried_by_whoever_may_read_it_and_a_broken_one_by_nobody(world: World) -> None:
    assert 'name="a:name"' in visitor(world, "coordinator").opens("/forms/visit/try?version=1").text
    who = visitor(world, "designer")
    assert who.opens("/forms/visit/try?version=9").status_code == 404
    assert who.opens(f"{address(uploads(who, BROKEN))}/try").status_code == 404


def bomb() -> bytes:
    book = openpyxl.Workbook()
    for _ in range(20):
        book.active.append(["a" * 30_000] * 100)  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def wide() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "survey"  # type: ignore[union-attr]
    book.active.append(["type", "name", *(f"c{number}" for number in range(2000))])  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("bomb.xlsx", bomb(), "archive_bomb"),
        ("wide.xlsx", wide(), "too_many_columns"),
        ("broken.xlsx", b"PK\x03\x04 no workbook", "broken_workbook"),
        ("csv.xlsx", b"survey,type\n", "broken_workbook"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_workbook"),
        ("evil.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "doctype"),
        ("form.xml", b"<a/>", "no_form"),
        ("empty.md", b"", "empty"),
        ("latin.csv", "survey,é".encode("latin-1"), "encoding"),
        ("binary.yaml", b"\x00\x01\x02", "not_yaml"),
    ],
)
def test_hostile_and_broken_files_are_told_what_they_are(
    sqlite_world: World, name: str, data: bytes, code: str
) -> None:
    who = visitor(sqlite_world, "designer")
    looked = address(uploads(who, data, name))
    found = sqlite_world.read(lambda on: execute(on, "SELECT definition FROM form_upload").scalar_one())
    findings = msgspec.msgpack.decode(bytes(found), type=form_uploads.Kept).findings
    assert [each.code for each in findings if each.severity == "error"] == [code]
    assert who.opens(looked).status_code == 200


@pytest.mark.parametrize("name", ["form.xls", "form.xlsm", "form.pdf", "form", ".xlsx/../x", ""])
def test_a_file_of_another_kind_is_not_read(sqlite_world: World, name: str) -> None:
    refused = uploads(visitor(sqlite_world, "designer"), VISIT_3, name)
    assert refused.status_code == 422
    assert (KINDS[0] in refused.text) and 'role="alert"' in refused.text


@pytest.fixture
def sqlite_world(sqlite_engine: Any, tmp_path: Path) -> Any:
    """One kind of database is enough where what is asked is what the conversion says."""
    made = World(sqlite_engine)
    yield made
    made.database.close()
