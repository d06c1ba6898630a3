"""From bytes to operations, with everything checked that an operation shows alone, without a form.

Two readers: a quick one for what is right, and a careful one that says what is wrong. What the quick one accepts, the
careful one reads the same.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeGuard

import msgspec
from msgspec import UNSET, UnsetType

from fieldsync.core import lenient_json
from fieldsync.core.acts import is_right_act
from fieldsync.core.batches import Batch, split_batch
from fieldsync.core.causality import turn
from fieldsync.core.operations import Operation, OperationId, Stamp, Value
from fieldsync.core.problems import Problem
from fieldsync.core.wire_values import (
    INTEGER_MAX,
    PATH_LENGTH_MAX,
    integer,
    is_author,
    is_order_key,
    is_path,
    is_text,
    is_uuid,
    normal_value,
    occurrences_among,
    readable_id,
    valid_id,
)

__all__ = ["Batch", "Refusal", "parse_operation", "split_batch", "stamp_of"]

OPERATION_BYTES_MAX = 64 * 1024
"""An operation as it comes; files travel apart."""
SEEN_MAX = 64
"""Heads that one operation may name."""
NAME_LENGTH_MAX = 255
"""Characters of a form's id, a list's name, a form version."""
_ID_BYTES_MAX = 1000
PROBLEMS_MAX = 20
"""Problems told of one operation; more help nobody."""


class Refusal(msgspec.Struct, frozen=True):
    """Why these bytes are no operation. `id` is None where none could be read: then the whole batch is refused."""

    id: OperationId | None
    problems: tuple[Problem, ...]


_Integer = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
_Natural = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
_Id: TypeAlias = tuple[str | _Count, ...]
_Ids = Annotated[tuple[_Id, ...], msgspec.Meta(max_length=SEEN_MAX)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
_Version = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)]


class _Said(msgspec.Struct):
    """The wire's form, for what a device says most."""

    id: _Id
    record: str
    kind: Literal["submission", "entity"]
    of: _Name
    version: _Version | None
    stamp: tuple[_Natural, _Natural]
    seen: _Ids | UnsetType = UNSET
    writes: dict[str, bool | _Integer | str | dict[str, Any] | list[Any] | None] | UnsetType = UNSET
    bases: dict[str, _Ids] | UnsetType = UNSET
    delete: bool | UnsetType = UNSET
    act: msgspec.Raw | UnsetType = UNSET


class _Stamped(msgspec.Struct):
    stamp: tuple[int, int]


_decoder = msgspec.json.Decoder(_Said)
_stamps = msgspec.json.Decoder(_Stamped)
_REQUIRED = 6
_TEXT = frozenset((str,))
_GAP = re.compile(rb'"[ \t\r\n]+:').search
_POINT_AT = frozenset(("lat", "lon"))
_POINT = _POINT_AT | {"alt", "accuracy"}


def parse_operation(raw: bytes) -> Operation | Refusal:
    """The operation that the bytes of one JSON object say, or why they say none."""
    if len(raw) > OPERATION_BYTES_MAX:
        limit = Problem("operation_too_large", detail={"limit": f"{OPERATION_BYTES_MAX // 1024} KiB"})
        return Refusal(_find_id(raw), (limit,))
    try:
        said = _decoder.decode(raw)
    except (ValueError, RecursionError):
        return _read_carefully(raw)
    return _quick(said, raw) or _read_carefully(raw)


def stamp_of(raw: bytes) -> Stamp:
    """The stamp of an operation that was read once, without the rest of it."""
    return _stamps.decode(raw).stamp


def _quick(said: _Said, raw: bytes) -> Operation | None:
    """The operation, or None where anything calls for a careful look."""
    id, writes, seen, bases = said.id, said.writes or {}, said.seen or (), said.bases or {}
    if said.act is not UNSET or said.delete is False or not _is_id(id) or not is_uuid(said.record):
        return None
    if (seen and not _may_see(id, seen)) or (bases and not _are_bases(id, bases)) or _may_have_nul(raw):
        return None
    inner = _quick_values(writes)
    optional = (said.seen, said.writes, said.bases, said.delete)
    count = _REQUIRED + len(optional) - optional.count(UNSET) + len(writes) + inner + len(bases)
    if inner < 0 or not _has_members(raw, count):
        return None
    delete = said.delete is True
    return Operation(id, said.record, said.kind, said.of, said.version, said.stamp, seen, writes, bases, delete)  # type: ignore[arg-type]


def _quick_values(writes: Mapping[str, Any]) -> int:
    """How many members stand inside the values; -1 where a path or a value is not plainly right."""
    inner = 0
    occurrences = occurrences_among(tuple(writes))
    if occurrences is None or not all(is_order_key(writes[path]) for path in occurrences):
        return -1
    for value in writes.values():
        if type(value) is dict or type(value) is list:
            within = _members_within(value)
            if within < 0:
                return -1
            inner += within
    return inner


def _members_within(value: Any) -> int:
    """How many members a list or an object has; -1 where it calls for a careful look. No text has U+0000 here."""
    if type(value) is dict:
        if len(value) == 1 and "set" in value:
            return 1 if type(value["set"]) is list and _TEXT.issuperset(map(type, value["set"])) else -1
        if _POINT_AT <= value.keys() <= _POINT and _TEXT.issuperset(map(type, value.values())):
            return len(value)
    try:
        if normal_value(value) is not value or "sealed" in value:
            return -1
    except ValueError:
        return -1
    return len(value) if type(value) is dict else sum(len(item) for item in value if type(item) is dict)


def _is_id(id: tuple[Any, ...]) -> TypeGuard[OperationId]:
    """Whether the counts, which are in bounds, stand where they must."""
    size = len(id)
    if size not in (2, 3) or type(id[0]) is not str or type(id[1]) is not int or (size == 3 and type(id[2]) is not int):
        return False
    return is_author(id[0])


def _may_see(id: OperationId, ids: Iterable[tuple[Any, ...]]) -> TypeGuard[tuple[OperationId, ...]]:
    """Whether all are ids, and none of them the operation's own or one that its author said later."""
    return all(_is_id(seen) and (seen[0] != id[0] or turn(seen) < turn(id)) for seen in ids)


def _are_bases(
    id: OperationId, bases: Mapping[str, tuple[tuple[Any, ...], ...]]
) -> TypeGuard[Mapping[str, tuple[OperationId, ...]]]:
    return all(is_uuid(entity) and _may_see(id, heads) for entity, heads in bases.items())


def _has_members(raw: bytes, count: int) -> bool:
    """Whether the text has just so many members, so none twice and none unknown; False where it takes a closer look.

    A colon after a quotation mark ends a name, or is part of a text that holds the mark: then there are too many.
    """
    return raw.count(b'":') == count and not (_may_have_gap(raw) and _GAP(raw))


def _may_have_gap(raw: bytes) -> bool:
    return b'" ' in raw or b"\n" in raw or b"\t" in raw or b"\r" in raw


def _may_have_nul(raw: bytes) -> bool:
    return b"\\" in raw and b"\\u0000" in raw


def _find_id(raw: bytes) -> OperationId | None:
    """The id, in bytes of which nothing else may be readable."""
    found = lenient_json.members(raw)
    try:
        return (
            readable_id(lenient_json.read(found["id"]))
            if found and len(found.get("id", b"")) <= _ID_BYTES_MAX
            else None
        )
    except (ValueError, KeyError, RecursionError):
        return None


def _read_carefully(raw: bytes) -> Operation | Refusal:
    if lenient_json.too_deep(raw):
        return Refusal(_find_id(raw), (_malformed("…"),))
    try:
        members = lenient_json.read(raw)
    except ValueError:
        return Refusal(None, (_malformed("…"),))
    id = readable_id(members.get("id")) if isinstance(members, dict) else None
    if id is None:
        return Refusal(None, (Problem("bad_id"),))
    return _Careful(id, members).operation()


def _malformed(member: str) -> Problem:
    return Problem("malformed", detail={"member": member})


class _Careful:
    """Reads an operation's members one by one and notes what is wrong with each."""

    def __init__(self, id: OperationId, members: dict[str, Any]) -> None:
        self._id = id
        self._members = members
        self._problems: list[Problem] = []

    def operation(self) -> Operation | Refusal:
        if valid_id(self._id) is None:
            self._problems.append(Problem("bad_id"))
        if lenient_json.has_repeated_members(self._members):
            self._problems.append(_malformed("…"))
        record, kind, of, version = self._names()
        stamp, seen, bases = self._stamp(), self._ids("seen", self._optional("seen", [])), self._bases()
        writes, delete, act = self._writes(), self._delete(), self._act(kind)
        if act is not None and (writes or delete):
            self._problems.append(Problem("bad_act"))
        if self._problems:
            return Refusal(self._id, tuple(self._problems[:PROBLEMS_MAX]))
        return Operation(self._id, record, kind, of, version, stamp, seen, writes, bases, delete, act)

    def _names(self) -> tuple[str, str, str, str | None]:
        record, kind, of = (self._members.get(name, "") for name in ("record", "kind", "of"))
        version = self._members.get("version", 0)  # required, and may be null
        self._expect("record", is_uuid(record))
        self._expect("kind", kind in ("submission", "entity"))
        self._expect("of", is_text(of) and 1 <= len(of) <= NAME_LENGTH_MAX)
        self._expect("version", version is None or (is_text(version) and len(version) <= NAME_LENGTH_MAX))
        return record, kind, of, version

    def _expect(self, member: str, right: bool) -> None:
        if not right:
            self._problems.append(_malformed(member))

    def _optional(self, name: str, absent: Any) -> Any:
        """An optional member's value; absent, [] and {} are the same."""
        value = self._members.get(name, absent)
        return absent if value == [] or value == {} else value

    def _stamp(self) -> Stamp:
        stamp = self._members.get("stamp")
        parts = [integer(part) for part in stamp] if isinstance(stamp, list) and len(stamp) == 2 else []
        if not parts or any(part is None or part < 0 for part in parts):
            self._problems.append(Problem("bad_stamp"))
            return 0, 0
        return parts[0], parts[1]  # type: ignore[return-value]

    def _ids(self, member: str, said: Any) -> tuple[OperationId, ...]:
        if not isinstance(said, list):
            self._problems.append(_malformed(member))
            return ()
        ids = tuple(id for one in said[: SEEN_MAX + 1] if (id := valid_id(one)))
        if len(ids) != len(said) or len(ids) > SEEN_MAX or not _may_see(self._id, ids):
            self._problems.append(Problem("bad_seen"))
        return ids

    def _bases(self) -> dict[str, tuple[OperationId, ...]]:
        bases = self._optional("bases", {})
        if not isinstance(bases, dict) or not all(map(is_uuid, bases)):
            self._problems.append(_malformed("bases"))
            return {}
        return {entity: self._ids("bases", heads) for entity, heads in bases.items()}

    def _delete(self) -> bool:
        delete = self._optional("delete", None)
        self._expect("delete", delete is True or (delete is None and self._members.get("delete", 0) is not None))
        return delete is True

    def _writes(self) -> dict[str, Value]:
        writes = self._optional("writes", {})
        if not isinstance(writes, dict):
            self._problems.append(_malformed("writes"))
            return {}
        return {path: self._value(path, value) for path, value in writes.items()}

    def _value(self, path: str, value: Any) -> Value:
        if not is_path(path):
            shown = path if is_text(path) and len(path) <= PATH_LENGTH_MAX else None
            self._problems.append(Problem("bad_path", shown))
            return None
        try:
            normal = normal_value(value)
        except ValueError:
            self._problems.append(Problem("bad_value", path))
            return None
        if path[-1] == "]" and not is_order_key(normal):
            self._problems.append(Problem("bad_value", path))
        return normal

    def _act(self, kind: str) -> dict[str, Any] | None:
        act = self._optional("act", None)
        if act is None and self._members.get("act", 0) is not None:
            return None
        if not isinstance(act, dict) or not is_right_act(act, kind):
            self._problems.append(Problem("bad_act"))
            return None
        return act
