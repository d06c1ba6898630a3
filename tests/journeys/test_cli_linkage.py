"""An operator looks at what is compared, makes it anew, and lets a short list be."""

from pathlib import Path

import pytest

from fieldsync.store import linkage_splink
from tests.journeys.operator_at_terminal import Operator


def test_an_operator_looks_rebuilds_and_trains(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    assert operator.types("linkage", "status").json == {"lists": []}
    assert operator.types("linkage", "rebuild").json == {"associations": 1, "left": 0}
    assert operator.types("linkage", "train", "--association", "rifq").json == {"trained": []}
    refused = operator.types("linkage", "train", "--association", "nobody")
    assert refused.code == 1


def test_a_backend_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linkage_splink.MODULES, "spark", ("splink", "no_such_module"))
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    refused = operator.types("linkage", "train", "--backend", "spark")
    assert refused.code == 1 and "no_such_module" in refused.output + refused.errors
