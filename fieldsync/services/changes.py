"""What comes down: the records or operations that changed after a cursor (docs/protocol.md section 5)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.cursors import Cursor
from fieldsync.services import linkage_hints, restricted, showing
from fieldsync.services.senders import Sender
from fieldsync.store import associations, changes, operations, records
from fieldsync.store.changes import ChangeRow
from fieldsync.store.devices import ViewRow
from fieldsync.store.entity_lists import EntityRow
from fieldsync.store.records import RecordRow

SCANNED_ROWS_MAX = 20_000
"""Rows of the change log that one request looks through for a view that shows few of them."""

Wanted = Callable[[ChangeRow], bool]
Render = Callable[[Sequence[ChangeRow]], Mapping[int, bytes | None]]
"""Rows → the items to send, by position; None for nothing to say."""


@dataclass
class Page:
    """One page of what changed, each item as JSON, and the cursor that stands for exactly that."""

    items: list[bytes]
    cursor: Cursor
    more: bool


@dataclass
class _Builder:
    """Fills a page up to its limits; knows at every moment how far it has read."""

    session: Session
    association_id: int
    limit: int
    bytes_left: int
    rows_left: int = SCANNED_ROWS_MAX
    items: list[bytes] = field(default_factory=list)
    told: set[int] = field(default_factory=set)

    def read(self, start: int, end: int, wanted: Wanted, render: Render) -> int:
        """Add what the wanted rows after `start` stand for; return the position up to which all is told."""
        position = start
        while position < end and len(self.items) < self.limit and self.rows_left > 0:
            rows = changes.after(self.session, self.association_id, position, end, max(self.limit, 100))
            if not rows:
                return end
            self.rows_left -= len(rows)
            rendered = render([row for row in rows if wanted(row)])
            for row in rows:
                item = rendered.get(row.position)
                if item is not None and not self._add(item):
                    return position
                position = row.position
        return position

    def _add(self, item: bytes) -> bool:
        if self.items and (len(self.items) >= self.limit or len(item) > self.bytes_left):
            return False
        self.items.append(item)
        self.bytes_left -= len(item)
        return True


def records_page(session: Session, sender: Sender, cursor: Cursor, limit: int, bytes_max: int, language: str) -> Page:
    """The records that changed for a device. A cursor without positions asks from the beginning."""
    association_id = sender.device.association_id
    through, _ = associations.positions(session, association_id)
    builder = _Builder(session, association_id, limit, bytes_max)
    cursor = _of_role(sender, cursor)
    reader = _Reader(session, sender, builder, language, cursor.former)
    positions: dict[str, int] = {}
    whole: dict[str, int] = {}
    for view in sender.views:
        name = name_of(view)
        start = cursor.positions.get(name)
        whole_through = through if start is None else cursor.whole.get(name, 0)
        positions[name] = builder.read(start or 0, through, reader.shows(view, whole_through), reader.render)
        if positions[name] < whole_through:
            whole[name] = whole_through
    leaving: dict[str, tuple[int, int]] = {}
    for name, (start, end) in _withdrawn(sender, cursor).items():
        position = builder.read(start, end, reader.shows(view_named(name), end), reader.take_away)
        if position < end:
            leaving[name] = (position, end)
    more = bool(leaving) or any(position < through for position in positions.values())
    former = cursor.former if leaving else ()
    read = Cursor(cursor.mode, cursor.epoch, positions, leaving, whole, cursor.forms, sender.device.role, former)
    return Page(builder.items, read, more)


def operations_page(session: Session, sender: Sender, cursor: Cursor, limit: int, bytes_max: int) -> Page:
    """The operations that a hub has missed, derived ones too, byte for byte as they were said."""
    association_id = sender.device.association_id
    through, _ = associations.positions(session, association_id)
    builder = _Builder(session, association_id, limit, bytes_max)
    reader = _Reader(session, sender, builder, "")

    def bodies(rows: Sequence[ChangeRow]) -> Mapping[int, bytes | None]:
        wanted = {row.operation_id: row.position for row in rows if row.operation_id is not None}
        return {wanted[row.id]: bytes(row.body) for row in operations.by_ids(session, wanted.keys())}

    positions = {
        name_of(view): builder.read(
            cursor.positions.get(name_of(view), 0), through, reader.shows(view, through), bodies
        )
        for view in sender.views
    }
    more = any(position < through for position in positions.values())
    return Page(builder.items, Cursor(cursor.mode, cursor.epoch, positions, forms=cursor.forms), more)


class _Reader:
    """What one sender may see of the change log, and how records look to it."""

    def __init__(
        self, session: Session, sender: Sender, builder: _Builder, language: str, former: Sequence[str] = ()
    ) -> None:
        self._session = session
        self._sender = sender
        self._builder = builder
        self._language = language
        self._former = former
        self._own = {author.id for author in sender.authors.values()}
        self._creators: dict[int, int] = {}

    def shows(self, view: ViewRow, whole_through: int) -> Wanted:
        """Which rows a view shows; after a position, what the sender itself said and simply went on is left out."""

        def news(row: ChangeRow) -> bool:
            return row.position <= whole_through or row.said_by not in self._own

        if view.kind == "all":
            return news
        if view.kind == "place":
            return lambda row: news(row) and is_within(row.place, view.place)
        return lambda row: news(row) and self._creator(row.record_id) in self._own

    def render(self, rows: Sequence[ChangeRow]) -> Mapping[int, bytes | None]:
        """The records of these rows, each once a page; `gone` where no view shows them any more."""
        first = self._first(rows)
        found = self._of_its_families(records.by_ids(self._session, first.keys()))
        return self._rendered(first, found, [row for row in found.values() if self._may_read(row)])

    def take_away(self, rows: Sequence[ChangeRow]) -> Mapping[int, bytes | None]:
        """The same for rows that came down before: `gone` also where only a role of before opened the family."""
        first = self._first(rows)
        present = records.by_ids(self._session, first.keys())
        found = self._of_its_families(present)
        readable = [row for row in found.values() if self._may_read(row)]
        return self._rendered(first, {**self._of_former_families(present), **found}, readable)

    def _first(self, rows: Sequence[ChangeRow]) -> dict[int, int]:
        first: dict[int, int] = {}
        for row in rows:
            if row.record_id not in self._builder.told:
                first.setdefault(row.record_id, row.position)
        return first

    def _rendered(
        self, first: Mapping[int, int], found: Mapping[int, RecordRow], readable: Sequence[RecordRow]
    ) -> Mapping[int, bytes | None]:
        self._builder.told |= found.keys()
        shown = showing.shown(self._session, self._sender.device.association_id, readable, self._language)
        shown = self._without_restricted(readable, shown)
        for row_id, hints in self._hints(readable).items():
            shown[row_id]["problems"] += hints
        items = {first[row_id]: msgspec.json.encode(record) for row_id, record in shown.items()}
        hidden = found.keys() - {row.id for row in readable}
        return items | {first[row_id]: msgspec.json.encode(showing.gone(found[row_id])) for row_id in hidden}

    def _hints(self, readable: Sequence[RecordRow]) -> Mapping[int, list[dict[str, Any]]]:
        association_id = self._sender.device.association_id
        return linkage_hints.hints(self._session, association_id, readable, self._may_read, self._language)

    def _of_former_families(self, found: Mapping[int, RecordRow]) -> Mapping[int, RecordRow]:
        roles = [role for role in map(self._sender.book.role, self._former) if role is not None]
        opened = {
            each.id
            for each in associations.collections(self._session, self._sender.device.association_id)
            if any(role.opens(self._sender.book.family(each.kind, each.of)) for role in roles)
        }
        return {row_id: row for row_id, row in found.items() if row.collection_id in opened}

    def _of_its_families(self, found: Mapping[int, RecordRow]) -> Mapping[int, RecordRow]:
        """What is of another role's form families never came down, and is not told to be gone."""
        closed = {
            each.id
            for each in associations.collections(self._session, self._sender.device.association_id)
            if not self._sender.opens(each.kind, each.of)
        }
        return {
            row_id: row
            for row_id, row in found.items()
            if row.collection_id not in closed or row.created_by in self._own
        }

    def _without_restricted(
        self, rows: Sequence[RecordRow], shown: dict[int, dict[str, Any]]
    ) -> dict[int, dict[str, Any]]:
        """Restricted answers that others wrote stay here, unless the phone's role is to have them."""
        if self._sender.sees_restricted:
            return shown
        return restricted.left_out(self._session, self._sender.device.association_id, rows, shown, self._own)

    def _may_read(self, row: RecordRow) -> bool:
        return any(may_read(view, row, self._own) for view in self._sender.views)

    def _creator(self, record_id: int) -> int:
        if record_id not in self._creators:
            self._creators[record_id] = records.by_ids(self._session, [record_id])[record_id].created_by
        return self._creators[record_id]


def may_read(view: ViewRow, row: RecordRow | EntityRow, own_authors: Collection[int]) -> bool:
    """Whether a view shows a record as it is now."""
    if view.kind == "place":
        return is_within(row.place, view.place)
    return view.kind == "all" or row.created_by in own_authors


def is_within(place: str, around: str) -> bool:
    """Whether a place is another or lies in it: codes grow from region to douar, parts joined by dots."""
    return place == around or place.startswith(f"{around}.")


def name_of(view: ViewRow) -> str:
    """How a cursor and a command name a view: `all`, `own`, `place:07.041`."""
    return f"{view.kind}:{view.place}" if view.place else view.kind


def view_named(name: str) -> ViewRow:
    """The view of such a name."""
    kind, _, place = name.partition(":")
    return ViewRow(kind, place)


def _of_role(sender: Sender, cursor: Cursor) -> Cursor:
    """A cursor that was read under another role starts again, and what that role alone showed is taken away."""
    if cursor.role == sender.device.role or not cursor.positions:
        return cursor
    read = {name: (0, end) for name, end in cursor.positions.items()}
    former = (*cursor.former, cursor.role)
    return msgspec.structs.replace(cursor, positions={}, whole={}, leaving={**cursor.leaving, **read}, former=former)


def _withdrawn(sender: Sender, cursor: Cursor) -> dict[str, tuple[int, int]]:
    """Views that the sender no longer has → positions of what came down through them and is not yet taken away."""
    current = {name_of(view) for view in sender.views}
    begun = {name: span for name, span in cursor.leaving.items() if name not in current or cursor.former}
    new = {name: (0, end) for name, end in cursor.positions.items() if name not in current}
    return {**begun, **new}
