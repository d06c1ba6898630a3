"""Submissions by OpenRosa become operations, each once, by the same way as a batch (docs/openrosa.md)."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fieldsync.core.openrosa import Sheet
from fieldsync.services import auditing, openrosa_branches, openrosa_files, openrosa_joining
from fieldsync.services.openrosa_chain import around
from fieldsync.services.openrosa_keys import Bringer, device_of
from fieldsync.services.openrosa_taking import RETRY, Failed, Taking, again, known, revoked
from fieldsync.services.senders import Sender
from fieldsync.services.sync import contact_is_due
from fieldsync.store import authors, devices, openrosa
from fieldsync.store import openrosa_branches as store_branches
from fieldsync.store import openrosa_files as store_files
from fieldsync.store.db import Transactions
from fieldsync.store.devices import DeviceRow
from fieldsync.store.openrosa import SubmissionRow
from fieldsync.store.openrosa_branches import StepRow
from fieldsync.store.openrosa_files import NamedFile

__all__ = ["RETRY", "UNKNOWN", "Failed", "receive", "receive_once", "take_overdue", "take_waiting"]

UNKNOWN = "unknown"
"""Not kept: the secret is not that device's, or no longer."""


def receive(database: Transactions, bringer: Bringer, sheet: Sheet, files: Sequence[NamedFile], now_ms: int) -> str:
    """Take a submission in, unless it is known, and the files that came with it; its status, `RETRY` or `UNKNOWN`.

    A savepoint around what may fail would cost every submission: one that fails is undone as a whole, and begins again
    with it.
    """
    try:
        return receive_once(database, bringer, sheet, files, now_ms)
    except Failed:
        return receive_once(database, bringer, sheet, files, now_ms, guarded=True)


def receive_once(
    database: Transactions,
    bringer: Bringer,
    sheet: Sheet,
    files: Sequence[NamedFile],
    now_ms: int,
    guarded: bool = False,
) -> str:
    """`receive`, but `Failed` where it has to begin again `guarded`."""
    return database.write(lambda session: _receive(session, bringer, sheet, files, now_ms, guarded))


def _receive(
    session: Session, bringer: Bringer, sheet: Sheet, files: Sequence[NamedFile], now_ms: int, guarded: bool
) -> str:
    if sheet.deprecated:
        openrosa.keep_others_from(session, sheet.form)
    device = device_of(session, bringer)
    if device is None:
        return UNKNOWN
    store_files.remember(session, device.association_id, sheet.form, sheet.instance, files)
    found = around(session, device.association_id, sheet)
    if files and sheet.envelope is None:
        _hand_on(session, [row for row in found if row.deprecated == sheet.instance], now_ms)
    same = [row for row in found if (row.instance, row.digest) == (sheet.instance, sheet.digest)]
    before = next((row for row in same if row.revoked_device == revoked(device)), None)
    if len(found) == openrosa.LINKS_MAX:
        before = known(session, device, sheet)
    if before is not None:
        return _take_files(session, device, sheet, before, now_ms) if files else before.status
    author, last = openrosa.author_of_device(session, device.id)
    author = author or openrosa.add_author(session, bringer.new_author(), device.association_id, device.id)
    if contact_is_due(device, now_ms):
        devices.note_contact(session, device.id, now_ms, device.clock_error_ms, None)
    taking = Taking(session, Sender(device, {author.name: author}, ()), sheet, now_ms, None, found, guarded, last)
    status = _take(session, taking)
    actor, digest = f"device:{device.id}", sheet.digest.hex()
    auditing.note(session, device.association_id, actor, "submission", "", now_ms, status, digest)
    return status


def take_waiting(session: Session, association_id: int, form: str, version: str, now_ms: int) -> None:
    """A form version has come: the submissions that wait for it are read."""
    for row in openrosa.waiting(session, association_id, form, version):
        _take(session, again(session, row, now_ms))


def _take(session: Session, taking: Taking) -> str:
    """Take a submission in, and all whose turn it is by that; its status."""
    status = taking.take()
    entities = taking.entities
    if taking.chain.apart and status != RETRY:
        entities = entities | openrosa_joining.join(session, taking)
    _go_on(session, taking.association_id, entities, taking.now_ms)
    return status


def take_overdue(session: Session, now_ms: int) -> int:
    """Updates of entities that waited too long for one that never came are said; how many were looked at."""
    rows = store_branches.waiting_since(session, now_ms - openrosa_branches.WAITS_MS)
    for row in rows:
        _take_step(session, row, now_ms)
        _go_on(session, row.association_id, {row.entity}, now_ms)
    return len(rows)


def _go_on(session: Session, association_id: int, entities: set[str], now_ms: int) -> None:
    """The updates whose turn it is now, after what was just said of these entities, one after the other."""
    while entities and (row := openrosa_branches.next_due(session, association_id, entities)):
        _take_step(session, row, now_ms)


def _take_step(session: Session, step: StepRow, now_ms: int) -> None:
    again(session, openrosa.find(session, step.submission_id), now_ms).take_step(step)
    store_branches.taken(session, step)


def _hand_on(session: Session, edits: Sequence[SubmissionRow], now_ms: int) -> None:
    """Files came with a submission: the edits of it, and of those, that name some and did not bring them have them."""
    waiting = list(edits)
    for _ in range(openrosa.LINKS_MAX):
        edit = waiting.pop() if waiting else None
        if edit is None:
            return
        taking = again(session, edit, now_ms)
        if taking.sheet.envelope is None and openrosa_files.has_those_of_replaced(session, edit):
            taking.take_files()
            found = around(session, edit.association_id, taking.sheet)
            waiting += [row for row in found if row.deprecated == edit.instance]


def _take_files(session: Session, device: DeviceRow, sheet: Sheet, known: SubmissionRow, now_ms: int) -> str:
    """A submission that is here already brings more of its files: they are said in the name of who sent it first."""
    if known.device_id != device.id:
        devices.find(session, known.device_id, lock=True)
    author = authors.find(session, openrosa.author_name(session, known.author_id))
    assert author is not None
    return Taking(session, Sender(device, {author.name: author}, ()), sheet, now_ms, known).take_files()
