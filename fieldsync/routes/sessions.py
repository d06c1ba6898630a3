"""People sign in and out; everybody can ask who they are."""

from typing import Any

from flask import Response, request

from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, caller_address, counted, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.schemas import ReaderSchema, SessionSchema
from fieldsync.routes.schemas_people import (
    AcceptSchema,
    ConfirmationSchema,
    CredentialsSchema,
    EmailSchema,
    LinkSchema,
    LinkTokenSchema,
    TicketSchema,
)
from fieldsync.services import invitations, signing
from fieldsync.services.changes import name_of
from fieldsync.services.readers import Reader
from fieldsync.services.signing import Attempt, HalfWay, SignedIn
from fieldsync.store import associations

blueprint = ApiBlueprint("sessions", __name__, url_prefix="/api/v1", description="Who calls")


@blueprint.post("/sessions")
@access("public")
@blueprint.arguments(CredentialsSchema)
@blueprint.response(201, SessionSchema)
@refuses(400, 401, 413, 415)
def sign_in(given: dict[str, Any]) -> Response:
    """Make a session of an e-mail address and a passphrase, with a code where there is a second factor.

    Without the code the answer is 401 `second_factor_owed` with a `ticket` for `/sessions/second-factor`.
    """
    here = context()
    attempt = Attempt(given["email"], given["password"], caller_address(), _agent(), given.get("code"))
    return _told(signing.sign_in(here.database, attempt, here.now_ms(), here.draw))


@blueprint.post("/sessions/second-factor")
@access("public")
@blueprint.arguments(TicketSchema)
@blueprint.response(201, SessionSchema)
@refuses(400, 401, 413, 415)
def give_second_factor(given: dict[str, Any]) -> Response:
    """Make a session of a ticket and a code: an app's, or a recovery code."""
    here = context()
    address = caller_address()
    return _told(signing.finish(here.database, given["ticket"], given["code"], address, here.now_ms(), here.draw))


@blueprint.post("/sessions/confirm")
@access("session")
@blueprint.arguments(ConfirmationSchema)
@blueprint.response(201, SessionSchema)
@refuses(400, 413, 415)
def confirm(given: dict[str, Any]) -> Response:
    """Prove again who one is, which opens dangerous acts for five minutes; the token is another one from now on."""
    here = context()
    who, address = reader(), caller_address()
    found = signing.confirm(here.database, who, given["password"], given.get("code"), address, here.now_ms(), here.draw)
    return _told(found)


@blueprint.delete("/sessions")
@access("person")
@blueprint.response(204)
def sign_out() -> Response:
    """Make the token of this request worthless; a device's token ends only by being revoked."""
    here, who = context(), reader()
    here.database.write(lambda session: signing.sign_out(session, who, here.now_ms()))
    return Response(status=204)


@blueprint.post("/links")
@access("public")
@blueprint.arguments(LinkTokenSchema)
@blueprint.response(200, LinkSchema)
@refuses(400, 403, 413, 415)
def look_at_link(given: dict[str, Any]) -> Response:
    """What an invitation or a reset is for; it stays good."""
    here = context()
    found = invitations.look(here.database, given["link"], caller_address(), here.now_ms())
    if isinstance(found, Problem):
        counted(found if found.code == "too_many_requests" else None)
        raise Refused(found)
    return json_response(found)


@blueprint.post("/links/accept")
@access("public")
@blueprint.arguments(AcceptSchema)
@blueprint.response(201, SessionSchema)
@refuses(400, 401, 403, 413, 415, 422)
def accept_link(given: dict[str, Any]) -> Response:
    """Choose a passphrase with an invitation or a reset, once, and come in."""
    here = context()
    found = invitations.accept(
        here.database, given["link"], given["password"], caller_address(), _agent(), here.now_ms(), here.draw
    )
    return _told(found)


@blueprint.post("/resets")
@access("public")
@blueprint.arguments(EmailSchema)
@blueprint.response(202)
@refuses(400, 413, 415)
def ask_reset(given: dict[str, Any]) -> Response:
    """Ask one's coordinator for a new passphrase. The answer is the same for everybody, known or not."""
    here = context()
    counted(invitations.ask_reset(here.database, given["email"], caller_address(), here.now_ms()))
    return Response(status=202)


@blueprint.get("/me")
@access("reader")
@blueprint.response(200, ReaderSchema)
def who_am_i() -> Response:
    """Who the caller is, and what the caller may do."""
    who = reader()
    with context().database.read() as session:
        slugs = {row.id: row.slug for row in associations.everyone(session)}
    slug = slugs.get(who.association_id)
    return json_response({**_named(who), "association": slug, "permissions": sorted(who.permissions)})


def _named(who: Reader) -> dict[str, Any]:
    if who.person is not None:
        return {
            "kind": "person",
            "name": who.person.email,
            "roles": [grant.role.code for grant in who.grants if grant.covers(who.association_id)],
            "views": [],
            "second_factor": who.has_second_factor,
            "must_enrol": who.must_enrol,
            "fresh": who.is_fresh(context().now_ms()),
        }
    assert who.sender is not None
    device = who.sender.device
    return {
        "kind": device.kind,
        "name": device.name,
        "roles": [],
        "views": [name_of(each) for each in who.sender.views],
        "second_factor": False,
        "must_enrol": False,
        "fresh": False,
    }


def _told(outcome: SignedIn | HalfWay | Problem) -> Response:
    """A session as the API tells it, or the refusal."""
    if isinstance(outcome, HalfWay):
        raise Refused(Problem("second_factor_owed"), members={"ticket": outcome.ticket})
    if isinstance(outcome, Problem):
        counted(outcome if outcome.code == "too_many_requests" else None)
        raise Refused(outcome)
    return json_response({"token": outcome.token, "expires": outcome.expires_ms}, 201)


def _agent() -> str:
    """What the caller's program calls itself, for the list of sessions; printable characters only."""
    return "".join(each for each in request.headers.get("User-Agent", "") if each.isprintable())
