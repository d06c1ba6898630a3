"""How often flags stand, by rule, by companion and by form: as a rate beside its count, so that nobody is ranked by
how much she works.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import READ_HISTORY
from fieldsync.core.quality import RULES
from fieldsync.services.readers import Reader
from fieldsync.store import associations, quality_counts
from fieldsync.store.quality_counts import ANY, Count, FlagCount, Named

Key = TypeVar("Key", bound=Hashable)

FEW = 10
"""Submissions below which a rate says nothing about anybody."""


@dataclass
class Tally:
    """So many submissions, and how many of them bear each flag (ANY: any of them)."""

    submissions: int = 0
    flags: dict[str, int] = field(default_factory=dict)

    @property
    def flagged(self) -> int:
        """Submissions with any flag that stands."""
        return self.flags.get(ANY, 0)

    @property
    def rate(self) -> float:
        """Of a hundred submissions, how many bear a flag."""
        return self.of_hundred(ANY)

    @property
    def is_few(self) -> bool:
        """Whether there are too few to compare."""
        return self.submissions < FEW

    def of_hundred(self, code: str) -> float:
        """Of a hundred submissions, how many bear that flag."""
        return 100 * self.flags.get(code, 0) / self.submissions if self.submissions else 0.0


@dataclass(frozen=True)
class Figures:
    """What one reader may know of a time: all together, by author, by form."""

    all: Tally
    authors: list[tuple[Named, Tally]]
    forms: list[tuple[str, Tally]]


def figures(session: Session, reader: Reader, from_ms: int, to_ms: int) -> Figures:
    """Flags of submissions that arrived within a time, as far as the reader may see their history."""
    forms = {
        row.id: row.of
        for row in associations.collections(session, reader.association_id)
        if row.kind == "submission" and reader.opens(row.kind, row.of, READ_HISTORY)
    }
    may = _Sight(reader, forms)
    counts = list(filter(may.see, quality_counts.submissions(session, forms, from_ms, to_ms)))
    flags = [
        row for row in quality_counts.flagged(session, forms, from_ms, to_ms)
        if may.see(row) and row.code in (ANY, *RULES)
    ]  # fmt: skip
    by_author = _tallied(counts, flags, lambda row: row.author_id)
    by_form = _tallied(counts, flags, lambda row: forms[row.collection_id])
    everything = _tallied(counts, flags, lambda row: 0).get(0, Tally())
    names = quality_counts.names(session, by_author)
    authors = [(names[author_id], tally) for author_id, tally in by_author.items()]
    return Figures(
        everything,
        sorted(authors, key=lambda each: (each[1].is_few, -each[1].rate, each[0].device, each[0].author)),
        sorted(by_form.items(), key=lambda each: (each[1].is_few, -each[1].rate, each[0])),
    )


class _Sight:
    """Whether a group of submissions is the reader's to know of, by its form, place and author."""

    def __init__(self, reader: Reader, forms: dict[int, str]) -> None:
        self._reader = reader
        self._forms = forms

    def see(self, row: Count | FlagCount) -> bool:
        scope = self._reader.scope("submission", self._forms[row.collection_id], row.place, row.author_id)
        return access.may(self._reader.grants, READ_HISTORY, scope)


def _tallied(
    counts: Iterable[Count], flags: Iterable[FlagCount], key: Callable[[Count | FlagCount], Key]
) -> dict[Key, Tally]:
    found: dict[Key, Tally] = defaultdict(Tally)
    for count in counts:
        found[key(count)].submissions += count.records
    for flag in flags:
        tally = found[key(flag)]
        tally.flags[flag.code] = tally.flags.get(flag.code, 0) + flag.records
    return dict(found)
