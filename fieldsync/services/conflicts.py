"""What disagrees in a record, as one reader may see it: both values, who wrote each, when, and what each had seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from fieldsync.core import disputes
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.disputes import Claim, Dispute, Doubt
from fieldsync.core.operations import Operation, OperationId, Stamp, Value
from fieldsync.services import authorship, histories
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.histories import Spoken
from fieldsync.services.readers import Reader
from fieldsync.services.withholding import Hidden, Withholding, hidden_from

SIDES_MAX = 20
"""Values of one path that a page sets side by side; what is beyond stays in the history."""

CONFLICTS_MAX = 100
"""Conflicts of one record that a page shows at once; the next come up as these are settled."""


@dataclass(frozen=True)
class Saying:
    """Who said something, when by the sender's clock, and when it came by ours."""

    id: OperationId
    by: Author
    said_ms: int
    received_ms: int | None


@dataclass(frozen=True)
class Side:
    """One of the values in conflict. `before`: what its author saw there; `knew`: whether she saw anything."""

    saying: Saying
    value: Value
    before: Value
    knew: bool


@dataclass(frozen=True)
class Conflict:
    """Values of one path; the first is shown meanwhile. A masked one has its sides without their values."""

    path: str
    sides: tuple[Side, ...]
    protective: bool
    masked: bool


@dataclass(frozen=True)
class DeleteConflict:
    """A delete of the record (`path` is "") or of a repeat's row, and what was written without knowing of it."""

    path: str
    deletes: tuple[Saying, ...]
    writes: tuple[Saying, ...]


@dataclass(frozen=True)
class Disagreement:
    """All that disagrees in a record. `heads`: what whoever settles it has seen. `withheld`: how many are not shown."""

    heads: tuple[OperationId, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    deletes: tuple[DeleteConflict, ...] = ()
    withheld: int = 0

    def __bool__(self) -> bool:
        return bool(self.conflicts or self.deletes or self.withheld)


@dataclass
class _Told:
    """Puts operations into sayings, each author looked up once."""

    spoken: Spoken
    authors: dict[str, Author] = field(default_factory=dict)

    def saying(self, id: OperationId, stamp: Stamp) -> Saying:
        return Saying(id, self.authors[id[0]], stamp[0], self.spoken.received_ms(id))

    def of(self, operation: Operation) -> Saying:
        return self.saying(operation.id, operation.stamp)


def of_record(session: Session, reader: Reader, found: Found, revealed: bool = False) -> Disagreement:
    """What disagrees in a record that the reader may see; cheap where nothing does."""
    if not found.row.conflicts:
        return Disagreement()
    spoken = histories.spoken(session, reader.association_id, found.row)
    if spoken is None:
        return Disagreement()
    hidden = hidden_of(session, reader, found, revealed)
    every = disputes.disputes(spoken.past, spoken.state, spoken.protective)
    shown = [each for each in every if unindexed(each.path) not in hidden.withheld]
    doubts = disputes.doubts(spoken.past, spoken.state)
    told = _Told(spoken, authorship.named(session, reader.association_id, _authors(shown, doubts)))
    return Disagreement(
        spoken.state.heads,
        tuple(_conflict(told, each, hidden) for each in shown[:CONFLICTS_MAX]),
        tuple(_delete(told, each) for each in doubts[:CONFLICTS_MAX]),
        len(every) - len(shown),
    )


def hidden_of(session: Session, reader: Reader, found: Found, revealed: bool) -> Hidden:
    """Which answers of a record the reader is not shown."""
    paths = Withholding(session, reader.association_id).paths(found.kind, found.of)
    scope = reader.scope(found.kind, found.of, found.row.place, found.row.created_by)
    return hidden_from(reader, scope, paths, revealed)


def _authors(shown: Sequence[Dispute], doubts: Sequence[Doubt]) -> set[str]:
    claims = {claim.id[0] for each in shown for claim in each.claims}
    return claims | {operation.id[0] for each in doubts for operation in (*each.deletes, *each.writes)}


def _conflict(told: _Told, found: Dispute, hidden: Hidden) -> Conflict:
    masked = unindexed(found.path) in hidden.masked
    sides = tuple(_side(told, claim, masked) for claim in found.claims[:SIDES_MAX])
    return Conflict(found.path, sides, found.protective, masked)


def _side(told: _Told, claim: Claim, masked: bool) -> Side:
    saying = told.saying(claim.id, claim.stamp)
    return Side(saying, None, None, False) if masked else Side(saying, claim.value, claim.before, claim.knew)


def _delete(told: _Told, found: Doubt) -> DeleteConflict:
    return DeleteConflict(
        found.path,
        tuple(map(told.of, found.deletes[:SIDES_MAX])),
        tuple(map(told.of, found.writes[:SIDES_MAX])),
    )
