"""GeoJSON (RFC 7946): a feature a record, at the first point that the export tells."""

from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from fieldsync.core.export_cells import Cell, is_number
from fieldsync.core.export_plan import Plan, Row
from fieldsync.services.export_files import About


class GeoJsonWriter:
    """A FeatureCollection, feature after feature; a record without a point has the geometry null."""

    ending = "geojson"

    def __init__(self, file: BinaryIO, plan: Plan, about: About) -> None:
        self._file = file
        self._names = plan.headings(plan.tables[0])
        columns = plan.tables[0].columns
        self._numbers = [number for number, column in enumerate(columns) if column.kind in ("integer", "number")]
        latitude = next((number for number, column in enumerate(columns) if column.is_latitude), None)
        self._at = None if latitude is None else (latitude + 1, latitude)
        self._encode = msgspec.json.Encoder().encode
        members = {"type": "FeatureCollection", "title": about.title, "number": about.number, "made_at": about.made_at}
        told = self._encode({**members, "mark": about.mark} if about.mark else members)
        file.write(told[:-1] + b',"features":[')
        self._between = b"\n"

    def add(self, rows: Sequence[tuple[int, Row]]) -> None:
        """More features."""
        for _number, row in rows:
            for number in self._numbers:
                row[number] = _as_number(row[number])
            feature = {
                "type": "Feature",
                "geometry": self._geometry(row),
                "properties": dict(zip(self._names, row, strict=True)),
            }
            self._file.write(self._between + self._encode(feature))
            self._between = b",\n"

    def finish(self) -> None:
        """The end of the collection."""
        self._file.write(b"\n]}\n")

    def _geometry(self, row: Row) -> dict[str, object] | None:
        if self._at is None:
            return None
        longitude, latitude = (row[number] for number in self._at)
        if not isinstance(longitude, float) or not isinstance(latitude, float):
            return None
        return {"type": "Point", "coordinates": [longitude, latitude]}


def _as_number(cell: Cell) -> Cell:
    return float(cell) if isinstance(cell, str) and is_number(cell) else cell
