"""Looking after people: inviting them, giving and taking roles, keeping them out, helping them back in."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from fieldsync.core.access import CONFIRM_GRANTS, MANAGE_PEOPLE
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import page_of
from fieldsync.routes.schemas_people import (
    InvitationSchema,
    InvitedSchema,
    NewGrantSchema,
    OfferedLinkSchema,
    PeopleQuerySchema,
    PersonSchema,
    RenameSchema,
    RolesSchema,
)
from fieldsync.services import granting, people, roles_told
from fieldsync.services.granting import Wanted
from fieldsync.services.readers import Reader
from fieldsync.store.people import PersonRow

blueprint = ApiBlueprint("people", __name__, url_prefix="/api/v1", description="People and their roles")

Act = Callable[[Any, Reader, PersonRow], object]


@blueprint.get("/roles")
@access("person")
@blueprint.response(200, RolesSchema)
def list_roles() -> Response:
    """What each role may do, and which of them the caller may give."""
    return json_response(roles_told.listed(reader()))


@blueprint.get("/people")
@access("person", MANAGE_PEOPLE)
@blueprint.arguments(PeopleQuerySchema, location="query")
@blueprint.response(200, page_of(PersonSchema))
@refuses(400)
def list_people(asked: dict[str, Any]) -> Response:
    """The people of the association, with the roles that they hold in it."""
    who, query = reader(), asked.get("query", "")
    return paged("people", asked, lambda session, after, limit: people.page(session, who, after, limit, query))


@blueprint.post("/people")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.arguments(InvitationSchema)
@blueprint.response(201, InvitedSchema)
@refuses(400, 409, 413, 415, 422)
def invite(given: dict[str, Any]) -> Response:
    """Invite somebody with a role; the link is shown this once, and is to be handed over."""
    here, who = context(), reader()
    wanted = wanted_of(who, given)

    def work(session: Any) -> dict[str, Any] | Problem:
        found = people.invite(session, who, given["email"], given["name"], wanted, here.draw, here.now_ms())
        if isinstance(found, Problem):
            return found
        told = people.told(session, who, found.person)
        return {"person": told, "link": found.link, "expires_ms": found.expires_ms}

    return json_response(_or_refused(here.database.write(work)), 201)


@blueprint.get("/people/<uuid:person_id>")
@access("person", MANAGE_PEOPLE)
@blueprint.response(200, PersonSchema)
@refuses(404)
def show_person(person_id: UUID) -> Response:
    """One person."""
    with context().database.read() as session:
        found = people.find(session, reader(), str(person_id))
        if found is None:
            raise Refused(Problem("not_found"))
        return json_response(people.told(session, reader(), found))


@blueprint.put("/people/<uuid:person_id>/name")
@access("session", MANAGE_PEOPLE)
@blueprint.arguments(RenameSchema)
@blueprint.response(200, PersonSchema)
@refuses(400, 404, 413, 415)
def rename(given: dict[str, Any], person_id: UUID) -> Response:
    """How people call her."""
    now_ms = context().now_ms()
    return _act(person_id, lambda session, who, person: people.rename(session, who, person, given["name"], now_ms))


@blueprint.post("/people/<uuid:person_id>/disable")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.response(200, PersonSchema)
@refuses(404)
def disable(person_id: UUID) -> Response:
    """Keep somebody out: her sessions, tokens and links end at once."""
    now_ms = context().now_ms()
    return _act(person_id, lambda session, who, person: people.disable(session, who, person, now_ms))


@blueprint.post("/people/<uuid:person_id>/enable")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.response(200, PersonSchema)
@refuses(404)
def enable(person_id: UUID) -> Response:
    """Let somebody in again."""
    now_ms = context().now_ms()
    return _act(person_id, lambda session, who, person: people.enable(session, who, person, now_ms))


@blueprint.post("/people/<uuid:person_id>/link")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.response(201, OfferedLinkSchema)
@refuses(404, 409)
def offer_link(person_id: UUID) -> Response:
    """A link for another passphrase, or another invitation for who has not come yet; shown this once."""
    here, who = context(), reader()

    def work(session: Any) -> tuple[str, int] | Problem:
        person = people.find(session, who, str(person_id))
        if person is None:
            return Problem("not_found")
        return people.offer_link(session, who, person, here.draw, here.now_ms())

    link, expires_ms = _or_refused(here.database.write(work))
    return json_response({"link": link, "expires_ms": expires_ms}, 201)


@blueprint.delete("/people/<uuid:person_id>/second-factor")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.response(200, PersonSchema)
@refuses(404, 409)
def drop_second_factor(person_id: UUID) -> Response:
    """Take away the app of somebody who lost phone and codes."""
    now_ms = context().now_ms()
    return _act(person_id, lambda session, who, person: people.drop_second_factor(session, who, person, now_ms))


@blueprint.post("/people/<uuid:person_id>/grants")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.arguments(NewGrantSchema)
@blueprint.response(200, PersonSchema)
@refuses(400, 404, 409, 413, 415, 422)
def grant(given: dict[str, Any], person_id: UUID) -> Response:
    """Give a role; one that reads deeper than the caller does is proposed, and waits for a second person."""
    here = context()
    wanted = wanted_of(reader(), given)
    return _act(
        person_id,
        lambda session, who, person: granting.grant(session, who, person, wanted, here.now_ms(), here.draw),
    )


@blueprint.post("/people/<uuid:person_id>/grants/<uuid:grant_id>/confirm")
@access("session", CONFIRM_GRANTS, fresh=True)
@blueprint.response(200, PersonSchema)
@refuses(404, 409)
def confirm_grant(person_id: UUID, grant_id: UUID) -> Response:
    """Agree to a proposed role, as a second person."""
    now_ms = context().now_ms()
    return _act(person_id, lambda session, who, person: granting.confirm(session, who, person, str(grant_id), now_ms))


@blueprint.delete("/people/<uuid:person_id>/grants/<uuid:grant_id>")
@access("session", MANAGE_PEOPLE, fresh=True)
@blueprint.response(200, PersonSchema)
@refuses(404, 409)
def withdraw(person_id: UUID, grant_id: UUID) -> Response:
    """Take a role away; the person's sessions end."""
    now_ms = context().now_ms()
    return _act(person_id, lambda session, who, person: granting.withdraw(session, who, person, str(grant_id), now_ms))


def wanted_of(who: Reader, given: dict[str, Any]) -> Wanted:
    """The role that is asked for, held where the caller works, or everywhere if it is of the programme or server."""
    role = who.book.role(given["role"])
    owner = who.association_id or None
    place = owner if role is None or role.reach == "association" else None
    return Wanted(given["role"], place, tuple(given["places"]), given["team"], given["waiver"])


def _act(person_id: UUID, act: Act) -> Response:
    """Do something about a person whom the caller may see, and show her."""
    here, who = context(), reader()

    def work(session: Any) -> dict[str, Any] | Problem:
        person = people.find(session, who, str(person_id))
        if person is None:
            return Problem("not_found")
        outcome = act(session, who, person)
        if isinstance(outcome, Problem):
            return outcome
        changed = people.find(session, who, str(person_id))
        return people.told(session, who, changed or person)

    return json_response(_or_refused(here.database.write(work)))


def _or_refused(outcome: Any) -> Any:
    if isinstance(outcome, Problem):
        raise Refused(outcome)
    return outcome
