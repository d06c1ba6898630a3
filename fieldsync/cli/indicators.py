"""`fieldsync indicator`: what is counted, against which targets, and what is published."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, operated
from fieldsync.config import program_folder
from fieldsync.core.indicators import Indicator
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, indicator_book, publications
from fieldsync.services.figures import day_of

EDITIONS_SHOWN = 20


@click.group()
def indicator() -> None:
    """Indicators: definitions, targets and thresholds are data, loaded with the programme; every edition is kept."""


@indicator.command("list")
@operated
def listed(operator: Operator) -> None:
    """List the indicators in force, and the editions that were loaded."""
    day = day_of(now_ms())
    with operator.database() as database, database.read() as session:
        book, editions = indicator_book.book(session), indicator_book.editions(session, EDITIONS_SHOWN)
    funder = book.funder(day)
    told = {
        "funder": funder.code if funder else None,
        "threshold": book.threshold(day),
        "indicators": [_told(each, day) for each in book.indicators],
        "editions": [{"edition": number, "loaded_ms": at} for number, at in editions],
    }
    operator.show(told, "\n".join(_on_a_line(each, day) for each in book.indicators))


@indicator.command("load")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@operated
def load(operator: Operator, file: Path | None) -> None:
    """Put the indicators of a file into force; without one, those that this version of the programme has.

    Everything is then counted anew, in the background.

    \b
    Example:
      fieldsync indicator load indicators.yaml
    """
    wanted = indicator_book.read_file(file or program_folder("forms") / "indicators.yaml")
    if isinstance(wanted, Problem):
        raise Refused(wanted)

    def work(session: Session) -> bool:
        is_new = indicator_book.load(session, wanted, now_ms())
        detail = str(len(wanted.indicators))
        if is_new:
            auditing.note(session, None, auditing.OPERATOR, "indicators_loaded", "", now_ms(), detail=detail)
        return is_new

    with operator.database() as database:
        is_new = database.write(work)
    codes = [each.code for each in wanted.indicators]
    said = "loaded" if is_new else "in force already"
    operator.show({"indicators": codes, "is_new": is_new}, f"{len(codes)} indicators {said}: {', '.join(codes)}")


@indicator.command("publish")
@operated
def publish(operator: Operator) -> None:
    """Publish the figures of the months that have closed. The server does it by itself a week after a month's end."""
    at = now_ms()
    with operator.database() as database:
        edition = publications.publish(database, at)
    operator.show(
        {"until": edition.until, "tallies": len(edition.tallies)},
        f"published up to {edition.until // 100}-{edition.until % 100:02}: {len(edition.tallies)} indicators",
    )


def _told(each: Indicator, day: str) -> dict[str, object]:
    target = each.target(day)
    return {
        "indicator": each.code,
        "association": each.association,
        "name": each.en,
        "unit": each.unit,
        "basis": each.basis,
        "operator": target.operator if target else None,
        "target": target.target if target else None,
        "suppression": each.suppression,
        "count": each.rule.count,
    }


def _on_a_line(each: Indicator, day: str) -> str:
    target = each.target(day)
    aim = f"{target.operator} {target.target}" if target else "reported"
    return f"{each.code}  {each.association:<3}  {each.en}  [{each.unit}, {aim}, {each.suppression}]"
