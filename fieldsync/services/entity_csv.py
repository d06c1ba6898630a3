"""Entity lists as CSV for OpenRosa clients: what one phone may read of a list, and how it knows a change."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.answer_text import UnknownValueError, text_of
from fieldsync.core.declarations import LABEL
from fieldsync.core.forms import Form
from fieldsync.core.media import media_name
from fieldsync.core.operations import Value
from fieldsync.core.short_codes import short_code
from fieldsync.services import changes, following, showing
from fieldsync.services.following import Follower
from fieldsync.services.senders import Sender
from fieldsync.services.withholding import Withholding
from fieldsync.store import associations, entity_lists, records, server
from fieldsync.store import changes as change_log
from fieldsync.store.entity_lists import EntityRow
from fieldsync.store.records import RecordRow

ENDING = ".csv"

OWN_COLUMNS = ("name", LABEL, "__version")

PART_ENTITIES = 1000
"""Entities in hand at a time, and written anew where one of them changed."""

STEP_CHANGES = 500
STEPS_MAX = 8
"""Steps by which a request may follow the change log itself; beyond that every change counts as one of the list."""

IDS_MAX = 500
"""Entities of one question for their integrity."""


class _Shown(msgspec.Struct):
    """Of a record's state what it shows."""

    fields: dict[str, Any] = {}


_read_fields = msgspec.json.Decoder(_Shown).decode

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


def named_by(form: Form, files: Collection[str]) -> list[str]:
    """The entity lists that a form reads: its CSV files that nobody uploaded."""
    names = filter(None, map(media_name, form.media))
    return sorted({name.removesuffix(ENDING) for name in names if name.endswith(ENDING) and name not in files})


def take(session: Session, association_id: int, record_ids: Sequence[int]) -> None:
    """Note which lists changed."""
    lists = {row.id: row.of for row in associations.collections(session, association_id) if row.kind == "entity"}
    rows = records.by_ids(session, record_ids).values()
    names = {lists[row.collection_id] for row in rows if row.collection_id in lists}
    position, _ = associations.positions(session, association_id)
    entity_lists.note_changed(session, association_id, names, position)


FOLLOWER = Follower("entity_lists", take)


def catch_up(write: Callable[[Callable[[Session], bool]], bool], association_id: int) -> None:
    """Follow the change log a bounded way; `write` runs each step in a transaction of its own."""

    def step(session: Session) -> bool:
        following.follow(session, FOLLOWER, association_id, STEP_CHANGES)
        return following.is_behind(session, FOLLOWER.name, association_id)

    for _ in range(STEPS_MAX):
        if not write(step):
            return


def is_behind(session: Session, association_id: int) -> bool:
    """Whether changes are still to be followed."""
    return following.is_behind(session, FOLLOWER.name, association_id)


def scope(session: Session, sender: Sender, name: str) -> str:
    """A digest of what decides, beside the entities themselves, on what a phone reads of a list."""
    association_id = sender.device.association_id
    identity = server.identity(session)
    said = (
        identity.epoch if identity else "",
        association_id,
        name,
        associations.positions(session, association_id)[1],  # the forms', which say what is restricted
        sorted(author.id for author in sender.authors.values()) if any(v.kind == "own" for v in sender.views) else [],
        not sender.is_revoked and sender.opens("entity", name),
        sender.sees_restricted,
        sorted((view.kind, view.place) for view in sender.views),
    )
    return _md5(said)


def digest(session: Session, sender: Sender, name: str) -> str:
    """What changes whenever the list does, or what the phone may read of it: MD5, as these clients compare them."""
    association_id = sender.device.association_id
    position, _ = associations.positions(session, association_id)
    behind = is_behind(session, association_id)
    changed = entity_lists.changed(session, association_id, name)
    # Two histories of a database that was put back untold reach the same position at different times.
    logged_ms = change_log.logged_ms(session, association_id, changed)
    return _md5((scope(session, sender, name), changed, logged_ms, position if behind else 0))


def _md5(said: tuple[Any, ...]) -> str:
    return hashlib.md5(repr(said).encode(), usedforsecurity=False).hexdigest()


class Entities:
    """A list as CSV: `name` (the UUID), `label`, `__version`, then its properties by name.

    What is restricted comes down only where the phone's role has it; a code stands for a label that is.
    """

    def __init__(self, session: Session, sender: Sender, name: str) -> None:
        self.collection_id = _collection(session, sender, name)
        self._session = session
        self._sender = sender
        classes = Withholding(session, sender.device.association_id).paths("entity", name)
        self._hidden = frozenset[str]() if sender.sees_restricted else classes.restricted
        self._columns = sorted(classes.known.difference(self._hidden, OWN_COLUMNS))

    def parts(self, first: int, end: int) -> Iterator[tuple[int, str]]:
        """The lines of the entities from a row id on, up to but not another: (from which row id on, lines).

        The names of the columns stand before those from 0 on.
        """
        head = "" if first else _lines([[*OWN_COLUMNS, *self._columns]])
        rows = self._page(first, end)
        if head or rows:
            yield first, head + self._written(rows)
        while len(rows) == PART_ENTITIES:
            rows = self._page(rows[-1].id + 1, end)
            if rows:
                yield rows[0].id, self._written(rows)

    def _page(self, first: int, end: int) -> list[EntityRow]:
        owner = self.collection_id
        return [] if owner is None else entity_lists.page(self._session, owner, first, end, PART_ENTITIES)

    def _written(self, rows: Sequence[EntityRow]) -> str:
        if not any(view.kind == "all" for view in self._sender.views):
            rows = [row for row in rows if _is_readable(self._sender, row)]
        association_id = self._sender.device.association_id
        merged = _merged(self._session, association_id, [row.id for row in rows if row.merged])
        lines: list[list[str | int]] = []
        for row in rows:
            fields = merged[row.id] if row.merged else _read_fields(row.state or b"{}").fields
            uuid = records.uuid_text(row.uuid)
            label = short_code(uuid) if LABEL in self._hidden else _text(fields.get(LABEL))
            lines.append([uuid, label, row.version, *[_text(fields.get(column)) for column in self._columns]])
        return _lines(lines)


def _lines(rows: Iterable[Iterable[str | int]]) -> str:
    """Rows as CSV: a writer that is given a thousand small ones would take as long as all the rest."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def deleted(session: Session, sender: Sender, name: str, ids: Sequence[str]) -> dict[str, bool]:
    """UUID → whether an entity that a phone may have made itself is gone; one that never came is not."""
    wanted = [each for each in ids[:IDS_MAX] if _UUID(each)]
    owner = _collection(session, sender, name)
    rows = records.by_uuids(session, [records.uuid_bytes(each) for each in wanted])
    gone = {
        records.uuid_text(row.uuid)
        for row in rows
        if row.collection_id == owner and _is_readable(sender, row) and not row.is_there
    }
    return {each: each in gone for each in wanted}


def _merged(session: Session, association_id: int, ids: Collection[int]) -> dict[int, Mapping[str, Value]]:
    """What entities show that others were merged into."""
    rows = records.by_ids(session, ids).values()
    found = showing.shown(session, association_id, list(rows), "en")
    return {record_id: record["fields"] for record_id, record in found.items()}


def _is_readable(sender: Sender, row: RecordRow | EntityRow) -> bool:
    own = {author.id for author in sender.authors.values()}
    return any(changes.may_read(view, row, own) for view in sender.views)


def _collection(session: Session, sender: Sender, name: str) -> int | None:
    """The list's collection, where the phone's role opens it."""
    if sender.is_revoked or not sender.opens("entity", name):
        return None
    rows = associations.collections(session, sender.device.association_id)
    return next((row.id for row in rows if (row.kind, row.of) == ("entity", name)), None)


def _text(value: Value) -> str:
    if value is None or value.__class__ is str:
        return value or ""
    try:
        return text_of(value)
    except UnknownValueError:
        return ""
