"""Where records lie, kept for the map by whoever follows the change log.

A submission lies at its first point outside of repeats, an entity at its property `geometry` (the ODK entities
specification). Of forms and lists with anything restricted (P3) no point is kept at all.
"""

from collections.abc import Collection

from sqlalchemy.orm import Session

from fieldsync.core.geometry import cell
from fieldsync.core.masking import RESTRICTED
from fieldsync.core.observing import PLAIN, point_of
from fieldsync.services.folding import HELD_REVIEW
from fieldsync.services.quality import Observers
from fieldsync.services.working import decode_state
from fieldsync.store import associations, form_versions, points, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.points import PointRow
from fieldsync.store.records import RecordRow

GEOMETRY = "geometry"
"""The entity property that holds a point."""


def locate(session: Session, association_id: int, record_ids: Collection[int]) -> None:
    """Keep the points of records that came or changed; doing it again changes nothing."""
    names = {row.id: row for row in associations.collections(session, association_id)}
    observers, classes = Observers(session, association_id), _Classes(session, association_id)
    before = points.by_ids(session, record_ids)
    after: dict[int, PointRow] = {}
    for row in records.by_ids(session, record_ids).values():
        found = _point(observers, classes, names[row.collection_id], row)
        if found is not None:
            after[row.id] = found
    points.replace(
        session,
        [row for row_id, row in before.items() if after.get(row_id) != row],
        [row for row_id, row in after.items() if before.get(row_id) != row],
    )


class _Classes:
    """How sensitive the points of entity lists are."""

    def __init__(self, session: Session, association_id: int) -> None:
        self._session = session
        self._association_id = association_id
        self._found: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The class of a list's points; RESTRICTED for a list with anything restricted."""
        if name not in self._found:
            rows = form_versions.properties(self._session, self._association_id, name)
            classes = {row.name: row.sensitivity for row in rows}
            self._found[name] = RESTRICTED if RESTRICTED in classes.values() else classes.get(GEOMETRY, "P2")
        return self._found[name]


def _point(observers: Observers, classes: _Classes, collection: CollectionRow, row: RecordRow) -> PointRow | None:
    state = decode_state(bytes(row.state))
    if state is None or row.deleted or row.merged_into is not None or row.review == HELD_REVIEW:
        return None
    path, sensitivity = GEOMETRY, ""
    if collection.kind == "entity":
        sensitivity = classes.of(collection.of)
    else:
        observer = observers.of(collection.of, state.version)
        path, sensitivity = (observer.point or "", observer.point_class) if observer else ("", RESTRICTED)
    at = point_of(state.fields.get(path)) if sensitivity != RESTRICTED else None
    if at is None:
        return None
    latitude, longitude = at
    return PointRow(
        row.id, collection.id, row.created_by, row.place, sensitivity not in PLAIN, cell(latitude, longitude),
        latitude, longitude,
    )  # fmt: skip
