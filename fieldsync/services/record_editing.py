"""Answers corrected at the desk by their form's own rules: what somebody typed becomes writes, or findings by field."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import OCCURRENCE, occurrences_of, unindexed
from fieldsync.core.expressions import environment_of
from fieldsync.core.form_filling import Filling, filling_of
from fieldsync.core.forms import Question
from fieldsync.core.merge import RecordState
from fieldsync.core.occurrences import around
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.parsing import SEEN_MAX, parse_operation
from fieldsync.core.problems import Problem
from fieldsync.core.revisions import alike, shown_at
from fieldsync.core.typed_answers import CONTROLS, answered
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.core.wire_values import valid_id
from fieldsync.services import presence, reading
from fieldsync.services.desk import Found
from fieldsync.services.published import Published, published
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state
from fieldsync.store import operations

ROWS_MAX = 200
"""Rows of one repeat that a page's form has."""

OPERATIONS_MAX = 5000
"""Operations read to know what somebody saw who began before the record went on."""

CLEARING_PASSES = 8
"""How often answers that no longer apply are looked for, since each may take others with it."""


@dataclass(frozen=True)
class Opened:
    """A record whose answers somebody corrects, or one that is only tried. `base`: what she saw, at the heads `seen`;
    `hidden`: paths not hers."""

    version: Published
    seen: tuple[OperationId, ...]
    base: Mapping[str, Value]
    hidden: frozenset[str]
    stamp_ms: int

    @property
    def filling(self) -> Filling:
        """The form's rules."""
        return filling_of(self.version.compiled)

    def hides(self, path: str) -> bool:
        """Whether an answer is not hers to see, nor to change."""
        return unindexed(path) in self.hidden


@dataclass(frozen=True)
class Typed:
    """What a page's form carried: texts by path, the paths that it asked, the rows that it had, in order."""

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked: Collection[str] = ()
    rows: Sequence[str] = ()


@dataclass(frozen=True)
class Corrected:
    """What comes of it. `fields`: the record as it would be; `faults`: wrong in themselves; `findings`: broken rules.

    `cleared`: answers that no longer apply; `fresh`: those of the findings that the record did not have before.
    """

    fields: Mapping[str, Value]
    writes: Mapping[str, Value] = field(default_factory=dict)
    faults: tuple[Problem, ...] = ()
    findings: tuple[Problem, ...] = ()
    fresh: bool = False
    cleared: tuple[str, ...] = ()


def opened(
    session: Session, reader: Reader, found: Found, seen: Sequence[OperationId] | None, revealed: bool
) -> Opened | Problem:
    """A record to be corrected, as it is, or as it was at the heads that somebody saw when she began."""
    state = decode_state(bytes(found.row.state))
    if state is None or state.version is None:
        return Problem("form_not_here", detail={"version": "…"})
    version = published(session, reader.association_id, found.of, state.version)
    if version is None:
        return Problem("form_not_here", detail={"version": state.version})
    base = _base(session, reader.association_id, found, state, seen)
    if base is None:
        return Problem("began_elsewhere")
    hidden = reading.hidden_of(session, reader, found, revealed)
    heads = state.heads if seen is None else tuple(seen)
    return Opened(version, heads, base, hidden.withheld | hidden.masked, state.rules_stamp[0])


def _base(
    session: Session, association_id: int, found: Found, state: RecordState, seen: Sequence[OperationId] | None
) -> Mapping[str, Value] | None:
    if seen is None or set(seen) == set(state.heads):
        return state.fields
    rows = operations.newest(session, {found.row.id}, None, OPERATIONS_MAX)
    parsed = [parse_operation(bytes(row.body)) for row in rows if row.status == "applied"]
    said = [each for each in parsed if isinstance(each, Operation)]
    return shown_at(said, seen, presence.passed_on(session, association_id, said))


def as_it_is(record: Opened) -> Typed:
    """The form as it opens: the record's rows, nothing typed."""
    rows = [prefix for prefixes in occurrences_of(record.base, ROWS_MAX).values() for prefix in prefixes]
    return Typed(rows=rows)


def corrected(record: Opened, typed: Typed, now_ms: int) -> Corrected:
    """What somebody typed, by the form's rules: calculations follow, answers that no longer apply are emptied."""
    rows = _known_rows(record, typed.rows)
    fields = _with_rows(record, rows)
    for path in typed.asked:
        question = record.filling.tree.questions.get(unindexed(path))
        if question is not None and _is_answerable(record, question, path, rows):
            _put(fields, path, answered(question, typed.texts.get(path, ()), record.base.get(path), PROGRAMME_ZONE))
    compiled = record.version.compiled
    writes = _differing(record.base, fields)
    faults = tuple(compiled.wrong_in_itself(writes))
    if faults:
        return Corrected(fields, writes, faults)
    fields = record.filling.calculated(fields, record.base, record.stamp_ms, PROGRAMME_ZONE)
    cleared = _clear(record, fields, now_ms)
    writes = {path: value for path, value in _differing(record.base, fields).items() if not record.hides(path)}
    findings = tuple(compiled.broken_rules(fields, now_ms))
    known = {(each.code, each.path) for each in compiled.broken_rules(record.base, record.stamp_ms)}
    fresh = any((each.code, each.path) not in known for each in findings)
    return Corrected(fields, writes, tuple(compiled.wrong_in_itself(writes)), findings, fresh, cleared)


def _known_rows(record: Opened, rows: Sequence[str]) -> dict[str, None]:
    """The rows of a form that its repeats can have, each once and within its own outer row."""
    repeats, kept, counts = record.filling.tree.repeats, dict[str, None](), dict[str, int]()
    for row in sorted(rows, key=lambda each: each.count("]")):
        outer, repeat = around(row), row[: row.rfind("[")]
        fits = row.endswith("]") and OCCURRENCE.fullmatch(row[row.rfind("[") :]) and unindexed(row) in repeats
        if fits and all(each in kept for each in outer) and counts.get(repeat, 0) < ROWS_MAX:
            counts[repeat] = counts.get(repeat, 0) + 1
            kept[row] = None
    return kept


def _with_rows(record: Opened, rows: Collection[str]) -> dict[str, Value]:
    """The answers with rows that came and without those that went; a row that holds what she may not see stays."""
    base = record.base
    kept = {row for path in base if record.hides(path) for row in (*around(path), path)}
    shown = [prefix for prefixes in occurrences_of(base, ROWS_MAX).values() for prefix in prefixes]
    gone = {prefix for prefix in shown if prefix not in rows and prefix not in kept}
    fields = {path: value for path, value in base.items() if path not in gone and gone.isdisjoint(around(path))}
    fields |= dict.fromkeys(prefix for prefix in gone if gone.isdisjoint(around(prefix)))
    for row in rows:
        if fields.get(row) is None:
            fields[row] = _next_key(fields, row)
    return fields


def _next_key(fields: Mapping[str, Value], row: str) -> int:
    """An order key after those of the other rows."""
    repeat = row[: row.rfind("[") + 1]
    siblings = [path for path in fields if path.startswith(repeat) and path.endswith("]")]
    keys = [key for path in siblings if isinstance(key := fields[path], int) and not isinstance(key, bool)]
    return max(keys, default=0) + 1


def _is_answerable(record: Opened, question: Question, path: str, rows: Collection[str]) -> bool:
    """Whether a page's form may change an answer: its form asks it, it is hers, and it lies in rows that are there."""
    nest = record.filling.tree.nests[question.path]
    outer = around(path)
    fits = [unindexed(each) for each in outer] == list(nest) and all(each in rows for each in outer)
    return is_typed(question) and fits and not record.hides(path)


def is_typed(question: Question) -> bool:
    """Whether somebody answers a question by typing or choosing on a page."""
    return question.type in CONTROLS and not question.calculate and bool(question.labels)


def _put(fields: dict[str, Value], path: str, value: Value) -> None:
    if value is not None or path in fields:
        fields[path] = value


def _differing(base: Mapping[str, Value], fields: Mapping[str, Value]) -> dict[str, Value]:
    """What has to be said so that the base becomes the fields; nothing within a row that goes."""
    return {
        path: value
        for path, value in fields.items()
        if not alike(base.get(path), value) and (value is not None or path in base)
    }


def _clear(record: Opened, fields: dict[str, Value], now_ms: int) -> tuple[str, ...]:
    """Empty what somebody answered and the other answers make irrelevant; what she may not see stays."""
    cleared: list[str] = []
    filling = record.filling
    asked = [each for each in filling.form.questions if each.relevant and each.type != "note" and each.labels]
    asked = [each for each in asked if not each.calculate]
    for _ in range(CLEARING_PASSES):
        environment = environment_of(fields, now_ms, PROGRAMME_ZONE)
        gone = [
            path
            for question in asked
            for path in filling.addresses(question.path, question.repeats, environment.occurrences)
            if fields.get(path) is not None
            and not record.hides(path)
            and not filling.is_relevant(question.relevant, environment, path)
        ]
        if not gone:
            break
        fields.update(dict.fromkeys(gone))
        cleared += gone
    return tuple(cleared)


def seen_from(texts: Any) -> tuple[OperationId, ...] | None:
    """Heads as a form carried them; None where they are none."""
    if not isinstance(texts, list) or not texts or len(texts) > SEEN_MAX:
        return None
    ids = [valid_id(each) for each in texts]
    return None if None in ids else tuple(each for each in ids if each is not None)
