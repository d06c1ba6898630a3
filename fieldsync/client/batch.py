"""One sync request, built from the store (docs/protocol.md, section 2)."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fieldsync.client.pace import BATCH_MAX
from fieldsync.client.store import Said, State, Store

PROTOCOL = 1

PACKED_BYTES_MAX = 1024 * 1024
"""The server's limit for a body as it travels."""

UNPACKED_BYTES_MAX = 8 * 1024 * 1024
"""The server's limit for a body unpacked."""

ENVELOPE_BYTES = 64 * 1024
"""Room left for everything in a body that is not an operation."""

VOID_MAX = 500
"""Set-aside operations declared in one request; the others follow in the next."""

PULL_LIMIT = 200
"""Records wanted back in one answer."""

PLAIN_BYTES_MAX = 512
"""Below this, packing saves less than the header that announces it."""

APP = "fieldsync-client/1"


@dataclass(frozen=True)
class Batch:
    """A request on its way, and what the store was like when it left."""

    author: str
    epoch: str | None
    cursor: str | None
    pull: bool
    sent: Sequence[Said]
    body: bytes
    headers: Mapping[str, str]

    @property
    def keys(self) -> list[tuple[str, int]]:
        return [said.key for said in self.sent]


def build(store: Store, now_ms: int, limit: int) -> Batch | None:
    """The next request, or None before enrolment. What can never be sent is set aside on the way."""
    with store.transaction():
        state = store.state()
        if state.author is None or state.token is None:
            return None
        sent = _fitting(store, wanted(state))
        # Records are asked for only together with the last of the outbox: then whatever comes down contains
        # everything of ours that the server has. What stays here was turned back, and is missing from it.
        untried = sum(said.tries == 0 for said in sent)
        pull = state.accused is not None or untried == store.count_untried()
        plain = _plain(store, state, sent, pull, now_ms, limit)
        packed = len(plain) > PLAIN_BYTES_MAX
        headers = {"Authorization": f"Bearer {state.token}", "Content-Type": "application/json"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        body = gzip.compress(plain, 6, mtime=0) if packed else plain
        return Batch(state.author, state.epoch, state.cursor, pull, sent, body, headers)


def wanted(state: State) -> int:
    """How many operations the next batch holds: none while one is accused, half of the suspects while some are."""
    if state.accused is not None:
        return 0
    most = min(BATCH_MAX, max(1, state.batch))
    return min(most, max(1, state.suspects // 2)) if state.suspects else most


def _fitting(store: Store, most: int) -> list[Said]:
    """The head of the outbox that fits into one body; an operation too large to fit alone is set aside."""
    if most == 0:
        return []
    while True:
        head = _within(store.outbox(most))
        while len(head) > 1 and not _is_small(head):
            head = head[: len(head) // 2]
        if not head or _is_small(head):
            return head
        store.set_said(head[0].position, state="aside", reason="too_large")


def _within(head: list[Said]) -> list[Said]:
    """The operations up to the unpacked limit, at least one."""
    total = 0
    for index, said in enumerate(head):
        total += len(said.raw) + 1
        if total > UNPACKED_BYTES_MAX - ENVELOPE_BYTES:
            return head[: max(1, index)]
    return head


def _is_small(head: list[Said]) -> bool:
    """Whether these operations fit, unpacked and packed, with room for the rest of the body."""
    total = sum(len(said.raw) + 1 for said in head)
    if total > UNPACKED_BYTES_MAX - ENVELOPE_BYTES:
        return False
    if total <= PACKED_BYTES_MAX - ENVELOPE_BYTES:
        return True
    return len(gzip.compress(b",".join(said.raw for said in head), 6)) <= PACKED_BYTES_MAX - ENVELOPE_BYTES


def _plain(store: Store, state: State, sent: Sequence[Said], pull: bool, now_ms: int, limit: int) -> bytes:
    """The body; each operation stands in it byte for byte as it was stored."""
    envelope: dict[str, Any] = {
        "protocol": PROTOCOL,
        "now": now_ms,
        "epoch": state.epoch,
        "cursor": state.cursor,
        "limit": limit,
        "pull": "records" if pull else "none",
        "report": _report(store),
    }
    if state.witness is not None:
        envelope["witness"] = state.witness
    void = store.undeclared(state.author or "", VOID_MAX)
    if void:
        envelope["void"] = void
    head = msgspec.json.encode(envelope)[:-1]
    return head + b',"operations":[' + b",".join(said.raw for said in sent) + b"]}"


def _report(store: Store) -> dict[str, Any]:
    """What the coordinator's list of phones shows of this one."""
    has = [[form["id"], form["version"]] for form in store.forms()]
    report: dict[str, Any] = {"unsent": store.count("outbox"), "app": APP, "forms": has}
    oldest = store.outbox(1)
    if oldest:
        report["oldest_ms"] = oldest[0].content()["stamp"][0]
    return report
