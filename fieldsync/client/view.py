"""A record as the device shows it: the server's, with the device's own work on top. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldsync.client.store import Said
from fieldsync.core.merge import RecordState, fold
from fieldsync.core.occurrences import around, is_occurrence
from fieldsync.core.operations import Operation

Json = dict[str, Any]
Id = tuple[str | int, ...]

SEEN_MAX = 64
"""Heads that one operation names at most (docs/protocol.md, section 1)."""

ON_TOP = frozenset({None, "applied", "held"})
"""Statuses whose operations are shown; None was not acknowledged yet. A quarantined one is listed, not shown."""

MS_MAX = (1 << 48) - 1
"""The last millisecond that a UUIDv7 can hold: no stamp of ours is later."""

BASE = ""
"""The author, in a fold for the view alone, of what the server's record says: no real author has this id."""


def on_top(said: Sequence[Said], gone: bool) -> list[Said]:
    """The own operations that the pulled record does not contain, in order.

    Of a record that was taken from the device, only what the server has not folded stays to be seen.
    """
    shown = [one for one in said if one.state != "aside" and not one.folded and one.status in ON_TOP]
    return [one for one in shown if not gone or one.state == "outbox" or one.status == "held"]


def heads(base: Mapping[str, Any] | None, said: Sequence[Said]) -> list[Id]:
    """The record's heads with the device's own operations on top, the latest 64.

    A quarantined operation counts: whoever corrects it has seen it. One that was set aside does not.
    """
    known: list[Id] = [tuple(key) for key in (base or {}).get("heads", [])]
    for one in said:
        if one.state == "aside" or one.folded or any(_is_later(key, one) for key in known):
            continue
        past = {tuple(key) for key in one.content().get("seen", [])}
        known = [key for key in known if key not in past and not _is_earlier(key, one)]
        known.append(one.key)
    return known[-SEEN_MAX:]


def _is_earlier(key: Id, one: Said) -> bool:
    """Whether this head is an earlier operation of the same author, which is in its past without being named."""
    return len(key) == 2 and key[0] == one.author and int(key[1]) < one.counter


def _is_later(key: Id, one: Said) -> bool:
    """Whether this head is the operation itself, or a later one of its author, which has it in its past."""
    return len(key) == 2 and key[0] == one.author and int(key[1]) >= one.counter


def shown(base: Json | None, said: Sequence[Said], gone: bool) -> Json | None:
    """The record in the shape of docs/protocol.md section 5, or None where there is nothing to show.

    Beside it: `unsent`, how many operations wait in the outbox, and `quarantined`, the ids of those to be corrected.
    """
    top = on_top(said, gone)
    quarantined = [list(one.key) for one in said if one.status == "quarantined" and not one.folded]
    if base is None and not top and not (quarantined and not gone):
        return None
    record = dict(base) if base is not None else _empty(said[-1].content())
    if top:
        _lay(record, [one.content() for one in top])
        if top[-1].status == "applied":
            record["problems"] = list(top[-1].problems)
    record["heads"] = [list(key) for key in heads(base, [] if gone and not top else said)]
    record["unsent"] = sum(one.state == "outbox" for one in said)
    record["quarantined"] = quarantined
    return record


def reopens(base: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Whether the operation writes to an occurrence that the server's record shows as removed."""
    fields = base["fields"]
    touched = (outer for path in content.get("writes", {}) if "[" in path for outer in (*around(path), path))
    return any(fields.get(outer, "") is None for outer in touched)


def _empty(content: Json) -> Json:
    """A record of which the server has said nothing yet."""
    return {
        **{name: content.get(name) for name in ("record", "kind", "of", "version")},
        **{"heads": [], "fields": {}, "conflicts": {}, "deleted": False, "delete_conflict": False},
        **{"merged_into": None, "problems": [], "review": {"state": "received", "comments": []}},
    }


def _lay(record: Json, own: Sequence[Json]) -> None:
    """Fold the own operations over the record, as if each had seen all that is shown."""
    state = _folded(record, own)
    record["fields"] = state.fields
    record["conflicts"] = msgspec.json.decode(msgspec.json.encode(state.conflicts))
    record["version"] = next((one["version"] for one in reversed(own) if one["version"]), state.version)
    record["deleted"] = state.deleted
    if any(content.get("writes") or content.get("delete") for content in own):
        record["delete_conflict"] = False
    review = record.get("review") or {}
    said = [*(review.get("comments") or []), *msgspec.json.decode(msgspec.json.encode(state.comments))]
    record["review"] = {**review, "comments": sorted(said, key=lambda one: (one.get("stamp", []), one.get("id", [])))}


def _folded(record: Json, own: Sequence[Json]) -> RecordState:
    """What the record shows as operations, then the own ones, each with the one before it as seen."""
    steps = _retold(record)
    seen = [step["id"] for step in steps]
    for content in own:
        steps.append({**content, "seen": seen})
        seen = [content["id"]]
    return fold([msgspec.convert(step, Operation) for step in steps])


def _retold(record: Json) -> list[Json]:
    """The server's record as operations: its conflicts; what it shows, removals first; later than all, a delete."""
    about = {name: record.get(name) for name in ("record", "kind", "of", "version")}
    others: dict[Id, Json] = {}
    for path, conflicts in (record.get("conflicts") or {}).items():
        for conflict in conflicts:
            step = {**about, "version": None, "id": conflict["id"], "stamp": conflict["stamp"], "writes": {}}
            others.setdefault(tuple(conflict["id"]), step)["writes"][path] = conflict["value"]
    steps = list(others.values())
    fields = record.get("fields") or {}
    removed = {path: value for path, value in fields.items() if value is None and is_occurrence(path)}
    shown = {path: value for path, value in fields.items() if path not in removed}
    if removed:
        steps.append({**about, "id": [BASE, 1], "stamp": [MS_MAX, 0], "writes": removed})
    if shown:
        steps.append({**about, "id": [BASE, 2], "stamp": [MS_MAX, 1], "writes": shown})
    if record.get("deleted"):
        seen = [step["id"] for step in steps]
        steps.append({**about, "id": [BASE, 3], "stamp": [MS_MAX, 2], "seen": seen, "delete": True})
    return steps
