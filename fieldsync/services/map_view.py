"""The map for one reader: clusters or points within a box, how many points each place has, outlines.

Points of restricted forms are never kept (services/points). A personal point (P2) is shown to whoever reads personal
answers there without a click; for others it counts towards its commune and lies nowhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import READ_RECORDS
from fieldsync.core.geometry import CELL_BITS, Box, cells_of, corner, count_of_cells
from fieldsync.core.inbox import Filter
from fieldsync.core.roles import CLEAR
from fieldsync.services import inbox, readers
from fieldsync.services.readers import Reader
from fieldsync.store import associations, outlines, points, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.outlines import OutlineRow
from fieldsync.store.points import LEVELS, PointRow

POINTS_MAX = 400
"""Points that are shown one by one; where more lie in view they are shown as clusters."""

CELLS_MAX = 800
"""Cells of a view: some twenty by forty clusters."""

NARROWED_MAX = 10_000
"""Records of a narrowed filter that are looked at, the first of its order."""

NEAR_LEVEL = 20
"""From here on cells are some forty metres wide: points are told apart."""

OUTLINES_MAX = 300
COMMUNE_PARTS = 4
"""Parts of a commune's code: region, province, circle, commune."""

WORLD = Box(-180, -90, 180, 90)


@dataclass(frozen=True)
class Point:
    """A record where it lies; `uuid` and names lead to its page."""

    latitude: float
    longitude: float
    kind: str
    of: str
    uuid: str
    place: str


@dataclass
class Cluster:
    """So many records around the middle of their points."""

    points: int = 0
    latitudes: float = 0.0
    longitudes: float = 0.0

    def add(self, points: int, latitudes: float, longitudes: float) -> None:
        """Put more points in."""
        self.points += points
        self.latitudes += latitudes
        self.longitudes += longitudes

    @property
    def middle(self) -> tuple[float, float]:
        """Latitude and longitude."""
        return self.latitudes / self.points, self.longitudes / self.points


@dataclass
class View:
    """What lies in a box. `cut_short`: a narrowed filter has more records than were looked at."""

    points: list[Point] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    cut_short: bool = False


@dataclass
class PlaceCount:
    """How many points a place has: those that are shown, and personal ones that only count."""

    place: str
    shown: int = 0
    counted: int = 0


@dataclass(frozen=True)
class Overview:
    """What the page of the map says before any script runs: place by place, and the box around all that is shown."""

    places: list[PlaceCount]
    box: Box | None
    cut_short: bool = False

    @property
    def shown(self) -> int:
        """Points that lie on the map."""
        return sum(each.shown for each in self.places)

    @property
    def counted(self) -> int:
        """Personal points that only count."""
        return sum(each.counted for each in self.places)


def view(session: Session, reader: Reader, wanted: Filter, box: Box, level: int) -> View:
    """What lies in a box, seen so closely that a cell of `level` is one cluster."""
    if not _adds_up(reader, wanted):
        rows, cut_short = _narrowed(session, reader, wanted)
        inside = [row for row in rows if box.holds(row.latitude, row.longitude) and not row.hidden]
        return _of_rows(session, [row.point for row in inside], level, cut_short)
    known = next((each for each in reversed(LEVELS) if each <= level), LEVELS[0])
    while count_of_cells(box, known) > CELLS_MAX and known > LEVELS[0]:
        known = LEVELS[LEVELS.index(known) - 1]
    sights = _sights(session, reader, wanted)
    clusters: dict[int, Cluster] = defaultdict(Cluster)
    for row in points.in_cells(session, sights, known, cells_of(box, known)):
        if sights[row.collection_id].shows(row.place, row.personal):
            clusters[row.cell].add(row.points, row.latitudes, row.longitudes)
    filled = {cell: each for cell, each in clusters.items() if each.points > 0}
    if sum(each.points for each in filled.values()) > POINTS_MAX:
        return View(clusters=list(filled.values()))
    found = [
        row
        for row in points.within(session, sights, known, sorted(filled))
        if box.holds(row.latitude, row.longitude) and sights[row.collection_id].shows(row.place, row.personal)
    ]
    return _of_rows(session, found, level, False)


def overview(session: Session, reader: Reader, wanted: Filter) -> Overview:
    """How many points each place has, the most first; personal ones that are not shown by commune."""
    counts: dict[str, PlaceCount] = {}
    if _adds_up(reader, wanted):
        sights = _sights(session, reader, wanted)
        for row in points.of_places(session, sights):
            if sights[row.collection_id].reads(row.place):
                _count(counts, row.place, row.points, sights[row.collection_id].shows(row.place, row.personal))
        middles = [_middle(cell) for cell in points.bounds(session, sights)]
        return Overview(_sorted(counts), _around(middles))
    rows, cut_short = _narrowed(session, reader, wanted)
    for each in rows:
        _count(counts, each.point.place, 1, not each.hidden)
    middles = [(each.latitude, each.longitude) for each in rows if not each.hidden]
    return Overview(_sorted(counts), _around(middles), cut_short)


def outlines_in(session: Session, box: Box) -> list[OutlineRow]:
    """Outlines that touch a box, at most some hundreds."""
    return outlines.within(session, box.west, box.south, box.east, box.north, OUTLINES_MAX)


def commune(place: str) -> str:
    """The commune in which a place lies, or the place where its code says none."""
    return ".".join(place.split(".")[:COMMUNE_PARTS]) if place[:1].isdigit() else place


class _Sight:
    """What of a collection's points a reader sees, place by place."""

    def __init__(self, reader: Reader, collection: CollectionRow, place: str) -> None:
        self._reader = reader
        self._collection = collection
        self._within = place
        self._known: dict[str, tuple[bool, bool]] = {}

    def reads(self, place: str) -> bool:
        """Whether records at a place are hers to read, and asked for."""
        return self._at(place)[0]

    def shows(self, place: str, personal: bool) -> bool:
        """Whether points at a place are shown where they lie."""
        reads, clear = self._at(place)
        return reads and (clear or not personal)

    def _at(self, place: str) -> tuple[bool, bool]:
        if place not in self._known:
            scope = self._reader.scope(self._collection.kind, self._collection.of, place, 0)
            asked = not self._within or access.is_within(place, [self._within])
            reads = asked and access.may(self._reader.grants, READ_RECORDS, scope)
            self._known[place] = reads, access.personal(self._reader.grants, scope) == CLEAR
        return self._known[place]


def _adds_up(reader: Reader, wanted: Filter) -> bool:
    """Whether the counted cells answer: nothing is asked but form and place, and no grant depends on who wrote."""
    plain = Filter(kind=wanted.kind, of=wanted.of, association=wanted.association, place=wanted.place)
    held = [grant for grant in reader.grants if READ_RECORDS in grant.role.permissions]
    return wanted == plain and not any(grant.team or grant.role.own for grant in held)


def _sights(session: Session, reader: Reader, wanted: Filter) -> dict[int, _Sight]:
    """The collections that a filter means and a reader opens."""
    found: dict[int, _Sight] = {}
    for association_id in inbox.association_ids(session, reader, wanted):
        there = readers.within(session, reader, association_id)
        for row in associations.collections(session, association_id):
            asked = wanted.kind in ("", row.kind) and wanted.of in ("", row.of)
            if asked and there.opens(row.kind, row.of):
                found[row.id] = _Sight(there, row, wanted.place)
    return found


@dataclass(frozen=True)
class _Row:
    """A point of a narrowed filter, and whether it only counts."""

    point: PointRow
    hidden: bool

    @property
    def latitude(self) -> float:
        return self.point.latitude

    @property
    def longitude(self) -> float:
        return self.point.longitude


def _narrowed(session: Session, reader: Reader, wanted: Filter) -> tuple[list[_Row], bool]:
    """The points of the first records of a filter, as the inbox gives them."""
    listed = {row.id: row for row in inbox.each(session, reader, wanted, NARROWED_MAX) if row.id > 0}
    there = {each: readers.within(session, reader, each) for each in {row.association_id for row in listed.values()}}
    found = []
    for row_id, point in points.by_ids(session, listed).items():
        row = listed[row_id]
        who = there[row.association_id]
        scope = who.scope(row.kind, row.of, row.place, row.author_id)
        hidden = point.personal and access.personal(who.grants, scope) != CLEAR
        found.append(_Row(point, hidden))
    return found, len(listed) >= NARROWED_MAX


def _of_rows(session: Session, rows: Sequence[PointRow], level: int, cut_short: bool) -> View:
    """Points that have a cell for themselves, and clusters of the others; seen from near, every point by itself."""
    if level >= NEAR_LEVEL and len(rows) <= POINTS_MAX:
        return View(points=_named(session, rows), cut_short=cut_short)
    together: dict[int, list[PointRow]] = defaultdict(list)
    for row in rows:
        together[row.cell >> 2 * (CELL_BITS - level)].append(row)
    view = View(points=_named(session, [each[0] for each in together.values() if len(each) == 1]), cut_short=cut_short)
    for each in together.values():
        if len(each) > 1:
            latitudes, longitudes = sum(row.latitude for row in each), sum(row.longitude for row in each)
            view.clusters.append(Cluster(len(each), latitudes, longitudes))
    return view


def _named(session: Session, rows: Iterable[PointRow]) -> list[Point]:
    listed = list(rows)
    named = associations.collections_by_id(session, {row.collection_id for row in listed})
    found = records.by_ids(session, [row.record_id for row in listed])
    return [
        Point(
            row.latitude,
            row.longitude,
            named[row.collection_id].kind,
            named[row.collection_id].of,
            records.uuid_text(found[row.record_id].uuid),
            row.place,
        )
        for row in listed
        if row.record_id in found
    ]


def _count(counts: dict[str, PlaceCount], place: str, number: int, shown: bool) -> None:
    name = place if shown else commune(place)
    found = counts.setdefault(name, PlaceCount(name))
    if shown:
        found.shown += number
    else:
        found.counted += number


def _sorted(counts: dict[str, PlaceCount]) -> list[PlaceCount]:
    return sorted(counts.values(), key=lambda each: (-each.shown - each.counted, each.place))


def _middle(cell: int) -> tuple[float, float]:
    """Latitude and longitude of the middle of a cell of the middle level."""
    column, row = corner(cell, LEVELS[2])
    return (row + 0.5) / (1 << LEVELS[2]) * 180 - 90, (column + 0.5) / (1 << LEVELS[2]) * 360 - 180


def _around(middles: Sequence[tuple[float, float]]) -> Box | None:
    if not middles:
        return None
    latitudes, longitudes = [each[0] for each in middles], [each[1] for each in middles]
    return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))
