"""The common subset of ODK's XPath to Python source; what it does not take raises NotCompiledError and goes to lxml."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.choice_lists import ChoiceLists, Row
from fieldsync.core.expression_calls import SPECIAL_CALLS, call_of_table
from fieldsync.core.expression_code import (
    BOOLEAN,
    GROUPS,
    NODE,
    NODES,
    NUMBER,
    TEXT,
    Code,
    NotCompiledError,
    Scope,
    as_boolean,
    as_number,
    comparison,
)
from fieldsync.core.expression_functions import FUNCTIONS
from fieldsync.core.expression_parser import Call, ExpressionFault, Filter, Literal, Node, Number, Operation, Path, Step
from fieldsync.core.expression_paths import resolve

_ARITHMETIC = {"-": "({} - {})", "*": "({} * {})", "div": "divide({}, {})", "mod": "modulo({}, {})"}


class Rows:
    """Rows of a secondary instance that an expression walks through, and the variable that holds one of them."""

    def __init__(self, rows: Sequence[Row], variable: str) -> None:
        """Rows are never changed."""
        self.rows = rows
        self.variable = variable

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        return frozenset.intersection(*(frozenset(row) for row in self.rows)) if self.rows else frozenset()

    def column(self, name: str) -> Code:
        """Source of a column of the row; a list where not every row has it."""
        if name in self._everywhere:
            return Code(NODE, f"{self.variable}[{name!r}]")
        return Code(NODES, f"([{self.variable}[{name!r}]] if {name!r} in {self.variable} else [])")


class Compiler:
    """Compiles the expressions of one context node into one scope."""

    def __init__(self, scope: Scope, context: str, lists: ChoiceLists) -> None:
        """`context` is the path of the node that bears the expression."""
        self.scope = scope
        self.tree = scope.tree
        self.context = context
        self.lists = lists
        self.rows: Rows | None = None
        self._row_variables = 0

    def truth(self, node: Node) -> str:
        """Source of an expression's boolean value."""
        return as_boolean(self.code(node))

    def code(self, node: Node) -> Code:
        """Source of any expression."""
        if isinstance(node, Literal):
            return Code(TEXT, repr(node.value))
        if isinstance(node, Number):
            return Code(NUMBER, repr(node.value))
        if isinstance(node, Operation):
            return self._operation(node)
        if isinstance(node, Call):
            return self.call(node)
        if isinstance(node, Filter):
            raise NotCompiledError("a filtered expression")
        return self.path(node)

    def _operation(self, node: Operation) -> Code:
        operator = node.operator
        if operator in ("or", "and"):
            joined = f" {operator} ".join(self.truth(operand) for operand in node.operands)
            return Code(BOOLEAN, f"({joined})")
        if operator == "|":
            raise NotCompiledError("a union")
        codes = [self.code(operand) for operand in node.operands]
        if operator == "negate":
            return Code(NUMBER, f"(-{as_number(codes[0])})")
        if operator == "+":
            return Code(NUMBER, f"({' + '.join(map(as_number, codes))})")
        if operator in _ARITHMETIC:
            return Code(NUMBER, _ARITHMETIC[operator].format(as_number(codes[0]), as_number(codes[1])))
        return comparison(operator, codes[0], codes[1])

    def call(self, node: Call) -> Code:
        """Source of a function call."""
        special = SPECIAL_CALLS.get(node.name)
        if special is not None:
            return special(self, node)
        signature = FUNCTIONS.get(node.name)
        if signature is None:
            raise NotCompiledError(f"the function {node.name}()")
        return call_of_table(self, node, signature)

    def path(self, node: Path, every_occurrence: bool = False) -> Code:
        """Source of what a path leads to: answers of the form, a column of a row, rows of a secondary instance."""
        if self.rows is not None and not node.absolute and node.start is None:
            return self._column(node)
        if isinstance(node.start, Call) and node.start.name == "instance":
            return self._look_up(node.start, node.steps)
        reference = resolve(self.tree, self.context, node, every_occurrence)
        if reference is None:
            raise NotCompiledError("a path with predicates or axes")
        return self.scope.answer(reference)

    def _column(self, node: Path) -> Code:
        steps = [step for step in node.steps if step != Step("self", "node()")]
        if self.rows is None or len(steps) != 1 or not _is_child(steps[0]) or steps[0].predicates:
            raise NotCompiledError("a path within a row")
        return self.rows.column(steps[0].test)

    def _look_up(self, start: Call, steps: tuple[Step, ...]) -> Code:
        """instance('x')/root/item[…]/column."""
        if len(start.arguments) != 1 or not isinstance(start.arguments[0], Literal):
            raise NotCompiledError("instance() of something computed")
        if not 2 <= len(steps) <= 3 or not all(map(_is_child, steps)) or steps[0].predicates or steps[-1].predicates:
            raise NotCompiledError("an unusual look-up")
        rows = self._known_rows(start.arguments[0].value)
        outer = self.rows
        self._row_variables += 1
        self.rows = inner = Rows(rows, f"w{self._row_variables}")
        try:
            return self._walk(inner, steps)
        finally:
            self.rows = outer

    def _known_rows(self, instance_id: str) -> Sequence[Row]:
        rows = self.lists.rows(instance_id)
        if rows is not None:
            return rows
        if instance_id not in self.lists.declared:
            raise ExpressionFault("expression_path", f"There is no instance “{instance_id}” in the form.")
        raise UnknownValueError(instance_id)

    def _walk(self, rows: Rows, steps: tuple[Step, ...]) -> Code:
        predicates = steps[1].predicates
        source = self._indexed(rows, predicates[0]) if predicates else None
        if source is None:
            source = self.scope.constant(rows.rows)
        tests = "".join(f" if {self.predicate(predicate)}" for predicate in predicates)
        loop = f"for {rows.variable} in {source}{tests}"
        if len(steps) == 2:
            return Code(GROUPS, f"[True {loop}]")
        column = rows.column(steps[2].test)
        if column.kind == NODE:
            return Code(NODES, f"[{column.source} {loop}]")
        name = repr(steps[2].test)
        return Code(NODES, f"[{rows.variable}[{name}] {loop} if {name} in {rows.variable}]")

    def predicate(self, node: Node) -> str:
        """Source of a predicate over rows; one that is a number asks for a position, which is left to lxml."""
        code = self.code(node)
        if code.kind in (NUMBER, "any"):
            raise NotCompiledError("a position")
        return as_boolean(code)

    def _indexed(self, rows: Rows, predicate: Node) -> str | None:
        """Source of the few rows that the predicate's first equality leaves, by an index made once."""
        first = predicate.operands[0] if isinstance(predicate, Operation) and predicate.operator == "and" else predicate
        if not isinstance(first, Operation) or first.operator != "=":
            return None
        for column, other in (first.operands, first.operands[::-1]):
            name = _column_name(column)
            if name is None or _column_name(other) is not None:
                continue
            code = self.code(other)
            if code.kind in (TEXT, NODE) and rows.variable not in code.source:
                return f"{self.scope.constant(_index(rows.rows, name))}.get({code.source}, ())"
        return None


def _is_child(step: Step) -> bool:
    return step.axis == "child" and step.test != "*" and not step.test.endswith(")")


def _column_name(node: Node) -> str | None:
    if isinstance(node, Path) and not node.absolute and node.start is None and len(node.steps) == 1:
        step = node.steps[0]
        return step.test if _is_child(step) and not step.predicates else None
    return None


def _index(rows: Sequence[Row], column: str) -> Mapping[str, list[Row]]:
    index: dict[str, list[Row]] = {}
    for row in rows:
        if column in row:
            index.setdefault(row[column], []).append(row)
    return index
