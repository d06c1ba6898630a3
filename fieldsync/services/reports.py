"""Submissions that may be the same report: the same key fields, or the same content again (outside the fold)."""

import hashlib
import re
from collections.abc import Iterable, Mapping

import msgspec

from fieldsync.core.merge import RecordState
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.services.working import WorkingRecord, WorkingSet, decode_state
from fieldsync.store import flags, pairs, records

POSSIBLE_DUPLICATE = "possible_duplicate"
SAME_CONTENT_AGAIN = "same_content_again"

OPENED = "start"
"""The question in which a form keeps when it was opened, by the custom of XLSForm."""

_HOUR = re.compile(r"20(\d\d)-(\d\d)-(\d\d)T(\d\d)")
_HOUR_SHIFT = 43
"""Bits of a digest beside the hour: enough for what one device opens within one."""

_OCCURRENCE = re.compile(r"\[[^]]*\]")

_encode = msgspec.json.Encoder().encode


def note(working: WorkingSet, changed: Iterable[WorkingRecord], now_ms: int) -> dict[int, tuple[Problem, ...]]:
    """Give submissions their keys, and flag those whose key another record bore before; the flags by row id."""
    claimed: list[tuple[int, int, int]] = []
    freed: list[tuple[int, int, int]] = []
    for record in changed:
        if record.collection.kind == "submission" and record.touched and record.state and not record.state.deleted:
            old, new = _old_keys(working, record), _keys(working, record)
            freed += [(*key, record.id) for key in old if key not in new]
            claimed += [(*key, record.id) for key in new if key not in old]
    flags.free_keys(working.session, freed)
    taken = flags.claim_keys(working.session, claimed)
    if not taken:
        return {}
    others = records.by_ids(working.session, set(taken.values()))
    marks = [(row[2], _code(row[0]), records.uuid_text(others[other].uuid)) for row, other in taken.items()]
    flags.raise_flags(working.session, [(*mark, now_ms) for mark in marks])
    forms = {record.id: record.collection.of for record in working.records.values()}
    asked = [(row[2], other, forms[row[2]], _code(row[0])) for row, other in taken.items()]
    pairs.add_reports(working.session, working.association_id, asked, now_ms)
    raised: dict[int, tuple[Problem, ...]] = {}
    for record_id, code, other in marks:
        raised[record_id] = (*raised.get(record_id, ()), Problem(code, detail={"record": other}))
    return raised


def _code(space: int) -> str:
    return POSSIBLE_DUPLICATE if space > 0 else SAME_CONTENT_AGAIN


def _keys(working: WorkingSet, record: WorkingRecord) -> list[tuple[int, int]]:
    """(space, digest) keys: of the declared key fields, and of a new submission's whole content."""
    assert record.state is not None
    keys = _declared_keys(working, record, record.state)
    if record.row is None:
        keys.append((-record.created_by, _content_digest(record.collection.id, record.state.fields)))
    return keys


def _old_keys(working: WorkingSet, record: WorkingRecord) -> list[tuple[int, int]]:
    before = decode_state(record.row.state) if record.row is not None else None
    return _declared_keys(working, record, before) if before else []


def _declared_keys(working: WorkingSet, record: WorkingRecord, state: RecordState) -> list[tuple[int, int]]:
    found = working.form(record.collection.of, state.version)
    if found is None or not found.compiled.key_paths:
        return []
    values = [state.fields.get(path) for path in found.compiled.key_paths]
    return [] if None in values else [(record.collection.id, _digest(_encode(values)))]


def _content_digest(collection_id: int, fields: Mapping[str, Value]) -> int:
    """The answers without what is new in every copy: ids under `meta`, and the names of occurrences."""
    names = "\n".join(fields)
    if "]" in names:
        content = _encode([(_plain(path), value) for path, value in fields.items() if "meta/" not in path])
    elif "meta/" in names:
        content = _encode([(path, value) for path, value in fields.items() if "meta/" not in path])
    else:
        content = _encode(fields)
    digest = _digest(content + b"%d" % collection_id)
    hour = _hour(fields.get(OPENED))
    return digest if hour is None else hour << _HOUR_SHIFT | digest & (1 << _HOUR_SHIFT) - 1


def _hour(opened: Value | None) -> int | None:
    """The hour in which a form was opened, by number: the keys of one time then lie together on the disk."""
    found = _HOUR.match(opened) if isinstance(opened, str) else None
    if found is None:
        return None
    years, months, days, hours = map(int, found.groups())
    return ((years * 12 + months) * 31 + days) * 24 + hours


def _plain(path: str) -> str:
    return _OCCURRENCE.sub("[]", path) if "[" in path else path


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big") >> 1
