"""Months and the fixed periods made of them: figures are never cut at other days."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

BEGINNING = 0
"""Before every month."""

_DATE = re.compile(r"(\d{4})-(\d\d)(?:-\d\d)?")
_PERIOD = re.compile(r"(?P<year>20\d\d)(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


class Period(NamedTuple):
    """A fixed period: since the beginning (`all`), a year (`2026`), a quarter (`2026-Q4`) or a month (`2026-10`).

    `first` and `last` are months as 202610, both within; since the beginning begins at 0.
    """

    code: str
    first: int
    last: int

    @property
    def kind(self) -> str:
        """all, year, quarter or month."""
        return {3: "all", 4: "year"}.get(len(self.code)) or ("quarter" if "Q" in self.code else "month")


def since_the_beginning(until: int) -> Period:
    """Everything up to a month."""
    return Period("all", BEGINNING, until)


def period_of(code: str, until: int) -> Period | None:
    """The period of that code, as far as it lies before or in the month `until`; None where the code is none."""
    if code in ("", "all"):
        return since_the_beginning(until)
    match = _PERIOD.fullmatch(code)
    if match is None:
        return None
    year = int(match["year"])
    first, last = 1, 12
    if match["quarter"]:
        last = int(match["quarter"]) * 3
        first = last - 2
    elif match["month"]:
        first = last = int(match["month"])
    return Period(code, year * 100 + first, min(year * 100 + last, until))


def month_of_date(text: object) -> int:
    """The month of an ISO date or month, as 202610; 0 where it is none."""
    match = _DATE.match(text) if isinstance(text, str) else None
    return int(match[1]) * 100 + int(match[2]) if match and 1 <= int(match[2]) <= 12 else BEGINNING


def month_of_ms(ms: int, zone: ZoneInfo) -> int:
    """The month in which a time lies, ms since 1970, in a zone."""
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    return at.year * 100 + at.month


def later(month: int, by: int) -> int:
    """The month so many months later, or earlier where `by` is negative."""
    count = month // 100 * 12 + month % 100 - 1 + by
    return count // 12 * 100 + count % 12 + 1


def months(first: int, last: int) -> Iterator[int]:
    """Every month from one to another, both within."""
    while first <= last:
        yield first
        first = later(first, 1)


def around(month: int) -> tuple[str, str, str, str]:
    """The codes of the periods that a month lies in, the widest first."""
    year, number = divmod(month, 100)
    return "all", f"{year}", f"{year}-Q{(number + 2) // 3}", f"{year}-{number:02}"
