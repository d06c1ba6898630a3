"""The texts of findings as they stand in the source: what each call says, first the message and then the repair."""

import ast
from collections.abc import Iterator

from tests.house.source import PACKAGE, tree

MAKERS = {"error", "Finding", "_at", "_finding", "add"}
"""What makes a finding: `Finding` itself, and the helpers of the modules that look for them."""


def said() -> tuple[set[str], set[str]]:
    """All messages, and all repairs."""
    messages, repairs = set[str](), set[str]()
    for path in sorted([*PACKAGE.glob("core/*.py"), *PACKAGE.glob("services/*.py")]):
        if "import" in path.read_text() and "Finding" in path.read_text():
            for call in _calls(tree(path)):
                first, second = _texts(call, _named(tree(path)))
                messages |= first
                repairs |= second
    return messages, repairs


def _calls(module: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MAKERS:
                yield node


def _named(module: ast.AST) -> dict[str, list[ast.expr]]:
    """What names of a module are set to, anywhere in it."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = (
                    zip(target.elts, node.value.elts, strict=True)
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    else [(target, node.value)]
                )
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


def _texts(call: ast.Call, named: dict[str, list[ast.expr]]) -> tuple[set[str], set[str]]:
    """The sentences of a call: one argument has the message, the next one with sentences the repair."""
    found = [texts for argument in call.args if (texts := set(_sentences(argument, named)))]
    return (found[0] if found else set()), (found[1] if len(found) > 1 else set())


def _sentences(value: ast.expr, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        if " " in value.value:
            yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _sentences(value.body, named)
        yield from _sentences(value.orelse, named)
    elif isinstance(value, ast.Name):
        for each in named.get(value.id, []):
            if not isinstance(each, ast.Name):
                yield from _sentences(each, named)
