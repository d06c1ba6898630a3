"""What linkage knows of records: features, blocking keys, models, candidate pairs. All of it can be made anew."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.core.blocking import RECORD_BITS
from fieldsync.store.db import execute, execute_many, is_postgresql, places

CHUNK_ROWS = 500
"""How many ids one look-up names."""

MODELS_KEPT = 5
"""Models of a list that stay, the newest."""

KEYS_AT_ONCE = 50
"""Keys of one look-up statement."""

RECORD_MASK = (1 << RECORD_BITS) - 1
"""Where an entry of the index of keys has the record."""


class PairRow(NamedTuple):
    """A candidate pair as stored; `comparisons` and `bounds` are JSON."""

    left_id: int
    right_id: int
    association_id: int
    kind: str
    of: str
    model_version: int
    weight: float
    comparisons: bytes
    bounds: bytes
    zone: str
    found_ms: int


_PAIR = "left_id, right_id, association_id, kind, of, model_version, weight, comparisons, bounds, zone, found_ms"


def features(session: Session, collection_id: int, algorithm: int, record_ids: Collection[int]) -> dict[int, bytes]:
    """The features of some records, by one algorithm; those without any are left out."""
    wanted, found = sorted(record_ids), dict[int, bytes]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = (
            "SELECT record_id, body FROM linkage_feature WHERE collection_id = ? AND algorithm = ?"
            f" AND record_id IN ({places(len(chunk))})"
        )
        found.update((row[0], bytes(row[1])) for row in execute(session, sql, (collection_id, algorithm, *chunk)))
    return found


def page(session: Session, collection_id: int, algorithm: int, after_id: int, limit: int) -> list[tuple[int, bytes]]:
    """The next features of a list, by record id."""
    sql = (
        "SELECT record_id, body FROM linkage_feature WHERE collection_id = ? AND algorithm = ? AND record_id > ?"
        " ORDER BY record_id LIMIT ?"
    )
    rows = execute(session, sql, (collection_id, algorithm, after_id, limit))
    return [(row[0], bytes(row[1])) for row in rows]


def is_outdated(session: Session, collection_id: int, algorithm: int) -> bool:
    """Whether another algorithm made features of a list."""
    sql = "SELECT 1 FROM linkage_feature WHERE collection_id = ? AND algorithm {} ? LIMIT 1"
    return any(execute(session, sql.format(than), (collection_id, algorithm)) for than in ("<", ">"))


def forget_outdated(session: Session, collection_id: int, algorithm: int) -> None:
    """Forget what another algorithm made of a list, with the keys that came of it."""
    other = "SELECT record_id FROM linkage_feature WHERE collection_id = ? AND algorithm <> ?"
    sql = f"DELETE FROM blocking_entry WHERE entry & {RECORD_MASK} IN ({other})"
    execute(session, sql, (collection_id, algorithm))
    execute(
        session, "DELETE FROM linkage_feature WHERE collection_id = ? AND algorithm <> ?", (collection_id, algorithm)
    )


def forget_features(session: Session) -> None:
    """Forget all features and keys, of every list: they are made anew. Pairs stay."""
    execute(session, "DELETE FROM blocking_entry")
    execute(session, "DELETE FROM linkage_feature")


def put_features(session: Session, collection_id: int, algorithm: int, rows: Iterable[tuple[int, bytes]]) -> None:
    """Store (record id, features), in the place of what was there."""
    sql = (
        "INSERT INTO linkage_feature (collection_id, algorithm, record_id, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (collection_id, algorithm, record_id) DO UPDATE SET body = excluded.body"
    )
    execute_many(session, sql, [(collection_id, algorithm, *row) for row in sorted(rows)])


def drop_features(session: Session, collection_id: int, algorithm: int, record_ids: Iterable[int]) -> None:
    """Forget the features of records."""
    sql = "DELETE FROM linkage_feature WHERE collection_id = ? AND algorithm = ? AND record_id = ?"
    execute_many(session, sql, [(collection_id, algorithm, each) for each in sorted(record_ids)])


def count_features(session: Session, collection_id: int, algorithm: int) -> int:
    """How many records of a list are compared."""
    sql = "SELECT count(*) FROM linkage_feature WHERE collection_id = ? AND algorithm = ?"
    return int(execute(session, sql, (collection_id, algorithm)).scalar_one())


def has_features(session: Session, collection_id: int, algorithm: int, least: int) -> bool:
    """Whether so many records of a list are compared, at least; counting them all would read them all."""
    sql = "SELECT record_id FROM linkage_feature WHERE collection_id = ? AND algorithm = ? LIMIT 1 OFFSET ?"
    return execute(session, sql, (collection_id, algorithm, least - 1)).first() is not None


def add_keys(session: Session, rows: Iterable[tuple[int, int]]) -> None:
    """Give (key, record id) pairs."""
    sql = "INSERT INTO blocking_entry (entry) VALUES (?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, _entries_of(rows))


def drop_keys(session: Session, rows: Iterable[tuple[int, int]]) -> None:
    """Take (key, record id) pairs away."""
    execute_many(session, "DELETE FROM blocking_entry WHERE entry = ?", _entries_of(rows))


def _entries_of(rows: Iterable[tuple[int, int]]) -> list[tuple[int]]:
    return [(entry_of(*row),) for row in sorted(rows)]


def entry_of(key: int, record_id: int) -> int:
    """A key and the record that bears it as one number. OverflowError for an id that has no room in it."""
    if record_id > RECORD_MASK:
        raise OverflowError(f"record {record_id} has no room beside a blocking key")
    return key | record_id


def bearers(session: Session, keys: Collection[int], most: int) -> dict[int, list[int]]:
    """Key → the records that bear it, the oldest `most` of them; keys that nobody bears are left out."""
    wanted, found = sorted(keys), dict[int, list[int]]()
    one = (
        f"SELECT CAST(? AS BIGINT), {_joined(session, f'entry & {RECORD_MASK}')} FROM"
        " (SELECT entry FROM blocking_entry WHERE entry BETWEEN ? AND ? ORDER BY entry LIMIT ?) AS k"
    )
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        chunk = wanted[start : start + KEYS_AT_ONCE]
        sql = " UNION ALL ".join([one] * len(chunk))
        rows = execute(session, sql, [value for key in chunk for value in (key, key, key | RECORD_MASK, most)])
        found.update((row[0], sorted(map(int, row[1].split(",")))) for row in rows if row[1])
    return found


def _joined(session: Session, column: str) -> str:
    """A column of a group as `1,2,3`: as text, since many rows take longer to hand over than to read."""
    return f"string_agg(CAST({column} AS TEXT), ',')" if is_postgresql(session) else f"group_concat({column})"


def keys_of_records(session: Session, rows: Collection[tuple[int, int]]) -> int:
    """How many of some (key, record id) pairs are there."""
    found, entries_wanted = 0, [entry_of(*row) for row in sorted(rows)]
    for start in range(0, len(entries_wanted), CHUNK_ROWS):
        chunk = entries_wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT count(*) FROM blocking_entry WHERE entry IN ({places(len(chunk))})"
        found += int(execute(session, sql, chunk).scalar_one())
    return found


def entries(session: Session, start: int, limit: int) -> list[int]:
    """The next entries of the index of keys from a number on, of every list: keys, each with its records, in order."""
    page = "SELECT entry FROM blocking_entry WHERE entry >= ? ORDER BY entry LIMIT ?"
    text = execute(session, f"SELECT {_joined(session, 'entry')} FROM ({page}) AS page", (start, limit)).scalar()
    return sorted(map(int, text.split(","))) if text else []


def pairs_of(session: Session, record_ids: Collection[int]) -> dict[tuple[int, int], PairRow]:
    """Every candidate pair of some records, by (left id, right id)."""
    wanted, found = sorted(record_ids), dict[tuple[int, int], PairRow]()
    for start in range(0, len(wanted), CHUNK_ROWS // 2):
        chunk = wanted[start : start + CHUNK_ROWS // 2]
        marks = places(len(chunk))
        for side in ("left_id", "right_id"):
            sql = f"SELECT {_PAIR} FROM candidate_pair WHERE {side} IN ({marks})"
            found.update(((row[0], row[1]), PairRow(*row)) for row in execute(session, sql, chunk))
    return found


def put_pairs(session: Session, rows: Iterable[PairRow]) -> None:
    """Store pairs; of one that is known already, when it was found stays."""
    names = [name.strip() for name in _PAIR.split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[2:-1])
    sql = (
        f"INSERT INTO candidate_pair ({_PAIR}) VALUES ({places(len(names))})"
        f" ON CONFLICT (left_id, right_id) DO UPDATE SET {changes}"
    )
    execute_many(session, sql, sorted(rows))


def set_found(session: Session, found_ms: Mapping[tuple[int, int], int]) -> None:
    """Note of some pairs when they were found as they are."""
    sql = "UPDATE candidate_pair SET found_ms = ? WHERE left_id = ? AND right_id = ?"
    execute_many(session, sql, [(at_ms, *pair) for pair, at_ms in sorted(found_ms.items())])


def drop_pairs(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """Forget pairs by (left id, right id)."""
    execute_many(session, "DELETE FROM candidate_pair WHERE left_id = ? AND right_id = ?", sorted(pairs))


def pairs_of_others(session: Session, association_id: int, of: str, version: int, limit: int) -> list[tuple[int, int]]:
    """Some of the pairs of a list that another model than this version found."""
    sql = (
        "SELECT left_id, right_id FROM candidate_pair WHERE association_id = ? AND kind = 'entity' AND of = ?"
        " AND zone IN ('automatic', 'review') AND model_version <> ? LIMIT ?"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (association_id, of, version, limit))]


def drop_pairs_of_others(session: Session, pairs: Iterable[tuple[int, int]], version: int) -> None:
    """Forget those of some pairs that another model than this version found."""
    sql = "DELETE FROM candidate_pair WHERE left_id = ? AND right_id = ? AND model_version <> ?"
    execute_many(session, sql, [(*pair, version) for pair in sorted(pairs)])


def stored_pairs(session: Session, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], PairRow]:
    """Those of some pairs that are candidates."""
    wanted, found = sorted(pairs), dict[tuple[int, int], PairRow]()
    for start in range(0, len(wanted), CHUNK_ROWS // 2):
        chunk = wanted[start : start + CHUNK_ROWS // 2]
        named = ",".join(["(?, ?)"] * len(chunk))
        sql = (  # SQLite would look for `(left_id, right_id) IN (VALUES …)` in all of the table
            f"WITH wanted (one, other) AS (VALUES {named}) SELECT {_PAIR} FROM wanted CROSS JOIN candidate_pair"
            " WHERE left_id = one AND right_id = other"
        )
        rows = execute(session, sql, [each for pair in chunk for each in pair])
        found.update(((row[0], row[1]), PairRow(*row)) for row in rows)
    return found


def count_pairs(session: Session, association_id: int, kind: str, of: str) -> dict[str, int]:
    """How many pairs of a list or form lie in each zone."""
    sql = (
        "SELECT zone, count(*) FROM candidate_pair WHERE association_id = ? AND kind = ? AND of = ? GROUP BY zone"
        " ORDER BY zone"
    )
    return {row[0]: row[1] for row in execute(session, sql, (association_id, kind, of))}


def active_model(session: Session, association_id: int, of: str) -> tuple[int, bytes] | None:
    """(version, JSON) of the model that was trained for a list; None where the shipped one scores."""
    sql = (
        "SELECT id, body FROM linkage_model WHERE association_id = ? AND of = ? AND active = ? ORDER BY id DESC LIMIT 1"
    )
    row = execute(session, sql, (association_id, of, True)).first()
    return (row[0], bytes(row[1])) if row else None


def is_in_force(session: Session, association_id: int, of: str, version: int) -> bool:
    """Whether a trained model is the one that scores a list."""
    sql = "SELECT 1 FROM linkage_model WHERE association_id = ? AND of = ? AND active = ? AND id = ?"
    return execute(session, sql, (association_id, of, True, version)).first() is not None


def add_model(session: Session, association_id: int, of: str, body: bytes, now_ms: int, active: bool) -> int:
    """Keep a model, if `active` in the place of the one in force; its version. The newest few are kept.

    `now_ms` is 0 until all pairs are scored (finish_model).
    """
    if active:
        sql = "UPDATE linkage_model SET active = ? WHERE association_id = ? AND of = ? AND active = ?"
        execute(session, sql, (False, association_id, of, True))
    sql = "INSERT INTO linkage_model (association_id, of, active, made_ms, body) VALUES (?, ?, ?, ?, ?) RETURNING id"
    version = int(execute(session, sql, (association_id, of, active, now_ms, body)).scalar_one())
    sql = (
        "DELETE FROM linkage_model WHERE association_id = ? AND of = ? AND active = ? AND id NOT IN"
        " (SELECT id FROM linkage_model WHERE association_id = ? AND of = ? ORDER BY id DESC LIMIT ?)"
    )
    execute(session, sql, (association_id, of, False, association_id, of, MODELS_KEPT))
    return version


def finish_model(session: Session, version: int, now_ms: int) -> None:
    """Note that the pairs of a list are scored by a model."""
    execute(session, "UPDATE linkage_model SET made_ms = ? WHERE id = ?", (now_ms, version))


def trained_ms(session: Session, association_id: int, of: str) -> int:
    """When a list last had its night to the end; 0 where it never had."""
    sql = "SELECT coalesce(max(made_ms), 0) FROM linkage_model WHERE association_id = ? AND of = ?"
    return int(execute(session, sql, (association_id, of)).scalar_one())


def loose_pairs(session: Session, association_id: int, limit: int) -> Sequence[tuple[int, int]]:
    """Pairs of records that are gone, or in another association or list than the pair says."""
    sql = (
        "SELECT p.left_id, p.right_id FROM candidate_pair p JOIN record a ON a.id = p.left_id"
        " JOIN record b ON b.id = p.right_id JOIN collection c ON c.id = a.collection_id"
        " WHERE p.association_id = ? AND (a.collection_id <> b.collection_id OR c.association_id <> p.association_id"
        " OR c.kind <> p.kind OR c.of <> p.of OR p.left_id >= p.right_id) ORDER BY p.left_id, p.right_id LIMIT ?"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (association_id, limit))]
