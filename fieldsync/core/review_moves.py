"""Which review state may follow which, and what stands in the way (docs/protocol.md, section 11; docs/desk.md)."""

from collections.abc import Mapping

from fieldsync.core.problems import Problem

RECEIVED, HAS_ISSUES, EDITED, APPROVED, REJECTED = "received", "hasIssues", "edited", "approved", "rejected"
HELD = "held"
"""In the place of a review state while nobody's answers apply; what waits can be sent back or rejected."""

FREE, ASKED, DUE = "free", "asked", "due"
"""Whether a move takes a reason: none; a page asks for one, since the companion reads it; nobody moves without."""

_JUDGE: Mapping[str, str] = {APPROVED: FREE, HAS_ISSUES: ASKED, REJECTED: ASKED}

MOVES: Mapping[str, Mapping[str, str]] = {
    HELD: {HAS_ISSUES: ASKED, REJECTED: ASKED},
    RECEIVED: _JUDGE,
    EDITED: _JUDGE,
    HAS_ISSUES: {**_JUDGE, RECEIVED: FREE, EDITED: FREE},
    REJECTED: {APPROVED: DUE, HAS_ISSUES: ASKED, RECEIVED: FREE, EDITED: FREE},
    APPROVED: {HAS_ISSUES: DUE, REJECTED: DUE, RECEIVED: DUE, EDITED: DUE},
}
"""The allowed moves: state → state → whether a reason is due. What is approved changes only with author and reason."""


def moves(state: str) -> Mapping[str, str]:
    """Where a record may go from its review state."""
    return MOVES.get(state, {})


def keeps_from(state: str, wanted: str, reason: str, conflicts: int, quarantined: int) -> Problem | None:
    """Why a record does not move to a review state: no such move, a reason that is due, or what must be settled first.

    `conflicts`: fields with several values, and deletes in doubt; `quarantined`: parts that wait for a verdict.
    """
    need = moves(state).get(wanted)
    if need is None:
        return Problem("review_not_open")
    if wanted == APPROVED and conflicts:
        return Problem("conflicts_first", detail={"count": str(conflicts)})
    if wanted == APPROVED and quarantined:
        return Problem("quarantine_first", detail={"count": str(quarantined)})
    return Problem("reason_due") if need == DUE and not reason else None


def keeps_from_writing(state: str, reason: str) -> Problem | None:
    """Why answers are not changed: what is approved takes a reason."""
    return Problem("reason_due") if state == APPROVED and not reason else None
