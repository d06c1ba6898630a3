"""Outlines of places out of a GeoJSON file: read, bounded and checked; what is doubtful is said and left out."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fieldsync.core.geometry import Box, Ring

FEATURES_MAX = 5000
CORNERS_MAX = 20_000
"""Corners of one outline; an outline for a screen has some hundreds."""

DECIMALS = 5
"""Decimals of a degree that are kept: about a metre."""

FAULTS_MAX = 20
"""Faults that are told one by one."""

CODE_PROPERTIES = ("code", "place", "name")
"""Where a feature's place code is looked for, unless somebody says where."""

_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Outlined:
    """A place and its rings, with the box around them."""

    place: str
    box: Box
    rings: list[Ring]


@dataclass
class Read:
    """What a file held; `faults` say in English which feature (counted from 1) was left out, and why."""

    outlines: list[Outlined] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: int = 0

    def refuse(self, number: int, why: str) -> None:
        """Leave a feature out."""
        self.left_out += 1
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(f"feature {number}: {why}")


def read(content: bytes, code_property: str = "") -> Read | None:
    """The outlines of a FeatureCollection of polygons; None for what is none. The last outline of a place stands."""
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or found.get("type") != "FeatureCollection" or len(features) > FEATURES_MAX:
        return None
    result = Read()
    by_place: dict[str, Outlined] = {}
    for number, feature in enumerate(features, 1):
        outlined = _outlined(feature, code_property)
        if isinstance(outlined, str):
            result.refuse(number, outlined)
        elif outlined.place in by_place:
            result.refuse(number, f"{outlined.place} stands here twice")
        else:
            by_place[outlined.place] = outlined
    result.outlines = list(by_place.values())
    return result


def _outlined(feature: Any, code_property: str) -> Outlined | str:
    """An outline, or why it is none."""
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
        return "it has no geometry"
    place = _code(feature.get("properties") or {}, code_property)
    if place is None:
        return f"it has no place code in {code_property or ' / '.join(CODE_PROPERTIES)}"
    rings = _rings(feature["geometry"])
    if isinstance(rings, str):
        return rings
    longitudes = [corner[0] for ring in rings for corner in ring]
    latitudes = [corner[1] for ring in rings for corner in ring]
    return Outlined(place, Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes)), rings)


def _code(properties: Any, code_property: str) -> str | None:
    names = (code_property,) if code_property else CODE_PROPERTIES
    values = [properties.get(name) for name in names] if isinstance(properties, Mapping) else []
    texts = [str(value).strip().rstrip(".") for value in values if isinstance(value, str | int)]
    return next((text for text in texts if _CODE.fullmatch(text)), None)


def _rings(geometry: Mapping[str, Any]) -> list[Ring] | str:
    coordinates = geometry.get("coordinates")
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
        return "it is no polygon"
    polygons = [coordinates] if kind == "Polygon" else coordinates
    rings: list[Ring] = []
    corners = 0
    for polygon in polygons:
        for ring in polygon if isinstance(polygon, list) else [None]:
            read_ring = _ring(ring)
            if read_ring is None:
                return "a ring is broken, or its corners are no longitude and latitude in degrees"
            corners += len(read_ring)
            if corners > CORNERS_MAX:
                return f"it has more than {CORNERS_MAX} corners; simplify it"
            rings.append(read_ring)
    return rings or "it is empty"


def _ring(ring: Any) -> Ring | None:
    if not isinstance(ring, list) or len(ring) < 4 or len(ring) > CORNERS_MAX + 1:
        return None
    found: list[list[float]] = []
    for corner in ring:
        at = _corner(corner)
        if at is None:
            return None
        if not found or found[-1] != at:
            found.append(at)
    if found[0] != found[-1]:
        found.append(found[0])
    return found if len(found) >= 4 else None


def _corner(corner: Any) -> list[float] | None:
    if not isinstance(corner, list) or len(corner) < 2:
        return None
    longitude, latitude = corner[0], corner[1]
    if not all(isinstance(each, int | float) and math.isfinite(each) for each in (longitude, latitude)):
        return None
    if abs(longitude) > 180 or abs(latitude) > 90:
        return None
    return [round(float(longitude), DECIMALS), round(float(latitude), DECIMALS)]
