"""What is counted: indicators, targets and funders as data, with their history (forms/indicators.yaml)."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

S0, S1, S2 = "S0", "S1", "S2"
"""Suppression: none; smaller cells for whoever has no need to know; every cell, for everyone."""

EVERYONE = "all"
"""The association of an indicator to which all contribute."""

THRESHOLD, THRESHOLD_MIN = 5, 3
"""Fewer persons than this are hidden; no funder may set it lower than the second."""

UNIQUE, ATTENDANCE = "unique", "attendance"
OPERATORS = ("=", ">=", "<=", "each <=")
UNITS = ("persons", "events", "organisations", "projects", "mad", "percent", "hours")
DIMENSIONS = ("commune", "band", "sex", "disability", "category", "law")
PERIODS = ("programme", "year", "quarter", "month")

INDICATORS_MAX = 200

Dated = TypeVar("Dated", bound="Target | Threshold")


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is aimed at from a day on."""

    since: str = msgspec.field(name="from")
    operator: str
    target: int


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which day on fewer persons than this are hidden."""

    since: str = msgspec.field(name="from")
    threshold: int


class Funder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is reported to since a day: its names, its threshold, what it calls an indicator."""

    code: str
    ar: str
    fr: str
    en: str
    since: str = msgspec.field(name="from")
    thresholds: tuple[Threshold, ...] = ()
    codes: Mapping[str, str] = {}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an indicator is counted: a way of core.counting and what it is narrowed to; empty means all."""

    count: str
    roles: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sex: str = ""
    adults: bool = False
    headcount: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    visits: int = 0


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One indicator. `association` is a code or `all`; `disaggregated` names the dimensions that are shown."""

    code: str
    association: str
    ar: str
    fr: str
    en: str
    unit: str
    rule: Rule
    suppression: str
    definition: Mapping[str, str]
    basis: str = UNIQUE
    period: str = "programme"
    targets: tuple[Target, ...] = ()
    disaggregated: tuple[str, ...] = ()

    def concerns(self, slug: str) -> bool:
        """Whether an association contributes to it."""
        return self.association == EVERYONE or self.association.lower() == slug.lower()

    def target(self, day: str) -> Target | None:
        """What holds on a day (2026-11-28)."""
        return in_force(self.targets, day)


class IndicatorBook(msgspec.Struct, frozen=True):
    """The indicators of a programme, and whom it reports to."""

    indicators: tuple[Indicator, ...] = ()
    funders: tuple[Funder, ...] = ()

    def find(self, code: str) -> Indicator | None:
        """The indicator of that code."""
        return next((each for each in self.indicators if each.code == code), None)

    def funder(self, day: str) -> Funder | None:
        """Who is reported to on a day."""
        begun = [each for each in self.funders if each.since <= day]
        return max(begun, key=lambda each: each.since) if begun else None

    def threshold(self, day: str) -> int:
        """Fewer persons than this are hidden on a day."""
        funder = self.funder(day)
        found = in_force(funder.thresholds, day) if funder else None
        return max(THRESHOLD_MIN, found.threshold if found else THRESHOLD)


def in_force(rows: Sequence[Dated], day: str) -> Dated | None:
    """The row with the latest beginning that is not after a day."""
    begun = [row for row in rows if row.since <= day]
    return max(begun, key=lambda row: row.since) if begun else None


def read_book(data: Mapping[str, Any], ways: Mapping[str, Any]) -> IndicatorBook | str:
    """The book of a file's data; or where it is wrong, for whoever writes it. `ways`: how things can be counted."""
    wanted = {name: data.get(name, []) for name in ("indicators", "funders")}
    try:
        book = msgspec.convert(wanted, IndicatorBook)
    except msgspec.ValidationError as error:
        return str(error)
    return _wrong(book, ways) or book


def _wrong(book: IndicatorBook, ways: Mapping[str, Any]) -> str | None:
    codes = [each.code for each in book.indicators]
    if not codes or len(codes) > INDICATORS_MAX or len(set(codes)) != len(codes):
        return f"indicators: 1 to {INDICATORS_MAX}, each code once"
    for funder in book.funders:
        low = [each.threshold for each in funder.thresholds if each.threshold < THRESHOLD_MIN]
        if low or not set(funder.codes) <= set(codes):
            return f"funder {funder.code}: a threshold below {THRESHOLD_MIN}, or a code of no indicator"
    said = next((said for each in book.indicators if (said := _wrong_in(each, ways))), None)
    return said or _divided_twice(book, ways)


def _divided_twice(book: IndicatorBook, ways: Mapping[str, Any]) -> str | None:
    """Two tables of the same survivors by the same dimension would tell by their difference."""
    known: set[tuple[str, str, str]] = set()
    for each in book.indicators:
        names = {(each.association, ways[each.rule.count].subjects, name) for name in each.disaggregated}
        if each.suppression == S2 and names & known:
            return f"indicator {each.code}: another one of S2 is divided by the same"
        known |= names if each.suppression == S2 else set()
    return None


def _wrong_in(indicator: Indicator, ways: Mapping[str, Any]) -> str | None:
    operators = {target.operator for target in indicator.targets}
    checks = {
        "unit": indicator.unit in UNITS,
        "rule": indicator.rule.count in ways,
        "suppression": indicator.suppression in (S0, S1, S2),
        "basis": indicator.basis in (UNIQUE, ATTENDANCE),
        "period": indicator.period in PERIODS,
        "disaggregated": set(indicator.disaggregated) <= set(DIMENSIONS),
        "targets": operators <= set(OPERATORS),
    }
    return next((f"indicator {indicator.code}: {name}" for name, holds in checks.items() if not holds), None)


def reached(figure: int, target: Target) -> bool:
    """Whether a figure does what the target asks. `=` is an announced result: more is reached as well."""
    return figure <= target.target if target.operator == "<=" else figure >= target.target
