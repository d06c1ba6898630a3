"""The filter of the desk's list as the API takes it (core.inbox): the words of its address, each checked."""

from marshmallow import fields, validate

from fieldsync.core.answer_paths import UUID
from fieldsync.core.inbox import GONE, KINDS, OPEN, SORTS, STATES, WITH_GONE
from fieldsync.routes.schemas import CURSOR_LENGTH_MAX, PageQuerySchema, RecordSchema, page_of

CODE = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"

KEYS_LENGTH_MAX = 400
"""Of a cursor that holds what its list is sorted by."""


def _text(pattern: str, meaning: str) -> fields.String:
    return fields.String(validate=validate.Regexp(f"^(?:{pattern})$"), metadata={"description": meaning})


def _one_of(words: tuple[str, ...], meaning: str) -> fields.String:
    return fields.String(validate=validate.OneOf(words), metadata={"description": meaning})


def _day(meaning: str) -> fields.Date:
    return fields.Date(metadata={"description": meaning})


def _mark(meaning: str) -> fields.Boolean:
    return fields.Boolean(load_default=False, metadata={"description": meaning})


class FilterQuerySchema(PageQuerySchema):
    """Which records, by the words that an address of the inbox has; what is not given asks for nothing."""

    cursor = fields.String(validate=validate.Length(1, KEYS_LENGTH_MAX + CURSOR_LENGTH_MAX))
    of = _text(rf"({'|'.join(KINDS)})(\.{CODE})?", "`submission`, `entity`, or one form or list: `submission.visit`.")
    place = _text(CODE, "A place's code, with all below it.")
    companion = _text(UUID.replace("A-F", ""), "UUID of the person who carries the phone.")
    device = _text(r"[A-Za-z0-9_-]{1,64}", "A phone's author.")
    state = _one_of((OPEN, *STATES[1:]), "A review state; `open` is all that nobody has decided yet.")
    since = _day("First day of arrival.")
    until = _day("Last day of arrival.")
    flag = _text(CODE, "Code of a flag that stands.")
    conflict = _mark("Values are in conflict.")
    held = _mark("Something said about it waits for what is not here.")
    incomplete = _mark("A file is missing.")
    gone = _one_of((*GONE[1:], WITH_GONE), "Deleted, merged into another, or `with` both beside the rest.")
    sort = _text(rf"({'|'.join(SORTS)})(\.up)?", "Newest or last first; `.up` turns it round.")


class FilteredSchema(page_of(RecordSchema)):  # type: ignore[misc]
    """A page of records, and how many changes the list has not sorted in yet."""

    behind = fields.Integer(required=True)
