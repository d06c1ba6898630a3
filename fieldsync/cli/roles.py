"""`fieldsync role`: what roles there are."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, operated
from fieldsync.config import program_folder
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, role_book, roles_told


@click.group()
def role() -> None:
    """Roles: named sets of permissions over form families. They are data, loaded with the programme."""


@role.command("list")
@operated
def listed(operator: Operator) -> None:
    """List the roles: where each is held, what it may, whose records it reaches."""
    with operator.database() as database, database.read() as session:
        found = [roles_told.role_told(each) for each in role_book.book(session).roles]
    operator.show({"roles": found}, "\n".join(map(_on_a_line, found)))


@role.command("load")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@operated
def load(operator: Operator, file: Path | None) -> None:
    """Replace the roles by those of a file; without one, by those that this version of the programme has.

    \b
    Example:
      fieldsync role load roles.yaml
    """
    wanted = role_book.read_file(file or program_folder("forms") / "programme.yaml")
    if isinstance(wanted, Problem):
        raise Refused(wanted)

    def work(session: Session) -> None:
        role_book.load(session, wanted)
        auditing.note(session, None, auditing.OPERATOR, "roles_loaded", "", now_ms(), detail=str(len(wanted.roles)))

    with operator.database() as database:
        database.write(work)
    codes = [each.code for each in wanted.roles]
    operator.show({"roles": codes}, f"{len(codes)} roles: {', '.join(codes)}")


def _on_a_line(told: dict[str, Any]) -> str:
    return f"{told['role']}  {told['reach']}  {' '.join(told['permissions'])}  [{' '.join(told['families'])}]"
