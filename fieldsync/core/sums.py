"""Sums of what was counted: how many of a part share a month and a value of each dimension. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fieldsync.core.facts import APPROVED
from fieldsync.core.months import around


class Sum(NamedTuple):
    """How many of a part share all of this."""

    part: str
    month: int
    level: int
    commune: str
    sex: str
    band: str
    disability: str
    category: str
    amount: int


def together(sums: Iterable[Sequence[Sum]]) -> list[Sum]:
    """The sums of several associations as one's."""
    added: Counter[Sum] = Counter()
    for rows in sums:
        for row in rows:
            added[row._replace(amount=0)] += row.amount
    return [row._replace(amount=count) for row, count in added.items() if count]


def value_of(each: Sum, dimension: str) -> str:
    """What stands in a dimension; the law's categories stand behind the class of an incident."""
    category, _, law = each.category.partition("/")
    if dimension in ("category", "law"):
        return law if dimension == "law" else category
    return str(getattr(each, dimension))


def approved(sums: Iterable[Sum], part: str) -> int:
    """How many of a part were approved."""
    return sum(each.amount for each in sums if each.part == part and each.level == APPROVED)


def by_period(sums: Iterable[Sum], part: str, level: int) -> Counter[str]:
    """How many of a part were judged so, in every fixed period."""
    found: Counter[str] = Counter()
    for each in sums:
        if each.part == part and each.level == level:
            for period in around(each.month):
                found[period] += each.amount
    return found
