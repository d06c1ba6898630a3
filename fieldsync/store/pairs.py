"""Pairs that may be one, what people decided of them, and the clusters that follow."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 200

RARITY = "rarity"
"""In the place of a level: how rare the name is (core.linkage)."""

Levels = list[tuple[str, str]]

_comparisons = msgspec.json.Decoder(list[tuple[str, str, float]])
_texts = msgspec.json.Decoder(list[str])
_levels = msgspec.json.Decoder(Levels)
_ids = msgspec.json.Decoder(list[list[str | int]])


class PairRow(NamedTuple):
    """A candidate pair: of a list (kind entity) or a form (submission); `comparisons`: (name, level, weight)."""

    left_id: int
    right_id: int
    kind: str
    of: str
    weight: float
    comparisons: tuple[tuple[str, str, float], ...]
    bounds: tuple[str, ...]
    zone: str
    found_ms: int

    @property
    def pair(self) -> tuple[int, int]:
        """The row ids, the smaller first."""
        return self.left_id, self.right_id

    @property
    def levels(self) -> Levels:
        """What was compared, and how it agreed; without where one starts and how rare names are."""
        return [(name, level) for name, level, _ in self.comparisons if level and level != RARITY]


class DecisionRow(NamedTuple):
    """What somebody said of a pair; `operations`: ids of what was said with it.

    `weight`, `automatic`: what linkage gave it then, and whether it might have merged it by itself. `together`: the
    name of the step in which she decided on several pairs at once, empty where it was this one alone.
    """

    left_id: int
    right_id: int
    turn: int
    association_id: int
    decision: str
    decided_by: str
    decided_ms: int
    why: str
    levels: Levels
    operations: list[list[str | int]]
    sampled: bool
    weight: float | None = None
    automatic: bool = False
    together: str = ""


_PAIR = "left_id, right_id, kind, of, weight, comparisons, bounds, zone, found_ms"
_DECISION = (
    "left_id, right_id, turn, association_id, decision, decided_by, decided_ms, why, levels, operations, sampled,"
    " weight, automatic, together"
)
_LATEST = (
    " AND NOT EXISTS (SELECT 1 FROM pair_decision later WHERE later.left_id = d.left_id"
    " AND later.right_id = d.right_id AND later.turn > d.turn)"
)


def heaviest(
    session: Session, association_id: int, name: tuple[str, str], zone: str, limit: int, after: PairRow | None = None
) -> list[PairRow]:
    """The heaviest pairs of a (kind, list or form) in a zone of which nothing is decided, or decided long ago.

    `after`: the last of those that were read before.
    """
    kind, of = name
    lighter = " AND (p.weight < ? OR (p.weight = ? AND (p.left_id, p.right_id) > (?, ?)))" if after else ""
    last = (after.weight, after.weight, *after.pair) if after else ()
    columns = ", ".join(f"p.{column.strip()}" for column in _PAIR.split(","))
    sql = (
        f"SELECT {columns} FROM candidate_pair p LEFT JOIN pair_decision d ON d.left_id = p.left_id"
        f" AND d.right_id = p.right_id{_LATEST} WHERE p.association_id = ? AND p.kind = ? AND p.of = ? AND p.zone = ?"
        f" AND (d.decision IS NULL OR d.decision IN ('open', 'proposed') OR d.decided_ms < p.found_ms){lighter}"
        " ORDER BY p.weight DESC, p.left_id, p.right_id LIMIT ?"
    )
    return [read_pair(row) for row in execute(session, sql, (association_id, kind, of, zone, *last, limit))]


def count_waiting(session: Session, association_id: int, names: Collection[tuple[str, str]], most: int) -> int:
    """How many pairs of some (kind, list or form) wait, at most `most`; one that changed since a decision counts."""
    if not names:
        return 0
    either = " OR ".join(["(p.kind = ? AND p.of = ?)"] * len(names))
    sql = (
        "SELECT count(*) FROM (SELECT 1 FROM candidate_pair p LEFT JOIN pair_decision d ON d.left_id = p.left_id"
        f" AND d.right_id = p.right_id{_LATEST} WHERE p.association_id = ? AND ({either})"
        " AND (d.decision IS NULL OR d.decision IN ('open', 'proposed') OR d.decided_ms < p.found_ms) LIMIT ?) AS w"
    )
    return int(execute(session, sql, (association_id, *(each for name in names for each in name), most)).scalar_one())


def undecided_of_merged(
    session: Session, association_id: int, names: Collection[tuple[str, str]], limit: int
) -> list[PairRow]:
    """Pairs of some (kind, list or form) of which nothing is decided and one record is in a merge, or was."""
    either = " OR ".join(["(p.kind = ? AND p.of = ?)"] * len(names))
    columns = ", ".join(f"p.{column.strip()}" for column in _PAIR.split(","))
    sql = (
        f"SELECT {columns} FROM candidate_pair p JOIN record l ON l.id = p.left_id JOIN record r ON r.id = p.right_id"
        f" WHERE p.association_id = ? AND ({either}) AND (l.merged = ? OR r.merged = ?) AND NOT EXISTS (SELECT 1 FROM"
        " pair_decision d WHERE d.left_id = p.left_id AND d.right_id = p.right_id) LIMIT ?"
    )
    parameters = (association_id, *(each for name in names for each in name), True, True, limit)
    return [read_pair(row) for row in execute(session, sql, parameters)]


def find(session: Session, left_id: int, right_id: int) -> PairRow | None:
    """The candidate pair of two records, where there is one."""
    sql = f"SELECT {_PAIR} FROM candidate_pair WHERE left_id = ? AND right_id = ?"
    row = execute(session, sql, (left_id, right_id)).first()
    return read_pair(row) if row else None


def of_record(session: Session, record_id: int, limit: int) -> list[PairRow]:
    """The heaviest candidate pairs that a record is in."""
    found: list[PairRow] = []
    for side in ("left_id", "right_id"):
        sql = f"SELECT {_PAIR} FROM candidate_pair WHERE {side} = ? ORDER BY weight DESC, left_id, right_id LIMIT ?"
        found += [read_pair(row) for row in execute(session, sql, (record_id, limit))]
    return sorted(found, key=lambda each: (-each.weight, each.pair))[:limit]


def of_list(session: Session, association_id: int, name: tuple[str, str], limit: int) -> list[PairRow]:
    """The heaviest pairs of a (kind, list or form), decided or not, of every zone."""
    found: list[PairRow] = []
    for zone in ("automatic", "review"):
        sql = (
            f"SELECT {_PAIR} FROM candidate_pair WHERE association_id = ? AND kind = ? AND of = ? AND zone = ?"
            " ORDER BY weight DESC, left_id, right_id LIMIT ?"
        )
        parameters = (association_id, *name, zone, limit - len(found))
        found += [read_pair(row) for row in execute(session, sql, parameters)]
    return found


def latest(session: Session, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], DecisionRow]:
    """What was decided last of each of these pairs."""
    wanted, found = sorted(set(pairs)), dict[tuple[int, int], DecisionRow]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        named = " OR ".join(["(d.left_id = ? AND d.right_id = ?)"] * len(chunk))
        sql = f"SELECT {_DECISION} FROM pair_decision d WHERE ({named}){_LATEST}"
        for row in execute(session, sql, [each for pair in chunk for each in pair]):
            found[row[0], row[1]] = _decision(row)
    return found


def of_records(session: Session, record_ids: Collection[int]) -> list[DecisionRow]:
    """What was decided last of every pair that one of these records is in."""
    wanted, found = sorted(record_ids), dict[tuple[int, int], DecisionRow]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        ids = wanted[start : start + CHUNK_ROWS]
        for side in ("left_id", "right_id"):
            sql = f"SELECT {_DECISION} FROM pair_decision d WHERE d.{side} IN ({places(len(ids))}){_LATEST}"
            for row in execute(session, sql, ids):
                found[row[0], row[1]] = _decision(row)
    return sorted(found.values())


def said_together(session: Session, association_id: int, together: str) -> list[DecisionRow]:
    """What was decided in one step and holds still."""
    sql = (
        f"SELECT {_DECISION} FROM pair_decision d WHERE d.association_id = ? AND d.together = ? AND d.together <> ''"
        f"{_LATEST} ORDER BY d.left_id, d.right_id"
    )
    return [_decision(row) for row in execute(session, sql, (association_id, together))]


def of_collection(session: Session, collection_id: int) -> list[DecisionRow]:
    """What was decided last of every pair of a list or form."""
    named = ", ".join(f"d.{column.strip()}" for column in _DECISION.split(","))
    sql = (
        f"SELECT {named} FROM record r JOIN pair_decision d ON d.left_id = r.id WHERE r.collection_id = ?{_LATEST}"
        " ORDER BY d.left_id, d.right_id"
    )
    return [_decision(row) for row in execute(session, sql, (collection_id,))]


def recent(session: Session, association_id: int, limit: int) -> list[DecisionRow]:
    """What was decided last in an association, of each pair the latest, the newest first."""
    sql = (
        f"SELECT {_DECISION} FROM pair_decision d WHERE d.association_id = ?{_LATEST}"
        " ORDER BY d.decided_ms DESC, d.left_id, d.right_id LIMIT ?"
    )
    return [_decision(row) for row in execute(session, sql, (association_id, limit))]


def judged(session: Session, association_id: int, itself: str, limit: int) -> list[tuple[float, str]]:
    """(weight, same or different) of pairs that might have been merged by themselves, as people decided them last.

    One that was merged by itself and taken back counts as different.
    """
    sql = (
        "SELECT d.weight, CASE d.decision WHEN 'same' THEN 'same' ELSE 'different' END FROM pair_decision d"
        f" WHERE d.association_id = ? AND d.automatic = ? AND d.weight IS NOT NULL AND d.decided_by <> ?{_LATEST}"
        " AND (d.decision IN ('same', 'different') OR (d.decision = 'open' AND EXISTS (SELECT 1 FROM pair_decision b"
        " WHERE b.left_id = d.left_id AND b.right_id = d.right_id AND b.turn = d.turn - 1 AND b.decided_by = ?)))"
        " ORDER BY d.decided_ms DESC LIMIT ?"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (association_id, True, itself, itself, limit))]


def count_automatic(session: Session, association_id: int, weights: Sequence[float]) -> dict[float, int]:
    """How many pairs of which nothing was ever decided might be merged by themselves, from each weight on.

    A bound but that of a household keeps a pair from it.
    """
    sql = (
        "SELECT count(*) FROM candidate_pair p WHERE p.association_id = ? AND p.kind = 'entity'"
        " AND p.zone = 'automatic' AND p.weight >= ? AND p.bounds IN (?, ?) AND NOT EXISTS (SELECT 1 FROM"
        " pair_decision d WHERE d.left_id = p.left_id AND d.right_id = p.right_id)"
    )
    free = (b"[]", b'["household"]')
    return {each: int(execute(session, sql, (association_id, each, *free)).scalar_one()) for each in weights}


def sampled(session: Session, association_id: int, limit: int) -> list[DecisionRow]:
    """What holds of the pairs that were merged by themselves and are to be looked at again, the newest first."""
    sql = (
        f"SELECT {_DECISION} FROM pair_decision d WHERE d.association_id = ?{_LATEST} AND EXISTS (SELECT 1 FROM"
        " pair_decision s WHERE s.left_id = d.left_id AND s.right_id = d.right_id AND s.sampled = ?)"
        " ORDER BY d.decided_ms DESC, d.left_id, d.right_id LIMIT ?"
    )
    return [_decision(row) for row in execute(session, sql, (association_id, True, limit))]


def made_by(
    session: Session, association_id: int, who: str, since_ms: int, until_ms: int, limit: int
) -> list[DecisionRow]:
    """Merges that somebody made in a time and that nobody decided anew, the newest first."""
    sql = (
        f"SELECT {_DECISION} FROM pair_decision d WHERE d.association_id = ? AND d.decided_ms >= ? AND d.decided_ms < ?"
        f" AND d.decided_by = ? AND d.decision = 'same'{_LATEST}"
        " ORDER BY d.decided_ms DESC, d.left_id, d.right_id LIMIT ?"
    )
    rows = execute(session, sql, (association_id, since_ms, until_ms, who, limit))
    return [_decision(row) for row in rows]


REPORT_WEIGHT = 10.0
"""What it weighs that two submissions are one report: the flag that says so has no model."""


def add_reports(session: Session, association_id: int, rows: Iterable[tuple[int, int, str, str]], now_ms: int) -> None:
    """Submissions that may be one report: (record, other record, form, why); a pair that is known stays as it is."""
    sql = (
        "INSERT INTO candidate_pair (left_id, right_id, association_id, kind, of, model_version, weight, comparisons,"
        " bounds, zone, found_ms) VALUES (?, ?, ?, 'submission', ?, 0, ?, ?, ?, 'review', ?) ON CONFLICT DO NOTHING"
    )
    execute_many(
        session,
        sql,
        [
            (min(one, other), max(one, other), association_id, form, REPORT_WEIGHT,
             msgspec.json.encode([[why, "same", REPORT_WEIGHT]]), b"[]", now_ms)
            for one, other, form, why in sorted(rows)
        ],
    )  # fmt: skip


def decide(session: Session, row: DecisionRow) -> None:
    """Add what somebody says of a pair; the turn is taken only once."""
    values = (*row[:8], msgspec.json.encode(row.levels), msgspec.json.encode(row.operations), *row[10:])
    execute(session, f"INSERT INTO pair_decision ({_DECISION}) VALUES ({places(14)})", values)


def touching(session: Session, record_ids: Collection[int], but_by: str) -> dict[int, set[tuple[Any, ...]]]:
    """The candidate pairs of each record and what was said of them by all but one, to tell whether any changed."""
    ids = sorted(record_ids)
    found: dict[int, set[tuple[Any, ...]]] = {each: set() for each in ids}
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        for side in ("left_id", "right_id"):
            named = f"{side} IN ({places(len(chunk))})"
            sql = f"SELECT {side}, left_id, right_id, weight, zone, bounds FROM candidate_pair WHERE {named}"
            for row in execute(session, sql, chunk):
                found[row[0]].add((*row[1:5], bytes(row[5])))
            sql = f"SELECT {side}, left_id, right_id, turn FROM pair_decision WHERE {named} AND decided_by <> ?"
            for row in execute(session, sql, (*chunk, but_by)):
                found[row[0]].add(tuple(row[1:]))
    return found


def clusters(session: Session, collection_id: int) -> dict[int, int]:
    """The cluster of each record of a list that is in one."""
    sql = (
        "SELECT m.record_id, m.cluster_id FROM cluster_member m JOIN record r ON r.id = m.record_id"
        " WHERE r.collection_id = ?"
    )
    return {row[0]: row[1] for row in execute(session, sql, (collection_id,))}


def put_clusters(session: Session, cluster_of: Mapping[int, int | None]) -> None:
    """Say of some records in which cluster each is; None: in none."""
    rows = sorted((each, cluster) for each, cluster in cluster_of.items() if cluster is not None)
    gone = sorted((each,) for each, cluster in cluster_of.items() if cluster is None)
    execute_many(session, "DELETE FROM cluster_member WHERE record_id = ?", gone)
    sql = (
        "INSERT INTO cluster_member (record_id, cluster_id) VALUES (?, ?)"
        " ON CONFLICT (record_id) DO UPDATE SET cluster_id = excluded.cluster_id"
    )
    execute_many(session, sql, rows)


def cluster_sizes(session: Session, record_ids: Collection[int]) -> dict[int, int]:
    """How many records the cluster of each of these has; those that are in none are left out."""
    ids, found = sorted(record_ids), dict[int, int]()
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = (
            "SELECT m.record_id, count(*) FROM cluster_member m JOIN cluster_member o ON o.cluster_id = m.cluster_id"
            f" WHERE m.record_id IN ({places(len(chunk))}) GROUP BY m.record_id"
        )
        found.update((row[0], row[1]) for row in execute(session, sql, chunk))
    return found


def automatic_weight(session: Session, association_id: int) -> float | None:
    """From which weight on linkage merges by itself in an association; None: never."""
    sql = "SELECT automatic_weight FROM linkage_setting WHERE association_id = ?"
    found: float | None = execute(session, sql, (association_id,)).scalar()
    return found


def set_automatic_weight(session: Session, association_id: int, weight: float | None) -> None:
    """Let linkage merge by itself from a weight on, or never."""
    sql = (
        "INSERT INTO linkage_setting (association_id, automatic_weight) VALUES (?, ?)"
        " ON CONFLICT (association_id) DO UPDATE SET automatic_weight = excluded.automatic_weight"
    )
    execute(session, sql, (association_id, weight))


def reviewed_twice(session: Session, association_id: int) -> set[str]:
    """The lists of an association whose merges need two people."""
    sql = "SELECT of FROM reviewed_twice WHERE association_id = ?"
    return {row[0] for row in execute(session, sql, (association_id,))}


def set_reviewed_twice(session: Session, association_id: int, of: str, wanted: bool) -> None:
    """Let merges of a list need two people, or one."""
    if wanted:
        sql = "INSERT INTO reviewed_twice (association_id, of) VALUES (?, ?) ON CONFLICT DO NOTHING"
    else:
        sql = "DELETE FROM reviewed_twice WHERE association_id = ? AND of = ?"
    execute(session, sql, (association_id, of))


def read_pair(row: Sequence[Any]) -> PairRow:
    """A row in the order of PairRow, its JSON read."""
    left_id, right_id, kind, of, weight, comparisons, bounds, zone, found_ms = row
    told, why = tuple(_comparisons.decode(bytes(comparisons))), tuple(_texts.decode(bytes(bounds)))
    return PairRow(left_id, right_id, kind, of, weight, told, why, zone, found_ms)


def decoded(row: Any) -> PairRow:
    """A pair as linkage makes it, with what its JSON says."""
    told, why = tuple(_comparisons.decode(row.comparisons)), tuple(_texts.decode(row.bounds))
    return PairRow(row.left_id, row.right_id, row.kind, row.of, row.weight, told, why, row.zone, row.found_ms)


def read_levels(body: bytes) -> Levels:
    """What was compared, as stored."""
    return _levels.decode(bytes(body))


def _decision(row: Sequence[Any]) -> DecisionRow:
    said = _ids.decode(bytes(row[9]))
    return DecisionRow._make((*row[:8], read_levels(row[8]), said, bool(row[10]), row[11], bool(row[12]), row[13]))
