"""What was said: operations, their ids, stamps and values (docs/protocol.md, section 1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

# msgspec reads no union of two tuples; what it reads instead is checked in parsing.py.
if TYPE_CHECKING:
    OperationId: TypeAlias = tuple[str, int] | tuple[str, int, int]
else:
    OperationId = tuple[str | int, ...]
"""(author, counter), or (author, counter, n) for an entity operation derived from a submission; n counts from 1."""

Stamp: TypeAlias = tuple[int, int]
"""Hybrid logical clock reading: (milliseconds since 1970, tie counter)."""

Value: TypeAlias = Any
"""A self-describing JSON value as docs/protocol.md section 1 lists them; None was cleared."""


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """An immutable statement by one author about one record. The form on the wire is the same, member for member."""

    id: OperationId
    record: str
    kind: str
    of: str
    version: str | None
    stamp: Stamp
    seen: tuple[OperationId, ...] = ()
    writes: Mapping[str, Value] = {}
    bases: Mapping[str, tuple[OperationId, ...]] = {}
    delete: bool = False
    act: Mapping[str, Any] | None = None
