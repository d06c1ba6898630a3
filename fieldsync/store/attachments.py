"""Which files an association has, which are on their way, and which records still miss one."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, is_postgresql, places

ROWS_MAX = 250
"""How many rows one call takes."""

BLOCK_BYTES = 4096
"""What a file takes at least."""

NEW, READY, UNREADABLE, UNCLEANED = "new", "ready", "unreadable", "uncleaned"

_UPLOAD = "uuid, association_id, device_id, sha256, size, name, record, made_ms"
_ATTACHMENT = "association_id, sha256, size, kept_sha256, kept_size, device_id, awaited, arrived_ms, state, thumbnail"


@dataclass(frozen=True)
class UploadRow:
    """A file on its way; `size` in bytes."""

    uuid: str
    association_id: int
    device_id: int
    sha256: str
    size: int
    name: str
    record: str | None
    made_ms: int


@dataclass(frozen=True)
class AttachmentRow:
    """A file that is here."""

    association_id: int
    sha256: str
    size: int
    kept_sha256: str
    kept_size: int
    device_id: int
    awaited: bool
    arrived_ms: int
    state: str = NEW
    thumbnail: bool = False


def add_upload(session: Session, row: UploadRow) -> None:
    """Remember that a file is on its way."""
    sql = f"INSERT INTO upload ({_UPLOAD}) VALUES ({places(8)})"
    values = (row.uuid, row.association_id, row.device_id, row.sha256, row.size, row.name, row.record, row.made_ms)
    execute(session, sql, values)


def find_upload(session: Session, device_id: int, uuid: str) -> UploadRow | None:
    """An upload of this device."""
    row = execute(session, f"SELECT {_UPLOAD} FROM upload WHERE uuid = ? AND device_id = ?", (uuid, device_id)).first()
    return UploadRow(*row) if row else None


def is_upload(session: Session, uuid: str) -> bool:
    """Whether a file is on its way under that UUID, whoever brings it."""
    return execute(session, "SELECT 1 FROM upload WHERE uuid = ?", (uuid,)).first() is not None


def drop_upload(session: Session, uuid: str) -> None:
    """Forget an upload."""
    execute(session, "DELETE FROM upload WHERE uuid = ?", (uuid,))


def uploads_made_before(session: Session, before_ms: int, after: str) -> list[UploadRow]:
    """Uploads that began before a moment, by UUID, after one of them."""
    sql = f"SELECT {_UPLOAD} FROM upload WHERE made_ms < ? AND uuid > ? ORDER BY uuid LIMIT ?"
    return [UploadRow(*row) for row in execute(session, sql, (before_ms, after, ROWS_MAX))]


def bytes_waiting(session: Session, device_id: int) -> tuple[int, int]:
    """(uploads of a device, bytes that they and its files that nobody has named yet take on a disk)."""
    sql = f"SELECT count(*), coalesce(sum({_on_disk('size')}), 0) FROM upload WHERE device_id = ?"
    count, on_their_way = execute(session, sql, (device_id,)).one()
    sql = f"SELECT coalesce(sum({_on_disk('kept_size')}), 0) FROM attachment WHERE device_id = ? AND awaited = ?"
    return int(count), int(on_their_way) + int(execute(session, sql, (device_id, True)).scalar_one())


def bytes_since(session: Session, device_id: int, since_ms: int) -> int:
    """What a device's files take on a disk that came since a moment."""
    sql = f"SELECT coalesce(sum({_on_disk('size')}), 0) FROM attachment WHERE device_id = ? AND arrived_ms > ?"
    return int(execute(session, sql, (device_id, since_ms)).scalar_one())


def _on_disk(column: str) -> str:
    """A tiny file takes a block."""
    return f"CASE WHEN {column} < {BLOCK_BYTES} THEN {BLOCK_BYTES} ELSE {column} END"


def keep_others_from(session: Session, association_id: int, digests: Collection[str], alone: bool) -> None:
    """On PostgreSQL: whoever notes that a file is missing (many at a time) and whoever brings it (`alone`) take turns.

    Without it each may overlook what the other has not committed yet, and a file that is here stays missing.
    """
    if not is_postgresql(session):
        return
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    for digest in sorted(digests):
        execute(session, f"SELECT {function}(?, ?)", (association_id & 0x7FFFFFFF, int(digest[:7], 16)))


def add(session: Session, row: AttachmentRow) -> None:
    """Remember that a file is here; one that is here already stays as it is."""
    sql = f"INSERT INTO attachment ({_ATTACHMENT}) VALUES ({places(10)}) ON CONFLICT DO NOTHING"
    values = (
        row.association_id, row.sha256, row.size, row.kept_sha256, row.kept_size, row.device_id, row.awaited,
        row.arrived_ms, row.state, row.thumbnail,
    )  # fmt: skip
    execute(session, sql, values)


def find(session: Session, association_id: int, sha256: str) -> AttachmentRow | None:
    """A file of an association."""
    sql = f"SELECT {_ATTACHMENT} FROM attachment WHERE association_id = ? AND sha256 = ?"
    row = execute(session, sql, (association_id, sha256)).first()
    return AttachmentRow(*row) if row else None


def page(session: Session, association_id: int, after: str, limit: int) -> list[AttachmentRow]:
    """Files of an association by digest, after one of them."""
    sql = f"SELECT {_ATTACHMENT} FROM attachment WHERE association_id = ? AND sha256 > ? ORDER BY sha256 LIMIT ?"
    return [AttachmentRow(*row) for row in execute(session, sql, (association_id, after, limit))]


def came_again(session: Session, row: AttachmentRow) -> None:
    """What was kept of a file is lost, and its bytes came as they were sent: they are new."""
    sql = (
        "UPDATE attachment SET kept_sha256 = sha256, kept_size = size, state = ?, thumbnail = ?"
        " WHERE association_id = ? AND sha256 = ? AND kept_sha256 = ?"
    )
    execute(session, sql, (NEW, False, row.association_id, row.sha256, row.kept_sha256))


def lose(session: Session, association_id: int, digests: Collection[str]) -> None:
    """Files are gone for good: the association has them no more."""
    sql = "DELETE FROM attachment WHERE association_id = ? AND sha256 = ?"
    execute_many(session, sql, [(association_id, sha256) for sha256 in sorted(digests)])


def operations_naming_files(
    session: Session, association_id: int, after_id: int, limit: int
) -> list[tuple[int, int, int, int, bytes]]:
    """Operations that name files, by row id: (row id, author id, counter, record id, body); looks through them all."""
    holds = "position(? IN o.body)" if is_postgresql(session) else "instr(o.body, ?)"
    sql = (
        "SELECT o.id, o.author_id, o.counter, o.record_id, o.body FROM operation o JOIN author a ON a.id = o.author_id"
        f" WHERE a.association_id = ? AND o.n = 0 AND o.id > ? AND {holds} > 0 ORDER BY o.id LIMIT ?"
    )
    rows = execute(session, sql, (association_id, after_id, b'"sha256"', limit))
    return [(row[0], row[1], row[2], row[3], bytes(row[4])) for row in rows]


def here(session: Session, association_id: int, digests: Collection[str]) -> set[str]:
    """Which of these files an association has; from now on they are named by an operation."""
    found: set[str] = set()
    wanted = sorted(digests)
    for start in range(0, len(wanted), ROWS_MAX):
        chunk = wanted[start : start + ROWS_MAX]
        sql = f"SELECT sha256 FROM attachment WHERE association_id = ? AND sha256 IN ({places(len(chunk))})"
        found.update(row[0] for row in execute(session, sql, (association_id, *chunk)))
    named = [(False, association_id, sha256, True) for sha256 in sorted(found)]
    execute_many(
        session, "UPDATE attachment SET awaited = ? WHERE association_id = ? AND sha256 = ? AND awaited = ?", named
    )
    return found


def is_now(session: Session, row: AttachmentRow) -> bool:
    """What a file that was new turned out to be, and which bytes are kept of it; False where somebody was first."""
    sql = (
        "UPDATE attachment SET kept_sha256 = ?, kept_size = ?, state = ?, thumbnail = ?"
        " WHERE association_id = ? AND sha256 = ? AND state = ?"
    )
    what = (row.kept_sha256, row.kept_size, row.state, row.thumbnail)
    return execute(session, sql, (*what, row.association_id, row.sha256, NEW)).rowcount == 1


def new_ones(session: Session) -> list[AttachmentRow]:
    """Files that an operation names and that nobody has looked at."""
    sql = f"SELECT {_ATTACHMENT} FROM attachment WHERE state = ? AND awaited = ? LIMIT ?"
    return [AttachmentRow(*row) for row in execute(session, sql, (NEW, False, ROWS_MAX))]


def want_as_sent(session: Session, association_id: int, digests: Collection[str]) -> None:
    """A form wants these files as they were sent."""
    sql = "INSERT INTO as_sent (association_id, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING"
    execute_many(session, sql, [(association_id, sha256) for sha256 in sorted(digests)])


def is_wanted_as_sent(session: Session, association_id: int, sha256: str) -> bool:
    """Whether a form wants a file as it was sent."""
    sql = "SELECT 1 FROM as_sent WHERE association_id = ? AND sha256 = ?"
    return execute(session, sql, (association_id, sha256)).first() is not None


def missing(session: Session, association_id: int, sha256: str) -> list[tuple[int, int, int]]:
    """Who misses a file: (author id, counter, record id)."""
    sql = (
        "SELECT m.author_id, m.counter, m.record_id FROM missing_file m JOIN author a ON a.id = m.author_id"
        " WHERE m.sha256 = ? AND a.association_id = ? ORDER BY m.record_id LIMIT ?"
    )
    return [(row[0], row[1], row[2]) for row in execute(session, sql, (sha256, association_id, ROWS_MAX))]


def found_missing(session: Session, sha256: str, rows: Collection[tuple[int, int]]) -> None:
    """A file is here for these operations: (author id, counter)."""
    sql = "DELETE FROM missing_file WHERE author_id = ? AND counter = ? AND sha256 = ?"
    execute_many(session, sql, [(author_id, counter, sha256) for author_id, counter in sorted(rows)])


def orphans(session: Session, before_ms: int) -> list[AttachmentRow]:
    """Files that came before a moment and that no operation has named since."""
    sql = f"SELECT {_ATTACHMENT} FROM attachment WHERE awaited = ? AND arrived_ms < ? ORDER BY arrived_ms LIMIT ?"
    return [AttachmentRow(*row) for row in execute(session, sql, (True, before_ms, ROWS_MAX))]


def forget(session: Session, association_id: int, sha256: str) -> bool:
    """Forget a file that nobody has named; False where somebody has meanwhile."""
    sql = "DELETE FROM attachment WHERE association_id = ? AND sha256 = ? AND awaited = ?"
    return execute(session, sql, (association_id, sha256, True)).rowcount == 1


def is_quarantined(session: Session, association_id: int, sha256: str) -> bool:
    """Whether something in quarantine names a file; looks through all of it, for the night."""
    holds = "position(? IN body)" if is_postgresql(session) else "instr(body, ?)"
    sql = f"SELECT 1 FROM quarantine WHERE association_id = ? AND {holds} > 0 LIMIT 1"
    return execute(session, sql, (association_id, sha256.encode())).first() is not None
