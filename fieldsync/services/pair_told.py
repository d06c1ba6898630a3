"""A pair as its page tells it: both records side by side, how each answer agrees, what a merge would show, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from fieldsync.core import geometry
from fieldsync.core.declarations import LABEL
from fieldsync.core.form_texts import FormText
from fieldsync.core.operations import OperationId
from fieldsync.core.shown_values import ShownValue, shown_value, spots
from fieldsync.core.survivorship import Survival
from fieldsync.services import (
    authorship,
    deciding,
    entity_told,
    histories,
    mentions,
    merging,
    pair_reports,
    provenance,
    reading,
)
from fieldsync.services.answers_told import MASKED, WITHHELD, Words
from fieldsync.services.authorship import Author
from fieldsync.services.deciding import Pair
from fieldsync.services.desk import Found
from fieldsync.services.linkage_lists import linked_lists
from fieldsync.services.merging import Outcome
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

Both: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Both records as the reader may see them."""

Spots: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Cell:
    """One side's answer. `hidden` is masked, withheld or ""; `said_by` wrote it, where a merge asks which survives."""

    value: ShownValue | None = None
    hidden: str = ""
    said_by: OperationId | None = None


@dataclass(frozen=True)
class Row:
    """One answer of both. `level`: how it agrees; `survives`, `rule`: where they disagree, whose value would show.

    `is_heading`: an occurrence of a repeat, whose answers follow.
    """

    path: str
    label: FormText
    cells: tuple[Cell, Cell]
    level: str
    is_compared: bool = False
    rule: str = ""
    survives: OperationId | None = None
    is_heading: bool = False


Rows: TypeAlias = list[Row]


class Agreement(NamedTuple):
    """How two records agree in one comparison, and what that weighs, in bits; the least is the worst."""

    weight: float
    level: str


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
    """All of a pair's page. `aside`: answers that nobody is asked, as times and calculations.

    `shared`: entities that both are linked to; `heads`: what whoever decides has seen; `threshold`: from which weight
    on pairs of this list are shown; `apart_metres`: between the nearest two places where forms of either were filled,
    as far as the reader sees them.
    """

    pair: Pair
    sides: tuple[Side, Side]
    rows: Sequence[Row]
    shared: Sequence[Found]
    masked: int
    heads: tuple[OperationId, ...]
    threshold: float | None = None
    apart_metres: float | None = None
    aside: Sequence[Row] = ()


def told(session: Session, readers: Readers, pair: Pair, language: str, revealed: bool = False) -> PairPage:
    """Everything that the page of a pair shows to whoever reads it, at work where each record lies."""
    at_work = tuple(zip(readers, (pair.left, pair.right), strict=True))
    first, second = (reading.told(session, reader, [each], language, revealed)[0] for reader, each in at_work)
    is_report = pair.left.kind == "submission"
    tell = _report_rows if is_report else _entity_rows
    rows, aside = tell(session, readers, pair, (first, second), language)
    sides = tuple(_side(session, reader, each, language) for reader, each in at_work)
    others = [{each.row.id: each for each in side.links} for side in sides]
    return PairPage(
        pair=pair,
        sides=(sides[0], sides[1]),
        rows=rows,
        aside=aside,
        shared=[each for row_id, each in others[0].items() if row_id in others[1]],
        masked=len({*first["masked"], *second["masked"]}),
        heads=deciding.heads_of(pair),
        threshold=_threshold(session, readers[0], pair),
        apart_metres=_apart(sides[0].spots, sides[1].spots),
    )


def _apart(some: Spots, others: Spots) -> float | None:
    return min((geometry.distance(*one, *other) for one in some for other in others), default=None)


def _threshold(session: Session, reader: Reader, pair: Pair) -> float | None:
    of_list = linked_lists(session, reader.association_id).get(pair.left.row.collection_id)
    return of_list.model.review if of_list else None


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


def _entity_rows(session: Session, readers: Readers, pair: Pair, both: Both, language: str) -> tuple[Rows, Rows]:
    """What is compared first, in the order of the model; then the label, what disagrees, the rest as the form asks."""
    speech = entity_told.speech_of(session, readers[0], pair.left.of, language)
    owner = readers[0].association_id
    is_within = owner == readers[1].association_id
    outcome = merging.foreseen(session, owner, (pair.left, pair.right)) if is_within else Outcome()
    at_odds = {each.path: each for each in outcome.disputes}
    survives = {each.path: each for each in outcome.survives}
    agreeing = compared(session, readers[0], pair)
    first = {path: number for number, path in enumerate(agreeing)}
    records_of = {id: operation.record for id, operation in outcome.said.items()}
    rows = []
    for path in sorted({path for each in both for path in (*each["fields"], *each["withheld"], *each["masked"])}):
        claims = reversed(at_odds[path].claims) if path in at_odds else ()
        claimed = {records_of.get(claim.id): claim.id for claim in claims}
        sides = zip((pair.left, pair.right), both, strict=True)
        left, right = (
            _cell(speech.words, shown, path, claimed.get(records.uuid_text(side.row.uuid))) for side, shown in sides
        )
        is_open = WITHHELD not in (left.hidden, right.hidden)
        level = agreeing[path].level if is_open and path in agreeing else _agreement(left, right)
        survival = survives.get(path) if path in at_odds else None
        rows.append(_row(path, speech.words.label(path), (left, right), level, path in agreeing, survival))
    rows.sort(key=lambda row: (first.get(row.path, len(first)), *_place(row, speech.order)))
    return rows[:ROWS_MAX], []


def _report_rows(session: Session, readers: Readers, pair: Pair, both: Both, language: str) -> tuple[Rows, Rows]:
    """All that was asked, as the form asks it; beside it what nobody was asked."""
    state = decode_state(bytes(pair.left.row.state))
    form = pair_reports.form_of_reports(session, readers[0], pair.left.of, state.version if state else None, language)
    left, right = (pair_reports.addresses(each) for each in both)
    asked: Rows = []
    aside: Rows = []
    for address in sorted({*left, *right}, key=lambda each: (form.place(each), each)):
        cells = tuple(
            _cell(form.words, shown, paths[address]) if address in paths else Cell()
            for paths, shown in zip((left, right), both, strict=True)
        )
        is_heading = address.endswith("]")
        row = Row(address, form.words.label(address), (cells[0], cells[1]), _agreement(*cells), is_heading=is_heading)
        (asked if form.is_asked(address) else aside).append(row)
    return asked[:ROWS_MAX], aside[:ROWS_MAX]


def _row(
    path: str, label: FormText, cells: tuple[Cell, Cell], level: str, is_compared: bool, survival: Survival | None
) -> Row:
    if survival is None:
        return Row(path, label, cells, level, is_compared)
    return Row(path, label, cells, level, is_compared, survival.rule, survival.id)


def _place(row: Row, order: Mapping[str, int]) -> tuple[bool, bool, int, str]:
    """The label first, then what disagrees, then as the form asks."""
    return row.path != LABEL, row.level == SAME, order.get(row.path, 1000), row.path


def _cell(words: Words, shown: Mapping[str, Any], path: str, said_by: OperationId | None = None) -> Cell:
    hidden = WITHHELD if path in shown["withheld"] else MASKED if path in shown["masked"] else ""
    value = shown["fields"].get(path)
    return Cell(None if hidden or value is None else words.show(path, value), hidden, said_by)


def _agreement(left: Cell, right: Cell) -> str:
    if left.hidden or right.hidden:
        return HIDDEN
    if left.value is None or right.value is None:
        return MISSING
    return SAME if left.value == right.value else OTHER


def compared(session: Session, reader: Reader, pair: Pair) -> dict[str, Agreement]:
    """Path → how the model found that it agrees, in the order of the model; of several comparisons the worst."""
    if pair.row is None:
        return {}
    found: list[tuple[int, str, Agreement]] = []
    places = {name: place for place, (name, _) in enumerate(pair.row.levels)}
    weights = {(name, level): weight for name, level, weight in pair.row.comparisons}
    by_name = {name: Agreement(weights[name, level], level) for name, level in pair.row.levels}
    for row in form_versions.properties(session, reader.association_id, pair.left.of):
        names = COMPARED_AS.get(row.part, (row.part,)) if row.part else ()
        known = [name for name in names if name in by_name]
        if known:
            found.append((min(places[name] for name in known), row.name, min(by_name[name] for name in known)))
    return {name: agreement for _, name, agreement in sorted(found)}


def labelled(session: Session, reader: Reader, found: Iterable[Found], language: str) -> dict[int, ShownValue]:
    """Row id → the label of an entity, where it is the reader's to see without a click."""
    rows = {records.uuid_text(each.row.uuid): each.row for each in found if each.kind == "entity"}
    shown = reading.shown_to(session, reader, list(rows.values()), language)
    return {
        rows[each["record"]].id: shown_value(each["fields"][LABEL], None, None)
        for each in shown
        if each["fields"].get(LABEL) is not None
    }
