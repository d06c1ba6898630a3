"""What is published: the figures of closed months, told once, kept as they were.

Whoever only sees published figures, and everybody for those of the listening centres, sees the last edition. It goes on
from the one before: what was told of persons stays, and only what has come since is told, or waits (core.telling).
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core import tallies, telling
from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import EVERYONE, Indicator, IndicatorBook
from fieldsync.core.months import BEGINNING, later, month_of_ms, months
from fieldsync.core.sums import Sum, together
from fieldsync.core.suppression import summed
from fieldsync.core.tallies import Tally
from fieldsync.core.telling import Ledgers
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import counting, indicator_book
from fieldsync.services.sight import Sight
from fieldsync.store import associations, figures
from fieldsync.store.db import Transactions

REVIEW_DAYS = 8
"""A month is published once it has been over for so long: reviews are due within a week."""

DAY_MS = 24 * 3600 * 1000
COUNTED_STEP = 500


class Edition(msgspec.Struct):
    """All that was published at once: everything up to a month (202610).

    `ledgers`: association → indicator → what was told of it so far; nobody reads it but the next edition.
    """

    until: int
    made_ms: int
    tallies: list[Tally]
    ledgers: dict[str, dict[str, Ledgers]] = {}

    def find(self, indicator: Indicator, sight: Sight) -> Tally | None:
        """An indicator as somebody may see it: of all associations together, or of hers."""
        specific = indicator.association != EVERYONE
        owner = (
            "" if sight.everywhere and not specific else next((each.slug for each in sight.concerned(indicator)), None)
        )
        return next(
            (each for each in self.tallies if (each.indicator, each.association) == (indicator.code, owner)), None
        )


def latest(session: Session) -> Edition | None:
    """The last edition."""
    found = figures.last_publication(session)
    return _decoded(found) if found else None


@lru_cache(maxsize=2)
def _decoded(stored: bytes) -> Edition:
    return msgspec.json.decode(stored, type=Edition)


def closed_month(now_ms: int) -> int:
    """The last month that is over, and whose reviews are due."""
    return later(month_of_ms(now_ms - REVIEW_DAYS * DAY_MS, PROGRAMME_ZONE), -1)


def is_due(session: Session, now_ms: int) -> bool:
    """Whether a month has closed since the last edition."""
    known = latest(session)
    return known is None or known.until < closed_month(now_ms)


def publish(database: Transactions, now_ms: int, until: int | None = None) -> Edition:
    """Publish everything up to a month, the last closed one unless said otherwise.

    What came in is counted first.
    """
    with database.read() as session:
        owners = [each.id for each in associations.everyone(session)]
    for association_id in owners:
        _count(database, association_id)
    with database.read() as session:
        made = edition(session, now_ms, until or closed_month(now_ms))
    content = msgspec.json.encode(made)
    database.write(lambda session: figures.add_publication(session, made.until, now_ms, content))
    return made


def _count(database: Transactions, association_id: int) -> None:
    while database.write(lambda session: counting.catch_up(session, association_id, COUNTED_STEP)):
        pass


def edition(session: Session, now_ms: int, last: int) -> Edition:
    """What is to be published up to a month; not less than what was published before."""
    book, before = indicator_book.book(session), latest(session)
    last = max(last, before.until if before else last)
    sums = {each.slug: _sums(session, each.id) for each in associations.everyone(session)}
    ledgers = copy.deepcopy(before.ledgers) if before else {}
    for month in _untold(before, sums, last):
        _tell(book, sums, ledgers, month)
    return Edition(last, now_ms, list(_tallies(book, sums, ledgers, last)), ledgers)


def _untold(before: Edition | None, sums: Mapping[str, Mapping[str, Sequence[Sum]]], last: int) -> Iterable[int]:
    """The months that have closed since the edition before; of the first edition, all in which anything was counted."""
    if before is not None and before.ledgers:
        return months(later(before.until, 1), last)
    counted = [each.month for found in sums.values() for rows in found.values() for each in rows]
    return months(min((month for month in counted if BEGINNING < month <= last), default=last), last)


def _tell(
    book: IndicatorBook,
    sums: Mapping[str, Mapping[str, Sequence[Sum]]],
    ledgers: dict[str, dict[str, Ledgers]],
    month: int,
) -> None:
    threshold = book.threshold(f"{month // 100}-{month % 100:02}-28")
    for slug, found in sums.items():
        concerned = [each for each in book.indicators if each.concerns(slug)]
        own = ledgers.setdefault(slug, {})
        for indicator in concerned:
            own.setdefault(indicator.code, {})
        telling.tell(concerned, found, own, month, threshold)


def _tallies(
    book: IndicatorBook,
    sums: Mapping[str, Mapping[str, Sequence[Sum]]],
    ledgers: Mapping[str, Mapping[str, Ledgers]],
    last: int,
) -> Iterator[Tally]:
    for indicator in book.indicators:
        if not WAYS[indicator.rule.count].family:
            continue
        concerned = {slug: found.get(indicator.code, []) for slug, found in sums.items() if indicator.concerns(slug)}
        told = {slug: ledgers.get(slug, {}).get(indicator.code, {}) for slug in concerned}
        if indicator.association == EVERYONE:
            names = {name for found in told.values() for name in found}
            told[""] = {name: summed(found[name] for found in told.values() if name in found) for name in names}
            concerned[""] = together(concerned.values())
        for slug, own in concerned.items():
            tally = tallies.published(indicator, slug, own, told[slug], last)
            for figure in tally.figures:
                figure.waiting, figure.rejected = {}, {}
            yield tally


def _sums(session: Session, association_id: int) -> dict[str, Sequence[Sum]]:
    found: dict[str, list[Sum]] = {}
    for row in figures.cells(session, association_id):
        found.setdefault(row.indicator, []).append(Sum(*row[2:]))
    return dict(found)
