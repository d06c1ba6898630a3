"""Exports in tests: asked for as people ask, made in this process, and read as their receivers read them."""

import csv
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.escape import unescape
from pyxform.xls2xform import convert as to_xform

from fieldsync.core.export_options import Options
from fieldsync.services import exporting, exports, publishing
from fieldsync.services.conversion import convert
from fieldsync.services.exporting import Surroundings
from fieldsync.services.publishing import Definition
from fieldsync.services.readers import Reader, find_by_session
from fieldsync.store import exports as stored
from fieldsync.store.exports import ExportRow
from tests.routes.callers import Caller, person
from tests.world import World

Rows = list[dict[str, Any]]

EVERYTHING = {"states": ("received", "hasIssues", "edited", "approved", "rejected"), "free_text": True}


@dataclass
class Desk:
    """Somebody who takes records out."""

    world: World
    caller: Caller
    folder: Path

    @property
    def reader(self) -> Reader:
        """She, as she may read now."""
        found = self.world.read(lambda session: find_by_session(session, self.caller.token, self.world.now_ms))
        assert found is not None
        return found

    @property
    def around(self) -> Surroundings:
        """Where her exports are made."""
        return Surroundings(self.world.database, self.folder, self.world.clock, self.world.dice.randbytes)

    def asks(self, options: Options) -> ExportRow:
        """An export that is accepted."""
        reader = self.reader
        asked = self.world.write(
            lambda session: exports.ask(session, reader, options, self.world.dice.randbytes, self.world.now_ms)
        )
        assert isinstance(asked, ExportRow), asked
        return asked

    def gives_reason(self, row: ExportRow, reason: str = "other", text: str = "for the yearly report") -> None:
        """Why it tells of people."""
        assert self.world.write(lambda session: exports.give_reason(session, row, reason, text)) is None

    def made(self, **asked: Any) -> tuple[ExportRow, bytes]:
        """An export from the wish to the file."""
        options = Options(**{"kind": "submission", "of": "visit", **asked})
        row = self.asks(options)
        if options.tells_of_people:
            self.gives_reason(row)
        taken = self.world.write(lambda session: stored.take_up(session, "w" * 48, self.world.now_ms))
        assert taken is not None and taken.uuid == row.uuid
        exporting.make(self.around, taken)
        done = self.now(row)
        assert done.state == stored.READY, done
        return done, (self.folder / done.file).read_bytes()

    def rows(self, **asked: Any) -> Rows:
        """The records' table of a CSV."""
        return read_csv(self.made(**asked)[1])["records"]

    def now(self, row: ExportRow) -> ExportRow:
        """What became of it."""
        found = self.world.read(lambda session: stored.find(session, row.uuid))
        assert found is not None
        return found


def desk_of(world: World, folder: Path, role: str = "coordinator", **more: Any) -> Desk:
    """A coordinator alone: personal answers are masked to her."""
    return Desk(world, person(world, role, also=(), **more) if role == "coordinator" else person(world, role), folder)


SURVEY = """
| survey |
|  | type | name | label::العربية (ar) | label::Français (fr) | bind::fs:class | save_to | calculation |
|  | start | start |  |  | P1 |  |  |
|  | text | name | الاسم | Nom | P2 |  |  |
|  | text | remark | ملاحظة | =Remarque | P1 |  |  |
|  | integer | age | السن | Âge | P1 | age |  |
|  | decimal | hours | الساعات | Heures | P1 |  |  |
|  | date | seen | التاريخ | Date | P1 |  |  |
|  | select_one colour | colour | اللون | Couleur | P1 | colour |  |
|  | select_multiple colour | likes | يحب | Aime | P1 |  |  |
|  | geopoint | point | المكان | Lieu | P2 |  |  |
|  | begin_repeat | kids | الأطفال | Enfants | P1 |  |  |
|  | text | called | اسم الطفل | Prénom | P2 |  |  |
|  | integer | years | سنه | Âge | P1 |  |  |
|  | begin_repeat | toys | اللعب | Jouets | P1 |  |  |
|  | select_one colour | toy | لونها | Sa couleur | P1 |  |  |
|  | end_repeat |  |  |  |  |  |  |
|  | end_repeat |  |  |  |  |  |  |
|  | calculate | who |  |  | P1 |  | concat('-', ${age}) |
| choices |
|  | list_name | name | label::العربية (ar) | label::Français (fr) |
|  | colour | red | أحمر | Rouge |
|  | colour | green | أخضر | -Vert |
| entities |
|  | list_name | label |
|  | people | ${name} |
| settings |
|  | form_id | form_title | version | namespaces |
|  | survey | Survey | 1 | fs="urn:fieldsync:form" |
"""


@cache
def ready(text: str, p3_allowed: bool = False) -> Definition:
    """A form ready to publish."""
    xform = to_xform(xlsform=text, file_type=".md").xform.encode()
    converted = convert(xform, "xml", p3_allowed=p3_allowed)
    assert converted.form is not None, converted.findings
    return Definition(converted.form, converted.xform, None, text.encode(), "md", tuple(converted.findings))


def publish(world: World, definition: Definition) -> None:
    """Publish a form in `amal`."""
    world.write(lambda session: publishing.publish(session, world.amal, definition, world.now_ms))


def read_csv(content: bytes, separator: str = ",") -> dict[str, Rows]:
    """Every table by its name."""
    if content[:2] == b"PK":
        archive = zipfile.ZipFile(io.BytesIO(content))
        return {name.removesuffix(".csv"): _csv(archive.read(name), separator) for name in archive.namelist()}
    return {"records": _csv(content, separator)}


def _as_excel(value: Any) -> Any:
    """openpyxl leaves the standard's escapes in inline strings as they are."""
    return unescape(value) if isinstance(value, str) else value


def _csv(content: bytes, separator: str) -> Rows:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))


def read_xlsx(content: bytes) -> dict[str, Rows]:
    """Every sheet by its name; no cell of it is a formula."""
    found: dict[str, Rows] = {}
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        cells: list[list[Any]] = [list(row) for row in sheet.iter_rows()]
        assert all(cell.data_type != "f" for row in cells for cell in row)
        names, *rows = [[_as_excel(cell.value) for cell in row] for row in cells]
        found[sheet.title] = [dict(zip(names, row, strict=True)) for row in rows]
    return found
