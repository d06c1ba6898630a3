"""An operator imports the outlines of communes, looks at what is kept, and forgets them."""

import json
from pathlib import Path

from tests.journeys.operator_at_terminal import Operator

ASNI = [[-8.04, 31.2], [-7.93, 31.19], [-7.9, 31.26], [-8.05, 31.28]]


def file_of(folder: Path, *codes: str) -> Path:
    """A GeoJSON file with one outline for each code."""
    features = [
        {"type": "Feature", "properties": {"COMMUNE": code}, "geometry": {"type": "Polygon", "coordinates": [ASNI]}}
        for code in codes
    ]
    path = folder / "communes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_outlines_are_imported_listed_and_forgotten(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    file = file_of(tmp_path, "07.041.07.03", "somewhere", "")
    said = operator.types("outline", "import", file, "--code-property", "COMMUNE")
    assert said.code == 0
    assert said.json == {
        "imported": 2,
        "kept": 2,
        "left_out": ["feature 3: it has no place code in COMMUNE"],
        "unknown_places": ["somewhere"],
    }
    assert [each["place"] for each in operator.types("outline", "list").json["outlines"]] == [
        "07.041.07.03",
        "somewhere",
    ]
    again = operator.types("outline", "import", file_of(tmp_path, "07.041.07.03"), "--code-property", "COMMUNE")
    assert (again.json["imported"], again.json["kept"]) == (1, 2)
    assert operator.types("outline", "clear").json == {"forgotten": 2}
    assert operator.types("audit", "verify").code == 0


def test_a_file_that_holds_no_outlines_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    file = tmp_path / "communes.geojson"
    file.write_text("PK")
    said = operator.types("outline", "import", file)
    assert (said.code, said.json["error"]) == (1, "outlines_unreadable")
    assert operator.types("outline", "list").json == {"outlines": []}
