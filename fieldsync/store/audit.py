"""The audit log as stored: only ever added to."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.chain import Head, Row, mac_of
from fieldsync.core.keys import derived
from fieldsync.store.db import execute, is_postgresql, master_key

_COLUMNS = "chain, number, at_ms, actor, action, about, outcome, detail, mac"

_OF_EACH_BATCH = ("sync", "submission")
_SELDOM = "action NOT IN ('sync', 'submission')"  # as the index says

BEFORE_ALL = -(2**62)
"""Before any number, also those that nobody but a forger gives."""

READ_ROWS = 1000
"""Rows that are in memory at the same time while a chain is checked."""


def append(session: Session, row: Row) -> None:
    """Add a row at the end of its chain. Nobody else adds to the chain before the commit."""
    if is_postgresql(session):
        execute(session, "SELECT pg_advisory_xact_lock(?)", (_lock_of(row.chain),))
    sql = "SELECT number, mac FROM audit_row WHERE chain = ? ORDER BY number DESC LIMIT 1"
    last = execute(session, sql, (row.chain,)).first()
    number, before = (last[0] + 1, bytes(last[1])) if last else (1, b"")
    told = Row(row.chain, number, row.at_ms, row.actor, row.action, row.about, row.outcome, row.detail)
    sql = f"INSERT INTO audit_row ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    mac = mac_of(chain_key(session), before, told)
    given = (told.chain, number, told.at_ms, told.actor, told.action, told.about, told.outcome, told.detail, mac)
    execute(session, sql, given)


def chain_key(session: Session) -> bytes:
    """The key of the chains, which is not in the database."""
    return derived(master_key(session), "audit")


def _lock_of(chain: int) -> int:
    """The number of PostgreSQL's advisory lock for a chain; beside it only the leader's lock is used."""
    return 8_000_000_000 + chain


def chains(session: Session) -> list[int]:
    """Every chain that has a row."""
    return [row[0] for row in execute(session, "SELECT DISTINCT chain FROM audit_row ORDER BY chain")]


def rows(session: Session, chain: int) -> Iterator[Row]:
    """A chain in the order of its numbers."""
    after = BEFORE_ALL
    while True:
        sql = f"SELECT id, {_COLUMNS} FROM audit_row WHERE chain = ? AND number > ? ORDER BY number LIMIT ?"
        found = execute(session, sql, (chain, after, READ_ROWS))
        for row in found:
            yield _row(row[1:])
        if len(found) < READ_ROWS:
            return
        after = found[-1][2]


def page(
    session: Session, chain: int | None, before_id: int, limit: int, wanted: Mapping[str, Any]
) -> list[tuple[int, Row]]:
    """(row id, row), newest first; `wanted`: action, actor, about, from_ms, to_ms, where given.

    What each batch adds is not in the index by action: the newest rows are full of it.
    """
    conditions, given = ["id < ?"], [before_id]
    for name, condition in (
        ("action", "action = ?" if wanted.get("action") in _OF_EACH_BATCH else f"action = ? AND {_SELDOM}"),
        ("actor", "actor = ?"),
        ("about", "about = ? AND about <> ''"),  # as the index says
        ("from_ms", "at_ms >= ?"),
        ("to_ms", "at_ms < ?"),
    ):
        if wanted.get(name) is not None:
            conditions.append(condition)
            given.append(wanted[name])
    if chain is not None:
        conditions.append("chain = ?")
        given.append(chain)
    sql = f"SELECT id, {_COLUMNS} FROM audit_row WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
    return [(row[0], _row(row[1:])) for row in execute(session, sql, (*given, limit))]


def heads(session: Session) -> list[Head]:
    """Where every chain stands."""
    sql = (
        "SELECT a.chain, a.number, a.mac FROM audit_row a JOIN (SELECT chain, max(number) AS number FROM audit_row"
        " GROUP BY chain) last ON last.chain = a.chain AND last.number = a.number ORDER BY a.chain"
    )
    return [Head(row[0], row[1], bytes(row[2]).hex()) for row in execute(session, sql)]


def add_anchor(session: Session, day: str, head: Head) -> None:
    """Remember where a chain stood on a day; the first word of a day stays."""
    sql = "INSERT INTO audit_anchor (day, chain, number, mac) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute(session, sql, (day, head.chain, head.number, bytes.fromhex(head.mac)))


def anchors(session: Session, chain: int | None = None) -> list[tuple[str, Head]]:
    """(day, head) of every anchor, or of those of one chain."""
    where, given = ("", ()) if chain is None else (" WHERE chain = ?", (chain,))
    sql = f"SELECT day, chain, number, mac FROM audit_anchor{where} ORDER BY day, chain"
    return [(row[0], Head(row[1], row[2], bytes(row[3]).hex())) for row in execute(session, sql, given)]


def newest_anchors(session: Session, chain: int | None = None) -> list[tuple[str, Head]]:
    """(day, head) of the last day that has anchors: of every chain, or of one."""
    where, given = ("", ()) if chain is None else (" AND chain = ?", (chain,))
    sql = (
        "SELECT day, chain, number, mac FROM audit_anchor"
        f" WHERE day = (SELECT max(day) FROM audit_anchor WHERE 1 = 1{where}){where} ORDER BY chain"
    )
    return [(row[0], Head(row[1], row[2], bytes(row[3]).hex())) for row in execute(session, sql, (*given, *given))]


def mac_at(session: Session, chain: int, number: int) -> str | None:
    """The MAC of a row; None where there is no such row."""
    found = execute(session, "SELECT mac FROM audit_row WHERE chain = ? AND number = ?", (chain, number)).first()
    return bytes(found[0]).hex() if found else None


def _row(row: Any) -> Row:
    chain, number, at_ms, actor, action, about, outcome, detail, mac = row
    return Row(chain, number, at_ms, actor, action, about, outcome, detail, bytes(mac))
