"""What a merge would do to the figures: how many records of the list count, and which indicators count both."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.facts import LISTS
from fieldsync.core.indicators import Indicator
from fieldsync.services import deciding, indicator_book
from fieldsync.services.deciding import Pair
from fieldsync.store import figures, records

COUNTED_MAX = 20_000
"""Records of a longer list are not counted for a page."""

LETTERS = {name: letter for letter, name in LISTS.items()}


@dataclass(frozen=True)
class Effect:
    """`before`: how many records of the list there are; None of a long list. `twice`: what counts both of the two."""

    before: int | None
    twice: tuple[Indicator, ...]


def of_merge(session: Session, association_id: int, pair: Pair) -> Effect | None:
    """What follows where two entities become one; None for submissions and for what is one already."""
    if pair.left.kind != "entity" or deciding.is_one(pair):
        return None
    collection_id = pair.left.row.collection_id
    is_long = records.count_up_to(session, collection_id, COUNTED_MAX) == COUNTED_MAX
    return Effect(
        None if is_long else records.count_there(session, collection_id), _twice(session, association_id, pair)
    )


def _twice(session: Session, association_id: int, pair: Pair) -> tuple[Indicator, ...]:
    letter = LETTERS.get(pair.left.of)
    if letter is None:
        return ()
    sides = [f"{letter}:{records.uuid_text(each.row.uuid)}" for each in (pair.left, pair.right)]
    added = figures.items_of(session, association_id, sides)
    one, other = ({(row.indicator, row.part, row.key) for row in added if row.subject == side} for side in sides)
    codes = {code for code, _part, _key in one & other}
    return tuple(each for each in indicator_book.book(session).indicators if each.code in codes)
