"""Generated Python source made into functions: the one place that runs it.

The source comes from our own syntax trees: fixed words, names that we made, and `repr` of constants; no text of a
form stands in it otherwise. The functions see no builtins but those of `namespace`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldsync.core.expression_code import NotCompiledError, namespace


def made(name: str, parameters: str, lines: Sequence[str], constants: Mapping[str, Any]) -> Any:
    """A function from lines of source. Raises NotCompiledError where Python finds it nested too deep."""
    names = namespace() | dict(constants)
    source = "\n    ".join([f"def {name}({parameters}):", *lines])
    try:
        exec(compile(source, f"<{name}>", "exec"), names)
    except (SyntaxError, RecursionError, MemoryError):
        raise NotCompiledError("nested too deep") from None
    return names[name]


def checked_source(source: str) -> str:
    """The source of an expression, or NotCompiledError where Python finds it nested too deep."""
    try:
        compile(source, "<expression>", "eval")
    except (SyntaxError, RecursionError, MemoryError):
        raise NotCompiledError("nested too deep") from None
    return source
