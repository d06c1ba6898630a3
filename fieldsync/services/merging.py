"""Merging entities and taking merges back; what survives is decided by rules, or by whoever merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from fieldsync.core import disputes
from fieldsync.core.causality import history
from fieldsync.core.disputes import Dispute
from fieldsync.core.groups import in_force
from fieldsync.core.merge import fold
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.core.survivorship import Evidence, Survival, as_act, decided, first_said
from fieldsync.services import desk, histories, presence
from fieldsync.services.desk import SEEN_MAX, Desk, Found
from fieldsync.store import authors, merges, operations, records

Taken = Mapping[str, OperationId]
"""What somebody chose: path → the operation whose value survives."""


@dataclass(frozen=True)
class Outcome:
    """What a merge would show. `survives`: of each path on which the records disagree; `disputes`: its values."""

    survives: tuple[Survival, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    heads: tuple[OperationId, ...] = ()
    said: Mapping[OperationId, Operation] = field(default_factory=dict)


def foreseen(session: Session, association_id: int, found: Sequence[Found], taken: Taken | None = None) -> Outcome:
    """What entities of one list would show together: where they disagree, which value survives, and by which rule."""
    spoken = [each for each in (histories.spoken(session, association_id, one.row) for one in found) if each]
    said = {operation.id: operation for each in spoken for operation in each.past.operations}
    if not said:
        return Outcome()
    everything, protective = list(said.values()), spoken[0].protective
    passed_on = presence.passed_on(session, association_id, everything)
    state = fold(everything, protective, passed_on)
    at_odds = disputes.disputes(history(everything, passed_on), state, protective)
    evidence = Evidence(_by_desk(session, everything), everything)
    survives = [decided(each, evidence, protective, (taken or {}).get(each.path)) for each in at_odds]
    return Outcome(tuple(survives), tuple(at_odds), state.heads, said)


def merge(
    session: Session, by: Desk, found: Found, others: Sequence[str], taken: Taken | None = None
) -> Problem | None:
    """Say that entities of one list are the same; the oldest survives, and it can be undone."""
    joined = [found]
    for other in others:
        named = [each for each in desk.find(session, by.association_id, other) if _are_alike(each, found)]
        if not named:
            return Problem("not_found")
        joined += [each for each in named if each.row.id != found.row.id]
    if found.kind != "entity":
        return Problem("bad_act")
    outcome = foreseen(session, by.association_id, _survivors(session, by, joined), taken)
    if _is_taken_from_nobody(outcome, taken or {}):
        return Problem("stale_page")
    act: dict[str, object] = {"merge": sorted(records.uuid_text(each.row.uuid) for each in joined)}
    survives = [first_said(each, outcome.said) for each in outcome.survives]
    if survives:
        act["survives"] = as_act(survives)
    return desk.say(session, by, [desk.statement(found, act=act, seen=outcome.heads[:SEEN_MAX])])


def unmerge(session: Session, by: Desk, found: Found, chosen: Sequence[OperationId] | None = None) -> Problem | None:
    """Cancel merges that speak of a record: those that are named, or every one."""
    standing = merges_of(session, found)
    wanted = [each.id for each in standing if chosen is None or each.id in chosen]
    if not wanted:
        return Problem("nothing_merged")
    return desk.say(session, by, [desk.statement(found, act={"unmerge": wanted})])


def merges_of(session: Session, found: Found) -> list[Operation]:
    """The merges in force that speak of a record, in the order in which they came."""
    uuid = records.uuid_text(found.row.uuid)
    rows = operations.of_merges(session, merges.ever_joined(session, {found.row.id}))
    said = [each for row in rows if isinstance(each := parse_operation(bytes(row.body)), Operation)]
    standing = in_force(said)
    return [each for each in said if each.id in standing and uuid in named(each)]


def named(merge: Operation) -> set[str]:
    """The UUIDs of the records that a merge makes one."""
    return {merge.record, *(merge.act or {}).get("merge", ())}


def _is_taken_from_nobody(outcome: Outcome, taken: Taken) -> bool:
    """Whether somebody chose a value that the records do not disagree about any more: another would survive."""
    at_odds = {each.path: {claim.id for claim in each.claims} for each in outcome.disputes}
    return any(path in at_odds and id not in at_odds[path] for path, id in taken.items())


def _are_alike(one: Found, other: Found) -> bool:
    return (one.kind, one.of) == (other.kind, other.of)


def _survivors(session: Session, by: Desk, joined: Sequence[Found]) -> list[Found]:
    """The records through which these show, each once."""
    into = records.by_ids(session, {each.row.merged_into for each in joined if each.row.merged_into is not None})
    shown = [Found(into.get(each.row.merged_into or 0, each.row), each.kind, each.of) for each in joined]
    return list({each.row.id: each for each in shown}.values())


def _by_desk(session: Session, said: Sequence[Operation]) -> frozenset[OperationId]:
    known = authors.named(session, {each.id[0] for each in said})
    return frozenset(each.id for each in said if each.id[0] in known and known[each.id[0]].kind == "desk")
