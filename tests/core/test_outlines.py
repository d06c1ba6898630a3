"""An operator's file of outlines: what is kept, what is left out and why."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core import geometry
from fieldsync.core.geometry import Box
from fieldsync.core.outlines import CORNERS_MAX, read

SQUARE = [[-8.1, 31.2], [-7.9, 31.2], [-7.9, 31.3], [-8.1, 31.3], [-8.1, 31.2]]


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def feature(kind: str = "Polygon", coordinates: Any = None, **properties: Any) -> dict[str, Any]:
    shape = [SQUARE] if coordinates is None else coordinates
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": shape}, "properties": properties}


def test_a_commune_is_read_with_the_box_around_it() -> None:
    found = read(collection(feature(code="07.041.07.03.")))
    assert found is not None and found.faults == []
    [outline] = found.outlines
    assert (outline.place, outline.box) == ("07.041.07.03", Box(-8.1, 31.2, -7.9, 31.3))


def test_the_code_stands_where_somebody_says() -> None:
    found = read(collection(feature(COMMUNE="a", code="b")), "COMMUNE")
    assert found is not None and [each.place for each in found.outlines] == ["a"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (feature(), "no place code"),
        (feature(code="../etc"), "no place code"),
        (feature("Point", [1, 2], code="a"), "no polygon"),
        (feature(coordinates=[SQUARE[:3]], code="a"), "a ring is broken"),
        (feature(coordinates=[[[200, 1], *SQUARE[1:]]], code="a"), "degrees"),
        (feature(coordinates=[[["x", 1], *SQUARE[1:]]], code="a"), "degrees"),
        (feature(coordinates=[[[index / 1e3, index % 2] for index in range(CORNERS_MAX)]] * 2, code="a"), "simplify"),
        ({"type": "Feature", "geometry": None, "properties": {"code": "a"}}, "no geometry"),
        ("feature", "no geometry"),
        (feature("MultiPolygon", [], code="a"), "empty"),
    ],
)
def test_what_is_no_outline_is_left_out_with_its_reason(wrong: Any, why: str) -> None:
    found = read(collection(feature(code="kept"), wrong))
    assert found is not None
    assert [each.place for each in found.outlines] == ["kept"]
    [fault] = found.faults
    assert fault.startswith("feature 2: ") and why in fault


def test_a_place_has_one_outline() -> None:
    found = read(collection(feature(code="a"), feature(code="a")))
    assert found is not None and (len(found.outlines), found.left_out) == (1, 1)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"type":"Feature"}', b"\xff", collection(*[1] * 5001)])
def test_a_file_that_is_no_collection_is_refused_whole(content: bytes) -> None:
    assert read(content) is None


@given(st.floats(-8.09, -7.91), st.floats(31.21, 31.29))
def test_a_point_within_is_at_no_distance_and_one_beyond_is_at_its_own(longitude: float, latitude: float) -> None:
    assert geometry.contains([SQUARE], latitude, longitude)
    assert geometry.beyond([SQUARE], latitude, longitude) == 0
    east = -7.9 + (longitude + 8.1)
    assert not geometry.contains([SQUARE], latitude, east + 0.001)
    metres = geometry.beyond([SQUARE], latitude, east + 0.001)
    assert metres == pytest.approx(geometry.distance(latitude, east + 0.001, latitude, -7.9), rel=0.01)


def test_a_hole_is_outside() -> None:
    hole = [[-8.02, 31.24], [-7.98, 31.24], [-7.98, 31.26], [-8.02, 31.26]]
    assert not geometry.contains([SQUARE, hole], 31.25, -8.0)
    assert geometry.contains([SQUARE, hole], 31.21, -8.0)


BOXES = st.tuples(st.floats(-179, 178), st.floats(-89, 88), st.floats(0.001, 1), st.floats(0.001, 1))


@given(BOXES, st.floats(0, 1), st.floats(0, 1), st.integers(1, 8))
def test_the_cells_of_a_box_hold_every_point_of_it(
    box: tuple[float, float, float, float], right: float, up: float, level: int
) -> None:
    west, south, width, height = box
    area = Box(west, south, west + width, south + height)
    cells = geometry.cells_of(area, level)
    here = geometry.cell(south + up * height, west + right * width) >> 2 * (geometry.CELL_BITS - level)
    assert here in cells
    assert cells == sorted(set(cells))
    assert len(cells) == geometry.count_of_cells(area, level)
