"""Asking for a file without script: what the form says back, and the way of one that tells of people."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.services import desk, exporting
from fieldsync.services.exporting import Surroundings
from fieldsync.services.readers import FRESH_MS
from fieldsync.store import exports as stored
from tests.web.visitor import Visitor, visitor
from tests.world import World

WANTED = {"what": "submission:visit", "format": "csv", "heads": "names", "states": "approved"}


@pytest.fixture
def at_desk(sqlite_engine: Engine, tmp_path: Path) -> Visitor:
    """A coordinator of an association with a record that was looked at."""
    world = World(sqlite_engine, Settings(data=tmp_path))
    phone = world.phone()
    said = phone.says(writes={"name": "Amina", "age": 34})
    assert phone.statuses(said) == ["applied"]
    world.at_desk(desk.review, said["record"], "approved", "")
    return visitor(world, "coordinator")


def asked(at_desk: Visitor, **more: str) -> str:
    """The path to which the form leads."""
    response = at_desk.fills("/exports/new", {**WANTED, **more})
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def make(at_desk: Visitor) -> None:
    """What a worker does."""
    world = at_desk.world
    taken = world.write(lambda session: stored.take_up(session, "w" * 48, world.now_ms))
    assert taken is not None
    folder = world.settings.exports_folder
    exporting.make(Surroundings(world.database, folder, world.clock, world.dice.randbytes), taken)


def test_a_form_that_says_too_little_comes_back_with_what_was_chosen(at_desk: Visitor) -> None:
    response = at_desk.fills("/exports/new", {"format": "xlsx", "until": "yesterday", "free_text": "yes"})
    assert response.status_code == 422
    for field in ("what", "states", "until"):
        assert f'href="#{field}"' in response.text
    assert re.search(r'<option value="xlsx" selected>', response.text)
    assert re.search(r'name="free_text" value="yes" checked', response.text)
    absent = at_desk.fills("/exports/new", {**WANTED, "what": "submission:nowhere"})
    assert absent.status_code == 404


def test_the_list_hands_its_filter_over(at_desk: Visitor) -> None:
    page = at_desk.opens(
        "/exports/new?of=submission.visit&place=07.041&state=rejected&since=2026-09-01&device=<b>"
    ).text
    assert '<input type="hidden" name="place" value="07.041">' in page
    assert '<option value="submission:visit" selected>' in page
    assert re.search(r'name="states" value="rejected" checked', page)
    assert 'name="device"' not in page
    undecided = at_desk.opens("/exports/new?of=submission.visit&state=open").text
    assert re.findall(r'name="states" value="(\w+)" checked', undecided) == ["received", "hasIssues", "edited"]
    path = asked(at_desk, place="07.041")
    make(at_desk)
    assert at_desk.opens(f"{path}/file").text.count("\n") == 1  # the record has no place


def test_it_waits_is_made_and_is_fetched_without_script(at_desk: Visitor) -> None:
    path = asked(at_desk)
    waiting = at_desk.opens(path).text
    assert f'hx-get="{path}/state"' in waiting and f'<a href="{path}">' in waiting
    assert at_desk.opens(f"{path}/file").status_code == 409
    make(at_desk)
    assert f'href="{path}/file"' in at_desk.opens(f"{path}/state").text
    file = at_desk.opens(f"{path}/file")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"].startswith("attachment; filename=amal-visit-")
    assert file.headers["X-Content-Type-Options"] == "nosniff" and file.headers["Cache-Control"] == "no-store"
    assert "34" in file.text and "Amina" not in file.text
    assert at_desk.fills(f"{path}/end", page=path).headers["Location"] == "/exports"
    assert at_desk.opens(f"{path}/file").status_code == 409
    assert list(at_desk.world.settings.exports_folder.iterdir()) == []


def test_one_that_tells_of_people_asks_who_and_why(at_desk: Visitor) -> None:
    path = asked(at_desk, personal="yes").removesuffix("/reason")
    at_desk.world.now_ms += FRESH_MS + 1
    for where in (f"{path}/reason", f"{path}/file"):
        assert at_desk.opens(where).headers.get("Location", "").startswith("/confirm") or where.endswith("file")
    at_desk.world.now_ms -= FRESH_MS + 1
    assert at_desk.fills(f"{path}/reason", {"reason": "other", "text": "short"}).status_code == 422
    done = at_desk.fills(f"{path}/reason", {"reason": "other", "text": "for the yearly report"})
    assert done.headers["Location"] == path
    assert at_desk.opens(f"{path}/reason").headers["Location"] == path
    make(at_desk)
    assert at_desk.opens(f"{path}/file").status_code == 200
    at_desk.world.now_ms += FRESH_MS + 1
    assert at_desk.opens(f"{path}/file").headers["Location"] == f"/confirm?next={path}"
