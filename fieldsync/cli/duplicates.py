"""`fieldsync duplicate`: pairs that may be one, as the desk decides on them."""

from collections.abc import Callable
from datetime import datetime

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, operated
from fieldsync.cli.records import WHO, RecordUuid
from fieldsync.core.problems import Problem
from fieldsync.core.short_codes import short_code
from fieldsync.services import agreements, deciding, desk, merging_itself, pair_queue
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, Pair, Verdict
from fieldsync.services.desk import Desk
from fieldsync.store.db import Database

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


@duplicate.command("show")
@click.argument("one", type=RecordUuid())
@click.argument("other", type=RecordUuid())
@click.option("--association", "slug", required=True, help="Whose pair.")
@operated
def show(operator: Operator, one: str, other: str, slug: str) -> None:
    """Show a pair: how the two compare, what each comparison weighs, what was decided last. Never an answer."""
    with operator.database() as database, database.read() as session:
        told = pair_queue.told(_pair(session, association_of(session, slug).id, one, other))
    lines = [f"{each['weight']:+6.1f}  {each['name']} {each['level']}" for each in told["comparisons"]]
    decided = told["decision"]["decision"] if told["decision"] else "not decided"
    operator.show(told, "\n".join([*lines, decided]))


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
    A weight must be earned: 300 decided pairs that reach it, 99.5 % of them one (`fieldsync duplicate earned`).
    """
    with operator.database() as database:
        _write(database, slug, lambda session, by: merging_itself.allow(session, by, weight))
    operator.show(
        {"association": slug, "automatic_weight": weight}, "never" if weight is None else f"from {weight:g} on"
    )


@duplicate.command("earned")
@click.option("--association", "slug", required=True, help="Whose pairs.")
@operated
def earned(operator: Operator, slug: str) -> None:
    """Show what decided pairs say of each weight from which pairs might merge by themselves."""
    with operator.database() as database, database.read() as session:
        association_id = association_of(session, slug).id
        found = merging_itself.measures(session, association_id)
        weight = merging_itself.weight_in_force(session, association_id)
    told = [
        {"weight": each.weight, "decided": each.decided, "same": each.right, "precision": each.precision,
         "interval": each.interval, "would_merge": each.waiting, "earned": each.is_earned}
        for each in found
    ]  # fmt: skip
    lines = [f"{each['weight']:5g}  {each['same']} of {each['decided']} the same" for each in told]
    operator.show({"association": slug, "in_force": weight, "weights": told}, "\n".join(lines))


@duplicate.command("undo-day")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--association", "slug", required=True, help="Whose merges.")
@operated
def undo_day(operator: Operator, day: datetime, slug: str) -> None:
    """Take back what was merged by itself on a day of the programme's time zone, all of it."""
    with operator.database() as database:
        with database.read() as session:
            by = Desk(association_of(session, slug).id, WHO, now_ms())
        undone = merging_itself.undo_day(database.write, by, day.date())
    operator.show({"association": slug, "day": day.date().isoformat(), "undone": undone}, f"{undone} taken back")


@duplicate.command("two-people")
@click.argument("of")
@click.option("--association", "slug", required=True, help="Whose list.")
@click.option("--off", is_flag=True, help="One person decides again.")
@operated
def two_people(operator: Operator, of: str, slug: str, off: bool) -> None:
    """Let merges of a list need two people: the first proposes, another confirms. Nothing there merges by itself."""
    with operator.database() as database:
        _write(database, slug, lambda session, by: deciding.need_two(session, by, of, not off))
    operator.show({"association": slug, "list": of, "two_people": not off}, "one person" if off else "two people")


@duplicate.command("partner")
@click.argument("partner")
@click.option("--association", "slug", required=True, help="Who allows it.")
@click.option("--end", is_flag=True, help="Allow it no longer: the pairs of the two are gone.")
@operated
def partner(operator: Operator, partner: str, slug: str, end: bool) -> None:
    """Let lists be compared with those of another association; nothing is before that one allows it too."""

    def act(session: Session, by: Desk) -> Problem | None:
        other = association_of(session, partner).id
        if end:
            agreements.withdraw(session, by.association_id, other, by.who, by.now_ms)
            return None
        return agreements.allow(session, by.association_id, other, by.who, by.now_ms)

    with operator.database() as database:
        _write(database, slug, act)
        _show_partners(operator, database, slug)


@duplicate.command("partners")
@click.option("--association", "slug", required=True, help="Whose partners.")
@operated
def partners(operator: Operator, slug: str) -> None:
    """Show with whom lists are compared, and how many persons two associations know to be one."""
    with operator.database() as database:
        _show_partners(operator, database, slug)


def _show_partners(operator: Operator, database: Database, slug: str) -> None:
    with database.read() as session:
        found = agreements.partners(session, association_of(session, slug).id)
    told = [
        {"partner": each.association.slug, "allowed": each.ours, "allows_us": each.theirs, "same_persons": each.same}
        for each in found
        if each.ours or each.theirs
    ]
    lines = [f"{each['partner']}  {'compared' if each['allowed'] and each['allows_us'] else 'waits'}" for each in told]
    operator.show({"association": slug, "partners": told}, "\n".join(lines) or "no partner")


def _act(operator: Operator, named: tuple[str, str], slug: str, act: Act) -> None:
    with operator.database() as database:
        _write(database, slug, lambda session, by: act(session, by, _pair(session, by.association_id, *named)))
        with database.read() as session:
            told = pair_queue.told(_pair(session, association_of(session, slug).id, *named))
    operator.show(told, f"{told['decision']['decision']} {' '.join(map(short_code, told['records']))}")


def _write(database: Database, slug: str, act: Callable[[Session, Desk], Problem | None]) -> None:
    """Do something at the desk of an association, or say why not."""
    at = now_ms()
    problem = database.write(lambda session: act(session, Desk(association_of(session, slug).id, WHO, at)))
    if problem is not None:
        raise Refused(problem)


def _pair(session: Session, association_id: int, one: str, other: str) -> Pair:
    for left in desk.find(session, association_id, one):
        for right in desk.find(session, association_id, other):
            if (left.kind, left.of) == (right.kind, right.of) and left.row.id != right.row.id:
                return deciding.of_rows(session, left, right)
    raise Refused(Problem("record_unknown"))
