"""A submission as its page tells it: answers, history, comments, where it stands and where it may go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core import odk_encryption
from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.expressions import environment_of
from fieldsync.core.form_filling import filling_of
from fieldsync.core.form_texts import Choices
from fieldsync.core.forms import Form, Question
from fieldsync.core.problems import Problem, render
from fieldsync.core.review_moves import APPROVED, moves
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import authorship, reading, reviewing, timeline
from fieldsync.services.answers_told import Answers, Teller, Words, words_of
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.entity_labels import EntityLabels
from fieldsync.services.openrosa_joining import CAME_APART
from fieldsync.services.published import Published, published
from fieldsync.services.readers import Reader
from fieldsync.services.reports import POSSIBLE_DUPLICATE, SAME_CONTENT_AGAIN
from fieldsync.services.timeline import Timeline
from fieldsync.services.working import decode_state
from fieldsync.store import authors, flags
from fieldsync.store.quarantine import QuarantineRow

REPEATS = (POSSIBLE_DUPLICATE, SAME_CONTENT_AGAIN, CAME_APART)
"""Flags that name the report that came first."""

COMMENTS_MAX = 50
"""Comments shown; the newest. All of them stand in the history."""


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
class Whole:
    """What is wrong with a record as a whole. `other`: the report that it may repeat, where that is hers to read."""

    text: str
    other: Found | None = None


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
    general: Sequence[Whole]
    remarks: Sequence[Remark]
    history: Timeline | None
    set_apart: Sequence[QuarantineRow]
    moves: Mapping[str, str]
    blocked: Problem | None
    may_act: bool

    @property
    def is_sealed(self) -> bool:
        """Whether the phone encrypted it, so that nobody here can read its answers."""
        return odk_encryption.PATH in self.record["fields"]


def told(session: Session, reader: Reader, found: Found, asked: Asked) -> RecordPage:
    """Everything that the page of a submission shows to a reader."""
    [record] = reading.told(session, reader, [found], asked.language, asked.revealed)
    version = published(session, reader.association_id, found.of, record["version"]) if record["version"] else None
    form, choices = _form(session, reader, version, asked.language)
    words = words_of(form, choices, asked.language)
    teller = Teller(record, form, choices, asked.language, _applies(version, found))
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
        general=_general(session, reader, found, record, asked.language),
        remarks=_remarks(session, reader, record),
        history=history,
        set_apart=reviewing.set_apart(session, reader.association_id, found) if reads_history else (),
        moves=moves(found.row.review) if acts else {},
        blocked=blocked,
        may_act=acts,
    )


def _applies(version: Published | None, found: Found) -> Callable[[Question, str], bool]:
    """Which questions a record's answers ask, those included that its reader may not see; of what is sealed, none."""
    state = decode_state(bytes(found.row.state))
    if version is None or state is None:
        return lambda _question, _path: True
    if odk_encryption.PATH in state.fields:
        return lambda _question, _path: False
    filling = filling_of(version.compiled)
    environment = environment_of(state.fields, state.rules_stamp[0], PROGRAMME_ZONE)
    return lambda question, path: filling.is_relevant(question.relevant, environment, path)


def _form(
    session: Session, reader: Reader, version: Published | None, language: str
) -> tuple[Form | None, Choices | None]:
    if version is None:
        return None, None
    form = version.form
    entities = EntityLabels(session, reader, language)
    return form, Choices(version.compiled.lists, language, form.default_language, entities.label)


def _first_author(session: Session, reader: Reader, found: Found) -> Author:
    names = authors.names_of(session, {found.row.created_by})
    name = names.get(found.row.created_by, "")
    return authorship.named(session, reader.association_id, {name})[name]


def _general(session: Session, reader: Reader, found: Found, record: Mapping[str, Any], language: str) -> list[Whole]:
    whole = [each for each in record["problems"] if not each["path"]]
    told = [Whole(each["message"]) for each in whole if each["code"] not in REPEATS]
    for mark in flags.of_records(session, [found.row.id]).get(found.row.id, ()):
        if mark.code in REPEATS and mark.dismissed_ms is None:
            others = reading.find(session, reader, mark.other, found.kind, found.of)
            told.append(Whole(render(Problem(mark.code), language), others[0] if others else None))
    return told


def _remarks(session: Session, reader: Reader, record: Mapping[str, Any]) -> list[Remark]:
    """The newest comments, in the order in which they were said."""
    said = [each for each in record["review"]["comments"] if each["text"]][-COMMENTS_MAX:]
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
