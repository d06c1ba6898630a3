"""What stands on the server's disk, read around the product: operations, quarantine, records."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.simulation.ledger import Promise
from tests.simulation.machine import Machine
from tests.simulation.phone import Json, meaning

Id = tuple[Any, ...]
"""(author, counter), or (author, counter, n)."""


@dataclass(frozen=True)
class Entry:
    """An operation on the disk; `status` as stored, or `quarantined`, `released`, `rejected`."""

    id: Id
    status: str
    content: Json
    record: int | None
    counts: bool = True
    codes: tuple[str, ...] = ()
    """Why it was set apart."""

    @property
    def promise(self) -> Promise:
        return (self.id[0], self.id[1], meaning(self.content))


@dataclass
class Books:
    """A moment of the server's disk."""

    operations: list[Entry]
    quarantine: list[Entry]
    voids: set[tuple[str, int]] = field(default_factory=set)
    epoch: str = ""

    def promises(self) -> set[Promise]:
        """Everything that was said and is here, in whatever state."""
        return {entry.promise for entry in (*self.operations, *self.quarantine)}

    def said(self) -> set[tuple[str, int]]:
        """The ids that count as arrived."""
        here = {entry.id for entry in self.operations if len(entry.id) == 2}
        return here | {entry.id for entry in self.quarantine if entry.counts} | self.voids

    def counts_as_here(self, id: Id) -> bool:
        """Whether an operation that saw this id need not wait for it."""
        if any(entry.id == id and entry.status == "applied" for entry in self.operations):
            return True
        lost = id[0].startswith("desk-") and f"-{self.epoch}-" not in id[0]
        return lost or id[:2] in self.voids or any(entry.id == id[:2] and entry.counts for entry in self.quarantine)


def read_books(machine: Machine) -> Books:
    """Everything that was ever said, as the disk has it."""
    operations = [
        Entry((author, counter, n) if n else (author, counter), status, msgspec.json.decode(body), record)
        for author, counter, n, status, body, record in machine.rows(
            "SELECT a.name, o.counter, o.n, o.status, o.body, o.record_id FROM operation o"
            " JOIN author a ON a.id = o.author_id ORDER BY o.id"
        )
    ]
    quarantine = [
        Entry((author, counter), status, msgspec.json.decode(body), None, bool(counts), _codes(problems))
        for author, counter, status, body, counts, problems in machine.rows(
            "SELECT author, counter, status, body, counts, problems FROM quarantine ORDER BY id"
        )
    ]
    rows = machine.rows("SELECT a.name, v.counter FROM void v JOIN author a ON a.id = v.author_id")
    return Books(operations, quarantine, {(author, counter) for author, counter in rows}, machine.epoch)


def _codes(problems: bytes) -> tuple[str, ...]:
    return tuple(problem["code"] for problem in msgspec.json.decode(problems))


def is_on_disk(machine: Machine, said: Json) -> bool:
    """Whether this very statement is stored under its id, or set apart."""
    author, counter, wanted = said["id"][0], said["id"][1], meaning(said)
    bodies = machine.rows(
        "SELECT o.body FROM operation o JOIN author a ON a.id = o.author_id WHERE a.name = ? AND o.counter = ?"
        " AND o.n = 0 UNION ALL SELECT body FROM quarantine WHERE author = ? AND counter = ?",
        author, counter, author, counter,
    )  # fmt: skip
    return any(meaning(msgspec.json.decode(body)) == wanted for (body,) in bodies)


def first_gap(arrived: Iterable[int]) -> int:
    """The counter up to which nothing is missing."""
    here, through = set(arrived), 0
    while through + 1 in here:
        through += 1
    return through


def arrived(machine: Machine, author: str) -> set[int]:
    """The counters of an author that are here in any way."""
    rows = machine.rows(
        "SELECT o.counter FROM operation o JOIN author a ON a.id = o.author_id WHERE a.name = ? AND o.n = 0"
        " UNION SELECT counter FROM quarantine WHERE author = ? AND counts"
        " UNION SELECT v.counter FROM void v JOIN author a ON a.id = v.author_id WHERE a.name = ?",
        author, author, author,
    )  # fmt: skip
    return {row[0] for row in rows}
