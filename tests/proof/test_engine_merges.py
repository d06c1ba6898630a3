"""An edit made in ODK Web Forms' engine and a correction made at the desk meanwhile: each changed other answers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from fieldsync.core.forms import Form
from fieldsync.core.instance import to_xml
from fieldsync.services import desk
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store import openrosa
from tests.proof.test_engine_agrees import filled, served
from tests.routes.collect import Collect, said_of, visit
from tests.tiny_forms import TEXTS, definition
from tests.world import World

Json = dict[str, Any]
Answers = Mapping[str, str]
ANSWERS = "<name>Amina</name><age>30</age><colour>red</colour><village>07.041</village>"
CALLED = ("Sami", "Lina")


class Engine:
    """The engine, and a record of Amina and her children Sami and Lina that came from a phone."""

    def __init__(self, world: World, base: str, form: Form) -> None:
        self.world, self.base, self.form = world, base, form
        self.record = world.uuid()
        Collect(world).sends(visit(self.record, ANSWERS + self.children()).replace("orx:", ""))

    def children(self) -> str:
        """Those of the record, by the names that the form gives them, if it does."""
        does_name = "children/__occurrence" in self.form.meta_paths
        named = (f"<__occurrence>{self.world.uuid()}</__occurrence>" if does_name else "" for _ in range(2))
        return "".join(
            f"<children>{name}<called>{called}</called></children>" for name, called in zip(named, CALLED, strict=True)
        )

    def kept(self, number: int) -> str:
        """The XML that is kept of a submission, by the order in which they came."""
        rows = self.world.read(lambda session: openrosa.page_of_form(session, self.world.amal, "visit", 0, 10))
        return bytes(rows[number].xml or b"").decode()

    def shown(self) -> str:
        """The record as it is shown now, as XML."""
        return etree.tostring(to_xml(self.form, self.world.fields(self.record)), encoding="unicode")

    def edits(self, xml: str, answers: Answers) -> dict[str, str | None]:
        """Opens XML, answers some questions anew, and sends it: what it showed on opening."""
        asked = {"xml": xml, "answers": {f"/data/{path}": text for path, text in answers.items()}}
        [line] = filled(self.base, {"visit": [asked]})
        assert (line.get("failed"), line.get("status")) == (None, 201)
        return {node["reference"].removeprefix("/data/"): node["value"] for node in line["opened"]}

    def corrects(self, **writes: Any) -> None:
        """The coordinator corrects the record at her desk."""
        at = {value: path for path, value in self.world.fields(self.record).items() if value in CALLED}
        self.world.now_ms += 1000
        named = {at.get(name, name): value for name, value in writes.items()}
        assert self.world.at_desk(desk.correct, self.record, named) is None

    def conflicts(self) -> dict[str, set[str]]:
        """Question → every value that is current there, where there are several."""
        record = self.world.record(self.record)
        assert record is not None
        return {
            path.rpartition("/")[2]: {str(record["fields"][path]), *(str(each["value"]) for each in others)}
            for path, others in record["conflicts"].items()
        }


def _as_designed() -> Definition:
    made = convert(TEXTS["visit 1"].encode(), "md")
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, made.xform, "xml", tuple(made.findings))


@pytest.fixture(params=["occurrences have names", "occurrences have none"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    made = definition("visit 1") if request.param.endswith("none") else _as_designed()
    with served(tmp_path, migrated_file, [made]) as (world, base):
        yield Engine(world, base, made.form)


def test_an_edit_and_a_correction_of_other_answers_both_stand_and_open_again(engine: Engine) -> None:
    first = engine.kept(0)
    engine.corrects(name="Amina B.", Sami="Samir")
    opened = engine.edits(first, {"age": "31", "colour": "green", "children[2]/called": "Lina B."})
    assert (opened["name"], opened["age"], opened["children[1]/called"]) == ("Amina", "30", "Sami")
    wanted = {"name": "Amina B.", "age": "31", "colour": "green", "village": "07.041"}
    wanted |= {"children[1]/called": "Samir", "children[2]/called": "Lina B."}
    assert engine.conflicts() == {}
    again = engine.edits(engine.shown(), {"village": "07.042"})
    assert {path: again[path] for path in wanted} == wanted
    last = engine.edits(engine.shown(), {})
    assert {path: last[path] for path in wanted} == wanted | {"village": "07.042"}
    assert engine.conflicts() == {}


def test_an_edit_and_a_correction_of_the_same_answers_are_conflicts_that_lose_nothing(engine: Engine) -> None:
    first = engine.kept(0)
    engine.corrects(name="Amina B.", age=32, Sami="Samir")
    engine.edits(first, {"name": "Amina C.", "age": "31", "colour": "green", "children[1]/called": "Sam"})
    both = {"name": {"Amina B.", "Amina C."}, "age": {"31", "32"}, "called": {"Samir", "Sam"}}
    assert engine.conflicts() == both
    assert engine.world.fields(engine.record)["colour"] == "green"
    engine.edits(engine.kept(1), {"colour": "red"})  # who goes on from the edit decides nothing
    assert engine.conflicts() == both
    opened = engine.edits(engine.shown(), {})
    shown = {"name": opened["name"], "age": opened["age"], "called": opened["children[1]/called"]}
    assert {path for path, value in shown.items() if value in both[path]} == set(both)
    said = [str(value) for each in said_of(engine.world, engine.record) for value in each["writes"].values()]
    assert set().union(*both.values(), {"red", "green", "Amina", "30", "Sami", "Lina"}) <= set(said)
