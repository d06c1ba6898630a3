"""A form's expressions made ready to evaluate, and what is wrong with them."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any, NoReturn

import msgspec
from lxml import etree

from fieldsync.core.answer_paths import occurrences_of, pattern_of
from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_code import (
    BOOLEAN,
    GROUP,
    GROUPS,
    NODE,
    Environment,
    NotCompiledError,
    Scope,
    address_of,
)
from fieldsync.core.expression_compiler import Compiler
from fieldsync.core.expression_dates import Clock
from fieldsync.core.expression_functions import NOT_IN_COLLECT
from fieldsync.core.expression_lxml import XPathEvaluator
from fieldsync.core.expression_parser import Call, ExpressionFault, Node, Path, Step, calls, parse
from fieldsync.core.expression_rows import Rows
from fieldsync.core.form_references import Expression as FormExpression
from fieldsync.core.form_references import expressions
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Finding, Form, Itemset, Question, blanks
from fieldsync.core.generated_code import checked_source, made
from fieldsync.core.operations import Value

ENTITY_COLUMNS = ("create_if", "update_if", "entity_id", "label")
_TRIAL_UUID = "00000000-0000-0000-0000-000000000000"


class Expression(msgspec.Struct, frozen=True):
    """One expression of one node, ready: `evaluate(environment, occurrences around it)` gives its value.

    `way` is "compiled", "libxml2", or "unknown" where a file that it needs is not here.
    """

    way: str
    evaluate: Any


def environment_of(fields: Mapping[str, Value], stamp_ms: int, zone: tzinfo) -> Environment:
    """What expressions see of a record; `stamp_ms` since 1970 is today() and now(), in that time zone."""
    return Environment(fields, occurrences_of(fields), Clock(stamp_ms, zone))


def compile_expression(
    tree: FormTree, lists: ChoiceLists, context: str, text: str, way: str | None = None
) -> Expression:
    """Make one expression of the node at `context` ready, in one way or the first that takes it.

    Raises ExpressionFault, and NotCompiledError where only "compiled" will do.
    """
    node = parse(text)
    try:
        if way != "libxml2":
            return Expression("compiled", _compiled(tree, lists, context, node))
    except NotCompiledError:
        if way == "compiled":
            raise
    except UnknownValueError:
        return Expression("unknown", _unknown)
    try:
        evaluator = XPathEvaluator(tree, lists, context, node)
    except UnknownValueError:
        return Expression("unknown", _unknown)
    nest = tree.nests[context]
    rest = context[len(nest[-1]) :] if nest else context
    return Expression("libxml2", lambda e, p: evaluator(e, (p[-1] if nest else "") + rest))


def _unknown(*_: object) -> NoReturn:
    raise UnknownValueError("a file that is not here")


def _compiled(tree: FormTree, lists: ChoiceLists, context: str, node: Node) -> Any:
    scope = Scope(tree)
    code = Compiler(scope, context, lists).code(node)
    if code.kind in (GROUP, GROUPS):
        raise NotCompiledError("a group has no text here")
    source = f"[{code.source}]" if code.kind == NODE else code.source
    if code.kind == BOOLEAN:
        source = f"bool({source})"
    rows = unpacked(tree.nests[context])
    lines = ["f, o = e.fields.get, e.occurrences", *rows, *scope.with_loads([f"return {source}"])]
    return made("evaluate", "e, p", lines, scope.constants)


def unpacked(nest: tuple[str, ...]) -> list[str]:
    """Lines of source that name the rows around a node."""
    occurrences = "".join(f"p{level}, " for level in range(len(nest)))
    return [f"{occurrences}= p"] if occurrences else []


def truth_source(scope: Scope, lists: ChoiceLists, context: str, text: str) -> str:
    """Source of an expression's boolean value within a scope; libxml2 where the compiler does not take it.

    The source raises Unknown where a file is not here, and fails where nothing can evaluate the expression.
    """
    try:
        node = parse(text)
        try:
            return checked_source(Compiler(scope, context, lists).truth(node))
        except NotCompiledError:
            evaluator = XPathEvaluator(scope.tree, lists, context, node)
            scope.needs_environment = True
            return f"{scope.constant(evaluator.truth)}(e, {address_of(context, scope.tree.nests[context])})"
    except UnknownValueError:
        return "unknown()"
    except ExpressionFault:
        return failing_source(scope)


def failing_source(scope: Scope) -> str:
    """Source for a rule that nothing can evaluate: it fails."""
    return f"{scope.constant(_fail)}()"


def _fail() -> NoReturn:
    raise ValueError("an expression that nothing can evaluate")


def filter_source(scope: Scope, lists: ChoiceLists, context: str, filter_text: str, rows: Rows) -> str:
    """Source of whether a cascade's filter lets a row through. Raises as the parser and the compiler do."""
    compiler = Compiler(scope, context, lists)
    compiler.rows = rows
    return checked_source(compiler.predicate(parse(filter_text)))


def offered_source(scope: Scope, lists: ChoiceLists, question: Question) -> str:
    """Source of the names that a question's itemset offers now, by libxml2. Raises as the parser does."""
    itemset = question.itemset or Itemset()
    nodeset = parse(itemset.nodeset or f"instance('{itemset.instance}')/root/item[{itemset.filter or 'true()'}]")
    if isinstance(nodeset, Call) and nodeset.name == "randomize" and nodeset.arguments:
        nodeset = nodeset.arguments[0]
    if not isinstance(nodeset, Path):
        raise ExpressionFault("expression_unsupported", "The choices of a select must come from a path.")
    names = Path((*nodeset.steps, Step("child", itemset.value)), nodeset.absolute, nodeset.start)
    evaluator = XPathEvaluator(scope.tree, lists, question.path, names)
    scope.needs_environment = True
    return f"{scope.constant(evaluator)}(e, {address_of(question.path, question.repeats)})"


def check_expressions(form: Form, files: Mapping[str, bytes] = {}) -> list[Finding]:
    """What cannot be evaluated in a form: expression_syntax and expression_unsupported, an error each.

    References to what the form does not have are found elsewhere.
    """
    trial = _Trial(form, files)
    findings = []
    for expression in expressions(form):
        fault = trial.fault(expression)
        if fault is not None and fault.code != "expression_path":
            findings.append(_finding(expression, fault))
    return findings


class _Trial:
    """Compiles each expression, and lets libxml2 try those that go there on an empty answer sheet."""

    def __init__(self, form: Form, files: Mapping[str, bytes]) -> None:
        self._tree = FormTree(form)
        self._lists = ChoiceLists(form, files)
        fields = {self._occurrence(repeat): 1 for repeat in self._tree.repeats}
        self._environment = environment_of(fields, 0, UTC)

    def _occurrence(self, path: str) -> str:
        return pattern_of(path, self._tree.nests[path]).replace("[]", f"[{_TRIAL_UUID}]")

    def fault(self, expression: FormExpression) -> ExpressionFault | None:
        """What is wrong with one expression; what merely fails on empty answers is not."""
        try:
            _refuse_what_collect_lacks(expression.text)
            if expression.column == "choice_filter":
                self._try_filter(expression)
            else:
                self._try(expression)
        except ExpressionFault as fault:
            return fault
        except etree.XPathError as error:
            return ExpressionFault("expression_unsupported", f"It cannot be evaluated: {error}.")
        except (UnknownValueError, ValueError, LookupError, ArithmeticError):
            return None
        return None

    def _try(self, expression: FormExpression) -> None:
        ready = compile_expression(self._tree, self._lists, expression.path, expression.text)
        if ready.way == "libxml2":
            nest = self._tree.nests[expression.path]
            ready.evaluate(self._environment, tuple(self._occurrence(repeat) for repeat in nest))

    def _try_filter(self, expression: FormExpression) -> None:
        question = self._tree.questions[expression.path]
        rows = [row for _, row in self._lists.choice_rows(question) or ()]
        scope = Scope(self._tree)
        try:
            filter_source(scope, self._lists, question.path, expression.text, Rows(rows, "w0"))
        except NotCompiledError:
            source = offered_source(scope, self._lists, question)
            offered = made("offered", "e, p", [*unpacked(question.repeats), f"return {source}"], scope.constants)
            offered(self._environment, tuple(self._occurrence(repeat) for repeat in question.repeats))


def _refuse_what_collect_lacks(text: str) -> None:
    for call in calls(parse(text)):
        if call.name in NOT_IN_COLLECT:
            instead = NOT_IN_COLLECT[call.name]
            raise ExpressionFault("expression_unsupported", f"ODK Collect has no {call.name}(); write {instead}.")


def _finding(expression: FormExpression, fault: ExpressionFault) -> Finding:
    return Finding(
        "error",
        fault.code,
        "{column}: {fault}",
        "Write it with the functions that ODK's documentation lists.",
        sheet="entities" if expression.column in ENTITY_COLUMNS else "survey",
        column=expression.column,
        path=expression.path,
        detail=blanks(column=expression.column, fault=fault),
    )
