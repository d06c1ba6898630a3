"""Where records lie: their points, and how many lie in the cells of a few levels."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.core.geometry import CELL_BITS
from fieldsync.store.db import execute, execute_many, places

LEVELS = (6, 8, 10, 12, 14, 16, 18)
"""Levels whose cells are counted: from some 600 kilometres wide down to 150 metres."""

CHUNK_ROWS = 400
"""How many ids or cells one statement names."""

SPANS_MAX = 50
"""Cells whose points one statement reads."""

_COLUMNS = "record_id, collection_id, author_id, place, personal, cell, latitude, longitude"


class PointRow(NamedTuple):
    """A record's point. `personal`: only whoever may read personal answers sees where it is."""

    record_id: int
    collection_id: int
    author_id: int
    place: str
    personal: bool
    cell: int
    latitude: float
    longitude: float


class CellRow(NamedTuple):
    """So many points of a collection and place in a cell, and the sums of their coordinates."""

    collection_id: int
    cell: int
    place: str
    personal: bool
    points: int
    latitudes: float
    longitudes: float


def by_ids(session: Session, record_ids: Collection[int]) -> dict[int, PointRow]:
    """Points of those of some records that have one."""
    found: dict[int, PointRow] = {}
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM record_point WHERE record_id IN ({places(len(chunk))})"
        found.update((row[0], _point(row)) for row in execute(session, sql, chunk))
    return found


def replace(session: Session, before: Iterable[PointRow], after: Iterable[PointRow]) -> None:
    """Put points in the place of those that their records had, and count them."""
    old, new = sorted(before), sorted(after)
    execute_many(session, "DELETE FROM record_point WHERE record_id = ?", [(row.record_id,) for row in old])
    execute_many(session, f"INSERT INTO record_point ({_COLUMNS}) VALUES ({places(8)})", new)
    counts: Counter[tuple[int, int, int, str, bool]] = Counter()
    norths: Counter[tuple[int, int, int, str, bool]] = Counter()
    easts: Counter[tuple[int, int, int, str, bool]] = Counter()
    for sign, rows in ((-1, old), (1, new)):
        for row in rows:
            for level in LEVELS:
                key = (row.collection_id, level, row.cell >> 2 * (CELL_BITS - level), row.place, bool(row.personal))
                counts[key] += sign
                norths[key] += sign * row.latitude  # type: ignore[assignment]
                easts[key] += sign * row.longitude  # type: ignore[assignment]
    sql = (
        "INSERT INTO point_count (collection_id, level, cell, place, personal, points, latitudes, longitudes)"
        f" VALUES ({places(8)}) ON CONFLICT (collection_id, level, cell, place, personal) DO UPDATE SET"
        " points = point_count.points + excluded.points, latitudes = point_count.latitudes + excluded.latitudes,"
        " longitudes = point_count.longitudes + excluded.longitudes"
    )
    execute_many(session, sql, [(*key, counts[key], norths[key], easts[key]) for key in sorted(counts)])
    empty = "DELETE FROM point_count WHERE collection_id = ? AND level = ? AND cell = ? AND place = ? AND personal = ?"
    execute_many(session, f"{empty} AND points <= 0", sorted({key for key, count in counts.items() if count < 0}))


def in_cells(session: Session, collections: Collection[int], level: int, cells: Sequence[int]) -> list[CellRow]:
    """What lies in some cells of a level."""
    found: list[CellRow] = []
    for collection_id in sorted(collections):
        for start in range(0, len(cells), CHUNK_ROWS):
            chunk = cells[start : start + CHUNK_ROWS]
            sql = (
                "SELECT collection_id, cell, place, personal, points, latitudes, longitudes FROM point_count"
                f" WHERE collection_id = ? AND level = ? AND cell IN ({places(len(chunk))})"
            )
            rows = execute(session, sql, (collection_id, level, *chunk))
            found += [CellRow(*row)._replace(personal=bool(row[3])) for row in rows]
    return found


def of_places(session: Session, collections: Collection[int]) -> list[CellRow]:
    """How many points each place has, by collection; the largest cells are added up."""
    found: list[CellRow] = []
    for collection_id in sorted(collections):
        sql = (
            "SELECT collection_id, 0, place, personal, sum(points), sum(latitudes), sum(longitudes) FROM point_count"
            " WHERE collection_id = ? AND level = ? GROUP BY collection_id, place, personal"
        )
        rows = execute(session, sql, (collection_id, LEVELS[0]))
        found += [CellRow(*row)._replace(personal=bool(row[3]), points=int(row[4])) for row in rows]
    return found


def bounds(session: Session, collections: Collection[int]) -> list[int]:
    """The cells of the middle level in which anything lies: where a map that opens looks; at most some thousands."""
    found: set[int] = set()
    for collection_id in sorted(collections):
        sql = "SELECT DISTINCT cell FROM point_count WHERE collection_id = ? AND level = ? AND points > 0 LIMIT ?"
        found.update(row[0] for row in execute(session, sql, (collection_id, LEVELS[2], 5000)))
    return sorted(found)


def within(session: Session, collections: Collection[int], level: int, cells: Sequence[int]) -> list[PointRow]:
    """The points in some cells of a level; whoever asks knows by `in_cells` that they are few."""
    shift = 2 * (CELL_BITS - level)
    found: list[PointRow] = []
    for collection_id in sorted(collections):
        for start in range(0, len(cells), SPANS_MAX):
            chunk = cells[start : start + SPANS_MAX]
            around = " OR ".join("cell BETWEEN ? AND ?" for _ in chunk)
            ends = [end for each in chunk for end in (each << shift, (each + 1 << shift) - 1)]
            sql = f"SELECT {_COLUMNS} FROM record_point WHERE collection_id = ? AND ({around})"
            found += [_point(row) for row in execute(session, sql, (collection_id, *ends))]
    return found


def _point(row: tuple[object, ...]) -> PointRow:
    point = PointRow(*row)  # type: ignore[arg-type]
    return point._replace(personal=bool(point.personal))
