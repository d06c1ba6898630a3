"""`fieldsync association`: the organisations that own records, people and devices."""

import re

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, lines, operated
from fieldsync.core.problems import Problem
from fieldsync.services import auditing
from fieldsync.store import associations
from fieldsync.store.associations import AssociationRow

SLUG = re.compile(r"[a-z0-9-]{1,32}")


@click.group()
def association() -> None:
    """Partner organisations: each owns its records, people and devices."""


@association.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="The name that people read.")
@operated
def add(operator: Operator, slug: str, name: str) -> None:
    """Add an association; makes the database where there is none.

    \b
    Example:
      fieldsync association add rifq --name "جمعية الرفق"
    """
    if not SLUG.fullmatch(slug):
        raise Refused(Problem("slug_wrong"))
    with operator.database(make=True) as database:
        added = database.write(lambda session: _added(session, slug, name))
    if added is None:
        raise Refused(Problem("association_taken", detail={"slug": slug}))
    operator.show({"association": slug, "name": name}, lines({"association": slug, "name": name}))


def _added(session: Session, slug: str, name: str) -> AssociationRow | None:
    if associations.find(session, slug) is not None:
        return None
    row = associations.add(session, slug, name)
    auditing.note(session, None, auditing.OPERATOR, "association_added", f"association:{row.id}", now_ms())
    return row


@association.command("list")
@operated
def listed(operator: Operator) -> None:
    """List the associations."""
    with operator.database() as database, database.read() as session:
        found = [{"association": row.slug, "name": row.name} for row in associations.everyone(session)]
    operator.show({"associations": found}, "\n".join(f"{row['association']}  {row['name']}" for row in found))
