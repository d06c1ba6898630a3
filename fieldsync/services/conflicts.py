"""What disagrees in a record, as one reader may see it: both values, who wrote each, when, and what each had seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy.orm import Session

from fieldsync.core import disputes, evidence
from fieldsync.core.answer_paths import OCCURRENCE, occurrences_of, unindexed
from fieldsync.core.disputes import Claim, Dispute, Doubt
from fieldsync.core.operations import OperationId, Stamp, Value
from fieldsync.core.problems import Problem
from fieldsync.core.validation import CompiledForm
from fieldsync.services import authorship, histories, reading
from fieldsync.services.authorship import Author
from fieldsync.services.desk import Found
from fieldsync.services.histories import Spoken
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.withholding import Hidden

SIDES_MAX = 20
"""Values of one path that a page sets side by side; what is beyond stays in the history."""

CONFLICTS_MAX = 100
"""Conflicts of one record that a page shows at once; the next come up as these are settled."""


Rows: TypeAlias = tuple[tuple[str, int], ...]
"""The repeats around a path, outermost first, and in which row it lies; 0 for a row that is gone."""


@dataclass(frozen=True)
class Saying:
    """Who said something, when by the sender's clock, and when it came by ours."""

    id: OperationId
    by: Author
    said_ms: int
    received_ms: int | None


@dataclass(frozen=True)
class Side:
    """One of the values in conflict. `before`: what its author saw there; `knew`: whether she saw anything.

    `breaks`: rules of the form that the record breaks with this value and not with every other.
    """

    saying: Saying
    value: Value
    before: Value
    knew: bool
    breaks: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Values of one path; the first is shown meanwhile. A masked one has its sides without their values.

    `rows`: the repeats around it with the number of the row; `calculated`: what the form itself works out there.
    """

    path: str
    sides: tuple[Side, ...]
    protective: bool
    masked: bool
    rows: Rows = ()
    calculated: Value = None


@dataclass(frozen=True)
class DeleteConflict:
    """A delete of the record (`path` is "") or of a repeat's row, and what was written without knowing of it."""

    path: str
    deletes: tuple[Saying, ...]
    writes: tuple[Saying, ...]
    rows: Rows = ()


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
    """Puts what disagrees into words for one reader; each author is looked up once."""

    spoken: Spoken
    hidden: Hidden
    authors: Mapping[str, Author]
    form: CompiledForm | None

    def conflict(self, found: Dispute) -> Conflict:
        """One path, its values without what is masked."""
        masked = unindexed(found.path) in self.hidden.masked
        claims = found.claims[:SIDES_MAX]
        if masked:
            sides = [Side(self._saying(each.id, each.stamp), None, None, False) for each in claims]
            return Conflict(found.path, tuple(sides), found.protective, True, self._rows(found.path))
        breaks = self._breaks(found.path, claims)
        sides = [self._side(claim, broken) for claim, broken in zip(claims, breaks, strict=True)]
        rows, worked_out = self._rows(found.path), self._calculated(found.path)
        return Conflict(found.path, tuple(sides), found.protective, False, rows, worked_out)

    def delete(self, found: Doubt) -> DeleteConflict:
        """A delete in doubt, and what was written without knowing of it."""
        deletes, writes = (
            tuple(self._saying(each.id, each.stamp) for each in said[:SIDES_MAX])
            for said in (found.deletes, found.writes)
        )
        return DeleteConflict(found.path, deletes, writes, self._rows(found.path))

    def _side(self, claim: Claim, breaks: tuple[Problem, ...]) -> Side:
        return Side(self._saying(claim.id, claim.stamp), claim.value, claim.before, claim.knew, breaks)

    def _saying(self, id: OperationId, stamp: Stamp) -> Saying:
        return Saying(id, self.authors[id[0]], stamp[0], self.spoken.received_ms(id))

    def _rows(self, path: str) -> Rows:
        if "[" not in path:
            return ()
        places = occurrences_of(self.spoken.state.fields)
        rows = []
        for match in OCCURRENCE.finditer(path):
            known = places.get(path[: match.start()], [])
            prefix = path[: match.end()]
            rows.append((path[: match.start()], known.index(prefix) + 1 if prefix in known else 0))
        return tuple(rows)

    def _breaks(self, path: str, claims: Sequence[Claim]) -> list[tuple[Problem, ...]]:
        if self.form is None:
            return [()] * len(claims)
        state = self.spoken.state
        return evidence.broken_by(self.form, state.fields, path, [each.value for each in claims], state.rules_stamp[0])

    def _calculated(self, path: str) -> Value:
        state = self.spoken.state
        return evidence.calculated(self.form, state.fields, path, state.rules_stamp[0]) if self.form else None


def of_record(session: Session, reader: Reader, found: Found, revealed: bool = False) -> Disagreement:
    """What disagrees in a record that the reader may see; cheap where nothing does."""
    if not found.row.conflicts:
        return Disagreement()
    spoken = histories.spoken(session, reader.association_id, found.row)
    if spoken is None:
        return Disagreement()
    hidden = reading.hidden_of(session, reader, found, revealed)
    every = disputes.disputes(spoken.past, spoken.state, spoken.protective)
    shown = [each for each in every if unindexed(each.path) not in hidden.withheld]
    doubts = disputes.doubts(spoken.past, spoken.state)
    version = published(session, reader.association_id, found.of, spoken.state.version)
    form = version.compiled if version is not None and found.kind == "submission" else None
    told = _Told(spoken, hidden, authorship.named(session, reader.association_id, _authors(shown, doubts)), form)
    return Disagreement(
        spoken.state.heads,
        tuple(map(told.conflict, shown[:CONFLICTS_MAX])),
        tuple(map(told.delete, doubts[:CONFLICTS_MAX])),
        len(every) - len(shown),
    )


def _authors(shown: Sequence[Dispute], doubts: Sequence[Doubt]) -> set[str]:
    claims = {claim.id[0] for each in shown for claim in each.claims}
    return claims | {operation.id[0] for each in doubts for operation in (*each.deletes, *each.writes)}
