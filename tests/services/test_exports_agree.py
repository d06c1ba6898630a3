"""What a file says is what `fieldsync record show` says, in every format, whatever happened to a record."""

import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from fieldsync.core.answer_text import text_of
from fieldsync.core.export_cells import safe
from fieldsync.services import records_told
from tests.exported import EVERYTHING, SURVEY, Desk, desk_of, publish, read_csv, read_xlsx, ready
from tests.world import Json, Phone, World

ASKED = {**EVERYTHING, "of": "survey", "personal": True, "points": "exact", "ids": "record"}
MAIN = ("start", "name", "remark", "age", "hours", "seen", "colour", "likes", "who")
TEXTS = ("أمينة", "=1+1", "+212612345678", "-5", "a;=b", "two\nlines", 'say "so"', "_x0041_", "<b>&", "\u202eabc")


@pytest.fixture
def at_desk(world: World, tmp_path: Path) -> Desk:
    publish(world, ready(SURVEY))
    return desk_of(world, tmp_path / "exports")


def answers(dice: random.Random, kids: list[str]) -> Json:
    """Some answers, also the odd ones; null takes one back."""
    every = {
        "start": "2026-11-28T10:00:00.000+01:00",
        "name": dice.choice(TEXTS),
        "remark": dice.choice(TEXTS),
        "age": dice.choice([-7, 0, 34, 2**53 - 1]),
        "hours": dice.choice(["-0.50", "3", "12.250"]),
        "seen": dice.choice(["2026-02-28", "1898-05-01"]),
        "colour": dice.choice(["red", "green"]),
        "likes": {"set": dice.sample(["red", "green"], dice.randint(0, 2))},
        "point": {"lat": "31.25", "lon": "-8.5", "alt": None, "accuracy": "4.5"},
        "who": dice.choice(["-34", "x"]),
    }
    chosen = {path: every[path] for path in dice.sample(sorted(every), dice.randint(3, len(every)))}
    for number, kid in enumerate(kids):
        if dice.random() < 0.7:
            chosen |= {f"kids[{kid}]": number, f"kids[{kid}]/years": dice.randint(0, 17)}
    return chosen


def lived(world: World, phones: list[Phone], dice: random.Random) -> str:
    """A record that was written, changed by phones that did and did not know of each other, and lost a child."""
    kids = [world.uuid() for _ in range(3)]
    first = phones[0].says(of="survey", writes=answers(dice, kids))
    assert phones[0].statuses(first) == ["applied"]
    record, heads = str(first["record"]), [first]
    for _ in range(dice.randint(0, 3)):
        phone = dice.choice(phones)
        writes = answers(dice, kids) | ({dice.choice(sorted(MAIN)): None} if dice.random() < 0.5 else {})
        if dice.random() < 0.3:
            writes = {f"kids[{kids[0]}]": None}
        said = phone.says(record, writes, of="survey", seen=heads)
        assert phone.statuses(said) == ["applied"]
        heads = [said] if dice.random() < 0.6 else heads
    return record


def shown(world: World, record: str) -> Json:
    """What the command prints of it."""

    def work(session: Any) -> Json:
        [located] = [each for each in records_told.locate(session, record) if each.found.kind == "submission"]
        fields: Json = records_told.told(session, located, "en")["fields"]
        return fields

    return world.read(work)


def as_cell(value: Any) -> str:
    return "" if value is None else text_of(value)


def test_every_format_says_what_the_record_says(world: World, at_desk: Desk) -> None:
    dice = random.Random(4)
    phones = [world.phone(), world.phone()]
    records = [lived(world, phones, dice) for _ in range(25)]
    said = {record: shown(world, record) for record in records}
    tables = read_csv(at_desk.made(**ASKED)[1])
    sheets = read_xlsx(at_desk.made(**ASKED, format="xlsx")[1])
    parquet = at_desk.made(**ASKED, format="parquet", layout="flat")[1]
    rows = pyarrow.parquet.read_table(io.BytesIO(parquet)).to_pylist()
    features = json.loads(at_desk.made(**ASKED, format="geojson")[1])["features"]
    assert [row["record"] for row in tables["records"]] == records
    for csv_row, sheet_row, row, feature in zip(tables["records"], sheets["records"], rows, features, strict=True):
        fields = said[csv_row["record"]]
        assert feature["properties"]["record"] == row["record"] == sheet_row["record"] == csv_row["record"]
        for path in MAIN:
            value = fields.get(path)
            is_free = path in ("name", "remark", "start")
            expected = safe(as_cell(value)) if is_free else as_cell(value)
            assert csv_row[path] == expected, path
            assert (feature["properties"][path] or "") == expected or float(expected) == feature["properties"][path], (
                path
            )
            in_sheet = sheet_row[path]
            as_text = "" if in_sheet is None else f"{in_sheet:%Y-%m-%d}" if hasattr(in_sheet, "year") else str(in_sheet)
            assert as_text == expected or float(as_text) == float(expected), path
            in_parquet = row[path]
            assert str("" if in_parquet is None else in_parquet) == expected or in_parquet == float(expected), path
        point = fields.get("point")
        assert feature["geometry"] == (point and {"type": "Point", "coordinates": [-8.5, 31.25]})
    kids = {record: sorted(_kids(fields)) for record, fields in said.items() if _kids(fields)}
    found: dict[str, list[str]] = {}
    for kid in tables["kids"]:
        found.setdefault(kid["record"], []).append(kid["kids/years"])
    assert {record: sorted(years) for record, years in found.items()} == kids
    in_sheets = ["" if row["kids/years"] is None else str(row["kids/years"]) for row in sheets["kids"]]
    assert in_sheets == [row["kids/years"] for row in tables["kids"]]


def _kids(fields: Json) -> list[str]:
    living = [
        path for path, value in fields.items() if path.startswith("kids[") and path.endswith("]") and value is not None
    ]
    return [as_cell(fields.get(f"{path}/years")) for path in living]
