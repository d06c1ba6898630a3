"""`fieldsync record`: look at a record, and act on it as people at the desk do."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, operated
from fieldsync.cli.records_as_text import as_text
from fieldsync.core.acts import REVIEW_STATES
from fieldsync.core.operations import OperationId
from fieldsync.core.problems import Problem
from fieldsync.services import deciding, desk, records_told
from fieldsync.services.desk import Desk, Found
from fieldsync.services.records_told import Located

WHO = "operator"
"""Under which name the operator's acts stand in the log, after the epoch and the association."""

Act = Callable[[Session, Desk, Found], Problem | None]


class RecordUuid(click.ParamType[Any]):
    """A record's UUID."""

    name = "uuid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(UUID(value))
        except (ValueError, AttributeError):
            self.fail(f"{value!r} is no UUID.", param, ctx)


class Id(click.ParamType[Any]):
    """An operation's id: author:counter, author:counter:n, or the JSON list of the wire."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> OperationId:
        read = _read_id(value) if isinstance(value, str) else value
        if read is None:
            self.fail(f"{value!r} is no operation id; write author:counter.", param, ctx)
        return read


def _read_id(text: str) -> OperationId | None:
    try:
        parts = json.loads(text) if text.startswith("[") else text.split(":")
        numbers = tuple(int(part) for part in parts[1:])
    except ValueError:
        return None
    wrong = not isinstance(parts[0], str) or len(numbers) not in (1, 2) or min(numbers) < 1
    return None if wrong else (parts[0], *numbers)  # type: ignore[return-value]


def narrowed(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command choose between records that bear the same UUID."""
    for flag, name, meaning in (
        ("--of", "of", "Only of this form or entity list."),
        ("--kind", "kind", "Only a submission or an entity."),
        ("--association", "slug", "Only of this association."),
    ):
        command = click.option(flag, name, help=meaning)(command)
    return command


@click.group()
def record() -> None:
    """Records: look at one, review, correct, merge; nothing that was said is ever lost."""


@record.command("show")
@click.argument("uuid", type=RecordUuid())
@narrowed
@operated
def show(operator: Operator, uuid: str, slug: str | None, kind: str | None, of: str | None) -> None:
    """Show a record with everything that was said about it, held and quarantined too.

    \b
    Example:
      fieldsync record show 018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99
    """
    with operator.database() as database, database.read() as session:
        _tell(operator, session, uuid, slug, kind, of)


@record.command("review")
@click.argument("uuid", type=RecordUuid())
@click.argument("state", metavar="STATE", type=click.Choice(sorted(REVIEW_STATES)))
@click.option("--note", default="", help="What the companion should know.")
@narrowed
@operated
def review(operator: Operator, uuid: str, state: str, note: str, **which: str | None) -> None:
    """Give a record a review state: received, hasIssues, edited, approved or rejected."""
    _act(operator, uuid, which, lambda session, who, found: desk.review(session, who, found, state, note))


@record.command("comment")
@click.argument("uuid", type=RecordUuid())
@click.argument("text")
@narrowed
@operated
def comment(operator: Operator, uuid: str, text: str, **which: str | None) -> None:
    """Say something about a record to those who work with it."""
    _act(operator, uuid, which, lambda session, who, found: desk.comment(session, who, found, text))


@record.command("correct")
@click.argument("uuid", type=RecordUuid())
@click.option("--set", "assignments", multiple=True, required=True, metavar="PATH=VALUE",
              help="VALUE is JSON, or else a text; null clears.")  # fmt: skip
@narrowed
@operated
def correct(operator: Operator, uuid: str, assignments: tuple[str, ...], **which: str | None) -> None:
    """Write other values, as one who has seen all that the record shows.

    \b
    Example:
      fieldsync record correct 018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99 --set person/birth_year=1988
    """
    writes = dict(map(_assignment, assignments))
    _act(operator, uuid, which, lambda session, who, found: desk.correct(session, who, found, writes))


@record.command("delete")
@click.argument("uuid", type=RecordUuid())
@narrowed
@operated
def delete(operator: Operator, uuid: str, **which: str | None) -> None:
    """Delete a record; what was said stays, and a later write brings it back."""
    _act(operator, uuid, which, desk.delete)


@record.command("release")
@click.argument("uuid", type=RecordUuid())
@click.argument("operation_id", metavar="ID", type=Id())
@click.option("--note", default="", help="Why; it stands in the history.")
@click.option("--association", "slug", help="Only of this association.")
@operated
def release(operator: Operator, uuid: str, operation_id: OperationId, slug: str | None, note: str) -> None:
    """Let a quarantined or held operation into its record.

    \b
    Example:
      fieldsync record release 018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99 4b0f9ad2c1:17
    """
    _judge(operator, uuid, operation_id, slug, "release", note)


@record.command("reject")
@click.argument("uuid", type=RecordUuid())
@click.argument("operation_id", metavar="ID", type=Id())
@click.option("--note", default="", help="Why; it stands in the history.")
@click.option("--association", "slug", help="Only of this association.")
@operated
def reject(operator: Operator, uuid: str, operation_id: OperationId, slug: str | None, note: str) -> None:
    """Say that a quarantined operation shall not count; it stays on file."""
    _judge(operator, uuid, operation_id, slug, "reject", note)


@record.command("merge")
@click.argument("uuid", type=RecordUuid())
@click.argument("others", type=RecordUuid(), nargs=-1, required=True)
@narrowed
@operated
def merge(operator: Operator, uuid: str, others: tuple[str, ...], **which: str | None) -> None:
    """Say that entities of one list are the same; the oldest shows them all, and it can be undone."""
    _act(operator, uuid, which, lambda session, who, found: deciding.unite(session, who, found, others))


@record.command("unmerge")
@click.argument("uuid", type=RecordUuid())
@narrowed
@operated
def unmerge(operator: Operator, uuid: str, **which: str | None) -> None:
    """Cancel the merges of a record; edits made since stay."""
    _act(operator, uuid, which, deciding.part)


def _assignment(text: str) -> tuple[str, Any]:
    path, mark, value = text.partition("=")
    if not mark or not path:
        raise click.BadParameter(f"{text!r} is not PATH=VALUE.", param_hint="--set")
    try:
        found = json.loads(value)
    except ValueError:
        return path, value
    return path, value if isinstance(found, float) else found


def _act(operator: Operator, uuid: str, which: Mapping[str, str | None], act: Act) -> None:
    """Do something to the one record that is meant, and show it."""
    at = now_ms()
    with operator.database() as database:

        def work(session: Session) -> Problem | None:
            located = _one(session, uuid, which)
            return act(session, Desk(located.association_id, WHO, at), located.found)

        problem = database.write(work)
        if problem is not None:
            raise Refused(problem)
        with database.read() as session:
            _tell(operator, session, uuid, which["slug"], which["kind"], which["of"])


def _judge(operator: Operator, uuid: str, operation_id: OperationId, slug: str | None, verdict: str, note: str) -> None:
    at = now_ms()
    with operator.database() as database:

        def work(session: Session) -> Problem | None:
            owners = records_told.owners(session, uuid, slug)
            answers = [desk.judge(session, Desk(each, WHO, at), uuid, operation_id, verdict, note) for each in owners]
            return None if None in answers else Problem("operation_unknown")

        problem = database.write(work)
        if problem is not None:
            raise Refused(problem)
        with database.read() as session:
            _tell(operator, session, uuid, slug)


def _one(session: Session, uuid: str, which: Mapping[str, str | None]) -> Located:
    found = _matching(session, uuid, which["slug"], which["kind"], which["of"])
    if len(found) > 1:
        raise Refused(Problem("several_records"))
    if not found:
        raise Refused(Problem("record_unknown"))
    return found[0]


def _matching(session: Session, uuid: str, slug: str | None, kind: str | None, of: str | None) -> list[Located]:
    return [
        each
        for each in records_told.locate(session, uuid, slug)
        if kind in (None, each.found.kind) and of in (None, each.found.of)
    ]


def _tell(
    operator: Operator,
    session: Session,
    uuid: str,
    slug: str | None = None,
    kind: str | None = None,
    of: str | None = None,
) -> None:
    located = _matching(session, uuid, slug, kind, of)
    told = [records_told.told(session, each, operator.language) for each in located]
    told = told or records_told.only_set_apart(session, uuid, operator.language, slug)
    if not told:
        raise Refused(Problem("record_unknown"))
    operator.show(told[0] if len(told) == 1 else told, "\n\n".join(map(as_text, told)))
