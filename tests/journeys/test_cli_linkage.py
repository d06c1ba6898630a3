"""An operator looks at what is compared, makes it anew, and lets a short list be."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.store import linkage_splink
from tests.journeys.operator_at_terminal import Operator
from tests.linked_world import Register
from tests.services.test_linkage import FATIMA
from tests.world import World


def test_an_operator_looks_rebuilds_and_trains(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    assert operator.types("linkage", "status").json == {"lists": []}
    assert operator.types("linkage", "rebuild").json == {"associations": 1, "left": 0}
    assert operator.types("linkage", "train", "--association", "rifq").json == {"trained": []}
    refused = operator.types("linkage", "train", "--association", "nobody")
    assert refused.code == 1


def alone(operator: Operator, *command: str) -> Any:
    """What a command in a process of its own answers: names are read by one list for as long as a process lives."""
    with operator.starts(*command) as process:
        return json.loads(process.communicate(timeout=60)[0])


def test_a_servers_own_names_count_for_all_that_was_compared_before(sqlite_engine: Engine) -> None:
    folder = Path(str(sqlite_engine.url.database)).parent
    world, operator = World(sqlite_engine, Settings(data=folder)), Operator(folder)
    register, phone = Register(world), world.phone()
    twice = [register.member(phone, name, **FATIMA) for name in ("Hannou Bouaza", "Yattouna Bouaza")]
    register.compare()
    show = ("duplicate", "show", *twice, "--association", "amal")
    assert levels(alone(operator, *show))["given_name"] == "different"
    assert alone(operator, "linkage", "compare", "Hannou", "Yattouna") == {"level": "different", "found": False}

    (folder / "names.txt").write_text("\ufeff[short]\r\nHannou: Yattouna\r\n", encoding="utf-8")
    assert alone(operator, "linkage", "compare", "Hannou", "ياتونا") == {"level": "alias", "found": True}
    assert alone(operator, "linkage", "rebuild")["left"] == 0
    assert levels(alone(operator, *show))["given_name"] == "alias"
    assert alone(operator, "doctor")["ok"]


def levels(pair: Any) -> dict[str, str]:
    return {each["name"]: each["level"] for each in pair["comparisons"]}


@pytest.mark.parametrize("said", [b"ali: alou", b"[short]\nali alou", b"\xff\xfe[", b"#" * (1 << 20) + b"#"])
def test_a_list_of_names_that_cannot_be_read_stops_the_operator_and_the_server(tmp_path: Path, said: bytes) -> None:
    operator = Operator(tmp_path)
    (tmp_path / "names.txt").write_bytes(said)
    refused = operator.types("linkage", "status")
    assert refused.code == 2 and refused.json["error"] in {"names_wrong", "names_unreadable"}
    assert "names.txt" in refused.errors
    (tmp_path / "names.txt").unlink()
    elsewhere = Operator(tmp_path, {"FIELDSYNC_NAMES": str(tmp_path / "none.txt")}).types("linkage", "status")
    assert elsewhere.json["error"] == "names_unreadable"


def test_a_backend_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linkage_splink.MODULES, "spark", ("splink", "no_such_module"))
    operator = Operator(tmp_path / "data")
    operator.types("association", "add", "rifq", "--name", "Rifq")
    refused = operator.types("linkage", "train", "--backend", "spark")
    assert refused.code == 1 and "no_such_module" in refused.output + refused.errors
