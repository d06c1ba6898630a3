"""`fieldsync audit`: whether the audit log is whole, and what it says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, operated
from fieldsync.core.chain import Head
from fieldsync.core.problems import Problem
from fieldsync.services import audit_read, auditing
from fieldsync.store import audit as stored
from fieldsync.store.portable import snapshot

ANCHORS_BYTES_MAX = 64 * 1024 * 1024
"""A year of daily anchors of ten associations has half a megabyte."""

LISTED_MAX = 10_000


@click.group()
def audit() -> None:
    """The audit log: who did what to what, in a hash chain for each association."""


@audit.command("verify")
@click.option(
    "--anchors", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Anchors that were kept elsewhere."
)
@operated
def verify(operator: Operator, anchors: Path | None) -> None:
    """Find rows that were changed, removed, put in another order or cut off; exit 1 if there are any.

    What was cut off at the end shows only against an anchor: keep those of `fieldsync audit anchor` elsewhere.

    \b
    Example:
      fieldsync audit verify --anchors /backup/anchors.jsonl
    """
    kept = _read_anchors(anchors) if anchors else []
    with operator.database() as database, snapshot(database.engine, database.session_info) as session:
        state = audit_read.verify(session, kept)
    found = {"ok": state.ok, "rows": state.rows, "faults": msgspec.to_builtins(state.faults)}
    text = f"{state.rows} rows checked; nothing is wrong"
    if not state.ok:
        text = "\n".join(f"chain {each.chain} row {each.number}: {each.what}" for each in state.faults)
        raise Refused(Problem("audit_broken", detail={"count": str(len(state.faults))}), found, text)
    operator.show(found, text)


@audit.command("anchor")
@click.option("--file", "file", type=click.Path(dir_okay=False, path_type=Path), help="Add the anchors to this file.")
@operated
def anchor(operator: Operator, file: Path | None) -> None:
    """Tell where the chains stand, as lines to be kept on another machine; the job of the day does it by itself.

    \b
    Example:
      fieldsync audit anchor --file /backup/anchors.jsonl
    """
    at = now_ms()
    day = datetime.fromtimestamp(at / 1000, UTC).date().isoformat()

    def work(session: Session) -> list[Head]:
        auditing.note(session, None, auditing.OPERATOR, "anchor_made", "", at, detail=day)
        return audit_read.anchor(session, day)

    with operator.database() as database:
        heads = database.write(work)
    told = [{"day": day, "chain": head.chain, "number": head.number, "mac": head.mac} for head in heads]
    text = "\n".join(map(json.dumps, told))
    if file is not None:
        with file.open("a", encoding="utf-8") as target:
            target.write(text + "\n")
    operator.show({"day": day, "anchors": told}, text)


@audit.command("list")
@click.option("--association", "slug", help="Only its chain.")
@click.option("--action", type=click.Choice(sorted(auditing.ACTIONS)), help="Only what was done so.")
@click.option("--actor", help="Only what somebody did: person:12, device:3, operator.")
@click.option("--about", help="Only what was done to something: record:UUID, person:12.")
@click.option("--limit", type=click.IntRange(1, LISTED_MAX), default=100, show_default=True)
@operated
def listed(
    operator: Operator, slug: str | None, action: str | None, actor: str | None, about: str | None, limit: int
) -> None:
    """List events, newest first; ids only."""
    wanted = {"action": action, "actor": actor, "about": about}
    with operator.database() as database, database.read() as session:
        chain = association_of(session, slug).id if slug else None
        rows = [row for _, row in stored.page(session, chain, audit_read.NEWEST, limit, wanted)]
    found = [{**msgspec.to_builtins(row), "mac": row.mac.hex()} for row in rows]
    operator.show({"events": found}, "\n".join(map(_on_a_line, found)))


def _on_a_line(told: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(told["at_ms"] / 1000, UTC).isoformat(" ", "seconds")
    number = f"{told['chain']}/{told['number']}"
    return f"{number}  {when}  {told['actor']}  {told['action']}  {told['about']}  {told['outcome']}  {told['detail']}"


def _read_anchors(path: Path) -> list[Head]:
    try:
        with path.open("rb") as file:
            lines = file.read(ANCHORS_BYTES_MAX).splitlines()
        found = [msgspec.json.decode(line, type=Head) for line in lines if line.strip()]
    except (OSError, ValueError):
        raise Refused(Problem("anchors_unreadable", detail={"file": str(path)})) from None
    return found
