"""Making one export: from a snapshot of the database to a file that only its owner may fetch."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core import export_plan
from fieldsync.core.access import EXPORT_RECORDS
from fieldsync.core.export_options import Options
from fieldsync.core.export_plan import Plan
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, export_rows, export_sources, readers
from fieldsync.services.export_files import About, CannotExport, CsvWriter, Opener, plain_name
from fieldsync.services.export_geojson import GeoJsonWriter
from fieldsync.services.export_parquet import ParquetWriter
from fieldsync.services.export_rows import moment
from fieldsync.services.export_spreadsheet import SpreadsheetWriter
from fieldsync.services.readers import Reader
from fieldsync.store import associations, exports, people
from fieldsync.store.db import Busy, Database
from fieldsync.store.exports import ExportRow

KEPT_MS = 24 * 3600 * 1000
"""How long a file can be fetched."""

BEAT_MS = 1000
"""An export gives a sign of itself at most this often."""

OPENERS: dict[str, Opener] = {
    "csv": CsvWriter,
    "xlsx": SpreadsheetWriter,
    "geojson": GeoJsonWriter,
    "parquet": ParquetWriter,
}


@dataclass(frozen=True)
class Surroundings:
    """Where exports are made: the database, the folder of files, the clock, the dice."""

    database: Database
    folder: Path
    now_ms: Callable[[], int]
    draw: Callable[[int], bytes]


@dataclass(frozen=True)
class Made:
    """What became of an export: how many records, the classes shown, the end of its name and its media type."""

    records: int
    classes: frozenset[str]
    ending: str


class Stopped(Exception):
    """Somebody cancelled the export, or another process took it for dead."""


def number_of(uuid: str) -> str:
    """The number by which people speak of an export: it stands in its file's name, its watermark and the audit log."""
    return uuid[:8].upper()


def make(around: Surroundings, row: ExportRow) -> None:
    """Make an export that is this worker's. Whatever happens, it ends in a state, and leaves no file behind."""
    part = around.folder / f"{row.worker}.part"
    try:
        _make(around, row, part)
    except Stopped:
        pass
    except CannotExport as cannot:
        _fail(around, row, cannot.problem.code)
    except Exception:
        _fail(around, row, "export_failed")
        raise
    finally:
        part.unlink(missing_ok=True)


def write_file(
    session: Session,
    file: BinaryIO,
    about: About,
    plan: Plan,
    association_id: int,
    reader: Reader | None,
    beat: Callable[[int, int], None],
) -> Made:
    """Write an export into an open file; `beat` hears (records, percent) after each page, and may stop it."""
    writer = OPENERS[plan.options.format](file, plan, about)
    records = 0
    sight = export_sources.sight_of(reader, plan.options)
    for page in export_rows.pages(session, association_id, plan, sight, reader):
        writer.add(page.rows)
        records += page.records
        beat(records, page.percent)
    writer.finish()
    return Made(records, plan.classes, writer.ending)


def planned(
    session: Session, around: Surroundings, association_id: int, options: Options, reader: Reader | None, mark: str
) -> Plan:
    """The plan of an export, or CannotExport."""
    problem = export_sources.refusal(session, reader, association_id, options)
    if problem is not None:
        raise CannotExport(problem)
    plan = export_sources.plan_of(session, association_id, options, around.draw, mark)
    if export_plan.is_too_wide(plan):
        raise CannotExport(Problem("export_too_wide"))
    return plan


def audit_detail(options: Options, made: Made, number: str, reason: str) -> str:
    """What the audit log says of an export: its number, what of, how many, which classes, and why."""
    told = f"{number} {options.kind} {options.of} {options.format}: {made.records} records, "
    return f"{told}{' '.join(sorted(made.classes)) or '-'}{f'; {reason}' if reason else ''}"


def _make(around: Surroundings, row: ExportRow, part: Path) -> None:
    options = msgspec.json.decode(row.options, type=Options)
    number, made_ms = number_of(row.uuid), around.now_ms()
    with around.database.read() as session:
        reader = readers.find_by_person(session, row.person_id, row.association_id)
        if reader is None or not reader.may(EXPORT_RECORDS):
            raise CannotExport(Problem("forbidden"))
        mark = _mark(session, row, number, made_ms) if options.tells_of_people else ""
        plan = planned(session, around, row.association_id, options, reader, mark)
        slug = associations.slug_of(session, row.association_id)
        about = About(f"{slug} {options.of}", number, moment(made_ms), mark)
        with created(part) as file:
            made = write_file(session, file, about, plan, row.association_id, reader, _beat(around, row))
            file.flush()
            os.fsync(file.fileno())
    _hand_over(around, row, part, made, _file_name(slug, options, made_ms, number, made.ending))


def _hand_over(around: Surroundings, row: ExportRow, part: Path, made: Made, file_name: str) -> None:
    """The file is fetched under a name that nobody guesses, once the audit log knows of it."""
    file = part.with_suffix(".export")
    size = part.stat().st_size
    os.replace(part, file)
    now_ms = around.now_ms()
    done = replace(
        row, records=made.records, bytes=size, file=file.name, file_name=file_name, ended_ms=now_ms,
        expires_ms=now_ms + KEPT_MS,
    )  # fmt: skip
    options = msgspec.json.decode(row.options, type=Options)
    reason = f"{row.reason}: {row.reason_text}" if row.reason else ""

    def work(session: Session) -> bool:
        if not exports.finish(session, done):
            return False
        by, about = auditing.by_person(row.person_id), f"export:{row.uuid}"
        detail = audit_detail(options, made, number_of(row.uuid), reason)
        auditing.note(session, row.association_id, by, "exported", about, now_ms, detail=detail)
        return True

    ready = False
    try:
        ready = around.database.write(work)
    finally:
        if not ready:
            file.unlink(missing_ok=True)


def _beat(around: Surroundings, row: ExportRow) -> Callable[[int, int], None]:
    last_ms = around.now_ms()

    def beat(records: int, percent: int) -> None:
        nonlocal last_ms
        now_ms = around.now_ms()
        if now_ms - last_ms < BEAT_MS:
            return
        last_ms = now_ms
        shown = min(percent, 99)
        try:
            goes_on = around.database.write(lambda on: exports.beat(on, row.id, row.worker, shown, records, now_ms))
        except Busy:
            return
        if not goes_on:
            raise Stopped

    return beat


def _fail(around: Surroundings, row: ExportRow, code: str) -> None:
    now_ms = around.now_ms()
    around.database.write(lambda on: exports.end(on, row.id, (exports.RUNNING,), exports.FAILED, now_ms, code))


def _mark(session: Session, row: ExportRow, number: str, made_ms: int) -> str:
    person = people.find_by_id(session, row.person_id)
    assert person is not None
    return f"{number} · {person.name or person.email} · {moment(made_ms)}"


def _file_name(slug: str, options: Options, made_ms: int, number: str, ending: str) -> str:
    parts = [plain_name(slug), plain_name(options.of), moment(made_ms)[:10], number.lower()]
    return f"{'-'.join(filter(None, parts))}.{ending}"


def created(path: Path) -> BinaryIO:
    """A new file that only the service's user may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))
