"""Which review state follows which: the table, and what stands in the way."""

import pytest

from fieldsync.core.acts import REVIEW_STATES
from fieldsync.core.review_moves import APPROVED, DUE, HELD, MOVES, keeps_from, keeps_from_writing, moves

DECISIONS = ("approved", "hasIssues", "rejected")


def code(state: str, wanted: str, reason: str = "", conflicts: int = 0, quarantined: int = 0) -> str:
    found = keeps_from(state, wanted, reason, conflicts, quarantined)
    return found.code if found else ""


def test_every_state_stands_in_the_table_and_leads_to_states() -> None:
    assert set(MOVES) == REVIEW_STATES | {HELD}
    assert all(set(after) <= REVIEW_STATES for after in MOVES.values())
    assert moves("unheard of") == {}


@pytest.mark.parametrize("state", ["received", "edited", "hasIssues"])
@pytest.mark.parametrize("wanted", DECISIONS)
def test_whatever_came_in_can_be_decided(state: str, wanted: str) -> None:
    assert code(state, wanted) == ""


@pytest.mark.parametrize("wanted", sorted(MOVES[APPROVED]))
def test_what_is_approved_moves_with_a_reason_alone(wanted: str) -> None:
    assert MOVES[APPROVED][wanted] == DUE
    assert (code(APPROVED, wanted), code(APPROVED, wanted, "The receipt came.")) == ("reason_due", "")
    assert keeps_from_writing(APPROVED, "") is not None
    assert keeps_from_writing(APPROVED, "The receipt came.") is None
    assert keeps_from_writing("edited", "") is None


@pytest.mark.parametrize("state", ["received", "edited", "hasIssues", "rejected"])
def test_nothing_in_conflict_or_with_a_part_in_quarantine_is_approved(state: str) -> None:
    assert code(state, APPROVED, "why", conflicts=1) == "conflicts_first"
    assert code(state, APPROVED, "why", quarantined=2) == "quarantine_first"
    assert code(state, "hasIssues", "why", conflicts=1, quarantined=1) == ""


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_nothing_is_decided_twice(state: str) -> None:
    assert code(state, state, "again") == "review_not_open"


def test_nobody_approves_what_nothing_applies_to() -> None:
    assert code(HELD, APPROVED) == "review_not_open"
    assert code(HELD, "rejected", "why") == ""
    assert code("received", "edited") == "review_not_open", "edited follows from writing, not from a wish"
