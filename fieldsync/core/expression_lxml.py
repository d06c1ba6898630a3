"""XPath that the compiler does not take, evaluated by libxml2 over the record's answer sheet.

The tree is written out again as XPath 1.0: paths, axes, predicates and the core functions stay libxml2's; what ODK adds
or defines otherwise becomes a call of an extension with the same Python function that compiled code uses.
"""

from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_calls import require
from fieldsync.core.expression_code import BOOLEAN, NODES, NUMBER, TEXT, Environment
from fieldsync.core.expression_functions import FUNCTIONS, Signature, accepts, unknown
from fieldsync.core.expression_lxml_calls import SPECIAL_CALLS, Written, compare_values, extension, plain
from fieldsync.core.expression_parser import Call, ExpressionFault, Filter, Literal, Node, Number, Operation, Path, Step
from fieldsync.core.expression_paths import local_name, resolve
from fieldsync.core.expression_regex import matcher
from fieldsync.core.expression_values import XPathValue, boolean, number, text
from fieldsync.core.form_tree import FormTree
from fieldsync.core.instance import AnswerSheet

_NATIVE = {
    "contains": BOOLEAN, "starts-with": BOOLEAN, "substring-before": TEXT, "substring-after": TEXT, "translate": TEXT,
}  # fmt: skip
_LIBXML = {
    "last": NUMBER, "local-name": TEXT, "name": TEXT, "namespace-uri": TEXT, "lang": BOOLEAN, "true": BOOLEAN,
    "false": BOOLEAN,
}  # fmt: skip
_AXES = frozenset((
    "child", "parent", "self", "attribute", "ancestor", "ancestor-or-self", "descendant", "descendant-or-self",
    "following", "following-sibling", "preceding", "preceding-sibling",
))  # fmt: skip


class XPathEvaluator:
    """One expression of one context node, evaluated by libxml2; safe to share between threads."""

    def __init__(self, tree: FormTree, lists: ChoiceLists, context: str, node: Node) -> None:
        """Raises ExpressionFault for what libxml2 cannot take either, UnknownValueError where a file is not here."""
        self._tree = tree
        self._writer = Writer(tree, lists, context)
        self.kind, source = self._writer.write(node)
        extensions = {(None, name): call for name, call in self._writer.extensions.items()}
        try:
            self._evaluate = etree.XPath(source, extensions=extensions, smart_strings=False)
        except etree.XPathError as error:
            raise ExpressionFault("expression_unsupported", f"The expression cannot be evaluated: {error}.") from None

    def __call__(self, environment: Environment, address: str) -> XPathValue:
        """The expression's value at the context node of this address ("members[…]/name")."""
        if not environment.trees:
            environment.trees.append(AnswerSheet(self._tree, environment.fields, environment.occurrences))
        sheet: AnswerSheet = environment.trees[0]
        if sheet.is_sealed:
            unknown()
        node = sheet.nodes[address.partition("/@")[0]]
        clock = environment.clock
        evaluate: Any = self._evaluate
        return plain(
            evaluate(node, root=sheet.root, current=node, today=clock.today, now=clock.now, zone=str(clock.zone))
        )

    def truth(self, environment: Environment, address: str) -> bool:
        """The expression's boolean value."""
        return boolean(self(environment, address))


class Writer:
    """Writes a syntax tree as XPath 1.0, and collects the extensions that it calls."""

    def __init__(self, tree: FormTree, lists: ChoiceLists, context: str) -> None:
        """`context` is the path of the node that bears the expression."""
        self.tree: FormTree = tree
        self.lists: ChoiceLists = lists
        self.context: str = context
        self.in_predicate = False
        self.extensions: dict[str, Callable[..., Any]] = {}

    def write(self, node: Node) -> Written:
        if isinstance(node, Literal):
            quote = "'" if '"' in node.value else '"'
            return TEXT, f"{quote}{node.value}{quote}"
        if isinstance(node, Number):
            return NUMBER, self._literal(node.value)
        if isinstance(node, Operation):
            return self._operation(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Filter):
            kind, subject = self.write(node.subject)
            return kind, f"({subject}){self.predicates(node.predicates)}"
        return NODES, self.path(node)

    def extend(self, name: str, function: Callable[..., Any], *arguments: str) -> str:
        self.extensions[name] = function
        return f"{name}({', '.join(arguments)})"

    def _literal(self, value: float) -> str:
        """libxml2 reads fractions less exactly than Python."""
        if value < 2**31 and value == int(value):
            return str(int(value))
        return self.extend("odk-number", lambda _, text: float(text), f"'{value!r}'")

    def number(self, node: Node) -> str:
        kind, source = self.write(node)
        return source if kind == NUMBER else self.extend("odk-number-of", lambda _, value: number(plain(value)), source)

    def text(self, node: Node) -> str:
        kind, source = self.write(node)
        if kind in (TEXT, NODES):
            return source
        return self.extend("odk-string", lambda _, value: text(plain(value)), source)

    def _operation(self, node: Operation) -> Written:
        operator = node.operator
        if operator in ("or", "and", "|"):
            sources = [self.write(operand)[1] for operand in node.operands]
            return NODES if operator == "|" else BOOLEAN, f"({f' {operator} '.join(sources)})"
        if operator == "negate":
            return NUMBER, f"(-({self.number(node.operands[0])}))"
        if operator in ("+", "-", "*", "div", "mod"):
            return NUMBER, f"({f' {operator} '.join(map(self.number, node.operands))})"
        return BOOLEAN, self._comparison(operator, *node.operands)

    def _comparison(self, operator: str, left: Node, right: Node) -> str:
        (left_kind, left_source), (right_kind, right_source) = self.write(left), self.write(right)
        kinds = {left_kind, right_kind}
        texts = kinds <= {TEXT, NODES} and operator in ("=", "!=")
        if texts or kinds == {NUMBER} or (kinds == {BOOLEAN} and operator in ("=", "!=")):
            return f"({left_source} {operator} {right_source})"
        return self.extend("odk-compare", compare_values, repr(operator), left_source, right_source)

    def path(self, path: Path, every_occurrence: bool = False) -> str:
        start, steps = self._start(path, every_occurrence)
        written = [start] if start else []
        return "/".join([*written, *map(self._step, steps)]) or "."

    def _start(self, path: Path, every_occurrence: bool) -> tuple[str, tuple[Step, ...]]:
        """Where a path begins in libxml2's terms, and the steps from there."""
        if path.start == Call("current") or (path.start is None and not path.absolute and not self.in_predicate):
            return "$current", path.steps
        if path.start is not None:
            return self.write(path.start)[1], path.steps
        if not path.absolute:
            return "", path.steps
        return self._contextual(path, every_occurrence)

    def _contextual(self, path: Path, every_occurrence: bool) -> tuple[str, tuple[Step, ...]]:
        """An absolute path from the innermost repeat that it shares with the context, as far as it has no predicate."""
        shared, count = "", 1
        for end in range(2, len(path.steps) + 1):
            reference = resolve(self.tree, self.context, Path(path.steps[:end], absolute=True), every_occurrence)
            if reference is None:
                break
            if reference.path in self.tree.repeats and reference.is_single:
                shared, count = reference.path, end
        if not shared:
            return "$root/parent::node()", path.steps
        levels = self.context[len(shared) :].count("/")
        return "$current" + "/.." * levels, path.steps[count:]

    def _step(self, step: Step) -> str:
        if step.axis not in _AXES:
            raise ExpressionFault("expression_unsupported", f"The axis {step.axis} is not supported.")
        return f"{step.axis}::{local_name(step.test)}{self.predicates(step.predicates)}"

    def predicates(self, predicates: Sequence[Node]) -> str:
        outer, self.in_predicate = self.in_predicate, True
        written = [self.write(predicate) for predicate in predicates]
        self.in_predicate = outer
        return "".join(f"[{source}]" for _, source in written)

    def _call(self, node: Call) -> Written:
        special = SPECIAL_CALLS.get(node.name)
        if special is not None:
            return special(self, node)
        if node.name in _LIBXML:
            return _LIBXML[node.name], f"{node.name}({', '.join(self.write(one)[1] for one in node.arguments)})"
        signature = FUNCTIONS.get(node.name)
        if signature is None:
            raise ExpressionFault("expression_unsupported", f"The function {node.name}() is not known.")
        require(node, accepts(signature, len(node.arguments)))
        if node.name in _NATIVE:
            return _NATIVE[node.name], f"{node.name}({', '.join(map(self.text, node.arguments))})"
        return signature.result, self._extended(node, signature)

    def _extended(self, node: Call, signature: Signature) -> str:
        if node.name == "regex" and isinstance(node.arguments[1], Literal):
            matcher(node.arguments[1].value)
        every = node.name == "sum"
        sources = [self.path(one, every) if isinstance(one, Path) else self.write(one)[1] for one in node.arguments]
        if not sources and node.name in ("string-length", "normalize-space"):
            sources = ["."] if self.in_predicate else ["$current"]
        zone = ["$zone"] if signature.clocked else []
        name = "odk-" + node.name.replace(":", "-")
        return self.extend(name, extension(signature), *zone, *sources)
