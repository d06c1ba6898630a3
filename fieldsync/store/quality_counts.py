"""How many submissions were looked at, and how many bear a flag that stands, by form, author and place."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, places

ROWS_MAX = 20_000
"""Groups that one page adds up."""

ANY = ""
"""In the place of a flag's code: submissions with any flag, each once."""


class Count(NamedTuple):
    """So many submissions of a form, by an author, at a place."""

    collection_id: int
    author_id: int
    place: str
    records: int


class FlagCount(NamedTuple):
    """So many of them bear a flag of that code (ANY: any)."""

    code: str
    collection_id: int
    author_id: int
    place: str
    records: int


class Named(NamedTuple):
    """An author as the desk knows it: its name on the wire, and that of its phone."""

    author: str
    device: str


def submissions(session: Session, collections: Collection[int], from_ms: int, to_ms: int) -> list[Count]:
    """Submissions that arrived within a time, those that are looked at."""
    if not collections:
        return []
    sql = (
        "SELECT collection_id, author_id, place, count(*) FROM observation"
        f" WHERE collection_id IN ({places(len(collections))}) AND arrived_ms >= ? AND arrived_ms < ?"
        " GROUP BY collection_id, author_id, place LIMIT ?"
    )
    return [Count(*row) for row in execute(session, sql, (*sorted(collections), from_ms, to_ms, ROWS_MAX))]


def flagged(session: Session, collections: Collection[int], from_ms: int, to_ms: int) -> list[FlagCount]:
    """The same of those with flags that stand: code by code, and once each under ANY."""
    return [*_flagged(session, "f.code", collections, from_ms, to_ms),
            *_flagged(session, "''", collections, from_ms, to_ms)]  # fmt: skip


def _flagged(session: Session, code: str, collections: Collection[int], from_ms: int, to_ms: int) -> list[FlagCount]:
    if not collections:
        return []
    sql = (
        f"SELECT {code}, o.collection_id, o.author_id, o.place, count(DISTINCT o.record_id)"
        " FROM observation o JOIN flag f ON f.record_id = o.record_id AND f.dismissed_ms IS NULL"
        f" WHERE o.collection_id IN ({places(len(collections))}) AND o.arrived_ms >= ? AND o.arrived_ms < ?"
        f" GROUP BY {code}, o.collection_id, o.author_id, o.place LIMIT ?"
    )
    group = sql.replace("GROUP BY '', ", "GROUP BY ")
    return [FlagCount(*row) for row in execute(session, group, (*sorted(collections), from_ms, to_ms, ROWS_MAX))]


def names(session: Session, author_ids: Collection[int]) -> dict[int, Named]:
    """Authors by row id, with the names of their phones; at most a page's worth."""
    found: dict[int, Named] = {}
    wanted = sorted(author_ids)
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        sql = (
            "SELECT a.id, a.name, coalesce(d.name, '') FROM author a LEFT JOIN device d ON d.id = a.device_id"
            f" WHERE a.id IN ({places(len(chunk))})"
        )
        found.update((row[0], Named(row[1], row[2])) for row in execute(session, sql, chunk))
    return found
