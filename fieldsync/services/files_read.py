"""Files of records as one reader may see them: those that a readable answer names, and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.services import reading
from fieldsync.services.readers import Reader
from fieldsync.store import attachments
from fieldsync.store.attachments import AttachmentRow


@dataclass(frozen=True)
class FileShown:
    """A file that somebody may read, and of which media type whoever named it said it is.

    `reads_personal`: whether she reads the personal answers of the record, as she asked for it.
    """

    row: AttachmentRow
    media_type: str
    reads_personal: bool


def find(
    session: Session, reader: Reader, uuid: str, sha256: str, language: str, revealed: bool = False
) -> FileShown | None:
    """The file of that digest, where a record of that UUID names it in an answer that the reader sees.

    `revealed`: after a click that was written down.
    """
    for found in reading.find(session, reader, uuid):
        shown = reading.told(session, reader, [found], language, revealed)
        named = next((value for record in shown for value in _files(record) if value.get("sha256") == sha256), None)
        row = attachments.find(session, reader.association_id, sha256) if named else None
        if named is not None and row is not None:
            return FileShown(row, str(named["type"]), reading.shows_personal(reader, found, revealed))
    return None


def _files(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    values = [*record["fields"].values(), *(each["value"] for found in record["conflicts"].values() for each in found)]
    return (value for value in values if isinstance(value, Mapping) and "sha256" in value)
