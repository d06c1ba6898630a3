"""Records as one reader may see them: pages of them, one by its UUID, and what was said about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.services import changes, desk, records_told, showing
from fieldsync.services.desk import Found
from fieldsync.services.people import Reader
from fieldsync.services.withholding import Withholding
from fieldsync.store import associations, operations, records
from fieldsync.store.records import RecordRow

PAGE_ROWS_MAX = 500
"""The most items that one request is answered with."""

SCANNED_ROWS_MAX = 2000
"""Records that one request looks through for a filter or a view that lets few of them pass."""


@dataclass(frozen=True)
class Asked:
    """Which records are wanted: of a form or list (None: all), in a review state, after a row id."""

    kind: str
    of: str | None = None
    review: str | None = None
    all: bool = False
    after_id: int = 0
    limit: int = 100


@dataclass
class Page:
    """Items in the order of arrival; `last_id` is where the next page begins, None at the end."""

    items: list[dict[str, Any]] = field(default_factory=list)
    last_id: int | None = None


def page_of(session: Session, reader: Reader, asked: Asked, language: str) -> Page:
    """A page of records; a page may be short, or empty, and still have a next one."""
    wanted = [
        row.id
        for row in associations.collections(session, reader.association_id)
        if row.kind == asked.kind and asked.of in (None, row.of)
    ]
    found: list[RecordRow] = []
    last_id, left = asked.after_id, SCANNED_ROWS_MAX
    while left > 0 and len(found) < asked.limit:
        count = min(left, max(asked.limit, 100))
        ids = records.ids_of_collections(session, wanted, last_id, count)
        rows = records.by_ids(session, ids)
        for row_id in ids:
            last_id, left = row_id, left - 1
            if _is_wanted(rows[row_id], asked) and may_read(reader, rows[row_id]):
                found.append(rows[row_id])
                if len(found) == asked.limit:
                    break
        else:
            if len(ids) < count:
                return Page(shown_to(session, reader, found, language))
    return Page(shown_to(session, reader, found, language), last_id)


def in_conflict(session: Session, reader: Reader, after_id: int, limit: int, language: str) -> Page:
    """A page of the records in which values are in conflict."""
    rows = records.in_conflict(session, reader.association_id, after_id, limit)
    items = shown_to(session, reader, [row for row in rows if may_read(reader, row)], language)
    return Page(items, rows[-1].id if len(rows) == limit else None)


def find(session: Session, reader: Reader, uuid: str, kind: str | None = None, of: str | None = None) -> list[Found]:
    """The records of that UUID which the reader may read, of a kind and form or list where these are said."""
    return [
        found
        for found in desk.find(session, reader.association_id, uuid)
        if kind in (None, found.kind) and of in (None, found.of) and may_read(reader, found.row)
    ]


def told(session: Session, reader: Reader, found: Sequence[Found], language: str) -> list[dict[str, Any]]:
    """Records that were found, as the reader sees them; one of which nothing applies yet shows empty."""
    shown: list[dict[str, Any]] = []
    for each in found:
        items = shown_to(session, reader, [each.row], language)
        shown += items or [{**records_told.nothing_applies(each.row.uuid, each.kind, each.of), "withheld": []}]
    return shown


def history(session: Session, reader: Reader, found: Found, after_id: int, limit: int) -> Page:
    """A page of what was said about a record, in the order in which it came."""
    rows = operations.history_page(session, found.row.id, after_id, limit)
    waits = operations.waits_of(session, [row.id for row in rows if row.status == "held"])
    hide = hiding(session, reader)
    items = [hide(found.kind, found.of, records_told.operation(row, waits)) for row in rows]
    return Page(items, rows[-1].id if len(rows) == limit else None)


def hiding(session: Session, reader: Reader) -> Callable[[str, str, dict[str, Any]], dict[str, Any]]:
    """How operations of (kind, form or list) look to a reader: people see no restricted answers."""
    if reader.person is None:
        return lambda _kind, _of, said: {**said, "withheld": []}
    withholding = Withholding(session, reader.association_id)

    def hide(kind: str, of: str, said: dict[str, Any]) -> dict[str, Any]:
        paths = withholding.paths(kind, of)
        return access.said_without_restricted(said, paths.known, paths.restricted)

    return hide


def shown_to(session: Session, reader: Reader, rows: Sequence[RecordRow], language: str) -> list[dict[str, Any]]:
    """Records in the wire's form; people see no restricted answers."""
    shown = showing.shown(session, reader.association_id, rows, language)
    ordered = [shown[row.id] for row in rows if row.id in shown]
    if reader.person is None:
        return [{**record, "withheld": []} for record in ordered]
    withholding = Withholding(session, reader.association_id)
    return [
        access.without_restricted(record, withholding.paths(record["kind"], record["of"]).restricted)
        for record in ordered
    ]


def may_read(reader: Reader, row: RecordRow) -> bool:
    """Whether a record of the reader's association is the reader's to see: a device's views decide."""
    if reader.sender is None:
        return True
    own = {author.id for author in reader.sender.authors.values()}
    return any(changes.may_read(view, row, own) for view in reader.sender.views)


def _is_wanted(row: RecordRow, asked: Asked) -> bool:
    if asked.review is not None and row.review != asked.review:
        return False
    return asked.all or not (row.deleted or row.merged_into)
