"""Findings about expressions: unreadable ones, references to nothing, cycles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from fieldsync.core.forms import Blanks, Finding, Form, Group, Question, Repeat, blanks
from fieldsync.core.references import Reference, References, references

MAX_EXPRESSION = 32_768
"""Characters in one expression; what a spreadsheet cell can hold."""

MAX_CYCLE_SHOWN = 6
"""Paths of a cycle that its finding names."""


@dataclass(frozen=True)
class Expression:
    """An expression of a form: its node, its column, and whether a cycle may run through it."""

    path: str
    column: str
    text: str
    computes: bool = False
    instance: str | None = None


def expressions(form: Form) -> Iterator[Expression]:
    """Every expression of a form, once."""
    around: list[Group | Repeat] = [*form.groups, *form.repeats]
    for group in around:
        yield from _own_relevant(group.path, group.relevant)
    for repeat in form.repeats:
        if repeat.count is not None:
            yield Expression(repeat.path, "repeat_count", repeat.count, computes=True)
    for question in form.questions:
        yield from _own_relevant(question.path, question.relevant)
        yield from _question_expressions(question)
    yield from _entity_expressions(form)


def _own_relevant(path: str, relevant: tuple[tuple[str, str], ...]) -> Iterator[Expression]:
    for context, text in relevant[-1:]:
        if context == path:
            yield Expression(path, "relevant", text, computes=True)


def _question_expressions(question: Question) -> Iterator[Expression]:
    stated = {
        "calculation": question.calculate,
        "constraint": question.constraint,
        "required": question.required,
        "readonly": question.readonly,
        "default": question.initial,
    }
    for column, text in stated.items():
        if text is not None:
            yield Expression(question.path, column, text, computes=column == "calculation")
    itemset = question.itemset
    if itemset is not None and itemset.filter is not None:
        yield Expression(question.path, "choice_filter", itemset.filter, instance=itemset.instance)


def _entity_expressions(form: Form) -> Iterator[Expression]:
    for entity in form.entities:
        parts = {
            "@create": ("create_if", entity.create),
            "@update": ("update_if", entity.update),
            "@id": ("entity_id", entity.id),
            "label": ("label", entity.label),
        }
        for node, (column, text) in parts.items():
            if text is not None:
                yield Expression(f"{entity.path}/{node}", column, text)


def reference_findings(form: Form) -> list[Finding]:
    """What is wrong with a form's expressions."""
    nodes = _nodes(form)
    columns = {instance.id: _columns(instance.rows) for instance in form.instances}
    repeats = frozenset(repeat.path for repeat in form.repeats)
    findings: list[Finding] = []
    edges: dict[str, set[str]] = {path: {_parent(path)} for path in nodes if path}
    for expression in expressions(form):
        unreadable = _unreadable(expression)
        if unreadable is not None:
            findings.append(unreadable)
            continue
        found = references(expression.text, expression.path, form.root, expression.instance)
        findings.extend(_unknown(expression, found, nodes, columns))
        if expression.computes:
            edges.setdefault(expression.path, set()).update(_needs(repeats, expression, found))
    return [*findings, *_cycles(edges)]


def _nodes(form: Form) -> frozenset[str]:
    around: list[Group | Repeat] = [*form.groups, *form.repeats]
    paths = {question.path for question in form.questions} | {one.path for one in around} | set(form.meta_paths)
    parents = {_parent(path) for path in form.meta_paths}
    return frozenset(paths | parents | {"", "meta"})


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _columns(rows: tuple[Mapping[str, str], ...]) -> set[str]:
    return {name for row in rows for name in row}


def _unreadable(expression: Expression) -> Finding | None:
    if len(expression.text) > MAX_EXPRESSION:
        return _finding(
            expression,
            "error",
            "expression_too_long",
            "The expression has more than {most} characters.",
            "Split it in several calculations.",
            detail=blanks(most=MAX_EXPRESSION),
        )
    try:
        etree.XPath(expression.text)
    except etree.XPathSyntaxError as failure:
        return _finding(
            expression,
            "error",
            "expression",
            "{column} cannot be read: {failure}.",
            "Check its brackets, quotes and commas.",
            detail=blanks(column=expression.column, failure=failure),
        )
    return None


def _finding(expression: Expression, severity: str, code: str, message: str, advice: str, detail: Blanks) -> Finding:
    sheet = "entities" if expression.column in ("create_if", "update_if", "entity_id", "label") else "survey"
    return Finding(
        severity,
        code,
        message,
        advice,
        sheet=sheet,
        column=expression.column,
        path=expression.path,
        detail=detail,
    )


def _unknown(
    expression: Expression, found: References, nodes: frozenset[str], columns: Mapping[str, set[str]]
) -> Iterator[Finding]:
    for reference in found.nodes:
        if _is_lost(reference, nodes) and reference.bare:
            message = "{text} is a name without ${{}}, and always empty."
            yield _finding(
                expression,
                "warning",
                "bare_name",
                message,
                "Write ${{{text}}}, or put it in quotes.",
                detail=blanks(text=reference.text),
            )
        elif _is_lost(reference, nodes):
            message = "{text} is not in the form."
            detail = blanks(text=reference.text)
            yield _finding(expression, "error", "unknown_reference", message, "Correct the name.", detail)
    for instance in found.instances:
        if instance not in columns:
            yield _finding(
                expression,
                "error",
                "unknown_list",
                "The list {instance} is not in the form.",
                "Correct its name, or add the list or file.",
                detail=blanks(instance=repr(instance)),
            )
    for instance, column in found.columns:
        if columns.get(instance) and column not in columns[instance]:
            yield _finding(
                expression,
                "warning",
                "unknown_column",
                "The list {instance} has no column {column}.",
                "Correct the name, or add the column on the choices sheet.",
                detail=blanks(instance=repr(instance), column=repr(column)),
            )


def _is_lost(reference: Reference, nodes: frozenset[str]) -> bool:
    if reference.path is not None:
        return reference.path not in nodes
    return reference.text.startswith(("/", "..", "current")) and not any(
        mark in reference.text for mark in ("*", "//", "::")
    )


def _needs(repeats: frozenset[str], expression: Expression, found: References) -> set[str]:
    """The nodes an expression must know first; another occurrence of the same repeat is no cycle."""
    around = _prefixes(expression.path) & repeats
    needed = set()
    for reference in found.nodes:
        path = reference.path
        if path and not (reference.indexed and around & {path, *_prefixes(path)}):
            needed.add(path)
    return needed


def _prefixes(path: str) -> set[str]:
    """The paths of the groups and repeats around a path."""
    found = set()
    while path:
        path = _parent(path)
        found.add(path)
    return found


def _cycles(edges: Mapping[str, set[str]]) -> list[Finding]:
    """One finding for each knot of expressions that wait for each other."""
    findings = []
    for knot in _knots(edges):
        names = sorted(knot)
        shown = ", ".join(names[:MAX_CYCLE_SHOWN]) + (" …" if len(names) > MAX_CYCLE_SHOWN else "")
        findings.append(
            Finding(
                "error",
                "cycle",
                "These depend on each other, or on themselves: {shown}.",
                "Let one of them not refer to the others in relevant or calculation.",
                sheet="survey",
                path=names[0],
                detail=blanks(shown=shown),
            )
        )
    return findings


def _knots(edges: Mapping[str, set[str]]) -> list[set[str]]:
    """The nodes on cycles, those that hang together in one set."""
    backwards: dict[str, set[str]] = {}
    for node, needed in edges.items():
        for other in needed:
            backwards.setdefault(other, set()).add(node)
    left = _without_ends(_without_ends(set(edges), edges), backwards)
    knots = []
    while left:
        knot = _reachable(min(left), left, edges, backwards)
        knots.append(knot)
        left -= knot
    return knots


def _without_ends(nodes: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    """The nodes without those that lead to no cycle."""
    left = set(nodes)
    open_edges = {node: len(edges.get(node, set()) & left) for node in left}
    came_from: dict[str, list[str]] = {}
    for node in left:
        for other in edges.get(node, set()) & left:
            came_from.setdefault(other, []).append(node)
    ends = [node for node, count in open_edges.items() if count == 0]
    while ends:
        end = ends.pop()
        left.discard(end)
        for node in came_from.get(end, ()):
            open_edges[node] -= 1
            if open_edges[node] == 0:
                ends.append(node)
    return left


def _reachable(
    start: str, left: set[str], edges: Mapping[str, set[str]], backwards: Mapping[str, set[str]]
) -> set[str]:
    knot, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        for other in (edges.get(node, set()) | backwards.get(node, set())) & left - knot:
            knot.add(other)
            waiting.append(other)
    return knot
