"""Indicators against their targets, and how the phones are doing: what was counted, as far as the reader may see it."""

from typing import Any

from flask import Flask, Response, request

from fieldsync.core import access
from fieldsync.core.months import Period, month_of_ms, period_of
from fieldsync.core.problems import Problem
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import indicator_rows, indicator_words, labels, language, shell
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import figures, figures_told, sight, sync_health
from fieldsync.services.figures import Board, Row


@blueprint.get("/indicators")
@page_access(access.COUNT_RECORDS)
def dashboard() -> Response:
    """Every indicator that the reader may see, against its target; the phones, where she looks after them."""
    now_ms, period = context().now_ms(), asked_period()
    shown, health = _seen(now_ms, divide=frozenset())
    rows = indicator_rows.rows(shown, period)
    first = indicator_rows.first_table(_divided(shown, indicator_rows.most_divided(shown, period)), period)
    return shell.page(
        "indicators.html", rows=rows, board=shown, period=period, periods=indicator_words.periods(shown),
        health=health, crossed=first, tiles=indicator_rows.tiles(shown, health, period), now_ms=now_ms,
        chart=indicator_rows.days_chart(health),
    )  # fmt: skip


@blueprint.get("/indicators/<indicator>")
@page_access(access.COUNT_RECORDS)
def indicator(indicator: str) -> Response:
    """One indicator: its definition, month by month, and divided by commune, age, sex, disability."""
    now_ms, period = context().now_ms(), asked_period()
    shown, _ = _seen(now_ms, phones=False, wanted=indicator, divide=frozenset((indicator,)))
    row = next(each for each in shown.rows if each.indicator.code == indicator)
    return shell.page(
        "indicator.html", row=indicator_rows.row(shown, row, period), tables=indicator_rows.tables(row, period),
        trend=indicator_rows.trend(shown, row), period=period, periods=indicator_words.periods(shown), board=shown,
        indicator=row.indicator, now_ms=now_ms, **indicator_words.about(shown, row.indicator),
        period_name=indicator_words.period(period),
    )  # fmt: skip


@blueprint.get("/indicators.csv")
@page_access(access.COUNT_RECORDS)
def figures_csv() -> Response:
    """The same figures for a spreadsheet."""
    shown, _ = _seen(context().now_ms(), phones=False)
    content = figures_told.csv_of(shown, asked_period())
    response = shell.dressed(Response(content, mimetype="text/csv"))
    response.headers["Content-Disposition"] = "attachment; filename=indicators.csv"
    return response


def register_filters(app: Flask) -> None:
    """What the templates of this section call."""
    app.jinja_env.filters.update(
        day_of=language.day_of, place_name=labels.place, phone_fault=lambda code: str(indicator_words.FAULTS[code])
    )


def asked_period() -> Period:
    """The fixed period that the address asks for; since the beginning where it names none that there is."""
    until = month_of_ms(context().now_ms(), PROGRAMME_ZONE)
    found = period_of(request.args.get("period", "")[:10], until)
    return found or Period("all", 0, until)


def _divided(shown: Board, code: str) -> Row | None:
    """One of the indicators that the reader sees, with its divisions."""
    with context().database.read() as session:
        return figures.divided(session, sight.sight_of(session, reader()), shown, code)


def _seen(
    now_ms: int, phones: bool = True, wanted: str = "", divide: frozenset[str] | None = None
) -> tuple[Board, Any]:
    """What the reader sees; what was just approved or merged is counted first.

    `wanted`: an indicator, or nothing; `divide`: the indicators whose divisions are wanted, or all.
    """
    who, database = reader(), context().database
    with database.read() as session:
        seen = sight.sight_of(session, who)
        if wanted and not figures.is_shown(session, seen, wanted):
            raise Refused(Problem("not_found"))
    figures.catch_up(database, seen)
    with database.read() as session:
        shown = figures.board(session, seen, now_ms, lambda code: divide is None or code in divide)
        owners = tuple(each for each in seen.associations if seen.everywhere or each.id == who.association_id)
        health = sync_health.health(session, owners, now_ms) if phones and who.may(access.SEE_DEVICES) else None
    return shown, health
