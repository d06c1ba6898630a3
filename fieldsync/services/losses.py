"""Files that are lost: the association has them no more, and the records that name them miss them again."""

import re
from collections.abc import Collection

from sqlalchemy.orm import Session

from fieldsync.store import associations, attachments, changes, flags, records
from fieldsync.store.changes import NewChange

PAGE_ROWS = 500

_digests = re.compile(rb"[0-9a-f]{64}").findall


def note(session: Session, association_id: int, lost: Collection[str], now_ms: int) -> None:
    """Say of files that they are not here, as if they had never come: whoever still has one can bring it."""
    attachments.lose(session, association_id, lost)
    named = _naming(session, association_id, {sha256.encode() for sha256 in lost})
    flags.add_missing_files(session, named)
    rows = records.by_ids(session, {record_id for _, _, _, record_id in named}, lock=True)
    records.set_incomplete(session, sorted(rows), True)
    if rows:
        positions = associations.draw_positions(session, association_id, len(rows))
        told = [NewChange(record_id, None, 0, rows[record_id].place) for record_id in sorted(rows)]
        changes.append(session, association_id, positions, told, now_ms)


def _naming(session: Session, association_id: int, lost: set[bytes]) -> list[tuple[int, int, str, int]]:
    """Which operations name these files: (author id, counter, digest, record id)."""
    found, after_id = [], 0
    while page := attachments.operations_naming_files(session, association_id, after_id, PAGE_ROWS):
        after_id = page[-1][0]
        for _, author_id, counter, record_id, body in page:
            named = lost & set(_digests(body))
            found += [(author_id, counter, sha256.decode(), record_id) for sha256 in sorted(named)]
    return found
