"""Indicators: the figures that the pages show, as JSON."""

from typing import Any

from flask import Response

from fieldsync.core.access import COUNT_RECORDS
from fieldsync.core.months import Period, month_of_ms, period_of
from fieldsync.core.problems import Problem
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.schemas_indicators import BoardSchema, IndicatorSchema, PeriodQuerySchema
from fieldsync.services import figures, figures_told, sight

blueprint = ApiBlueprint("indicators", __name__, url_prefix="/api/v1/indicators", description="Figures against targets")


@blueprint.get("")
@access("person", COUNT_RECORDS)
@blueprint.arguments(PeriodQuerySchema, location="query")
@blueprint.response(200, BoardSchema)
@refuses(400, 422)
def list_indicators(asked: dict[str, Any]) -> Response:
    """Every indicator that the reader may see, in a fixed period; approved records only. Each alone is divided."""
    period, now_ms, database = _period(asked), context().now_ms(), context().database
    with database.read() as session:
        seen = sight.sight_of(session, reader())
    figures.catch_up(database, seen)
    with database.read() as session:
        shown = figures.board(session, seen, now_ms, lambda _code: False)
    return json_response(figures_told.told(shown, period))


@blueprint.get("/<indicator>")
@access("person", COUNT_RECORDS)
@blueprint.arguments(PeriodQuerySchema, location="query")
@blueprint.response(200, IndicatorSchema)
@refuses(400, 404, 422)
def show_indicator(asked: dict[str, Any], indicator: str) -> Response:
    """One indicator, divided by commune, age, sex, disability as far as small figures allow."""
    period, now_ms, database = _period(asked), context().now_ms(), context().database
    with database.read() as session:
        seen = sight.sight_of(session, reader())
        if not figures.is_shown(session, seen, indicator):
            raise Refused(Problem("not_found"))
    figures.catch_up(database, seen)
    with database.read() as session:
        shown = figures.board(session, seen, now_ms, lambda code: code == indicator)
    row = next(each for each in shown.rows if each.indicator.code == indicator)
    return json_response(figures_told.row_told(shown, row, period))


def _period(asked: dict[str, Any]) -> Period:
    found = period_of(asked["period"], month_of_ms(context().now_ms(), PROGRAMME_ZONE))
    if found is None:
        raise Refused(Problem("period_unknown"))
    return found
