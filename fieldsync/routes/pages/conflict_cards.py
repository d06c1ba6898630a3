"""What disagrees in a record, as cards on its page: both values side by side, and what can be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.form_texts import Choices, FormText
from fieldsync.core.forms import Question
from fieldsync.core.problems import render
from fieldsync.core.review_moves import keeps_from_writing
from fieldsync.core.shown_values import CHOICES, DATE, NUMBER, TEXT, TIME, ShownValue
from fieldsync.routes.pages import answer_fields, heads, labels, language, speakers
from fieldsync.routes.pages.answer_fields import Field
from fieldsync.routes.pages.labels import Spoken
from fieldsync.services import conflicts, reading
from fieldsync.services.answers_told import Words
from fieldsync.services.conflicts import Conflict, DeleteConflict, Saying, Side
from fieldsync.services.desk import Found
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state

NAMED_CHARACTERS_MAX = 24
"""A value that a button names; a longer one is "this one"."""

OTHER = "other"
"""Among the choices: a value of one's own."""


@dataclass(frozen=True)
class SideCard:
    """A value: how the form names it, what it says, what its author had seen, who she is, when."""

    choice: str
    value: ShownValue | None
    is_named: bool
    before: ShownValue | None
    knew: bool
    by: tuple[str, str]
    said_ms: int
    received_ms: int | None
    breaks: tuple[str, ...]


@dataclass(frozen=True)
class ConflictCard:
    """One path. `where`: the rows of repeats around it; `field`: for a value of one's own, None where none is typed."""

    path: str
    label: FormText | Spoken
    where: tuple[tuple[FormText, int], ...]
    sides: tuple[SideCard, ...]
    protective: bool
    masked: bool
    calculated: ShownValue | None
    field: Field | None
    error: str


@dataclass(frozen=True)
class DeleteCard:
    """A delete in doubt, of the record (`path` is "") or of a row."""

    path: str
    where: tuple[tuple[FormText, int], ...]
    deletes: tuple[tuple[tuple[str, str], int], ...]
    writes: tuple[tuple[tuple[str, str], int], ...]
    error: str


@dataclass(frozen=True)
class Cards:
    """All of a record. `seen`: its heads, as the forms carry them; `withheld`: how many are not the reader's to see.

    `takes_reason`: whoever settles is asked why; `reason` is what she wrote where her form was refused.
    """

    seen: str
    conflicts: tuple[ConflictCard, ...]
    deletes: tuple[DeleteCard, ...]
    withheld: int
    may_act: bool
    takes_reason: bool
    reason: str


@dataclass(frozen=True)
class Speech:
    """How the answers of a record are put into words: labels and values, the question and the choices of a path."""

    words: Words
    question: Mapping[str, Question]
    choices: Mapping[str, Choices | None]


def speech_of(session: Any, who: Reader, found: Found, words: Words, spoken: str) -> Speech:
    """The words of a submission: those of the form version that it answers."""
    state = decode_state(bytes(found.row.state))
    form = published(session, who.association_id, found.of, state.version) if state else None
    if form is None:
        return Speech(words, {}, {})
    choices = Choices(form.compiled.lists, spoken, form.form.default_language)
    questions = {question.path: question for question in form.form.questions}
    return Speech(words, questions, dict.fromkeys(questions, choices))


def of(
    session: Any,
    who: Reader,
    found: Found,
    speech: Speech,
    revealed: bool = False,
    errors: Mapping[str, str] | None = None,
    reason: str = "",
) -> Cards | None:
    """The cards of a record, or None where nothing disagrees that the reader may know of."""
    told = conflicts.of_record(session, who, found, revealed)
    if not told or not reading.may_read(who, found, found.row, READ_HISTORY):
        return None
    return Cards(
        heads.as_text(told.heads),
        tuple(_conflict(number, each, speech, errors or {}) for number, each in enumerate(told.conflicts)),
        tuple(_delete(each, speech, errors or {}) for each in told.deletes),
        told.withheld,
        reading.may_read(who, found, found.row, ACT_ON_RECORDS),
        keeps_from_writing(found.row.review, "") is not None,
        reason,
    )


def _conflict(number: int, found: Conflict, speech: Speech, errors: Mapping[str, str]) -> ConflictCard:
    plain, words = unindexed(found.path), speech.words
    question = speech.question.get(plain)
    offers = not found.masked and answer_fields.is_offered(question, found.sides[0].value)
    label = words.label(found.path)
    shown = found.sides[0].value
    made = answer_fields.field(f"other-{number}", label, question, shown, speech.choices.get(plain)) if offers else None
    return ConflictCard(
        found.path,
        labels.entity_property(found.path, label),
        _where(found.rows, words),
        tuple(_side(found, each, words) for each in found.sides),
        found.protective,
        found.masked,
        None if found.calculated is None else words.show(found.path, found.calculated),
        made,
        errors.get(found.path, ""),
    )


def _side(found: Conflict, side: Side, words: Words) -> SideCard:
    value = None if found.masked else labels.property_value(found.path, words.show(found.path, side.value))
    before = labels.property_value(found.path, words.show(found.path, side.before)) if side.knew else None
    return SideCard(
        heads.name_of(side.saying.id),
        value,
        value is not None and _is_short(value),
        before,
        side.knew,
        speakers.speaker(side.saying.by),
        side.saying.said_ms,
        side.saying.received_ms,
        tuple(render(each, language.chosen()) for each in side.breaks),
    )


def _is_short(value: ShownValue) -> bool:
    if value.kind == CHOICES:
        return len(value.choices) == 1 and len(value.choices[0].text) <= NAMED_CHARACTERS_MAX
    return value.kind in (NUMBER, DATE, TIME, TEXT) and 0 < len(value.text) <= NAMED_CHARACTERS_MAX


def _delete(found: DeleteConflict, speech: Speech, errors: Mapping[str, str]) -> DeleteCard:
    deletes, writes = (tuple(map(_said, each)) for each in (found.deletes, found.writes))
    return DeleteCard(found.path, _where(found.rows, speech.words), deletes, writes, errors.get(found.path, ""))


def _said(saying: Saying) -> tuple[tuple[str, str], int]:
    return speakers.speaker(saying.by), saying.said_ms


def _where(rows: conflicts.Rows, words: Words) -> tuple[tuple[FormText, int], ...]:
    return tuple((words.label(repeat), number) for repeat, number in rows)
