"""The operator looks after what is counted: lists it, replaces it, publishes figures."""

from pathlib import Path

import yaml

from fieldsync.config import program_folder
from tests.journeys.operator_at_terminal import Operator

LOADED = program_folder("forms") / "indicators.yaml"


def test_a_server_counts_the_programmes_indicators_and_keeps_every_edition(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    assert operator.types("association", "add", "khl", "--name", "KHL").code == 0
    before = operator.types("indicator", "list").json
    assert len(before["indicators"]) == 23 and (before["threshold"], len(before["editions"])) == (5, 1)
    assert operator.types("indicator", "load").json["is_new"] is False

    changed = yaml.safe_load(LOADED.read_text(encoding="utf-8"))
    changed["indicators"][6]["targets"].append({"from": "2024-01-01", "operator": ">=", "target": 500})
    changed["funders"][0]["thresholds"].append({"from": "2024-01-01", "threshold": 10})
    file = tmp_path / "indicators.yaml"
    file.write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
    assert operator.types("indicator", "load", file).json["is_new"] is True
    after = operator.types("indicator", "list").json
    assert (after["indicators"][6]["target"], after["threshold"], len(after["editions"])) == (500, 10, 2)
    assert operator.types("indicator", "publish").json["tallies"] > 0


def test_a_threshold_below_three_is_refused(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    assert operator.types("association", "add", "khl", "--name", "KHL").code == 0
    wrong = yaml.safe_load(LOADED.read_text(encoding="utf-8"))
    wrong["funders"][0]["thresholds"][0]["threshold"] = 2
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(wrong, allow_unicode=True), encoding="utf-8")
    refused = operator.types("indicator", "load", file)
    assert (refused.code, refused.json["error"]) == (1, "indicators_wrong")
