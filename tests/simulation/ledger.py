"""What was promised to whom: what people saw as saved, and what the server said it had."""

from collections import defaultdict
from typing import Any

from tests.simulation.phone import Key, Phone, Saved, meaning

DURABLE = ("applied", "duplicate", "held", "quarantined")

Promise = tuple[str, int, bytes]
"""(author, counter, meaning)."""

Decision = tuple[int, int, int, str]
"""(row id, row id, turn, decision) of a pair."""


class Ledger:
    """Grows with the schedule; nothing in it was read from the product's own books."""

    def __init__(self) -> None:
        self.saved: list[Saved] = []
        self.good: set[bytes] = set()
        """The meanings of what was right in itself."""
        self.acked: set[Promise] = set()
        """What the present history of the server has acknowledged."""
        self.handed_in: set[str] = set()
        """The instances that the present history of the server has acknowledged to ODK Collect."""
        self.decided: set[Decision] = set()
        """What coordinators of the present history were told is decided."""
        self.authors: dict[str, set[str]] = defaultdict(set)
        """Phone to every id that it ever had."""
        self.used: dict[tuple[str, int, Key], bytes] = {}
        """(phone, life, operation id) to what was said under it."""
        self.reused: list[Any] = []

    def note_saved(self, phone: Phone, saved: Saved) -> None:
        """A person saw "saved"."""
        self.saved.append(saved)
        self.good |= {saved.meaning} if saved.good else set()
        key = (saved.content["id"][0], saved.content["id"][1])
        self.authors[phone.name].add(key[0])
        known = self.used.setdefault((phone.name, phone.life, key), saved.meaning)
        if known != saved.meaning:
            self.reused.append(key)

    def note_answer(self, operations: list[Any], results: list[Any]) -> None:
        """The server said what became of a batch."""
        for said, result in zip(operations, results, strict=False):
            if result.get("status") in DURABLE:
                self.acked.add((said["id"][0], said["id"][1], meaning(said)))

    def destroy(self, phone: Phone, after: int = 0) -> None:
        """What this life of the phone saved after a position exists on it no longer."""
        for saved in self.saved:
            if saved.phone == phone.name and saved.position > after:
                saved.destroyed = True
