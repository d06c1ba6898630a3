"""The programme's forms and data as the tests read them: converted once a process."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pyxform.xls2xform import convert

from fieldsync.core.counting import WAYS
from fieldsync.core.forms import Form
from fieldsync.core.indicators import IndicatorBook, read_book
from fieldsync.core.validation import CompiledForm, compile_form
from fieldsync.core.xform import read_form

FOLDER = Path(__file__).parents[2] / "forms"
FIELD_FORM_IDS = ("f4_participant", "f5_activity", "f6_idea", "f6_visit", "f6_job", "f7_profile", "f7_monthly")
"""What companions fill."""
FORM_IDS = (*FIELD_FORM_IDS, "f8_application", "f8_score", "f8_decision", "f8_tranche")


@cache
def workbook(form_id: str) -> dict[str, list[dict[str, str]]]:
    """A form's sheets as they stand in forms/."""
    sheets: dict[str, list[dict[str, str]]] = yaml.safe_load((FOLDER / f"{form_id}.yaml").read_text("utf-8"))
    return sheets


@cache
def converted(form_id: str) -> tuple[bytes, tuple[str, ...]]:
    """A form's XForm, and pyxform's warnings about it."""
    sheets: dict[str, Any] = dict(workbook(form_id))
    for name, rows in workbook(form_id).items():
        sheets[f"{name}_header"] = [{column: None for row in rows for column in row}]
    result = convert({"fallback_form_name": "data", "sheet_names": list(workbook(form_id)), **sheets})
    return result.xform.encode(), tuple(result.warnings)


@cache
def form(form_id: str) -> Form:
    """A form as the server understands it."""
    read = read_form(converted(form_id)[0])
    assert isinstance(read, Form), read
    return read


@cache
def compiled(form_id: str) -> CompiledForm:
    """A form ready to check answers, with its CSV attachments."""
    media = {path.name: path.read_bytes() for path in (FOLDER / "media").iterdir()}
    return compile_form(form(form_id), media)


@cache
def data() -> dict[str, list[dict[str, Any]]]:
    """forms/programme.yaml."""
    read: dict[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / "programme.yaml").read_text("utf-8"))
    return read


@cache
def indicator_book() -> IndicatorBook:
    """forms/indicators.yaml."""
    read = read_book(yaml.safe_load((FOLDER / "indicators.yaml").read_text("utf-8")), WAYS)
    assert isinstance(read, IndicatorBook), read
    return read


@cache
def places() -> tuple[dict[str, str], ...]:
    """The rows of places.csv."""
    with (FOLDER / "media" / "places.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(csv.DictReader(rows))
