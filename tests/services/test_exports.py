"""A coordinator takes records out: what she gets, what she does not, and what is written down."""

import re
from pathlib import Path

import pytest

from fieldsync.services import desk
from tests.exported import EVERYTHING, Desk, desk_of, read_csv
from tests.world import Phone, World

ANSWERS = {"name": "Amina", "age": 34, "colour": "red", "likes": {"set": ["green", "red"]}, "village": "07.041.05.01"}


@pytest.fixture
def at_desk(world: World, tmp_path: Path) -> Desk:
    return desk_of(world, tmp_path / "exports")


def visited(phone: Phone, world: World, **answers: object) -> str:
    """A submission that is approved."""
    said = phone.says(writes={**ANSWERS, **answers})
    assert phone.statuses(said) == ["applied"]
    world.at_desk(desk.review, said["record"], "approved", "")
    return str(said["record"])


def test_the_first_choice_tells_nothing_of_people(world: World, at_desk: Desk) -> None:
    phone = world.phone()
    record = visited(phone, world)
    row, content = at_desk.made()
    [told] = read_csv(content)["records"]
    assert told["state"] == "approved"
    assert (told["age"], told["colour"], told["likes"]) == ("34", "red", "green red")
    assert not {"name", "village", "photo"} & told.keys()
    assert "Amina" not in content.decode() and record not in content.decode() and phone.author not in content.decode()
    assert re.fullmatch(r"amal-visit-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.csv", row.file_name)
    assert (at_desk.folder / row.file).stat().st_mode & 0o777 == 0o600


def test_only_approved_records_leave_unless_others_are_asked_for(world: World, at_desk: Desk) -> None:
    phone = world.phone()
    visited(phone, world)
    phone.tells(phone.says(writes={"name": "Not yet looked at"}))
    gone = visited(phone, world, name="Deleted")
    world.at_desk(desk.delete, gone)
    assert [row["state"] for row in at_desk.rows()] == ["approved"]
    assert sorted(row["state"] for row in at_desk.rows(**EVERYTHING)) == ["approved", "received"]
