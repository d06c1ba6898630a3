"""Points on the earth: how far apart, in which square of a grid, inside which outline. Degrees in, metres out."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

EARTH_RADIUS_METRES = 6_371_000
METRES_A_DEGREE = 2 * math.pi * EARTH_RADIUS_METRES / 360

SPOT_METRES = 25
"""The side of a spot: what a phone under trees tells apart."""

_SPOT_DEGREES = SPOT_METRES / METRES_A_DEGREE
_COLUMNS = 1 << 24

CELL_BITS = 24
"""Halvings of the map in each direction; the smallest cell is some two metres."""

Ring = Sequence[Sequence[float]]
"""Corners as (longitude, latitude), as GeoJSON has them; the last one is the first again, or is not."""


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two points, along the sphere."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * math.asin(min(1.0, math.sqrt(half)))


def spot(latitude: float, longitude: float) -> int:
    """The number of the spot in which a point lies; spots beside each other in a row have numbers that follow."""
    shrunk = math.cos(math.radians(round(latitude)))
    row = int((latitude + 90) / _SPOT_DEGREES)
    return row * _COLUMNS + int((longitude + 180) * max(shrunk, 0.01) / _SPOT_DEGREES)


def spots_around(middle: int) -> tuple[tuple[int, int], ...]:
    """First and last spot of the three rows of three around one."""
    return tuple((middle + row * _COLUMNS - 1, middle + row * _COLUMNS + 1) for row in (-1, 0, 1))


def cell(latitude: float, longitude: float) -> int:
    """The number of a point's smallest cell: its bits of longitude and latitude, interleaved (Morton's order).

    The first 2n bits name the cell after n halvings, so a cell of any size is one range of numbers.
    """
    east, north = _steps(longitude, latitude, CELL_BITS)
    return _spread(east) << 1 | _spread(north)


def _spread(bits: int) -> int:
    """A blank between each two bits of a number of up to 32."""
    for shift, mask in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
                        (2, 0x3333333333333333), (1, 0x5555555555555555)):  # fmt: skip
        bits = (bits | bits << shift) & mask
    return bits


def corner(number: int, level: int) -> tuple[int, int]:
    """Column from the west and row from the south of a cell after so many halvings."""
    bits = range(level)
    return (
        sum((number >> 2 * bit + 1 & 1) << bit for bit in bits),
        sum((number >> 2 * bit & 1) << bit for bit in bits),
    )


def contains(rings: Iterable[Ring], latitude: float, longitude: float) -> bool:
    """Whether a point lies within an outline: inside an odd number of its rings, so that holes are out."""
    return sum(_crossings(ring, latitude, longitude) for ring in rings) % 2 == 1


def _crossings(ring: Ring, latitude: float, longitude: float) -> int:
    """How many edges of a ring lie east of a point, on its parallel."""
    found = 0
    x, y = ring[-1][0], ring[-1][1]
    for corner in ring:
        next_x, next_y = corner[0], corner[1]
        if (y > latitude) != (next_y > latitude):
            found += longitude < x + (latitude - y) / (next_y - y) * (next_x - x)
        x, y = next_x, next_y
    return found


def beyond(rings: Iterable[Ring], latitude: float, longitude: float) -> float:
    """Metres from a point to the nearest edge of an outline, flat around the point; 0 within it."""
    known = list(rings)
    if contains(known, latitude, longitude):
        return 0.0
    shrunk = math.cos(math.radians(latitude))
    nearest = math.inf
    for ring in known:
        corners = [((x - longitude) * shrunk, y - latitude) for x, y, *_ in ring]
        for start, end in zip([corners[-1], *corners], corners, strict=False):
            nearest = min(nearest, _to_edge(start, end))
    return nearest * METRES_A_DEGREE


def _to_edge(start: tuple[float, float], end: tuple[float, float]) -> float:
    """From the origin to the nearest point of an edge."""
    x, y = end[0] - start[0], end[1] - start[1]
    length = x * x + y * y
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(start[0] * x + start[1] * y) / length))
    return math.hypot(start[0] + along * x, start[1] + along * y)


class Box(NamedTuple):
    """A piece of the map, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies in it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


def cells_of(box: Box, level: int) -> list[int]:
    """The cells of a level that a box touches, in Morton's order."""
    (west, south), (east, north) = _steps(box.west, box.south, level), _steps(box.east, box.north, level)
    return sorted(_spread(x) << 1 | _spread(y) for x in range(west, east + 1) for y in range(south, north + 1))


def count_of_cells(box: Box, level: int) -> int:
    """How many those are."""
    (west, south), (east, north) = _steps(box.west, box.south, level), _steps(box.east, box.north, level)
    return (east - west + 1) * (north - south + 1)


def _steps(longitude: float, latitude: float, level: int) -> tuple[int, int]:
    """Column and row of a point after so many halvings."""
    top = (1 << level) - 1
    return (
        min(max(int((longitude + 180) / 360 * (1 << level)), 0), top),
        min(max(int((latitude + 90) / 180 * (1 << level)), 0), top),
    )
