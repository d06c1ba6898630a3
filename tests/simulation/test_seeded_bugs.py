"""A judge who never finds anything proves nothing: each bug that is planted in the real code must be noticed."""

from collections.abc import Sequence

import pytest

from tests.simulation import mutations_client, mutations_server
from tests.simulation.__main__ import SCHEDULES_PER_BUG, SCHEDULES_PER_RARE_BUG
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.runs import Outcome, replay_command, run

BUGS_MIN = 25

assert mutations_client and mutations_server  # they fill MUTATIONS


def table(outcome: Outcome, hunted: Sequence[Mutation]) -> str:
    """Bug, what it breaks, the seed that showed it, and what the judges called it."""
    lines = ["", f"{'seeded bug':55} {'what it breaks':55} {'seed':>5}  verdict"]
    for bug in hunted:
        seed, verdicts = outcome.bugs.get(bug.name, (-1, []))
        lines.append(f"{bug.name:55} {bug.breaks:55} {seed:5}  {', '.join(verdicts) or 'NOT CAUGHT'}")
    return "\n".join(lines)


@pytest.mark.simulation
def test_every_seeded_bug_is_caught() -> None:
    hunted = [bug for bug in MUTATIONS if not bug.rare]
    assert len(hunted) >= BUGS_MIN
    assert missed("bugs", hunted, SCHEDULES_PER_BUG) == []


@pytest.mark.simulation
@pytest.mark.long
def test_the_rare_ones_are_caught_in_a_night() -> None:
    assert missed("rare", [bug for bug in MUTATIONS if bug.rare], SCHEDULES_PER_RARE_BUG) == []


def missed(job: str, hunted: Sequence[Mutation], schedules: int) -> list[str]:
    """Print the table; how to replay what nobody noticed."""
    outcome = run(job, 0, schedules)
    print(table(outcome, hunted))
    return [replay_command(0, bug.name) for bug in hunted if not outcome.bugs.get(bug.name, (0, []))[1]]
