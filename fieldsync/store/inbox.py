"""The desk's list as it is kept: rows, their marks, tallies and searched words; inbox_query reads it by pages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 250
"""How many ids one statement names."""

COLUMNS = (
    "id, association_id, kind, of, uuid, author_id, sender_id, place, state, gone, conflicts, comments, marks,"
    " arrived_ms, changed_ms"
)


class InboxRow(NamedTuple):
    """A line of the list (store.inbox_models.InboxRow)."""

    id: int
    association_id: int
    kind: str
    of: str
    uuid: bytes | None
    author_id: int
    sender_id: int
    place: str
    state: int
    gone: int
    conflicts: int
    comments: int
    marks: str
    arrived_ms: int
    changed_ms: int

    @property
    def marked(self) -> frozenset[str]:
        """The marks that it bears."""
        return frozenset(self.marks.split())


Tally = tuple[str, str, int, int]
"""(kind, form or list, state, gone)."""


def by_ids(session: Session, ids: Collection[int]) -> dict[int, InboxRow]:
    """Rows by their ids."""
    found: dict[int, InboxRow] = {}
    for chunk in _chunks(ids):
        sql = f"SELECT {COLUMNS} FROM inbox_row WHERE id IN ({places(len(chunk))})"
        found.update((row[0], InboxRow(*row)) for row in execute(session, sql, chunk))
    return found


def put(session: Session, rows: Sequence[InboxRow]) -> None:
    """Store rows, new or known."""
    changing = [column for column in COLUMNS.split(", ") if column != "id"]
    sets = ", ".join(f"{column} = excluded.{column}" for column in changing)
    sql = (
        f"INSERT INTO inbox_row ({COLUMNS}) VALUES ({places(len(changing) + 1)}) ON CONFLICT (id) DO UPDATE SET {sets}"
    )
    execute_many(session, sql, rows)


def remove(session: Session, ids: Iterable[int]) -> None:
    """Take rows out of the list."""
    execute_many(session, "DELETE FROM inbox_row WHERE id = ?", [(each,) for each in ids])


def change_marks(
    session: Session, association_id: int, lost: Iterable[tuple[str, int]], won: Iterable[tuple[str, int]]
) -> None:
    """Rows that bear a mark no longer, and rows that do now: (mark, row id)."""
    sql = "DELETE FROM inbox_mark WHERE association_id = ? AND mark = ? AND id = ?"
    execute_many(session, sql, [(association_id, *each) for each in sorted(lost)])
    sql = "INSERT INTO inbox_mark (association_id, mark, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, [(association_id, *each) for each in sorted(won)])


def add_tallies(session: Session, association_id: int, changes: Mapping[Tally, int]) -> None:
    """Change how many rows there are of each kind, form, state and gone."""
    sql = (
        "INSERT INTO inbox_count (association_id, kind, of, state, gone, records) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (association_id, kind, of, state, gone)"
        " DO UPDATE SET records = inbox_count.records + excluded.records"
    )
    execute_many(session, sql, [(association_id, *tally, count) for tally, count in sorted(changes.items()) if count])


def tallies(session: Session, association_id: int) -> dict[Tally, int]:
    """How many records there are of each kind, form, state and gone; 0 under every name that is quarantined only."""
    sql = "SELECT kind, of, state, gone, records FROM inbox_count WHERE association_id = ?"
    return {(row[0], row[1], row[2], row[3]): row[4] for row in execute(session, sql, (association_id,))}


def put_quarantined(session: Session, row: InboxRow, author: str) -> None:
    """Let what is quarantined stand in the list at once; its author may be unknown, or another association's."""
    sql = "SELECT id FROM author WHERE name = ? AND association_id = ?"
    author_id = execute(session, sql, (author, row.association_id)).scalar() or 0
    put(session, [row._replace(author_id=author_id)])
    sql = (
        "INSERT INTO inbox_count (association_id, kind, of, state, gone, records) VALUES (?, ?, ?, ?, 0, 0)"
        " ON CONFLICT DO NOTHING"
    )
    execute(session, sql, (row.association_id, row.kind, row.of, row.state))


# Searched words


def paths(session: Session, association_id: int) -> dict[tuple[str, str, str], int]:
    """Numbers of the questions that can be searched: (kind, form or list, path) to number."""
    sql = "SELECT kind, of, path, id FROM inbox_path WHERE association_id = ?"
    return {(row[0], row[1], row[2]): row[3] for row in execute(session, sql, (association_id,))}


def add_paths(session: Session, association_id: int, new: Iterable[tuple[str, str, str]]) -> None:
    """Number further questions: (kind, form or list, path)."""
    sql = "INSERT INTO inbox_path (association_id, kind, of, path) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, [(association_id, *each) for each in sorted(new)])


def words_of(session: Session, ids: Collection[int]) -> dict[int, frozenset[tuple[int, str]]]:
    """The searched words of some rows: row id to (number of the question, word)."""
    found: dict[int, frozenset[tuple[int, str]]] = {}
    for chunk in _chunks(ids):
        sql = f"SELECT id, words FROM inbox_text WHERE id IN ({places(len(chunk))})"
        for row_id, words in execute(session, sql, chunk):
            pairs = (each.partition(":") for each in words.split())
            found[row_id] = frozenset((int(path), word) for path, _, word in pairs)
    return found


Found = tuple[int, int, str]
"""(row id, number of the question, word)."""


def change_words(
    session: Session,
    association_id: int,
    lost: Iterable[Found],
    won: Iterable[Found],
    texts: Mapping[int, frozenset[tuple[int, str]]],
) -> None:
    """Change under which words rows are found; `texts` holds all words of each row that changed."""
    sql = "DELETE FROM inbox_word WHERE association_id = ? AND word = ? AND id = ? AND path_id = ?"
    execute_many(session, sql, sorted((association_id, word, row_id, path) for row_id, path, word in lost))
    sql = "INSERT INTO inbox_word (association_id, word, id, path_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, sorted((association_id, word, row_id, path) for row_id, path, word in won))
    sql = "INSERT INTO inbox_text (id, words) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    kept = [(row_id, " ".join(f"{path}:{word}" for path, word in sorted(words))) for row_id, words in texts.items()]
    execute_many(session, sql, kept)


def held_among(session: Session, record_ids: Collection[int]) -> set[int]:
    """Which of these records hold an operation that waits."""
    found: set[int] = set()
    for chunk in _chunks(record_ids):
        sql = (
            "SELECT DISTINCT o.record_id FROM operation o JOIN waiting w ON w.operation_id = o.id"
            f" WHERE o.record_id IN ({places(len(chunk))}) AND o.status = 'held'"
        )
        found.update(row[0] for row in execute(session, sql, chunk))
    return found


def _chunks(ids: Collection[int]) -> Iterable[list[int]]:
    wanted = sorted(ids)
    return (wanted[start : start + CHUNK_ROWS] for start in range(0, len(wanted), CHUNK_ROWS))
