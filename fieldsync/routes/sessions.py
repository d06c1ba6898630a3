"""People sign in and out; everybody can ask who they are."""

import hashlib
import secrets
from typing import Any

from flask import Response, current_app, request

from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, bearer_token, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.rates import Rate
from fieldsync.routes.schemas import CredentialsSchema, ReaderSchema, SessionSchema
from fieldsync.services import people
from fieldsync.services.changes import name_of
from fieldsync.services.people import Reader
from fieldsync.services.senders import digest_of
from fieldsync.store import associations
from fieldsync.store import people as stored_people

blueprint = ApiBlueprint("sessions", __name__, url_prefix="/api/v1", description="Who calls")

RATES = "fieldsync-sign-in"

TRIES_OF_PERSON = 10
TRIES_OF_ADDRESS = 60
WINDOW_MS = 15 * 60 * 1000
"""Ten wrong passwords for one person from one place in a quarter of an hour; sixty for a place as a whole."""


@blueprint.record
def _prepare(state: Any) -> None:
    """Each application counts for itself."""
    state.app.extensions[RATES] = (Rate(TRIES_OF_PERSON, WINDOW_MS), Rate(TRIES_OF_ADDRESS, WINDOW_MS))


@blueprint.post("/sessions")
@access("public")
@blueprint.arguments(CredentialsSchema)
@blueprint.response(201, SessionSchema)
@refuses(400, 401, 413, 415, 429)
def sign_in(given: dict[str, Any]) -> Response:
    """Make a token of a person's e-mail address and password; it is good for a day."""
    here = context()
    email = given["email"]
    _count_try(email, here.now_ms())
    with here.database.read() as session:
        person = stored_people.find(session, email)
    if not people.is_password_of(person, given["password"]) or person is None:
        raise Refused(Problem("wrong_login"))
    current_app.extensions[RATES][0].forgive(_caller(email))
    token, at = secrets.token_urlsafe(32), here.now_ms()
    expires_ms = here.database.write(lambda session: people.sign_in(session, person, token, at))
    return json_response({"token": token, "expires": expires_ms}, 201)


@blueprint.delete("/sessions")
@access("reader")
@blueprint.response(204)
@refuses(403)
def sign_out() -> Response:
    """Make the token of this request worthless; a device's token ends only by being revoked."""
    if reader().person is None:
        raise Refused(Problem("forbidden"))
    digest = digest_of(bearer_token())
    context().database.write(lambda session: stored_people.remove_token(session, digest))
    return Response(status=204)


@blueprint.get("/me")
@access("reader")
@blueprint.response(200, ReaderSchema)
def who_am_i() -> Response:
    """Who the caller is, and what the caller may do."""
    who = reader()
    with context().database.read() as session:
        slug = associations.slug_of(session, who.association_id)
    return json_response({**_named(who), "association": slug, "permissions": sorted(who.permissions)})


def _named(who: Reader) -> dict[str, Any]:
    if who.person is not None:
        return {"kind": "person", "name": who.person.email, "role": who.person.role, "views": []}
    assert who.sender is not None
    device = who.sender.device
    return {
        "kind": device.kind,
        "name": device.name,
        "role": None,
        "views": [name_of(each) for each in who.sender.views],
    }


def _count_try(email: str, now_ms: int) -> None:
    of_person, of_address = current_app.extensions[RATES]
    wait = of_person.wait_seconds(_caller(email), now_ms) or of_address.wait_seconds(_caller(""), now_ms)
    if wait:
        raise Refused(Problem("too_many_requests"), retry_after=wait)


def _caller(email: str) -> bytes:
    """A digest, so that no list of addresses lies in memory."""
    return hashlib.sha256(f"{request.remote_addr}\0{email}".encode()).digest()
