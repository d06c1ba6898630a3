"""What the pages of indicators show: rows, bars, tables and charts, made from figures that are decided already."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from fieldsync.core.indicators import ATTENDANCE, S2, Target, reached
from fieldsync.core.months import Period
from fieldsync.core.suppression import OTHERS
from fieldsync.core.tallies import Division, Figure, Number, Tally
from fieldsync.core.telling import LATER
from fieldsync.routes.pages import indicator_words, language
from fieldsync.routes.pages.indicator_words import FIGURES
from fieldsync.routes.pages.speech import Words, _, _l
from fieldsync.routes.pages.words import AGE_GROUPS
from fieldsync.services.figures import Board, Row
from fieldsync.services.figures_told import is_hidden
from fieldsync.services.figures_told import trend as trend_of
from fieldsync.services.sync_health import Health

TARGET_AT = 94.3
"""Where the target's mark stands on its track, in percent; what is beyond has the rest."""

ACTUAL: dict[str, Words] = {"percent": "%", "mad": "MAD", "hours": _l("h")}
"""Units as they stand after a figure."""


@dataclass
class Shown:
    """A line of the table. `bar`, `more`, `mark`: percent of the track; `text` is empty where the figure is hidden."""

    code: str
    org: str
    org_name: str
    name: str
    text: str = ""
    hidden: bool = False
    missing: str = ""
    bar: float = 0.0
    more: float = 0.0
    mark: float | None = None
    target: str = ""
    is_reached: bool = False
    waiting: str = ""
    rejected: str = ""
    beside: list[str] = field(default_factory=list)
    basis: bool = False
    same: bool = False


def rows(board: Board, period: Period) -> list[Shown]:
    """Every indicator, association by association."""
    found = [row(board, each, period) for each in board.rows]
    for before, after in pairwise(found):
        after.same = after.org == before.org
    return found


def row(board: Board, each: Row, period: Period) -> Shown:
    """One indicator."""
    indicator = each.indicator
    name = str(getattr(indicator, language.chosen()))
    shown = Shown(indicator.code, indicator_words.association(indicator.association),
                  indicator_words.association_name(indicator.association), name)  # fmt: skip
    shown.basis = indicator.basis == ATTENDANCE
    target = indicator.target(board.day) if period.kind == "all" else None
    shown.target = _target(target, indicator.unit) if target else ""
    if each.tally is None or not each.has_form:
        shown.missing = _("not published yet") if each.has_form else _("no form published yet")
        return shown
    main, *others = each.tally.figures
    shown.hidden = is_hidden(main, period.code)
    shown.text = "" if shown.hidden else told(_number(main, period), main.unit)
    shown.beside = [said for other in others if (said := _beside(other, period))]
    shown.waiting = _more(main.waiting.get(period.code, 0), main.unit)
    shown.rejected = _more(main.rejected.get(period.code, 0), main.unit)
    if target is not None and not shown.hidden:
        _hold_against(shown, target, each.tally, period)
    return shown


def _hold_against(shown: Shown, target: Target, tally: Tally, period: Period) -> None:
    number = float(_number(tally.figures[0], period) or 0)
    if target.operator == "each <=":
        over = next((each for each in tally.figures if each.code == "over"), None)
        shown.is_reached = bool(number) and over is not None and not _number(over, period)
        return
    forming = next((each for each in tally.figures if each.code == "in_formation"), None)
    shown.is_reached = reached(int(number), target)
    scale = max(number, float(target.target)) or 1.0
    shown.bar = round(number / scale * TARGET_AT, 1)
    shown.mark = round(target.target / scale * TARGET_AT, 1)
    if forming is not None:
        shown.more = round(min(float(_number(forming, period) or 0) / scale * TARGET_AT, 100 - shown.bar), 1)


def told(number: Number, unit: str) -> str:
    """A figure with its unit: centimes are told as dirhams."""
    if number is None:
        return "–"
    figure = language.number(number / 100 if unit == "mad" else number)
    return f"{figure} {ACTUAL[unit]}" if unit in ACTUAL else figure


def _number(figure: Figure, period: Period) -> Number:
    return figure.numbers.get(period.code, None if figure.unit in ("percent", "hours") else 0)


def _more(count: int, unit: str) -> str:
    return f"+ {told(count, unit)}" if count else ""


def _target(target: Target, unit: str) -> str:
    amount = target.target * 100 if target.operator == "each <=" else target.target
    text = told(amount, "mad" if target.operator == "each <=" else unit)
    return f"{indicator_words.operator(target)} {text}"


def _beside(figure: Figure, period: Period) -> str:
    if is_hidden(figure, period.code):
        return ""
    number = _number(figure, period)
    if not number:
        return ""
    return f"{told(number, figure.unit)} {FIGURES[figure.code]}"


@dataclass
class Table:
    """A division of a figure; the last column is the total where there are columns.

    `in_lots`: small parts were told together, or are told later.
    """

    title: str
    corner: str
    columns: list[str]
    lines: list[tuple[str, list[str]]]
    foot: list[str] = field(default_factory=list)
    org: str = ""
    dropped: bool = False
    undivided: bool = False
    in_lots: bool = False


Cells = dict[tuple[tuple[str, str], ...], int]


def tables(each: Row, period: Period) -> list[Table]:
    """An indicator by each of its dimensions."""
    found: list[Table] = []
    for division in each.tally.divisions if each.tally else []:
        found += _tables(division, division.at(period.code), period)
    return found


def _tables(division: Division, cells: Cells, period: Period) -> list[Table]:
    if not any(cells) and division.values:
        return [Table(_("Divided"), "", [], [], undivided=True)]
    found = [_crossed(division, cells)] if _is_crossed(division, period) else []
    for name in division.dimensions:
        if name in division.dropped:
            found.append(Table(str(indicator_words.DIMENSIONS[name]), "", [], [], dropped=True))
        elif found and name in ("commune", "band") and _is_crossed(division, period):
            continue
        elif division.values.get(name):
            found.append(_plain(division, name, cells))
    return found


def _is_crossed(division: Division, period: Period) -> bool:
    both = division.values.get("commune") and division.values.get("band")
    return bool(both) and any(len(values) > 1 for values in division.at(period.code))


def _plain(division: Division, name: str, cells: Cells) -> Table:
    lines = [
        (indicator_words.value(name, code), [_cell(cells.get(((name, code),), 0))])
        for code in _ordered(name, division.values[name])
    ]
    title = str(indicator_words.DIMENSIONS[name])
    in_lots = not {OTHERS, LATER}.isdisjoint(division.values[name])
    return Table(title, title, [_("Number")], lines, [_cell(cells.get((), 0))], in_lots=in_lots)


def _crossed(division: Division, cells: Cells) -> Table:
    bands = _ordered("band", division.values["band"])
    lines = []
    for commune in _ordered("commune", division.values["commune"]):
        own = [_cell(cells.get((("band", band), ("commune", commune)), 0)) for band in bands]
        lines.append((indicator_words.value("commune", commune), [*own, _cell(cells.get((("commune", commune),), 0))]))
    foot = [*(_cell(cells.get((("band", band),), 0)) for band in bands), _cell(cells.get((), 0))]
    columns = [*(indicator_words.value("band", band) for band in bands), _("Total")]
    return Table(_("By commune and age"), _("Commune"), columns, lines, foot)


def _ordered(name: str, codes: tuple[str, ...]) -> list[str]:
    known = list(AGE_GROUPS) if name == "band" else list(indicator_words.VALUES)
    last = ("", OTHERS, LATER)
    return sorted(
        codes,
        key=lambda code: (last.index(code) if code in last else -1, known.index(code) if code in known else -1, code),
    )


def _cell(count: int) -> str:
    return language.number(count)


def most_divided(board: Board, period: Period) -> str:
    """The indicator with most persons among those that are divided by commune and age, for the page of all."""
    wanted = [
        each
        for each in board.rows
        if each.tally and {"commune", "band"} <= set(each.indicator.disaggregated) and period.kind in ("all", "year")
    ]
    found = max(wanted, key=lambda each: _shown_most(each, period), default=None)
    return found.indicator.code if found is not None and _shown_most(found, period) else ""


def _shown_most(each: Row, period: Period) -> float:
    return float(_number(each.tally.figures[0], period) or 0) if each.tally else 0.0


def first_table(each: Row | None, period: Period) -> Table | None:
    """An indicator's first table: by commune and age, or by commune where its parts were told in lots."""
    table = next((each for each in tables(each, period) if each.lines), None) if each else None
    if each is not None and table is not None:
        table.title = str(getattr(each.indicator, language.chosen()))
        table.org = indicator_words.association(each.indicator.association)
    return table


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: where it begins and how tall it is, in percent; `hidden` bars are hatched and say nothing."""

    x: float
    height: float
    text: str
    hidden: bool = False


@dataclass(frozen=True)
class Chart:
    """Bars month by month, with the words beneath: the first and the last month."""

    bars: list[Bar]
    width: float
    first: str
    last: str
    words: list[tuple[str, str, bool]]


def trend(board: Board, each: Row) -> Chart | None:
    """The main figure month by month; a share or nothing at all has no chart."""
    if each.tally is None or each.tally.figures[0].unit == "percent":
        return None
    main = each.tally.figures[0]
    numbers = trend_of(main, board.published_until if each.tally.rule == S2 else board.until)
    if len(numbers) < 2:
        return None
    most = max((number or 0 for _month, number in numbers), default=0) or 1
    step = 100 / len(numbers)
    bars = [
        Bar(round(place * step, 2), 100.0 if number is None else round((number or 0) / most * 100, 1),
            "" if number is None else told(number, main.unit), number is None)
        for place, (_month, number) in enumerate(numbers)
    ]  # fmt: skip
    words = [
        (indicator_words.month(month), "" if number is None else told(number, main.unit), number is None)
        for month, number in numbers
    ]
    return Chart(bars, round(step * 0.72, 2), indicator_words.month(numbers[0][0], True),
                 indicator_words.month(numbers[-1][0], True), words)  # fmt: skip


def days_chart(health: Health | None) -> list[dict[str, Any]]:
    """A column a day: silent on top, late, up to date beneath; x, y and height in percent."""
    columns: list[dict[str, Any]] = []
    for place, (up_to_date, late, silent) in enumerate(health.days if health else []):
        whole = up_to_date + late + silent
        if whole:
            quiet, slow = round(silent / whole * 100, 1), round(late / whole * 100, 1)
            x = round(place * 100 / len(health.days), 2) if health else 0.0
            columns.append({"x": x, "silent": quiet, "late": slow, "up_to_date": round(100 - quiet - slow, 1)})
    return columns


@dataclass(frozen=True)
class Tile:
    """A figure at the top of the page, with what it means."""

    tone: str
    icon: str
    label: str
    text: str
    beside: str = ""


def tiles(board: Board, health: Health | None, period: Period) -> list[Tile]:
    """What is to be known at a glance."""
    found: list[Tile] = []
    if health is not None:
        fresh = _("%(some)s of %(all)s", some=health.states["up_to_date"], all=health.phones)
        found.append(Tile("ok", "checks", _("Phones up to date, 24 h"), fresh))
        found.append(Tile("warn", "phone", _("Silent for 7 days"), language.number(health.states["silent"])))
    known = {each.code: each for each in board.quality[""].figures} if board.quality else {}
    if known:
        ninth = _number(known["lag_ninth_tenth"], period)
        beside = _("9 of 10 within %(time)s", time=told(ninth, "hours")) if ninth is not None else ""
        arrives = told(_number(known["lag_median"], period), "hours")
        found.append(Tile("still", "clock", _("Time to arrive, median"), arrives, beside))
        share = _number(known["reviewed_in_time"], period)
        beside = _("%(share)s reviewed within 7 days", share=told(share, "percent")) if share is not None else ""
        found.append(Tile("still", "inbox", _("To review"), told(_number(known["to_review"], period), ""), beside))
    return found
