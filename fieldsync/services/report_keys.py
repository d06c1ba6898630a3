"""The key of a report: its answers to the key questions of its form, an entity by the record that it shows through."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.declarations import entity_id, named_values
from fieldsync.core.operations import Value
from fieldsync.core.validation import CompiledForm
from fieldsync.store import merges, records
from fieldsync.store.declared_keys import KeyRow

_encode = msgspec.json.Encoder().encode

Survivors = Mapping[tuple[str, str], str]
"""(list, UUID) of entities that are merged away → the UUID of the one that they show through."""


class Report(NamedTuple):
    """A submission and what it says, by a version of its form."""

    record_id: int
    collection_id: int
    form: CompiledForm
    fields: Mapping[str, Value]

    @property
    def key_values(self) -> list[tuple[str, Value]]:
        """Path and answer of each key question."""
        return [(path, self.fields.get(path)) for path in self.form.key_paths]


def keys(session: Session, association_id: int, reports: Iterable[Report]) -> set[KeyRow]:
    """The keys of those that answer all key questions of their form, as merges are now."""
    wanted = [each for each in reports if each.form.key_paths and None not in dict(each.key_values).values()]
    survivors = _survivors(session, association_id, wanted)
    return {KeyRow(each.collection_id, digest(_content(each, survivors)), each.record_id) for each in wanted}


def digest(content: bytes) -> int:
    """A number that stands for some content, of 63 bits."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big") >> 1


def _content(report: Report, survivors: Survivors) -> bytes:
    lists = report.form.key_lists
    return _encode(
        [_through(lists[path], value, survivors) if path in lists else value for path, value in report.key_values]
    )


def _through(list_name: str, value: Value, survivors: Survivors) -> Value:
    """An answer with every entity that it names as the one that it shows through."""
    if isinstance(value, dict):
        return {"set": sorted({str(_of(list_name, each, survivors)) for each in named_values(value)})}
    if isinstance(value, list):
        return [_of(list_name, each, survivors) for each in value]
    return _of(list_name, value, survivors)


def _of(list_name: str, name: Value, survivors: Survivors) -> Value:
    uuid = entity_id(name)
    return name if uuid is None else survivors.get((list_name, uuid), uuid)


def _survivors(session: Session, association_id: int, reports: Iterable[Report]) -> Survivors:
    named: dict[str, set[bytes]] = {}
    for each in reports:
        lists = each.form.key_lists
        for path, value in each.key_values if lists else ():
            found = {uuid for name in named_values(value) if path in lists and (uuid := entity_id(name))}
            named.setdefault(lists.get(path, ""), set()).update(map(records.uuid_bytes, found))
    return {
        (list_name, records.uuid_text(away)): records.uuid_text(survivor)
        for list_name, uuids in named.items()
        for away, survivor in merges.survivors(session, association_id, list_name, uuids).items()
    }
