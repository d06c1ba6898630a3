"""`fieldsync token`: tokens of people's scripts."""

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, operated, person_of
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, tokens


@click.group()
def token() -> None:
    """Tokens of people's scripts (fieldsync person token makes one)."""


@token.command("list")
@click.argument("email")
@operated
def listed(operator: Operator, email: str) -> None:
    """List a person's tokens: what each may do, and until when; never the tokens themselves."""
    with operator.database() as database, database.read() as session:
        found = tokens.listed(session, person_of(session, email), now_ms())
    text = "\n".join(f"{each['token']}  {each['name']}  {' '.join(each['permissions'])}" for each in found)
    operator.show({"tokens": found}, text)


@token.command("revoke")
@click.argument("email")
@click.argument("identifier", metavar="ID")
@operated
def revoke(operator: Operator, email: str, identifier: str) -> None:
    """Make one of a person's tokens worthless."""
    with operator.database() as database:
        problem = database.write(
            lambda session: tokens.end(session, auditing.OPERATOR, person_of(session, email), identifier, now_ms())
        )
    if problem is not None:
        raise Refused(Problem("token_unknown"))
    operator.show({"person": email, "token": identifier, "status": "ended"}, f"{identifier} is worthless")
