"""A submission as its page tells it: answers, history, comments, where it stands and where it may go."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.answer_paths import UUID
from fieldsync.core.form_texts import Choices
from fieldsync.core.forms import Form, Question
from fieldsync.core.problems import Problem
from fieldsync.core.review_moves import APPROVED, moves
from fieldsync.services import authorship, reading, reviewing, timeline
from fieldsync.services.answers_told import Answers, Teller, Words, words_of
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.published import Published, published
from fieldsync.services.readers import Reader
from fieldsync.services.timeline import Timeline
from fieldsync.store import authors
from fieldsync.store.quarantine import QuarantineRow

COMMENTS_MAX = 50
"""Comments shown; the newest. All of them stand in the history."""

IS_UUID = re.compile(UUID).fullmatch

NAMED_MAX = 50
"""Entities whose label one page looks up."""


@dataclass(frozen=True)
class Remark:
    """A comment, or a review with its note (`state`)."""

    who: Author
    said_ms: int
    text: str
    state: str
    is_own: bool


@dataclass(frozen=True)
class Asked:
    """How somebody wants to see a record: her language, from which operation back, with what is masked or without."""

    language: str
    before_id: int | None = None
    revealed: bool = False


@dataclass(frozen=True)
class RecordPage:
    """`record` is the wire's form as its reader sees it; `history` and `set_apart` are None, and empty, for others.

    `moves`: review state → whether a reason is due; empty for who may not act. `blocked`: why approving must wait.
    """

    found: Found
    record: Mapping[str, Any]
    form: Form | None
    answers: Answers
    words: Words
    author: Author
    general: Sequence[str]
    remarks: Sequence[Remark]
    history: Timeline | None
    set_apart: Sequence[QuarantineRow]
    moves: Mapping[str, str]
    blocked: Problem | None
    may_act: bool


def told(session: Session, reader: Reader, found: Found, asked: Asked) -> RecordPage:
    """Everything that the page of a submission shows to a reader."""
    [record] = reading.told(session, reader, [found], asked.language, asked.revealed)
    version = published(session, reader.association_id, found.of, record["version"]) if record["version"] else None
    form, choices = _form(session, reader, version, asked.language)
    words = words_of(form, choices, asked.language)
    teller = Teller(record, form, choices, asked.language)
    answers = teller.answers()
    reads_history = reading.may_read(reader, found, found.row, READ_HISTORY)
    acts = reading.may_read(reader, found, found.row, ACT_ON_RECORDS)
    history = timeline.page(session, reader, found, words, asked.before_id, asked.revealed) if reads_history else None
    blocked = reviewing.why_not(session, reader.association_id, found, APPROVED, "…") if acts else None
    return RecordPage(
        found=found,
        record=record,
        form=form,
        answers=answers,
        words=words,
        author=_first_author(session, reader, found),
        general=teller.problems.get("", ()),
        remarks=_remarks(session, reader, record),
        history=history,
        set_apart=reviewing.set_apart(session, reader.association_id, found) if reads_history else (),
        moves=moves(found.row.review) if acts else {},
        blocked=blocked,
        may_act=acts,
    )


def _form(
    session: Session, reader: Reader, version: Published | None, language: str
) -> tuple[Form | None, Choices | None]:
    if version is None:
        return None, None
    form = version.form
    entities = EntityLabels(session, reader, language)
    return form, Choices(version.compiled.lists, language, form.default_language, entities.label)


class EntityLabels:
    """What entities are called that answers point to, as far as the reader may know; some few of them."""

    def __init__(self, session: Session, reader: Reader, language: str) -> None:
        self._session = session
        self._reader = reader
        self._language = language
        self._known: dict[tuple[str, str], str] = {}

    def label(self, question: Question, name: str) -> str:
        """The label of the entity that a choice from a list names; "" where it is not hers to see, or not here."""
        entity_list = question.itemset.instance if question.itemset else ""
        key = (entity_list, name)
        if not entity_list or (key not in self._known and len(self._known) >= NAMED_MAX) or not IS_UUID(name):
            return ""
        if key not in self._known:
            self._known[key] = self._look_up(entity_list, name)
        return self._known[key]

    def _look_up(self, entity_list: str, uuid: str) -> str:
        found = reading.find(self._session, self._reader, uuid.lower(), "entity", entity_list)
        told = reading.told(self._session, self._reader, found, self._language)
        label = told[0]["fields"].get("label") if told else ""
        return label if isinstance(label, str) else ""


def _first_author(session: Session, reader: Reader, found: Found) -> Author:
    names = authors.names_of(session, {found.row.created_by})
    name = names.get(found.row.created_by, "")
    return authorship.named(session, reader.association_id, {name})[name]


def _remarks(session: Session, reader: Reader, record: Mapping[str, Any]) -> list[Remark]:
    """The newest comments, in the order in which they were said."""
    said = record["review"]["comments"][-COMMENTS_MAX:]
    names = authorship.named(session, reader.association_id, {each["id"][0] for each in said})
    own = f"-{reader.association_id}-p{reader.person.id}" if reader.person else "-"
    return [
        Remark(names[each["id"][0]], each["stamp"][0], each["text"], each["state"] or "", each["id"][0].endswith(own))
        for each in said
    ]


def misplaced(page: RecordPage) -> list[tuple[str, str, str]]:
    """(path, label, message) of everything that is wrong with an answer, for the summary above the answers."""
    return [
        (each["path"], page.words.label(each["path"]).text, each["message"])
        for each in page.record["problems"]
        if each["path"]
    ]
