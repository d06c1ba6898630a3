"""`fieldsync person`: people who sign in."""

import secrets
from typing import Any

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, lines, operated, person_of, public_url
from fieldsync.cli.serving import address_of_running
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, granting, hashing, invitations, people_told, role_book, signing, tokens
from fieldsync.services import people as looking_after
from fieldsync.services.answering import public_url as address_of
from fieldsync.services.granting import Wanted
from fieldsync.store import grants, people, second_factors, sign_ins
from fieldsync.store.people import PersonRow

HOUR_MS = 3600 * 1000
TOKEN_HOURS = 24
PEOPLE_LISTED_MAX = 10_000


@click.group()
def person() -> None:
    """People who sign in: coordinators, designers, reviewers, viewers, and those who look after the server."""


def held(command: Any) -> Any:
    """Let a command say which role, and where it is held."""
    for flag, name, text in (
        ("--waiver", "waiver", "Why an exclusion between roles is set aside."),
        ("--team", "team", "Only records of one team's phones."),
    ):
        command = click.option(flag, name, default="", help=text)(command)
    command = click.option("--place", "places", multiple=True, metavar="CODE", help="Only these places.")(command)
    text = "The association's slug; not for roles of the programme or the server."
    command = click.option("--association", "slug", help=text)(command)
    return click.option("--role", required=True, help="What the person may do (fieldsync role list).")(command)


@person.command("add")
@click.argument("email")
@held
@click.option("--name", default="", help="How people call her.")
@operated
def add(
    operator: Operator, email: str, role: str, slug: str | None, places: tuple[str, ...], team: str, waiver: str,
    name: str,
) -> None:  # fmt: skip
    """Add a person; prints a password, shown this once.

    \b
    Example:
      fieldsync person add coordinator@example.org --role coordinator --association rifq
    """
    password = secrets.token_urlsafe(15)
    hashed = hashing.hash_of(password)
    _made(operator, email, name, hashed, (role, slug, places, team, waiver))
    found = {"person": email, "role": role, "association": slug, "password": password}
    operator.show(found, lines(found))


@person.command("invite")
@click.argument("email")
@held
@click.option("--name", default="", help="How people call her.")
@public_url
@operated
def invite(
    operator: Operator, email: str, role: str, slug: str | None, places: tuple[str, ...], team: str, waiver: str,
    name: str,
) -> None:  # fmt: skip
    """Invite a person, who chooses her own passphrase: prints a link for her, shown this once.

    \b
    Example:
      fieldsync person invite hayat@example.org --role association_reviewer --association rifq --name "Hayat"
    """
    made = _made(operator, email, name, None, (role, slug, places, team, waiver))
    _show_link(operator, made, invitations.INVITATION, {"person": email, "role": role, "association": slug})


@person.command("list")
@click.option("--association", "slug", help="Only those who belong to it or hold a role in it.")
@operated
def listed(operator: Operator, slug: str | None) -> None:
    """List people: who they are, whether they may come in, what they hold."""
    with operator.database() as database, database.read() as session:
        owner = association_of(session, slug).id if slug else None
        found = people_told.listed(session, people.page(session, owner, 0, PEOPLE_LISTED_MAX))
    operator.show({"people": found}, "\n".join(map(_on_a_line, found)))


@person.command("grant")
@click.argument("email")
@held
@operated
def grant(
    operator: Operator, email: str, role: str, slug: str | None, places: tuple[str, ...], team: str, waiver: str
) -> None:
    """Give a person a further role; her sessions end.

    \b
    Example:
      fieldsync person grant hayat@example.org --role designer --association rifq
    """

    def work(session: Session) -> dict[str, Any]:
        known = person_of(session, email)
        _give(session, known, (role, slug, places, team, waiver))
        return people_told.listed(session, [known])[0]

    with operator.database() as database:
        told = database.write(work)
    operator.show(told, _on_a_line(told))


@person.command("withdraw")
@click.argument("email")
@click.option("--role", required=True, help="The role to take away.")
@click.option("--association", "slug", help="Where she holds it; everywhere where it is not said.")
@operated
def withdraw(operator: Operator, email: str, role: str, slug: str | None) -> None:
    """Take a role away; the person's sessions end."""

    def work(session: Session) -> dict[str, Any]:
        known = person_of(session, email)
        owner = association_of(session, slug).id if slug else None
        rows = [row for row in grants.of_person(session, known.id) if row.role == role]
        rows = [row for row in rows if slug is None or row.association_id == owner]
        if not rows:
            raise Refused(Problem("grant_unknown", detail={"role": role}))
        for row in rows:
            granting.withdraw_at_once(session, auditing.OPERATOR, row, now_ms())
        return people_told.listed(session, [known])[0]

    with operator.database() as database:
        told = database.write(work)
    operator.show(told, _on_a_line(told))


@person.command("disable")
@click.argument("email")
@operated
def disable(operator: Operator, email: str) -> None:
    """Keep a person out: her sessions, tokens and links end at once."""

    def work(session: Session) -> None:
        known = person_of(session, email)
        looking_after.shut_out(session, known)
        _note(session, "person_disabled", known)

    with operator.database() as database:
        database.write(work)
    operator.show({"person": email, "status": "disabled"}, f"{email} is kept out")


@person.command("enable")
@click.argument("email")
@operated
def enable(operator: Operator, email: str) -> None:
    """Let a person in again."""

    def work(session: Session) -> str:
        known = person_of(session, email)
        status = "active" if known.password_hash else "invited"
        people.set_status(session, known.id, status)
        _note(session, "person_enabled", known)
        return status

    with operator.database() as database:
        status = database.write(work)
    operator.show({"person": email, "status": status}, f"{email} is {status}")


@person.command("reset")
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="Also take away the authenticator app that she has lost.")
@public_url
@operated
def reset(operator: Operator, email: str, second_factor: bool) -> None:
    """Make a link with which a person chooses another passphrase; shown this once, good for half an hour."""

    def work(session: Session) -> PersonRow:
        known = person_of(session, email)
        if known.status == "disabled":
            raise Refused(Problem("person_disabled"))
        if second_factor and second_factors.remove(session, known.id):
            sign_ins.end_sessions(session, known.id)
            _note(session, "second_factor_removed", known)
        _note(session, "reset_offered", known)
        return known

    with operator.database() as database:
        known = database.write(work)
    purpose = invitations.RESET if known.password_hash else invitations.INVITATION
    _show_link(operator, known, purpose, {"person": email})


@person.command("token")
@click.argument("email")
@click.option("--hours", type=click.IntRange(1, 24 * 366), default=TOKEN_HOURS, show_default=True)
@click.option("--name", default="script", show_default=True, help="How her list of tokens calls it.")
@operated
def token(operator: Operator, email: str, hours: int, name: str) -> None:
    """Make a token with which a person's scripts read and publish over the API; shown this once."""

    def work(session: Session) -> tuple[dict[str, Any], str]:
        known = person_of(session, email)
        made = tokens.make_for(session, known, name, hours * HOUR_MS, now_ms(), secrets.token_bytes)
        if isinstance(made, Problem):
            raise Refused(made)
        return made

    with operator.database() as database:
        told, drawn = database.write(work)
    found = {"person": email, "token": drawn, "id": told["token"], "expires_ms": told["expires_ms"]}
    operator.show(found, lines(found))


Said = tuple[str, str | None, tuple[str, ...], str, str]
"""Role, slug, places, team, waiver, as a command has them."""


def _made(operator: Operator, email: str, name: str, hashed: str | None, said: Said) -> PersonRow:
    """A new person with a role."""
    canonical = signing.canonical(email)
    if not looking_after.EMAIL.fullmatch(canonical):
        raise Refused(Problem("email_wrong"))

    def work(session: Session) -> PersonRow:
        home = association_of(session, said[1]).id if said[1] else None
        if people.find(session, canonical) is not None:
            raise Refused(Problem("email_taken"))
        uuid = signing.new_uuid(secrets.token_bytes)
        made = people.add(session, uuid, home, canonical, name, hashed, now_ms())
        _give(session, made, said)
        _note(session, "person_invited", made)
        return made

    with operator.database() as database:
        return database.write(work)


def _give(session: Session, known: PersonRow, said: Said) -> None:
    role, slug, places, team, waiver = said
    owner = association_of(session, slug).id if slug else None
    found = role_book.book(session).role(role)
    if found is None:
        raise Refused(Problem("role_unknown", detail={"role": role}))
    held_in = owner if found.reach == "association" else None
    given = granting.grant_at_once(
        session, known, Wanted(role, held_in, places, team, waiver), now_ms(), secrets.token_bytes
    )
    if isinstance(given, Problem):
        raise Refused(given)


def _show_link(operator: Operator, known: PersonRow, purpose: str, told: dict[str, Any]) -> None:
    at = now_ms()
    with operator.database() as database:
        link, expires_ms = database.write(
            lambda session: invitations.offer(session, known, purpose, secrets.token_bytes, at)
        )
    address = invitations.link_of(address_of(address_of_running(operator.settings)), link)
    found = {**told, "link": address, "expires_ms": expires_ms}
    operator.show(found, lines(found))


def _on_a_line(told: dict[str, Any]) -> str:
    held_roles = " ".join(f"{each['role']}@{each['association'] or '*'}" for each in told["grants"])
    return f"{told['email']}  {told['status']}  {held_roles}"


def _note(session: Session, action: str, known: PersonRow) -> None:
    about = auditing.by_person(known.id)
    auditing.note(session, known.association_id, auditing.OPERATOR, action, about, now_ms())
