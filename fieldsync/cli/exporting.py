"""`fieldsync export`: records as a file, for the operator."""

import secrets
import time
from pathlib import Path
from typing import Any

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, lines, operated
from fieldsync.core.export_options import FORMATS, IDS, LAYOUTS, POINTS, REASONS, STATES, Options
from fieldsync.core.messages import LANGUAGES
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, exporting, exports
from fieldsync.services.export_files import About, CannotExport
from fieldsync.services.export_rows import moment
from fieldsync.services.exporting import Made, Surroundings
from fieldsync.store.db import Database


def _days(_context: click.Context, _parameter: click.Parameter, value: Any) -> str:
    return value.date().isoformat() if value else ""


@click.command("export")
@click.argument("of", metavar="FORM")
@click.option("--association", "slug", required=True, help="Whose records.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write; a new one.")
@click.option("--list", "is_list", is_flag=True, help="FORM is the name of an entity list.")
@click.option("--format", "file_format", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option("--layout", type=click.Choice(LAYOUTS), default="tables", show_default=True)
@click.option("--labels", type=click.Choice(LANGUAGES), help="Labels in this language; without it names.")
@click.option("--split", is_flag=True, help="A column of 0 and 1 for each choice of a multiple choice.")
@click.option("--free-text", is_flag=True, help="Free text too.")
@click.option("--points", type=click.Choice(POINTS), default="none", show_default=True)
@click.option("--ids", type=click.Choice(IDS), default="association", show_default=True)
@click.option(
    "--state", "states", type=click.Choice(STATES), multiple=True, help="Review states; approved alone otherwise."
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), callback=_days, help="Arrived on this day or later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), callback=_days, help="Arrived on this day or before.")
@click.option("--personal", is_flag=True, help="Personal answers too; needs --reason and --because.")
@click.option("--reason", type=click.Choice(REASONS), default=None)
@click.option("--because", default="", help="The reason in a few words; it stands in the audit log.")
@operated
def export(
    operator: Operator, slug: str, out: Path, is_list: bool, labels: str | None, reason: str | None, because: str,
    **asked: Any,
) -> None:  # fmt: skip
    """Write the records of a form, or of an entity list, into a file.

    Without more it holds approved records, no names, no places on the map, no free text, and aliases for ids. It is
    written down in the audit log. A form with restricted answers never leaves.

    \b
    Examples:
      fieldsync export f5_activity --association rifq --out activities.csv
      fieldsync export cooperatives --list --association rifq --format xlsx --labels fr --out coops.xlsx
    """
    language = labels or operator.language
    asked["format"] = asked.pop("file_format")
    asked["states"] = asked["states"] or ("approved",)
    options = Options("entity" if is_list else "submission", labels=labels is not None, language=language, **asked)
    if options.tells_of_people:
        problem = exports.wrong_reason(reason or "", because)
        if problem is not None:
            raise Refused(problem)
    because = f"{reason}: {because}" if options.tells_of_people else ""
    with operator.database() as database:
        made = _write(database, slug, options, out, because)
    found = {"file": str(out), "records": made.records, "ending": made.ending, "classes": sorted(made.classes)}
    operator.show(found, lines(found))


def _write(database: Database, slug: str, options: Options, out: Path, because: str) -> Made:
    """The file, whole or not at all; the audit log knows of it first."""
    around = Surroundings(database, out.parent, now_ms, secrets.token_bytes)
    at, number = now_ms(), exporting.number_of(secrets.token_hex(4))
    mark = f"{number} · {auditing.OPERATOR} · {moment(at)}" if options.tells_of_people else ""
    part = out.with_name(f"{out.name}.{time.time_ns()}.part")
    if out.exists():
        raise FileExistsError(0, "it is there already", str(out))
    try:
        with database.read() as session:
            owner = association_of(session, slug)
            plan = exporting.planned(session, around, owner.id, options, None, mark)
            about = About(f"{slug} {options.of}", number, moment(at), mark)
            with exporting.created(part) as file:
                made = exporting.write_file(session, file, about, plan, owner.id, None, lambda _records, _percent: None)
        detail = exporting.audit_detail(options, made, number, because)
        database.write(
            lambda session: auditing.note(
                session, owner.id, auditing.OPERATOR, "exported", f"export:{number}", now_ms(), detail=detail
            )
        )
        part.replace(out)
    except CannotExport as cannot:
        problem = (
            Problem("export_unknown", detail={"of": options.of})
            if cannot.problem.code == "not_found"
            else cannot.problem
        )
        raise Refused(problem) from cannot
    finally:
        part.unlink(missing_ok=True)
    return made
