"""One round trip: what the device has to say goes up, what it has missed comes down."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

import msgspec

from fieldsync.client import answer as answers
from fieldsync.client import enrolment, pace
from fieldsync.client.batch import Batch, build
from fieldsync.client.pulled import take_page
from fieldsync.client.settle import ENROL_AGAIN, UPDATE_NEEDED, Settled, asked_to_wait, failed, refused, settle
from fieldsync.client.store import State, Store
from fieldsync.client.transport import Answer, LinkDown, Transport

PATH = "/api/v1/sync"

REFRESH_MAX = 5
"""Records fetched by themselves after one round trip."""

OK, WAITING, LINK_DOWN, BUSY, REFUSED, MALFORMED = "ok", "waiting", "link_down", "busy", "refused", "malformed"
NOT_ENROLLED, STORAGE_FAILED = "not_enrolled", "storage_failed"


@dataclass(frozen=True)
class SyncReport:
    """How a round trip went.

    `status`: ok, revoked, waiting (not yet time for the next attempt), link_down, busy, refused, malformed,
    enrol_again, update_needed, not_enrolled, storage_failed. Whatever it is, nothing was lost.
    `results`: the server's word to how many operations ("applied", "duplicate", "held", "quarantined", "retry").
    `more`: something waits to be pulled or said. `unsent`: operations left in the outbox. `wait_ms`: until the next
    attempt. `detail` is for people.
    """

    status: str
    sent: int = 0
    results: Mapping[str, int] = field(default_factory=dict)
    pulled: int = 0
    more: bool = False
    unsent: int = 0
    wait_ms: int = 0
    detail: str = ""

    @property
    def quiet(self) -> bool:
        """Nothing left to say and nothing left to hear."""
        return self.status in (OK, answers.REVOKED) and not self.more and not self.unsent


def exchange(store: Store, transport: Transport, now_ms: Callable[[], int], dice: Random, limit: int) -> SyncReport:
    """One round trip, or the reason why there was none. `limit`: the most records wanted back."""
    try:
        return _attempt(store, transport, now_ms, dice, limit)
    except sqlite3.OperationalError as error:
        # A full disk, mostly: what was being stored is undone, and the server will be asked again.
        return SyncReport(STORAGE_FAILED, detail=str(error))


def _attempt(store: Store, transport: Transport, now_ms: Callable[[], int], dice: Random, limit: int) -> SyncReport:
    now = now_ms()
    unready = _unready(store, now) or _show_identity(store, transport, now, dice)
    if unready is not None:
        return unready
    batch = build(store, now, limit)
    if batch is None:
        return _report(store, NOT_ENROLLED, now)
    try:
        answer = transport.post(PATH, batch.body, batch.headers)
    except LinkDown as error:
        return _failure(store, batch, LINK_DOWN, now_ms(), dice, str(error))
    report = _judge(store, batch, answer, now_ms(), dice)
    if report.status == OK:
        _refresh(store, transport, now_ms)
    return report


def _unready(store: Store, now: int) -> SyncReport | None:
    state = store.state()
    if state.author is None:
        return _report(store, NOT_ENROLLED, now)
    return None if pace.is_due(state.next_attempt_ms, now) else _report(store, WAITING, now)


def _show_identity(store: Store, transport: Transport, now: int, dice: Random) -> SyncReport | None:
    """Say again which ids are ours where the server may have forgotten them, then take a new one where it is needed."""
    state = store.state()
    unheard = _put_off(store, enrolment.vouch(store, transport), now, dice) if state.vouch else None
    if unheard is not None or not state.renew:
        return unheard
    return _put_off(store, enrolment.renew(store, transport, dice), now, dice)


def _put_off(store: Store, went: enrolment.Enrolment, now: int, dice: Random) -> SyncReport | None:
    """A report, and a later attempt, where the server did not agree."""
    if went.status == enrolment.ENROLLED:
        return None
    with store.transaction():
        state = store.state()
        failures = state.failures + 1
        store.update(failures=failures, next_attempt_ms=now + pace.wait_ms(failures, dice))
    status = {enrolment.LINK_DOWN: LINK_DOWN, enrolment.BUSY: BUSY, enrolment.MALFORMED: MALFORMED}
    return _report(store, status.get(went.status, ENROL_AGAIN), now, detail=went.detail)


def _judge(store: Store, batch: Batch, answer: Answer, now: int, dice: Random) -> SyncReport:
    """What each HTTP answer means (docs/protocol.md, section 8)."""
    if answer.status == 200:
        return _read(store, batch, answer, now, dice)
    detail = f"HTTP {answer.status}"
    if answer.status in (429, 503):
        asked_to_wait(store, answer.header("Retry-After"), now, dice)
        return _report(store, BUSY, now, batch, detail=detail)
    if answer.status in (400, 413):
        return _refusal(store, batch, answer, now, dice)
    standing = {401: ENROL_AGAIN, 426: UPDATE_NEEDED}.get(answer.status)
    return _failure(store, batch, standing or MALFORMED, now, dice, detail, standing)


def _read(store: Store, batch: Batch, answer: Answer, now: int, dice: Random) -> SyncReport:
    said = answers.read(answer.body, batch.keys)
    if said is None:
        return _failure(store, batch, MALFORMED, now, dice, "not an answer of this protocol")
    settled: Settled = settle(store, batch, said, now, dice)
    if said.device.get("wipe") is True:
        store.checkpoint()
    standing = store.state().standing
    status = MALFORMED if settled.note else OK if standing == answers.ACTIVE else standing
    return _report(store, status, now, batch, settled, settled.note)


def _refusal(store: Store, batch: Batch, answer: Answer, now: int, dice: Random) -> SyncReport:
    """400 or 413: only the server's own word is taken for a judgement on what was sent."""
    detail = f"HTTP {answer.status}"
    if answers.is_problem(answer.header("Content-Type")):
        refused(store, batch, answer.status == 413, now, dice)
        return _report(store, REFUSED, now, batch, detail=detail)
    if len(batch.sent) == 1:
        with store.transaction():
            store.turn_back(batch.keys)
    return _failure(store, batch, MALFORMED, now, dice, detail)


def _failure(
    store: Store, batch: Batch, status: str, now: int, dice: Random, detail: str, standing: str | None = None
) -> SyncReport:
    with store.transaction():
        failed(store, batch, now, dice, standing)
    return _report(store, status, now, batch, detail=detail)


def _report(
    store: Store,
    status: str,
    now: int,
    batch: Batch | None = None,
    settled: Settled | None = None,
    detail: str = "",
) -> SyncReport:
    state: State = store.state()
    unsent = store.count("outbox")
    return SyncReport(
        status=status,
        sent=len(batch.sent) if batch else 0,
        results=settled.statuses if settled else {},
        pulled=settled.pulled if settled else 0,
        more=settled.more if settled else True,
        unsent=unsent,
        wait_ms=max(0, state.next_attempt_ms - now),
        detail=detail,
    )


def _refresh(store: Store, transport: Transport, now_ms: Callable[[], int]) -> None:
    """Fetch by themselves the records of which something of ours was released; what fails waits for its turn."""
    token = store.state().token
    for record in store.asked_afresh(REFRESH_MAX):
        try:
            path = f"/api/v1/records/{quote(record, safe='')}"
            answer = transport.get(path, {"Authorization": f"Bearer {token}"})
        except LinkDown:
            return
        _take_fresh(store, record, answer, now_ms())


def _take_fresh(store: Store, record: str, answer: Answer, now: int) -> None:
    """Store the record as it is now; one that may not be read stays as it was shown, and half an answer is none."""
    records = [body for body in _records(answer.body) if body["record"] == record] if answer.status == 200 else []
    with store.transaction():
        take_page(store, records, (), last=False, now_ms=now)
        if records or answer.status in (403, 404):
            store.refreshed(record)


def _records(body: bytes) -> list[answers.Json]:
    """The record of an answer, or the records where several bear the UUID."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return [record for record in (said if isinstance(said, list) else [said]) if answers.is_record(record)]
