"""Findings of a form as pages show them: where, what, and the repair; and the rows of the sheets around them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fieldsync.core.finding_texts import message, repair
from fieldsync.core.forms import Finding
from fieldsync.core.itext import language_code
from fieldsync.routes.pages import language
from fieldsync.services.form_uploads import Excerpt

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "ug", "yi"})

CODE = re.compile(r"\$?\{?'?[A-Za-z](?:[A-Za-z0-9_:./#-]*[A-Za-z0-9_])?'?\}?|\$\{")
"""A name, a path or a reference within a sentence."""

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
        _isolated(said.text, page),
        "" if said.language == page else said.language,
        _isolated(advice.text, page),
        "" if advice.language == page else advice.language,
    )


def _isolated(text: str, page: str) -> str:
    """Names and codes within a text from right to left keep their own direction, brackets and all."""
    return CODE.sub("\u2066\\g<0>\u2069", text) if language.DIRECTIONS[page] == "rtl" else text


def grids(excerpts: Sequence[Excerpt], findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The rows around the findings, each sheet as a table; cells that a finding names are tinted."""
    return [_grid(excerpt, _tones(excerpt, findings)) for excerpt in excerpts]


def _tones(excerpt: Excerpt, findings: Sequence[Finding]) -> dict[tuple[int, str], str]:
    """(row, column) → bad or warn; errors win."""
    found: dict[tuple[int, str], str] = {}
    for each in sorted(findings, key=lambda each: each.severity, reverse=True):
        if each.sheet == excerpt.sheet and each.row:
            for column in _columns(excerpt, each.row, each.column or ""):
                found[each.row, column] = "bad" if each.severity == "error" else "warn"
    return found


def _columns(excerpt: Excerpt, row: int, column: str) -> list[str]:
    """The columns that a finding means: of a text in several languages, those where it is missing."""
    cells = dict(excerpt.rows).get(row, [])
    empty = [
        header
        for place, header in enumerate(excerpt.header)
        if header.startswith(f"{column}::") and not (place < len(cells) and cells[place])
    ]
    return empty if empty and column not in excerpt.header else [column]


def _grid(excerpt: Excerpt, tones: dict[tuple[int, str], str]) -> dict[str, Any]:
    named = {column for _row, column in tones}
    used = [place for place, header in enumerate(excerpt.header)
            if header in named or any(len(cells) > place and cells[place] for _row, cells in excerpt.rows)]  # fmt: skip

    def rank(place: int) -> tuple[bool, bool, int]:
        header = excerpt.header[place]
        return header not in FIRST_COLUMNS, header not in named, place

    kept = sorted(used, key=rank)[:COLUMNS_SHOWN]
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
