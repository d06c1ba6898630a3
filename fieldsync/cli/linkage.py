"""`fieldsync linkage`: what is compared, models, and making it all anew."""

from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, operated
from fieldsync.core import names
from fieldsync.core.problems import Problem
from fieldsync.services import following, linkage_follow, linkage_status, linkage_training
from fieldsync.services.linkage_training import RECORDS_LEAST, Trained
from fieldsync.store import associations, linkage_splink
from fieldsync.store.db import Database
from fieldsync.store.linkage_sql import DUCKDB, SPARK

STEP_CHANGES = 300


@click.group()
def linkage() -> None:
    """Who may be whom: records of one list that may be one (docs/linkage.md)."""


@linkage.command("status")
@operated
def status(operator: Operator) -> None:
    """Say of each list what is compared, how many pairs there are, by which model, and what is left to do."""
    with operator.database() as database, database.read() as session:
        found = [
            told for owner in associations.everyone(session) for told in linkage_status.of_association(session, owner)
        ]
    operator.show(
        {"lists": found}, "\n".join(linkage_status.on_a_line(each) for each in found) or "nothing is compared"
    )


@linkage.command("rebuild")
@operated
def rebuild(operator: Operator) -> None:
    """Make features, blocking keys and pairs anew from the records. It can be stopped, and goes on in the server."""
    with operator.database() as database:
        database.write(linkage_follow.begin_again)
        owners = _owners(database)
        for association_id in owners:
            while database.write(lambda session, each=association_id: _step(session, each)):  # type: ignore[misc]
                pass
        with database.read() as session:
            left = [each for each in owners if following.is_behind(session, following.LINKAGE, each)]
    operator.show({"associations": len(owners), "left": len(left)}, f"associations compared anew: {len(owners)}")


@linkage.command("compare")
@click.argument("one")
@click.argument("other")
@operated
def compare(operator: Operator, one: str, other: str) -> None:
    """Say how two names agree (exact, same, alias, weak, different), and whether search finds one by the other.

    It goes by the program's list of names and the server's own; no record is looked at.

    \b
    Example:
      fieldsync linkage compare Fadma "فاطمة"
    """
    level = names.compare(one, other)
    found = not set(names.search_keys(one)).isdisjoint(names.search_keys(other))
    operator.show({"level": level, "found": found}, f"{level}; search finds {'both' if found else 'each alone'}")


@linkage.command("train")
@click.option("--association", "slug", default=None, help="Only this association.")
@click.option("--backend", type=click.Choice([DUCKDB, SPARK]), default=DUCKDB, help="Where Splink computes.")
@click.option("--least", type=click.IntRange(min=2), default=RECORDS_LEAST, help="Shorter lists are left out.")
@operated
def train(operator: Operator, slug: str | None, backend: str, least: int) -> None:
    """Learn from each list how much agreement tells there, and score all its pairs anew, as every night.

    It needs the extra `linkage`; for Spark also pyspark and Java, and pairs are then scored by the model as it stands.

    \b
    Example:
      fieldsync linkage train --association rifq
    """
    if not linkage_splink.is_available(backend):
        raise Refused(Problem("splink_missing", detail={"modules": ", ".join(linkage_splink.MODULES[backend])}))
    with operator.database() as database:
        chosen = [database.write(lambda session: association_of(session, slug).id)] if slug else _owners(database)
        trained = [
            each
            for association_id in chosen
            for each in linkage_training.train(
                _reads(database), database.write, association_id, now_ms(), backend, least
            )
        ]
    operator.show(
        {"trained": [_told(each) for each in trained]}, "\n".join(map(_line, trained)) or "no list is long enough"
    )


def _owners(database: Database) -> list[int]:
    with database.read() as session:
        return [each.id for each in associations.everyone(session)]


def _reads(database: Database) -> Callable[[Callable[[Session], Any]], Any]:
    def read(work: Callable[[Session], Any]) -> Any:
        with database.read() as session:
            return work(session)

    return read


def _step(session: Session, association_id: int) -> bool:
    return linkage_follow.step(session, association_id, STEP_CHANGES, now_ms())


def _told(trained: Trained) -> dict[str, object]:
    return {
        "list": trained.of,
        "version": trained.version,
        "records": trained.records,
        "accepted": trained.accepted,
        "never_seen": list(trained.never_seen),
        "pairs": trained.pairs,
        "decided": trained.agreement.decided,
        "agreed": trained.agreement.agreed,
    }


def _refused(trained: Trained) -> str:
    if trained.agreement.contradicts:
        return "not put into force: it contradicts what people decided more than the one before"
    return "not put into force: agreement would speak against"


def _line(trained: Trained) -> str:
    what = f"{trained.pairs} pairs" if trained.accepted else _refused(trained)
    if trained.agreement.decided:
        what += f"; of {trained.agreement.decided} decided pairs it says the same of {trained.agreement.agreed}"
    missing = f"; never seen: {', '.join(trained.never_seen)}" if trained.never_seen else ""
    return f"{trained.of}: version {trained.version} from {trained.records} records, {what}{missing}"
