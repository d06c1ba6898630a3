"""A form's rules across answers, evaluated on a folded record by one generated function for each run of questions."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from fieldsync.core.answer_paths import Occurrences, occurrences_of
from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_code import Environment
from fieldsync.core.expression_dates import Clock
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Form, Question
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.core.rule_lines import count_of_occurrences, run_of_questions

QUESTIONS_A_FUNCTION_MAX = 100
"""Questions whose rules share a generated function; Python compiles several short functions faster than a long one."""
OCCURRENCES_MAX = 1_000
"""Occurrences of one repeat that rules look at; a rule over all of them in each of them is a million steps."""
PROBLEMS_MAX = 1_000
"""Problems told of one record; a record with more is told of the first."""

_NO_OCCURRENCES = Occurrences()


class Rules:
    """The rules of a form version, ready; safe to share between threads."""

    __slots__ = ("_checks", "_has_repeats", "_needs_environment")

    def __init__(self, form: Form, lists: ChoiceLists) -> None:
        """Compiles every rule once."""
        tree = FormTree(form)
        runs = [run_of_questions(tree, lists, nest, questions) for nest, questions in _runs(form)]
        counts = [count_of_occurrences(tree, lists, repeat) for repeat in form.repeats if repeat.count]
        ready = [rules for rules in (*runs, *counts) if rules.lines]
        self._checks = [(rules.nest, rules.function()) for rules in ready]
        self._has_repeats = bool(form.repeats)
        self._needs_environment = any(rules.scope.needs_environment for rules in ready)

    def broken(self, fields: Mapping[str, Value], stamp_ms: int, zone: tzinfo) -> list[Problem]:
        """The rules that a folded record breaks, in the form's order, repeats last."""
        if not self._checks:
            return []
        problems: list[Problem] = []
        occurrences = occurrences_of(fields, OCCURRENCES_MAX) if self._has_repeats else _NO_OCCURRENCES
        environment = Environment(fields, occurrences, Clock(stamp_ms, zone)) if self._needs_environment else None
        for nest, check in self._checks:
            if not nest:
                check(fields.get, occurrences, environment, problems.append)
                continue
            for prefixes in _prefixes(nest, occurrences):
                check(fields.get, occurrences, environment, problems.append, *prefixes)
                if len(problems) > PROBLEMS_MAX:
                    return problems[:PROBLEMS_MAX]
        return problems


def _prefixes(nest: Sequence[str], occurrences: Occurrences) -> Iterator[tuple[str, ...]]:
    """Every combination of occurrences of nested repeats, in order."""
    found: list[tuple[str, ...]] = [()]
    for level, repeat in enumerate(nest):
        done = len(nest[level - 1]) if level else 0
        found = [
            (*outer, prefix)
            for outer in found
            for prefix in occurrences.get((outer[-1] if outer else "") + repeat[done:], ())
        ][:OCCURRENCES_MAX]
    return iter(found)


def _runs(form: Form) -> Iterator[tuple[tuple[str, ...], list[Question]]]:
    """Questions by the repeats around them, in the form's order, cut to what one function takes."""
    by_nest: dict[tuple[str, ...], list[Question]] = {}
    for question in form.questions:
        by_nest.setdefault(question.repeats, []).append(question)
    for nest, questions in by_nest.items():
        for start in range(0, len(questions), QUESTIONS_A_FUNCTION_MAX):
            yield nest, questions[start : start + QUESTIONS_A_FUNCTION_MAX]
