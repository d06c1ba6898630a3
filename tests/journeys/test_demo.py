"""`make demo` shows what it promises, and touches nothing that is not its own."""

import json
from pathlib import Path

from tests.journeys.operator_at_terminal import Operator

WAIT_SECONDS = 300


def test_the_demo_shows_what_it_promises(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "demo")
    with operator.starts("demo", "--port", "0", "--once") as process:
        output, progress = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, progress
    told = json.loads(output)
    assert {"f4_participant", "f5_activity", "f6_idea", "f6_visit", "f7_profile", "f7_monthly"} <= set(
        told["submissions"]
    )
    assert {"participants", "activities", "ideas", "groups"} == set(told["entities"])
    assert told["requests_lost"] and told["answers_lost"]
    assert (told["results"]["held"], told["results"]["quarantined"]) == (2, 1)
    assert {"approved", "hasIssues", "rejected", "edited", "received", "held"} <= told["reviews"].keys()
    assert told["submissions"]["meeting_place"]
    assert told["results"]["duplicate"] >= 1
    assert told["conflicts"] >= 1
    assert told["doctor"]["ok"]
    assert "making" in progress
    assert "person/phone" in operator.types("record", "show", told["look_at"]["conflict"]).json["conflicts"]
    assert operator.types("record", "show", told["look_at"]["quarantined"]).json["quarantined"]
    released = operator.types("record", "show", told["look_at"]["released"]).json
    assert [each["status"] for each in released["operations"]] == ["applied"]
    assert released["fields"]
    assert operator.types("record", "show", told["look_at"]["issues"]).json["review"]["state"] == "hasIssues"
    twice = operator.types("record", "show", told["look_at"]["twice"]).json
    assert "possible_duplicate" in [problem["code"] for problem in twice["problems"]]
    assert told["sign_in"] == f"{told['url']}/sign-in"
    assert {"coordinator", "companion", "designer", "instance_admin"} <= {each["role"] for each in told["accounts"]}
    goes_on(operator, told["operations"], told["passphrase"])


def goes_on(operator: Operator, operations: int, passphrase: str) -> None:
    """A second run adds to the same data, with the same phones and the same people."""
    with operator.starts("demo", "--port", "0", "--once") as process:
        output, progress = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, progress
    again = json.loads(output)
    assert "goes on with her phone" in progress
    assert again["run"] == 2
    assert again["operations"] > operations
    assert again["doctor"]["ok"]
    assert again["passphrase"] == passphrase
    assert operator.types("audit", "verify").json["ok"]


def test_a_folder_with_real_data_is_left_alone(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    operator.types("association", "add", "rifq", "--name", "Rifq")
    for command in (("demo", "--once"), ("demo", "--once", "--fresh")):
        said = operator.types(*command)
        assert (said.code, said.json["error"]) == (1, "folder_not_a_demo")
    assert [row["association"] for row in operator.types("association", "list").json["associations"]] == ["rifq"]
