"""The tail is gated: modules, functions and branches stay small, and no module is a drawer for everything."""

import ast
import tomllib

import pytest

from tests.house.source import ROOT, files, python_files, shown, texts, tree

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
COMPLEXITY_MAX = 8
DRAWERS = {"base", "common", "helper", "helpers", "misc", "stuff", "tools", "util", "utils"}


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in python_files("fieldsync", "tests")}
    assert {path: lines for path, lines in lengths.items() if lines > MODULE_LINES_MAX} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    too_long = [
        f"{shown(path, node.lineno)} {node.name}: {node.end_lineno - node.lineno + 1}"
        for path in python_files("fieldsync", "tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert too_long == []


def test_branches_are_counted_and_no_file_is_let_off() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "C90" in lint["select"]
    assert lint["mccabe"]["max-complexity"] == COMPLEXITY_MAX
    exempt = [shown(path) for path, text in texts() if path.suffix == ".py" and "noqa: " + "C901" in text]
    assert exempt == []


@pytest.mark.parametrize("folder", ["fieldsync", "tests"])
def test_no_module_is_a_drawer(folder: str) -> None:
    named = [path for path in files() if path.relative_to(ROOT).parts[0] == folder]
    assert [shown(path) for path in named if {path.stem, *path.relative_to(ROOT).parts[:-1]} & DRAWERS] == []
