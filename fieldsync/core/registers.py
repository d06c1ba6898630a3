"""Plain answers: registers that keep every value nobody has seen and replaced (docs/protocol.md, section 11)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from fieldsync.core.causality import History
from fieldsync.core.operations import OperationId, Stamp, Value
from fieldsync.core.sets import normal_form

SUBMISSION_IDS = frozenset(("meta/instanceID", "meta/deprecatedID"))
"""What OpenRosa calls a submission and the one that it replaces: every edit has others, and nobody decides on them."""

_encoder = msgspec.json.Encoder(order="sorted")


class Conflict(msgspec.Struct, frozen=True):
    """A current value of a path other than the shown one, and the operation that wrote it."""

    value: Value
    id: OperationId
    stamp: Stamp


class Shown(NamedTuple):
    """What a path shows, and its other current values, the greatest (stamp, id) first."""

    value: Value
    conflicts: tuple[Conflict, ...] = ()


def same(one: Value, other: Value) -> bool:
    """Equal as JSON: true is not 1."""
    return one is other or (type(one) is type(other) and _encoder.encode(one) == _encoder.encode(other))


def register(path: str, current: Iterable[int], history: History, protective: Sequence[str]) -> Shown:
    """`current`: positions of the writes of `path` that no other write has in its past; at least one.

    The greatest is shown, or in conflict the most protective; the other distinct values are the conflicts. Of the ids
    of submissions the greatest is shown, and no conflict.
    """
    candidates = distinct(path, current, history)
    if path in SUBMISSION_IDS:
        return Shown(candidates[0].value)
    shown = 0
    if protective and len(candidates) > 1:
        shown = min(range(len(candidates)), key=lambda place: _protection(candidates[place].value, protective))
    others = candidates[:shown] + candidates[shown + 1 :]
    return Shown(candidates[shown].value, tuple(others))


def distinct(path: str, current: Iterable[int], history: History) -> list[Conflict]:
    """Each distinct value that the operations wrote to the path once, the greatest (stamp, id) first."""
    found: dict[bytes, Conflict] = {}
    for position in sorted(current, key=history.rank, reverse=True):
        operation = history.operations[position]
        value = normal_form(operation.writes[path])
        found.setdefault(_encoder.encode(value), Conflict(value, operation.id, operation.stamp))
    return list(found.values())


def _protection(value: Value, protective: Sequence[str]) -> int:
    """Smaller is more protective: the named values in their order, then unknown ones, null last."""
    if value is None:
        return len(protective) + 1
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return protective.index(text) if text in protective else len(protective)
