"""The rows of an export, page after page, all from one snapshot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core import inbox as inbox_filter
from fieldsync.core.export_cells import safe
from fieldsync.core.export_options import Options
from fieldsync.core.export_plan import Plan, Record, Row
from fieldsync.core.export_words import STATES, word
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import inbox
from fieldsync.services.readers import Reader
from fieldsync.store import associations, authors, exports, records
from fieldsync.store.exports import SourceRow

PAGE_ROWS = 500
"""Records in memory at the same time; each is some two kilobytes."""

FAR_AWAY_MS = 2**62

Sight = Callable[[str, int], bool | None]
"""(place, who began a record) → None, it stays here; whether its personal answers stay hidden."""


class _Shown(msgspec.Struct):
    """The part of a stored fold (core.merge.RecordState) that an export reads."""

    fields: dict[str, Any]
    version: str | None = None


class Page(msgspec.Struct):
    """Some rows, each with the number of its table; how many records they are, and how far the export is in percent."""

    rows: list[tuple[int, Row]]
    records: int
    percent: int


_decode = msgspec.json.Decoder(_Shown).decode


def pages(session: Session, association_id: int, plan: Plan, sight: Sight, reader: Reader | None) -> Iterator[Page]:
    """All that is to be exported; `session` is on one snapshot until the last page."""
    collection = associations.collection(session, association_id, plan.options.kind, plan.options.of)
    if collection is None or not plan.options.states:
        return
    own = _own_cells(session, association_id, plan)
    if plan.options.narrowed and reader is not None:
        found = _narrowed(session, collection.id, plan.options, reader)
    else:
        found = _in_order(session, collection.id, plan.options)
    for percent, rows in found:
        yield _page(plan, rows, sight, own, percent)


def _in_order(session: Session, collection_id: int, options: Options) -> Iterator[tuple[int, list[SourceRow]]]:
    """(how far in percent, records) in the order of arrival."""
    first, last = exports.bounds(session, collection_id)
    after_id = 0
    while True:
        rows = exports.source_page(session, collection_id, options.states, arrived_within(options), after_id, PAGE_ROWS)
        if rows:
            after_id = rows[-1].id
            yield 100 * (after_id - first + 1) // (last - first + 1), rows
        if len(rows) < PAGE_ROWS:
            return


def _narrowed(
    session: Session, collection_id: int, options: Options, reader: Reader
) -> Iterator[tuple[int, list[SourceRow]]]:
    """The same, of what the desk's list shows under a filter."""
    asked = inbox_filter.parse(options.narrowed)
    wanted = replace(asked, kind=options.kind, of=options.of, state="", gone="", sort="arrived", ascending=True)
    number, done = inbox.count(session, reader, wanted).number, 0
    listed = inbox.each(session, reader, wanted)
    while ids := [row.id for row in islice(listed, PAGE_ROWS)]:
        done += len(ids)
        yield (
            100 * done // max(number, done),
            exports.sources(session, collection_id, options.states, arrived_within(options), ids),
        )


def arrived_within(options: Options) -> tuple[int, int]:
    """From when to when (milliseconds, the end excluded) records arrived, by the days of the programme's clock."""
    since = _midnight_ms(date.fromisoformat(options.since)) if options.since else 0
    until = _midnight_ms(date.fromisoformat(options.until) + timedelta(days=1)) if options.until else FAR_AWAY_MS
    return since, until


def moment(at_ms: int) -> str:
    """A moment by the programme's clock, as ISO 8601 with its offset, to the second."""
    return _second(at_ms // 1000)


@lru_cache(maxsize=4096)
def _second(at_s: int) -> str:
    """Batches bring hundreds of records at the same second."""
    return datetime.fromtimestamp(at_s, PROGRAMME_ZONE).isoformat()


def _midnight_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=PROGRAMME_ZONE).timestamp() * 1000)


def _page(
    plan: Plan, rows: Sequence[SourceRow], sight: Sight, own: Callable[[SourceRow, str | None], Row], percent: int
) -> Page:
    page = Page([], 0, percent)
    for row in rows:
        hides_personal = sight(row.place, row.created_by)
        if hides_personal is None or not row.state:
            continue
        shown = _decode(row.state)
        page.rows += plan.rows(Record(own(row, shown.version), shown.fields, hides_personal))
        page.records += 1
    return page


def _own_cells(session: Session, association_id: int, plan: Plan) -> Callable[[SourceRow, str | None], Row]:
    """Our own columns of a record, in the order of `export_sources.OWN_COLUMNS`."""
    options, alias = plan.options, plan.alias
    states = {code: word(STATES, code, options.language) if options.labels else code for code in STATES}
    names = {row: alias(name) for row, name in authors.names(session, association_id).items()}
    versions: dict[str | None, str | None] = {None: None}

    def own(row: SourceRow, version: str | None) -> Row:
        record = alias(records.uuid_text(row.uuid))
        received, changed = moment(row.arrived_ms), moment(row.changed_ms)
        if version not in versions:
            versions[version] = safe(version or "")
        said = versions[version]
        return [record, states.get(row.review, row.review), said, received, changed, names.get(row.created_by)]

    return own
