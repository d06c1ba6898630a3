"""XPath 1.0 text to a syntax tree. Every form of the grammar is read; what can be evaluated is decided elsewhere."""

import re
from collections.abc import Iterator
from typing import TypeAlias, cast

import msgspec

EXPRESSION_LENGTH_MAX = 20_000
"""Characters; the longest expression in published forms that we know of has some 9,000."""
EXPRESSION_DEPTH_MAX = 100
"""Levels of nesting; keeps parsing and compiling far from the interpreter's own limit."""


class ExpressionFault(ValueError):
    """An expression that cannot be used: `code` says why, the message is for the designer."""

    def __init__(self, code: str, message: str) -> None:
        """`code` is expression_syntax, expression_unsupported or expression_path."""
        super().__init__(message)
        self.code = code


class Literal(msgspec.Struct, frozen=True):
    """A text in quotes."""

    value: str


class Number(msgspec.Struct, frozen=True):
    """A number as XPath writes it, never negative."""

    value: float


class Call(msgspec.Struct, frozen=True):
    """A function by its name, prefix included."""

    name: str
    arguments: "tuple[Node, ...]" = ()


class Operation(msgspec.Struct, frozen=True):
    """An operator with its operands: two, or more for "or", "and" and "+"; one for "negate"."""

    operator: str
    operands: "tuple[Node, ...]"


class Step(msgspec.Struct, frozen=True):
    """One step of a path: axis, node test (a name, "*", "node()", "text()"), predicates."""

    axis: str
    test: str
    predicates: "tuple[Node, ...]" = ()


class Path(msgspec.Struct, frozen=True):
    """A location path. `start` is None where it begins at the context node or, `absolute`, at the root."""

    steps: tuple[Step, ...]
    absolute: bool = False
    start: "Node | None" = None


class Filter(msgspec.Struct, frozen=True):
    """An expression in brackets or a call, with predicates."""

    subject: "Node"
    predicates: "tuple[Node, ...]"


Node: TypeAlias = Literal | Number | Call | Operation | Path | Filter

_NAME = r"[^\W\d][\w.\-]*"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<literal>"[^"]*"|'[^']*')
    | (?P<name>{_NAME}(?::(?!:)(?:{_NAME}|\*))?)
    | (?P<symbol>//|::|\.\.|!=|<=|>=|[/.@,()\[\]|+\-*=<>$])
    )""",
    re.VERBOSE,
)
_OPERATOR_NAMES = frozenset(("and", "or", "div", "mod"))
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "div", "mod"),
)
_PRECEDENCE = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators}
_OPERAND_EXPECTED_AFTER = frozenset(
    ("@", "::", "(", "[", ",", "/", "//", "|", "+", "-", "=", "!=", "<", "<=", ">", ">=")
)
_NODE_TYPES = frozenset(("node", "text", "comment", "processing-instruction"))

Token: TypeAlias = tuple[str, str]
_END: Token = ("end", "")


def parse(text: str) -> Node:
    """The syntax tree of an expression; raises ExpressionFault with code expression_syntax."""
    if len(text) > EXPRESSION_LENGTH_MAX:
        raise ExpressionFault("expression_syntax", f"The expression is longer than {EXPRESSION_LENGTH_MAX} characters.")
    reader = _Reader(_tokens(text))
    tree = reader.expression(0)
    if reader.token != _END:
        raise reader.unexpected()
    return tree


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionFault("expression_syntax", f"Unexpected character at position {position + 1}.")
        kind = match.lastgroup or ""
        token = (kind, match[kind])
        if _is_operator(token, tokens[-1] if tokens else None):
            token = ("operator", token[1])
        tokens.append(token)
        position = match.end()
    return tokens


def _is_operator(token: Token, before: Token | None) -> bool:
    """XPath's rule: after an operand, a star is a multiplication and and, or, div, mod are operators."""
    kind, text = token
    if kind == "symbol" and text in ("+", "-", "=", "!=", "<", "<=", ">", ">=", "|"):
        return True
    if text != "*" and not (kind == "name" and text in _OPERATOR_NAMES):
        return False
    return before is not None and before[0] != "operator" and before[1] not in _OPERAND_EXPECTED_AFTER


class _Reader:
    """Reads tokens from left to right; one method a rule of the grammar."""

    __slots__ = ("_depth", "_position", "_tokens", "token")

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self.token = tokens[0] if tokens else _END

    def unexpected(self) -> ExpressionFault:
        found = f"“{self.token[1]}”" if self.token != _END else "its end"
        return ExpressionFault("expression_syntax", f"The expression cannot be read at {found}.")

    def _advance(self) -> str:
        text = self.token[1]
        self._position += 1
        self.token = self._tokens[self._position] if self._position < len(self._tokens) else _END
        return text

    def _at(self, symbol: str) -> bool:
        return self.token == ("symbol", symbol)

    def _take(self, symbol: str) -> bool:
        if not self._at(symbol):
            return False
        self._advance()
        return True

    def _expect(self, symbol: str) -> None:
        if not self._take(symbol):
            raise self.unexpected()

    def expression(self, level: int) -> Node:
        """Operators from `level` of the precedence table on; chains of "or", "and" and "+" become one operation."""
        before = self._depth
        self._deeper()
        left = self._unary()
        while self.token[0] == "operator" and _PRECEDENCE.get(self.token[1], -1) >= level:
            operator = self._advance()
            right = self.expression(_PRECEDENCE[operator] + 1)
            if not _continues(operator, left):
                self._deeper()
            left = _joined(operator, left, right)
        self._depth = before
        return left

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > EXPRESSION_DEPTH_MAX:
            raise ExpressionFault("expression_syntax", f"More than {EXPRESSION_DEPTH_MAX} levels of nesting.")

    def _unary(self) -> Node:
        negations = 0
        while self.token == ("operator", "-"):
            self._advance()
            negations += 1
        operand = self._union()
        if negations == 0:
            return operand
        negated = Operation("negate", (operand,))
        return negated if negations % 2 else Operation("negate", (negated,))

    def _union(self) -> Node:
        left = self._path()
        while self.token == ("operator", "|"):
            self._advance()
            self._deeper()
            left = Operation("|", (left, self._path()))
        return left

    def _path(self) -> Node:
        if self._starts_step():
            return Path(self._steps())
        if self._at("/") or self._at("//"):
            return self._absolute_path()
        subject = self._primary()
        predicates = self._predicates()
        if predicates:
            subject = Filter(subject, predicates)
        if self._take("//"):
            return Path((Step("descendant-or-self", "node()"), *self._steps()), start=subject)
        return Path(self._steps(), start=subject) if self._take("/") else subject

    def _absolute_path(self) -> Path:
        if self._take("//"):
            return Path((Step("descendant-or-self", "node()"), *self._steps()), absolute=True)
        self._advance()
        return Path(self._steps() if self._starts_step() else (), absolute=True)

    def _starts_step(self) -> bool:
        kind, text = self.token
        if kind == "symbol":
            return text in (".", "..", "@", "*")
        following = self._tokens[self._position + 1][1] if self._position + 1 < len(self._tokens) else ""
        return kind == "name" and (following != "(" or text in _NODE_TYPES)

    def _steps(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self._at("/") or self._at("//"):
            if self._advance() == "//":
                steps.append(Step("descendant-or-self", "node()"))
            steps.append(self._step())
        return tuple(steps)

    def _step(self) -> Step:
        if self._take("."):
            return Step("self", "node()", self._predicates())
        if self._take(".."):
            return Step("parent", "node()", self._predicates())
        axis = "child"
        if self._take("@"):
            axis = "attribute"
        elif self.token[0] == "name" and self._following() == "::":
            axis = self._advance()
            self._advance()
        return Step(axis, self._node_test(), self._predicates())

    def _following(self) -> str:
        return self._tokens[self._position + 1][1] if self._position + 1 < len(self._tokens) else ""

    def _node_test(self) -> str:
        if self._take("*"):
            return "*"
        if self.token[0] != "name":
            raise self.unexpected()
        name = self._advance()
        if name in _NODE_TYPES and self._take("("):
            self._expect(")")
            return f"{name}()"
        return name

    def _predicates(self) -> tuple[Node, ...]:
        predicates = []
        while self._take("["):
            predicates.append(self.expression(0))
            self._expect("]")
        return tuple(predicates)

    def _primary(self) -> Node:
        kind, text = self.token
        if kind == "number":
            return Number(float(self._advance()))
        if kind == "literal":
            return Literal(self._advance()[1:-1])
        if self._take("("):
            inner = self.expression(0)
            self._expect(")")
            return inner
        if kind != "name":
            raise self.unexpected()
        self._advance()
        self._expect("(")
        return Call(text, self._arguments())

    def _arguments(self) -> tuple[Node, ...]:
        if self._take(")"):
            return ()
        arguments = [self.expression(0)]
        while self._take(","):
            arguments.append(self.expression(0))
        self._expect(")")
        return tuple(arguments)


def _continues(operator: str, left: Node) -> bool:
    return operator in ("or", "and", "+") and isinstance(left, Operation) and left.operator == operator


def _joined(operator: str, left: Node, right: Node) -> Operation:
    if isinstance(left, Operation) and _continues(operator, left):
        return Operation(operator, (*left.operands, right))
    return Operation(operator, (left, right))


def calls(node: Node | Step) -> Iterator[Call]:
    """Every function call in an expression."""
    if isinstance(node, Call):
        yield node
    for name in node.__struct_fields__:
        value = getattr(node, name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, msgspec.Struct):
                yield from calls(cast(Node | Step, inner))
