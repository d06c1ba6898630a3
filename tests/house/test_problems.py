"""Every problem that the code names stands in the table, in the three languages, with the same blanks in each."""

import ast
import re
import string

import pytest

from fieldsync.core.messages import LANGUAGES, MESSAGES
from tests.house.source import calls, python_files, shown

ARABIC = re.compile(r"[\u0600-\u06ff]")
CODE_FIRST = {"Problem", "problem", "refusal", "http_status"}


def blanks(text: str) -> set[str]:
    """The names of a text's placeholders."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def codes_used() -> dict[str, str]:
    """Every code that the source gives to a Problem, with one place where it does."""
    used = {}
    for path in python_files("fieldsync"):
        for node, name in calls(path):
            if name not in CODE_FIRST:
                continue
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            for value in [*node.args[:1], *named]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    used[value.value] = shown(path, node.lineno)
    return used


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
    from fieldsync.core.messages import operating, operations, records, requests

    areas = (requests.REQUESTS, operations.OPERATIONS, records.RECORDS, operating.OPERATING)
    assert sum(len(area) for area in areas) == len(MESSAGES)
