"""A record's answers in its form's order, with labels in the reader's language: what the pages of records show."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fieldsync.core.answer_paths import Occurrences, occurrences_of, unindexed
from fieldsync.core.form_texts import Choices, FormText, filled, near, quoted_path, spoken
from fieldsync.core.forms import Form, Question, Texts
from fieldsync.core.operations import Value
from fieldsync.core.outline import Branch, Node, outline
from fieldsync.core.shown_values import ShownValue, in_words, shown_value

ROWS_MAX = 200
"""Occurrences of a repeat that a page shows; how many more there are is said."""

COLUMNS_MAX = 6
"""Columns of a table that still fits a page; a wider repeat is shown row by row."""

ANSWERED_BY_NOBODY = ("note", "calculate")

MASKED, WITHHELD = "masked", "withheld"


@dataclass(frozen=True)
class Answer:
    """One answer. `value` is None where nothing was said, its file is awaited, or it is hidden: masked or withheld."""

    path: str
    label: FormText
    value: ShownValue | None = None
    hidden: str = ""
    problems: tuple[str, ...] = ()
    in_conflict: bool = False
    is_awaited: bool = False
    kind: str = "answer"


@dataclass(frozen=True)
class Section:
    """A group, or one row of a repeat (`number` from 1), and what lies in it; `unanswered` are labels."""

    path: str
    label: FormText
    inner: "tuple[Part, ...]"
    unanswered: tuple[FormText, ...] = ()
    number: int = 0
    kind: str = "section"


@dataclass(frozen=True)
class Repeated:
    """A repeat: its rows; `columns` where they fit a table, each row's cells in that order; `left_out` rows more."""

    path: str
    label: FormText
    rows: tuple[Section, ...]
    columns: tuple[FormText, ...] = ()
    cells: tuple[tuple[Answer | None, ...], ...] = ()
    left_out: int = 0
    problems: tuple[str, ...] = ()
    kind: str = "repeat"


Part: TypeAlias = Answer | Section | Repeated


@dataclass(frozen=True)
class Answers:
    """`parts` in the form's order; `others` are what the form asks nobody: times, calculations, what it knows not."""

    parts: tuple[Part, ...] = ()
    others: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Words:
    """How answers are put into words where they stand alone: a path's label, and a value by its path."""

    label: Callable[[str], FormText]
    show: Callable[[str, Value], ShownValue]


def words_of(form: Form | None, choices: Choices | None, language: str) -> Words:
    """The words of a form version; of one that is not here, paths and plain values."""
    questions = {each.path: each for each in form.questions} if form else {}
    labels: dict[str, Texts] = {each.path: each.labels for each in (form.groups if form else ())}
    labels |= {each.path: each.labels for each in (form.repeats if form else ())}
    labels |= {each.path: each.labels for each in questions.values()}
    default = form.default_language if form else ""

    def label(path: str) -> FormText:
        plain = unindexed(path)
        return spoken(labels.get(plain, {}), language, plain, default)

    return Words(label, lambda path, value: shown_value(value, questions.get(unindexed(path)), choices))


@dataclass
class Teller:
    """Tells the answers of one record; `record` is in the wire's form, without what its reader may not see.

    `applies`: whether a question is asked at a path, by the other answers.
    """

    record: Mapping[str, Any]
    form: Form | None
    choices: Choices | None
    language: str
    applies: Callable[[Question, str], bool] = lambda _question, _path: True
    occurrences: Occurrences = field(default_factory=Occurrences)
    hidden: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    _awaited: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _others: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hidden = dict.fromkeys(self.record["withheld"], WITHHELD) | dict.fromkeys(self.record["masked"], MASKED)
        self.occurrences = occurrences_of({**self.record["fields"], **dict.fromkeys(self.hidden, True)})
        for problem in self.record["problems"]:
            self.problems.setdefault(problem["path"] or "", []).append(problem["message"])
            if problem["code"] == "file_missing":
                self._awaited.add(problem["path"] or "")

    def answers(self) -> Answers:
        """All of the record."""
        parts, unanswered = self._inside(outline(self.form), "", "") if self.form else ((), ())
        gathered = tuple(_gathered(parts, unanswered))
        return Answers(gathered, (*self._others, *self._unknown()))

    def _inside(self, nodes: Sequence[Node], path: str, address: str) -> tuple[tuple[Part, ...], tuple[FormText, ...]]:
        parts: list[Part] = []
        unanswered: list[FormText] = []
        for node in nodes:
            at = address + node.path[len(path) :] if path else node.path
            if isinstance(node, Branch):
                parts += [self._repeated(node, at)] if node.repeat else self._section(node, at)
            else:
                answer = self._answer(node, at)
                if answer is None:
                    is_open = _is_asked(node) and self.applies(node, at)
                    unanswered += [self._spoken(node.labels, node.path)] if is_open else []
                elif node.labels:
                    parts.append(answer)
                else:
                    self._others.append(answer)
        return tuple(part for part in parts if _says_something(part)), tuple(unanswered)

    def _section(self, node: Branch, address: str) -> list[Part]:
        inner, unanswered = self._inside(node.inner, node.path, address)
        return [Section(address, self._spoken(node.labels, ""), inner, unanswered)] if inner or unanswered else []

    def _repeated(self, node: Branch, address: str) -> Repeated:
        prefixes = self.occurrences.get(address, [])
        rows = []
        for number, prefix in enumerate(prefixes[:ROWS_MAX], 1):
            inner, unanswered = self._inside(node.inner, node.path, prefix)
            rows.append(Section(prefix, FormText(""), inner, unanswered, number))
        columns, cells = _as_table(rows)
        left_out = len(prefixes) - len(rows)
        problems = tuple(self.problems.get(address, ()))
        return Repeated(address, self._spoken(node.labels, node.path), tuple(rows), columns, cells, left_out, problems)

    def _answer(self, question: Question, path: str) -> Answer | None:
        """None where nothing was said and nothing is wrong."""
        self._told.add(path)
        fields, hidden = self.record["fields"], self.hidden.get(path, "")
        problems = tuple(self.problems.get(path, ()))
        if path not in fields and not hidden and not problems:
            return None
        value = shown_value(fields[path], question, self.choices) if path in fields else None
        spelt = self._spoken(question.labels, path)
        label = filled(spelt, lambda quoted: self._quoted(quoted_path(quoted, question.path), path))
        return Answer(path, label, value, hidden, problems, path in self.record["conflicts"], path in self._awaited)

    def _quoted(self, path: str, address: str) -> str:
        """An answer that a label quotes, as far as the reader sees it."""
        question = next((each for each in self.form.questions if each.path == path), None) if self.form else None
        value = self.record["fields"].get(near(question, address)) if question else None
        return "" if value is None else in_words(shown_value(value, question, self.choices))

    def _unknown(self) -> Iterator[Answer]:
        """What the record says beside its form: metadata, entities, answers of another version."""
        for path in sorted({*self.record["fields"], *self.hidden}):
            if path not in self._told and not path.endswith("]"):
                value = self.record["fields"].get(path)
                hidden = self.hidden.get(path, "")
                shown = None if hidden else shown_value(value, None, None)
                yield Answer(path, FormText(path), shown, hidden, (), path in self.record["conflicts"])

    def _spoken(self, labels: Mapping[str, str], otherwise: str) -> FormText:
        default = self.form.default_language if self.form else ""
        return spoken(labels, self.language, otherwise, default)


def _is_asked(question: Question) -> bool:
    return bool(question.labels) and question.type not in ANSWERED_BY_NOBODY


def _says_something(part: Part) -> bool:
    return not isinstance(part, Repeated) or bool(part.rows or part.problems)


def _gathered(parts: Sequence[Part], unanswered: tuple[FormText, ...]) -> Iterator[Part]:
    """Questions that lie in no group stand together, where the first of them stands."""
    loose = tuple(part for part in parts if isinstance(part, Answer))
    told = False
    for part in parts:
        if not isinstance(part, Answer):
            yield part
        elif not told:
            told = True
            yield Section("", FormText(""), loose, unanswered)
    if unanswered and not told:
        yield Section("", FormText(""), (), unanswered)


def _as_table(rows: Sequence[Section]) -> tuple[tuple[FormText, ...], tuple[tuple[Answer | None, ...], ...]]:
    """Columns and cells where every row holds nothing but some few answers."""
    columns: dict[str, FormText] = {}
    for row in rows:
        for part in row.inner:
            if not isinstance(part, Answer):
                return (), ()
            columns.setdefault(part.path[len(row.path) :], part.label)
    if not 0 < len(columns) <= COLUMNS_MAX:
        return (), ()
    cells = []
    for row in rows:
        found = {part.path[len(row.path) :]: part for part in row.inner if isinstance(part, Answer)}
        cells.append(tuple(found.get(column) for column in columns))
    return tuple(columns.values()), tuple(cells)
