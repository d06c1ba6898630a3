"""Everything that was said about a record, newest first: who, when by her clock and by ours, and what it changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.form_texts import FormText
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.core.revisions import Revision, alike, revisions
from fieldsync.core.shown_values import ShownValue
from fieldsync.services import authorship, presence, reading, records_told
from fieldsync.services.answers_told import Words
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader
from fieldsync.store import associations, operations, records
from fieldsync.store.operations import HistoryRow

ENTRIES = 20
"""Operations of a page."""

WINDOW_MAX = 1000
"""Operations among which cause and effect are worked out; a record with more is told a window at a time."""

CHANGES_MAX = 12
"""Changes told of one operation; how many more there are is said."""

DERIVED_MAX = 200
"""Entity operations told on a page."""


@dataclass(frozen=True)
class Change:
    """What one operation made of one answer; `row` is "added" or "removed" where a row of a repeat came or went."""

    path: str
    label: FormText
    before: ShownValue | None
    after: ShownValue
    row: str = ""


@dataclass(frozen=True)
class Derived:
    """An entity that follows from an operation."""

    list: str
    record: str


@dataclass(frozen=True)
class Entry:
    """One operation. `kind`: created, wrote, deleted, review, comment, verdict, merge, unmerge; or held.

    `said_ms` is its author's clock, `received_ms` ours (None: not by a batch). `hidden`: answers that the reader is not
    shown; `more`: changes that are left out for their number. `text` is a comment or a review's note.
    """

    id: tuple[str | int, ...]
    kind: str
    who: Author
    said_ms: int
    received_ms: int | None
    is_concurrent: bool
    version: str | None
    written: int = 0
    changes: tuple[Change, ...] = ()
    more: int = 0
    hidden: int = 0
    state: str = ""
    text: str = ""
    verdict: str = ""
    derived: tuple[Derived, ...] = ()
    waits: int = 0


@dataclass(frozen=True)
class Timeline:
    """A page: `older_id` is before which row the next one begins, None at the end; `total` operations in all."""

    entries: tuple[Entry, ...]
    older_id: int | None
    total: int


def page(
    session: Session,
    reader: Reader,
    found: Found,
    words: Words,
    before_id: int | None = None,
    revealed: bool = False,
    joined: Collection[int] = (),
) -> Timeline:
    """A page of what was said about a record, and about those that are merged with it (`joined`: their row ids)."""
    record_ids = {found.row.id, *joined}
    rows = operations.newest(session, record_ids, before_id, ENTRIES + 1)
    shown, older = rows[:ENTRIES], rows[ENTRIES - 1].id if len(rows) > ENTRIES else None
    window = _window(session, record_ids, shown)
    told = _revisions(session, reader.association_id, window, shown)
    names = authorship.named(session, reader.association_id, {row.author for row in shown})
    waits = operations.waits_of(session, [row.id for row in shown if row.status == "held"])
    hide = reading.hiding(session, reader, found.row, revealed)
    derived = _derived(session, reader, shown) if found.kind == "submission" else {}
    entries = []
    for row in shown:
        said = hide(found.kind, found.of, records_told.operation(row, waits))
        entry = _entry(row, said, told.get(_id(row)), names[row.author], words)
        if entry is not None:
            entries.append(_with_derived(entry, derived.get((row.author, row.counter), ())))
    return Timeline(tuple(entries), older, operations.count_of(session, record_ids))


def _window(session: Session, record_ids: Collection[int], shown: Sequence[HistoryRow]) -> list[HistoryRow]:
    """The operations around a page: the newest of the record, or those before the page where that lies further back."""
    newest = operations.newest(session, record_ids, None, WINDOW_MAX)
    if not shown or not newest or shown[-1].id >= newest[-1].id:
        return newest
    return operations.newest(session, record_ids, shown[0].id + 1, WINDOW_MAX)


def _revisions(
    session: Session, association_id: int, window: Sequence[HistoryRow], shown: Sequence[HistoryRow]
) -> Mapping[OperationId, Revision]:
    parsed = [parse_operation(bytes(row.body)) for row in window if row.status == "applied"]
    said = [each for each in parsed if isinstance(each, Operation)]
    passed_on = presence.passed_on(session, association_id, said) if said else {}
    return revisions(said, {_id(row) for row in shown}, passed_on)


def _id(row: HistoryRow) -> OperationId:
    return (row.author, row.counter, row.n) if row.n else (row.author, row.counter)


def _entry(
    row: HistoryRow, said: Mapping[str, Any], revision: Revision | None, who: Author, words: Words
) -> Entry | None:
    if "stamp" not in said:
        return None
    act, writes = said.get("act") or {}, said.get("writes") or {}
    changes = [] if revision is None or revision.is_first else _changes(writes, revision, words)
    hidden = [each for each in said.get("withheld", ()) if each in (revision.operation.writes if revision else ())]
    return Entry(
        id=_id(row),
        kind=_kind(said, revision),
        who=who,
        said_ms=said["stamp"][0],
        received_ms=row.received_ms,
        is_concurrent=revision is not None and revision.is_concurrent,
        version=said.get("version"),
        written=len(writes) + len(hidden),
        changes=tuple(changes[:CHANGES_MAX]),
        more=max(0, len(changes) - CHANGES_MAX),
        hidden=len(hidden),
        state=act.get("review", ""),
        text=act.get("comment") or act.get("note") or "",
        verdict=act.get("verdict", ""),
        waits=len(said.get("waits", ())),
    )


def _kind(said: Mapping[str, Any], revision: Revision | None) -> str:
    if said["status"] == "held":
        return "held"
    act = said.get("act") or {}
    named = next((each for each in ("review", "comment", "verdict", "merge", "unmerge") if each in act), "")
    if named or said.get("delete"):
        return named or "deleted"
    return "created" if revision is not None and revision.is_first else "wrote"


def _changes(writes: Mapping[str, Any], revision: Revision, words: Words) -> list[Change]:
    """What differs from what the author saw, in the order in which it was said."""
    found = []
    for path, value in writes.items():
        before = revision.before.get(path)
        if path.endswith("]"):
            row = "removed" if value is None else "added" if before is None else ""
            if row:
                found.append(Change(path, words.label(path), None, words.show(path, None), row))
        elif not alike(before, value):
            old = words.show(path, before) if before is not None else None
            found.append(Change(path, words.label(path), old, words.show(path, value)))
    return found


def _derived(
    session: Session, reader: Reader, rows: Sequence[HistoryRow]
) -> Mapping[tuple[str, int], tuple[Derived, ...]]:
    """The entities that follow from a page's operations, as far as the reader may read them."""
    counters: dict[str, list[int]] = {}
    for row in rows:
        if row.status == "applied" and row.n == 0:
            counters.setdefault(row.author, []).append(row.counter)
    said = [
        (author, counter, record_id)
        for author, wanted in counters.items()
        for counter, _, record_id in operations.derived_from(session, author, wanted, DERIVED_MAX)
    ][:DERIVED_MAX]
    stored = records.by_ids(session, {each[2] for each in said})
    collections = {row.id: row for row in associations.collections(session, reader.association_id)}
    found: dict[tuple[str, int], tuple[Derived, ...]] = {}
    for author, counter, record_id in said:
        entity = stored[record_id]
        collection = collections.get(entity.collection_id)
        if collection is not None and reading.may_read(reader, collection, entity):
            one = Derived(collection.of, records.uuid_text(entity.uuid))
            found[author, counter] = (*found.get((author, counter), ()), one)
    return found


def _with_derived(entry: Entry, derived: tuple[Derived, ...]) -> Entry:
    return replace(entry, derived=derived) if derived else entry
