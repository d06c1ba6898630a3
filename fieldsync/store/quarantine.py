"""Operations that are wrong in themselves: kept raw, keyed by (sender, id, digest), never occupying an id."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.inbox import STATES
from fieldsync.store import inbox
from fieldsync.store.db import execute, places
from fieldsync.store.inbox import InboxRow

CHUNK_ROWS = 500
"""How many ids one look-up names."""

FAULTS_MAX = 5
"""After so many failures that repeat on one operation alone it is quarantined as `internal` (protocol section 4)."""

WAITS = "quarantined"
"""The status of what nobody has judged yet."""

_COLUMNS = (
    "id, association_id, sender_id, author, counter, n, digest, counts, kind, of, record, status, problems, body,"
    " arrived_ms, code"
)


@dataclass(frozen=True)
class QuarantineRow:
    """A quarantined operation.

    `counts`: its sender may speak for its author; `record`: 16 bytes or None; `code`: the first of its problems.
    """

    id: int
    association_id: int
    sender_id: int
    author: str
    counter: int
    n: int
    digest: bytes
    counts: bool
    kind: str
    of: str
    record: bytes | None
    status: str
    problems: bytes
    body: bytes
    arrived_ms: int
    code: str = ""


@dataclass(frozen=True)
class VerdictRow:
    """What somebody decided of a statement: release or reject, why, under which author, when."""

    decision: str
    note: str
    said_by: str
    said_ms: int


def add(session: Session, row: QuarantineRow) -> int:
    """Keep an operation raw, and let it stand in the desk's list; return its row id. `row.id` is ignored."""
    columns = _COLUMNS.removeprefix("id, ")
    values = (
        row.association_id, row.sender_id, row.author, row.counter, row.n, row.digest, row.counts, row.kind, row.of,
        row.record, row.status, row.problems, row.body, row.arrived_ms, row.code,
    )  # fmt: skip
    sql = f"INSERT INTO quarantine ({columns}) VALUES ({places(len(values))}) RETURNING id"
    row_id = int(execute(session, sql, values).scalar_one())
    if row.status == WAITS:
        inbox.put_quarantined(session, _listed(row, row_id), row.author)
    return row_id


def _listed(row: QuarantineRow, row_id: int) -> InboxRow:
    state, when = STATES.index(WAITS), row.arrived_ms
    where = (0, row.sender_id, "", state, 0, 0, 0, "", when, when)
    return InboxRow(-row_id, row.association_id, row.kind, row.of, row.record, *where)


def said(session: Session, sender_id: int, author: str, counter: int, n: int, digest: bytes) -> QuarantineRow | None:
    """The very same statement by the same sender, if it was quarantined before."""
    sql = (
        f"SELECT {_COLUMNS} FROM quarantine WHERE sender_id = ? AND author = ? AND counter = ? AND n = ? AND digest = ?"
    )
    row = execute(session, sql, (sender_id, author, counter, n, digest)).first()
    return QuarantineRow(*row) if row else None


def of_sender(
    session: Session, sender_id: int, ids: Collection[tuple[str, int]]
) -> list[tuple[str, int, int, bytes, bool, int]]:
    """(author, counter, n, digest, counts, row id) of what a sender said under these (author, counter)."""
    found: list[tuple[str, int, int, bytes, bool, int]] = []
    for author in sorted({name for name, _ in ids}):
        counters = sorted(counter for name, counter in ids if name == author)
        for start in range(0, len(counters), CHUNK_ROWS):
            chunk = counters[start : start + CHUNK_ROWS]
            sql = (
                "SELECT author, counter, n, digest, counts, id FROM quarantine WHERE sender_id = ? AND author = ?"
                f" AND counter IN ({places(len(chunk))})"
            )
            rows = execute(session, sql, (sender_id, author, *chunk))
            found.extend((row[0], row[1], row[2], bytes(row[3]), bool(row[4]), row[5]) for row in rows)
    return found


def of_authors(session: Session, association_id: int, ids: Collection[tuple[str, int]]) -> list[QuarantineRow]:
    """What is quarantined of some authors under some counters: (author, counter)."""
    found: list[QuarantineRow] = []
    for author in sorted({name for name, _ in ids}):
        counters = sorted(counter for name, counter in ids if name == author)
        for start in range(0, len(counters), CHUNK_ROWS):
            chunk = counters[start : start + CHUNK_ROWS]
            sql = (
                f"SELECT {_COLUMNS} FROM quarantine WHERE association_id = ? AND author = ?"
                f" AND counter IN ({places(len(chunk))}) ORDER BY id"
            )
            rows = execute(session, sql, (association_id, author, *chunk))
            found.extend(QuarantineRow(*row) for row in rows)
    return found


def of_record(session: Session, association_id: int, uuid: bytes) -> list[QuarantineRow]:
    """What is quarantined of one UUID, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM quarantine WHERE association_id = ? AND record = ? ORDER BY id"
    return [QuarantineRow(*row) for row in execute(session, sql, (association_id, uuid))]


def of_records(session: Session, association_id: int, uuids: Collection[bytes]) -> list[QuarantineRow]:
    """What is quarantined of some UUIDs, oldest first."""
    wanted, found = sorted(uuids), list[QuarantineRow]()
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = (
            f"SELECT {_COLUMNS} FROM quarantine WHERE association_id = ? AND record IN ({places(len(chunk))})"
            " ORDER BY id"
        )
        found.extend(QuarantineRow(*row) for row in execute(session, sql, (association_id, *chunk)))
    return found


def page(
    session: Session, association_id: int, after_id: int, limit: int, code: str | None = None
) -> list[QuarantineRow]:
    """A page of what waits for a coordinator, oldest first; of all reasons, or of one."""
    only, given = ("", ()) if code is None else (" AND code = ?", (code,))
    sql = (
        f"SELECT {_COLUMNS} FROM quarantine WHERE association_id = ? AND status = 'quarantined'{only} AND id > ?"
        " ORDER BY id LIMIT ?"
    )
    return [QuarantineRow(*row) for row in execute(session, sql, (association_id, *given, after_id, limit))]


def reasons(session: Session, association_id: int) -> list[tuple[str, str, str]]:
    """(code, kind, form or list) of what waits for a coordinator, each once."""
    sql = (
        "SELECT DISTINCT code, kind, of FROM quarantine WHERE association_id = ? AND status = 'quarantined'"
        " ORDER BY code, kind, of"
    )
    return [(row[0], row[1], row[2]) for row in execute(session, sql, (association_id,))]


def waiting_count(session: Session, association_id: int) -> int:
    """How many quarantined operations nobody has judged yet."""
    sql = "SELECT count(*) FROM quarantine WHERE association_id = ? AND status = 'quarantined'"
    return int(execute(session, sql, (association_id,)).scalar_one())


def targets(session: Session, association_id: int, author: str, counter: int, n: int) -> list[QuarantineRow]:
    """Everything quarantined under one id."""
    sql = f"SELECT {_COLUMNS} FROM quarantine WHERE association_id = ? AND author = ? AND counter = ? AND n = ?"
    return [QuarantineRow(*row) for row in execute(session, sql, (association_id, author, counter, n))]


def find(session: Session, association_id: int, quarantine_id: int) -> QuarantineRow | None:
    """One quarantined operation of an association."""
    sql = f"SELECT {_COLUMNS} FROM quarantine WHERE id = ? AND association_id = ?"
    row = execute(session, sql, (quarantine_id, association_id)).first()
    return QuarantineRow(*row) if row else None


def by_ids(session: Session, ids: Collection[int]) -> dict[int, QuarantineRow]:
    """Quarantined operations by row id; at most a page of them."""
    sql = f"SELECT {_COLUMNS} FROM quarantine WHERE id IN ({places(len(ids))})"
    return {row[0]: QuarantineRow(*row) for row in execute(session, sql, sorted(ids))} if ids else {}


def set_status(session: Session, quarantine_id: int, status: str) -> None:
    """Note a verdict, released or rejected: it stands in the desk's list no longer."""
    execute(session, "UPDATE quarantine SET status = ? WHERE id = ?", (status, quarantine_id))
    inbox.remove(session, [-quarantine_id])


def let_count(session: Session, row: QuarantineRow, problems: bytes, code: str) -> str:
    """Note that its sender may speak for its author by now, and what else is wrong with it; its status.

    What had left because it could be said waits again.
    """
    status = WAITS if row.status == "released" else row.status
    sql = "UPDATE quarantine SET counts = ?, status = ?, problems = ?, code = ? WHERE id = ?"
    execute(session, sql, (True, status, problems, code, row.id))
    if status != row.status:
        inbox.put_quarantined(session, _listed(row, row.id), row.author)
    return status


def note_verdict(
    session: Session, association_id: int, target: tuple[str, str, int, int, str], given: VerdictRow
) -> None:
    """Remember a verdict on (sender, author, counter, n, digest as hex), which may come before what it judges."""
    sender, author, counter, n, digest = target
    sql = (
        "INSERT INTO verdict (association_id, sender, author, counter, n, digest, decision, note, said_by, said_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (association_id, digest, author, counter, n, sender) DO UPDATE SET decision = excluded.decision,"
        " note = excluded.note, said_by = excluded.said_by, said_ms = excluded.said_ms"
    )
    named = (given.decision, given.note, given.said_by, given.said_ms)
    execute(session, sql, (association_id, sender, author, counter, n, digest, *named))


def verdict_on(session: Session, row: QuarantineRow) -> VerdictRow | None:
    """What was decided last of a quarantined statement, and why."""
    sql = (
        "SELECT decision, note, said_by, said_ms FROM verdict WHERE association_id = ? AND digest = ? AND author = ?"
        " AND counter = ? AND n = ? ORDER BY said_ms DESC LIMIT 1"
    )
    key = (row.association_id, bytes(row.digest).hex(), row.author, row.counter, row.n)
    found = execute(session, sql, key).first()
    return VerdictRow(*found) if found else None


def verdict(session: Session, association_id: int, author: str, counter: int, n: int, digest: str) -> str | None:
    """The verdict on a statement, if one was given."""
    sql = (
        "SELECT decision FROM verdict WHERE association_id = ? AND digest = ? AND author = ? AND counter = ? AND n = ?"
    )
    return execute(session, sql, (association_id, digest, author, counter, n)).scalar()


Statement = tuple[str, int, int, str]
"""(author, counter, n, digest as hex)."""


def released(session: Session, association_id: int, said: Collection[Statement]) -> set[Statement]:
    """Which of these statements a verdict released."""
    found: set[Statement] = set()
    digests = sorted({each[3] for each in said})
    for start in range(0, len(digests), CHUNK_ROWS):
        chunk = digests[start : start + CHUNK_ROWS]
        sql = (
            "SELECT author, counter, n, digest FROM verdict WHERE association_id = ? AND decision = 'release'"
            f" AND digest IN ({places(len(chunk))})"
        )
        found.update((row[0], row[1], row[2], row[3]) for row in execute(session, sql, (association_id, *chunk)))
    return found.intersection(said)


def count_fault(session: Session, sender_id: int, author: str, counter: int, n: int, digest: bytes) -> int:
    """Count one more failure of an operation alone; return how many there were."""
    sql = (
        "INSERT INTO fault (sender_id, author, counter, n, digest, times) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (sender_id, author, counter, n, digest) DO UPDATE SET times = fault.times + 1 RETURNING times"
    )
    return int(execute(session, sql, (sender_id, author, counter, n, digest)).scalar_one())
