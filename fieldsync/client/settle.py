"""What an answer changes in the store. Everything of one answer happens in one transaction, or nothing of it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from fieldsync.client import pace
from fieldsync.client.answer import (
    ACTIVE,
    NOT_YOUR_AUTHOR,
    OTHER_CONTENT,
    REVOKED,
    Json,
    Result,
    SyncAnswer,
    problem_codes,
)
from fieldsync.client.batch import Batch
from fieldsync.client.pulled import take_page
from fieldsync.client.store import Said, State, Store
from fieldsync.client.view import reopens

PAST_EPOCH_FAILURES = 5
"""So many failures in a row with an epoch that was left show that the server went back to it, and is no late answer."""

ENROL_AGAIN, UPDATE_NEEDED = "enrol_again", "update_needed"


@dataclass(frozen=True)
class Settled:
    """What one answer did. `note` says why a part of it was not believed."""

    statuses: Mapping[str, int]
    pulled: int
    more: bool
    note: str = ""


def settle(store: Store, batch: Batch, answer: SyncAnswer, now_ms: int, dice: random.Random) -> Settled:
    """Apply a well-formed answer to this very batch."""
    with store.transaction():
        state = store.state()
        late = answer.epoch != state.epoch and store.is_past_epoch(answer.epoch)
        late = late and state.failures < PAST_EPOCH_FAILURES
        if state.author != batch.author or late or answer.foreign:
            failed(store, batch, now_ms, dice)
            return Settled({}, 0, False, "old_answer")
        statuses = _settle_results(store, batch, answer)
        if state.epoch != answer.epoch:
            _enter_epoch(store, state, answer, batch)
        pulled = _pull(store, batch, answer, state, now_ms)
        if not _notice_other_life(store, answer):
            _cover(store, answer.durable_through)
        _take_forms(store, answer)
        _take_standing(store, answer)
        unread = batch.pull and pulled is None and state.epoch in (None, answer.epoch)
        note = _settle_pace(store, batch, answer, unread, now_ms, dice)
        more = answer.more or pulled is None or bool(store.state().renew)
        return Settled(statuses, pulled or 0, more, note)


def failed(store: Store, batch: Batch, now_ms: int, dice: random.Random, standing: str | None = None) -> None:
    """No usable answer: send less and wait longer. Within a transaction."""
    state = store.state()
    store.update(
        batch=pace.halved(len(batch.sent)) if batch.sent else state.batch,
        failures=state.failures + 1,
        next_attempt_ms=now_ms + pace.wait_ms(state.failures + 1, dice),
        standing=standing or state.standing,
    )


def asked_to_wait(store: Store, retry_after: str | None, now_ms: int, dice: random.Random) -> None:
    """The server is busy: as long as it says, and never shorter than the device's own back-off."""
    with store.transaction():
        failures = store.state().failures + 1
        wait = max(pace.asked_wait_ms(retry_after, now_ms, dice), pace.wait_ms(failures, dice))
        store.update(failures=failures, next_attempt_ms=now_ms + wait)


def refused(store: Store, batch: Batch, too_large: bool, now_ms: int, dice: random.Random) -> None:
    """The server would not read the batch: find the operation at fault by halves, accuse it when it is alone.

    The accused is set aside only once a request without it has been read: else the fault is not its.
    """
    with store.transaction():
        if not batch.sent:
            round_ = store.state().round + 1
            store.update(accused=None, cursor=None, round=round_)
            failed(store, batch, now_ms, dice)
        elif len(batch.sent) == 1:
            store.update(accused=batch.sent[0].position)
        elif too_large:
            store.update(batch=pace.halved(len(batch.sent)), suspects=0)
        else:
            store.update(suspects=len(batch.sent))


def _settle_results(store: Store, batch: Batch, answer: SyncAnswer) -> dict[str, int]:
    """Each operation follows its own result; one without a result stays where it is."""
    statuses: dict[str, int] = {}
    again: set[str] = set()
    for said in store.find(batch.keys):
        result = answer.results.get(said.key)
        if result is None:
            continue
        statuses[result.answer] = statuses.get(result.answer, 0) + 1
        if result.durable:
            _keep(store, said, result, answer.epoch)
            again |= {said.record} if result.answer == "applied" else set()
        else:
            store.turn_back([said.key])
    _ask_about_held(store, again)
    return statuses


def _keep(store: Store, said: Said, result: Result, epoch: str) -> None:
    """The other side has it: from the outbox to kept, with what became of it."""
    problems = msgspec.json.encode(result.problems) if result.problems else None
    store.set_said(said.position, state="kept", status=result.status, problems=problems, epoch=epoch, tries=0)
    released = said.status in ("held", "quarantined") and result.status not in ("held", "quarantined")
    known_before = result.answer == "duplicate" and result.status == "applied" and not said.folded
    content = said.content()
    pulled = store.pulled(said.record)
    if released or (known_before and pulled) or any(reopens(base, content) for base in pulled):
        # What came down may contain it or not, or hides what it brings back: only the server can tell.
        store.ask_afresh(said.record)


def _ask_about_held(store: Store, records: set[str]) -> None:
    """Where something of ours was applied, what was held beside it may be released: say it again, to hear."""
    for record in sorted(records):
        kept = [said for said in store.said_of(record) if said.state in ("kept", "safe")]
        store.queue_again(said.position for said in kept if said.status == "held")


def _enter_epoch(store: Store, state: State, answer: SyncAnswer, batch: Batch) -> None:
    """Another history of the server: read it from the beginning, and say again what it may have lost.

    It may also have lost the ids that the phone took after its first.
    """
    if state.epoch is not None:
        store.add_past_epoch(state.epoch)
        heard = {key for key in batch.keys if not _is_disowned(answer.results.get(key))}
        lost = [
            said.position
            for said in store.said_in("kept", "safe")
            if said.key not in heard and said.counter > answer.durable_through.get(said.author, 0)
        ]
        store.queue_again(lost)
        store.undeclare()
        store.update(cursor=None, round=state.round + 1, vouch=int(len(store.authors()) > 1))
    store.update(epoch=answer.epoch)


def _is_disowned(result: Result | None) -> bool:
    """Whether the server does not know, or no longer knows, that this id is ours."""
    return result is not None and NOT_YOUR_AUTHOR in problem_codes(result.problems)


def _pull(store: Store, batch: Batch, answer: SyncAnswer, state: State, now_ms: int) -> int | None:
    """Store a page together with its cursor; None where it was not asked for or cannot be believed."""
    if answer.device.get("status") == REVOKED:
        return 0
    unmoved = state.cursor == batch.cursor and state.epoch in (None, answer.epoch)
    if not (batch.pull and answer.complete and unmoved and answer.cursor is not None and answer.records is not None):
        return None
    take_page(store, answer.records, batch.keys, last=not answer.more, now_ms=now_ms)
    store.update(cursor=answer.cursor)
    return len(answer.records)


def _cover(store: Store, durable_through: Mapping[str, int]) -> None:
    """What the top server holds safely leaves the device, unless it is still needed to show its record."""
    for author in sorted(store.authors() & durable_through.keys()):
        store.declare(author, durable_through[author])
        for said in store.kept_through(author, durable_through[author]):
            if said.status == "applied" and (said.folded or store.is_gone(said.record)):
                store.forget_said([said.position])
            else:
                store.set_said(said.position, state="safe")


def _notice_other_life(store: Store, answer: SyncAnswer) -> bool:
    """A counter that this store never drew, or an id with other content: the phone lived on after this backup.

    Until it has an id of its own, everything that it said stays with it.
    """
    clash = any(
        result.status == "quarantined" and OTHER_CONTENT in problem_codes(result.problems)
        for result in answer.results.values()
    )
    state = store.state()
    counter = state.counter
    refused_alone = [said for said in store.said_in("outbox") if said.position == state.accused]
    clash = clash or any(said.counter <= answer.known_through for said in refused_alone)
    if clash or answer.known_through > counter:
        store.update(renew=1, counter=max(counter, answer.known_through))
    return bool(store.state().renew)


def _take_forms(store: Store, answer: SyncAnswer) -> None:
    """Keep a changed list of forms; what was held may have waited for one of them."""
    if answer.forms is None or _sorted(answer.forms) == _sorted(store.forms()):
        return
    store.put_forms(answer.forms)
    store.queue_again(said.position for said in store.said_in("kept", "safe") if said.status == "held")


def _sorted(forms: Sequence[Json]) -> list[Json]:
    return sorted(forms, key=lambda form: (form["id"], form["version"]))


def _take_standing(store: Store, answer: SyncAnswer) -> None:
    """Active or revoked, until when, and whether to erase. An unsent outbox is never erased."""
    lease = answer.device.get("lease_until")
    standing = REVOKED if answer.device.get("status") == REVOKED else ACTIVE
    lease_until = lease if type(lease) is int and abs(lease) < 1 << 53 else store.state().lease_until
    store.update(standing=standing, lease_until=lease_until, witness=answer.witness)
    if answer.device.get("wipe") is True:
        store.erase_pulled()
        store.forget_said(said.position for said in store.said_in("safe"))
        for said in store.said_in("kept"):
            store.set_said(said.position, folded=1)
        store.update(cursor=None, round=store.state().round + 1)


def _settle_pace(store: Store, batch: Batch, answer: SyncAnswer, unread: bool, now_ms: int, dice: random.Random) -> str:
    """Grow after a success, wait where nothing moved; the note says what was not believed."""
    state = store.state()
    if state.accused is not None and not batch.sent:
        store.set_said(state.accused, state="aside", reason="refused")
        store.update(accused=None, suspects=0)
    elif state.suspects:
        store.update(suspects=max(0, state.suspects - len(batch.sent)))
    stuck = bool(batch.sent) and not any(result.durable for result in answer.results.values())
    if stuck or unread or not answer.complete:
        store.update(failures=state.failures + 1, next_attempt_ms=now_ms + pace.wait_ms(state.failures + 1, dice))
    else:
        size = pace.grown(state.batch) if batch.sent and not state.suspects else state.batch
        store.update(batch=size, failures=0, next_attempt_ms=0)
    return "" if answer.complete and not unread else "answer_in_part"
