"""The map: records where they lie, as a page that works without script, and what its script asks for."""

import math
from dataclasses import replace
from typing import Any

import msgspec
from flask import Response, request, url_for

from fieldsync.core import inbox
from fieldsync.core.access import READ_RECORDS
from fieldsync.core.geometry import CELL_BITS, Box
from fieldsync.core.inbox import Filter
from fieldsync.core.problems import Problem
from fieldsync.core.short_codes import short_code
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import inbox_filters, labels, language, map_ground, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import map_view
from fieldsync.services.map_view import Cluster, PlaceCount, Point

PLACES_SHOWN = 100
ZOOM_MAX = 22
BITS_A_ZOOM = 2
"""A cell of a zoom is a quarter of a tile wide: 64 pixels."""

AROUND = Box(-9.6, 30.6, -7.2, 32.0)
"""Al Haouz and Chichaoua: where a map without any point looks."""

NUMBER_LENGTH = 24

FIELDS = ("of", "place", "device", "state", "flag", "association", "companion")
"""The choices of the inbox's filter that a map offers; an order it has none."""


@blueprint.get("/map")
@page_access(READ_RECORDS)
def map() -> Response:
    """Records on a map, and beside it place by place."""
    who, wanted = reader(), _wanted()
    with context().database.read() as session:
        found = map_view.overview(session, who, wanted)
        fields = inbox_filters.fields(session, who, wanted)
    return map_ground.page(
        "map.html",
        places=[_place(each, wanted) for each in found.places[:PLACES_SHOWN]],
        left_out=max(0, len(found.places) - PLACES_SHOWN),
        found=found,
        looked_at=map_view.NARROWED_MAX,
        box=_said(found.box or AROUND),
        asked=inbox.query(wanted),
        filter=wanted,
        fields=[fields[name] for name in FIELDS if name in fields],
        points_address=_address("pages.map_points", wanted),
        inbox_address=_address("pages.inbox", wanted),
    )


@blueprint.get("/map/points")
@page_access(READ_RECORDS)
def map_points() -> Response:
    """What lies in a box, as GeoJSON: points, or clusters where there are many."""
    who, wanted, box = reader(), _wanted(), _box()
    zoom = _number("zoom", 0, ZOOM_MAX)
    with context().database.read() as session:
        found = map_view.view(session, who, wanted, box, min(int(zoom) + BITS_A_ZOOM, CELL_BITS))
        titles = labels.titles(session, who.association_id)
    features = [_cluster(each) for each in found.clusters] + [_point(each, titles) for each in found.points]
    return _geojson(features, cut_short=found.cut_short)


@blueprint.get("/map/outlines")
@page_access(READ_RECORDS)
def map_outlines() -> Response:
    """Imported outlines that touch a box, as GeoJSON."""
    box = _box()
    with context().database.read() as session:
        rows = map_view.outlines_in(session, box)
    return _geojson(
        [_feature({"type": "MultiLineString", "coordinates": row.rings}, {"label": labels.place(row.place)})
         for row in rows]
    )  # fmt: skip


def _wanted() -> Filter:
    wanted = inbox.parse(request.args)
    return wanted if wanted != Filter() else Filter(association=inbox_filters.usual_association(reader()))


def _box() -> Box:
    west, east = _number("west", -180, 180), _number("east", -180, 180)
    south, north = _number("south", -90, 90), _number("north", -90, 90)
    if west > east or south > north:
        raise Refused(Problem("map_view_wrong"))
    return Box(west, south, east, north)


def _number(name: str, least: float, most: float) -> float:
    """A number of the address within its bounds; a map that is dragged beyond the world's edge ends there."""
    try:
        found = float(request.args.get(name, "")[:NUMBER_LENGTH])
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Refused(Problem("map_view_wrong"))
    return min(max(found, least), most)


def _address(endpoint: str, wanted: Filter) -> str:
    return url_for(endpoint, **inbox.query(wanted))  # type: ignore[arg-type]


def _place(each: PlaceCount, wanted: Filter) -> dict[str, Any]:
    narrowed = replace(wanted, place=each.place)
    return {
        "name": labels.place(each.place) if each.place else _("Without a place"),
        "shown": each.shown,
        "counted": each.counted,
        "address": _address("pages.inbox", narrowed) if each.place else "",
        "on_map": _address("pages.map", narrowed) if each.place else "",
    }


def _cluster(each: Cluster) -> dict[str, Any]:
    latitude, longitude = each.middle
    label = _("%(num)s records; closer", num=language.number(each.points))
    return _feature({"type": "Point", "coordinates": [longitude, latitude]}, {"count": each.points, "label": label})


def _point(each: Point, titles: dict[str, Spoken]) -> dict[str, Any]:
    endpoint, name = ("pages.submission", "form") if each.kind == "submission" else ("pages.entity", "list")
    title = titles.get(each.of, Spoken(each.of)) if each.kind == "submission" else labels.entity_list(each.of)
    told = {
        "label": title.text,
        "place": labels.place(each.place) if each.place else "",
        "kind": each.kind,
        "code": short_code(each.uuid),
        "address": shell.address_of(endpoint, **{name: each.of, "record": each.uuid}),
    }
    return _feature({"type": "Point", "coordinates": [each.longitude, each.latitude]}, told)


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _geojson(features: list[dict[str, Any]], **members: Any) -> Response:
    content = msgspec.json.encode({"type": "FeatureCollection", "features": features, **members})
    return shell.dressed(Response(content, mimetype="application/geo+json"))


def _said(box: Box) -> str:
    return ",".join(f"{edge:.5f}" for edge in (box.west, box.south, box.east, box.north))
