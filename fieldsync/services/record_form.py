"""A record's form as a page shows it for correcting: what is asked now, which choices, what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import Occurrences, occurrences_of, unindexed
from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.expression_code import Environment
from fieldsync.core.expressions import environment_of
from fieldsync.core.form_texts import Choices, FormText, filled, near, quoted_path, spoken
from fieldsync.core.forms import Question, Repeat, Texts
from fieldsync.core.operations import Value
from fieldsync.core.outline import Branch, Node, outline
from fieldsync.core.problems import Problem, render
from fieldsync.core.shown_values import ShownValue, in_words, shown_value
from fieldsync.core.typed_answers import CONTROLS, typed
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import reading
from fieldsync.services.entity_labels import EntityLabels
from fieldsync.services.readers import Reader
from fieldsync.services.reading import Asked
from fieldsync.services.record_editing import ROWS_MAX, Corrected, Opened, Typed, is_typed

OPTIONS_MAX = 1000
"""Choices that a page offers for one question; the longest lists of the programme have a filter."""

ENTITIES_MAX = 300
"""Entities that a page offers to choose from."""

RADIOS_MAX = 6
"""Choices that are shown side by side; more are a list to open."""

SHOWN = "shown"


@dataclass(frozen=True)
class Option:
    """A choice that is offered, or that was chosen though it is offered no longer."""

    name: str
    label: FormText
    chosen: bool


@dataclass(frozen=True)
class Field:
    """One question. `control`: by which it is answered, or "shown" where it is only read; `texts` as typed."""

    path: str
    label: FormText
    hint: FormText
    control: str
    texts: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    shown: ShownValue | None = None
    hidden: bool = False
    required: bool = False
    long: bool = False
    errors: tuple[str, ...] = ()
    kind: str = "field"


@dataclass(frozen=True)
class Group:
    """A group, or one row of a repeat with its `number`."""

    path: str
    label: FormText
    inner: "tuple[FormPart, ...]"
    number: int = 0
    kind: str = "group"


@dataclass(frozen=True)
class Rows:
    """A repeat with its rows; `fixed`: how many there are follows from other answers."""

    path: str
    label: FormText
    rows: tuple[Group, ...]
    errors: tuple[str, ...] = ()
    fixed: bool = False
    kind: str = "rows"


FormPart: TypeAlias = Field | Group | Rows


@dataclass
class Form:
    """Builds the parts for one record."""

    session: Session
    reader: Reader
    record: Opened
    typed: Typed
    corrected: Corrected
    language: str
    now_ms: int
    choices: Choices = field(init=False)
    environment: Environment = field(init=False)
    occurrences: Occurrences = field(init=False)
    errors: dict[str, list[str]] = field(init=False)
    _repeats: Mapping[str, Repeat] = field(init=False)
    _entities: dict[str, list[Option]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        form = self.record.version.form
        labels = EntityLabels(self.session, self.reader, self.language)
        self.choices = Choices(self.record.version.compiled.lists, self.language, form.default_language, labels.label)
        self.environment = environment_of(self.corrected.fields, self.now_ms, PROGRAMME_ZONE)
        self.occurrences = occurrences_of(self.corrected.fields, ROWS_MAX)
        self.errors = {}
        for problem in (*self.corrected.faults, *self.corrected.findings):
            if not self.record.hides(problem.path or ""):
                self.errors.setdefault(problem.path or "", []).append(render(problem, self.language))
        self._repeats = {repeat.path: repeat for repeat in form.repeats}

    def parts(self) -> tuple[FormPart, ...]:
        """Everything that is asked now, in the form's order."""
        return self._inside(outline(self.record.version.form), "", "")

    def label(self, path: str) -> str:
        """What the question at a path is called."""
        form, plain = self.record.version.form, unindexed(path)
        labels: dict[str, Texts] = {each.path: each.labels for each in form.questions}
        labels |= {each.path: each.labels for each in form.repeats}
        return self._spoken(labels.get(plain, {}), plain).text

    def _inside(self, nodes: Sequence[Node], path: str, address: str) -> tuple[FormPart, ...]:
        found: list[FormPart] = []
        for node in nodes:
            at = address + node.path[len(path) :] if path else node.path
            if isinstance(node, Question):
                found += self._field(node, at)
            elif node.repeat:
                found += self._rows(node, at)
            else:
                inner = self._inside(node.inner, node.path, at)
                found += [Group(at, self._spoken(node.labels, ""), inner)] if inner else []
        return tuple(found)

    def _rows(self, node: Branch, address: str) -> list[FormPart]:
        repeat = self._repeats[node.path]
        if not self.record.filling.is_relevant(repeat.relevant, self.environment, address):
            return []
        prefixes = self.occurrences.get(address, ())
        rows = [
            Group(prefix, FormText(""), self._inside(node.inner, node.path, prefix), number)
            for number, prefix in enumerate(prefixes, 1)
        ]
        label, errors = self._spoken(node.labels, node.path), tuple(self.errors.get(address, ()))
        return [Rows(address, label, tuple(rows), errors, bool(repeat.count))]

    def _field(self, question: Question, path: str) -> list[Field]:
        filling = self.record.filling
        if not question.labels or not filling.is_relevant(question.relevant, self.environment, path):
            return []
        label, hint = (
            filled(
                self._spoken(texts, otherwise), lambda quoted: self._quoted(quoted_path(quoted, question.path), path)
            )
            for texts, otherwise in ((question.labels, question.path), (question.hints, ""))
        )
        if self.record.hides(path):
            return [Field(path, label, hint, SHOWN, hidden=True)]
        value = self.corrected.fields.get(path)
        texts = self._texts(question, path, value)
        if texts is None or not is_typed(question) or filling.is_readonly(question, self.environment, path):
            shown = None if value is None else shown_value(value, question, self.choices)
            is_told = value is not None or question.type == "note"
            return [Field(path, label, hint, SHOWN, shown=shown, errors=self._errors(path))] if is_told else []
        options = self._options(question, path, texts)
        return [
            Field(
                path,
                label,
                hint,
                self._control(question, options),
                tuple(texts),
                tuple(options or ()),
                required=filling.is_required(question, self.environment, path),
                long="multiline" in question.appearance or len("".join(texts)) > LONG,
                errors=self._errors(path),
            )
        ]

    def _quoted(self, path: str, address: str) -> str:
        """An answer that a label quotes, where it is hers to see."""
        question = self.record.filling.tree.questions.get(path)
        if question is None or self.record.hides(path):
            return ""
        value = self.corrected.fields.get(near(question, address))
        return "" if value is None else in_words(shown_value(value, question, self.choices))

    def _texts(self, question: Question, path: str, value: Value) -> Sequence[str] | None:
        """What the field shows: as it was typed where that is wrong, else the value; None where it is sealed."""
        if any(fault.path == path for fault in self.corrected.faults):
            return self.typed.texts.get(path, ())
        try:
            return typed(question, value, PROGRAMME_ZONE)
        except UnknownValueError:
            return None

    def _control(self, question: Question, options: Sequence[Option] | None) -> str:
        control = CONTROLS[question.type]
        if control in ("one", "several") and options is None:
            return "text"
        return "list" if control == "one" and options is not None and len(options) > RADIOS_MAX else control

    def _options(self, question: Question, path: str, texts: Sequence[str]) -> list[Option] | None:
        if CONTROLS[question.type] not in ("one", "several"):
            return []
        names = self.record.filling.offered(question, self.environment, path)
        if names is None and question.type == "select_one" and question.itemset and question.itemset.instance:
            return self._entity_options(question.itemset.instance, texts)
        if names is None:
            return None
        offered = dict.fromkeys([*names[:OPTIONS_MAX], *texts])
        return [Option(name, self.choices.label(question, name), name in texts) for name in offered if name]

    def _entity_options(self, entity_list: str, texts: Sequence[str]) -> list[Option] | None:
        """The entities of a list that are hers to read, by their label."""
        if entity_list not in self._entities:
            wanted = Asked("entity", entity_list, limit=ENTITIES_MAX)
            items = reading.page_of(self.session, self.reader, wanted, self.language).items
            self._entities[entity_list] = [
                Option(each["record"], FormText(str(each["fields"].get("label") or each["record"])), False)
                for each in items
            ]
        known = self._entities[entity_list]
        others = [Option(text, FormText(text), True) for text in texts if text not in {each.name for each in known}]
        found = [Option(each.name, each.label, each.name in texts) for each in known] + others
        return found or None

    def _errors(self, path: str) -> tuple[str, ...]:
        return tuple(self.errors.get(path, ()))

    def _spoken(self, labels: Texts, otherwise: str) -> FormText:
        return spoken(labels, self.language, otherwise, self.record.version.form.default_language)


LONG = 60
"""Characters of an answer that needs more than a line."""


def without_errors(parts: Sequence[FormPart]) -> tuple[FormPart, ...]:
    """The same parts while nobody has asked what is wrong."""
    return tuple(_without_errors(part) for part in parts)


def _without_errors(part: FormPart) -> FormPart:
    if isinstance(part, Field):
        return replace(part, errors=())
    if isinstance(part, Group):
        return replace(part, inner=without_errors(part.inner))
    rows = tuple(replace(row, inner=without_errors(row.inner)) for row in part.rows)
    return replace(part, rows=rows, errors=())


def summary(form: Form) -> list[tuple[str, str, str]]:
    """(path, label, message) of everything that was found, in order."""
    problems: Sequence[Problem] = (*form.corrected.faults, *form.corrected.findings)
    return [
        (each.path or "", form.label(each.path or ""), render(each, form.language))
        for each in problems
        if not form.record.hides(each.path or "")
    ]
