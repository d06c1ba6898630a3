"""Keys and pairs of reports are what anybody finds who makes them anew, whatever happened before."""

from collections.abc import Sequence
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.services import deciding, desk
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE
from fieldsync.services.following import REPORTS
from fieldsync.store import pairs, records
from fieldsync.store.db import execute
from tests.reported_world import NOVEMBER, OCTOBER, Reports, borne
from tests.world import Json, World

Act = tuple[str, int, int, str]

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["report", "report", "correct", "delete", "merge", "merge", "part", SAME, DIFFERENT, UNSURE, "undo", "look"]
        ),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from([OCTOBER, NOVEMBER]),
    ),
    min_size=6,
    max_size=16,
)

EXAMPLES = max(6, settings().max_examples // 8)
"""A history here costs some hundred statements."""

villages: dict[Engine, Reports] = {}


@given(ACTS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_keys_and_pairs_are_what_making_them_anew_gives(engine: Engine, acts: list[Act]) -> None:
    """Each example goes on in the database of the one before, with other cooperatives."""
    if engine not in villages:
        villages[engine] = Reports(World(engine, forms=("person 1",)))
    village = villages[engine]
    cooperatives = [village.cooperative(f"C{number}") for number in range(4)]
    said: list[Json] = []
    for act in acts:
        plays(village, cooperatives, said, act)
    village.settles()
    reports = [each["record"] for each in said]
    kept = told(village, reports)
    ids = {village_row(village, each).id for each in reports}
    assert {pair for pair, level, _ in kept if level == "same"} == expected(village, reports)

    def forget(session: Session) -> None:
        for each in sorted(ids):
            execute(session, "DELETE FROM candidate_pair WHERE left_id = ? OR right_id = ?", (each, each))
            execute(session, "DELETE FROM declared_key WHERE record_id = ?", (each,))
            execute(session, "DELETE FROM flag WHERE record_id = ? AND code = 'possible_duplicate'", (each,))
        execute(session, "DELETE FROM follower WHERE name = ?", (REPORTS,))

    keys = borne(village.world)
    village.world.write(forget)
    village.settles()
    assert (told(village, reports), borne(village.world)) == (kept, keys)


def plays(village: Reports, cooperatives: Sequence[str], said: list[Json], act: Act) -> None:
    what, one, other, month = act
    village.world.now_ms += 1000
    if what == "report":
        said.append(village.says(cooperatives[one], month, 1 + len(said)))
    elif what == "merge" and one != other:
        village.merges(cooperatives[one], cooperatives[other])
    elif what == "part":
        village.world.at_desk(deciding.part, cooperatives[one], kind="entity")
    elif what == "look":
        village.step(3)
    elif said:
        plays_on(village, said, act, cooperatives[other])


def plays_on(village: Reports, said: list[Json], act: Act, cooperative: str) -> None:
    """What is done with reports that were sent."""
    what, one, other, month = act
    first, second = (said[each % len(said)]["record"] for each in (one, other))
    if what == "correct":
        seen = [[*each] for each in (village.world.record(first) or {})["heads"]]
        village.says(cooperative, month, 99, first, seen=seen)
    elif what == "delete":
        village.world.at_desk(desk.delete, first)
    elif first != second:
        village.takes_back(first, second) if what == "undo" else village.decides(first, second, what)


def village_row(village: Reports, report: str) -> records.RecordRow:
    [row] = village.world.read(lambda session: records.by_uuids(session, [records.uuid_bytes(report)]))
    return row


def told(village: Reports, reports: Sequence[str]) -> list[tuple[tuple[int, int], str, bool]]:
    """Every pair of some reports: how its keys agree, and whether somebody should look."""
    found = []
    for one, other in combinations(sorted(reports, key=lambda each: village_row(village, each).id), 2):
        pair = village.found(one, other)
        if pair is not None and pair.row is not None:
            found.append((pair.row.pair, pair.levels[0][1], deciding.is_waiting(pair)))
    return found


def expected(village: Reports, reports: Sequence[str]) -> set[tuple[int, int]]:
    """The pairs by what everybody can read: each report with the first of its cooperative, as merged, and its month."""
    groups: dict[tuple[str, str], list[int]] = {}
    for each in sorted(reports, key=lambda each: village_row(village, each).id):
        shown = village.world.record(each)
        assert shown is not None
        if not shown["deleted"]:
            entity = village.world.record(shown["fields"]["group"], "entity") or {}
            survivor = entity["merged_into"] or shown["fields"]["group"]
            groups.setdefault((survivor, shown["fields"]["month"]), []).append(village_row(village, each).id)
    ids = [each for group in groups.values() for each in group]
    decided = village.world.read(
        lambda session: {(row.left_id, row.right_id): row.decision for row in pairs.of_records(session, ids)}
    )
    found: set[tuple[int, int]] = set()
    for group in groups.values():
        for later in group:
            for earlier in (each for each in group if each < later):
                found.add((earlier, later))
                if decided.get((earlier, later)) != DIFFERENT:
                    break
    return found
