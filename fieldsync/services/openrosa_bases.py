"""What a form filled in an OpenRosa client had seen of the entities that it updates (docs/openrosa.md)."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from fieldsync.core.declarations import places, statements
from fieldsync.core.forms import Form
from fieldsync.core.merge import RecordState
from fieldsync.core.operations import OperationId, Value
from fieldsync.services.working import decode_state
from fieldsync.store import associations, openrosa, records
from fieldsync.store.records import RecordRow

ENTITIES_MAX = 200
"""Entities of one submission for which the base is looked up."""


def bases_of(
    session: Session, association_id: int, form: Form, fields: Mapping[str, Value], author_id: int
) -> dict[str, tuple[OperationId, ...]]:
    """Entity UUID → its heads, for the declarations whose version is the entity's present one.

    What this device said itself before is in the past anyway, by its author's counters.
    """
    bases: dict[str, tuple[OperationId, ...]] = {}
    said = list(statements(fields, places(form, fields)).items()) if form.entities else []
    for place, statement in said[:ENTITIES_MAX]:
        version = _version_seen(fields, place.path)
        if statement.entity is not None and version is not None:
            heads = _heads_at(session, association_id, (place.list, statement.entity), version, author_id)
            if heads:
                bases[statement.entity] = heads
    return bases


def _version_seen(fields: Mapping[str, Value], path: str) -> tuple[int, bool] | None:
    """The server's version that the form was filled on, and whether this device's own later updates come on top."""
    is_branch = bool(fields.get(f"{path}/@branchId"))
    stated = fields.get(f"{path}/@trunkVersion" if is_branch else f"{path}/@baseVersion")
    return (int(stated), is_branch) if isinstance(stated, str) and stated.isascii() and stated.isdigit() else None


def entity_state(session: Session, association_id: int, name: str, uuid: str) -> tuple[RecordRow, RecordState] | None:
    """An entity of a list as it is stored; None where nothing of it applies."""
    collections = associations.collections(session, association_id)
    owner = next((each.id for each in collections if (each.kind, each.of) == ("entity", name)), None)
    rows = records.by_uuids(session, [records.uuid_bytes(uuid)])
    row = next((each for each in rows if each.collection_id == owner), None)
    state = decode_state(bytes(row.state)) if row is not None else None
    return (row, state) if row is not None and state is not None else None


def _heads_at(
    session: Session, association_id: int, entity: tuple[str, str], version: tuple[int, bool], author_id: int
) -> tuple[OperationId, ...]:
    found = entity_state(session, association_id, *entity)
    if found is None:
        return ()
    seen, is_branch = version
    said = openrosa.operations_applied(session, found[0].id, besides=author_id if is_branch else 0)
    return found[1].heads if said == seen else ()
