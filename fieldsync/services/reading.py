"""Records as one reader may see them: pages of them, one by its UUID, and what was said about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import READ_HISTORY, READ_RECORDS, Scope
from fieldsync.core.masking import said_without, without
from fieldsync.core.roles import CLEAR, MASKED
from fieldsync.services import auditing, changes, desk, records_told, showing
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader
from fieldsync.services.withholding import Hidden, Withholding, hidden_from
from fieldsync.store import associations, operations, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.records import RecordRow

PAGE_ROWS_MAX = 500
"""The most items that one request is answered with."""

NOBODY = 0
"""The author of what nobody said."""

RAW = "raw"
"""The member under which the text of an unreadable operation is told."""

UNREADABLE = frozenset((RAW,))

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
    wanted = {
        row.id: row
        for row in associations.collections(session, reader.association_id)
        if row.kind == asked.kind and asked.of in (None, row.of) and reader.opens(row.kind, row.of)
    }
    found: list[RecordRow] = []
    last_id, left = asked.after_id, SCANNED_ROWS_MAX
    while left > 0 and len(found) < asked.limit:
        count = min(left, max(asked.limit, 100))
        ids = records.ids_of_collections(session, list(wanted), last_id, count)
        rows = records.by_ids(session, ids)
        for row_id in ids:
            last_id, left = row_id, left - 1
            row = rows[row_id]
            if _is_wanted(row, asked) and may_read(reader, wanted[row.collection_id], row):
                found.append(row)
                if len(found) == asked.limit:
                    break
        else:
            if len(ids) < count:
                return Page(shown_to(session, reader, found, language))
    return Page(shown_to(session, reader, found, language), last_id)


def listed(session: Session, reader: Reader, row_ids: Sequence[int], language: str) -> list[dict[str, Any]]:
    """Records of the reader's that a list names, in its order."""
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    found = records.by_ids(session, row_ids)
    rows = [found[each] for each in row_ids if each in found and found[each].collection_id in named]
    own = [row for row in rows if may_read(reader, named[row.collection_id], row)]
    return shown_to(session, reader, own, language)


def in_conflict(session: Session, reader: Reader, after_id: int, limit: int, language: str) -> Page:
    """A page of the records in which values are in conflict."""
    rows = records.in_conflict(session, reader.association_id, after_id, limit)
    owned = {row.id: row for row in associations.collections(session, reader.association_id)}
    readable = [row for row in rows if may_read(reader, owned[row.collection_id], row, READ_HISTORY)]
    return Page(shown_to(session, reader, readable, language), rows[-1].id if len(rows) == limit else None)


def find(
    session: Session,
    reader: Reader,
    uuid: str,
    kind: str | None = None,
    of: str | None = None,
    permission: str = READ_RECORDS,
) -> list[Found]:
    """The records of that UUID over which the reader has a permission; of a kind and form or list where said."""
    return [
        found
        for found in desk.find(session, reader.association_id, uuid)
        if kind in (None, found.kind) and of in (None, found.of) and may_read(reader, found, found.row, permission)
    ]


def told(
    session: Session, reader: Reader, found: Sequence[Found], language: str, revealed: bool = False
) -> list[dict[str, Any]]:
    """Records that were found, as the reader sees them; one of which nothing applies yet shows empty.

    `revealed`: with the personal answers that are masked otherwise; `note_revealed` comes first.
    """
    shown: list[dict[str, Any]] = []
    for each in found:
        items = shown_to(session, reader, [each.row], language, revealed)
        empty = records_told.nothing_applies(each.row.uuid, each.kind, each.of)
        shown += items or [{**empty, "withheld": [], "masked": []}]
    return shown


def revealed(session: Session, reader: Reader, found: Found, language: str, now_ms: int) -> dict[str, Any]:
    """A record with the personal answers that are masked otherwise; that they were shown is written down with it."""
    note_revealed(session, reader, found, now_ms)
    return told(session, reader, [found], language, revealed=True)[0]


def note_revealed(session: Session, reader: Reader, found: Found, now_ms: int) -> None:
    """Write down that somebody is about to be shown the personal answers of a record that are masked otherwise."""
    uuid = records.uuid_text(found.row.uuid)
    auditing.note(session, reader.association_id, auditing.by(reader), "personal_revealed", f"record:{uuid}", now_ms)


def history(session: Session, reader: Reader, found: Found, after_id: int, limit: int) -> Page:
    """A page of what was said about a record, in the order in which it came."""
    rows = operations.history_page(session, found.row.id, after_id, limit)
    waits = operations.waits_of(session, [row.id for row in rows if row.status == "held"])
    hide = hiding(session, reader, found.row)
    items = [hide(found.kind, found.of, records_told.operation(row, waits)) for row in rows]
    return Page(items, rows[-1].id if len(rows) == limit else None)


def hiding(
    session: Session, reader: Reader, row: RecordRow | None = None, revealed: bool = False
) -> Callable[[str, str, dict[str, Any]], dict[str, Any]]:
    """How operations of (kind, form or list) look to a reader: what is masked in a record is withheld here.

    `row` is the record that they are about, where that is known; `revealed`: after a click that was written down.
    """
    if reader.sender is not None and reader.sender.sees_restricted:
        return lambda _kind, _of, said: {**said, "withheld": []}
    withholding = Withholding(session, reader.association_id)
    place, created_by = (row.place, row.created_by) if row else ("", NOBODY)

    def hide(kind: str, of: str, said: dict[str, Any]) -> dict[str, Any]:
        paths = withholding.paths(kind, of)
        scope = reader.scope(kind, of, place, created_by)
        hidden = hidden_from(reader, scope, paths, revealed)
        if hidden.discloses and "record" in said:
            reader.disclosed.append(f"record:{said['record']}")
        left_out = hidden.withheld | hidden.masked
        if RAW in said and not left_out and not _shows_personal(reader, scope, revealed):
            left_out = UNREADABLE
        return said_without(said, paths.known, left_out)

    return hide


def shows_personal(reader: Reader, found: Found, revealed: bool) -> bool:
    """Whether somebody is shown what may be personal in a record, though no question says so."""
    scope = reader.scope(found.kind, found.of, found.row.place, found.row.created_by)
    return _shows_personal(reader, scope, revealed)


def _shows_personal(reader: Reader, scope: Scope, revealed: bool) -> bool:
    """Whether what nobody can tell apart from personal answers shows: an unreadable text of no known form."""
    if reader.sender is not None or (reader.token is None and access.restricted_somewhere(reader.grants, scope)):
        return True
    shows = access.personal(reader.grants, scope)
    return shows == CLEAR or (shows == MASKED and revealed)


def hidden_of(session: Session, reader: Reader, found: Found, revealed: bool = False) -> Hidden:
    """Which answers of a record a reader is not shown; what is restricted and shown is noted."""
    paths = Withholding(session, reader.association_id).paths(found.kind, found.of)
    scope = reader.scope(found.kind, found.of, found.row.place, found.row.created_by)
    hidden = hidden_from(reader, scope, paths, revealed)
    if hidden.discloses:
        reader.disclosed.append(f"record:{records.uuid_text(found.row.uuid)}")
    return hidden


def shown_to(
    session: Session, reader: Reader, rows: Sequence[RecordRow], language: str, revealed: bool = False
) -> list[dict[str, Any]]:
    """Records in the wire's form, without what the reader may not see. What is restricted and shown is noted."""
    shown = showing.shown(session, reader.association_id, rows, language)
    withholding = Withholding(session, reader.association_id)
    seen = []
    for row in rows:
        if row.id in shown:
            record = shown[row.id]
            paths = withholding.paths(record["kind"], record["of"])
            scope = reader.scope(record["kind"], record["of"], row.place, row.created_by)
            hidden = hidden_from(reader, scope, paths, revealed)
            if hidden.discloses:
                reader.disclosed.append(f"record:{record['record']}")
            seen.append(without(record, hidden.withheld, hidden.masked))
    return seen


def may_read(reader: Reader, named: CollectionRow | Found, row: RecordRow, permission: str = READ_RECORDS) -> bool:
    """Whether a record of the reader's association is the reader's: a device's views decide, or a person's grants.

    `named` says of which kind and form or list it is.
    """
    if reader.sender is None:
        scope = reader.scope(named.kind, named.of, row.place, row.created_by)
        return reader.may(permission) and access.may(reader.grants, permission, scope)
    seen = any(changes.may_read(view, row, reader.own) for view in reader.sender.views)
    return seen and (reader.sender.opens(named.kind, named.of) or row.created_by in reader.own)


def _is_wanted(row: RecordRow, asked: Asked) -> bool:
    if asked.review is not None and row.review != asked.review:
        return False
    return asked.all or row.is_there
