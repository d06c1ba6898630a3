"""Records in the hands of those who follow the change log: each with its collection and its fold, read once."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.merge import RecordState
from fieldsync.services.folding import HELD_REVIEW
from fieldsync.services.working import decode_state
from fieldsync.store import associations, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.records import RecordRow


@dataclass(frozen=True)
class Taken:
    """A record in hand; `state` is None while nothing of it applies."""

    row: RecordRow
    collection: CollectionRow
    state: RecordState | None

    @property
    def stands(self) -> bool:
        """Whether it stands by itself, with something said of it."""
        return self.state is not None and self.row.is_there

    @property
    def is_judged(self) -> bool:
        """Whether it stands, and does not wait to be taken in."""
        return self.stands and self.row.review != HELD_REVIEW


def take_up(session: Session, association_id: int, record_ids: Collection[int]) -> list[Taken]:
    """Those of some records that are an association's, by row id."""
    owned = {row.id: row for row in associations.collections(session, association_id)}
    return [
        Taken(row, owned[row.collection_id], decode_state(bytes(row.state)))
        for row in records.by_ids(session, record_ids).values()
        if row.collection_id in owned
    ]
