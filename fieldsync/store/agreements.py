"""Which associations let their lists be compared, the pairs that this finds, and what people said of them."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places
from fieldsync.store.pairs import DecisionRow, PairRow, read_levels, read_pair

Couple = tuple[int, int]
"""Two associations, the smaller id first."""

CHUNK_ROWS = 200

AGREED = (
    "EXISTS (SELECT 1 FROM linkage_agreement g WHERE g.association_id = {0} AND g.partner_id = {1})"
    " AND EXISTS (SELECT 1 FROM linkage_agreement g WHERE g.association_id = {1} AND g.partner_id = {0})"
)
"""Both allow it."""


class Agreement(NamedTuple):
    """One side's word: an association lets its lists be compared with a partner's."""

    association_id: int
    partner_id: int
    given_by: str
    given_ms: int


_PAIR = "left_id, right_id, 'entity', of, weight, comparisons, bounds, zone, found_ms"
_DECISION = "left_id, right_id, turn, decision, decided_by, decided_ms, why, levels"


def give(session: Session, row: Agreement) -> None:
    """An association allows; what it allowed before stands."""
    sql = (
        "INSERT INTO linkage_agreement (association_id, partner_id, given_by, given_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING"
    )
    execute(session, sql, row)


def withdraw(session: Session, association_id: int, partner_id: int) -> None:
    """An association allows no longer; the pairs of the two are forgotten at once."""
    sql = "DELETE FROM linkage_agreement WHERE association_id = ? AND partner_id = ?"
    execute(session, sql, (association_id, partner_id))
    couple = sorted((association_id, partner_id))
    execute(session, "DELETE FROM across_pair WHERE one_id = ? AND other_id = ?", couple)


def of_association(session: Session, association_id: int) -> list[Agreement]:
    """What an association allows, and what others allow of it."""
    sql = (
        "SELECT association_id, partner_id, given_by, given_ms FROM linkage_agreement"
        " WHERE association_id = ? OR partner_id = ? ORDER BY association_id, partner_id"
    )
    return [Agreement(*row) for row in execute(session, sql, (association_id, association_id))]


def couples(session: Session) -> list[Couple]:
    """The associations that both allow it."""
    sql = (
        "SELECT a.association_id, a.partner_id FROM linkage_agreement a JOIN linkage_agreement b"
        " ON b.association_id = a.partner_id AND b.partner_id = a.association_id"
        " WHERE a.association_id < a.partner_id ORDER BY a.association_id, a.partner_id"
    )
    return [(row[0], row[1]) for row in execute(session, sql)]


def pairs_of(session: Session, couple: Couple, record_ids: Collection[int]) -> dict[tuple[int, int], PairRow]:
    """The pairs of two associations that some records are in."""
    ids, found = sorted(record_ids), dict[tuple[int, int], PairRow]()
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        for side in ("left_id", "right_id"):
            marks = places(len(chunk))
            sql = f"SELECT {_PAIR} FROM across_pair WHERE {side} IN ({marks}) AND one_id = ? AND other_id = ?"
            found.update(((row[0], row[1]), read_pair(row)) for row in execute(session, sql, (*chunk, *couple)))
    return found


def put_pairs(session: Session, couple: Couple, rows: Iterable[PairRow]) -> None:
    """Store pairs of two associations, in the place of what was known of them."""
    sql = (
        "INSERT INTO across_pair (left_id, right_id, one_id, other_id, of, weight, comparisons, bounds, zone, found_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (left_id, right_id) DO UPDATE SET"
        " weight = excluded.weight, comparisons = excluded.comparisons, bounds = excluded.bounds,"
        " zone = excluded.zone, found_ms = excluded.found_ms"
    )
    encode = msgspec.json.encode
    execute_many(
        session,
        sql,
        [
            (
                *row.pair,
                *couple,
                row.of,
                row.weight,
                encode(row.comparisons),
                encode(row.bounds),
                row.zone,
                row.found_ms,
            )
            for row in sorted(rows)
        ],
    )


def drop_pairs(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """Forget pairs."""
    execute_many(session, "DELETE FROM across_pair WHERE left_id = ? AND right_id = ?", sorted(pairs))


_WAITING = (
    " FROM across_pair p LEFT JOIN across_decision d ON d.left_id = p.left_id"
    " AND d.right_id = p.right_id AND NOT EXISTS (SELECT 1 FROM across_decision later WHERE"
    " later.left_id = d.left_id AND later.right_id = d.right_id AND later.turn > d.turn)"
    f" WHERE p.one_id = ? AND p.other_id = ? AND {AGREED.format('p.one_id', 'p.other_id')}"
    " AND (d.decision IS NULL OR d.decision = 'open' OR d.decided_ms < p.found_ms)"
)
"""Pairs of two associations that both allow it, undecided, or decided before they changed."""


def heaviest(session: Session, couple: Couple, limit: int) -> list[PairRow]:
    """The heaviest pairs of two associations that wait."""
    columns = ", ".join(each if each == "'entity'" else f"p.{each}" for each in _PAIR.split(", "))
    sql = f"SELECT {columns}{_WAITING} ORDER BY p.weight DESC, p.left_id, p.right_id LIMIT ?"
    return [read_pair(row) for row in execute(session, sql, (*couple, limit))]


def count_waiting(session: Session, couple: Couple, most: int) -> int:
    """How many pairs of two associations wait, at most `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1{_WAITING} LIMIT ?) AS w"
    return int(execute(session, sql, (*couple, most)).scalar_one())


def strange_pairs(session: Session, association_id: int, limit: int) -> list[tuple[int, int]]:
    """Pairs of an association, the first of its couple, that may not be there.

    One of the two does not allow it (any longer), or the records are not of these associations, of two lists, or gone.
    """
    sql = (
        "SELECT p.left_id, p.right_id FROM across_pair p JOIN record a ON a.id = p.left_id"
        " JOIN record b ON b.id = p.right_id JOIN collection c ON c.id = a.collection_id"
        " JOIN collection e ON e.id = b.collection_id"
        f" WHERE p.one_id = ? AND (NOT ({AGREED.format('p.one_id', 'p.other_id')}) OR p.one_id >= p.other_id"
        " OR c.association_id <> p.one_id OR e.association_id <> p.other_id OR c.kind <> 'entity' OR e.kind <> 'entity'"
        " OR c.of <> p.of OR e.of <> p.of) ORDER BY p.left_id, p.right_id LIMIT ?"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (association_id, limit))]


def page(session: Session, association_id: int, after: tuple[int, int], limit: int) -> list[PairRow]:
    """The next pairs of an association that is the first of its couple, by their records."""
    sql = (
        f"SELECT {_PAIR} FROM across_pair WHERE one_id = ? AND (left_id > ? OR (left_id = ? AND right_id > ?))"
        " ORDER BY left_id, right_id LIMIT ?"
    )
    return [read_pair(row) for row in execute(session, sql, (association_id, after[0], *after, limit))]


def find(session: Session, couple: Couple, left_id: int, right_id: int) -> PairRow | None:
    """The pair of two records, where their associations both allow it."""
    sql = (
        f"SELECT {_PAIR} FROM across_pair WHERE left_id = ? AND right_id = ? AND one_id = ? AND other_id = ?"
        f" AND {AGREED.format('one_id', 'other_id')}"
    )
    row = execute(session, sql, (left_id, right_id, *couple)).first()
    return read_pair(row) if row else None


def latest(session: Session, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], DecisionRow]:
    """What was decided last of each of these pairs."""
    wanted, found = sorted(set(pairs)), dict[tuple[int, int], DecisionRow]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        named = " OR ".join(["(left_id = ? AND right_id = ?)"] * len(chunk))
        sql = f"SELECT {_DECISION} FROM across_decision WHERE {named} ORDER BY turn"
        for row in execute(session, sql, [each for pair in chunk for each in pair]):
            left_id, right_id, turn, decision, decided_by, decided_ms, why, levels = row
            found[left_id, right_id] = DecisionRow(
                left_id, right_id, turn, 0, decision, decided_by, decided_ms, why, read_levels(levels), [], False
            )
    return found


def decide(session: Session, row: DecisionRow) -> None:
    """Add what somebody says of a pair; the turn is taken only once."""
    values = (*row[:3], *row[4:8], msgspec.json.encode(row.levels))
    execute(session, f"INSERT INTO across_decision ({_DECISION}) VALUES ({places(8)})", values)


def count_same(session: Session, couple: Couple) -> int:
    """How many persons two associations know to be one."""
    sql = (
        "SELECT count(*) FROM across_decision d JOIN record a ON a.id = d.left_id JOIN record b ON b.id = d.right_id"
        " JOIN collection c ON c.id = a.collection_id JOIN collection e ON e.id = b.collection_id"
        " WHERE d.decision = 'same' AND c.association_id = ? AND e.association_id = ? AND a.merged_into IS NULL"
        " AND b.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM across_decision later WHERE"
        " later.left_id = d.left_id AND later.right_id = d.right_id AND later.turn > d.turn)"
    )
    return int(execute(session, sql, couple).scalar_one())
