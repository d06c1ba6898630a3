"""ODK Web Forms' engine fills forms of ours over real HTTP; what it saw of each record is what this server sees."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from fieldsync.config import Settings
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.forms import Form
from fieldsync.core.openrosa import instance_name
from fieldsync.core.validation import PROGRAMME_ZONE, CompiledForm, compile_form
from fieldsync.core.xform import read_form
from fieldsync.services import publishing
from fieldsync.services.conversion_worker import Limits, answer
from fieldsync.services.publishing import Definition
from fieldsync.store import openrosa
from fieldsync.store.form_versions import FormVersionRow
from tests import databases
from tests.core.programme import FOLDER, FORM_IDS
from tests.proof.agreement import NOT_THE_ENGINES, Difference, Record
from tests.proof.generated_forms import definition
from tests.proof.known import ANSWERS, HIDDEN_FILES_OF, KNOWN, THROWS, goes_on_counting_files, is_known
from tests.world import World

Json = dict[str, Any]
FORMS, RECORDS, EDITED_FORMS = range(60), range(2), range(8)
LONG_FORMS, LONG_RECORDS, AT_ONCE = range(60, 1960), range(3), 100
SCRIPT = Path(__file__).parent / "engine.mjs"
SECONDS_MAX = 900
NEW_YEAR_MS = int(datetime(2027, 1, 1, 0, 30, tzinfo=PROGRAMME_ZONE).timestamp() * 1000)
"""What time it is for the server and for the engine; it is still the old year where UTC is used by mistake."""


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def _publish(session: Session, association: int, made: Definition, now_ms: int) -> None:
    assert isinstance(publishing.publish(session, association, made, now_ms), FormVersionRow)


@contextmanager
def served(folder: Path, migrated: Path, definitions: Sequence[Definition]) -> Iterator[tuple[World, str]]:
    """A world on a port, with these forms published."""
    shutil.copy(migrated, folder / "fieldsync.db")
    world = World(databases.sqlite_engine(folder / "fieldsync.db"), Settings(data=folder / "data"), forms=())
    world.now_ms = NEW_YEAR_MS
    for made in definitions:
        world.write(partial(_publish, association=world.amal, made=made, now_ms=world.now_ms))
    server = make_server("127.0.0.1", 0, world.app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield world, f"http://127.0.0.1:{server.port}/v1/key/{world.phone().token}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        world.database.close()


def filled(base: str, wanted: Mapping[str, Sequence[int | Json]], *more: str) -> list[Json]:
    """What the engine saw and sent."""
    done = subprocess.run(
        ["node", str(SCRIPT), base, str(NEW_YEAR_MS), *more],
        input=json.dumps({form: list(seeds) for form, seeds in wanted.items()}),
        capture_output=True, text=True, check=False, timeout=SECONDS_MAX,
        env={"PATH": os.environ["PATH"], "TZ": "Africa/Casablanca"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


class Agreement:
    """Forms filled by the engine, and the server that took the records."""

    def __init__(self, folder: Path, migrated: Path, definitions: Sequence[Definition], records: Sequence[int]) -> None:
        self.compiled = {made.form.id: compile_form(made.form, made.media) for made in definitions}
        with served(folder, migrated, definitions) as (world, base):
            self.lines = filled(base, {form: records for form in self.compiled})
            self.stamp_ms = world.now_ms
            self.kept = {self._id(line): self._shown(world, line) for line in self.lines if "xml" in line}

    def _id(self, line: Json) -> str:
        return instance_name(line["xml"].partition("<instanceID>")[2].partition("<")[0])

    def _shown(self, world: World, line: Json) -> Json:
        shown = world.record(self._id(line))
        assert shown is not None, line["said"]
        return shown

    def check(self) -> None:
        """Every record was taken, and is seen alike."""
        assert [line["failed"] for line in self.lines if "failed" in line] == []
        nodes = [node for line in self.lines for node in line["nodes"]]
        assert {node["violation"] for node in nodes} == {None, "required", "constraint"}
        assert {node["relevant"] for node in nodes} == {True, False}
        assert {line["said"] for line in self.lines if line["status"] != 201} == set()
        records = [Record(self.compiled[line["form"]], line, self.stamp_ms) for line in self.lines]
        different = [each for record in records for each in self._seen_otherwise(record)]
        assert different == [], "\n".join(map(str, different))
        for line, record in zip(self.lines, records, strict=True):
            assert record.lost() == set()
            self._is_kept_alike(record, self.kept[self._id(line)])

    def _seen_otherwise(self, record: Record) -> list[tuple[str, int, str | None, Difference]]:
        """Form, seed, formula and what the two see differently without a known reason."""
        asked = [(each, record.questions.get(unindexed(each.path))) for each in record.differences()]
        line, of_hidden_files = record.line, goes_on_counting_files(record)
        return [
            (line["form"], line["seed"], question.calculate if question else None, each)
            for each, question in asked
            if not is_known(each, question) and each not in of_hidden_files
        ]

    def _is_kept_alike(self, record: Record, shown: Json) -> None:
        """What the server stored is what the XML says; what it found broken is what the engine found violated."""
        kept: Json = shown["fields"]
        assert _without_names_of_occurrences(kept) == _without_names_of_occurrences(record.fields)
        assert all(value["size"] for value in kept.values() if isinstance(value, dict) and "file" in value)
        told = sorted((unindexed(each["path"]), each["code"]) for each in shown["problems"] if is_rule(each))
        seen = [(record.address(node["reference"])[0], node["violation"]) for node in record.line["nodes"]]
        if goes_on_counting_files(record):
            seen = [(unindexed(path), code) for path, code in record.broken]
        assert told == sorted(each for each in seen if each[1] is not None)


def test_what_the_engine_sees_otherwise_of_files_that_no_longer_apply_is_all_owed_to_them(
    tmp_path: Path, migrated_file: Path
) -> None:
    agreement = Agreement(tmp_path, migrated_file, [definition(HIDDEN_FILES_OF)], RECORDS)
    agreement.check()
    records = [Record(agreement.compiled[line["form"]], line, agreement.stamp_ms) for line in agreement.lines]
    assert [each.what for record in records for each in goes_on_counting_files(record)] == ["required"]


def is_rule(problem: Json) -> bool:
    """Whether the engine, too, may find what is wrong."""
    return bool(problem["path"]) and problem["code"] != NOT_THE_ENGINES


def _comparable(value: Any) -> Any:
    """A file by its name alone, as the XML has it; a set in any order."""
    if not isinstance(value, dict):
        return value
    return {"file": value["file"]} if "file" in value else {k: sorted(v) if k == "set" else v for k, v in value.items()}


def _without_names_of_occurrences(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((unindexed(path), json.dumps(_comparable(value), sort_keys=True)) for path, value in fields.items())


def test_engine_and_server_see_the_same_in_every_record(tmp_path: Path, migrated_file: Path) -> None:
    Agreement(tmp_path, migrated_file, [definition(seed) for seed in FORMS], RECORDS).check()


def test_a_record_opened_from_its_xml_and_changed_in_the_engine_is_the_same_record(
    tmp_path: Path, migrated_file: Path
) -> None:
    """The XML that the server keeps goes back into the engine, which gives the edit an id of its own."""
    definitions = [definition(seed) for seed in EDITED_FORMS]
    compiled = {made.form.id: compile_form(made.form, made.media) for made in definitions}
    with served(tmp_path, migrated_file, definitions) as (world, base):
        lines = filled(base, {form: [0] for form in compiled}, "edit")
        kept = world.read(lambda session: [
            bytes(row.xml or b"").decode() for form in compiled
            for row in openrosa.page_of_form(session, world.amal, form, 0, 10)
        ])  # fmt: skip
        assert [line["failed"] for line in lines if "failed" in line] == []
        assert sorted(kept) == sorted(xml for line in lines for xml in (line["xml"], line["edited"]["xml"]))
        changed = 0
        for line in lines:
            edit = {**line, **line["edited"]}
            first, second = (_meta(each["xml"], "instanceID") for each in (line, edit))
            assert (edit["status"], _meta(edit["xml"], "deprecatedID")) == (201, first), edit["said"]
            shown = world.record(first)
            assert shown is not None and world.record(second) is None
            assert (shown["conflicts"], len(shown["heads"])) == ({}, 1)
            record = Record(compiled[line["form"]], edit, world.now_ms)
            kept_fields = {path: value for path, value in shown["fields"].items() if value is not None}
            assert _without_names_of_occurrences(kept_fields) == _without_names_of_occurrences(record.fields)
            changed += line["nodes"] != edit["nodes"]
        assert changed > len(lines) / 2


def _meta(xml: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}[^>]*>([^<]*)<", xml)
    assert found, name
    return instance_name(found[1])


def test_engine_and_server_see_the_same_in_the_programmes_forms(tmp_path: Path, migrated_file: Path) -> None:
    media = {path.name: path.read_bytes() for path in (FOLDER / "media").iterdir()}
    definitions = []
    for name in FORM_IDS:
        xform = answer((FOLDER / f"{name}.yaml").read_bytes(), "yaml", Limits()).xform
        definitions.append(Definition(read(xform), xform, None, xform, "xml", (), media))
    Agreement(tmp_path, migrated_file, definitions, RECORDS).check()


def read(xform: bytes) -> Form:
    form = read_form(xform)
    assert isinstance(form, Form), form
    return form


@pytest.mark.long
@pytest.mark.parametrize("first", LONG_FORMS[::AT_ONCE])
def test_engine_and_server_see_the_same_at_length(tmp_path: Path, migrated_file: Path, first: int) -> None:
    definitions = [definition(seed) for seed in range(first, first + AT_ONCE)]
    Agreement(tmp_path, migrated_file, definitions, LONG_RECORDS).check()


def _fixed(name: str, *expressions: str) -> Definition:
    """A form that asks nothing and calculates over `ANSWERS`."""
    nodes = "".join(f"<c{number}/>" for number in range(len(expressions)))
    binds = "".join(
        f'<bind nodeset="/data/c{number}" type="string" calculate="{text}"/>' for number, text in enumerate(expressions)
    )
    xform = (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
        'xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>K</h:title>'
        f'<model><instance><data id="{name}" version="1">{ANSWERS}{nodes}<meta><instanceID/></meta></data></instance>'
        '<bind nodeset="/data/r/x" type="int"/><bind nodeset="/data/h" relevant="false()"/>'
        f'<bind nodeset="/data/shape" type="geoshape"/>{binds}<bind nodeset="/data/meta/instanceID" '
        'jr:preload="uid"/></model></h:head><h:body><group ref="/data/r">'
        '<label>r</label><repeat nodeset="/data/r" jr:count="3" jr:noAddRemove="true()"/></group>'
        '<group ref="/data/h"><repeat nodeset="/data/h" jr:count="2" jr:noAddRemove="true()"/></group>'
        "</h:body></h:html>"
    )
    return Definition(read(xform.encode()), xform.encode(), None, xform.encode(), "xml", ())


def test_known_differences_are_exactly_these(tmp_path: Path, migrated_file: Path) -> None:
    known, throws = _fixed("known", *(each.expression for each in KNOWN)), _fixed("throws", THROWS)
    with served(tmp_path, migrated_file, [known, throws]) as (world, base):
        told, failed = filled(base, {"known": [0], "throws": [0]})
        record = Record(CompiledForm(known.form, {}), told, world.now_ms)
    engine = {node["reference"].removeprefix("/data/"): node["value"] for node in told["nodes"]}
    for number, each in enumerate(KNOWN):
        question = record.questions[f"c{number}"]
        server = record.filling.result(question, record.environment, question.path)
        assert (each.expression, engine[f"c{number}"], server) == (each.expression, each.engine, each.server)
        assert each.reason
    assert "distance" in failed["failed"]
