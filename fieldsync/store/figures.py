"""What is counted: the editions of the indicators, the items of subjects, and the sums of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places


class ItemRow(NamedTuple):
    """What one subject adds to one indicator."""

    association_id: int
    subject: str
    indicator: str
    part: str
    key: str
    month: int
    level: int
    amount: int
    commune: str
    sex: str
    band: str
    disability: str
    category: str


class CellRow(NamedTuple):
    """A sum of items that are alike in all of this."""

    association_id: int
    indicator: str
    part: str
    month: int
    level: int
    commune: str
    sex: str
    band: str
    disability: str
    category: str
    amount: int


_ITEM = ", ".join(ItemRow._fields)
_CELL = ", ".join(CellRow._fields)
CHUNK = 400


def read_book(session: Session) -> tuple[int, bytes] | None:
    """(edition, JSON) of the indicators in force; None where none were loaded."""
    row = execute(session, "SELECT id, content FROM indicator_book ORDER BY id DESC LIMIT 1").first()
    return None if row is None else (int(row[0]), bytes(row[1]))


def write_book(session: Session, content: bytes, now_ms: int) -> None:
    """Put another edition into force; those before stay."""
    execute(session, "INSERT INTO indicator_book (loaded_ms, content) VALUES (?, ?)", (now_ms, content))


def editions(session: Session, limit: int) -> list[tuple[int, int]]:
    """(edition, when it was loaded, ms) of the last ones, newest first."""
    sql = "SELECT id, loaded_ms FROM indicator_book ORDER BY id DESC LIMIT ?"
    return [(row[0], row[1]) for row in execute(session, sql, (limit,))]


def items_of(session: Session, association_id: int, subjects: Collection[str]) -> list[ItemRow]:
    """What some subjects add so far."""
    found: list[ItemRow] = []
    wanted = sorted(subjects)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        sql = f"SELECT {_ITEM} FROM counted_item WHERE association_id = ? AND subject IN ({places(len(chunk))})"
        found += [ItemRow(*row) for row in execute(session, sql, (association_id, *chunk))]
    return found


def change_items(session: Session, gone: Iterable[ItemRow], new: Sequence[ItemRow]) -> None:
    """Take items away and add others."""
    sql = "DELETE FROM counted_item WHERE association_id = ? AND subject = ? AND indicator = ? AND part = ? AND key = ?"
    execute_many(session, sql, [tuple(row[:5]) for row in gone])
    execute_many(session, f"INSERT INTO counted_item ({_ITEM}) VALUES ({places(13)})", new)


def add_to_cells(session: Session, changes: Sequence[CellRow]) -> None:
    """Add to the sums; `amount` may be negative."""
    key = ", ".join(CellRow._fields[:-1])
    sql = (
        f"INSERT INTO figure_cell ({_CELL}) VALUES ({places(11)})"
        f" ON CONFLICT ({key}) DO UPDATE SET amount = figure_cell.amount + excluded.amount"
    )
    execute_many(session, sql, sorted(changes))


def cells(session: Session, association_id: int) -> list[CellRow]:
    """Every sum of an association: some thousands, however many records there are."""
    sql = f"SELECT {_CELL} FROM figure_cell WHERE association_id = ? AND amount <> 0"
    return [CellRow(*row) for row in execute(session, sql, (association_id,))]


def cells_of(session: Session, association_id: int, indicators: Collection[str]) -> list[CellRow]:
    """The same of some indicators."""
    named = sorted(indicators)
    sql = f"SELECT {_CELL} FROM figure_cell WHERE association_id = ? AND indicator IN ({places(len(named))})"
    return [CellRow(*row) for row in execute(session, f"{sql} AND amount <> 0", (association_id, *named))]


def totals(session: Session, association_id: int) -> list[CellRow]:
    """Every sum of an association by part, month and level alone, in the order of the table's key."""
    key = "association_id, indicator, part, month, level"
    sql = f"SELECT {key}, sum(amount) FROM figure_cell WHERE association_id = ? AND amount <> 0 GROUP BY {key}"
    nowhere = ("",) * 5
    return [CellRow(*(*row[:5], *nowhere, int(row[5]))) for row in execute(session, sql, (association_id,))]


def last_publication(session: Session) -> bytes | None:
    """What was published last, as JSON."""
    found = execute(session, "SELECT content FROM publication ORDER BY id DESC LIMIT 1").scalar()
    return None if found is None else bytes(found)


def add_publication(session: Session, until: int, made_ms: int, content: bytes) -> None:
    """Keep what is published; those before stay."""
    sql = "INSERT INTO publication (until, made_ms, content) VALUES (?, ?, ?)"
    execute(session, sql, (until, made_ms, content))
