"""Taking one submission in: what it says, against what it replaces, and what it waits for (docs/openrosa.md)."""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fieldsync.core import odk_encryption
from fieldsync.core.clock import tick
from fieldsync.core.instance import read_answers
from fieldsync.core.merge import RecordState
from fieldsync.core.odk_encryption import Envelope
from fieldsync.core.openrosa import Sheet, changes, occurrence_names, read_sheet, restored
from fieldsync.core.openrosa_alignment import Named, aligned
from fieldsync.core.operations import OperationId, Value
from fieldsync.core.parsing import stamp_of
from fieldsync.core.problems import Problem
from fieldsync.services import arrivals, counters, openrosa_branches, openrosa_files, quarantining
from fieldsync.services.desk import SEEN_MAX
from fieldsync.services.judging import Judge, Said
from fieldsync.services.openrosa_bases import bases_of
from fieldsync.services.openrosa_chain import (
    Chain,
    around,
    came_late,
    chain_of,
    content_of,
    last_stamp,
    operation_of,
    state_of,
)
from fieldsync.services.openrosa_content import Content, objection
from fieldsync.services.published import Published, published
from fieldsync.services.senders import Sender
from fieldsync.services.sync import Reception
from fieldsync.store import authors, devices, openrosa, quarantine, records
from fieldsync.store import openrosa_files as store_files
from fieldsync.store.db import is_passing, savepoint
from fieldsync.store.devices import DeviceRow
from fieldsync.store.openrosa import SubmissionRow
from fieldsync.store.openrosa_branches import StepRow
from fieldsync.store.quarantine import FAULTS_MAX

logger = logging.getLogger(__name__)

INSTANCE_ID, DEPRECATED_ID = "meta/instanceID", "meta/deprecatedID"

RETRY = "retry"
"""Not kept: a fault of ours. The client keeps the submission and sends it again."""


class Failed(Exception):
    """A submission could not be taken in, by a fault of ours; nothing of its transaction is kept."""


def again(session: Session, row: SubmissionRow, now_ms: int, turned: Collection[str] = ()) -> "Taking":
    """A submission that is here, once more in the hands of who sent it, as she might when it came."""
    device = devices.find(session, row.device_id, lock=True)
    author = authors.find(session, openrosa.author_name(session, row.author_id))
    sheet = read_sheet(bytes(row.xml or b""))
    assert device is not None and author is not None and isinstance(sheet, Sheet)
    then = msgspec.structs.replace(device, status="revoked" if row.revoked_device else "active")
    return Taking(session, Sender(then, {author.name: author}, ()), sheet, now_ms, row, turned=turned)


def known(session: Session, device: DeviceRow, sheet: Sheet) -> SubmissionRow | None:
    """The very same submission, if it came before from this device or, unless it is revoked, from another."""
    asked = (device.association_id, sheet.form, sheet.instance, sheet.digest)
    return openrosa.known(session, *asked, revoked(device))


def revoked(device: DeviceRow) -> int:
    """The device where it is revoked, or 0: what it sends then stands apart."""
    return device.id if device.status == "revoked" else 0


class Taking:
    """Takes one submission in; `waited` is its row where it waited for its form version.

    `guarded`: what fails is undone and counted here; else `Failed` ends the transaction. `last`: what the author said
    last, where that was read already. `turned`: the paths of its updates of entities whose turn has come before.
    """

    def __init__(
        self,
        session: Session,
        sender: Sender,
        sheet: Sheet,
        now_ms: int,
        waited: SubmissionRow | None = None,
        found: Sequence[SubmissionRow] | None = None,
        guarded: bool = True,
        last: bytes | None = None,
        turned: Collection[str] = (),
    ) -> None:
        self.session = session
        self.sender = sender
        self.sheet = sheet
        self.now_ms = now_ms
        self.waited = waited
        self.guarded = guarded
        self.last = last
        self.turned = turned
        self.association_id = sender.device.association_id
        self.through = sender.author.known_through
        rows = around(session, self.association_id, sheet) if found is None else found
        self.chain: Chain = chain_of(session, self.association_id, sheet, rows, waited)
        self.entities: set[str] = set()

    def take(self) -> str:
        """Say it, remember it, and put back what a late one wrote over."""
        found = published(self.session, self.association_id, self.sheet.form, self.sheet.version)
        if found is None and self.waited is not None:
            return self.waited.status
        content = self._content(found) if found else self._announced()
        before = self._state() if self.chain.is_late and found else None
        counter, status = self._say(content)
        if status != RETRY:
            self._remember(content, counter, status, waits=found is None)
        self._await(content, status)
        after = self._state() if before and status == "applied" else None
        back = restored(before, after, content.writes) if before and after else None
        if back:
            self._say(Content(back, (self._id(counter),)))
        return status

    def delete(self, record: str, seen: Sequence[OperationId]) -> None:
        """Delete a record, as one who has seen these operations of it."""
        self.chain = Chain(record, None, has_other_content=False, is_late=False)
        self._say(Content({}, tuple(seen), deletes=True))

    def _state(self) -> RecordState | None:
        return state_of(self.session, self.association_id, self.chain.record, self.sheet.form)

    def _await(self, content: Content, status: str) -> None:
        """Note what a submission waits for: files, and its turn among the updates of an entity."""
        asked = content.missing or content.steps or content.base_id is not None
        row = known(self.session, self.sender.device, self.sheet) if asked else None
        if row is not None and status == "applied":
            openrosa_files.await_files(self.session, row, content.missing)
        if row is not None:
            waits = content.early if status == "applied" else ()
            openrosa_branches.remember(self.session, self.association_id, row.id, content.steps, waits, self.now_ms)

    def take_step(self, step: StepRow) -> None:
        """Say that an entity is updated, now that it is this submission's turn, unless an edit has said it since."""
        row = self.waited
        found = published(self.session, self.association_id, self.sheet.form, self.sheet.version)
        assert row is not None
        if found is None or store_files.is_replaced(self.session, row.id):
            return
        said = {f"{step.path}/{openrosa_branches.UPDATE}": step.said}
        fields = {**(content_of(self.session, row) or {}), **said}
        bases = bases_of(self.session, self.association_id, found.form, fields, self.sender.author.id)
        self._say(Content(said, (operation_of(self.session, row),), bases))

    def take_files(self) -> str:
        """Say the files for which a known submission waited; what an edit has replaced since stays replaced."""
        row = self.waited
        assert row is not None
        came = openrosa_files.what_came(self.session, row)
        writes = {} if self.sheet.envelope else came
        if self.sheet.envelope:
            arrivals.here(self.session, self.association_id, {value["sha256"] for value in came.values()})
        is_said = bool(writes) and not store_files.is_replaced(self.session, row.id)
        if is_said and self._say(Content(writes, (operation_of(self.session, row),)))[1] == RETRY:
            return RETRY
        openrosa_files.came(self.session, row, came, is_said, self.now_ms)
        return row.status

    def _content(self, found: Published) -> Content:
        """All answers of a first submission, of an edit those that differ from what it replaces."""
        sheet, base = self.sheet, self.chain.base
        if sheet.envelope is not None:
            return self._sealed(sheet.envelope)
        named = Named(occurrence_names(self.chain.record, sheet.digest))
        fields, twice = read_answers(found.compiled.tree, sheet.root, named)
        before = content_of(self.session, base) if base else None
        before = openrosa_files.with_those_that_came(self.session, base, before) if base and before else before
        if before is not None:
            fields = aligned(fields, before, named.given)
        missing: list[tuple[str, str]] = []
        if openrosa_files.names_any(fields):
            here = {**openrosa_files.named_in(before or {}), **self._files()}
            fields, missing = openrosa_files.filled(fields, here)
        content = Content(fields, missing=missing)
        if base is not None:
            content.seen = (operation_of(self.session, base), *came_late(self.session, base))[:SEEN_MAX]
        if base is not None and before is not None:
            content.writes = changes(before, fields)
            content.base_id = base.id
            if base.status == "quarantined":  # nothing of it is shown: the edit says everything
                shown = content_of(self.session, self.chain.sound) if self.chain.sound else None
                content.writes = {**content.writes, **changes(shown or {}, fields), **fields}
                content.base_id = None
        content.steps = openrosa_branches.steps(found.form, fields)
        early = openrosa_branches.early(self.session, self.association_id, content.steps)
        content.early = [each for each in early if each.path not in self.turned]
        self.entities = openrosa_branches.touched(found.form, fields)
        author_id = self.sender.author.id
        content.bases = bases_of(self.session, self.association_id, found.form, fields, author_id)
        content.problem = objection(found, twice)
        if twice is not None:
            content.xml = sheet.xml.decode("utf-8", "replace")
        return content

    def _sealed(self, envelope: Envelope) -> Content:
        """The envelope and nothing else; its files are waited for, and named by no answer."""
        files = openrosa_files.by_name(self.session, self.association_id, self.sheet.form, self.sheet.instance)
        digests = {value["sha256"] for name, value in files.items() if name in envelope.files}
        arrivals.here(self.session, self.association_id, digests)
        writes = {INSTANCE_ID: envelope.instance, odk_encryption.PATH: openrosa_files.sealed(envelope)}
        return Content(writes, missing=[(name, name) for name in envelope.files if name not in files])

    def _files(self) -> Mapping[str, Value]:
        replaced = self.chain.base.instance if self.chain.base else self.sheet.instance
        return openrosa_files.by_name(self.session, self.association_id, self.sheet.form, replaced, self.sheet.instance)

    def _announced(self) -> Content:
        """What can be said before the form version is here; the held operation shows that something waits."""
        writes = {INSTANCE_ID: self.sheet.instance, DEPRECATED_ID: self.sheet.deprecated}
        return Content({path: value for path, value in writes.items() if value})

    def _say(self, content: Content) -> tuple[int, str]:
        """Draw a counter and say one operation; (counter, status)."""
        counter = self.through + 1
        waits = {step.flag for step in content.early}
        writes = (
            {path: value for path, value in content.writes.items() if path not in waits} if waits else content.writes
        )
        said = self._judged(writes, content, counter)
        if said.problems and waits:  # it will be looked at, and perhaps let in, as a whole
            said = self._judged(content.writes, content, counter)
        if not said.problems and self.chain.has_other_content:
            said.problems = (Problem("other_content"),)
        if content.problem is not None:
            said.problems = (content.problem, *said.problems)
        receipt_id = devices.add_receipt(self.session, self.sender.device.id, self.now_ms, None, 1)
        try:
            with savepoint(self.session) if self.guarded else nullcontext():
                reception = Reception(self.session, self.sender, receipt_id, self.now_ms, drawn=True)
                taken = reception.take([(0, said)], ())
        except Exception as error:
            if is_passing(error) or isinstance(error, IntegrityError):
                raise  # another transaction was first: the whole is tried again
            if not self.guarded:
                raise Failed from error
            logger.error("a submission failed with %s", type(error).__name__)
            return counter, self._count_fault(said)
        self.through, self.last = counter, None
        return counter, taken[0].status

    def _judged(self, writes: Mapping[str, Value], content: Content, counter: int) -> Said:
        raw = msgspec.json.encode(self._operation(content, writes, counter))
        return Judge(self.session, self.sender, self.now_ms).judge(raw, self._id(counter))

    def _operation(self, content: Content, writes: Mapping[str, Value], counter: int) -> dict[str, Any]:
        last = stamp_of(self.last) if self.last else last_stamp(self.session, self.sender.author, counter - 1)
        said: dict[str, Any] = {
            "id": self._id(counter),
            "record": self.chain.record,
            "kind": "submission",
            "of": self.sheet.form,
            "version": self.sheet.version,
            "stamp": tick(last, self.now_ms),
            "writes": writes,
        }
        optional = {"seen": content.seen, "bases": content.bases, "xml": content.xml}
        if content.deletes:
            said["delete"] = True
        return said | {name: value for name, value in optional.items() if value}

    def _id(self, counter: int) -> OperationId:
        return (self.sender.author.name, counter)

    def _count_fault(self, said: Said) -> str:
        """A submission that makes the server fail is sent again; one that always does is quarantined."""
        name, digest = self.sender.author.name, self.sheet.digest
        times = quarantine.count_fault(self.session, self.sender.device.id, name, 0, 0, digest)
        if times < FAULTS_MAX and self.waited is None:
            return RETRY
        said.problems = (Problem("internal"),)
        quarantining.keep(self.session, self.sender, said, self.now_ms)
        counters.advance(self.session, [said], ())
        return "quarantined"

    def _remember(self, content: Content, counter: int, status: str, waits: bool) -> None:
        if self.waited is not None:
            openrosa.became(self.session, self.waited.id, content.base_id, counter, status)
            return
        sheet, device = self.sheet, self.sender.device
        row = SubmissionRow(
            0, self.association_id, sheet.form, sheet.instance, sheet.digest, revoked(device), sheet.deprecated,
            records.uuid_bytes(self.chain.record), content.base_id, device.id, self.sender.author.id, counter, status,
            sheet.version if waits else None, sheet.xml,
        )  # fmt: skip
        openrosa.add_submission(self.session, row)
