"""Pieces of Python source for expressions: what each gives, how it is coerced, and how answers are read.

Nothing of a form's text enters the source but `repr` of constants; names are ours.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fieldsync.core.answer_paths import Occurrences
from fieldsync.core.answer_text import UnknownValueError, text_of
from fieldsync.core.answer_types import INTEGER_MAX
from fieldsync.core.expression_dates import Clock, days_of
from fieldsync.core.expression_functions import FUNCTIONS, unknown
from fieldsync.core.expression_paths import Reference
from fieldsync.core.expression_values import boolean, compare, divide, modulo, number, number_of_text, text
from fieldsync.core.expression_values import text_of_number as _text_of_number
from fieldsync.core.form_tree import FormTree
from fieldsync.core.operations import Value

BOOLEAN, NUMBER, TEXT, ANY = "boolean", "number", "text", "any"
NODE, NODES = "node", "nodes"
"""One existing node as its text; a list of such texts."""
GROUP, GROUPS = "group", "groups"
"""One group, or a list of occurrences: they can be counted, and have no text here."""


_CONSTANT = re.compile(r"[0-9]+\.[0-9]+")
_VARIABLE = re.compile(r"\b[vtn]\d+\b")


class NotCompiledError(Exception):
    """The compiler leaves this expression to lxml."""


class Code(NamedTuple):
    """A Python expression, its kind, and where that is cheaper another expression for its number."""

    kind: str
    source: str
    number: str = ""


class Environment:
    """What evaluating a record's expressions needs beside its answers; one for each record."""

    __slots__ = ("_indexes", "clock", "fields", "occurrences", "trees")

    def __init__(self, fields: Mapping[str, Value], occurrences: Occurrences, clock: Clock) -> None:
        """`trees` holds the record's answer sheet once an expression has needed it."""
        self.fields = fields
        self.occurrences = occurrences
        self.clock = clock
        self.trees: list[Any] = []
        self._indexes: dict[tuple[str, str], dict[str, list[str]]] = {}

    def occurrences_where(self, repeat: str, rest: str, text: str) -> Sequence[str]:
        """The occurrences of a repeat whose answer at `rest` is this text; found by an index made once a record."""
        index = self._indexes.get((repeat, rest))
        if index is None:
            index = self._indexes[repeat, rest] = {}
            for prefix in self.occurrences.get(repeat, ()):
                index.setdefault(text_of(self.fields.get(prefix + rest)), []).append(prefix)
        return index.get(text, ())


def as_number(code: Code) -> str:
    """Source of its number."""
    if code.number:
        return code.number
    if code.kind == NUMBER:
        return code.source
    if code.kind == BOOLEAN:
        return f"(1.0 if {code.source} else 0.0)"
    if code.kind in (TEXT, NODE):
        return f"number_of_text({code.source})"
    return f"number({_value(code)})"


def as_text(code: Code) -> str:
    """Source of its text."""
    if code.kind in (TEXT, NODE):
        return code.source
    if code.kind == BOOLEAN:
        return f"('true' if {code.source} else 'false')"
    if code.kind != NUMBER:
        return f"text({_value(code)})"
    constant = _CONSTANT.fullmatch(code.source)
    return repr(_text_of_number(float(code.source))) if constant else f"text_of_number({code.source})"


def as_boolean(code: Code) -> str:
    """Source of its truth: a node-set is true where it holds a node, whatever that says."""
    if code.kind == BOOLEAN:
        return code.source
    if code.kind in (NODE, GROUP):
        return "True"
    if code.kind == TEXT:
        return f"({code.source} != '')"
    return f"bool({code.source})" if code.kind in (NODES, GROUPS) else f"boolean({_value(code)})"


def as_nodes(code: Code) -> str:
    """Source of a list of texts."""
    if code.kind == NODES:
        return code.source
    if code.kind == NODE:
        return f"[{code.source}]"
    raise NotCompiledError("a node-set is needed")


def _value(code: Code) -> str:
    """Source of its value as `expression_values` takes it."""
    if code.kind in (GROUP, GROUPS):
        raise NotCompiledError("a group has no text here")
    return f"[{code.source}]" if code.kind == NODE else code.source


def comparison(operator: str, left: Code, right: Code) -> Code:
    """Source of a comparison, by XPath's rules for the kinds of its operands."""
    kinds = {left.kind, right.kind}
    python = {"=": "=="}.get(operator, operator)
    if kinds & {GROUP, GROUPS}:
        raise NotCompiledError("a group has no text here")
    if kinds & {NODES, ANY}:
        return Code(BOOLEAN, f"compare({operator!r}, {_value(left)}, {_value(right)})")
    if operator not in ("=", "!="):
        if BOOLEAN in kinds:
            left, right = _comparable_with_boolean(left), _comparable_with_boolean(right)
        return Code(BOOLEAN, f"({as_number(left)} {python} {as_number(right)})")
    if BOOLEAN in kinds:
        return Code(BOOLEAN, f"({as_boolean(left)} {python} {as_boolean(right)})")
    if NUMBER in kinds:
        return Code(BOOLEAN, f"({as_number(left)} {python} {as_number(right)})")
    return Code(BOOLEAN, f"({left.source} {python} {right.source})")


def _comparable_with_boolean(code: Code) -> Code:
    return Code(BOOLEAN, as_boolean(code)) if code.kind == NODE else code


def count_of(code: Code) -> str:
    """Source of count()."""
    if code.kind in (NODE, GROUP):
        return "1.0"
    if code.kind in (NODES, GROUPS):
        return f"float(len({code.source}))"
    raise NotCompiledError("count() takes a node-set")


class Scope:
    """Collects what a piece of generated source needs: answers to load first, and constants by name."""

    def __init__(self, tree: FormTree) -> None:
        """`constants` go into the namespace of the generated function."""
        self.tree = tree
        self.constants: dict[str, Any] = {}
        self.needs_environment = False
        self._loads: dict[str, str] = {}
        self._loaded: dict[str, tuple[str, Code]] = {}

    def constant(self, value: Any) -> str:
        """A name for a value that the generated source will use."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def with_loads(self, lines: Sequence[str]) -> list[str]:
        """The lines, after those that load what they use: an answer's value, text and number, once each."""
        wanted = set(_VARIABLE.findall("\n".join(lines)))
        loads: list[str] = []
        for name, source in reversed(self._loads.items()):
            if name in wanted:
                loads.append(f"{name} = {source}")
                wanted.update(_VARIABLE.findall(source))
        return [*reversed(loads), *lines]

    def clock(self) -> str:
        """Source of the Clock."""
        self.needs_environment = True
        return "e.clock"

    def empty(self, path: str, nest: Sequence[str]) -> str:
        """Source of whether a question has no answer."""
        variable, code = self._load(path, nest)
        return f"not {code.source}" if code.source.isidentifier() else f"{variable} is None"

    def answer(self, reference: Reference) -> Code:
        """Source of the texts of a question or group."""
        holds_answer = reference.path in self.tree.leaves
        if not reference.is_single:
            return self._answers(reference, holds_answer)
        if not holds_answer:
            return Code(GROUP, "True")
        return self._load(reference.path, reference.nest)[1]

    def _load(self, path: str, nest: Sequence[str]) -> tuple[str, Code]:
        """Variable and texts of one answer; a path is always loaded for the same occurrence within a scope."""
        if path not in self._loaded:
            number = len(self._loaded)
            self._loads[f"v{number}"] = f"f({address_of(path, nest)})"
            self._loaded[path] = (f"v{number}", self._load_texts(path, number))
        return self._loaded[path]

    def _load_texts(self, path: str, number: int) -> Code:
        question = self.tree.questions.get(path)
        if question is not None and question.sensitivity == "P3":
            return Code(NODE, f"text_of(v{number})")
        text, value = f"t{number}", f"v{number}"
        self._loads[text] = f"{value} if {value}.__class__ is str else {_plain_text(value)}"
        self._loads[f"n{number}"] = _number_load(question.type if question else "text", text, value)
        return Code(NODE, text, f"n{number}")

    def _answers(self, reference: Reference, holds_answer: bool) -> Code:
        free = reference.nest[reference.bound :]
        inner = f"p{reference.bound - 1}" if reference.bound else ""
        done = len(reference.nest[reference.bound - 1]) if reference.bound else 0
        loops = []
        for level, repeat in enumerate(free):
            loops.append(f"for q{level} in o.get({_joined(inner, repeat[done:])}, ())")
            inner, done = f"q{level}", len(repeat)
        if not holds_answer and reference.path == reference.nest[-1] and len(free) == 1:
            return Code(GROUPS, loops[0].partition(" in ")[2])
        last = f"text_of(f({_joined(inner, reference.path[done:])}))" if holds_answer else "True"
        return Code(NODES if holds_answer else GROUPS, f"[{last} {' '.join(loops)}]")


def _number_load(question_type: str, text: str, value: str) -> str:
    if question_type == "date":
        return f"days_of({text})"
    plain = f"number_of_text({text})"
    return f"{value} + 0.0 if {_is_exact(value)} else {plain}" if question_type == "integer" else plain


def _plain_text(value: str) -> str:
    return f"str({value}) if {_is_exact(value)} else readable_text({value})"


def _is_exact(value: str) -> str:
    """Source of whether a value is an integer that a double holds exactly."""
    return f"{value}.__class__ is int and -{INTEGER_MAX} <= {value} <= {INTEGER_MAX}"


def address_of(path: str, nest: Sequence[str]) -> str:
    """Source of a node's address at the occurrences p0, p1 … that the generated function stands in."""
    return _joined(f"p{len(nest) - 1}", path[len(nest[-1]) :]) if nest else repr(path)


def _joined(prefix: str, rest: str) -> str:
    if not prefix:
        return repr(rest)
    return f"{prefix} + {rest!r}" if rest else prefix


def readable_text(value: Value) -> str:
    """A value's text; empty where it is sealed or cannot be read."""
    try:
        return text_of(value)
    except (UnknownValueError, ValueError, TypeError, AttributeError):
        return ""


def namespace() -> dict[str, Any]:
    """What generated source may name, beside its constants."""
    names: dict[str, Any] = {
        "compare": compare,
        "boolean": boolean,
        "number": number,
        "text": text,
        "number_of_text": number_of_text,
        "text_of_number": _text_of_number,
        "text_of": text_of,
        "readable_text": readable_text,
        "days_of": days_of,
        "divide": divide,
        "unknown": unknown,
        "modulo": modulo,
        "Unknown": UnknownValueError,
        "inf": float("inf"),
        "__builtins__": {
            "bool": bool, "len": len, "float": float, "any": any, "all": all, "zip": zip, "int": int, "str": str,
            "Exception": Exception, "True": True, "False": False,
        },
    }  # fmt: skip
    names.update({function_name(name): signature.call for name, signature in FUNCTIONS.items()})
    return names


def function_name(name: str) -> str:
    """The Python name of an XPath function."""
    return "fn_" + name.replace("-", "_").replace(":", "_")
