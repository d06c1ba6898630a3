"""Designers' patterns: matched as Java does, and never for longer than a text of that length deserves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.expression_parser import ExpressionFault
from fieldsync.core.expression_regex import MATCHED_LENGTH_MAX, matcher

PIECES = [
    "a",
    "b",
    "[ab]",
    ".",
    "(a|b)",
    "(ab)?",
    "a*",
    "b+",
    "(a|ab)*",
    "c?",
    "(a*b){1,3}",
    "^",
    "$",
    r"\b",
    "[^a]",
    r"\w",
]
EXPLOSIVE = ["(a+)+$", "(a|a)*b", "(a|ab|b)*c", "(.*a){8}", "([a-z]+)*x", "(a*)*b", ".*a.*a.*a.*b", "((a{1,9}){1,9})x"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5), st.text("abc ", max_size=8))
def test_a_pattern_run_by_states_matches_what_re_matches(pieces: list[str], text: str) -> None:
    pattern = "".join(pieces) + "(?:(?:z?)*)*"
    assert matcher(pattern)(text) == (re.fullmatch(pattern, text, re.ASCII) is not None)


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_a_pattern_that_would_take_for_ever_answers_all_the_same(pattern: str) -> None:
    assert matcher(pattern)("a" * (MATCHED_LENGTH_MAX - 1) + "!") is False


@pytest.mark.parametrize(
    "pattern",
    [
        "(a",
        "a{5000}b{9}(c*)*d*e*",
        "(a{1,400}){1,400}",
        "(){4000000000}x*y*z*",
        "[a-z&&[b]]",
        r"(a*)*\1b",
        "x" * 1_001,
        r"\p{L}+",
    ],
)
def test_a_pattern_that_is_too_hard_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionFault):
        matcher(pattern)


def test_simple_patterns_may_look_around_and_back() -> None:
    assert matcher(r"(?=.*\d)(?=.*[a-z]).{4,8}")("abc1")
    assert matcher(r"(.)\1")("aa")
    assert matcher("(?i)asni")("ASNI")


def test_a_longer_text_than_is_matched_is_neither_right_nor_wrong() -> None:
    with pytest.raises(UnknownValueError):
        matcher("a+")("a" * (MATCHED_LENGTH_MAX + 1))
