"""ODK Validate, which we did not write, takes every form of the project and a corpus that nobody designed."""

import re
from pathlib import Path

import pytest

from fieldsync.core.problems import Problem
from fieldsync.services import odk_validate
from fieldsync.services.conversion_worker import Limits, answer
from fieldsync.services.odk_validate import validate
from tests import counted_forms, tiny_forms
from tests.core.programme import FOLDER, FORM_IDS
from tests.journeys.operator_at_terminal import Operator
from tests.market_form import market
from tests.proof import generated_forms

CORPUS, LONG_CORPUS = range(300), range(10_000)
A_JAVA = 1000
"""Forms that one Java machine is given: their names stand on its command line."""
BAD = b"<data/>"


def _project() -> dict[str, bytes]:
    """Every form of the project: of the programme, of the demo, of the tests."""
    forms = {name: answer((FOLDER / f"{name}.yaml").read_bytes(), "yaml", Limits()).xform for name in FORM_IDS}
    forms |= {f"tiny {name}": tiny_forms.definition(name).xform for name in tiny_forms.TEXTS}
    forms |= {f"counted {name}": counted_forms.definition(name).xform for name in counted_forms.TEXTS}
    forms["market"] = market().xform
    forms |= {path.name: path.read_bytes() for path in (Path(__file__).parents[1] / "simulation").glob("*.xml")}
    return forms


def test_every_form_of_the_project_passes() -> None:
    forms = _project()
    assert {path.stem for path in FOLDER.glob("f*.yaml")} == set(FORM_IDS) and len(forms) > 35
    assert all(forms.values())
    assert validate(forms) == {}


def _corpus(seeds: range) -> dict[str, bytes]:
    return {f"seed {seed}": generated_forms.definition(seed).xform for seed in seeds}


def test_what_we_publish_passes() -> None:
    assert validate(_corpus(CORPUS)) == {}


@pytest.mark.long
@pytest.mark.parametrize("first", LONG_CORPUS[::A_JAVA])
def test_what_we_publish_passes_at_length(first: int) -> None:
    assert validate(_corpus(range(first, first + A_JAVA))) == {}


def test_the_corpus_holds_what_forms_are_made_of() -> None:
    text = "".join(generated_forms.definition(seed).xform.decode() for seed in CORPUS)
    for mark in ("jr:count", "rank ref=", "<range", "<trigger", "geoshape", "jr://file-csv/markets.csv", "position(..)",
                 "entities:saveto", 'update="', "jr:constraintMsg", "jr:requiredMsg", "<itemset",
                 'lang="العربية (ar)"', "instance('people')", "jr://images/sign.png", "setvalue"):  # fmt: skip
        assert mark in text, mark
    assert re.search(r'<repeat nodeset="/data(/g\d+)*/r\d+(/g\d+)*/r\d+">', text)


def test_it_says_no_to_a_bad_form_and_yes_to_the_one_beside_it() -> None:
    told = validate({"bad": BAD, "good": tiny_forms.definition("visit 1").xform})
    assert isinstance(told, dict) and list(told) == ["bad"] and told["bad"]


def test_an_operator_may_ask_it_before_she_publishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, form = Operator(tmp_path / "data"), tmp_path / "visit.md"
    form.write_text(tiny_forms.TEXTS["visit 1"], "utf-8")
    publish = ("form", "publish", form, "--association", "amal", "--odk-validate")
    operator.types("association", "add", "amal", "--name", "Amal")
    with monkeypatch.context() as without:
        without.setenv("PATH", "")
        assert operator.types(*publish).json["error"] == "java_missing"
    assert operator.types(*publish).json["form"] == "visit"


def test_a_machine_that_ends_badly_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odk_validate, "JAR", Path("/nowhere.jar"))
    assert validate({"bad": BAD}) == Problem("java_missing")
