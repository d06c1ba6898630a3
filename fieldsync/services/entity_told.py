"""An entity as its page tells it: its properties and where each comes from, its submissions, its links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core import disputes
from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.declarations import LABEL
from fieldsync.core.form_texts import Choices, FormText, spoken
from fieldsync.core.forms import Question
from fieldsync.core.masking import PERSONAL, RESTRICTED
from fieldsync.core.observing import PLAIN
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.short_codes import short_code
from fieldsync.core.shown_values import ShownValue, shown_value
from fieldsync.core.survivorship import read_act
from fieldsync.services import (
    authorship,
    deciding,
    entity_questions,
    histories,
    mentions,
    provenance,
    reading,
    timeline,
)
from fieldsync.services.answers_told import MASKED, WITHHELD, Words
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.histories import Spoken
from fieldsync.services.points import GEOMETRY
from fieldsync.services.provenance import Link
from fieldsync.services.readers import Reader
from fieldsync.services.timeline import Timeline
from fieldsync.services.withholding import Withholding
from fieldsync.store import merges, records

PROPERTIES_MAX = 200
"""Properties of one entity that a page shows."""

CODES = ("code", "participant_id", "id", "ref")
"""Properties by which people name an entity, where they are neither personal nor restricted."""


@dataclass(frozen=True)
class Speech:
    """How a list's properties are put into words: by the questions that write them."""

    words: Words
    questions: Mapping[str, Question]
    choices: Mapping[str, Choices | None]
    order: Mapping[str, int]


@dataclass(frozen=True)
class Property:
    """One property. `hidden` is masked, withheld or ""; `source` is the submission that wrote it, where she may see.

    `rule`: by which a merge let the value survive (core.survivorship).
    """

    name: str
    label: FormText
    value: ShownValue | None
    hidden: str
    in_conflict: bool
    by: Author | None = None
    said_ms: int = 0
    source: Found | None = None
    rule: str = ""


@dataclass(frozen=True)
class Asked:
    """How somebody wants to see an entity: her language, from which operation back, with what is masked or without.

    `spoken_before`: from which submission back.
    """

    language: str
    before_id: int | None = None
    revealed: bool = False
    spoken_before: int | None = None


@dataclass(frozen=True)
class EntityPage:
    """`code` names it without a name; `survivor` and `merged`: what it is merged into, what is merged into it.

    `is_personal`: where it lies is told to nobody else.
    """

    found: Found
    record: Mapping[str, Any]
    code: str
    properties: Sequence[Property]
    submissions: mentions.Page
    links: Sequence[tuple[Link, ShownValue | None]]
    survivor: str
    merged: Sequence[str]
    history: Timeline | None
    speech: Speech
    may_act: bool
    may_part: bool
    is_personal: bool


def told(session: Session, reader: Reader, found: Found, asked: Asked) -> EntityPage:
    """Everything that the page of an entity shows to a reader."""
    [record] = reading.told(session, reader, [found], asked.language, asked.revealed)
    speech = speech_of(session, reader, found.of, asked.language)
    all_said = histories.spoken(session, reader.association_id, found.row)
    submissions = provenance.submissions_of(session, reader, all_said.past.operations) if all_said else {}
    written = {each.row.id: each for each in submissions.values()}
    group = [] if found.row.merged_into or all_said is None else _group(session, found)
    reads_history = reading.may_read(reader, found, found.row, READ_HISTORY)
    joined = [row_id for row_id, _ in group]
    named = {records.uuid_text(found.row.uuid), *(uuid for _, uuid in group)}
    spoken = mentions.page(session, reader, found, named, written, asked.spoken_before, asked.revealed)
    wrote, only_named = provenance.newest(written.values()), [each.found for each in spoken.items if not each.wrote]
    classes = Withholding(session, reader.association_id).classes(found.kind, found.of)
    return EntityPage(
        found=found,
        record=record,
        code=_code(classes, found, record),
        properties=_properties(session, reader, record, speech, all_said, submissions),
        submissions=spoken,
        links=_labelled(session, reader, provenance.links(session, reader, found, wrote, only_named), asked),
        survivor=record["merged_into"] or "",
        merged=[uuid for _, uuid in group],
        history=timeline.page(session, reader, found, speech.words, asked.before_id, asked.revealed, joined)
        if reads_history
        else None,
        speech=speech,
        may_act=reading.may_read(reader, found, found.row, ACT_ON_RECORDS),
        may_part=found.row.merged and deciding.may_part(session, reader, found),
        is_personal=RESTRICTED in classes.values() or classes.get(GEOMETRY) not in PLAIN,
    )


def speech_of(session: Session, reader: Reader, list_name: str, language: str) -> Speech:
    """The words of a list, from the forms that write it."""
    written = entity_questions.of_list(session, reader.association_id, list_name)
    choices: dict[str, Choices | None] = {}
    labels: dict[str, FormText] = {}
    by_form: dict[int, Choices] = {}
    for name, (form, question) in written.items():
        default = form.form.default_language
        if form.row.id not in by_form:
            by_form[form.row.id] = Choices(form.compiled.lists, language, default)
        choices[name] = by_form[form.row.id]
        labels[name] = spoken(question.labels, language, name, default)
    questions = {name: question for name, (_, question) in written.items()}
    words = Words(
        lambda name: labels.get(name, FormText(name)),
        lambda name, value: shown_value(value, questions.get(name), choices.get(name)),
    )
    return Speech(words, questions, choices, {name: place for place, name in enumerate(written)})


def _properties(
    session: Session,
    reader: Reader,
    record: Mapping[str, Any],
    speech: Speech,
    all_said: Spoken | None,
    submissions: Mapping[OperationId, Found],
) -> list[Property]:
    """The label first, then in the order of the forms, then by name."""
    hidden = dict.fromkeys(record["withheld"], WITHHELD) | dict.fromkeys(record["masked"], MASKED)
    named = sorted({*record["fields"], *hidden}, key=lambda name: (name != LABEL, speech.order.get(name, 1000), name))
    written = disputes.sources(all_said.past, all_said.state) if all_said else {}
    first = {name: _said_first(all_said, name, source) for name, source in written.items()}
    authors = authorship.named(session, reader.association_id, {each.id[0] for each, _ in first.values()})
    found = []
    for name in named[:PROPERTIES_MAX]:
        source, rule = first.get(name, (None, ""))
        value = None if name in hidden else speech.words.show(name, record["fields"][name])
        found.append(
            Property(
                name,
                speech.words.label(name),
                value,
                hidden.get(name, ""),
                name in record["conflicts"],
                authors[source.id[0]] if source else None,
                source.stamp[0] if source else 0,
                submissions.get(source.id) if source else None,
                rule,
            )
        )
    return found


def _said_first(all_said: Spoken | None, name: str, source: Operation) -> tuple[Operation, str]:
    """Who wrote a value, and where it survived a merge, by which rule."""
    survived = next((each for each in read_act(source.act) if each.path == name), None)
    if survived is None or all_said is None:
        return source, ""
    return next((each for each in all_said.past.operations if each.id == survived.id), source), survived.rule


def _code(classes: Mapping[str, str], found: Found, record: Mapping[str, Any]) -> str:
    """What names it where no name may stand: a code that is neither personal nor restricted, else part of its UUID."""
    for name in CODES:
        value = record["fields"].get(name)
        if isinstance(value, str) and value and classes.get(name) not in (None, PERSONAL, RESTRICTED):
            return value[:40]
    return short_code(records.uuid_text(found.row.uuid))


def _group(session: Session, found: Found) -> list[tuple[int, str]]:
    """(row id, UUID) of the entities that are merged into this one."""
    if not found.row.merged:
        return []
    others = merges.ever_joined(session, {found.row.id}) - {found.row.id}
    rows = records.by_ids(session, others).values()
    return [(row.id, records.uuid_text(row.uuid)) for row in rows if row.merged_into == found.row.id]


def _labelled(
    session: Session, reader: Reader, links: Sequence[Link], asked: Asked
) -> list[tuple[Link, ShownValue | None]]:
    """Links with the label of each, where that is the reader's to see."""
    rows = [link.found.row for link in links]
    shown = reading.shown_to(session, reader, rows, asked.language, False)
    labels = {each["record"]: each["fields"].get(LABEL) for each in shown}
    told = []
    for link in links:
        label = labels.get(records.uuid_text(link.found.row.uuid))
        told.append((link, None if label is None else shown_value(label, None, None)))
    return told
