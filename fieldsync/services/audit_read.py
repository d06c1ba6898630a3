"""Reading the audit log: pages for people, whether its chains hold, and anchors to be kept elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import READ_AUDIT
from fieldsync.core.chain import SERVER_CHAIN, Fault, Head, faults
from fieldsync.services import auditing
from fieldsync.services.readers import Reader
from fieldsync.services.reading import Page
from fieldsync.store import associations, audit, devices, people

FAULTS_MAX = 100
"""Faults that are told; the first says enough."""

NEWEST = 2**62


@dataclass
class State:
    """Whether the chains hold: how many rows were checked, what is wrong, where each chain stands."""

    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(frozen=True)
class Anchored:
    """The last anchor: of which day, how many rows of how many chains it covers, whether they still end there."""

    day: str
    rows: int
    chains: int
    stands: bool


def page(session: Session, reader: Reader, after_id: int, limit: int, wanted: Mapping[str, Any]) -> Page:
    """A page of events, newest first: of the association in which the reader works, or of all that are hers to read."""
    found = audit.page(session, chain_of(reader), after_id or NEWEST, limit, wanted)
    names = _names(session, [row for _, row in found])
    slugs = {row.id: row.slug for row in associations.everyone(session)}
    items = [auditing.told(row, names, slugs) for _, row in found]
    return Page(items, found[-1][0] if len(found) == limit else None)


def chain_of(reader: Reader) -> int | None:
    """The one chain that is the reader's to read; None for all of them."""
    return None if reader.everywhere(READ_AUDIT) else reader.association_id


def last_anchor(session: Session, chain: int | None = None) -> Anchored | None:
    """The newest anchor of all chains, or of one.

    Whether the rows that it names still stand is one look-up a chain; that nothing before them changed, `verify` says.
    """
    found = audit.newest_anchors(session, chain)
    if not found:
        return None
    heads = [head for _, head in found]
    stands = all(audit.mac_at(session, head.chain, head.number) == head.mac for head in heads)
    return Anchored(found[0][0], sum(head.number for head in heads), len(heads), stands)


def verify(session: Session, kept: Sequence[Head] = (), only: int | None = None) -> State:
    """Check every chain, or one, against the anchors of the database and those that were kept elsewhere."""
    anchored: dict[int, list[Head]] = {}
    for head in (*(each for _, each in audit.anchors(session)), *kept):
        anchored.setdefault(head.chain, []).append(head)
    state = State(heads=[head for head in audit.heads(session) if only in (None, head.chain)])
    key = audit.chain_key(session)
    for chain in sorted({*audit.chains(session), *anchored} if only is None else {only}):
        counted = _Counted(session, chain)
        for heads in _one_each(anchored.get(chain, [])):
            state.faults += faults(key, counted, heads)
        state.rows += counted.last
    state.faults = list(dict.fromkeys(state.faults))[:FAULTS_MAX]
    return state


def anchor(session: Session, day: str) -> list[Head]:
    """Remember where the chains stand on a day (YYYY-MM-DD), and tell it, to be kept elsewhere."""
    heads = audit.heads(session)
    for head in heads:
        audit.add_anchor(session, day, head)
    return heads


class _Counted:
    """A chain that can be read several times, and how many rows it has."""

    def __init__(self, session: Session, chain: int) -> None:
        self._session = session
        self._chain = chain
        self.last = 0

    def __iter__(self) -> Any:
        self.last = 0
        for row in audit.rows(self._session, self._chain):
            self.last += 1
            yield row


def _one_each(heads: Sequence[Head]) -> list[list[Head]]:
    """Anchors in lists that name each number once; two that contradict each other are both held against the chain."""
    passes: list[dict[int, Head]] = [{}]
    for head in dict.fromkeys(heads):
        place = next((each for each in passes if head.number not in each), None)
        if place is None:
            place = {}
            passes.append(place)
        place[head.number] = head
    return [list(each.values()) for each in passes]


def _names(session: Session, rows: Sequence[Any]) -> dict[str, str]:
    """Who and what the rows name by number, as people know them."""
    named: dict[str, str] = {}
    for text in {each for row in rows for each in (row.actor, row.about)}:
        kind, _, number = text.partition(":")
        if kind == "person" and number.isdigit():
            person = people.find_by_id(session, int(number))
            named[text] = person.email if person else ""
        if kind == "device" and number.isdigit():
            device = devices.find(session, int(number))
            named[text] = device.name if device else ""
    return {text: name for text, name in named.items() if name}


def heads_told(session: Session, heads: Sequence[Head]) -> list[dict[str, Any]]:
    """Heads with the associations' slugs."""
    slugs = {row.id: row.slug for row in associations.everyone(session)}
    return [
        {"association": slugs.get(head.chain) if head.chain != SERVER_CHAIN else None, "number": head.number,
         "mac": head.mac}
        for head in heads
    ]  # fmt: skip
