"""`fieldsync person`: people who sign in."""

import re
import secrets

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, lines, operated
from fieldsync.core.problems import Problem
from fieldsync.services.people import ROLES, TOKEN_HOURS, hash_of
from fieldsync.services.senders import digest_of
from fieldsync.store import people

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")

HOUR_MS = 3600 * 1000


@click.group()
def person() -> None:
    """People who sign in: coordinators, designers, reviewers, viewers."""


@person.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the person may do.")
@click.option("--association", "slug", required=True, help="The association's slug.")
@operated
def add(operator: Operator, email: str, role: str, slug: str) -> None:
    """Add a person; prints a password, shown this once.

    \b
    Example:
      fieldsync person add coordinator@example.org --role coordinator --association rifq
    """
    if not EMAIL.fullmatch(email):
        raise Refused(Problem("email_wrong"))
    password = secrets.token_urlsafe(15)
    password_hash, at = hash_of(password), now_ms()
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
        added = database.write(
            lambda session: (
                None if people.find(session, email) else people.add(session, owner.id, email, role, password_hash, at)
            )
        )
    if added is None:
        raise Refused(Problem("email_taken"))
    found = {"person": email, "role": role, "association": slug, "password": password}
    operator.show(found, lines(found))


@person.command("token")
@click.argument("email")
@click.option("--hours", type=click.IntRange(1, 24 * 366), default=TOKEN_HOURS, show_default=True)
@operated
def token(operator: Operator, email: str, hours: int) -> None:
    """Make a token with which a person's scripts read and publish over the API; shown this once."""
    drawn, expires = secrets.token_urlsafe(32), now_ms() + hours * HOUR_MS
    with operator.database() as database:
        with database.read() as session:
            known = people.find(session, email)
        if known is None:
            raise Refused(Problem("person_unknown"))
        database.write(lambda session: people.add_token(session, digest_of(drawn), known.id, expires))
    found = {"person": email, "token": drawn, "expires_ms": expires}
    operator.show(found, lines(found))
