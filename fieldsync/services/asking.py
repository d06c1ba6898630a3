"""A question about a pair goes to whoever registered each of the two, as a comment of the desk with the next sync."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.services import desk, histories, provenance, reading
from fieldsync.services.deciding import Pair
from fieldsync.services.desk import Desk, Found
from fieldsync.services.readers import Reader

LEFT, RIGHT = "left", "right"
SIDES = (LEFT, RIGHT)

QUESTION_MAX = 500
"""Characters of a question."""


def ask(
    session: Session, reader: Reader, by: Desk, pair: Pair, text: str, sides: Collection[str] = SIDES
) -> Problem | None:
    """Ask about one or both records of a pair. The text is all that a companion gets: nothing of the other record."""
    for side, found in zip(SIDES, (pair.left, pair.right), strict=True):
        problem = desk.comment(session, by, _told_by(session, reader, found), text) if side in sides else None
        if problem is not None:
            return problem
    return None


def _told_by(session: Session, reader: Reader, found: Found) -> Found:
    """The form by which somebody first told of an entity, which her phone shows her; the record itself without one."""
    spoken = histories.spoken(session, reader.association_id, found.row) if found.kind == "entity" else None
    if spoken is None:
        return found
    wrote = provenance.submissions_of(session, reader, spoken.past.operations)
    ordered = (wrote[each.id] for each in spoken.past.operations if each.id in wrote)
    return next((each for each in ordered if reading.may_read(reader, each, each.row, ACT_ON_RECORDS)), found)
