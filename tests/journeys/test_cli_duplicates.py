"""An operator lists pairs, looks at one, decides, takes back, and sets the rules of merging; a partner is allowed."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.jobs import link
from tests.journeys.operator_at_terminal import Operator
from tests.services.test_across import Neighbours
from tests.services.test_deciding import found_pair, shown, two_women
from tests.world import World


@pytest.fixture
def beside(sqlite_engine: Engine) -> tuple[World, Operator]:
    """A world, and an operator who works on its data."""
    folder = Path(str(sqlite_engine.url.database)).parent
    return World(sqlite_engine, Settings(data=folder)), Operator(folder)


def test_an_operator_decides_on_a_pair_and_takes_it_back(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    older, younger = two_women(world)
    found_pair(world, older, younger)
    amal = ("--association", "amal")
    listed = operator.types("duplicate", "list", *amal).json
    assert listed["total"] == 1 and listed["pairs"][0]["records"] == [older, younger]
    assert {"name": "phone", "level": "same", "weight": 9.2} in operator.types(
        "duplicate", "show", older, younger, *amal
    ).json["comparisons"]
    assert "Fatima" not in operator.reads("duplicate", "show", older, younger, *amal).output
    assert operator.types("duplicate", "decide", older, younger, "same", *amal).json["decision"]["decision"] == "same"
    assert shown(world, younger)[0]["merged_into"] == older
    assert operator.types("duplicate", "undo", older, younger, *amal).json["decision"]["decision"] == "open"
    assert shown(world, younger)[0]["merged_into"] is None
    refused = operator.types("duplicate", "undo", older, younger, *amal)
    assert refused.code == 1
    assert operator.types("duplicate", "two-people", "people", *amal).json["two_people"]
    assert (
        operator.types("duplicate", "decide", older, younger, "same", *amal).json["decision"]["decision"] == "proposed"
    )
    assert operator.types("duplicate", "decide", older, younger, "same", *amal).code == 1
    assert not operator.types("duplicate", "two-people", "people", "--off", *amal).json["two_people"]
    assert operator.types("record", "merge", older, younger, *amal).code == 0
    assert operator.types("record", "unmerge", older, *amal).code == 0
    assert operator.types("duplicate", "show", older, younger, *amal).json["decision"]["decision"] == "different"


def test_merging_by_itself_is_refused_until_it_is_earned(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    amal = ("--association", "amal")
    refused = operator.types("duplicate", "automatic", "12", *amal)
    assert refused.code == 1
    told = operator.types("duplicate", "earned", *amal).json
    assert told["in_force"] is None and not any(each["earned"] for each in told["weights"])
    assert operator.types("duplicate", "automatic", *amal).json == {"association": "amal", "automatic_weight": None}
    assert operator.types("duplicate", "undo-day", "2026-11-28", *amal).json["undone"] == 0
    assert world.amal


def test_two_associations_allow_it_each_for_itself(beside: tuple[World, Operator]) -> None:
    world, operator = beside
    neighbours = Neighbours(world)
    neighbours.registers()
    ours = operator.types("duplicate", "partner", "khoutwa", "--association", "amal").json
    assert ours["partners"] == [{"partner": "khoutwa", "allowed": True, "allows_us": False, "same_persons": 0}]
    operator.types("duplicate", "partner", "amal", "--association", "khoutwa")
    link(world.database)
    both = operator.types("duplicate", "partners", "--association", "khoutwa").json["partners"]
    assert both == [{"partner": "amal", "allowed": True, "allows_us": True, "same_persons": 0}]
    ended = operator.types("duplicate", "partner", "amal", "--association", "khoutwa", "--end").json["partners"]
    assert ended == [{"partner": "amal", "allowed": False, "allows_us": True, "same_persons": 0}]
    assert operator.types("duplicate", "partner", "nobody", "--association", "amal").code == 1
    assert operator.types("duplicate", "partner", "amal", "--association", "amal").code == 1
