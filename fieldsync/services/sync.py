"""Receiving a batch: one readable sequence from raw operations to results (docs/protocol.md sections 2 to 4)."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.batches import Report, Void
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import Batch, parse_operation
from fieldsync.core.problems import Problem
from fieldsync.core.wire_values import readable_id
from fieldsync.services import auditing, counters, folding, judging, presence, quarantining
from fieldsync.services.judging import Judge, Said, problems_from_json
from fieldsync.services.quarantining import Judged
from fieldsync.services.senders import Sender
from fieldsync.services.settling import conclude, settle
from fieldsync.services.working import Entry
from fieldsync.store import authors, devices, operations, records
from fieldsync.store.authors import AuthorRow
from fieldsync.store.db import is_passing, savepoint
from fieldsync.store.devices import DAY_MS, DeviceRow
from fieldsync.store.operations import OperationRow

logger = logging.getLogger(__name__)

CONTACT_NOTED_EVERY_MS = 60_000
"""A request that says nothing new is noted at most this often, so that a replay writes nothing."""


class Result(msgspec.Struct):
    """What became of one operation (protocol section 4)."""

    id: OperationId
    status: str
    was: str | None = None
    problems: tuple[Problem, ...] = ()


Voided = tuple[AuthorRow, int, str]
"""A counter of an author that will never come, and why."""


@dataclass
class Prepared:
    """A batch that was looked at before the write transaction: what is known already, and what is new."""

    batch: Batch
    results: list[Result | None]
    new: list[tuple[int, Said]] = field(default_factory=list)
    void: Sequence[Voided] = ()
    note_contact: bool = False

    @property
    def needs_writing(self) -> bool:
        """Whether anything must be stored at all."""
        return bool(self.new or self.void or self.note_contact)


class _Identified(msgspec.Struct):
    id: tuple[str | int, ...]


_identified = msgspec.json.Decoder(_Identified)


def read_ids(batch: Batch) -> list[OperationId] | None:
    """The id of every operation, however wrong the rest of it is; None where one cannot be read."""
    ids = [_read_id(raw) for raw in batch.operations]
    return None if None in ids else ids  # type: ignore[return-value]


def _read_id(raw: bytes) -> OperationId | None:
    try:
        return readable_id(_identified.decode(raw).id) or parse_operation(raw).id
    except (ValueError, RecursionError):
        return parse_operation(raw).id


def prepare(session: Session, sender: Sender, batch: Batch, ids: Sequence[OperationId], now_ms: int) -> Prepared:
    """Find what is known already, and judge the rest by itself. Reads only."""
    known = _known(session, sender, ids)
    judge = Judge(session, sender, now_ms)
    prepared = Prepared(batch, [None] * len(ids), void=_voided(sender, batch.void))
    said_before: list[tuple[int, OperationRow]] = []
    for position, (operation_id, raw) in enumerate(zip(ids, batch.operations, strict=True)):
        row = known.get(presence.key_of(operation_id))
        if row is not None and row.body == raw:
            said_before.append((position, row))
        else:
            prepared.new.append((position, judge.judge(raw, operation_id)))
    _answer_known(session, ids, said_before, prepared.results)
    prepared.note_contact = contact_is_due(sender.device, now_ms)
    return prepared


def contact_is_due(device: DeviceRow, now_ms: int) -> bool:
    """Whether it has to be noted that a device was heard of, where nothing else is written of it."""
    before_ms = device.last_sync_ms
    return now_ms - before_ms > CONTACT_NOTED_EVERY_MS or now_ms // DAY_MS != before_ms // DAY_MS


def receive(session: Session, sender: Sender, prepared: Prepared, now_ms: int) -> list[Result]:
    """Store a batch and say what became of each operation; where the batch fails as a whole, one by one."""
    report = _left_on_the_phone(prepared)
    error_ms = prepared.batch.now - now_ms
    devices.note_contact(session, sender.device.id, now_ms, error_ms, msgspec.json.encode(report) if report else None)
    receipt_id = devices.add_receipt(session, sender.device.id, now_ms, prepared.batch.now, len(prepared.results))
    reception = Reception(session, sender, receipt_id, now_ms)
    try:
        with savepoint(session):
            results = reception.take(prepared.new, prepared.void)
    except Exception as error:
        if is_passing(error):
            raise  # nothing of this transaction is kept
        _log_fault("a batch", error)
        results = _one_by_one(session, sender, prepared, receipt_id, now_ms)
    auditing.batch(session, sender, receipt_id, prepared.batch.operations, now_ms)
    # What was prepared stays as it is: the commit may yet fail, and then none of these results is true.
    told = (results.get(position, known) for position, known in enumerate(prepared.results))
    return [result for result in told if result is not None]


def _left_on_the_phone(prepared: Prepared) -> Report | None:
    """What a phone says of itself, less what it brings: it counted what this batch holds as unsent."""
    report = prepared.batch.report
    if report is None or report.unsent is None:
        return report
    left = max(0, report.unsent - len(prepared.results))
    return msgspec.structs.replace(report, unsent=left, oldest_ms=report.oldest_ms if left else None)


def _one_by_one(
    session: Session, sender: Sender, prepared: Prepared, receipt_id: int, now_ms: int
) -> dict[int, Result]:
    """One bad operation never touches its neighbours; one that fails alone, time after time, is quarantined."""
    results: dict[int, Result] = {}
    for position, said in prepared.new:
        reception = Reception(session, sender, receipt_id, now_ms)
        try:
            with savepoint(session):
                results |= reception.take([(position, said)], ())
        except Exception as error:
            if is_passing(error):
                raise
            _log_fault("an operation alone", error)
            results[position] = _count_fault(session, sender, said, now_ms)
    with savepoint(session):
        Reception(session, sender, receipt_id, now_ms).take([], prepared.void)
    return results


def _log_fault(what: str, error: Exception) -> None:
    """The kind of a fault and its place, never its words: they may quote an answer."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    logger.error("%s failed with %s at %s", what, type(error).__name__, where)


def _count_fault(session: Session, sender: Sender, said: Said, now_ms: int) -> Result:
    if quarantining.fails_always(session, sender, said):
        said.problems = (Problem("internal"),)
        quarantining.keep(session, sender, said, now_ms)
        return Result(said.id, "quarantined", None, said.problems)
    return Result(said.id, "retry", None, (Problem("internal"),))


class Reception:
    """Takes a batch in, which whoever calls undoes as a whole where it fails.

    `drawn`: the counters of it were drawn in this transaction, after those of the sender's authors were locked and
    read; so nothing can be here under them.
    """

    def __init__(self, session: Session, sender: Sender, receipt_id: int, now_ms: int, drawn: bool = False) -> None:
        self.session = session
        self.sender = sender
        self.association_id = sender.device.association_id
        self.receipt_id = receipt_id
        self.now_ms = now_ms
        self.drawn = drawn
        self.results: dict[int, Result] = {}
        self.arrived: set[OperationId] = set()
        self.quarantined: list[Operation] = []
        self.within: dict[tuple[str, int, int], Said] = {}
        self.made: dict[str, AuthorRow] = {}

    def take(self, new: Sequence[tuple[int, Said]], void: Sequence[Voided]) -> dict[int, Result]:
        """Quarantine, hold or apply; release what waited for it; draw the positions last."""
        authors.lock(self.session, {said.author.id for _, said in new if said.author})
        self._enrol_unknown_authors(new)
        self._ask_again(new)
        good, repeated = self._sort_out(new)
        entries = {position: self._entry(said) for position, said in good}
        authors.add_voids(self.session, [(author.id, counter, reason) for author, counter, reason in void])
        self.arrived |= presence.with_derived((author.name, counter) for author, counter, _ in void)
        settled = settle(self.session, self.association_id, list(entries.values()), self.arrived, self.now_ms)
        settled.add(folding.fold_around(self.session, self.association_id, self.quarantined, self.now_ms))
        read = self.sender.authors if self.drawn else None
        counters.advance(self.session, [said for _, said in new], [each[:2] for each in void], read)
        conclude(self.session, self.association_id, settled, self.now_ms)
        for position, said in good:
            entry = entries[position]
            applied = said.id in settled.arrived
            problems = settled.problems.get(entry.record_id, ()) if applied else ()
            self.results[position] = Result(said.id, "applied" if applied else "held", None, (*problems, *said.notices))
        first = {self.results[position].id: self.results[position] for position, _ in good}
        for position, said in repeated:
            self.results[position] = Result(said.id, "duplicate", first[said.id].status, first[said.id].problems)
        return self.results

    def _enrol_unknown_authors(self, new: Sequence[tuple[int, Said]]) -> None:
        """An author whom a hub relays before the enrolment came gets a row, and what it said is held."""
        for _, said in new:
            name = said.id[0]
            if said.author is None and said.counts and name not in self.made:
                hub_id = self.sender.device.id
                self.made[name] = authors.find(self.session, name) or authors.add(
                    self.session, name, self.association_id, "device", None, hub_id, enrolled=False
                )

    def _ask_again(self, new: Sequence[tuple[int, Said]]) -> None:
        """What was not here when the batch was looked at may have come before it could be written."""
        waiting = [said for _, said in new if said.waits]
        names = {said.id[0] for said in waiting}
        enrolled = {name for name, author in authors.named(self.session, names).items() if author.enrolled}
        for said in waiting:
            said.waits = [wait for wait in said.waits if wait[0] != "author" or wait[1] not in enrolled]
            judging.ask_for_form_again(self.session, self.association_id, said)

    def _sort_out(self, new: Sequence[tuple[int, Said]]) -> tuple[list[tuple[int, Said]], list[tuple[int, Said]]]:
        """Answer what is known or wrong in itself; return what is good, and what the batch says twice."""
        asked = [] if self.drawn else [said for _, said in new]
        known = _known(self.session, self.sender, [said.id for said in asked])
        judged = quarantining.judged_before(self.session, self.sender, [said.key for said in asked])
        good: list[tuple[int, Said]] = []
        repeated: list[tuple[int, Said]] = []
        for position, said in new:
            row, earlier = known.get(said.key), self.within.get(said.key)
            if earlier is not None and earlier.digest() == said.digest():
                repeated.append((position, said))
            elif row is not None or earlier is not None:
                self._judge_known(position, said, row)
            elif self._stays_out(said, judged):
                self._quarantine(position, said)
            else:
                if judged and (said.key, said.digest()) in judged:
                    quarantining.leave(self.session, judged[said.key, said.digest()])
                self.within[said.key] = said
                good.append((position, said))
        return good, repeated

    def _stays_out(self, said: Said, judged: Mapping[Judged, int]) -> bool:
        """Whether an operation belongs in quarantine: for what is wrong with it, or because it is there already."""
        if not said.problems:
            return bool(judged) and judged.get((said.key, said.digest())) == quarantining.STAYS
        return not quarantining.is_released(self.session, self.sender, said)

    def _judge_known(self, position: int, said: Said, row: OperationRow | None) -> None:
        if row is not None and quarantining.same(said, bytes(row.body)):
            found = records.by_ids(self.session, [row.record_id])[row.record_id]
            self.results[position] = Result(said.id, "duplicate", row.status, problems_from_json(found.problems))
            return
        said.problems = said.problems if not said.counts else (Problem("other_content"),)
        self._quarantine(position, said)

    def _quarantine(self, position: int, said: Said) -> None:
        kept = quarantining.keep(self.session, self.sender, said, self.now_ms)
        if kept.counts and not kept.said_before:
            self.arrived |= presence.with_derived([said.id])
            self.quarantined += [said.operation] if said.operation else []
        status = "duplicate" if kept.said_before else "quarantined"
        was = kept.status if kept.said_before else None
        self.results[position] = Result(said.id, status, was, kept.problems)

    def _entry(self, said: Said) -> Entry:
        author = said.author or self.made[said.id[0]]
        assert said.operation is not None
        said_by = author.id if said.operation.kind == "submission" else 0
        entry = Entry(said.operation, said.raw, author.id, said_by, self.receipt_id, None, list(said.waits))
        entry.published, entry.notices = said.published, said.notices
        return entry


def _voided(sender: Sender, void: Iterable[Void]) -> list[Voided]:
    """The counters that the sender may declare: its own authors'."""
    named = [(each, sender.authors.get(each.author or sender.author.name)) for each in void]
    return [(author, each.counter, each.reason) for each, author in named if author is not None]


def _known(session: Session, sender: Sender, ids: Sequence[OperationId]) -> Mapping[tuple[str, int, int], OperationRow]:
    """What is stored of these ids; one look-up an author."""
    by_author: dict[str, list[int]] = {}
    for operation_id in ids:
        if len(operation_id) == 2:
            by_author.setdefault(operation_id[0], []).append(operation_id[1])
    rows = sender.authors if by_author.keys() <= sender.authors.keys() else authors.named(session, by_author.keys())
    found: dict[tuple[str, int, int], OperationRow] = {}
    for name, said in by_author.items():
        author = rows.get(name)
        if author is not None and sender.device.id in (author.device_id, author.hub_id):
            known = operations.known(session, author.id, said)
            found.update(((name, counter, 0), row) for counter, row in known.items())
    return found


def _answer_known(
    session: Session,
    ids: Sequence[OperationId],
    said_before: Sequence[tuple[int, OperationRow]],
    results: list[Result | None],
) -> None:
    broken = records.problems_of(session, {row.record_id for _, row in said_before})
    for position, row in said_before:
        problems = problems_from_json(broken.get(row.record_id)) if row.status == "applied" else ()
        results[position] = Result(ids[position], "duplicate", row.status, problems)
