"""A sync request, its operations left as the bytes that came (docs/protocol.md, section 2)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from fieldsync.core import lenient_json
from fieldsync.core.problems import Problem
from fieldsync.core.wire_values import INTEGER_MAX, is_plain

PROTOCOL = 1
OPERATIONS_MAX = 1000
"""Operations in a batch."""
VOID_MAX = 1000
"""Counters declared void in a batch."""
FORMS_MAX = 200
"""Form versions that a phone tells of."""
TEXT_LENGTH_MAX = 2000
"""Characters of a cursor, an epoch, a reason."""

_Integer = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]
_Counter = Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
_Text = Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH_MAX)]


class Report(msgspec.Struct, frozen=True):
    """How a phone is: operations unsent, the oldest's time (ms), the app's version, storage free (bytes), its forms.

    `forms`: (id, version) of each that it has.
    """

    unsent: _Integer | None = None
    oldest_ms: _Integer | None = None
    app: _Text | None = None
    storage_free: _Integer | None = None
    forms: Annotated[tuple[tuple[_Text, _Text], ...], msgspec.Meta(max_length=FORMS_MAX)] | None = None


class Void(msgspec.Struct, frozen=True, array_like=True):
    """A counter that its author set aside, and why; without an `author` it is the sender's present one."""

    counter: _Counter
    reason: _Text
    author: _Text | None = None


class _Members(msgspec.Struct, frozen=True):
    """All but the operations."""

    protocol: int
    now: _Integer
    epoch: _Text | None = None
    cursor: _Text | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200
    pull: Literal["records", "operations", "none"] = "records"
    void: Annotated[tuple[Void, ...], msgspec.Meta(max_length=VOID_MAX)] = ()
    report: Report | None = None
    witness: _Text | None = None


class _Request(_Members, frozen=True, kw_only=True):
    operations: list[msgspec.Raw]


class Batch(msgspec.Struct, frozen=True):
    """A request that was read. `operations` are raw: each a JSON value of any kind."""

    now: int
    operations: tuple[bytes, ...]
    epoch: str | None = None
    cursor: str | None = None
    limit: int = 200
    pull: str = "records"
    void: tuple[Void, ...] = ()
    report: Report | None = None
    protocol: int = PROTOCOL
    witness: str | None = None


_request_decoder = msgspec.json.Decoder(_Request)


def split_batch(body: bytes, operations_max: int = OPERATIONS_MAX) -> Batch | Problem:
    """The request, or the one problem that refuses it whole. An operation that is odd inside does not."""
    try:
        request = _request_decoder.decode(body)
    except (ValueError, RecursionError):
        return _split_leniently(body, operations_max)
    return _batch(request, [bytes(operation) for operation in request.operations], operations_max)


def _batch(said: _Members, operations: list[bytes], operations_max: int) -> Batch | Problem:
    if said.protocol != PROTOCOL:
        return Problem("protocol_not_spoken")
    if len(operations) > operations_max:
        return Problem("too_large", detail={"limit": f"{operations_max} operations"})
    return Batch(
        said.now,
        tuple(operations),
        said.epoch,
        said.cursor,
        said.limit,
        said.pull,
        said.void,
        said.report,
        said.protocol,
        said.witness,
    )


def _split_leniently(body: bytes, operations_max: int) -> Batch | Problem:
    slices = lenient_json.members(body)
    if slices is None:
        return Problem("not_json")
    operations = lenient_json.elements(slices.pop("operations", b""))
    members = _read_members(slices)
    if members is None:
        return Problem("not_json")
    if type(members.get("protocol")) is int and members["protocol"] != PROTOCOL:
        return Problem("protocol_not_spoken")
    if operations is None:
        return Problem("wrong_shape", detail={"where": "operations"})
    try:
        said = msgspec.convert(members, _Members)
    except msgspec.ValidationError:
        return Problem("wrong_shape", detail={"where": _wrong_member(members)})
    return _batch(said, operations, operations_max)


def _read_members(slices: Mapping[str, bytes]) -> dict[str, Any] | None:
    """The members' values; one that is deep or odd inside stands as an object that fits nowhere."""
    read: dict[str, Any] = {}
    for name, raw in slices.items():
        if name not in _Members.__struct_fields__:
            continue
        try:
            value = object() if lenient_json.too_deep(raw) else lenient_json.read(raw)
        except ValueError:
            return None
        read[name] = value if is_plain(value) else object()
    return read


def _wrong_member(members: Mapping[str, Any]) -> str:
    """The first member that is missing or does not fit."""
    right: dict[str, Any] = {"protocol": PROTOCOL, "now": 0}
    for name in _Members.__struct_fields__:
        if name not in members and name in right:
            return name
        try:
            msgspec.convert({**right, **({name: members[name]} if name in members else {})}, _Members)
        except msgspec.ValidationError:
            return name
    return "…"
