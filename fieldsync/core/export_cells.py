"""Cells of an export: answers as text and numbers that no spreadsheet takes for a formula (docs/desk.md, "Exports")."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from fieldsync.core.answer_paths import UUID
from fieldsync.core.answer_text import UnknownValueError, text_of
from fieldsync.core.operations import Value

Cell: TypeAlias = str | int | float | None
"""What stands in a cell; None is an empty one."""

Reader: TypeAlias = Callable[[Value], Cell]
"""An answer, not None, to its cell."""

Alias: TypeAlias = Callable[[str], str]
"""A UUID's text to what stands for it in one export."""

ROUNDED_DEGREES = 1
"""Decimals of a rounded point: a tenth of a degree is some ten kilometres, the width of a mountain commune."""

_NOTHING = "[\ufeff\\x00-\\x1f\\x7f\\s]*"
_SIGNS = "=+\\-@|%\uff1d\uff0b\uff0d\uff20"
_BEGINS = re.compile(f"{_NOTHING}[{_SIGNS}]")
_INSIDE = re.compile(f'([,;\\t\\r\\n][\ufeff\\x00-\\x1f\\x7f\\s"]*)([{_SIGNS}])')
_DANGER = re.compile(f'(?:^|[,;\\t\\r\\n])[\ufeff\\x00-\\x1f\\x7f\\s"]*[{_SIGNS}]').search
_UUID = re.compile(UUID)
_UUID_LENGTH = 36

is_number = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII).fullmatch
"""Whether a text is a plain number: it needs no guard, and stays a number."""


def safe(text: str) -> str:
    """A text that no spreadsheet runs: a formula's sign at its beginning, or after a separator, gets an apostrophe.

    Excel of another country splits a file at another separator; what stands after one begins a cell there.
    """
    if not _DANGER(text):
        return text
    guarded = _INSIDE.sub(r"\1'\2", text)
    return f"'{guarded}" if _BEGINS.match(guarded) else guarded


def without_ids(text: str, alias: Alias) -> str:
    """A text in which aliases stand for the UUIDs of records."""
    if len(text) < _UUID_LENGTH or "-" not in text:
        return text
    return _UUID.sub(lambda found: alias(found[0].lower()), text)


def of_text(alias: Alias) -> Reader:
    """Text as it was said, guarded."""

    def read(value: Value) -> Cell:
        text: str = value if value.__class__ is str else _plain(value)
        if text.isalnum():
            return text  # the most of them, and cheap to know
        if len(text) >= _UUID_LENGTH:
            text = without_ids(text, alias)
        return safe(text) if _DANGER(text) else text

    return read


def of_number(alias: Alias) -> Reader:
    """A number as it was said: an integer, or a decimal's text. Whatever else stands there is text."""

    def read(value: Value) -> Cell:
        if value.__class__ is int:
            return int(value)
        text = _plain(value)
        return text if is_number(text) else safe(without_ids(text, alias))

    return read


def of_choice(labels: Mapping[str, str], alias: Alias) -> Reader:
    """A choice by its label, or by its name where it has none."""
    known = {name: safe(label) for name, label in labels.items()}
    other = of_text(alias)

    def read(value: Value) -> Cell:
        found = known.get(value) if value.__class__ is str else None
        return other(value) if found is None else found

    return read


def of_choices(labels: Mapping[str, str], alias: Alias) -> Reader:
    """Several choices in one cell: names with spaces between, labels with semicolons."""
    between = "; " if labels else " "

    def read(value: Value) -> Cell:
        chosen = _chosen(value)
        if chosen is None:
            return safe(without_ids(_plain(value), alias))
        return safe(without_ids(between.join([labels.get(name, name) for name in chosen]), alias))

    return read


def is_chosen(name: str) -> Reader:
    """1 or 0: whether a choice is among those that were taken."""

    def read(value: Value) -> Cell:
        chosen = _chosen(value)
        return None if chosen is None else int(name in chosen)

    return read


def of_point(member: str, rounded: bool) -> Reader:
    """One member of a point (`lat`, `lon`, `alt`, `accuracy`) as a number; rounded, latitude and longitude only."""

    def read(value: Value) -> Cell:
        text = value.get(member) if isinstance(value, dict) else None
        if not isinstance(text, str) or not is_number(text):
            return None
        return round(float(text), ROUNDED_DEGREES) if rounded else text

    return read


def _chosen(value: Value) -> Sequence[str] | None:
    chosen = value.get("set") if isinstance(value, dict) else value
    return [str(name) for name in chosen] if isinstance(chosen, list | tuple) else None


def _plain(value: Value) -> str:
    if value.__class__ is str:
        return str(value)
    try:
        return text_of(value)
    except UnknownValueError:
        return ""
