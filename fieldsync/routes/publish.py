"""Publishing forms, and taking them back from the phones."""

from dataclasses import replace
from typing import Any

from flask import Response, request

from fieldsync.core.access import PUBLISH_FORMS
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response, read_body
from fieldsync.routes.context import Context, context
from fieldsync.routes.description import refuses, takes
from fieldsync.routes.errors import Refused
from fieldsync.routes.files import read_files
from fieldsync.routes.schemas_forms import DefinitionSchema, FormVersionSchema, PublishedSchema, PublishQuerySchema
from fieldsync.services import auditing, form_publication, forms_read, publishing
from fieldsync.services.conversion import definition_kind
from fieldsync.services.entity_lists import known_lists
from fieldsync.services.form_publication import Outcome, Sent

blueprint = ApiBlueprint("publish", __name__, url_prefix="/api/v1/forms", description="Publishing forms")

DEFINITION_BYTES_MAX = 8 * 1024 * 1024
"""A raw definition; a workbook of the programme has some 60 KiB."""


@blueprint.post("")
@access("reader", PUBLISH_FORMS)
@blueprint.arguments(PublishQuerySchema, location="query")
@blueprint.response(201, PublishedSchema)
@blueprint.alt_response(200, schema=PublishedSchema, description="Checked only, or published before")
@takes(
    multipart_form_data=DefinitionSchema,
    application_octet_stream={"type": "string", "format": "binary"},
)
@refuses(400, 409, 413, 415, 422)
def publish_form(asked: dict[str, Any]) -> Response:
    """Publish a definition; what is wrong with it is listed, and then nothing is published.

    Send it as multipart (`definition`, and `media` for each file), or as the whole body with `kind`. Where files come
    with it, a CSV that is not among them is taken for an entity list, with a warning.
    """
    here, owner, by = context(), reader().association_id, auditing.by(reader())
    sent = replace(_sent(asked.get("kind")), lists=asked["entity_lists"])
    definition = _converted(sent, owner, here)
    if asked["check"]:
        with here.database.read() as session:
            outcome = form_publication.look(session, owner, definition)
    else:
        at = here.now_ms()
        outcome = here.database.write(lambda session: form_publication.publish(session, owner, definition, at, by))
    if outcome.problem is not None:
        raise _refused(outcome)
    told = {"form": outcome.form, "version": outcome.version, "hash": outcome.hash, "published": not asked["check"]}
    status = 201 if outcome.is_new and not asked["check"] else 200
    return json_response({**told, "findings": form_publication.findings_told(outcome.findings)}, status)


@blueprint.post("/<form>/<version>/retire")
@access("reader", PUBLISH_FORMS)
@blueprint.response(200, FormVersionSchema)
@refuses(404)
def retire_form(form: str, version: str) -> Response:
    """Offer a version to phones no longer; it still receives what they have filled."""
    here, owner, by = context(), reader().association_id, auditing.by(reader())
    retired = here.database.write(lambda session: publishing.retire(session, owner, form, version, here.now_ms(), by))
    if retired is None:
        raise Refused(Problem("not_found"))
    with here.database.read() as session:
        found = forms_read.version(session, owner, form, version)
    return json_response(found)


def _sent(kind: str | None) -> Sent:
    if request.mimetype == "multipart/form-data":
        return _upload(kind)
    if kind is None:
        raise Refused(Problem("wrong_shape", detail={"where": "kind"}))
    body = read_body(DEFINITION_BYTES_MAX, DEFINITION_BYTES_MAX)
    if isinstance(body, Problem):
        raise Refused(body)
    return Sent(body, kind, None)


def _upload(kind: str | None) -> Sent:
    definition = request.files.get("definition")
    if definition is None:
        raise Refused(Problem("wrong_shape", detail={"where": "definition"}))
    known = kind or definition_kind(definition.filename or "")
    if known is None:
        raise Refused(Problem("wrong_shape", detail={"where": "kind"}))
    media = request.files.getlist("media")
    return Sent(definition.read(), known, read_files(media) or None)


def _converted(sent: Sent, owner: int, here: Context) -> publishing.Definition:
    with here.database.read() as session:
        known = known_lists(session, owner)
    definition = form_publication.definition_of(sent, known, here.settings)
    if isinstance(definition, Outcome):
        raise _refused(definition)
    return definition


def _refused(outcome: Outcome) -> Refused:
    assert outcome.problem is not None
    return Refused(outcome.problem, members={"findings": form_publication.findings_told(outcome.findings)})
