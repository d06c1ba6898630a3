"""Survivorship: which value of a merged record shows, by which rule, and where it comes from (docs/linkage.md)."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fieldsync.core.disputes import Claim, Dispute
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.registers import same
from fieldsync.core.wire_values import valid_id

CHOSEN = "chosen"
"""Somebody chose the value when she merged."""

PROTECTIVE = "most_protective"
"""A field whose values are ordered by what they protect, such as a consent, shows the most protective one."""

VERIFIED, COORDINATOR, PRECISE, OFTEN, RECENT = "verified", "coordinator", "most_precise", "most_often", "most_recent"

RULES = (VERIFIED, COORDINATOR, PRECISE, OFTEN, RECENT)
"""In this order, the first that tells the values apart decides: a value from a document that somebody looked at; one
that a coordinator wrote; the more precise of dates and numbers; the one said more often; the later one."""

ALL_RULES = frozenset((CHOSEN, PROTECTIVE, *RULES))

_DATE = re.compile(r"\d{4}(-\d\d){0,2}")


class Survival(NamedTuple):
    """Whose value of a path survives a merge, and by which rule."""

    path: str
    rule: str
    id: OperationId


DOCUMENT_SEEN = "document_seen"
"""A property by which a list says that an identity document was looked at for what was written together with it."""

_YES = ("yes", "true", "1", True)


class Evidence(NamedTuple):
    """What the rules look at besides the values. `by_desk`: operations of coordinators; `said`: all of the group."""

    by_desk: Collection[OperationId] = frozenset()
    said: Sequence[Operation] = ()


def decided(dispute: Dispute, evidence: Evidence, protective: Collection[str], taken: OperationId | None) -> Survival:
    """Which of the values of a path survives; `taken` is what somebody chose, `protective` the fields that protect."""
    claims = dispute.claims
    chosen = next((each for each in claims if each.id == taken), None)
    if chosen is not None:
        return Survival(dispute.path, CHOSEN, chosen.id)
    if dispute.path in protective:
        return Survival(dispute.path, PROTECTIVE, claims[0].id)
    left = claims
    for rule in RULES:
        marks = [_MARKS[rule](each, dispute.path, evidence) for each in left]
        best = max(marks)
        kept = tuple(each for each, mark in zip(left, marks, strict=True) if mark == best)
        if len(kept) < len(left) and len(kept) == 1:
            return Survival(dispute.path, rule, kept[0].id)
        left = kept
    return Survival(dispute.path, RECENT, left[0].id)


_MARKS: Mapping[str, Callable[[Claim, str, Evidence], Any]] = {
    VERIFIED: lambda claim, path, evidence: any(
        each.writes.get(DOCUMENT_SEEN) in _YES and same(each.writes.get(path), claim.value) for each in evidence.said
    ),
    COORDINATOR: lambda claim, _path, evidence: claim.id in evidence.by_desk,
    PRECISE: lambda claim, _path, _evidence: precision(claim.value),
    OFTEN: lambda claim, path, evidence: sum(
        path in each.writes and same(each.writes[path], claim.value) for each in evidence.said
    ),
    RECENT: lambda claim, _path, _evidence: (claim.stamp, claim.id),
}


def precision(value: Value) -> int:
    """How precise a value is: a whole date over a month over a year; anything said over what was cleared."""
    if value is None:
        return -1
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value.count("-")
    return 0


def first_said(survival: Survival, said: Mapping[OperationId, Operation]) -> Survival:
    """The same, naming whoever wrote the value and not the earlier merge by which it had survived."""
    earlier = said.get(survival.id)
    kept = next((each for each in read_act(earlier.act if earlier else None) if each.path == survival.path), None)
    return survival._replace(id=kept.id) if kept else survival


def as_act(survivals: Iterable[Survival]) -> dict[str, Any]:
    """How a merge says what survives: path → [rule, the operation that wrote the value]; it copies no value."""
    return {each.path: [each.rule, list(each.id)] for each in survivals}


def read_act(act: Mapping[str, Any] | None) -> list[Survival]:
    """What a merge says survives; what is not of this shape is left out."""
    said = (act or {}).get("survives")
    found = []
    for path, each in said.items() if isinstance(said, dict) else ():
        if isinstance(each, list | tuple) and len(each) == 2 and each[0] in ALL_RULES and valid_id(each[1]):
            found.append(Survival(path, each[0], tuple(each[1])))
    return found


def with_survivals(operations: Iterable[Operation], in_force: Collection[OperationId]) -> list[Operation]:
    """The operations of a merged group, in which each merge in force writes again what it says survives.

    So that whoever merged has settled what the records disagreed on, for as long as the merge holds; an un-merge
    takes it back with the merge.
    """
    everything = list(operations)
    by_id = {each.id: each for each in everything}
    return [_writing(each, by_id) if each.id in in_force else each for each in everything]


def _writing(merge: Operation, by_id: Mapping[OperationId, Operation]) -> Operation:
    writes = {
        survival.path: by_id[survival.id].writes[survival.path]
        for survival in read_act(merge.act)
        if survival.id in by_id and survival.path in by_id[survival.id].writes
    }
    return msgspec.structs.replace(merge, writes=writes) if writes else merge
