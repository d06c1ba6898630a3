"""The audit log's hash chain: each row's MAC covers the row and the MAC before it, under a key outside the database."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

SERVER_CHAIN = 0
"""The chain of what belongs to no association; every association has a chain of its own."""


class Row(msgspec.Struct, frozen=True):
    """One event: who did what to what, as ids. `chain` is an association's row id; `number` is dense from 1."""

    chain: int
    number: int
    at_ms: int
    actor: str
    action: str
    about: str
    outcome: str
    detail: str
    mac: bytes = b""


class Head(msgspec.Struct, frozen=True):
    """Where a chain stood at some moment."""

    chain: int
    number: int
    mac: str


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with a chain: `changed`, `missing` or `shortened`, and the first number concerned."""

    chain: int
    number: int
    what: str


def mac_of(key: bytes, before: bytes, row: Row) -> bytes:
    """The MAC of a row after another; `before` is empty for the first."""
    said = msgspec.json.encode(
        [row.chain, row.number, row.at_ms, row.actor, row.action, row.about, row.outcome, row.detail]
    )
    mac = _begun(key).copy()
    mac.update(len(before).to_bytes(1, "big") + before + said)
    return mac.digest()


@lru_cache(maxsize=64)
def _begun(key: bytes) -> hmac.HMAC:
    """HMAC-SHA-256 under a key, over nothing yet: a copy costs less than to set one up for each row."""
    return hmac.new(key, digestmod=hashlib.sha256)


def faults(key: bytes, rows: Iterable[Row], heads: Iterable[Head] = ()) -> Iterator[Fault]:
    """What is wrong with one chain, its rows in order: rows changed, reordered, missing, or cut off at the end.

    `heads`: where the chain stood before, as anchors kept elsewhere say. A change shows once; what follows is then
    judged by what is stored.
    """
    wanted = {head.number: head for head in heads}
    before, number = b"", 0
    for row in rows:
        if row.number != number + 1:
            yield Fault(row.chain, number + 1, "missing")
        elif not hmac.compare_digest(mac_of(key, before, row), row.mac):
            yield Fault(row.chain, row.number, "changed")
        anchored = wanted.pop(row.number, None)
        if anchored is not None and anchored.mac != row.mac.hex():
            yield Fault(row.chain, row.number, "changed")
        before, number = row.mac, row.number
    for head in sorted(wanted.values(), key=lambda each: each.number):
        yield Fault(head.chain, head.number, "shortened")
