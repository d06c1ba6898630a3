"""The figures that somebody sees: live ones for who works with the records, published ones for everybody else."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from fieldsync.core import tallies
from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import EVERYONE, S0, S1, S2, Indicator, IndicatorBook
from fieldsync.core.months import BEGINNING, month_of_ms
from fieldsync.core.sums import Sum, together
from fieldsync.core.tallies import Tally, quality
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import counting, following, indicator_book, publications, role_book
from fieldsync.services.sight import Sight
from fieldsync.store import figures, form_versions
from fieldsync.store.associations import AssociationRow
from fieldsync.store.db import Database

CAUGHT_UP_STEP = 250
CAUGHT_UP_STEPS = 4
"""How much one look at the figures counts at most before it shows them: what is left is told beside them."""


@dataclass(frozen=True)
class Row:
    """An indicator as somebody sees it; `tally` is None while nothing of it was published."""

    indicator: Indicator
    tally: Tally | None
    has_form: bool = True


@dataclass(frozen=True)
class Board:
    """All that somebody sees. `behind`: changes that are not counted yet; `published_ms`: when, if not live."""

    rows: list[Row]
    book: IndicatorBook
    until: int
    day: str
    threshold: int
    behind: int = 0
    quality: dict[str, Tally] = field(default_factory=dict)
    published_ms: int | None = None
    published_until: int = BEGINNING
    is_published: bool = False


def catch_up(database: Database, sight: Sight) -> None:
    """Count what has changed, a bounded lot of it, so that figures follow at once what was approved or merged."""
    if sight.only_published:
        return
    with database.read() as session:
        late = [
            each.id for each in sight.associations if following.is_behind(session, indicator_book.FOLLOWER, each.id)
        ]
    for association_id in late:
        _catch_up(database, association_id)


def _catch_up(database: Database, association_id: int) -> None:
    for _ in range(CAUGHT_UP_STEPS):
        if not database.write(lambda session: counting.catch_up(session, association_id, CAUGHT_UP_STEP)):
            return


def is_shown(session: Session, sight: Sight, code: str) -> bool:
    """Whether there is an indicator of that code for somebody."""
    found = indicator_book.book(session).find(code)
    return found is not None and bool(WAYS[found.rule.count].family) and sight.shows(found)


def board(session: Session, sight: Sight, now_ms: int, divide: Callable[[str], bool] = lambda _code: True) -> Board:
    """Every indicator that somebody may see, association by association; `divide`: of which divisions are wanted."""
    content, until = indicator_book.content(session), month_of_ms(now_ms, PROGRAMME_ZONE)
    book = indicator_book.decoded(content)
    edition = publications.latest(session)
    day = day_of(now_ms)
    threshold = book.threshold(day)
    shown = sorted((each for each in book.indicators if sight.shows(each)), key=_place_of(book))
    divided = frozenset(each.code for each in shown if divide(each.code)) | {counting.QUALITY}
    sums = {} if sight.only_published else {each.id: sums_of(session, each.id, divided) for each in sight.associations}
    forms = {each.id: _families(session, each) for each in sight.associations}
    rows = []
    for indicator in shown:
        concerned = sight.concerned(indicator)
        way = WAYS[indicator.rule.count]
        if way.family == "":
            continue
        has_form = any(way.family in forms[each.id] for each in concerned)
        rule, found = sight.rule(indicator), edition.find(indicator, sight) if edition else None
        if not sight.only_published and rule != S2:
            own = together(sums[each.id][indicator.code] for each in concerned if indicator.code in sums[each.id])
            now = live(content, indicator.code, rule, tuple(sorted(own)), until, divide(indicator.code))
            found = tallies.with_told(now, found) if rule == S1 else now
        rows.append(Row(indicator, found, has_form))
    behind = sum(following.behind(session, indicator_book.FOLLOWER, each.id) for each in sight.associations)
    states = {each.slug: sums[each.id].get(counting.QUALITY, []) for each in sight.associations if sums}
    told = {slug: quality(found) for slug, found in [("", together(states.values())), *states.items()] if sums}
    return Board(
        rows, book, until, day, threshold, 0 if sight.only_published else behind, told,
        edition.made_ms if edition else None, edition.until if edition else BEGINNING,
        sight.only_published,
    )  # fmt: skip


def divided(session: Session, sight: Sight, board: Board, code: str) -> Row | None:
    """An indicator of a board with its divisions; None where the board has none of that code."""
    row = next((each for each in board.rows if each.indicator.code == code), None)
    if row is None or sight.only_published or sight.rule(row.indicator) != S0:
        return row  # what is published has its divisions
    cells = [figures.cells_of(session, each.id, (code,)) for each in sight.concerned(row.indicator)]
    own = together([Sum(*cell[2:]) for cell in found] for found in cells)
    return replace(row, tally=live(indicator_book.content(session), code, S0, tuple(sorted(own)), board.until, True))


def _place_of(book: IndicatorBook) -> Callable[[Indicator], int]:
    """Indicators of one association together, as the book first names it; those of all last."""
    owners = list(dict.fromkeys(each.association for each in book.indicators if each.association != EVERYONE))
    return lambda each: owners.index(each.association) if each.association in owners else len(owners)


def day_of(now_ms: int) -> str:
    """The day as people here have it: 2026-11-28."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(PROGRAMME_ZONE).date().isoformat()


def sums_of(session: Session, association_id: int, divided: Collection[str]) -> dict[str, list[Sum]]:
    """What is counted in an association, by indicator: of those that are divided all of it, else without divisions."""
    rows = [row for row in figures.totals(session, association_id) if row.indicator not in divided]
    found: dict[str, list[Sum]] = {}
    for row in (*rows, *figures.cells_of(session, association_id, divided)):
        found.setdefault(row.indicator, []).append(Sum(*row[2:]))
    return found


@lru_cache(maxsize=64)
def live(content: bytes, code: str, rule: str, sums: tuple[Sum, ...], until: int, divide: bool) -> Tally:
    """An indicator as it is now; the last ones are remembered."""
    indicator = indicator_book.decoded(content).find(code)
    assert indicator is not None
    return tallies.live(indicator, sums, rule, until, divide)


def _families(session: Session, owner: AssociationRow) -> set[str]:
    """The form families of which an association has published anything."""
    book = role_book.book(session)
    return {book.family("submission", row.form) for row in form_versions.versions(session, owner.id)}
