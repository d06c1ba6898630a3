"""An operator writes records into a file from the terminal."""

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.services import desk
from tests.journeys.operator_at_terminal import Operator
from tests.world import World


@pytest.fixture
def beside(sqlite_engine: Engine) -> tuple[World, Operator]:
    """A world with a record that was looked at, and an operator who works on its database."""
    world = World(sqlite_engine)
    phone = world.phone()
    said = phone.says(writes={"name": "Amina", "age": 34})
    assert phone.statuses(said) == ["applied"]
    world.at_desk(desk.review, said["record"], "approved", "")
    return world, Operator(Path(str(sqlite_engine.url.database)).parent)


def test_an_operator_takes_records_out(beside: tuple[World, Operator], tmp_path: Path) -> None:
    _, operator = beside
    out = tmp_path / "visits.csv"
    said = operator.types("export", "visit", "--association", "amal", "--out", out)
    assert said.code == 0, said.errors
    assert said.json == {"file": str(out), "records": 1, "ending": "csv", "classes": ["P1"]}
    [row] = csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))
    assert (row["state"], row["age"]) == ("approved", "34") and "name" not in row
    assert out.stat().st_mode & 0o777 == 0o600
    again = operator.types("export", "visit", "--association", "amal", "--out", out)
    assert (again.code, again.json["error"]) == (1, "file_unusable")
    listed = operator.types(
        "export", "people", "--list", "--association", "amal", "--format", "geojson", "--out", tmp_path / "p"
    )
    assert listed.json["records"] == 0 and json.loads((tmp_path / "p").read_text())["features"] == []
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_personal_answers_owe_a_reason_at_the_terminal_too(beside: tuple[World, Operator], tmp_path: Path) -> None:
    _, operator = beside
    command = (
        "export",
        "visit",
        "--association",
        "amal",
        "--personal",
        "--layout",
        "flat",
        "--out",
        tmp_path / "x.csv",
    )
    refused = operator.types(*command)
    assert (refused.code, refused.json["error"]) == (1, "export_reason_needed")
    assert not (tmp_path / "x.csv").exists()
    said = operator.types(*command, "--reason", "legal_duty", "--because", "the data protection authority asks")
    assert said.json["classes"] == ["P1", "P2"]
    text = (tmp_path / "x.csv").read_text("utf-8-sig")
    assert "Amina" in text and "· operator ·" in text
    [noted] = [
        row
        for row in operator.types("audit", "list", "--association", "amal").json["events"]
        if row["action"] == "exported"
    ]
    assert noted["detail"].endswith("legal_duty: the data protection authority asks")


def test_what_is_not_there_is_named(beside: tuple[World, Operator], tmp_path: Path) -> None:
    _, operator = beside
    said = operator.types("export", "nowhere", "--association", "amal", "--out", tmp_path / "x")
    assert (said.code, said.json["error"]) == (1, "export_unknown")
