"""Files of records as one reader may see them: those that a readable answer names, and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.services import reading
from fieldsync.services.readers import Reader
from fieldsync.store import attachments


@dataclass(frozen=True)
class FileShown:
    """A file that somebody may read: its key is made of the association and `kept_sha256`; `size` in bytes."""

    association_id: int
    kept_sha256: str
    size: int
    media_type: str


def find(session: Session, reader: Reader, uuid: str, sha256: str, language: str) -> FileShown | None:
    """The file of that digest, where a record of that UUID names it in an answer that the reader sees."""
    shown = reading.told(session, reader, reading.find(session, reader, uuid), language)
    named = next((value for record in shown for value in _files(record) if value.get("sha256") == sha256), None)
    row = attachments.find(session, reader.association_id, sha256) if named else None
    if named is None or row is None:
        return None
    return FileShown(row.association_id, row.kept_sha256, row.kept_size, str(named["type"]))


def _files(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    values = [*record["fields"].values(), *(each["value"] for found in record["conflicts"].values() for each in found)]
    return (value for value in values if isinstance(value, Mapping) and "sha256" in value)
