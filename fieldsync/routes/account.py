"""What people do with their own account: sessions, passphrase, second factor, tokens for their scripts."""

from typing import Any
from uuid import UUID

import msgspec
from flask import Response

from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, caller_address, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.schemas_people import (
    AssociationChoicesSchema,
    BegunSchema,
    ChooseSchema,
    CodeSchema,
    EndedSchema,
    MadeTokenSchema,
    NewTokenSchema,
    OwnSessionsSchema,
    PassphraseSchema,
    RecoveryCodesSchema,
    TokensSchema,
)
from fieldsync.services import auditing, person_sessions, second_factor, tokens

blueprint = ApiBlueprint("account", __name__, url_prefix="/api/v1/me", description="One's own account")


@blueprint.get("/sessions")
@access("session")
@blueprint.response(200, OwnSessionsSchema)
def list_sessions() -> Response:
    """Where one is signed in."""
    here, who = context(), reader()
    with here.database.read() as session:
        return json_response({"items": person_sessions.listed(session, who, here.now_ms())})


@blueprint.delete("/sessions/<uuid:session_id>")
@access("session")
@blueprint.response(204)
@refuses(404)
def end_session(session_id: UUID) -> Response:
    """End one of one's sessions."""
    here, who = context(), reader()
    return _done(here.database.write(lambda session: person_sessions.end(session, who, str(session_id), here.now_ms())))


@blueprint.delete("/sessions")
@access("session")
@blueprint.response(200, EndedSchema)
def end_other_sessions() -> Response:
    """End all one's sessions but this one."""
    here, who = context(), reader()
    ended = here.database.write(lambda session: person_sessions.end_others(session, who, here.now_ms()))
    return json_response({"ended": ended})


@blueprint.get("/associations")
@access("session")
@blueprint.response(200, AssociationChoicesSchema)
def list_associations() -> Response:
    """The associations in which one may work."""
    with context().database.read() as session:
        return json_response({"items": person_sessions.choices(session, reader())})


@blueprint.put("/association")
@access("session")
@blueprint.arguments(ChooseSchema)
@blueprint.response(204)
@refuses(400, 404, 413, 415)
def choose_association(given: dict[str, Any]) -> Response:
    """Work in another association from now on."""
    here, who = context(), reader()
    return _done(here.database.write(lambda session: person_sessions.choose(session, who, given["association"])))


@blueprint.put("/passphrase")
@access("session", fresh=True)
@blueprint.arguments(PassphraseSchema)
@blueprint.response(204)
@refuses(400, 401, 413, 415, 422)
def change_passphrase(given: dict[str, Any]) -> Response:
    """Take another passphrase; all other sessions and all tokens end."""
    here, who = context(), reader()
    return _done(
        person_sessions.change_passphrase(
            here.database, who, given["present"], given["wanted"], caller_address(), here.now_ms()
        )
    )


@blueprint.post("/second-factor")
@access("session", fresh=True)
@blueprint.response(201, BegunSchema)
@refuses(409)
def begin_second_factor() -> Response:
    """Get a secret for an authenticator app; it counts once a code of it has come."""
    here, who = context(), reader()
    begun = here.database.write(lambda session: second_factor.begin(session, who, here.draw, here.now_ms()))
    return json_response(_or_refused(begun), 201)


@blueprint.post("/second-factor/confirm")
@access("session")
@blueprint.arguments(CodeSchema)
@blueprint.response(201, RecoveryCodesSchema)
@refuses(400, 401, 409, 413, 415)
def confirm_second_factor(given: dict[str, Any]) -> Response:
    """Show a first code of the app; the recovery codes come once."""
    here, who = context(), reader()
    codes = here.database.write(
        lambda session: second_factor.confirm(session, who, given["code"], here.draw, here.now_ms())
    )
    return json_response({"codes": _or_refused(codes)}, 201)


@blueprint.post("/second-factor/codes")
@access("session", fresh=True)
@blueprint.response(201, RecoveryCodesSchema)
@refuses(409)
def renew_recovery_codes() -> Response:
    """New recovery codes; the former are worthless."""
    here, who = context(), reader()
    codes = here.database.write(lambda session: second_factor.renew_codes(session, who, here.draw, here.now_ms()))
    return json_response({"codes": _or_refused(codes)}, 201)


@blueprint.delete("/second-factor")
@access("session", fresh=True)
@blueprint.response(204)
@refuses(409)
def remove_second_factor() -> Response:
    """Do without the app, where none of one's roles needs it."""
    here, who = context(), reader()
    return _done(here.database.write(lambda session: second_factor.remove(session, who, here.now_ms())))


@blueprint.get("/tokens")
@access("session")
@blueprint.response(200, TokensSchema)
def list_tokens() -> Response:
    """The tokens of one's scripts, without the tokens themselves."""
    here, who = context(), reader()
    assert who.person is not None
    with here.database.read() as session:
        return json_response({"items": tokens.listed(session, who.person, here.now_ms())})


@blueprint.post("/tokens")
@access("session", fresh=True)
@blueprint.arguments(NewTokenSchema)
@blueprint.response(201, MadeTokenSchema)
@refuses(400, 409, 413, 415)
def make_token(given: dict[str, Any]) -> Response:
    """Make a token for a script: at most what one may oneself, and never the power to make another."""
    here, who = context(), reader()
    wanted = (given["name"], given["permissions"], given["days"])
    made = here.database.write(lambda session: tokens.make(session, who, *wanted, here.now_ms(), here.draw))
    if isinstance(made, Problem):
        raise Refused(made)
    return json_response({**made[0], "secret": made[1]}, 201)


@blueprint.delete("/tokens/<uuid:token_id>")
@access("session")
@blueprint.response(204)
@refuses(404)
def end_token(token_id: UUID) -> Response:
    """Make one of one's tokens worthless."""
    here, who = context(), reader()
    person = who.person
    assert person is not None
    return _done(
        here.database.write(lambda session: tokens.end(session, auditing.by(who), person, str(token_id), here.now_ms()))
    )


def _done(problem: Problem | None) -> Response:
    if problem is not None:
        raise Refused(problem)
    return Response(status=204)


def _or_refused(outcome: object) -> Any:
    if isinstance(outcome, Problem):
        raise Refused(outcome)
    return msgspec.to_builtins(outcome)
