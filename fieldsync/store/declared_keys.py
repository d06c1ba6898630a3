"""Which submissions bear which key: a digest of the answers to their form's key questions."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 200
"""How many keys or records one look-up names."""


class KeyRow(NamedTuple):
    """That a submission of a form bears a key."""

    collection_id: int
    digest: int
    record_id: int

    @property
    def key(self) -> tuple[int, int]:
        """What those have in common that may be one report."""
        return self.collection_id, self.digest


def add(session: Session, rows: Iterable[KeyRow]) -> None:
    """Give keys to submissions; one that is borne already stays."""
    sql = "INSERT INTO declared_key (collection_id, digest, record_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, sorted(rows))


def drop(session: Session, rows: Iterable[KeyRow]) -> None:
    """Take keys away from submissions."""
    sql = "DELETE FROM declared_key WHERE collection_id = ? AND digest = ? AND record_id = ?"
    execute_many(session, sql, sorted(rows))


def of_records(session: Session, record_ids: Collection[int]) -> set[KeyRow]:
    """The keys that some submissions bear."""
    found: set[KeyRow] = set()
    ids = sorted(record_ids)
    for start in range(0, len(ids), CHUNK_ROWS):
        chunk = ids[start : start + CHUNK_ROWS]
        sql = f"SELECT collection_id, digest, record_id FROM declared_key WHERE record_id IN ({places(len(chunk))})"
        found.update(KeyRow(*row) for row in execute(session, sql, chunk))
    return found


def first_before(session: Session, rows: Iterable[KeyRow]) -> dict[KeyRow, int]:
    """Of submissions that are not the first to bear their key, who is."""
    wanted, first = sorted(rows), dict[tuple[int, int], int]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        named = " OR ".join(["(collection_id = ? AND digest = ?)"] * len(chunk))
        sql = f"SELECT collection_id, digest, min(record_id) FROM declared_key WHERE {named} GROUP BY 1, 2"
        found = execute(session, sql, [each for row in chunk for each in row.key])
        first.update(((row[0], row[1]), row[2]) for row in found)
    return {row: first[row.key] for row in wanted if first[row.key] < row.record_id}


def bearers(session: Session, keys: Iterable[tuple[int, int]], most: int) -> dict[tuple[int, int], list[int]]:
    """Who bears each key, the first `most` of them in the order of arrival."""
    sql = "SELECT record_id FROM declared_key WHERE collection_id = ? AND digest = ? ORDER BY record_id LIMIT ?"
    return {key: [row[0] for row in execute(session, sql, (*key, most))] for key in sorted(set(keys))}
