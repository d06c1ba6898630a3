"""The heads of a record as a form carries them: what whoever decides has seen, so that nobody settles over another."""

from collections.abc import Iterable

from flask import request

from fieldsync.core.operations import OperationId
from fieldsync.core.wire_values import valid_id
from fieldsync.services.desk import SEEN_MAX

FIELD = "seen"
ID_CHARACTERS_MAX = 80


def as_text(heads: Iterable[OperationId]) -> str:
    """Operations in a hidden field."""
    return " ".join(map(name_of, heads))


def name_of(id: OperationId) -> str:
    """One operation in a field: its author, its number, and which of the derived ones it is."""
    return "/".join(map(str, id))


def given() -> list[OperationId]:
    """The operations that the form names as seen; what is no id is left out, and so refused later as not seen."""
    return [found for each in request.form.get(FIELD, "").split()[:SEEN_MAX] if (found := read(each)) is not None]


def given_if_any() -> list[OperationId] | None:
    """The same; None where the form carries no heads, as a script's may."""
    return given() if FIELD in request.form else None


def read(text: str) -> OperationId | None:
    """One operation from a field."""
    author, *numbers = text[:ID_CHARACTERS_MAX].split("/")
    if not 1 <= len(numbers) <= 2 or not all(each.isascii() and each.isdigit() and len(each) < 17 for each in numbers):
        return None
    found: OperationId | None = valid_id([author, *map(int, numbers)])
    return found
