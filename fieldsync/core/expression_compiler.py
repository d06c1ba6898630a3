"""The common subset of ODK's XPath to Python source; what it does not take raises NotCompiledError and goes to lxml."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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
    address_of,
    as_boolean,
    as_number,
    comparison,
)
from fieldsync.core.expression_functions import FUNCTIONS
from fieldsync.core.expression_parser import Call, ExpressionFault, Filter, Literal, Node, Number, Operation, Path, Step
from fieldsync.core.expression_paths import local_name, resolve
from fieldsync.core.expression_rows import AnyRows, OccurrenceRows, Rows
from fieldsync.core.form_tree import FormTree

_ARITHMETIC = {"-": "({} - {})", "*": "({} * {})", "div": "divide({}, {})", "mod": "modulo({}, {})"}


class Compiler:
    """Compiles the expressions of one context node into one scope."""

    def __init__(self, scope: Scope, context: str, lists: ChoiceLists) -> None:
        """`context` is the path of the node that bears the expression."""
        self.scope: Scope = scope
        self.tree: FormTree = scope.tree
        self.context: str = context
        self.lists: ChoiceLists = lists
        self.rows: AnyRows | None = None
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
        try:
            reference = resolve(self.tree, self.context, node, every_occurrence)
        except ExpressionFault:
            if node.absolute or node.start is not None or not all(map(_is_child, node.steps)):
                raise
            return Code(NODES, "[]")
        return self._filtered(node) if reference is None else self.scope.answer(reference)

    def _filtered(self, node: Path) -> Code:
        """repeat[…] or repeat[…]/question: the occurrences that a predicate leaves."""
        filtered = [place for place, step in enumerate(node.steps) if step.predicates]
        if len(filtered) != 1 or len(node.steps[filtered[0]].predicates) != 1:
            raise NotCompiledError("a path with several predicates or with axes")
        (place,) = filtered
        step = node.steps[place]
        place_of_repeat = Path((*node.steps[:place], Step(step.axis, step.test)), node.absolute, node.start)
        repeat = resolve(self.tree, self.context, place_of_repeat)
        if repeat is None or repeat.path not in self.tree.repeats or repeat.bound < len(repeat.nest) - 1:
            raise NotCompiledError("a predicate elsewhere than on a repeat")
        siblings = address_of(repeat.path, repeat.nest[:-1])
        with self._rows(OccurrenceRows(self.tree, repeat.path, siblings)) as rows:
            loop = self._loop(rows, step.predicates)
            rest = node.steps[place + 1 :]
            if not rest:
                return Code(GROUPS, f"[True {loop}]")
            return Code(NODES, f"[{self._column(Path(rest)).source} {loop}]")

    @contextmanager
    def _rows(self, rows: AnyRows) -> Iterator[AnyRows]:
        """While relative paths speak of rows."""
        outer = self.rows
        self._row_variables += 1
        rows.variable = f"w{self._row_variables}"
        self.rows = rows
        try:
            yield rows
        finally:
            self.rows = outer

    def _loop(self, rows: AnyRows, predicates: Sequence[Node]) -> str:
        source = self._indexed(rows, predicates[0]) if predicates else None
        tests = "".join(f" if {self.predicate(predicate)}" for predicate in predicates)
        return f"for {rows.variable} in {source or rows.source(self.scope)}{tests}"

    def _column(self, node: Path) -> Code:
        steps = [step for step in node.steps if step != Step("self", "node()")]
        if self.rows is None or not steps or not all(_is_child(step) and not step.predicates for step in steps):
            raise NotCompiledError("a path within a row")
        return self.rows.column([local_name(step.test) for step in steps])

    def _look_up(self, start: Call, steps: tuple[Step, ...]) -> Code:
        """instance('x')/root/item[…]/column."""
        if len(start.arguments) != 1 or not isinstance(start.arguments[0], Literal):
            raise NotCompiledError("instance() of something computed")
        if (
            not 2 <= len(steps) <= 3
            or not all(map(_is_child, steps))
            or any(step.predicates for step in (steps[0], *steps[2:]))
        ):
            raise NotCompiledError("an unusual look-up")
        with self._rows(Rows(self._known_rows(start.arguments[0].value))) as rows:
            loop = self._loop(rows, steps[1].predicates)
            if len(steps) == 2:
                return Code(GROUPS, f"[True {loop}]")
            column = rows.column([steps[2].test])
            if column.kind == NODE:
                return Code(NODES, f"[{column.source} {loop}]")
            name = repr(steps[2].test)
            return Code(NODES, f"[{rows.variable}[{name}] {loop} if {name} in {rows.variable}]")

    def _known_rows(self, instance_id: str) -> Sequence[Row]:
        rows = self.lists.rows(instance_id)
        if rows is not None:
            return rows
        if instance_id not in self.lists.declared:
            raise ExpressionFault("expression_path", f"There is no instance “{instance_id}” in the form.")
        raise UnknownValueError(instance_id)

    def predicate(self, node: Node) -> str:
        """Source of a predicate over rows; one that is a number asks for a position, which is left to lxml."""
        code = self.code(node)
        if code.kind in (NUMBER, "any"):
            raise NotCompiledError("a position")
        return as_boolean(code)

    def _indexed(self, rows: AnyRows, predicate: Node) -> str | None:
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
                return rows.indexed(self.scope, name, code.source)
        return None


def _is_child(step: Step) -> bool:
    return step.axis == "child" and step.test != "*" and not step.test.endswith(")")


def _column_name(node: Node) -> str | None:
    if isinstance(node, Path) and not node.absolute and node.start is None and len(node.steps) == 1:
        step = node.steps[0]
        return local_name(step.test) if _is_child(step) and not step.predicates else None
    return None
