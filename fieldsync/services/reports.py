"""Submissions that may be the same report: the same key fields, or the same content again (outside the fold)."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldsync.core.operations import Value
from fieldsync.services.working import WorkingRecord, WorkingSet
from fieldsync.store import flags, records

POSSIBLE_DUPLICATE = "possible_duplicate"
SAME_CONTENT_AGAIN = "same_content_again"

_OCCURRENCE = re.compile(r"\[[^]]*\]")

_encode = msgspec.json.Encoder().encode


def note(working: WorkingSet, changed: Iterable[WorkingRecord], now_ms: int) -> None:
    """Write the keys of changed submissions, and flag those whose key another record bore before."""
    wanted = {record.id: keys for record in changed if (keys := _keys(working, record))}
    if not wanted:
        return
    asked = {key for keys in wanted.values() for key in keys}
    known = flags.same_keys(working.session, asked)
    marks: list[tuple[int, str, int]] = []
    for record_id, keys in sorted(wanted.items()):
        for key in keys:
            before = [other for other in known.get(key, ()) if other != record_id]
            code = POSSIBLE_DUPLICATE if key[0] > 0 else SAME_CONTENT_AGAIN
            marks.extend((record_id, code, other) for other in before[:1])
            known.setdefault(key, []).append(record_id)
    old = {record.id for record in working.records.values() if record.row is not None}
    rows = [(*key, record_id) for record_id, keys in wanted.items() for key in keys]
    flags.replace_keys(working.session, wanted.keys() & old, rows)
    _flag(working, marks, now_ms)


def _flag(working: WorkingSet, marks: Sequence[tuple[int, str, int]], now_ms: int) -> None:
    if marks:
        others = records.by_ids(working.session, {other for _, _, other in marks})
        named = [(record, code, others[other].uuid.hex(), now_ms) for record, code, other in marks if other in others]
        flags.raise_flags(working.session, named)


def _keys(working: WorkingSet, record: WorkingRecord) -> list[tuple[int, int]]:
    """(space, digest) keys of a submission that is new or whose key fields changed."""
    if record.collection.kind != "submission" or not record.touched or record.state is None or record.state.deleted:
        return []
    keys: list[tuple[int, int]] = []
    found = working.form(record.collection.of, record.state.version)
    if found and found.compiled.key_paths:
        values = [record.state.fields.get(path) for path in found.compiled.key_paths]
        if all(value is not None for value in values):
            keys.append((record.collection.id, _digest(_encode(values))))
    if record.row is None or keys:
        keys.append((-record.created_by, _content_digest(record.collection.id, record.state.fields)))
    return keys


def _content_digest(collection_id: int, fields: Mapping[str, Value]) -> int:
    """The answers without what is new in every copy: ids under `meta`, and the names of occurrences."""
    content = _encode(fields)
    if b"meta/" in content or b"]" in content:
        content = _encode([(_plain(path), value) for path, value in fields.items() if "meta/" not in path])
    return _digest(content + b"%d" % collection_id)


def _plain(path: str) -> str:
    return _OCCURRENCE.sub("[]", path) if "[" in path else path


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big") >> 1
