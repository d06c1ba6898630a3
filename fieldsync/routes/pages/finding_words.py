"""Findings of a form as pages show them: where, what, and the repair; and the rows of the sheets around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fieldsync.core.finding_texts import message, repair
from fieldsync.core.forms import Finding
from fieldsync.core.itext import language_code
from fieldsync.routes.pages import language
from fieldsync.services.form_uploads import Excerpt

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "ug", "yi"})

COLUMNS_SHOWN = 8

FIRST_COLUMNS = ("type", "list_name", "name")
"""What a designer knows a row by."""


@dataclass(frozen=True)
class Found:
    """A finding as the page tells it; `lang` is empty where a text stands in the page's own language."""

    is_error: bool
    sheet: str
    row: int
    column: str
    path: str
    message: str
    lang: str
    repair: str
    repair_lang: str


@dataclass(frozen=True)
class Cell:
    """A cell of a sheet as the page shows it; `tone` is bad, warn or empty."""

    text: str
    tone: str
    lang: str
    dir: str


def findings_shown(findings: Sequence[Finding]) -> dict[str, Any]:
    """Findings with their numbers, errors first."""
    ordered = sorted(findings, key=lambda each: (each.severity, each.sheet or "", each.row or 0))
    return {
        "items": [_found(each) for each in ordered],
        "errors": sum(each.severity == "error" for each in findings),
        "warnings": sum(each.severity != "error" for each in findings),
    }


def _found(each: Finding) -> Found:
    page = language.chosen()
    said, advice = message(each, page), repair(each, page)
    return Found(
        each.severity == "error",
        each.sheet or "",
        each.row or 0,
        each.column or "",
        each.path or "",
        said.text,
        "" if said.language == page else said.language,
        advice.text,
        "" if advice.language == page else advice.language,
    )


def grids(excerpts: Sequence[Excerpt], findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The rows around the findings, each sheet as a table; cells that a finding names are tinted."""
    return [_grid(excerpt, _tones(excerpt.sheet, findings)) for excerpt in excerpts]


def _tones(sheet: str, findings: Sequence[Finding]) -> dict[tuple[int, str], str]:
    """(row, column) → bad or warn; errors win."""
    found: dict[tuple[int, str], str] = {}
    for each in sorted(findings, key=lambda each: each.severity, reverse=True):
        if each.sheet == sheet and each.row:
            found[each.row, each.column or ""] = "bad" if each.severity == "error" else "warn"
    return found


def _grid(excerpt: Excerpt, tones: dict[tuple[int, str], str]) -> dict[str, Any]:
    named = {column for _row, column in tones}
    used = [place for place, header in enumerate(excerpt.header)
            if header in named or any(len(cells) > place and cells[place] for _row, cells in excerpt.rows)]  # fmt: skip

    def rank(place: int) -> tuple[bool, bool, int]:
        header = excerpt.header[place]
        return header not in FIRST_COLUMNS, header not in named, place

    kept = sorted(sorted(used, key=rank)[:COLUMNS_SHOWN])
    columns = [excerpt.header[place] for place in kept]
    absent = [column for column in sorted(named) if column and column not in excerpt.header]
    rows = [
        {
            "number": number,
            "tone": tones.get((number, ""), ""),
            "cells": [_cell(number, excerpt.header[place], cells[place] if place < len(cells) else "", tones)
                      for place in kept] + [_cell(number, column, "", tones) for column in absent],
        }
        for number, cells in excerpt.rows
    ]  # fmt: skip
    return {"sheet": excerpt.sheet, "columns": [*columns, *absent], "rows": rows}


def _cell(row: int, column: str, text: str, tones: dict[tuple[int, str], str]) -> Cell:
    lang = language_code(column) if "::" in column and not column.startswith("bind::") else ""
    direction = "rtl" if lang in RIGHT_TO_LEFT else "ltr"
    return Cell(text, tones.get((row, column), ""), lang, direction)
