"""Which submissions name an entity by a choice from its list."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 250
"""How many ids one statement names."""

_COLUMNS = "association_id, list, uuid, record_id, paths"


class MentionRow(NamedTuple):
    """That a submission names an entity; `paths` are the questions that do, with blanks between."""

    association_id: int
    list: str
    uuid: bytes
    record_id: int
    paths: str


def of_records(session: Session, record_ids: Collection[int]) -> set[MentionRow]:
    """What some submissions name."""
    found: set[MentionRow] = set()
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM mention WHERE record_id IN ({places(len(chunk))})"
        found |= {MentionRow(row[0], row[1], bytes(row[2]), row[3], row[4]) for row in execute(session, sql, chunk)}
    return found


def replace(session: Session, lost: Iterable[MentionRow], won: Iterable[MentionRow]) -> None:
    """What is named no longer, and what is named now."""
    sql = "DELETE FROM mention WHERE association_id = ? AND list = ? AND uuid = ? AND record_id = ?"
    execute_many(session, sql, [row[:4] for row in sorted(lost)])
    execute_many(session, f"INSERT INTO mention ({_COLUMNS}) VALUES ({places(5)}) ON CONFLICT DO NOTHING", sorted(won))


def newest(
    session: Session, association_id: int, list_name: str, uuids: Collection[bytes], before_id: int, limit: int
) -> list[tuple[int, frozenset[str]]]:
    """(row id, questions) of the submissions that name one of some entities, the last that came first."""
    found: dict[int, frozenset[str]] = {}
    sql = (
        "SELECT record_id, paths FROM mention WHERE association_id = ? AND list = ? AND uuid = ? AND record_id < ?"
        " ORDER BY record_id DESC LIMIT ?"
    )
    for uuid in sorted(uuids):
        for row_id, paths in execute(session, sql, (association_id, list_name, uuid, before_id, limit)):
            found[row_id] = found.get(row_id, frozenset()) | frozenset(paths.split())
    return sorted(found.items(), reverse=True)[:limit]
