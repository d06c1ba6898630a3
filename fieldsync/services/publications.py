"""What is published: the figures of closed months, decided once, kept as they were.

Whoever only sees published figures, and everybody for those of the listening centres, sees the last edition. Later
edits show in the next one, so that two looks within a month never differ.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import EVERYONE, Indicator
from fieldsync.core.months import later, month_of_ms
from fieldsync.core.tallies import Sum, Tally, tally, together
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
    """All that was published at once: everything up to a month (202610)."""

    until: int
    made_ms: int
    tallies: list[Tally]

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

    What came in is counted first. What must be hidden takes a while to find, so others write meanwhile.
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
    """What is to be published up to a month."""
    book, day = indicator_book.book(session), f"{last // 100}-{last % 100:02}-28"
    threshold = book.threshold(day)
    sums = {each.slug: _sums(session, each.id) for each in associations.everyone(session)}
    tallies: list[Tally] = []
    for indicator in book.indicators:
        if not WAYS[indicator.rule.count].family:
            continue
        concerned = {slug: found.get(indicator.code, []) for slug, found in sums.items() if indicator.concerns(slug)}
        if indicator.association == EVERYONE:
            concerned[""] = together(concerned.values())
        tallies += [
            tally(indicator, slug, own, indicator.suppression, threshold, last) for slug, own in concerned.items()
        ]
    for each in tallies:
        for figure in each.figures:
            figure.waiting, figure.rejected = {}, {}
    return Edition(last, now_ms, tallies)


def _sums(session: Session, association_id: int) -> dict[str, Sequence[Sum]]:
    found: dict[str, list[Sum]] = {}
    for row in figures.cells(session, association_id):
        found.setdefault(row.indicator, []).append(Sum(*row[2:]))
    return dict(found)
