"""Records in hand while a batch is folded: loaded once, changed in memory, saved once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.merge import RecordState, begin, extend
from fieldsync.core.operations import Operation
from fieldsync.core.problems import Problem
from fieldsync.services.published import Published, published
from fieldsync.store import associations, form_versions, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.records import RecordRow

RecordName = tuple[str, str, str]
"""(kind, form or entity list, UUID)."""

_state_decoder = msgspec.json.Decoder(RecordState)


@dataclass(slots=True)
class Entry:
    """An operation to be stored. `held_id` is its row where it was held before; `said_by` its author, or 0.

    `waits` says what it is held for; empty when it applies. `let_go`: a verdict released it from waiting.
    """

    operation: Operation
    raw: bytes
    author_id: int
    said_by: int = 0
    receipt_id: int | None = None
    held_id: int | None = None
    waits: list[tuple[str, str]] = field(default_factory=list)
    published: Published | None = None
    notices: tuple[Problem, ...] = ()
    let_go: bool = False
    row_id: int = 0
    record_id: int = 0

    @property
    def name(self) -> RecordName:
        """The record that it is about."""
        return (self.operation.kind, self.operation.of, self.operation.record)


@dataclass(slots=True)
class WorkingRecord:
    """A record in hand. `state` is None while nothing of it applies; `anew` asks for a fold from all operations.

    `created_by` is whose answers applied first; until then (`has_begun`) whoever spoke of it first.
    """

    id: int
    collection: CollectionRow
    uuid: str
    row: RecordRow | None
    created_by: int
    state: RecordState | None
    fresh: list[Entry] = field(default_factory=list)
    anew: bool = False
    touched: bool = False
    has_begun: bool = False
    merged_into: int | None = None

    def take(self, entry: Entry, protective: Mapping[str, Sequence[str]]) -> None:
        """Fold one more operation, or note that only a fold from all operations will do."""
        self.touched = True
        self.fresh.append(entry)
        if entry.operation.writes and not self.has_begun:
            self.created_by, self.has_begun = entry.author_id, True
        if self.anew:
            entry.said_by = 0
            return
        if self.state is None:
            fits = not entry.operation.seen
            self.state = begin(entry.operation, protective) if fits else None
        else:
            self.state = extend(self.state, entry.operation, protective)
        if self.state is None:
            self.anew = True
            entry.said_by = 0
        elif entry.operation.version is not None and self.state.rules_id != entry.operation.id:
            entry.said_by = 0  # a clock behind the others': its device cannot know whose form version holds


class WorkingSet:
    """The records of one association that a transaction has in hand; without `locks` they are only looked at."""

    def __init__(self, session: Session, association_id: int, locks: bool = True) -> None:
        self.session = session
        self.locks = locks
        self.association_id = association_id
        self.records: dict[RecordName, WorkingRecord] = {}
        self._collections: dict[tuple[str, str], CollectionRow] = {}
        self._protective: dict[tuple[str, str, str | None], Mapping[str, Sequence[str]]] = {}
        self._published: dict[tuple[str, str | None], Published | None] = {}
        self._place_properties: dict[str, str | None] = {}

    def load(self, entries: Iterable[Entry], created_ms: int) -> None:
        """Take the entries' records in hand, new ones too; the stored rows are locked, in the order of their UUIDs."""
        authors: dict[RecordName, int] = {}
        for entry in entries:
            if entry.name not in self.records:
                authors.setdefault(entry.name, entry.author_id)
        wanted = {records.uuid_bytes(name[2]) for name in authors}
        stored = {(row.uuid, row.collection_id): row for row in records.by_uuids(self.session, wanted, lock=True)}
        for name, author_id in authors.items():
            collection = self._collection(name[0], name[1])
            row = stored.get((records.uuid_bytes(name[2]), collection.id))
            self.records[name] = _in_hand(collection, name[2], row, author_id)

    def load_ids(self, record_ids: Iterable[int]) -> list[WorkingRecord]:
        """Take records in hand by row id."""
        by_id = {record.id: record for record in self.records.values() if record.row is not None}
        missing = [each for each in record_ids if each not in by_id]
        if not missing:
            return [by_id[each] for each in record_ids]
        names = {row.id: row for row in associations.collections(self.session, self.association_id)}
        for row in records.by_ids(self.session, missing, lock=self.locks).values():
            record = _in_hand(names[row.collection_id], records.uuid_text(row.uuid), row, row.created_by)
            by_id[row.id] = record
            self.records[(record.collection.kind, record.collection.of, record.uuid)] = record
        return [by_id[each] for each in record_ids if each in by_id]

    def protective(self, operation: Operation) -> Mapping[str, Sequence[str]]:
        """Which fields of the operation's record show their most protective value in conflict."""
        key = (operation.kind, operation.of, operation.version if operation.kind == "submission" else None)
        if key not in self._protective:
            if operation.kind == "entity":
                rows = form_versions.properties(self.session, self.association_id, operation.of)
                self._protective[key] = {row.name: row.protective for row in rows if row.protective}
            else:
                found = self.form(operation.of, operation.version)
                self._protective[key] = found.compiled.protective if found else {}
        return self._protective[key]

    def form(self, form: str, version: str | None) -> Published | None:
        """A form version, or None where it is not here."""
        key = (form, version)
        if key not in self._published:
            self._published[key] = published(self.session, self.association_id, form, version)
        return self._published[key]

    def place(self, record: WorkingRecord) -> str:
        """The code of the place where a record is, as its form or list says; empty where none is said."""
        state = record.state
        if state is None:
            return ""
        if record.collection.kind == "entity":
            path = self._place_property(record.collection.of)
        else:
            found = self.form(record.collection.of, state.version)
            path = found.compiled.place_path if found else None
        value = state.fields.get(path) if path else None
        return value if isinstance(value, str) else ""

    def _place_property(self, list_name: str) -> str | None:
        if list_name not in self._place_properties:
            rows = form_versions.properties(self.session, self.association_id, list_name)
            self._place_properties[list_name] = next((row.name for row in rows if row.place), None)
        return self._place_properties[list_name]

    def _collection(self, kind: str, of: str) -> CollectionRow:
        if (kind, of) not in self._collections:
            found = associations.ensure_collection(self.session, self.association_id, kind, of)
            self._collections[(kind, of)] = found
        return self._collections[(kind, of)]


def decode_state(stored: bytes) -> RecordState | None:
    """A fold as it was stored; None while nothing of the record applies."""
    return _state_decoder.decode(stored) if stored else None


def _in_hand(collection: CollectionRow, uuid: str, row: RecordRow | None, author_id: int) -> WorkingRecord:
    if row is None:
        return WorkingRecord(0, collection, uuid, None, author_id, None)
    record = WorkingRecord(row.id, collection, uuid, row, row.created_by, decode_state(row.state))
    record.merged_into = row.merged_into
    record.anew = bool(row.merged)
    record.has_begun = record.state is not None and bool(record.state.fields or record.state.version is not None)
    return record
