"""Where records lie, kept for the map by whoever follows the change log.

A submission lies at its first point outside of repeats, an entity at its property `geometry` (the ODK entities
specification). Of forms and lists with anything restricted (P3) no point is kept at all.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fieldsync.core.geometry import cell
from fieldsync.core.masking import RESTRICTED
from fieldsync.core.observing import PLAIN, point_of
from fieldsync.services.quality import Observers
from fieldsync.services.taken import Taken
from fieldsync.store import form_versions, points
from fieldsync.store.points import PointRow

GEOMETRY = "geometry"
"""The entity property that holds a point."""


def locate(session: Session, association_id: int, taken: Sequence[Taken]) -> None:
    """Keep the points of records that came or changed; doing it again changes nothing."""
    observers, classes = Observers(session, association_id), _Classes(session, association_id)
    before = points.by_ids(session, [each.row.id for each in taken])
    after: dict[int, PointRow] = {}
    for each in taken:
        found = _point(observers, classes, each)
        if found is not None:
            after[each.row.id] = found
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


def _point(observers: Observers, classes: _Classes, taken: Taken) -> PointRow | None:
    row, collection, state = taken.row, taken.collection, taken.state
    if state is None or not taken.is_judged:
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
