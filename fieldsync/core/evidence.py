"""What a form itself says about one answer of a record: what it works out, and which rules a value would break."""

from collections.abc import Mapping, Sequence

from lxml import etree

from fieldsync.core import expression_values
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.answer_text import UnknownValueError, value_from_text
from fieldsync.core.expression_code import NotCompiledError
from fieldsync.core.expression_parser import ExpressionFault
from fieldsync.core.expressions import compile_expression, environment_of
from fieldsync.core.form_tree import FormTree
from fieldsync.core.occurrences import around
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.core.validation import PROGRAMME_ZONE, CompiledForm


def calculated(compiled: CompiledForm, fields: Mapping[str, Value], path: str, stamp_ms: int) -> Value:
    """What the question's own calculation gives with the record's other answers; None where it has none, or fails."""
    question = next((each for each in compiled.form.questions if each.path == unindexed(path)), None)
    if question is None or not question.calculate:
        return None
    try:
        tree = FormTree(compiled.form)
        expression = compile_expression(tree, compiled.lists, question.path, question.calculate)
        found = expression.evaluate(environment_of(fields, stamp_ms, PROGRAMME_ZONE), tuple(around(path)))
        return value_from_text(question.type, expression_values.text(found))
    except (UnknownValueError, ExpressionFault, NotCompiledError, etree.XPathError, ValueError, LookupError):
        return None
    except ArithmeticError:
        return None


def broken_by(
    compiled: CompiledForm, fields: Mapping[str, Value], path: str, values: Sequence[Value], stamp_ms: int
) -> list[tuple[Problem, ...]]:
    """For each of some values of a path: the rules that the record would break with it and not with every other."""
    found = [compiled.broken_rules({**fields, path: value}, stamp_ms) for value in values]
    return [tuple(each for each in own if not all(each in other for other in found)) for own in found]
