"""Giving somebody a role, confirming as a second person, taking one away."""

from flask import Response

from fieldsync.core.access import CONFIRM_GRANTS, MANAGE_PEOPLE
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import labels, people, roles, shell
from fieldsync.routes.pages.account import refuse
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import granting
from fieldsync.store import grants as stored


@blueprint.get("/people/<person>/roles/new")
@page_access(MANAGE_PEOPLE, fresh=True)
def grant(person: str) -> Response:
    """The form."""
    return _form(person, {}, 200)


@blueprint.post("/people/<person>/roles/new")
@page_access(MANAGE_PEOPLE, fresh=True)
def take_grant(person: str) -> Response:
    """Give the role, or propose it."""
    here, who = context(), reader()
    row, wanted = people.looked_up(person), roles.wanted(who)
    if wanted is None:
        return _form(person, {"role": _("Choose a role.")}, 422)
    made = here.database.write(lambda session: granting.grant(session, who, row, wanted, here.now_ms(), here.draw))
    if isinstance(made, Problem):
        return _form(person, shell.said(made, "role"), shell.status_of(made), made.code == roles.WAIVABLE)
    return shell.onward("pages.person", "role_proposed" if made.status == "proposed" else "role_given", person=person)


@blueprint.post("/people/<person>/roles/<grant>/confirm")
@page_access(CONFIRM_GRANTS, fresh=True)
def confirm_grant(person: str, grant: str) -> Response:
    """Agree, as a second person."""
    here, who = context(), reader()
    row = people.looked_up(person)
    outcome = here.database.write(lambda session: granting.confirm(session, who, row, grant, here.now_ms()))
    refuse(outcome if isinstance(outcome, Problem) else None)
    return shell.onward("pages.person", "role_confirmed", person=person)


@blueprint.get("/people/<person>/roles/<grant>/withdraw")
@page_access(MANAGE_PEOPLE, fresh=True)
def withdraw(person: str, grant: str) -> Response:
    """Whether to take it away."""
    row = people.looked_up(person)
    with context().database.read() as session:
        held = stored.find(session, row.id, grant)
        name = labels.role(session, held.role) if held is not None else ""
    if held is None or held.association_id not in (reader().association_id, None):
        raise Refused(Problem("not_found"))
    return shell.deed(
        question=_("Withdraw this role?"),
        about=f"{name} · {row.name or row.email}",
        consequence=_(
            "She is signed out everywhere, and what the role opened is closed at once. The role can be given again."
        ),
        back="pages.person",
        person=person,
        keep=_("Leave it"),
        deed=_("Withdraw the role"),
    )


@blueprint.post("/people/<person>/roles/<grant>/withdraw")
@page_access(MANAGE_PEOPLE, fresh=True)
def take_withdrawal(person: str, grant: str) -> Response:
    """Take it away."""
    here, who = context(), reader()
    row = people.looked_up(person)
    refuse(here.database.write(lambda session: granting.withdraw(session, who, row, grant, here.now_ms())))
    return shell.onward("pages.person", "role_withdrawn", person=person)


def _form(person: str, errors: dict[str, str], status: int, asks_waiver: bool = False) -> Response:
    row = people.looked_up(person)
    shown = {"person": row.uuid, "name": row.name, "email": row.email}
    return shell.page(
        "grant.html",
        status,
        person=shown,
        given=roles.given(),
        errors=errors,
        asks_waiver=asks_waiver,
        **roles.choices(reader()),
    )
