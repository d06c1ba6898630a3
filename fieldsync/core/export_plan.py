"""How records become rows: the tables of an export, their columns, and how each cell is read; made once an export."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fieldsync.core import export_cells
from fieldsync.core.answer_paths import occurrence_id, occurrences_of
from fieldsync.core.export_answers import ENTITY_ID, Answer, Told
from fieldsync.core.export_cells import Alias, Cell, Reader, safe
from fieldsync.core.export_options import Options
from fieldsync.core.export_words import COLUMNS, word
from fieldsync.core.masking import PERSONAL, RESTRICTED

COLUMNS_MAX = 4000
"""Columns of one table; a spreadsheet holds 16,384."""

FLAT_OCCURRENCES = 5
"""Occurrences of a repeat that a flat table has columns for; how many there are stands beside them."""

FREE_TEXT = frozenset(("text", "file"))
TRACES = frozenset(("geotrace", "geoshape"))
NUMBERS = {"integer": "integer", "decimal": "number"}
CHOICES = frozenset(("select_multiple", "rank"))

Row = list[Cell]


@dataclass(frozen=True)
class Column:
    """A column: its name and heading (unique in its table and guarded), what it holds, how it is read.

    `kind` is text, integer, number, date, moment or flag. `path` is the question's, or in a repeat's table what follows
    the occurrence; empty for a column of ours. `is_latitude`: the column after it is the longitude.
    """

    name: str
    label: str
    kind: str
    sensitivity: str = "P0"
    path: str = ""
    read: Reader | None = None
    is_latitude: bool = False


@dataclass(frozen=True)
class Table:
    """A table: `repeat` is the path of the repeat whose occurrences are its rows, empty for the records."""

    name: str
    label: str
    repeat: str
    columns: tuple[Column, ...]
    around: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """A record to be exported, its own columns made already."""

    own: Row
    fields: Mapping[str, Any]
    hides_personal: bool = False


@dataclass
class Plan:
    """The tables, the records' first; `classes` are the sensitivity classes that they show."""

    options: Options
    alias: Alias
    tables: list[Table] = field(default_factory=list)
    mark: str = ""
    classes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._answers = [
            [(each.path, each.read) for each in table.columns if each.read is not None] for table in self.tables
        ]
        self._discreet = [
            [
                (each.path, _nothing if each.sensitivity == PERSONAL else each.read)
                for each in table.columns
                if each.read
            ]
            for table in self.tables
        ]
        self._flat = any("[" in path for path, *_ in self._answers[0]) if self.tables else False

    def headings(self, table: Table) -> list[str]:
        """What stands above the columns, by the options."""
        return [column.label if self.options.labels else column.name for column in table.columns]

    def rows(self, record: Record) -> Iterator[tuple[int, Row]]:
        """The rows of a record, each with the number of its table."""
        fields = _numbered(record.fields) if self._flat else record.fields
        yield 0, [*record.own, *self._cells(0, fields, "", record.hides_personal), *self._marked()]
        if len(self.tables) > 1:
            occurrences = occurrences_of(record.fields)
            for number, table in enumerate(self.tables[1:], 1):
                for position, prefix, parent in _places(table, occurrences):
                    own = [*record.own[:2], self.alias(parent) if parent else None, self._occurrence(prefix), position]
                    cells = self._cells(number, record.fields, prefix, record.hides_personal)
                    yield number, [*own, *cells, *self._marked()]

    def _cells(self, number: int, fields: Mapping[str, Any], prefix: str, hides_personal: bool) -> Row:
        get = fields.get
        answers = (self._discreet if hides_personal else self._answers)[number]
        if not prefix:
            return [None if (value := get(path)) is None else read(value) for path, read in answers]
        return [None if (value := get(prefix + path)) is None else read(value) for path, read in answers]

    def _occurrence(self, prefix: str) -> str:
        return self.alias(occurrence_id(prefix))

    def _marked(self) -> Row:
        return [self.mark] if self.mark else []


def make(told: Told, options: Options, own: Sequence[Column], alias: Alias, mark: str = "") -> Plan:
    """The plan of an export; what is not to be told has no column in it.

    `own`: the columns of ours in the records' table, the record's id and state first. `mark`: the watermark, if any.
    """
    answers = [each for each in told.answers if _is_told(each, options)]
    shown = [each for each in answers if not each.repeats or not options.is_one_table]
    main = [each for each in shown if not each.repeats]
    columns = [*own, *_columns(main, options, alias, "")]
    if options.is_one_table:
        columns += _flat_columns([each for each in answers if each.repeats], told, options, alias)
    tables = [_table("records", word(COLUMNS, "records", options.language), "", columns, (), mark, options)]
    if not options.is_one_table:
        for repeat, label in told.repeats.items():
            inside = [each for each in shown if each.repeats and each.repeats[-1] == repeat]
            if inside:
                first = _own_of_repeat(own, options)
                found = _columns(inside, options, alias, repeat)
                around = inside[0].repeats[:-1]
                tables.append(_table(repeat, label, repeat, [*first, *found], around, mark, options))
    classes = frozenset(column.sensitivity for table in tables for column in table.columns if column.read)
    return Plan(options, alias, tables, safe(mark), classes)


def is_too_wide(plan: Plan) -> bool:
    """Whether a table has more columns than an export takes."""
    return any(len(table.columns) > COLUMNS_MAX for table in plan.tables)


def own_column(name: str, kind: str, language: str) -> Column:
    """A column of ours."""
    return Column(name, word(COLUMNS, name, language), kind)


def _is_told(answer: Answer, options: Options) -> bool:
    if answer.sensitivity == RESTRICTED:
        return False
    if answer.type == "geopoint":
        return options.points != "none"
    if answer.type in TRACES:
        return options.points == "exact"
    if answer.sensitivity == PERSONAL and not options.personal:
        return False
    return options.free_text or options.personal or answer.type not in FREE_TEXT or answer.path.endswith(ENTITY_ID)


def _columns(answers: Iterable[Answer], options: Options, alias: Alias, repeat: str) -> list[Column]:
    return [column for answer in answers for column in _of_answer(answer, options, alias, repeat)]


def _of_answer(answer: Answer, options: Options, alias: Alias, repeat: str) -> Iterator[Column]:
    path, name = answer.path[len(repeat) :], answer.path

    def column(kind: str, read: Reader, more: str = "", label: str = "") -> Column:
        """One of the columns of this answer."""
        is_point = answer.type == "geopoint"
        sensitivity = "P1" if options.points == "rounded" and is_point else answer.sensitivity
        return Column(
            name + more, answer.label + label, kind, sensitivity, path, read, is_point and more == "/latitude"
        )

    labels = answer.choices if options.labels else {}
    if answer.type == "geopoint":
        for member, part in _POINT[: 2 if options.points == "rounded" else 4]:
            read = export_cells.of_point(member, options.points == "rounded")
            yield column("number", read, f"/{part}", f": {word(COLUMNS, part, options.language)}")
    elif answer.type in CHOICES:
        yield column("text", export_cells.of_choices(labels, alias))
        if options.split and answer.type == "select_multiple":
            for choice, label in answer.choices.items():
                yield column("flag", export_cells.is_chosen(choice), f"/{choice}", f": {label}")
    elif answer.type in NUMBERS or answer.type == "calculate":
        yield column(NUMBERS.get(answer.type, "text"), export_cells.of_number(alias))
    else:
        read = export_cells.of_choice(labels, alias) if labels else export_cells.of_text(alias)
        yield column("date" if answer.type == "date" else "text", read)


_POINT = (("lat", "latitude"), ("lon", "longitude"), ("alt", "altitude"), ("accuracy", "accuracy"))


def _flat_columns(answers: Sequence[Answer], told: Told, options: Options, alias: Alias) -> Iterator[Column]:
    """Columns for the first occurrences of the outer repeats, and how many occurrences there are."""
    for repeat, label in told.repeats.items():
        inside = [each for each in answers if each.repeats == (repeat,)]
        strictest = max((each.sensitivity for each in inside), default="")
        if not inside:
            continue
        counted = f"{label}: {word(COLUMNS, 'count', options.language)}"
        yield Column(f"{repeat}/count", counted, "integer", strictest, f"{repeat}[]", lambda value: int(value))
        for number in range(1, FLAT_OCCURRENCES + 1):
            for each in _columns(inside, options, alias, repeat):
                name = f"{repeat}/{number}{each.name[len(repeat) :]}"
                yield Column(
                    name, f"{label} {number}: {each.label}", each.kind, each.sensitivity,
                    f"{repeat}[{number}]{each.path}", each.read,
                )  # fmt: skip


def _nothing(_value: Any) -> Cell:
    return None


def _numbered(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields with the outer occurrences by their number: "members[1]/name", and "members[]" says how many."""
    found = dict(fields)
    for repeat, prefixes in occurrences_of(fields).items():
        if "[" not in repeat:
            found[f"{repeat}[]"] = len(prefixes)
            for number, prefix in enumerate(prefixes[:FLAT_OCCURRENCES], 1):
                length = len(prefix)
                found.update(
                    (f"{repeat}[{number}]{path[length:]}", value) for path, value in fields.items()
                    if path.startswith(f"{prefix}/")
                )  # fmt: skip
    return found


def _own_of_repeat(own: Sequence[Column], options: Options) -> list[Column]:
    added = (("inside", "text"), ("occurrence", "text"), ("position", "integer"))
    return [*own[:2], *(own_column(name, kind, options.language) for name, kind in added)]


def _places(table: Table, occurrences: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, str, str]]:
    """(position, prefix, the id of the occurrence around it) of each row of a repeat's table."""
    parents = [""]
    done = 0
    for outer in table.around:
        parents = [prefix for parent in parents for prefix in occurrences.get(parent + outer[done:], ())]
        done = len(outer)
    for parent in parents:
        for position, prefix in enumerate(occurrences.get(parent + table.repeat[done:], ()), 1):
            yield position, prefix, occurrence_id(parent) if parent else ""


def _table(
    name: str, label: str, repeat: str, columns: Iterable[Column], around: tuple[str, ...], mark: str, options: Options
) -> Table:
    found = [*columns, *([own_column("watermark", "text", options.language)] if mark else [])]
    names, labels = unique([each.name for each in found]), unique([each.label for each in found])
    guarded = tuple(
        replace(each, name=safe(own), label=safe(spoken))
        for each, own, spoken in zip(found, names, labels, strict=True)
    )
    return Table(safe(name), safe(label), repeat, guarded, around)


def unique(texts: Sequence[str]) -> list[str]:
    """The same texts, those that were there already with a number: "name", "name (2)"."""
    taken: set[str] = set()
    found = []
    for text in texts:
        number, made = 1, text
        while made.casefold() in taken:
            number += 1
            made = f"{text} ({number})"
        taken.add(made.casefold())
        found.append(made)
    return found
