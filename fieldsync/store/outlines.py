"""Outlines of places: imported by an operator, never invented."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.geometry import Ring
from fieldsync.store.db import execute, execute_many

OUTLINES_MAX = 5000
"""Outlines that a server keeps; Morocco has some 1,500 communes."""


class OutlineRow(NamedTuple):
    """An outline: the place's code, the box around it in degrees, its rings of (longitude, latitude)."""

    place: str
    west: float
    south: float
    east: float
    north: float
    rings: list[Ring]


def replace(session: Session, rows: Iterable[OutlineRow]) -> None:
    """Keep these outlines, in the place of those that their places had."""
    sql = (
        "INSERT INTO outline (place, west, south, east, north, rings) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (place) DO UPDATE SET west = excluded.west, south = excluded.south, east = excluded.east,"
        " north = excluded.north, rings = excluded.rings"
    )
    execute_many(session, sql, [(*row[:5], msgspec.json.encode(row.rings)) for row in sorted(rows)])


def clear(session: Session) -> int:
    """Forget all outlines; how many there were."""
    return execute(session, "DELETE FROM outline").rowcount


def within(
    session: Session, west: float, south: float, east: float, north: float, limit: int = OUTLINES_MAX
) -> list[OutlineRow]:
    """Outlines that touch a box of degrees, by place."""
    sql = (
        "SELECT place, west, south, east, north, rings FROM outline"
        " WHERE east >= ? AND north >= ? AND west <= ? AND south <= ? ORDER BY place LIMIT ?"
    )
    found = execute(session, sql, (west, south, east, north, limit))
    return [OutlineRow(*row)._replace(rings=msgspec.json.decode(bytes(row[5]))) for row in found]


def rings(session: Session) -> dict[str, list[Ring]]:
    """The rings of every outline, by place."""
    return {row.place: row.rings for row in within(session, -180, -90, 180, 90)}


def places(session: Session) -> list[tuple[str, int]]:
    """(place, bytes of its outline) of every outline."""
    sql = "SELECT place, length(rings) FROM outline ORDER BY place LIMIT ?"
    return [(row[0], row[1]) for row in execute(session, sql, (OUTLINES_MAX,))]
