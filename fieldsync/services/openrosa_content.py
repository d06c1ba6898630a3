"""What a submission says as one operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fieldsync.core.operations import OperationId, Value
from fieldsync.core.problems import Problem
from fieldsync.services.openrosa_branches import Step
from fieldsync.services.published import Published


@dataclass
class Content:
    """What a submission writes, with what in its past, and the submission that the writes are told against."""

    writes: Mapping[str, Value]
    seen: tuple[OperationId, ...] = ()
    bases: Mapping[str, tuple[OperationId, ...]] = field(default_factory=dict)
    base_id: int | None = None
    deletes: bool = False
    problem: Problem | None = None
    xml: str | None = None
    missing: Sequence[tuple[str, str]] = ()
    """(path, name) of files that are not here."""
    steps: Sequence[Step] = ()
    early: Sequence[Step] = ()
    """Updates of entities in runs of offline work, and those of them whose turn it is not yet."""
    entities: set[str] = field(default_factory=set)


def objection(found: Published, twice: str | None) -> Problem | None:
    """What keeps open answers out of a record; `twice`: the path of one that stands twice."""
    if found.form.public_key:
        return Problem("not_encrypted")
    return Problem("answered_twice", twice) if twice is not None else None
