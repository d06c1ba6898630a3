"""Every problem that the code names stands in the table, in the three languages, with the same blanks in each."""

import ast
import importlib
import re
import string

import pytest

from fieldsync.core.messages import LANGUAGES, MESSAGES
from tests.house.source import PACKAGE, calls, python_files, shown, tree

ARABIC = re.compile(r"[\u0600-\u06ff]")
CODE = re.compile(r"[a-z]+(_[a-z]+)+")
CODE_FIRST = {"Problem", "problem", "refusal", "http_status"}


# Modules whose constants in capitals are codes that end in a Problem elsewhere.
CODES_AS_CONSTANTS = ("core/answer_types.py", "services/reports.py", "store/partial_files.py")


def blanks(text: str) -> set[str]:
    """The names of a text's placeholders."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def codes_used() -> dict[str, str]:
    """Every code that the source gives to a Problem, with one place where it does."""
    used: dict[str, str] = {}
    for path in python_files("fieldsync"):
        for node, name in calls(path):
            if name not in CODE_FIRST:
                continue
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            for value in [*node.args[:1], *named]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    used[value.value] = shown(path, node.lineno)
    return used | codes_as_constants()


def codes_as_constants() -> dict[str, str]:
    """The codes that stand in constants, alone or in one assignment of several."""
    found: dict[str, str] = {}
    for path in (PACKAGE / name for name in CODES_AS_CONSTANTS):
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and all(name.isupper() for name in _assigned(node)):
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                texts = [value.value for value in values if isinstance(value, ast.Constant)]
                found |= {
                    text: shown(path, node.lineno) for text in texts if isinstance(text, str) and CODE.fullmatch(text)
                }
    return found


def _assigned(node: ast.Assign) -> list[str]:
    return [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_every_problem_speaks_three_languages(code: str) -> None:
    status, *texts = MESSAGES[code]
    assert status is None or 400 <= status <= 599
    assert len(texts) == len(LANGUAGES)
    assert all(text.strip() == text and text[-1] in ".؟?" for text in texts)
    assert ARABIC.search(texts[0])
    assert not any(ARABIC.search(text) for text in texts[1:])
    assert blanks(texts[0]) == blanks(texts[1]) == blanks(texts[2])


def test_every_problem_in_the_code_is_in_the_table() -> None:
    assert {code: place for code, place in codes_used().items() if code not in MESSAGES} == {}


def test_no_code_stands_in_two_areas() -> None:
    names = [path.stem for path in (PACKAGE / "core" / "messages").glob("*.py") if path.stem != "__init__"]
    areas = [getattr(importlib.import_module(f"fieldsync.core.messages.{name}"), name.upper()) for name in names]
    assert sum(len(area) for area in areas) == len(MESSAGES)
