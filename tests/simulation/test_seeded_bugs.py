"""A judge who never finds anything proves nothing: each bug that is planted in the real code must be noticed."""

import pytest

from tests.simulation import mutations_client, mutations_files, mutations_openrosa, mutations_pairs, mutations_server
from tests.simulation.__main__ import SCHEDULES_PER_BUG
from tests.simulation.mutations import MUTATIONS
from tests.simulation.runs import Outcome, replay_command, run

BUGS_MIN = 25

assert (
    mutations_client and mutations_files and mutations_openrosa and mutations_pairs and mutations_server
)  # they fill MUTATIONS


def table(outcome: Outcome) -> str:
    """Bug, what it breaks, the seed that showed it, and what the judges called it."""
    lines = ["", f"{'seeded bug':55} {'what it breaks':55} {'seed':>5}  verdict"]
    for bug in MUTATIONS:
        seed, verdicts = outcome.bugs.get(bug.name, (-1, []))
        lines.append(f"{bug.name:55} {bug.breaks:55} {seed:5}  {', '.join(verdicts) or 'NOT CAUGHT'}")
    return "\n".join(lines)


@pytest.mark.simulation
def test_every_seeded_bug_is_caught() -> None:
    assert len(MUTATIONS) >= BUGS_MIN
    outcome = run("bugs", 0, SCHEDULES_PER_BUG)
    print(table(outcome))
    missed = [bug.name for bug in MUTATIONS if not outcome.bugs.get(bug.name, (0, []))[1]]
    assert missed == [], [replay_command(0, bug=name) for name in missed]
