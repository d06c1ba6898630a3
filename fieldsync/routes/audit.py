"""The audit log, for those who protect people's data."""

from typing import Any

from flask import Response

from fieldsync.core.access import READ_AUDIT
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import page_of
from fieldsync.routes.schemas_people import AuditQuerySchema, AuditRowSchema, AuditStateSchema
from fieldsync.services import audit_read

blueprint = ApiBlueprint("audit", __name__, url_prefix="/api/v1/audit", description="The audit log")

FILTERS = ("action", "actor", "about", "from_ms", "to_ms")


@blueprint.get("")
@access("person", READ_AUDIT)
@blueprint.arguments(AuditQuerySchema, location="query")
@blueprint.response(200, page_of(AuditRowSchema))
@refuses(400)
def list_events(asked: dict[str, Any]) -> Response:
    """Events, newest first: who did what to what, as ids."""
    who = reader()
    wanted = {name: asked.get(name) for name in FILTERS}
    return paged("audit", asked, lambda session, after, limit: audit_read.page(session, who, after, limit, wanted))


@blueprint.get("/state")
@access("session", READ_AUDIT, fresh=True)
@blueprint.response(200, AuditStateSchema)
def show_state() -> Response:
    """Check every chain that is the caller's to read, and tell where each stands: write that down elsewhere."""
    with context().database.read() as session:
        state = audit_read.verify(session, only=audit_read.chain_of(reader()))
        faults = [{"chain": each.chain, "number": each.number, "what": each.what} for each in state.faults]
        heads = audit_read.heads_told(session, state.heads)
    return json_response({"ok": state.ok, "rows": state.rows, "faults": faults, "heads": heads})
