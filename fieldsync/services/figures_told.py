"""Figures as they travel: the same ones as on the page, as JSON and as CSV."""

import csv
import io
from typing import Any

from fieldsync.core.export_cells import safe
from fieldsync.core.months import Period, around, months
from fieldsync.core.tallies import Division, Figure, Number, Tally
from fieldsync.services.figures import Board, Row

HIDDEN = "hidden"
TREND_MONTHS = 24

COLUMNS = (
    *("indicator", "association", "name", "period", "figure", "unit", "by", "value"),
    *("number", "to_review", "rejected"),
)


def told(board: Board, period: Period) -> dict[str, Any]:
    """Everything that somebody sees, in a period."""
    return {
        "period": period.code,
        "until": board.until,
        "threshold": board.threshold,
        "behind": board.behind,
        "published_ms": board.published_ms,
        "published_until": board.published_until or None,
        "indicators": [row_told(board, row, period) for row in board.rows],
        "quality": [
            {"association": slug, "figures": [_figure(each, period, 0) for each in tally.figures]}
            for slug, tally in board.quality.items()
        ],
    }


def row_told(board: Board, row: Row, period: Period) -> dict[str, Any]:
    """One indicator in a period."""
    indicator, target = row.indicator, row.indicator.target(board.day)
    funder = board.book.funder(board.day)
    return {
        "indicator": indicator.code,
        "funder_code": funder.codes.get(indicator.code) if funder else None,
        "association": indicator.association,
        "name": {"ar": indicator.ar, "fr": indicator.fr, "en": indicator.en},
        "definition": dict(indicator.definition),
        "unit": indicator.unit,
        "basis": indicator.basis,
        "suppression": indicator.suppression,
        "target": {"operator": target.operator, "target": target.target, "period": indicator.period}
        if target
        else None,
        "has_form": row.has_form,
        "published": row.tally is not None,
        "figures": [_figure(each, period, board.until) for each in row.tally.figures] if row.tally else [],
        "divisions": [_division(each, period) for each in row.tally.divisions] if row.tally else [],
    }


def _figure(figure: Figure, period: Period, until: int) -> dict[str, Any]:
    number = figure.numbers.get(period.code, 0 if figure.unit not in ("percent", "hours") else None)
    return {
        "figure": figure.code,
        "unit": figure.unit,
        "number": number,
        "hidden": is_hidden(figure, period.code),
        "to_review": figure.waiting.get(period.code, 0),
        "rejected": figure.rejected.get(period.code, 0),
        "months": [[month, number] for month, number in trend(figure, until)] if until else [],
    }


def is_hidden(figure: Figure, period: str) -> bool:
    """Whether a number is kept back, and not only missing."""
    return period in figure.numbers and figure.numbers[period] is None


def trend(figure: Figure, until: int) -> list[tuple[int, Number]]:
    """The last months, the oldest first; from the first in which anything was counted."""
    known = sorted(code for code in figure.numbers if len(code) == 7 and "Q" not in code)
    if not known:
        return []
    first = int(known[0].replace("-", ""))
    return [(month, figure.numbers.get(around(month)[3], 0)) for month in months(first, until)][-TREND_MONTHS:]


def _division(division: Division, period: Period) -> dict[str, Any]:
    return {
        "part": division.part,
        "dropped": list(division.dropped),
        "cells": [{**dict(values), "number": count} for values, count in division.at(period.code).items() if values],
    }


def csv_of(board: Board, period: Period) -> bytes:
    """A line for each figure and each cell; a hidden figure says so."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(
        [
            "indicator",
            "association",
            "name",
            "period",
            "figure",
            "unit",
            "by",
            "value",
            "number",
            "to_review",
            "rejected",
        ]
    )
    for row in board.rows:
        if row.tally is not None:
            _write(lines, board, row, row.tally, period)
    return text.getvalue().encode("utf-8-sig")


def _write(lines: Any, board: Board, row: Row, tally: Tally, period: Period) -> None:
    start = [row.indicator.code, row.indicator.association, row.indicator.fr, period.code]
    for figure in tally.figures:
        shown = _figure(figure, period, 0)
        number = HIDDEN if shown["hidden"] else shown["number"]
        lines.writerow([*start, figure.code, figure.unit, "", "", number, shown["to_review"], shown["rejected"]])
    for division in tally.divisions:
        for values, count in division.at(period.code).items():
            if values:
                by, value = (" × ".join(each[place] for each in values) for place in (0, 1))
                lines.writerow([*start, division.part, row.indicator.unit, by, safe(value), count, "", ""])
