"""Updates of entities made offline one after the other: whichever comes early waits for the one before it.

The record of such a submission shows all that was filled; only its `@update` is said once it is its turn, so that the
entity follows the order of the work, not that of the arrival (docs/openrosa.md, "Entities").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.declarations import places, statements
from fieldsync.core.forms import Form
from fieldsync.core.operations import Value
from fieldsync.services.openrosa_bases import ENTITIES_MAX, entity_state
from fieldsync.store import openrosa_branches
from fieldsync.store.openrosa_branches import StepRow

WAITS_MS = 5 * 24 * 3600 * 1000
"""How long an update waits for one that may never come; ODK Central waits as long."""

UPDATE = "@update"
VERSION_MAX = 2**53


@dataclass(frozen=True)
class Step:
    """An update as a form declares it: the step after version `base` of its phone, in a run called `branch`.

    `branch` is "" where the form says nothing of runs; such an update waits only for its entity.
    """

    path: str
    list: str
    entity: str
    branch: str
    trunk: str
    base: int
    said: str

    @property
    def flag(self) -> str:
        """The path that is said when it is the step's turn."""
        return f"{self.path}/{UPDATE}"


def touched(form: Form, fields: Mapping[str, Value]) -> set[str]:
    """The entities that a submission speaks of."""
    said = statements(fields, places(form, fields)).values() if form.entities else ()
    return {each.entity for each in said if each.entity is not None}


def steps(form: Form, fields: Mapping[str, Value]) -> list[Step]:
    """The updates of a submission, with where in a run of offline work they belong."""
    said = statements(fields, places(form, fields)).items() if form.entities else ()
    found = []
    for place, statement in list(said)[:ENTITIES_MAX]:
        branch, trunk, base, update = (
            str(fields.get(f"{place.path}/{name}") or "")
            for name in ("@branchId", "@trunkVersion", "@baseVersion", UPDATE)
        )
        is_update = statement.entity is not None and not statement.creates
        if is_update and base.isascii() and base.isdigit() and int(base) < VERSION_MAX:
            found.append(Step(place.path, place.list, str(statement.entity), branch, trunk, int(base), update))
    return found


def early(session: Session, association_id: int, found: Sequence[Step]) -> list[Step]:
    """Those that came before the one that they follow."""
    return [each for each in found if not _is_its_turn(session, association_id, each)]


def _is_its_turn(session: Session, association_id: int, step: Step | StepRow) -> bool:
    begins_on_the_server = not step.branch or step.trunk == str(step.base)
    if begins_on_the_server or step.base <= 1:
        return entity_state(session, association_id, step.list, step.entity) is not None
    return openrosa_branches.is_taken(session, association_id, step.entity, step.branch, step.base - 1)


def remember(
    session: Session, association_id: int, submission_id: int, found: Sequence[Step], waits: Sequence[Step], now_ms: int
) -> None:
    """Note the steps of a submission, and which of them wait."""
    openrosa_branches.add(session, [
        StepRow(submission_id, each.path, association_id, each.list, each.entity, each.branch, each.trunk, each.base,
                each.said, each in waits, now_ms)
        for each in found
        if each.branch or each in waits
    ])  # fmt: skip


def next_due(session: Session, association_id: int, entities: set[str]) -> StepRow | None:
    """The next step of some entities whose turn it is now."""
    rows = openrosa_branches.waiting(session, association_id, entities)
    return next((row for row in rows if _is_its_turn(session, association_id, row)), None)
