"""Designers' regular expressions, matched in time that the pattern cannot make explode.

A pattern goes to `re` only where it cannot backtrack badly; any other runs as a set of states, in one pass.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.expression_parser import ExpressionFault

PATTERN_LENGTH_MAX = 1_000
"""Characters of a pattern."""
STATES_MAX = 500
"""States of a pattern that is run state by state; bounds the work for one character of the answer."""
MATCHED_LENGTH_MAX = 1_000
"""Characters of an answer that are matched; of a longer one the result is not known."""
_MANY = 16
"""A repetition that may run further than this counts as unbounded."""

_constants: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

Matcher = Callable[[str], bool]
Tree = list[tuple[Any, Any]]
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_ONE_CHARACTER = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY)


@lru_cache(maxsize=1_024)
def matcher(pattern: str) -> Matcher:
    """A function that says whether a whole text matches, as Java's matches(). Raises ExpressionFault."""
    if len(pattern) > PATTERN_LENGTH_MAX:
        raise ExpressionFault("expression_unsupported", f"A pattern has more than {PATTERN_LENGTH_MAX} characters.")
    tree = _parsed(pattern)
    if _cannot_explode(tree):
        compiled = re.compile(pattern, re.ASCII)
        return lambda text: compiled.fullmatch(_bounded(text)) is not None
    program: list[_Instruction] = []
    if re.compile(pattern, re.ASCII).flags & ~re.ASCII:
        raise _too_hard()
    _translate(tree, program)
    program.append(("match", None, ()))
    return lambda text: _run(program, _bounded(text))


def _too_hard() -> ExpressionFault:
    return ExpressionFault("expression_unsupported", "A pattern may take too long to match: make it simpler.")


def _bounded(text: str) -> str:
    if len(text) > MATCHED_LENGTH_MAX:
        raise UnknownValueError("longer than what is matched")
    return text


def _parsed(pattern: str) -> Tree:
    if "&&" in pattern or re.search(r"\[[^\]\\]*\[", pattern):
        raise ExpressionFault("expression_unsupported", "Sets within sets are not supported in a pattern.")
    try:
        re.compile(pattern, re.ASCII)
        return list(_parser.parse(pattern, re.ASCII))
    except (re.error, RecursionError, OverflowError) as error:
        raise ExpressionFault("expression_unsupported", f"The pattern cannot be read: {error}.") from None


def _cannot_explode(tree: Tree) -> bool:
    """At most two long repetitions, each of single characters, and no choice repeated."""
    return _long_repetitions(tree) <= 2


def _long_repetitions(tree: Tree) -> int:
    count = 0
    for operator, argument in tree:
        if operator in _REPEATS:
            _, most, body = argument
            inner = list(body)
            single = len(inner) == 1 and inner[0][0] in _ONE_CHARACTER
            if not single and most > 1:
                count += 1 + _variable_parts(inner) * 2
            elif most > _MANY:
                count += 1
        for part in _parts(operator, argument):
            count += _long_repetitions(part) if operator not in _REPEATS else 0
    return count


def _variable_parts(tree: Tree) -> int:
    """How many parts of a repeated group can match in more than one way."""
    count = 0
    for operator, argument in tree:
        varies = operator is _constants.BRANCH or (operator in _REPEATS and argument[0] != argument[1])
        count += varies + sum(_variable_parts(part) for part in _parts(operator, argument))
    return count


def _parts(operator: Any, argument: Any) -> list[Tree]:
    if operator is _constants.SUBPATTERN:
        return [list(argument[3])]
    if operator in _REPEATS:
        return [list(argument[2])]
    if operator is _constants.BRANCH:
        return [list(branch) for branch in argument[1]]
    if operator in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [list(argument[1])]
    if operator in _ONE_CHARACTER or operator in (_constants.AT, _constants.GROUPREF):
        return []
    raise _too_hard()


_Instruction = tuple[str, Any, tuple[int, ...]]
"""("one", test, (next,)), ("at", anchor, (next,)), ("go", None, nexts), ("match", None, ())."""


def _translate(tree: Tree, program: list[_Instruction]) -> None:
    for operator, argument in tree:
        if len(program) > STATES_MAX:
            raise _too_hard()
        if operator in _ONE_CHARACTER:
            program.append(("one", _test(operator, argument), (len(program) + 1,)))
        elif operator is _constants.AT:
            program.append(("at", argument, (len(program) + 1,)))
        elif operator is _constants.SUBPATTERN and not argument[1] and not argument[2]:
            _translate(list(argument[3]), program)
        elif operator is _constants.BRANCH:
            _translate_branches([list(branch) for branch in argument[1]], program)
        elif operator in _REPEATS:
            _translate_repeat(argument[0], argument[1], list(argument[2]), program)
        else:
            raise _too_hard()


def _test(operator: Any, argument: Any) -> Matcher:
    if operator is _constants.ANY:
        return lambda character: character != "\n"
    if operator is _constants.LITERAL:
        return chr(argument).__eq__
    if operator is _constants.NOT_LITERAL:
        return chr(argument).__ne__
    return lambda character: _in_set(character, argument)


_CATEGORIES: dict[Any, Matcher] = {
    _constants.CATEGORY_DIGIT: lambda character: character in "0123456789",
    _constants.CATEGORY_SPACE: lambda character: character in " \t\n\r\f\v",
    _constants.CATEGORY_WORD: lambda character: character.isascii() and (character.isalnum() or character == "_"),
    _constants.CATEGORY_NOT_DIGIT: lambda character: character not in "0123456789",
    _constants.CATEGORY_NOT_SPACE: lambda character: character not in " \t\n\r\f\v",
    _constants.CATEGORY_NOT_WORD: lambda character: (
        not (character.isascii() and (character.isalnum() or character == "_"))
    ),
}


def _in_set(character: str, members: Tree) -> bool:
    negated = bool(members) and members[0][0] is _constants.NEGATE
    return negated != any(_is_member(character, kind, argument) for kind, argument in members)


def _is_member(character: str, kind: Any, argument: Any) -> bool:
    if kind is _constants.LITERAL:
        return ord(character) == int(argument)
    if kind is _constants.RANGE:
        return bool(argument[0] <= ord(character) <= argument[1])
    return kind is _constants.CATEGORY and _CATEGORIES[argument](character)


def _translate_branches(branches: list[Tree], program: list[_Instruction]) -> None:
    fork = len(program)
    program.append(("go", None, ()))
    starts, exits = [], []
    for branch in branches:
        starts.append(len(program))
        _translate(branch, program)
        exits.append(len(program))
        program.append(("go", None, ()))
    program[fork] = ("go", None, tuple(starts))
    for position in exits:
        program[position] = ("go", None, (len(program),))


def _translate_repeat(least: int, most: int, body: Tree, program: list[_Instruction]) -> None:
    if least > STATES_MAX or (most is not _constants.MAXREPEAT and most > STATES_MAX):
        raise _too_hard()
    for _ in range(least):
        _copy(body, program)
    if most is _constants.MAXREPEAT:
        fork = len(program)
        program.append(("go", None, ()))
        _translate(body, program)
        program.append(("go", None, (fork,)))
        program[fork] = ("go", None, (fork + 1, len(program)))
        return
    forks = []
    for _ in range(most - least):
        forks.append(len(program))
        _copy(body, program)
    for fork in forks:
        program[fork] = ("go", None, (fork + 1, len(program)))


def _copy(body: Tree, program: list[_Instruction]) -> None:
    """One more copy of a repeated part, behind a state of its own, so that the count of states bounds the work."""
    if len(program) > STATES_MAX:
        raise _too_hard()
    program.append(("go", None, (len(program) + 1,)))
    _translate(body, program)


def _run(program: list[_Instruction], text: str) -> bool:
    states = _reached(program, {0}, text, 0)
    for position, character in enumerate(text, start=1):
        moved = {
            program[state][2][0] for state in states if program[state][0] == "one" and program[state][1](character)
        }
        if not moved:
            return False
        states = _reached(program, moved, text, position)
    return any(program[state][0] == "match" for state in states)


def _reached(program: list[_Instruction], states: set[int], text: str, position: int) -> set[int]:
    """Every state that can be entered without reading a character."""
    reached: set[int] = set()
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if state in reached:
            continue
        reached.add(state)
        kind, argument, following = program[state]
        if kind == "go" or (kind == "at" and _holds(argument, text, position)):
            waiting.extend(following)
    return reached


def _holds(anchor: Any, text: str, position: int) -> bool:
    if anchor in (_constants.AT_BEGINNING, _constants.AT_BEGINNING_STRING):
        return position == 0
    if anchor is _constants.AT_END:
        return position == len(text) or (position == len(text) - 1 and text[position] == "\n")
    if anchor is _constants.AT_END_STRING:
        return position == len(text)
    before, after = text[max(position - 1, 0) : position], text[position : position + 1]
    word = _CATEGORIES[_constants.CATEGORY_WORD]
    boundary = (bool(before) and word(before)) != (bool(after) and word(after))
    return boundary == (anchor in (_constants.AT_BOUNDARY,))
