"""Which nodes, lists and columns an XPath expression of a form refers to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_NESTING = 60
"""Brackets inside brackets; deeper ones are not looked into."""

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'[^']*'|"[^"]*")
    |(?P<number>\d+(?:\.\d*)?|\.\d+)
    |(?P<name>[^\W\d][\w.\-]*(?::(?!:)[^\W\d][\w.\-]*)?)
    |(?P<mark>\.\.|::|//|!=|<=|>=|[./@*\[\](),=<>+\-|$])
    |(?P<other>\S)
    )""",
    re.VERBOSE,
)
_OPERATORS = {"and", "or", "div", "mod"}
_STARTS = {".", "..", "/", "//", "@", "*"}
_CLOSES = {")", "]"}


@dataclass(frozen=True)
class Reference:
    """A node that an expression names.

    `path` is None where it cannot be told (a wildcard, a step out of the form). `bare` is a name without any path:
    a child of the node itself, usually a forgotten ${}. `indexed` is a reference to some occurrence of a repeat,
    chosen by a predicate or by indexed-repeat.
    """

    path: str | None
    text: str
    bare: bool = False
    indexed: bool = False


@dataclass
class References:
    """What one expression refers to: nodes, secondary instances, and (instance, column) pairs."""

    nodes: list[Reference] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)


def references(expression: str, context: str, root: str, instance: str | None = None) -> References:
    """What an expression on the node `context` refers to; `instance`: it is a predicate over that instance's rows."""
    scan = _Scan(list(_tokens(expression)), context, root)
    steps: tuple[str, ...] | None = _steps(context)
    scan.expression(_Here(steps if instance is None else None, instance), 0)
    return scan.found


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(expression):
        if match.lastgroup is not None:
            yield match.lastgroup, match.group(match.lastgroup)


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")) if path else ()


@dataclass(frozen=True)
class _Here:
    """What relative names mean at this place: steps of a node, or rows of an instance, or neither is known."""

    steps: tuple[str, ...] | None
    instance: str | None = None
    indexed: bool = False
    in_predicate: bool = False


class _Scan:
    def __init__(self, tokens: list[tuple[str, str]], context: str, root: str) -> None:
        self.tokens = tokens
        self.at = 0
        self.context = context
        self.root = root
        self.found = References()

    def _peek(self, ahead: int = 0) -> tuple[str, str]:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ("end", "")

    def expression(self, here: _Here, depth: int) -> None:
        """Read until the closing bracket or the end."""
        operand = False
        while self.at < len(self.tokens):
            kind, text = self._peek()
            if text in _CLOSES and kind == "mark":
                return
            if kind == "name" and not (operand and text in _OPERATORS):
                self._name(here, depth)
                operand = True
            elif kind == "mark" and text in _STARTS and not (operand and text == "*"):
                self._path(here, depth)
                operand = True
            elif kind == "mark" and text in ("(", "["):
                self._bracket(here, depth)
                operand = True
            else:
                self.at += 1
                operand = kind in ("string", "number")

    def _bracket(self, here: _Here, depth: int) -> None:
        self.at += 1
        if depth < MAX_NESTING:
            self.expression(here, depth + 1)
        self.at += 1

    def _name(self, here: _Here, depth: int) -> None:
        name = self._peek()[1]
        if self._peek(1) != ("mark", "("):
            self._path(here, depth)
        elif name == "current":
            self.at += 3
            self._follow(_steps(self.context), "current()", here, depth)
        elif name == "instance":
            self._instance(here, depth)
        else:
            self.at += 1
            self._call(name, here, depth)

    def _call(self, name: str, here: _Here, depth: int) -> None:
        if name == "pulldata" and self._peek(1)[0] == "string":
            self.found.instances.append(self._peek(1)[1][1:-1])
        if name.endswith("choice-name"):
            self._quoted_paths(here, depth)
        indexed = here.indexed or name == "indexed-repeat"
        self._bracket(_Here(here.steps, here.instance, indexed, here.in_predicate), depth)

    def _quoted_paths(self, here: _Here, depth: int) -> None:
        """jr:choice-name names its question in a string."""
        ahead, level = 1, 1
        while level and self._peek(ahead)[0] != "end":
            kind, text = self._peek(ahead)
            level += {"(": 1, ")": -1}.get(text, 0) if kind == "mark" else 0
            if kind == "string" and "/" in text and depth < MAX_NESTING:
                inner = _Scan(list(_tokens(text[1:-1])), self.context, self.root)
                inner.expression(here, depth + 1)
                self.found.nodes.extend(inner.found.nodes)
            ahead += 1

    def _instance(self, here: _Here, depth: int) -> None:
        kind, text = self._peek(2)
        name = text[1:-1] if kind == "string" else ""
        self.at += 4
        self.found.instances.append(name)
        self._rows(name, here, depth)

    def _rows(self, instance: str, here: _Here, depth: int) -> None:
        """The steps after instance('x'): root, item, their predicates, then a column."""
        steps = 0
        while True:
            if self._peek() == ("mark", "["):
                self._bracket(_Here(None, instance, here.indexed, True), depth)
            elif self._peek() == ("mark", "/") and self._peek(1)[0] == "name":
                steps += 1
                if steps == 3:
                    self.found.columns.append((instance, self._peek(1)[1]))
                self.at += 2
            else:
                return

    def _path(self, here: _Here, depth: int) -> None:
        kind, text = self._peek()
        if (kind, text) == ("mark", "/"):
            self._absolute(here, depth)
        elif here.instance is not None:
            self._column(here, depth)
        elif kind == "name":
            self.at += 1
            steps = None if here.steps is None else (*here.steps, _local(text))
            self._follow(steps, text, here, depth, bare=not here.in_predicate)
        else:
            self._follow(here.steps, "", here, depth, start=True)

    def _absolute(self, here: _Here, depth: int) -> None:
        kind, text = self._peek(1)
        if kind == "name" and _local(text) == self.root:
            self.at += 2
            self._follow((), f"/{text}", here, depth)
        else:
            self._follow(None, "", here, depth)

    def _column(self, here: _Here, depth: int) -> None:
        """A path relative to a row of an instance."""
        steps: list[str] = []
        while self._peek()[0] == "name" or self._peek()[1] in (".", "..", "/", "@"):
            steps.append(self._peek()[1])
            self.at += 1
            while self._peek() == ("mark", "["):
                self._bracket(here, depth)
        names = [step for step in steps if step not in ("/", ".")]
        if len(names) == 1 and names[0] != "..":
            self.found.columns.append((here.instance or "", names[0]))
        if not steps:
            self.at += 1

    def _follow(
        self,
        steps: tuple[str, ...] | None,
        text: str,
        here: _Here,
        depth: int,
        bare: bool = False,
        start: bool = False,
    ) -> None:
        """Read the steps that follow, then note where they lead."""
        indexed = here.indexed
        first = start
        while True:
            kind, token = self._peek()
            if (kind, token) == ("mark", "["):
                self._bracket(_Here(steps, None, here.indexed, True), depth)
                indexed = True
            elif first or token in ("/", "//"):
                self.at += 0 if first and token in (".", "..", "@", "*") else 1
                steps = None if token == "//" else steps
                steps, step = self._step(steps)
                text += (token if token in ("/", "//") else "") + step
                bare = bare and not step
                first = False
            else:
                break
        path = None if steps is None else "/".join(steps)
        self.found.nodes.append(Reference(path, text, bare, indexed))

    def _step(self, steps: tuple[str, ...] | None) -> tuple[tuple[str, ...] | None, str]:
        kind, token = self._peek()
        if kind == "name" and self._peek(1)[1] not in ("(", "::"):
            self.at += 1
            return (None if steps is None else (*steps, _local(token))), token
        if token == "..":
            self.at += 1
            return (steps[:-1] if steps else None), token
        if token == ".":
            self.at += 1
            return steps, token
        if token == "@":
            name = self._peek(1)[1]
            self.at += 2
            return (None if steps is None else (*steps, f"@{_local(name)}")), f"@{name}"
        self.at += 1
        return None, token


def _local(name: str) -> str:
    return name.rpartition(":")[2]
