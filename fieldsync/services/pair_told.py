"""A pair as its page tells it: both records side by side, how each answer agrees, what a merge would show, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from fieldsync.core.declarations import LABEL
from fieldsync.core.disputes import Dispute
from fieldsync.core.form_texts import Choices, FormText
from fieldsync.core.operations import OperationId
from fieldsync.core.shown_values import ShownValue, shown_value, spots
from fieldsync.core.survivorship import Survival
from fieldsync.services import authorship, deciding, entity_told, histories, mentions, merging, provenance, reading
from fieldsync.services.answers_told import MASKED, WITHHELD, Words, words_of
from fieldsync.services.authorship import Author
from fieldsync.services.deciding import Pair
from fieldsync.services.desk import Found
from fieldsync.services.linkage_lists import linked_lists
from fieldsync.services.merging import Outcome
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state
from fieldsync.store import form_versions, records

ROWS_MAX = 200
"""Answers that a page sets side by side."""

PLACES_MAX = 5
"""Submissions of each side, the newest, whose points the map shows."""

SAME, OTHER, MISSING, HIDDEN = "same", "other", "missing", "hidden"
"""How answers agree that no model compares."""

COMPARED_AS: Mapping[str, tuple[str, ...]] = {
    "full_name": ("given_name", "family_name"),
    "birth_date": ("birth",),
    "birth_year": ("birth",),
    "age": ("birth",),
    "point": ("place",),
    LABEL: ("given_name", "family_name", "name"),
}
"""A property's part → the comparisons that look at it; another part is compared under its own name."""

Readers: TypeAlias = tuple[Reader, Reader]
"""Whoever reads, at work in the association of the left and of the right record."""

Spots: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Cell:
    """One side's answer. `hidden` is masked, withheld or ""; `said_by` wrote it, where a merge asks which survives."""

    value: ShownValue | None = None
    hidden: str = ""
    said_by: OperationId | None = None


@dataclass(frozen=True)
class Row:
    """One answer of both. `level`: how it agrees; `survives`, `rule`: where they disagree, whose value would show."""

    path: str
    label: FormText
    cells: tuple[Cell, Cell]
    level: str
    is_compared: bool = False
    rule: str = ""
    survives: OperationId | None = None


@dataclass(frozen=True)
class Side:
    """One record: who told of it first and when, its submissions, where they were filled."""

    found: Found
    by: Author | None
    said_ms: int
    submissions: Sequence[Found] = ()
    spots: Spots = ()
    links: Sequence[Found] = ()


@dataclass(frozen=True)
class PairPage:
    """All of a pair's page. `shared`: entities that both are linked to; `heads`: what whoever decides has seen;
    `threshold`: from which weight on pairs of this list are shown.
    """

    pair: Pair
    sides: tuple[Side, Side]
    rows: Sequence[Row]
    shared: Sequence[Found]
    masked: int
    heads: tuple[OperationId, ...]
    threshold: float | None = None


@dataclass(frozen=True)
class _Told:
    """Both records as the reader may see them, and the words of their answers."""

    pair: Pair
    shown: tuple[Mapping[str, Any], Mapping[str, Any]]
    words: Words
    order: Mapping[str, int]


def told(session: Session, readers: Readers, pair: Pair, language: str, revealed: bool = False) -> PairPage:
    """Everything that the page of a pair shows to whoever reads it, at work where each record lies."""
    at_work = tuple(zip(readers, (pair.left, pair.right), strict=True))
    first, second = (reading.told(session, reader, [each], language, revealed)[0] for reader, each in at_work)
    both = _Told(pair, (first, second), *_speech(session, readers[0], pair, language))
    sides = tuple(_side(session, reader, each, language) for reader, each in at_work)
    others = [{each.row.id: each for each in side.links} for side in sides]
    return PairPage(
        pair=pair,
        sides=(sides[0], sides[1]),
        rows=_rows(session, readers, both),
        shared=[each for row_id, each in others[0].items() if row_id in others[1]],
        masked=len({*first["masked"], *second["masked"]}),
        heads=deciding.heads_of(pair),
        threshold=_threshold(session, readers[0], pair),
    )


def _threshold(session: Session, reader: Reader, pair: Pair) -> float | None:
    of_list = linked_lists(session, reader.association_id).get(pair.left.row.collection_id)
    return of_list.model.review if of_list else None


def _speech(session: Session, reader: Reader, pair: Pair, language: str) -> tuple[Words, Mapping[str, int]]:
    if pair.left.kind == "entity":
        speech = entity_told.speech_of(session, reader, pair.left.of, language)
        return speech.words, speech.order
    state = decode_state(bytes(pair.left.row.state))
    form = published(session, reader.association_id, pair.left.of, state.version) if state else None
    if form is None:
        return words_of(None, None, language), {}
    choices = Choices(form.compiled.lists, language, form.form.default_language)
    order = {each.path: number for number, each in enumerate(form.form.questions)}
    return words_of(form.form, choices, language), order


def _side(session: Session, reader: Reader, found: Found, language: str) -> Side:
    spoken = histories.spoken(session, reader.association_id, found.row)
    if spoken is None:
        return Side(found, None, found.row.arrived_ms)
    first = spoken.past.operations[0]
    by = authorship.named(session, reader.association_id, {first.id[0]})[first.id[0]]
    if found.kind == "submission":
        return Side(found, by, first.stamp[0], [found], _spots(session, reader, [found], language))
    wrote = provenance.submissions_of(session, reader, spoken.past.operations)
    written = {each.row.id: each for each in wrote.values()}
    page = mentions.page(session, reader, found, {records.uuid_text(found.row.uuid)}, written, None, False)
    said = [each.found for each in page.items]
    only_named = [each.found for each in page.items if not each.wrote]
    links = provenance.links(session, reader, found, provenance.newest(written.values()), only_named)
    spots = _spots(session, reader, said[:PLACES_MAX], language)
    return Side(found, by, first.stamp[0], said, spots, tuple(link.found for link in links))


def _spots(session: Session, reader: Reader, submissions: Sequence[Found], language: str) -> Spots:
    shown = reading.told(session, reader, submissions, language)
    return tuple(spot for each in shown for value in each["fields"].values() for spot in spots(value)[:1])


def _rows(session: Session, readers: Readers, both: _Told) -> list[Row]:
    pair, owner = both.pair, readers[0].association_id
    is_within = owner == readers[1].association_id
    outcome = merging.foreseen(session, owner, (pair.left, pair.right)) if is_within else Outcome()
    at_odds = {each.path: each for each in outcome.disputes} if pair.left.kind == "entity" else {}
    survives = {each.path: each for each in outcome.survives}
    compared = _compared(session, readers[0], pair)
    first = {path: number for number, path in enumerate(compared)}
    records_of = {id: operation.record for id, operation in outcome.said.items()}
    named = sorted({path for each in both.shown for path in (*each["fields"], *each["withheld"], *each["masked"])})
    rows = []
    for path in named:
        cells = _cells(both, path, at_odds.get(path), records_of)
        is_open = WITHHELD not in (cells[0].hidden, cells[1].hidden)
        level = compared[path] if is_open and path in compared else _agreement(*cells)
        survival = survives.get(path) if path in at_odds else None
        rows.append(_row(path, both.words.label(path), cells, level, path in compared, survival))
    return sorted(rows, key=lambda row: (first.get(row.path, len(first)), *_place(row, both.order)))[:ROWS_MAX]


def _row(
    path: str, label: FormText, cells: tuple[Cell, Cell], level: str, is_compared: bool, survival: Survival | None
) -> Row:
    if survival is None:
        return Row(path, label, cells, level, is_compared)
    return Row(path, label, cells, level, is_compared, survival.rule, survival.id)


def _place(row: Row, order: Mapping[str, int]) -> tuple[bool, bool, int, str]:
    """The label first, then what disagrees, then as the form asks."""
    return row.path != LABEL, row.level == SAME, order.get(row.path, 1000), row.path


def _cells(both: _Told, path: str, dispute: Dispute | None, records_of: Mapping[OperationId, str]) -> tuple[Cell, Cell]:
    claimed = {records_of.get(claim.id): claim.id for claim in reversed(dispute.claims)} if dispute else {}
    found = []
    for side, shown in zip((both.pair.left, both.pair.right), both.shown, strict=True):
        hidden = WITHHELD if path in shown["withheld"] else MASKED if path in shown["masked"] else ""
        value = shown["fields"].get(path)
        said = None if hidden or value is None else both.words.show(path, value)
        found.append(Cell(said, hidden, claimed.get(records.uuid_text(side.row.uuid))))
    return found[0], found[1]


def _agreement(left: Cell, right: Cell) -> str:
    if left.hidden or right.hidden:
        return HIDDEN
    if left.value is None or right.value is None:
        return MISSING
    return SAME if left.value == right.value else OTHER


def _compared(session: Session, reader: Reader, pair: Pair) -> dict[str, str]:
    """Path → how the model found that it agrees, in the order of the model; of several comparisons the worst."""
    if pair.row is None:
        return {}
    found: list[tuple[int, str, str]] = []
    places = {name: place for place, (name, _) in enumerate(pair.row.levels)}
    weights = {(name, level): weight for name, level, weight in pair.row.comparisons}
    by_name = {name: (weights[name, level], level) for name, level in pair.row.levels}
    for row in form_versions.properties(session, reader.association_id, pair.left.of):
        names = COMPARED_AS.get(row.part, (row.part,)) if row.part else ()
        levels = [(*by_name[name], places[name]) for name in names if name in by_name]
        if levels:
            found.append((min(each[2] for each in levels), row.name, min(levels)[1]))
    return {name: level for _, name, level in sorted(found)}


def labelled(session: Session, reader: Reader, found: Iterable[Found], language: str) -> dict[int, ShownValue]:
    """Row id → the label of an entity, where it is the reader's to see without a click."""
    rows = {records.uuid_text(each.row.uuid): each.row for each in found if each.kind == "entity"}
    shown = reading.shown_to(session, reader, list(rows.values()), language)
    return {
        rows[each["record"]].id: shown_value(each["fields"][LABEL], None, None)
        for each in shown
        if each["fields"].get(LABEL) is not None
    }
