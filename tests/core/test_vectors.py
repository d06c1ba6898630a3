"""The shared vectors (tests/vectors), which implementations in other languages read too."""

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fieldsync.core.canonical import canonical, sameness
from fieldsync.core.clock import receive, tick
from fieldsync.core.derivation import derive
from fieldsync.core.forms import Form
from fieldsync.core.merge import RecordState, fold
from fieldsync.core.operations import Operation
from fieldsync.core.parsing import Refusal, parse_operation

VECTORS = Path(__file__).parents[1] / "vectors"


def cases(file: str, part: str | None = None) -> list[Any]:
    read = json.loads((VECTORS / file).read_text("utf-8"))
    return [pytest.param(case, id=case["name"]) for case in (read[part] if part else read)]


def operation(said: dict[str, Any]) -> Operation:
    read = parse_operation(json.dumps(said).encode())
    assert isinstance(read, Operation)
    return read


@pytest.mark.parametrize("case", cases("fold.json"))
def test_operations_fold_into_the_record(case: dict[str, Any]) -> None:
    operations = [operation(said) for said in case["operations"]]
    passed_on = {tuple(id): [tuple(one) for one in seen] for id, seen in case.get("passed_on", [])}
    expected = msgspec.convert(case["state"], RecordState)
    assert fold(operations, case.get("protective", {}), passed_on) == expected
    assert fold(reversed(operations), case.get("protective", {}), passed_on) == expected


@pytest.mark.parametrize("case", cases("canonical.json", "canonical"))
def test_values_have_one_form(case: dict[str, Any]) -> None:
    assert canonical(json.loads(case["json"])).decode() == case["canonical"]


@pytest.mark.parametrize("case", cases("canonical.json", "sameness"))
def test_operations_are_the_same_or_not(case: dict[str, Any]) -> None:
    assert (sameness(case["one"].encode()) == sameness(case["other"].encode())) is case["same"]
    assert sameness(case["other"].encode()).hex() == case["digest"]


@pytest.mark.parametrize("case", cases("clock.json"))
def test_the_clock_goes_forwards(case: dict[str, Any]) -> None:
    last, now = tuple(case["last"]), case["now"]
    stamp = tick(last, now) if case["call"] == "tick" else receive(last, tuple(case["other"]), now)
    assert list(stamp) == case["stamp"]


@pytest.mark.parametrize("case", cases("parsing.json"))
def test_operations_are_read_or_refused(case: dict[str, Any]) -> None:
    text = case.get("raw", "").replace("%", "y" * case.get("fill", 1)).encode()
    read = parse_operation(base64.b64decode(case["base64"]) if "base64" in case else text)
    problems = read.problems if isinstance(read, Refusal) else ()
    assert (list(read.id) if read.id else None) == case["id"]
    assert [problem.code for problem in problems] == case["problems"]
    assert [problem.path for problem in problems if problem.path] == case.get("paths", [])


@pytest.mark.parametrize("case", cases("derivation.json", "cases"))
def test_submissions_tell_of_entities(case: dict[str, Any]) -> None:
    read = json.loads((VECTORS / "derivation.json").read_text("utf-8"))["forms"]
    forms: dict[str | None, Form] = {form["version"]: msgspec.convert(form, Form) for form in read}
    past = [operation(said) for said in case["past"]]
    derived = [operation(said) for said in case["derived"]]
    assert derive(operation(case["operation"]), past, forms) == derived
    assert derive(operation(case["operation"]), past[::-1], forms) == derived
