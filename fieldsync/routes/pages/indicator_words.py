"""What indicators, periods and the values of their tables are called in the reader's language."""

from datetime import date
from typing import Any

from babel import Locale, dates

from fieldsync.core.indicators import EVERYONE, S0, S1, S2, Indicator, Target
from fieldsync.core.months import Period, around, months
from fieldsync.core.suppression import OTHERS
from fieldsync.core.telling import LATER
from fieldsync.routes.pages import labels, language
from fieldsync.routes.pages.speech import Words, _, _l
from fieldsync.routes.pages.words import AGE_GROUPS
from fieldsync.services import places
from fieldsync.services.figures import Board

MONTHS_OFFERED = 36

DIMENSIONS: dict[str, Words] = {
    "commune": _l("Commune"),
    "band": _l("Age"),
    "sex": _l("Sex"),
    "disability": _l("Disability"),
    "category": _l("Category"),
    "law": _l("By category of law 103-13"),
}

VALUES: dict[str, Words] = {
    "f": _l("women and girls"),
    "m": _l("men and boys"),
    "yes": _l("yes"),
    "no": _l("no"),
    "rape": _l("rape"),
    "sexual_assault": _l("sexual assault"),
    "physical_assault": _l("physical assault"),
    "forced_marriage": _l("forced marriage"),
    "denial_resources": _l("denial of resources"),
    "psychological": _l("psychological"),
    "non_gbv": _l("none of these"),
    "bodily": _l("bodily"),
    "sexual": _l("sexual"),
    "economic": _l("economic"),
    "idea": _l("idea"),
    "validated": _l("validated"),
    "plan_written": _l("plan written"),
    "financed": _l("financed"),
    "launched": _l("launched"),
    "running_6m": _l("running for six months"),
    "stopped": _l("stopped"),
    OTHERS: _l("others, told together"),
    LATER: _l("not told apart yet"),
}

FIGURES: dict[str, Words] = {
    "person": _l("persons, each once"),
    "attendance": _l("attendances"),
    "centre": _l("centres"),
    "event": _l("reported"),
    "project": _l("projects"),
    "employed_month3": _l("employed at 3 months"),
    "employed_month6": _l("employed at 6 months"),
    "registered": _l("registered"),
    "in_formation": _l("in formation"),
    "group": _l("groups"),
    "amount": _l("in all"),
    "organisation": _l("organisations"),
    "grant": _l("awarded"),
    "led": _l("led by women or youths"),
    "over": _l("over the ceiling"),
    "received": _l("received, of those referred"),
    "improved": _l("improved, of those with two scores"),
    "respected": _l("say that it was respected"),
}

FAULTS: dict[str, Words] = {
    "clock": _l("clock wrong"),
    "storage": _l("little room left"),
    "old_app": _l("old version"),
}


def value(dimension: str, code: str) -> str:
    """A value of a dimension; what nobody said is said to be unknown."""
    if not code:
        return _("not known")
    if dimension == "commune" and code not in (OTHERS, LATER):
        return _("other place") if code == "other" else labels.place(code)
    known = AGE_GROUPS if dimension == "band" else VALUES
    return " + ".join(str(known.get(each, each)) for each in code.split("+"))


def operator(target: Target) -> str:
    """How a figure is held against its target: =, ≥, ≤."""
    return {">=": "≥", "<=": "≤", "each <=": "≤"}.get(target.operator, target.operator)


def association(code: str) -> str:
    """The short name of whom an indicator belongs to."""
    return _("All") if code == EVERYONE else code


def association_name(code: str) -> str:
    """Its name in full."""
    known = places.association_names().get(code.lower())
    return known[language.chosen()] if known else association(code)


def month(number: int, short: bool = False) -> str:
    """A month as people say it: November 2026."""
    day = date(number // 100, number % 100, 1)
    locale = Locale.parse(language.LOCALES[language.chosen()])
    return str(dates.format_date(day, "LLL y" if short else "LLLL y", locale=locale))


def period(asked: Period) -> str:
    """A period as people say it."""
    if asked.kind == "all":
        return _("Since the beginning")
    if asked.kind == "month":
        return month(asked.first)
    if asked.kind == "quarter":
        return _("Quarter %(number)s of %(year)s", number=asked.code[-1], year=asked.code[:4])
    return asked.code


def periods(board: Board) -> list[tuple[str, list[tuple[str, str]]]]:
    """(kind, [(code, name)]) of the fixed periods to choose from, the latest first."""
    starts = [code for row in board.rows if row.tally for figure in row.tally.figures for code in figure.numbers]
    named = [int(code.replace("-", "")) for code in starts if len(code) == 7 and "Q" not in code]
    first = min(named, default=board.until)
    every = list(months(first, board.until))[-MONTHS_OFFERED:]
    years = sorted({each // 100 for each in every}, reverse=True)
    quarters = sorted({around(each)[2] for each in every}, reverse=True)
    return [
        ("", [("all", _("Since the beginning"))]),
        (_("Years"), [(str(each), str(each)) for each in years]),
        (_("Quarters"), [(code, period(Period(code, 0, 0))) for code in quarters]),
        (_("Months"), [(f"{each // 100}-{each % 100:02}", month(each)) for each in reversed(every)]),
    ]


SECRECY: dict[str, Words] = {
    S0: _l("Nothing is hidden: it counts no persons."),
    S1: _l(
        "The total is shown; whoever does not work with the records sees its parts once a month, small ones together."
    ),
    S2: _l("Every small figure is hidden from everyone, and figures change once a month."),
}


def about(board: Board, indicator: Indicator) -> dict[str, Any]:
    """Whom it is reported to and under which code, its targets in time, how it is protected."""
    funder = board.book.funder(board.day)
    named = (getattr(funder, language.chosen()), funder.codes.get(indicator.code, "")) if funder else None
    targets = [(each.since, f"{operator(each)} {language.number(each.target)}") for each in indicator.targets]
    return {"funder": named, "targets": targets, "secrecy": SECRECY[indicator.suppression]}
