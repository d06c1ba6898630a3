"""Source for function calls: those of the table, and those that need more than the values of their arguments."""

from collections.abc import Callable, Mapping
from typing import Protocol

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_code import (
    ANY,
    BOOLEAN,
    GROUP,
    GROUPS,
    NODE,
    NODES,
    NUMBER,
    TEXT,
    Code,
    NotCompiledError,
    Scope,
    as_boolean,
    as_nodes,
    as_number,
    as_text,
    count_of,
    function_name,
)
from fieldsync.core.expression_functions import Signature, accepts
from fieldsync.core.expression_parser import Call, ExpressionFault, Literal, Node, Path, parse
from fieldsync.core.expression_paths import Reference, resolve
from fieldsync.core.expression_regex import matcher
from fieldsync.core.form_tree import FormTree


class Compiling(Protocol):
    """What writing a call needs of the compiler."""

    scope: Scope
    tree: FormTree
    context: str
    lists: ChoiceLists

    @property
    def rows(self) -> object:
        """The rows that relative paths speak of, or None."""

    def code(self, node: Node) -> Code:
        """Source of any expression."""

    def path(self, node: Path, every_occurrence: bool = False) -> Code:
        """Source of what a path leads to."""

    def truth(self, node: Node) -> str:
        """Source of an expression's boolean value."""


_CONTEXT = Path(())
_EVERY_OCCURRENCE = frozenset(("count", "sum"))
"""Where an absolute path means all occurrences of a repeat even inside that repeat, as in JavaRosa."""


def call_of_table(compiler: Compiling, node: Call, signature: Signature) -> Code:
    """Source of a call of a function that works on values alone."""
    require(node, accepts(signature, len(node.arguments)))
    arguments = list(node.arguments) or ([_CONTEXT] if node.name == "normalize-space" else [])
    letters = signature.parameters.replace("?", "")
    letters += letters[-1:] * (len(arguments) - len(letters)) if letters[-1:].isupper() else ""
    sources = ["e.clock"] if signature.clocked else []
    if signature.clocked:
        compiler.scope.clock()
    for letter, argument in zip(letters, arguments, strict=False):
        every = node.name in _EVERY_OCCURRENCE and isinstance(argument, Path)
        code = compiler.path(argument, True) if every and isinstance(argument, Path) else compiler.code(argument)
        sources.append(_argument(letter, code))
    return Code(signature.result, f"{function_name(node.name)}({', '.join(sources)})")


def _argument(letter: str, code: Code) -> str:
    if letter == "t":
        return as_text(code)
    if letter == "n":
        return as_number(code)
    if letter == "d":
        return code.source if code.kind == NUMBER else as_text(code)
    if code.kind == NODES:
        return _spread(letter, code.source)
    if letter == "T":
        return as_text(code)
    if letter == "N":
        return as_number(code)
    return f"({code.source} != '')" if code.kind == NODE else as_boolean(code)


def _spread(letter: str, nodes: str) -> str:
    each = {"T": "x", "N": "number_of_text(x)", "B": "x != ''"}[letter]
    return f"*[{each} for x in {nodes}]"


def require(node: Call, holds: bool) -> None:
    """A call that its function cannot take is the designer's mistake."""
    if not holds:
        raise ExpressionFault("expression_syntax", f"{node.name}() cannot take {len(node.arguments)} arguments.")


def _count(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) == 1)
    argument = node.arguments[0]
    return Code(
        NUMBER, count_of(compiler.path(argument, True) if isinstance(argument, Path) else compiler.code(argument))
    )


def _fixed(kind: str, source: str) -> "Special":
    def emit(_: Compiling, node: Call) -> Code:
        require(node, not node.arguments)
        return Code(kind, source)

    return emit


def _coercion(kind: str, source_of: Callable[[Code], str]) -> "Special":
    def emit(compiler: Compiling, node: Call) -> Code:
        require(node, len(node.arguments) <= 1)
        if not node.arguments and compiler.rows is not None:
            raise NotCompiledError("the row's own value")
        return Code(kind, source_of(compiler.code(node.arguments[0] if node.arguments else _CONTEXT)))

    return emit


def _not(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) == 1)
    return Code(BOOLEAN, f"(not {compiler.truth(node.arguments[0])})")


def _if(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) == 3)
    condition = compiler.truth(node.arguments[0])
    chosen, other = compiler.code(node.arguments[1]), compiler.code(node.arguments[2])
    if {chosen.kind, other.kind} & {GROUP, GROUPS}:
        raise NotCompiledError("a group as a value")
    chosen, other = (Code(TEXT, as_text(code)) if code.kind in (NODE, NODES) else code for code in (chosen, other))
    kind = chosen.kind if chosen.kind == other.kind else ANY
    return Code(kind, f"({chosen.source} if {condition} else {other.source})")


def _coalesce(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) >= 2)
    codes = [compiler.code(argument) for argument in node.arguments]
    number = as_number(codes[-1]) if all(code.source.isidentifier() for code in codes[:-1]) else ""
    for code in reversed(codes[:-1]) if number else ():
        number = f"({as_number(code)} if {code.source} else {number})"
    return Code(TEXT, f"({' or '.join(map(as_text, codes))})", number)


def _string_length(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) <= 1)
    text = as_text(compiler.code(node.arguments[0] if node.arguments else _CONTEXT))
    return Code(NUMBER, f"{function_name(node.name)}({text})")


def _once(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) == 1)
    return Code(TEXT, f"({as_text(compiler.code(_CONTEXT))} or {as_text(compiler.code(node.arguments[0]))})")


def _depend(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) >= 1)
    return compiler.code(node.arguments[0])


def _today(compiler: Compiling, node: Call) -> Code:
    require(node, not node.arguments)
    clock = compiler.scope.clock()
    return Code(TEXT, f"{clock}.today", f"{clock}.today_days")


def _now(compiler: Compiling, node: Call) -> Code:
    require(node, not node.arguments)
    clock = compiler.scope.clock()
    return Code(TEXT, f"{clock}.now", f"{clock}.today_days")


def _version(compiler: Compiling, node: Call) -> Code:
    require(node, not node.arguments)
    return Code(TEXT, repr(compiler.tree.form.version))


def _current(compiler: Compiling, node: Call) -> Code:
    require(node, not node.arguments)
    return compiler.path(Path((), start=node))


def _position(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) <= 1)
    reference = _plain(compiler, node.arguments[0]) if node.arguments else None
    if reference is None or reference.path not in compiler.tree.repeats or not reference.is_single:
        raise NotCompiledError("a position")
    level = reference.bound - 1
    outer = reference.nest[level - 1] if level else ""
    siblings = (f"p{level - 1} + " if level else "") + repr(reference.path[len(outer) :])
    return Code(NUMBER, f"float(o[{siblings}].index(p{level}) + 1)")


def _plain(compiler: Compiling, node: Node) -> Reference | None:
    if compiler.rows is not None or not isinstance(node, Path):
        return None
    return resolve(compiler.tree, compiler.context, node)


def _indexed_repeat(compiler: Compiling, node: Call) -> Code:
    """indexed-repeat(question, repeat, index, …): the answer in the occurrence that the indexes name."""
    require(node, len(node.arguments) in (3, 5, 7, 9, 11))
    target = _plain(compiler, node.arguments[0])
    if target is None or target.path not in compiler.tree.leaves:
        raise NotCompiledError("an unusual indexed-repeat()")
    indexes: dict[str, str] = {}
    for repeat, index in zip(node.arguments[1::2], node.arguments[2::2], strict=True):
        place = _plain(compiler, repeat)
        if place is None or place.path not in target.nest:
            raise ExpressionFault("expression_path", "indexed-repeat() needs a repeat around the question.")
        indexes[place.path] = as_number(compiler.code(index))
    steps, done = [], 0
    for level, repeat_path in enumerate(target.nest):
        at = indexes.get(repeat_path) or (f"p{level}" if level < target.bound else None)
        if at is None:
            raise NotCompiledError("an occurrence left open")
        steps.append(f"({repeat_path[done:]!r}, {at})")
        done = len(repeat_path)
    chain = f"({', '.join(steps)},)"
    return Code(NODES, f"{compiler.scope.constant(indexed_answer)}(f, o, {chain}, {target.path[done:]!r}, text_of)")


def indexed_answer(
    field: Callable[[str], object],
    occurrences: Mapping[str, list[str]],
    chain: tuple[tuple[str, float | str], ...],
    rest: str,
    text_of: Callable[[object], str],
) -> list[str]:
    """The answer at an index (from 1; 0 and less is 1) or a given occurrence of each repeat; nothing outside."""
    prefix = ""
    for repeat, at in chain:
        if isinstance(at, str):
            prefix = at
            continue
        found = occurrences.get(prefix + repeat, [])
        place = max(int(at), 1) if abs(at) < 1e9 else 1
        if place > len(found):
            return []
        prefix = found[place - 1]
    return [text_of(field(prefix + rest))]


def _regex(compiler: Compiling, node: Call) -> Code:
    """regex(text, pattern): a pattern in quotes is made ready once."""
    require(node, len(node.arguments) == 2)
    text = as_text(compiler.code(node.arguments[0]))
    if not isinstance(node.arguments[1], Literal):
        return Code(BOOLEAN, f"fn_regex({text}, {as_text(compiler.code(node.arguments[1]))})")
    return Code(BOOLEAN, f"{compiler.scope.constant(matcher(node.arguments[1].value))}({text})")


def _selected(compiler: Compiling, node: Call) -> Code:
    """selected(choices, choice): a choice in quotes is sought between spaces."""
    require(node, len(node.arguments) == 2)
    chosen = as_text(compiler.code(node.arguments[0]))
    name = node.arguments[1]
    if not isinstance(name, Literal):
        return Code(BOOLEAN, f"fn_selected({chosen}, {as_text(compiler.code(name))})")
    return Code(BOOLEAN, f"({f' {name.value.strip()} '!r} in ' ' + {chosen} + ' ')")


def _pulldata(compiler: Compiling, node: Call) -> Code:
    """pulldata('file', 'column', 'key column', key)."""
    require(node, len(node.arguments) == 4)
    table = lookup_table(compiler.lists, node)
    return Code(TEXT, f"{compiler.scope.constant(table)}.get({as_text(compiler.code(node.arguments[3]))}, '')")


def lookup_table(lists: ChoiceLists, node: Call) -> dict[str, str]:
    """Key to value, the first row winning; raises UnknownValueError where the file is not here."""
    named = [argument.value for argument in node.arguments[:3] if isinstance(argument, Literal)]
    if len(named) != 3:
        raise ExpressionFault("expression_unsupported", "pulldata() needs its file and columns in quotes.")
    file, column, key_column = named
    rows = lists.file_rows(file)
    if rows is None:
        raise UnknownValueError(file)
    table: dict[str, str] = {}
    for row in rows:
        table.setdefault(row.get(key_column, ""), row.get(column, ""))
    return table


def _choice_name(compiler: Compiling, node: Call) -> Code:
    """jr:choice-name(choice, 'path of the question'): its label in the form's default language."""
    require(node, len(node.arguments) == 2)
    labels = choice_labels(compiler.tree, compiler.lists, compiler.context, node.arguments[1])
    return Code(TEXT, f"{compiler.scope.constant(labels)}.get({as_text(compiler.code(node.arguments[0]))}, '')")


def choice_labels(tree: FormTree, lists: ChoiceLists, context: str, quoted: Node) -> dict[str, str]:
    """Choice name to label of the question that a quoted path names."""
    path = parse(quoted.value.strip()) if isinstance(quoted, Literal) else None
    reference = resolve(tree, context, path) if isinstance(path, Path) else None
    question = tree.questions.get(reference.path) if reference else None
    if question is None:
        raise ExpressionFault("expression_path", "jr:choice-name() needs the quoted path of a select question.")
    if question.choices:
        language = tree.form.default_language
        return {choice.name: choice.labels.get(language, "") for choice in question.choices}
    rows = lists.choice_rows(question)
    label = question.itemset.label if question.itemset else ""
    if rows is None or not any(label in row for _, row in rows):
        raise UnknownValueError(question.path)
    return {name: row.get(label, "") for name, row in rows}


def _weighted_checklist(compiler: Compiling, node: Call) -> Code:
    require(node, len(node.arguments) >= 2 and len(node.arguments) % 2 == 0)
    codes = [compiler.code(argument) for argument in node.arguments]
    least, most = as_number(codes[0]), as_number(codes[1])
    if len(codes) == 4 and codes[2].kind == codes[3].kind == NODES:
        pairs = f"[(x != '', number_of_text(y)) for x, y in zip({as_nodes(codes[2])}, {as_nodes(codes[3])})]"
    else:
        sources = [f"({_argument('B', a)}, {as_number(b)})" for a, b in zip(codes[2::2], codes[3::2], strict=True)]
        pairs = f"[{', '.join(sources)}]"
    return Code(BOOLEAN, f"{compiler.scope.constant(weighted_checklist)}({least}, {most}, {pairs})")


def weighted_checklist(least: float, most: float, pairs: list[tuple[bool, float]]) -> bool:
    """Whether the weights of what holds add up to something between the bounds."""
    return least <= sum(weight for holds, weight in pairs if holds) <= most


Special = Callable[[Compiling, Call], Code]
SPECIAL_CALLS: dict[str, Special] = {
    "true": _fixed(BOOLEAN, "True"),
    "false": _fixed(BOOLEAN, "False"),
    "boolean": _coercion(BOOLEAN, as_boolean),
    "number": _coercion(NUMBER, as_number),
    "string": _coercion(TEXT, as_text),
    "not": _not,
    "if": _if,
    "coalesce": _coalesce,
    "once": _once,
    "depend": _depend,
    "today": _today,
    "now": _now,
    "version": _version,
    "current": _current,
    "count": _count,
    "position": _position,
    "indexed-repeat": _indexed_repeat,
    "string-length": _string_length,
    "regex": _regex,
    "selected": _selected,
    "is-selected": _selected,
    "pulldata": _pulldata,
    "jr:choice-name": _choice_name,
    "weighted-checklist": _weighted_checklist,
}
