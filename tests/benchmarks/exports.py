"""Exports of the records that are there, each made by its own process as the server makes it."""

import resource
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.core.export_options import FORMATS, Options
from fieldsync.services import exports, granting, signing
from fieldsync.services.export_process import Order
from fieldsync.services.export_workshop import start_process
from fieldsync.services.granting import Wanted
from fieldsync.services.readers import find_by_person
from fieldsync.store import associations, people
from fieldsync.store import exports as stored
from fieldsync.store.exports import ExportRow
from tests.benchmarks import household
from tests.benchmarks.table import Row

CENTRAL_ROWS_A_SECOND = 9_935 / 6.3
MUST = {"csv": "≤ 5 CPU s, ≤ 150 MiB"}
LOOK_SECONDS = 0.05


def measured(data: Path, records: int) -> Iterator[Row]:
    """A row for each format; every answer of the form is told."""
    settings = Settings(data=data)
    database = open_database(settings)
    try:
        owner = database.write(_owner)
        for format_name in FORMATS:
            options = Options(
                "submission", household.FORM, format_name, personal=True, free_text=True, points="exact",
                states=("received", "hasIssues", "approved"),
            )  # fmt: skip
            row = database.write(lambda session, options=options: _asked(session, owner, options))  # type: ignore[misc]
            cpu, peak = _made(settings, row)
            done = database.write(lambda session, row=row: stored.find(session, row.uuid))  # type: ignore[misc]
            assert done is not None and (done.state, done.records) == (stored.READY, records), done
            told = f"{cpu:.1f} CPU s, {peak:.0f} MiB PSS, {done.bytes / 2**20:.0f} MiB long"
            yield Row(
                f"export {records:,} × 30, {format_name}",
                told,
                MUST.get(format_name, ""),
                records / cpu / CENTRAL_ROWS_A_SECOND,
            )
    finally:
        database.close()
        shutil.rmtree(settings.exports_folder, ignore_errors=True)


def _owner(session: Any) -> tuple[int, int]:
    """Somebody who may take everything out: (person, association)."""
    at, association = now_ms(), associations.everyone(session)[0]
    made = people.add(session, signing.new_uuid(secrets.token_bytes), association.id, "b@example.org", "B", "none", at)
    for role in ("coordinator", "association_reviewer"):
        granting.grant_at_once(session, made, Wanted(role, association.id), at, secrets.token_bytes)
    return made.id, association.id


def _asked(session: Any, owner: tuple[int, int], options: Options) -> ExportRow:
    reader = find_by_person(session, *owner)
    assert reader is not None
    asked = exports.ask(session, reader, options, secrets.token_bytes, now_ms())
    assert isinstance(asked, ExportRow), asked
    assert exports.give_reason(session, asked, "other", "how long it takes") is None
    taken = stored.take_up(session, secrets.token_hex(24), now_ms())
    assert taken is not None
    return taken


def _made(settings: Settings, row: ExportRow) -> tuple[float, float]:
    """(processor seconds, the most memory by proportional share in MiB) of the process that makes it."""
    before = _children_seconds()
    process = start_process(Order(settings, row.uuid, row.worker))
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _pss_mib(process))
        time.sleep(LOOK_SECONDS)
    assert process.returncode == 0
    return _children_seconds() - before, peak


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pss_mib(process: "subprocess.Popen[bytes]") -> float:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
