"""Dates as expressions see them: ISO 8601 texts that count as whole days since 1970, as JavaRosa does.

A text's own date and time are the local ones that somebody stated; an offset matters only for decimal-date-time.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
_QUARTER_MS = 900_000
_STAMP_MS_MIN, _STAMP_MS_MAX = -62_000_000_000_000, 253_370_764_800_000
"""Some time in the year 5, and the start of the year 9999: what lies beyond has no calendar date here."""
DAYS_MAX = 2_900_000
"""Days after 1970 that still have a calendar date (the year 9909)."""
_MOMENT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:T(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?",
    re.ASCII,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Clock:
    """What today() and now() give: the local date and time of a stamp, as texts; `today_days` since 1970."""

    __slots__ = ("stamp_ms", "today", "today_days", "zone")

    def __init__(self, stamp_ms: int, zone: tzinfo) -> None:
        """`stamp_ms` is milliseconds since 1970 UTC; outside the calendar the nearest moment in it is taken."""
        self.stamp_ms = min(max(stamp_ms, _STAMP_MS_MIN), _STAMP_MS_MAX)
        self.zone = zone
        self.today, self.today_days = _day(self.stamp_ms // _QUARTER_MS, zone)

    @property
    def now(self) -> str:
        """Local date and time with offset, milliseconds included."""
        return _local(self.stamp_ms, self.zone).isoformat(timespec="milliseconds")


def _local(stamp_ms: int, zone: tzinfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=stamp_ms)).astimezone(zone)


@lru_cache(maxsize=1_024)
def _day(quarter: int, zone: tzinfo) -> tuple[str, float]:
    """The local date of a quarter of an hour: offsets from UTC are whole quarters."""
    day = _local(quarter * _QUARTER_MS, zone).date()
    return day.isoformat(), float(day.toordinal() - _EPOCH_ORDINAL)


@lru_cache(maxsize=8_192)
def days_of(text: str) -> float:
    """Whole days from 1970-01-01 to the date that a text states; not a number where it states none."""
    try:
        return float(_moment(text).toordinal() - _EPOCH_ORDINAL)
    except ValueError:
        return math.nan


def _moment(text: str) -> datetime:
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a date")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    microsecond = int(f"{match[7] or ''}000000"[:6])
    return datetime(year, month, day, hour, minute, second, microsecond, _offset(match))


def _offset(match: re.Match[str]) -> tzinfo | None:
    if match[8]:
        return UTC
    if not match[9]:
        return None
    minutes = int(match[10]) * 60 + int(match[11] or 0)
    return timezone(timedelta(minutes=minutes if match[9] == "+" else -minutes))


def _from_days(days: float) -> datetime:
    if abs(days) > DAYS_MAX:
        raise ValueError("out of the calendar")
    return datetime(1970, 1, 1) + timedelta(days=days)


def date_text(value: float | str) -> str:
    """date(): the date of a text or of a number of days; empty stays empty, what is no date raises ValueError."""
    if isinstance(value, str):
        return _moment(value).date().isoformat() if value.strip() else ""
    return "" if math.isnan(value) else _from_days(math.trunc(value)).date().isoformat()


def date_time_text(value: float | str) -> str:
    """date-time(): as date(), time of day and offset kept."""
    if isinstance(value, str):
        return _moment(value).isoformat(timespec="milliseconds") if value.strip() else ""
    return "" if math.isnan(value) else _from_days(value).isoformat(timespec="milliseconds")


def decimal_date_time(value: float | str, clock: Clock) -> float:
    """decimal-date-time(): days since 1970 UTC, fraction included; a text without offset is local."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return math.nan
    moment = _moment(value)
    located = moment if moment.tzinfo else moment.replace(tzinfo=clock.zone)
    return (located - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1) / _DAY_MS


def decimal_time(value: float | str) -> float:
    """decimal-time(): the stated time of day as a fraction of the day; takes a time alone too."""
    if not isinstance(value, str):
        return value - math.floor(value)
    if not value.strip():
        return math.nan
    moment = _moment(value if "-" in value[:10] else f"1970-01-01T{value.strip()}")
    return (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=1)


_DIRECTIVES: dict[str, Callable[[datetime], str]] = {
    "%": lambda _: "%",
    "Y": lambda moment: f"{moment.year:04}",
    "y": lambda moment: f"{moment.year:04}"[2:],
    "m": lambda moment: f"{moment.month:02}",
    "n": lambda moment: str(moment.month),
    "b": lambda moment: _MONTHS[moment.month - 1],
    "d": lambda moment: f"{moment.day:02}",
    "e": lambda moment: str(moment.day),
    "H": lambda moment: f"{moment.hour:02}",
    "h": lambda moment: str(moment.hour),
    "M": lambda moment: f"{moment.minute:02}",
    "S": lambda moment: f"{moment.second:02}",
    "3": lambda moment: f"{moment.microsecond // 1000:03}",
    "a": lambda moment: _WEEKDAYS[moment.weekday()],
    "W": lambda moment: str(moment.isocalendar().week),
}


def format_date(value: float | str, pattern: str) -> str:
    """format-date(), format-date-time(): ODK's % directives; English names of months and days."""
    text = date_time_text(value)
    if not text:
        return ""
    moment = _moment(text)
    pieces = re.split("%(.)", pattern, flags=re.DOTALL)
    return "".join(_DIRECTIVES[piece](moment) if index % 2 else piece for index, piece in enumerate(pieces))
