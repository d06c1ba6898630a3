"""`fieldsync duplicate`: pairs that may be one, as the desk decides on them."""

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, operated
from fieldsync.cli.records import WHO, RecordUuid
from fieldsync.core.problems import Problem
from fieldsync.core.short_codes import short_code
from fieldsync.services import deciding, desk, merging_itself, pair_queue
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, Pair, Verdict
from fieldsync.services.desk import Desk

SHOWN_MAX = 100

Act = Callable[[Session, Desk, Pair], Problem | None]


@click.group()
def duplicate() -> None:
    """Possible duplicates: what waits, deciding, taking a decision back."""


@duplicate.command("list")
@click.option("--association", "slug", required=True, help="Whose pairs.")
@operated
def listed(operator: Operator, slug: str) -> None:
    """List the pairs that wait for a decision, the most useful first."""
    with operator.database() as database, database.read() as session:
        waiting = pair_queue.waiting_anywhere(session, association_of(session, slug).id)
    told = [pair_queue.told(each.pair) for each in waiting[:SHOWN_MAX]]
    lines = [f"{each['weight']:6.1f}  {each['of']}  {' '.join(map(short_code, each['records']))}" for each in told]
    operator.show({"total": len(waiting), "pairs": told}, "\n".join(lines))


@duplicate.command("decide")
@click.argument("one", type=RecordUuid())
@click.argument("other", type=RecordUuid())
@click.argument("decision", type=click.Choice((SAME, DIFFERENT, UNSURE)))
@click.option("--association", "slug", required=True, help="Whose pair.")
@click.option("--why", default="", help="The reason, for colleagues.")
@operated
def decide(operator: Operator, one: str, other: str, decision: str, slug: str, why: str) -> None:
    """Say whether two records are one; entities that are the same are merged.

    \b
    Example:
      fieldsync duplicate decide 018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99 018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a98 same \\
        --association kht
    """

    def act(session: Session, by: Desk, pair: Pair) -> Problem | None:
        return deciding.decide(session, by, pair, Verdict(decision, pair.turn, why), operator.language)

    _act(operator, (one, other), slug, act)


@duplicate.command("undo")
@click.argument("one", type=RecordUuid())
@click.argument("other", type=RecordUuid())
@click.option("--association", "slug", required=True, help="Whose pair.")
@operated
def undo(operator: Operator, one: str, other: str, slug: str) -> None:
    """Take the last decision on two records back; a merge is un-merged, edits made since stay."""
    _act(operator, (one, other), slug, lambda session, by, pair: deciding.undo(session, by, pair, pair.turn))


@duplicate.command("automatic")
@click.argument("weight", type=float, required=False)
@click.option("--association", "slug", required=True, help="Whose pairs.")
@operated
def automatic(operator: Operator, weight: float | None, slug: str) -> None:
    """Let pairs merge by themselves from a weight on; without a weight, never. It is off until somebody says so.

    In whatever is merged so two independent facts agree and nothing speaks against it; one in ten is to be looked at.
    """
    at = now_ms()
    with operator.database() as database:

        def work(session: Session) -> Problem | None:
            return merging_itself.allow(session, Desk(association_of(session, slug).id, WHO, at), weight)

        problem = database.write(work)
    if problem is not None:
        raise Refused(problem)
    operator.show(
        {"association": slug, "automatic_weight": weight}, "never" if weight is None else f"from {weight:g} on"
    )


def _act(operator: Operator, named: tuple[str, str], slug: str, act: Act) -> None:
    at = now_ms()
    with operator.database() as database:

        def work(session: Session) -> Problem | None:
            by = Desk(association_of(session, slug).id, WHO, at)
            return act(session, by, _pair(session, by.association_id, *named))

        problem = database.write(work)
        if problem is not None:
            raise Refused(problem)
        with database.read() as session:
            told = pair_queue.told(_pair(session, association_of(session, slug).id, *named))
    operator.show(told, f"{told['decision']['decision']} {' '.join(map(short_code, told['records']))}")


def _pair(session: Session, association_id: int, one: str, other: str) -> Pair:
    for left in desk.find(session, association_id, one):
        for right in desk.find(session, association_id, other):
            if (left.kind, left.of) == (right.kind, right.of) and left.row.id != right.row.id:
                return deciding.of_rows(session, left, right)
    raise Refused(Problem("record_unknown"))
