"""Quality: how often flags stand, by phone and by form; the rules with their thresholds; a submission's flags."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, request, url_for

from fieldsync.core import inbox
from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.inbox import Filter
from fieldsync.core.problems import Problem
from fieldsync.core.quality import RULES
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import charts, labels, language, quality_words, shell
from fieldsync.routes.pages.charts import Bar
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import quality_figures, quality_told, reading
from fieldsync.services.desk import Found
from fieldsync.services.quality_figures import Figures, Tally

DEFAULT_PERIOD = "30"
ROWS_SHOWN = 60
"""Companions, or forms, of one page: those with the highest rates come first."""

AUTHOR_SHOWN = 8
NUMBER_LENGTH = 8


@dataclass(frozen=True)
class Line:
    """A row of figures: what it is of, its tally, its bar, and where its submissions are listed."""

    name: Spoken
    tally: Tally
    bar: Bar
    address: str
    flags: list[tuple[str, int, str]]


@blueprint.get("/quality")
@page_access(READ_HISTORY)
def quality() -> Response:
    """The figures of a time, and the rules."""
    return _page({})


@blueprint.post("/quality/rules")
@page_access(ACT_ON_RECORDS)
def quality_rules() -> Response:
    """Other thresholds."""
    wanted: dict[str, dict[str, int] | None] = {}
    errors: dict[str, str] = {}
    for code, (_, thresholds) in RULES.items():
        limits: dict[str, int] = {}
        for each in thresholds:
            name = f"{code}-{each.name}"
            typed = request.form.get(name, "")[:NUMBER_LENGTH].strip()
            if typed.isdecimal() and each.least <= int(typed) <= each.most:
                limits[each.name] = int(typed)
            else:
                bounds = {"least": str(each.least), "most": str(each.most)}
                errors |= shell.said(Problem("threshold_wrong", detail=bounds), name)
        wanted[code] = limits if request.form.get(f"{code}-on") else None
    if errors:
        return _page(errors)
    who, now_ms = reader(), context().now_ms()
    context().database.write(lambda session: quality_told.choose(session, who, wanted, now_ms))
    return shell.onward("pages.quality", "thresholds_changed")


@blueprint.get("/submissions/<form>/<record>/flags")
@page_access(READ_HISTORY)
def flags(form: str, record: str) -> Response:
    """The flags of a submission, those that were dismissed too."""
    return _flags_page(form, record, {})


@blueprint.post("/submissions/<form>/<record>/flags")
@page_access(ACT_ON_RECORDS)
def change_flag(form: str, record: str) -> Response:
    """Dismiss a flag with a reason, or put a dismissed one back."""
    who, now_ms, given = reader(), context().now_ms(), dict(request.form)
    name = given.get("code", ""), given.get("other", "")

    def work(session: Any) -> Problem | None:
        found = _found(session, form, record, ACT_ON_RECORDS, who)
        if found is None:
            return Problem("not_found")
        if given.get("deed") == "back":
            return quality_told.put_back(session, who, found.row, name, now_ms)
        return quality_told.dismiss(session, who, found.row, name, given.get("why", ""), now_ms)

    problem = context().database.write(work)
    if problem is None:
        notice = "flag_put_back" if given.get("deed") == "back" else "flag_dismissed"
        return shell.onward("pages.flags", notice, form=form, record=record)
    if problem.code == "not_found":
        raise Refused(problem)
    return _flags_page(form, record, shell.said(problem, "-".join(name)))


def _page(errors: dict[str, str]) -> Response:
    who, period = reader(), request.args.get("period", DEFAULT_PERIOD)
    period = period if period in quality_words.PERIODS else DEFAULT_PERIOD
    since, from_ms, to_ms = _span(period)
    with context().database.read() as session:
        found = quality_figures.figures(session, who, from_ms, to_ms)
        held = quality_told.thresholds(session, who.association_id)
        titles = labels.titles(session, who.association_id)
    wanted = Filter(since=since)
    return shell.page(
        "quality.html",
        422 if errors else 200,
        figures=found,
        rules=_rules(found, wanted, held),
        authors=_author_lines(found, wanted),
        forms=_form_lines(found, wanted, titles),
        few=quality_figures.FEW,
        periods=[(name, str(label)) for name, label in quality_words.PERIODS.items()],
        period=period,
        may_change=who.may(ACT_ON_RECORDS),
        errors=errors,
    )


def _span(period: str) -> tuple[str, int, int]:
    """(first day of a period, its beginning, its end): whole days of the programme's time, as the inbox counts them."""
    now = datetime.fromtimestamp(context().now_ms() / 1000, UTC).astimezone(PROGRAMME_ZONE)
    end = int((now + timedelta(days=1)).timestamp() * 1000)
    if period == "all":
        return "", 0, end
    first = (now - timedelta(days=int(period) - 1)).date()
    begun = datetime(first.year, first.month, first.day, tzinfo=PROGRAMME_ZONE)
    return first.isoformat(), int(begun.timestamp() * 1000), end


def _rules(found: Figures, wanted: Filter, held: dict[str, dict[str, int] | None]) -> list[dict[str, Any]]:
    defaults = {code: {each.name: each.default for each in thresholds} for code, (_, thresholds) in RULES.items()}
    bars = charts.bars([found.all.of_hundred(code) for code in RULES])
    return [
        {
            "code": code,
            "icon": quality_words.RULES[code][0],
            "name": quality_words.RULES[code][1],
            "text": quality_words.RULES[code][2],
            "count": found.all.flags.get(code, 0),
            "rate": found.all.of_hundred(code),
            "bar": bar,
            "address": _inbox(wanted, flag=code),
            "on": held[code] is not None,
            "thresholds": [
                (each, quality_words.THRESHOLDS[each.name], (held[code] or defaults[code])[each.name])
                for each in RULES[code][1]
            ],
        }
        for code, bar in zip(RULES, bars, strict=True)
    ]


def _author_lines(found: Figures, wanted: Filter) -> list[Line]:
    shown = found.authors[:ROWS_SHOWN]
    bars = _bars([tally for _, tally in shown], found.all)
    return [
        Line(
            Spoken(name.device or name.author[:AUTHOR_SHOWN]),
            tally,
            bar,
            _inbox(wanted, device=name.author),
            _flag_links(tally, wanted, device=name.author),
        )
        for (name, tally), bar in zip(shown, bars, strict=True)
    ]


def _form_lines(found: Figures, wanted: Filter, titles: dict[str, Spoken]) -> list[Line]:
    shown = found.forms[:ROWS_SHOWN]
    bars = _bars([tally for _, tally in shown], found.all)
    return [
        Line(
            titles.get(form, Spoken(form)),
            tally,
            bar,
            _inbox(wanted, kind="submission", of=form),
            _flag_links(tally, wanted, kind="submission", of=form),
        )
        for (form, tally), bar in zip(shown, bars, strict=True)
    ]


def _bars(tallies: Sequence[Tally], everything: Tally) -> list[Bar]:
    return charts.bars([each.rate for each in tallies], everything.rate, [each.is_few for each in tallies])


def _flag_links(tally: Tally, wanted: Filter, **about: str) -> list[tuple[str, int, str]]:
    """(name, how many, address) of the flags of a line, in the order of the rules."""
    return [
        (str(quality_words.RULES[code][1]), tally.flags[code], _inbox(wanted, flag=code, **about))
        for code in RULES
        if tally.flags.get(code)
    ]


def _inbox(wanted: Filter, **narrowed: str) -> str:
    return url_for("pages.inbox", **inbox.query(replace(wanted, **narrowed)))  # type: ignore[arg-type]


def _found(session: Any, form: str, record: str, permission: str, who: Any) -> Found | None:
    found = reading.find(session, who, record, "submission", form, permission)
    return found[0] if found else None


def _flags_page(form: str, record: str, errors: dict[str, str]) -> Response:
    who, chosen = reader(), language.chosen()
    with context().database.read() as session:
        found = _found(session, form, record, READ_HISTORY, who)
        if found is None:
            raise Refused(Problem("not_found"))
        marks = quality_told.told(session, who, found.row, chosen)
    return shell.page(
        "flags.html",
        422 if errors else 200,
        form=form,
        record=record,
        marks=[{**mark, "icon": quality_words.RULES[mark["code"]][0], "name": quality_words.RULES[mark["code"]][1],
                "id": f"{mark['code']}-{mark['other']}"} for mark in marks],
        may_change=who.may(ACT_ON_RECORDS),
        errors=errors,
        limit=quality_told.WHY_LENGTH_MAX,
    )  # fmt: skip
