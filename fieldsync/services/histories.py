"""All that a record is the fold of, read and not changed: its operations with their pasts, and when each came."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.causality import History, history
from fieldsync.core.groups import connected, in_force
from fieldsync.core.merge import Protective, RecordState
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.parsing import parse_operation
from fieldsync.core.survivorship import with_survivals
from fieldsync.services import presence
from fieldsync.services.working import WorkingSet, decode_state
from fieldsync.store import merges, operations, records
from fieldsync.store.operations import HistoryRow
from fieldsync.store.records import RecordRow


@dataclass(frozen=True)
class Spoken:
    """What a record shows and why. `rows` and `records`: operation → as it is stored, and the UUID it speaks of."""

    state: RecordState
    past: History
    rows: Mapping[OperationId, HistoryRow]
    protective: Protective

    def received_ms(self, id: OperationId) -> int | None:
        """When an operation came, by our clock."""
        row = self.rows.get(id)
        return row.received_ms if row else None


def spoken(session: Session, association_id: int, row: RecordRow) -> Spoken | None:
    """What a record is the fold of, with the records that are merged into it; None while nothing of it applies."""
    state = decode_state(bytes(row.state))
    if state is None:
        return None
    everything, rows = _applied(session, _joined(session, row))
    uuids = _shown_through(row, everything)
    shown = [operation for operation in everything if operation.record in uuids]
    if len(uuids) > 1:
        shown = with_survivals(shown, in_force(everything))
    elsewhere = [operation for operation in everything if operation.record not in uuids]
    passed_on = presence.passed_on(session, association_id, everything)
    working = WorkingSet(session, association_id, locks=False)
    # Which fields are protective is said by the form version that the record's first operation names, as in the fold.
    protective = working.protective(shown[0])
    return Spoken(state, history(shown, passed_on, elsewhere), rows, protective)


def said_of_each(session: Session, association_id: int, row: RecordRow) -> list[dict[str, Value]]:
    """What was said last of each record of a merged group, by property; nothing of one that is alone."""
    told = spoken(session, association_id, row)
    said: dict[str, dict[str, Value]] = {}
    for operation in sorted(told.past.operations, key=lambda each: (each.stamp, each.id)) if told else ():
        if operation.act is None:
            said.setdefault(operation.record, {}).update(operation.writes)
    return list(said.values()) if len(said) > 1 else []


def _joined(session: Session, row: RecordRow) -> Collection[int]:
    return merges.ever_joined(session, {row.id}) if row.merged else {row.id}


def _applied(session: Session, record_ids: Collection[int]) -> tuple[list[Operation], dict[OperationId, HistoryRow]]:
    found: dict[OperationId, HistoryRow] = {}
    everything: list[Operation] = []
    for each in operations.history(session, record_ids):
        operation = parse_operation(bytes(each.body)) if each.status == "applied" else None
        if isinstance(operation, Operation):
            everything.append(operation)
            found[operation.id] = each
    return everything, found


def _shown_through(row: RecordRow, everything: Collection[Operation]) -> frozenset[str]:
    """The UUIDs whose operations a record shows: its own, and where it survived a merge those of its group."""
    own = records.uuid_text(row.uuid)
    if row.merged_into is not None:
        return frozenset((own,))
    return next((group for group in connected(everything) if own in group), frozenset((own,)))
