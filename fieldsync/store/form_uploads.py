"""Form definitions that are being looked at, and are not published."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many

_COLUMNS = "id, uuid, person_id, association_id, file_name, made_ms, expires_ms, size"


@dataclass(frozen=True)
class UploadRow:
    """An upload without its bytes."""

    id: int
    uuid: str
    person_id: int
    association_id: int
    file_name: str
    made_ms: int
    expires_ms: int
    size: int


def add(session: Session, row: UploadRow, definition: bytes, files: Mapping[str, bytes]) -> None:
    """Keep an upload with its files. `row.id` is ignored."""
    sql = (
        "INSERT INTO form_upload (uuid, person_id, association_id, file_name, made_ms, expires_ms, size, definition)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
    )
    values = (row.uuid, row.person_id, row.association_id, row.file_name, row.made_ms, row.expires_ms, row.size)
    upload_id = int(execute(session, sql, (*values, definition)).scalar_one())
    rows = [(upload_id, name, data) for name, data in sorted(files.items())]
    execute_many(session, "INSERT INTO form_upload_file (form_upload_id, name, data) VALUES (?, ?, ?)", rows)


def find(session: Session, person_id: int, association_id: int, uuid: str, now_ms: int) -> UploadRow | None:
    """A person's upload in an association that is still kept."""
    sql = (
        f"SELECT {_COLUMNS} FROM form_upload WHERE uuid = ? AND person_id = ? AND association_id = ? AND expires_ms > ?"
    )
    row = execute(session, sql, (uuid, person_id, association_id, now_ms)).first()
    return UploadRow(*row) if row else None


def of_person(session: Session, person_id: int, association_id: int, now_ms: int) -> list[UploadRow]:
    """What a person is looking at in an association, newest first."""
    sql = (
        f"SELECT {_COLUMNS} FROM form_upload"
        " WHERE person_id = ? AND association_id = ? AND expires_ms > ? ORDER BY id DESC"
    )
    return [UploadRow(*row) for row in execute(session, sql, (person_id, association_id, now_ms))]


def definition(session: Session, upload_id: int) -> bytes:
    """What an upload became."""
    sql = "SELECT definition FROM form_upload WHERE id = ?"
    return bytes(execute(session, sql, (upload_id,)).scalar_one())


def files(session: Session, upload_id: int) -> dict[str, bytes]:
    """An upload's files."""
    sql = "SELECT name, data FROM form_upload_file WHERE form_upload_id = ? ORDER BY name"
    return {row[0]: bytes(row[1]) for row in execute(session, sql, (upload_id,))}


def drop(session: Session, upload_id: int) -> None:
    """Forget an upload."""
    execute(session, "DELETE FROM form_upload_file WHERE form_upload_id = ?", (upload_id,))
    execute(session, "DELETE FROM form_upload WHERE id = ?", (upload_id,))


def keep_newest(session: Session, person_id: int, count: int) -> None:
    """Forget a person's uploads but the newest ones, wherever they were made."""
    sql = "SELECT id FROM form_upload WHERE person_id = ? ORDER BY id DESC LIMIT 1000 OFFSET ?"
    for row in execute(session, sql, (person_id, count)):
        drop(session, row[0])


def drop_expired(session: Session, now_ms: int) -> int:
    """Forget what is over; return how many."""
    gone = execute(session, "SELECT id FROM form_upload WHERE expires_ms <= ? LIMIT 1000", (now_ms,))
    ids = [row[0] for row in gone]
    for upload_id in ids:
        drop(session, upload_id)
    return len(ids)
