"""People: who there is, inviting somebody, closing and opening an account, a link for a new passphrase."""

from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import CONFIRM_GRANTS, MANAGE_PEOPLE
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import fields, labels, lists, roles, shell, words
from fieldsync.routes.pages.account import refuse
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import granting, invitations, people
from fieldsync.services.readers import Reader
from fieldsync.store.people import PersonRow

QUERY_MAX = 100
NAME_MAX = 80


@blueprint.get("/people")
@page_access(MANAGE_PEOPLE)
def people_page() -> Response:
    """Everybody of the association, or those whose name or address has these letters."""
    who, query = reader(), request.args.get("q", "").strip()[:QUERY_MAX]
    with context().database.read() as session:
        found = lists.shown("people", lambda on, after, limit: people.page(on, who, after, limit, query), session)
        rows = [_row(session, each) for each in found.items]
    return shell.page(
        "people.html",
        people=rows,
        query=query,
        following=found.following,
        first=found.first,
        may_invite=bool(granting.grantable(who)),
    )


@blueprint.get("/people/invite")
@page_access(MANAGE_PEOPLE, fresh=True)
def invite() -> Response:
    """The form."""
    return _inviting({}, 200)


@blueprint.post("/people/invite")
@page_access(MANAGE_PEOPLE, fresh=True)
def take_invitation() -> Response:
    """Somebody new, and the link to hand over, shown this once."""
    here, who = context(), reader()
    email, name, wanted = fields.text("email"), fields.text("name", NAME_MAX), roles.wanted(who)
    if wanted is None:
        return _inviting({"role": _("Choose a role.")}, 422)
    made = here.database.write(
        lambda session: people.invite(session, who, email, name, wanted, here.draw, here.now_ms())
    )
    if isinstance(made, Problem):
        field = "email" if made.code.startswith("email") else "role" if made.code.startswith("role") else ""
        return _inviting(shell.said(made, field), shell.status_of(made), made.code == roles.WAIVABLE)
    return _link_shown(_("Invitation"), made.link, made.expires_ms, url_for("pages.person", person=made.person.uuid))


@blueprint.get("/people/<person>")
@page_access(MANAGE_PEOPLE)
def person(person: str) -> Response:
    """One person, what she may do, and what can be done for her."""
    here, who = context(), reader()
    with here.database.read() as session:
        row = found(session, who, person)
        told = people.told(session, who, row)
        managed = people.keeps_from_managing(session, who, row) is None
        grants = [_grant(session, who, row, each) for each in told["grants"]]
        shown = _row(session, told)
    is_me = who.person is not None and row.id == who.person.id
    return shell.page(
        "person.html",
        person=shown,
        grants=grants,
        is_me=is_me,
        may_manage=managed,
        may_grant=not is_me and bool(granting.grantable(who)),
    )


@blueprint.get("/people/<person>/close")
@page_access(MANAGE_PEOPLE, fresh=True)
def disable_person(person: str) -> Response:
    """Whether to keep her out."""
    row = looked_up(person)
    return shell.deed(
        question=_("Close this account?"),
        about=row.name or row.email,
        consequence=_(
            "She is signed out everywhere, her tokens end, and she cannot sign in until the account is "
            "opened again. What she did stays."
        ),
        back="pages.person",
        person=person,
        keep=_("Leave it open"),
        deed=_("Close the account"),
    )


@blueprint.post("/people/<person>/close")
@page_access(MANAGE_PEOPLE, fresh=True)
def take_disabling(person: str) -> Response:
    """Keep her out."""
    here, who = context(), reader()
    row = looked_up(person)
    refuse(here.database.write(lambda session: people.disable(session, who, row, here.now_ms())))
    return shell.onward("pages.person", "person_disabled", person=person)


@blueprint.get("/people/<person>/second-step")
@page_access(MANAGE_PEOPLE, fresh=True)
def drop_second_factor(person: str) -> Response:
    """Whether to take away the app of somebody who lost her phone."""
    row = looked_up(person)
    return shell.deed(
        question=_("Take away the second step?"),
        about=row.name or row.email,
        consequence=_(
            "For somebody who lost her phone and her recovery codes. She is signed out everywhere, and the "
            "passphrase alone opens the account until she switches the second step on again."
        ),
        back="pages.person",
        person=person,
        keep=_("Leave it on"),
        deed=_("Take it away"),
    )


@blueprint.post("/people/<person>/second-step")
@page_access(MANAGE_PEOPLE, fresh=True)
def take_factor_away(person: str) -> Response:
    """Take it away."""
    here, who = context(), reader()
    row = looked_up(person)
    refuse(here.database.write(lambda session: people.drop_second_factor(session, who, row, here.now_ms())))
    return shell.onward("pages.person", "person_factor_off", person=person)


@blueprint.post("/people/<person>/open")
@page_access(MANAGE_PEOPLE, fresh=True)
def enable_person(person: str) -> Response:
    """Let her in again."""
    here, who = context(), reader()
    row = looked_up(person)
    refuse(here.database.write(lambda session: people.enable(session, who, row, here.now_ms())))
    return shell.onward("pages.person", "person_enabled", person=person)


@blueprint.get("/people/<person>/link")
@page_access(MANAGE_PEOPLE, fresh=True)
def offer_reset(person: str) -> Response:
    """Whether to make a link with which she sets a new passphrase."""
    row = looked_up(person)
    return shell.deed(
        question=_("Make a link for a new passphrase?"),
        about=row.name or row.email,
        consequence=_(
            "Whoever opens the link sets the passphrase. Hand it over yourself, to her and nobody else; "
            "links made before are worthless then."
        ),
        back="pages.person",
        person=person,
        keep=_("Not now"),
        deed=_("Make the link"),
    )


@blueprint.post("/people/<person>/link")
@page_access(MANAGE_PEOPLE, fresh=True)
def take_link(person: str) -> Response:
    """The link, shown this once."""
    here, who = context(), reader()
    row = looked_up(person)
    made = here.database.write(lambda session: people.offer_link(session, who, row, here.draw, here.now_ms()))
    if isinstance(made, Problem):
        raise Refused(made)
    link, expires_ms = made
    return _link_shown(_("Link for a new passphrase"), link, expires_ms, url_for("pages.person", person=person))


def found(session: Any, who: Reader, uuid: str) -> PersonRow:
    """The person whom an address names; one of elsewhere is answered like one who is not there."""
    row = people.find(session, who, uuid)
    if row is None:
        raise Refused(Problem("not_found"))
    return row


def looked_up(uuid: str) -> PersonRow:
    """The same, in a transaction of its own."""
    with context().database.read() as session:
        return found(session, reader(), uuid)


def _inviting(errors: dict[str, str], status: int, asks_waiver: bool = False) -> Response:
    given = {"name": fields.text("name", NAME_MAX), "email": fields.text("email"), **roles.given()}
    offered = roles.choices(reader())
    return shell.page("invite.html", status, given=given, errors=errors, asks_waiver=asks_waiver, **offered)


def _link_shown(heading: str, token: str, expires_ms: int, onward: str) -> Response:
    return shell.page(
        "shown_once.html",
        heading=heading,
        sub="",
        advice=_("Hand it over yourself: read it out, or send it by a way that only she reads."),
        label=_("The link"),
        shown=invitations.link_of(shell.root(), token),
        expires_ms=expires_ms,
        onward=onward,
    )


def _row(session: Any, told: dict[str, Any]) -> dict[str, Any]:
    facts = [("warn", "key", _("Asks for a new passphrase"))] if told["reset_asked_ms"] else []
    if any(each["status"] == "proposed" for each in told["grants"]):
        facts.append(("warn", "hourglass", _("Role to confirm")))
    return {
        **told,
        "state": words.PERSON_STATES[told["status"]],
        "disabled": told["status"] == "disabled",
        "roles": [labels.role(session, each["role"]) for each in told["grants"]],
        "seen_ms": told["signed_in_ms"],
        "made_ms": told["created_ms"],
        "facts": facts,
    }


def _grant(session: Any, who: Reader, row: PersonRow, told: dict[str, Any]) -> dict[str, Any]:
    mine = who.person is not None and row.id == who.person.id
    waiting = told["status"] == "proposed"
    return {
        **told,
        "role": labels.role(session, told["role"]),
        "association": labels.association_of_slug(session, told["association"]),
        "places": [labels.place(code) for code in told["places"]],
        "given_ms": told["granted_ms"],
        "waiting": waiting,
        "may_confirm": waiting and not mine and who.may(CONFIRM_GRANTS),
        "may_withdraw": not mine and told["role"] in {role.code for role in granting.grantable(who)},
    }
