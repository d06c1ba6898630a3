"""Submissions that may be the same report: the same key fields, or the same content again (outside the fold)."""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldsync.core.merge import RecordState
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.services import report_keys
from fieldsync.services.report_keys import Report, digest
from fieldsync.services.working import WorkingRecord, WorkingSet
from fieldsync.store import declared_keys, flags, pairs, records

POSSIBLE_DUPLICATE = "possible_duplicate"
SAME_CONTENT_AGAIN = "same_content_again"

Repeat = tuple[int, str, int]
"""(record, why, the record that it may repeat)."""

OPENED = "start"
"""The question in which a form keeps when it was opened, by the custom of XLSForm."""

_HOUR = re.compile(r"20(\d\d)-(\d\d)-(\d\d)T(\d\d)")
_HOUR_SHIFT = 43
"""Bits of a digest beside the hour: enough for what one device opens within one."""

_OCCURRENCE = re.compile(r"\[[^]]*\]")

_encode = msgspec.json.Encoder().encode


def note(working: WorkingSet, changed: Iterable[WorkingRecord], now_ms: int) -> dict[int, tuple[Problem, ...]]:
    """Give submissions their keys, and flag those whose key another record bore before; the flags by row id.

    The keys that they bear no longer, and what follows from that, are left to services/report_pairs.
    """
    said = [
        record
        for record in changed
        if record.collection.kind == "submission" and record.touched and record.state and not record.state.deleted
    ]
    taken = _share_declared(working, said) | _share_content(working, said)
    if not taken:
        return {}
    others = records.by_ids(working.session, {other for _, _, other in taken})
    marks = [(record_id, code, records.uuid_text(others[other].uuid)) for record_id, code, other in sorted(taken)]
    flags.raise_flags(working.session, [(*mark, now_ms) for mark in marks])
    forms = {record.id: record.collection.of for record in said}
    asked = [(record_id, other, forms[record_id], code) for record_id, code, other in taken]
    pairs.add_reports(working.session, working.association_id, asked, now_ms)
    raised: dict[int, tuple[Problem, ...]] = {}
    for record_id, code, other in marks:
        raised[record_id] = (*raised.get(record_id, ()), Problem(code, detail={"record": other}))
    return raised


def _share_declared(working: WorkingSet, said: Sequence[WorkingRecord]) -> set[Repeat]:
    """Those whose key fields another submission answered alike before."""
    found = [(record, working.form(record.collection.of, _state(record).version)) for record in said]
    keyed = [(record, each.compiled) for record, each in found if each and each.compiled.key_paths]
    if not keyed:
        return set()
    reports = [Report(record.id, record.collection.id, form, _state(record).fields) for record, form in keyed]
    known = declared_keys.of_records(working.session, [record.id for record, _ in keyed if record.row is not None])
    new = report_keys.keys(working.session, working.association_id, reports) - known
    declared_keys.add(working.session, new)
    before = declared_keys.first_before(working.session, new)
    return {(row.record_id, POSSIBLE_DUPLICATE, other) for row, other in before.items()}


def _share_content(working: WorkingSet, said: Sequence[WorkingRecord]) -> set[Repeat]:
    """New ones whose whole content the same author sent before."""
    claimed = [
        (-record.created_by, _content_digest(record.collection.id, _state(record).fields), record.id)
        for record in said
        if record.row is None
    ]
    taken = flags.claim_keys(working.session, claimed)
    return {(row[2], SAME_CONTENT_AGAIN, other) for row, other in taken.items()}


def _state(record: WorkingRecord) -> RecordState:
    assert record.state is not None
    return record.state


def _content_digest(collection_id: int, fields: Mapping[str, Value]) -> int:
    """The answers without what is new in every copy: ids under `meta`, and the names of occurrences."""
    names = "\n".join(fields)
    if "]" in names:
        content = _encode([(_plain(path), value) for path, value in fields.items() if "meta/" not in path])
    elif "meta/" in names:
        content = _encode([(path, value) for path, value in fields.items() if "meta/" not in path])
    else:
        content = _encode(fields)
    found = digest(content + b"%d" % collection_id)
    hour = _hour(fields.get(OPENED))
    return found if hour is None else hour << _HOUR_SHIFT | found & (1 << _HOUR_SHIFT) - 1


def _hour(opened: Value | None) -> int | None:
    """The hour in which a form was opened, by number: the keys of one time then lie together on the disk."""
    found = _HOUR.match(opened) if isinstance(opened, str) else None
    if found is None:
        return None
    years, months, days, hours = map(int, found.groups())
    return ((years * 12 + months) * 31 + days) * 24 + hours


def _plain(path: str) -> str:
    return _OCCURRENCE.sub("[]", path) if "[" in path else path
