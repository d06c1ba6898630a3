"""Exports as their owner knows them: asked for, given a reason, looked at, fetched, taken back."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.export_options import REASON_TEXT_MAX, REASON_TEXT_MIN, REASONS, Options
from fieldsync.core.problems import Problem, render
from fieldsync.services import auditing, export_sources, signing
from fieldsync.services.exporting import number_of
from fieldsync.services.readers import Reader
from fieldsync.services.reading import Page
from fieldsync.store import exports
from fieldsync.store.exports import ASKED, CANCELLED, EXPIRED, FAILED, READY, RUNNING, WAITING, ExportRow

OF_PERSON_MAX = 10
"""Exports of one person that are asked for, waiting, being made or ready."""

UNDER_WAY_MAX = 40
"""Exports of everybody that wait or are being made."""

FORGOTTEN_MS = 7 * 24 * 3600 * 1000
"""How long it can be read what became of an export."""

SILENT_MS = 60_000
"""An export whose worker gave no sign for so long has lost it."""

SWEPT_MAX = 200


def ask(
    session: Session, reader: Reader, options: Options, draw: Callable[[int], bytes], now_ms: int
) -> ExportRow | Problem:
    """Ask for an export. One that tells of people waits for its reason (`give_reason`)."""
    problem = export_sources.refusal(session, reader, reader.association_id, options)
    if problem is None and options.tells_of_people and reader.token is not None:
        problem = Problem("export_needs_person")
    problem = problem or _too_many(session, reader)
    if problem is not None:
        return problem
    assert reader.person is not None
    state = ASKED if options.tells_of_people else WAITING
    uuid, packed = signing.new_uuid(draw), msgspec.json.encode(options)
    return exports.add(session, uuid, reader.association_id, reader.person.id, packed, state, now_ms)


def give_reason(session: Session, row: ExportRow, reason: str, text: str) -> Problem | None:
    """Why personal answers leave: a coded reason and a text. From then on the export waits for its turn."""
    problem = wrong_reason(reason, text)
    if problem is None and not exports.give_reason(session, row.id, reason, text):
        return Problem("export_not_ready")
    return problem


def wrong_reason(reason: str, text: str) -> Problem | None:
    """Whether a reason is one: a code of ours, and a text on one line that says something."""
    if reason in REASONS and REASON_TEXT_MIN <= len(text.strip()) <= REASON_TEXT_MAX and text.isprintable():
        return None
    return Problem("export_reason_needed", detail={"least": str(REASON_TEXT_MIN), "most": str(REASON_TEXT_MAX)})


def find(session: Session, reader: Reader, uuid: str) -> ExportRow | None:
    """An export of the reader's own, in the association where she works."""
    row = exports.find(session, uuid)
    if row is None or reader.person is None or row.person_id != reader.person.id:
        return None
    return row if row.association_id == reader.association_id else None


def page(session: Session, reader: Reader, after_id: int, limit: int, language: str) -> Page:
    """A page of the reader's own exports, the newest first."""
    assert reader.person is not None
    rows = exports.of_person(session, reader.person.id, reader.association_id, after_id, limit)
    return Page([told(row, language) for row in rows], rows[-1].id if len(rows) == limit else None)


def cancel(session: Session, row: ExportRow, now_ms: int) -> bool:
    """Take an export back; whether there was anything to take back. Its file goes with `remove_file`."""
    return exports.end(session, row.id, (ASKED, WAITING, RUNNING, READY), CANCELLED, now_ms)


def keeps_from_fetching(session: Session, reader: Reader, row: ExportRow, now_ms: int) -> Problem | None:
    """Why the file is not handed out now, or None."""
    options = options_of(row)
    if export_sources.refusal(session, reader, row.association_id, options) is not None:
        return Problem("not_found")
    if row.state == EXPIRED or (row.state == READY and row.expires_ms <= now_ms):
        return Problem("export_gone")
    if row.state != READY:
        return Problem("export_not_ready")
    if options.tells_of_people and not reader.is_fresh(now_ms):
        return Problem("confirmation_needed")
    return None


def note_fetched(session: Session, reader: Reader, row: ExportRow, now_ms: int) -> None:
    """Write down that a file which tells of people was fetched."""
    if options_of(row).tells_of_people:
        by, about = auditing.by(reader), f"export:{row.uuid}"
        auditing.note(session, row.association_id, by, "export_fetched", about, now_ms, detail=number_of(row.uuid))


def options_of(row: ExportRow) -> Options:
    """What was asked for."""
    return msgspec.json.decode(row.options, type=Options)


def told(row: ExportRow, language: str) -> dict[str, Any]:
    """An export as its owner sees it."""
    problem = {"code": row.problem, "message": render(Problem(row.problem), language)} if row.problem else None
    return {
        "export": row.uuid,
        "number": number_of(row.uuid),
        "state": row.state,
        "options": msgspec.to_builtins(options_of(row)),
        "tells_of_people": options_of(row).tells_of_people,
        "asked_ms": row.asked_ms,
        "ended_ms": row.ended_ms or None,
        "expires_ms": row.expires_ms or None,
        "percent": row.percent,
        "records": row.records,
        "bytes": row.bytes,
        "file_name": row.file_name or None,
        "problem": problem,
    }


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files from the folder of exports; those that are gone already do no harm."""
    for name in names:
        if name:
            (folder / name).unlink(missing_ok=True)


def lost(session: Session, now_ms: int) -> list[str]:
    """End the exports whose worker gives no sign any more; the names of what they may have left."""
    rows = exports.silent(session, now_ms - SILENT_MS, SWEPT_MAX)
    for row in rows:
        exports.end(session, row.id, (RUNNING,), FAILED, now_ms, "export_interrupted")
    return [name for row in rows for name in names_of(row.worker)]


def names_of(worker: str) -> tuple[str, str]:
    """The names of a worker's file: while it is written, and once it is whole."""
    return f"{worker}.part", f"{worker}.export"


def over(session: Session, now_ms: int) -> list[str]:
    """End the exports whose file has had its time, and forget old ones; the names of the files."""
    rows = exports.over(session, now_ms, SWEPT_MAX)
    for row in rows:
        exports.end(session, row.id, (READY,), EXPIRED, now_ms)
    exports.forget(session, now_ms - FORGOTTEN_MS)
    return [row.file for row in rows]


def _too_many(session: Session, reader: Reader) -> Problem | None:
    assert reader.person is not None
    exports.lock_queue(session)
    own = exports.count(session, (ASKED, WAITING, RUNNING, READY), reader.person.id)
    if own >= OF_PERSON_MAX:
        return Problem("exports_too_many", detail={"number": str(own)})
    everybody = exports.count(session, (WAITING, RUNNING))
    return Problem("exports_busy") if everybody >= UNDER_WAY_MAX else None
