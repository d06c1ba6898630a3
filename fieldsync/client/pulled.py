"""A page of records that came down, stored as one with what it says about the device's own operations."""

from collections.abc import Collection, Sequence

from fieldsync.client.answer import OTHER_CONTENT, Json, problem_codes, stamps
from fieldsync.client.store import Said, State, Store
from fieldsync.core.clock import receive

Key = tuple[str, int]


def take_page(store: Store, records: Sequence[Json], told: Collection[Key], last: bool, now_ms: int) -> None:
    """Store the records of a page; after the last page of a round, let go of what the round did not bring.

    `told`: the operations of which the same answer said what they are now.
    """
    state = store.state()
    for body in records:
        if body.get("gone") is True:
            _take_away(store, body["record"])
        else:
            _take_record(store, body, state.round, told)
    _hear(store, state, records, now_ms)
    if last:
        _let_go(store, state.round)


def _hear(store: Store, state: State, records: Sequence[Json], now_ms: int) -> None:
    """Move the clock past the stamps that came down, so that what is written next is later than what it saw."""
    clock = heard = (state.clock_ms, state.clock_n)
    for stamp in stamps(records):
        clock = receive(clock, stamp, now_ms)
    if clock != heard:
        store.update(clock_ms=clock[0], clock_n=clock[1])


def _take_record(store: Store, body: Json, round_: int, told: Collection[Key]) -> None:
    """Store the server's record. It contains whatever of ours the server has applied by now."""
    store.put_pulled(body, round_)
    heads = {tuple(key) for key in body["heads"]}
    for said in store.said_of(body["record"]):
        if _same(said.content(), body):
            _mark(store, said, said.key in heads, said.key in told)


def _mark(store: Store, said: Said, is_head: bool, is_told: bool) -> None:
    """Note whether the record just stored contains this operation."""
    if said.state in ("outbox", "aside"):
        store.set_said(said.position, folded=int(is_head))
    elif said.status == "applied" and said.state == "safe":
        store.forget_said([said.position])
    elif said.status == "applied":
        store.set_said(said.position, folded=1)
    elif OTHER_CONTENT in problem_codes(said.problems):
        return  # the head of that name is another life's operation
    elif is_head:
        store.set_said(said.position, folded=1, status="applied", problems=None)
    elif not is_told:
        # Held or quarantined when last heard of, and the record moved on: saying it again tells whether it still is.
        store.queue_again([said.position])


def _same(one: Json, other: Json) -> bool:
    return (one["kind"], one["of"]) == (other["kind"], other["of"])


def _take_away(store: Store, record: str) -> None:
    """No longer ours to read: it leaves the view; what the server does not have stays."""
    store.put_gone(record)
    store.forget_said(
        said.position for said in store.said_of(record) if said.state == "safe" and said.status == "applied"
    )


def _let_go(store: Store, round_: int) -> None:
    """Records of an earlier round that this one did not bring are lost to us, save those that only we built.

    What only the device itself changed may be left out of a pull.
    """
    stale = store.pulled_before(round_)
    own = store.authors() if stale else set()
    for body in stale:
        if body["heads"] and all(key[0] in own for key in body["heads"]):
            store.carry_over(body, round_)
        else:
            _take_away(store, body["record"])
