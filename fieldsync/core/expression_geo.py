"""distance() and area() over points given as ODK texts, on JavaRosa's sphere."""

import math
from collections.abc import Iterable
from itertools import pairwise

_EARTH_RADIUS_METRES = 6_378_100
_METRES_A_DEGREE = 2 * math.pi * _EARTH_RADIUS_METRES / 360

Place = tuple[float, float]
"""(latitude, longitude) in degrees."""


def _places(texts: Iterable[str]) -> list[Place]:
    """The points of traces, shapes and single points, in order; a text that is none raises ValueError."""
    points = [point for text in texts for point in text.split(";") if point.strip()]
    pairs = [point.split()[:2] for point in points]
    return [(float(latitude), float(longitude)) for latitude, longitude in pairs]


def distance(*texts: str) -> float:
    """Metres along the points."""
    places = _places(texts)
    return sum((_between(a, b) for a, b in pairwise(places)), 0.0)


def _between(a: Place, b: Place) -> float:
    latitude_a, latitude_b = math.radians(a[0]), math.radians(b[0])
    cosine = math.sin(latitude_a) * math.sin(latitude_b)
    cosine += math.cos(latitude_a) * math.cos(latitude_b) * math.cos(math.radians(a[1] - b[1]))
    return math.acos(min(1.0, max(-1.0, cosine))) * _EARTH_RADIUS_METRES


def area(*texts: str) -> float:
    """Square metres within the points, projected around the first of them."""
    places = _places(texts)
    if len(places) < 3:
        return 0.0
    latitude, longitude = places[0]
    ys = [(a - latitude) * _METRES_A_DEGREE for a, _ in places[1:]]
    xs = [(b - longitude) * _METRES_A_DEGREE * math.cos(math.radians(a)) for a, b in places[1:]]
    return abs(sum((ys[i] * xs[i + 1] - xs[i] * ys[i + 1]) / 2 for i in range(len(xs) - 1)))
