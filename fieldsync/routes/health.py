"""Whether the server serves."""

from flask import Response
from flask_smorest import Blueprint

from fieldsync.routes.access import access
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.schemas_sync import HealthSchema
from fieldsync.store import server

blueprint = Blueprint("health", __name__, description="Whether the server serves")


@blueprint.get("/health")
@access("public")
@blueprint.response(200, HealthSchema)
@blueprint.alt_response(503, schema=HealthSchema, description="Not yet")
def health() -> Response:
    """200 once the database answers."""
    with context().database.read() as session:
        ready = server.identity(session) is not None
    return json_response({"status": "ok" if ready else "setting_up"}, 200 if ready else 503)
