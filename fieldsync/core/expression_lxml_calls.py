"""Function calls written for libxml2: extensions over the table of functions, and those that need more."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lxml import etree

from fieldsync.core.choice_lists import ChoiceLists, Row
from fieldsync.core.expression_calls import choice_labels, lookup_table, require, weighted_checklist
from fieldsync.core.expression_code import ANY, BOOLEAN, NODES, NUMBER, TEXT
from fieldsync.core.expression_dates import Clock
from fieldsync.core.expression_functions import Signature, unknown
from fieldsync.core.expression_parser import Call, ExpressionFault, Literal, Node, Path, Step
from fieldsync.core.expression_paths import resolve
from fieldsync.core.expression_values import XPathValue, boolean, compare, number, text
from fieldsync.core.form_tree import FormTree

Written = tuple[str, str]
"""(kind, XPath 1.0 source)."""


class Writing(Protocol):
    """What writing a call for libxml2 needs of the writer."""

    tree: FormTree
    context: str
    lists: ChoiceLists
    extensions: dict[str, Callable[..., Any]]

    def write(self, node: Node) -> Written:
        """Any expression."""

    def path(self, path: Path, every_occurrence: bool = False) -> str:
        """A path."""

    def number(self, node: Node) -> str:
        """An expression as a number."""

    def text(self, node: Node) -> str:
        """An expression as a text or node-set."""

    def extend(self, name: str, function: Callable[..., Any], *arguments: str) -> str:
        """A call of an extension."""


_XML_NAME = re.compile(r"[^\W\d][\w.\-]*").fullmatch


def plain(value: Any) -> XPathValue:
    """What lxml gives and takes, as a value: elements become their texts."""
    if isinstance(value, list):
        return [item if isinstance(item, str) else "".join(item.itertext()) for item in value]
    if isinstance(value, bool | str):
        return value
    return float(value)


def compare_values(_: Any, operator: str, left: Any, right: Any) -> bool:
    return compare(operator, plain(left), plain(right))


def extension(signature: Signature) -> Callable[..., Any]:
    """A function of the table as an XPath extension: lxml's values in, its own out."""
    letters = signature.parameters.replace("?", "")

    def call(_: Any, *arguments: Any) -> Any:
        values = [plain(argument) for argument in arguments]
        clock = [Clock(0, ZoneInfo(text(values.pop(0))))] if signature.clocked else []
        rest = letters[-1:] if letters[-1:].isupper() else ""
        coerced: list[Any] = []
        for letter, value in zip(letters + rest * len(values), values, strict=False):
            coerced.extend(_coerced(letter, value))
        return signature.call(*clock, *coerced)

    return call


def _coerced(letter: str, value: XPathValue) -> list[Any]:
    if letter == "d":
        return [value if isinstance(value, float) else text(value)]
    if letter in "tn":
        return [text(value) if letter == "t" else number(value)]
    values: Sequence[XPathValue] = value if isinstance(value, list) else [value]
    return [{"T": text, "N": number, "B": boolean}[letter](one) for one in values]


Special = Callable[[Writing, Call], Written]


def _core(kind: str) -> Special:
    def write(writer: Writing, node: Call) -> Written:
        require(node, len(node.arguments) == 1)
        return kind, f"{node.name}({writer.write(node.arguments[0])[1]})"

    return write


def _constant(source: Callable[[Writing], str]) -> Special:
    def write(writer: Writing, node: Call) -> Written:
        require(node, not node.arguments)
        return TEXT, source(writer)

    return write


def _version(writer: Writing) -> str:
    return writer.write(Literal(writer.tree.form.version))[1]


def _own(writer: Writing, node: Call) -> Node:
    require(node, len(node.arguments) <= 1)
    return node.arguments[0] if node.arguments else Path((Step("self", "node()"),))


def _if(writer: Writing, node: Call) -> Written:
    require(node, len(node.arguments) == 3)
    condition = writer.write(node.arguments[0])[1]
    branches = [writer.write(branch) for branch in node.arguments[1:]]
    kinds = {TEXT if kind == NODES else kind for kind, _ in branches}
    sources = [f"string({source})" if kind == NODES else source for kind, source in branches]
    chosen = writer.extend("odk-if", lambda _, holds, first, second: first if holds else second,
                           f"boolean({condition})", *sources)  # fmt: skip
    return kinds.pop() if len(kinds) == 1 else ANY, chosen


def _first_text(_: Any, *values: Any) -> str:
    return next((found for found in (text(plain(value)) for value in values) if found), "")


def _coalesce(writer: Writing, node: Call) -> Written:
    arguments = [writer.write(argument)[1] for argument in node.arguments]
    return TEXT, writer.extend("odk-coalesce", _first_text, *(["$current"] if node.name == "once" else []), *arguments)


def _count(writer: Writing, node: Call) -> Written:
    require(node, len(node.arguments) == 1)
    (nodes,) = node.arguments
    return NUMBER, f"count({writer.path(nodes, True) if isinstance(nodes, Path) else writer.write(nodes)[1]})"


def _position(writer: Writing, node: Call) -> Written:
    if not node.arguments:
        return NUMBER, "position()"
    argument = _own(writer, node)
    reference = resolve(writer.tree, writer.context, argument) if isinstance(argument, Path) else None
    if reference is None or not reference.path:
        raise ExpressionFault("expression_unsupported", "position() needs the path of a repeat.")
    siblings = f"{writer.write(argument)[1]}/preceding-sibling::{reference.path.rpartition('/')[2]}"
    return NUMBER, f"(count({siblings}) + 1)"


def _indexed_repeat(writer: Writing, node: Call) -> Written:
    """Written as a path with a position in each repeat that is named."""
    require(node, len(node.arguments) in (3, 5, 7, 9, 11))
    places = [
        resolve(writer.tree, writer.context, one) if isinstance(one, Path) else None
        for one in (node.arguments[0], *node.arguments[1::2])
    ]
    target = places[0]
    if target is None or not all(place is not None and place.path in target.nest for place in places[1:]):
        raise ExpressionFault("expression_path", "indexed-repeat() needs a repeat around the question.")
    indexes = {
        place.path: writer.number(index) for place, index in zip(places[1:], node.arguments[2::2], strict=True) if place
    }
    steps, path = ["$root"], ""
    for name in target.path.split("/"):
        path = f"{path}/{name}" if path else name
        index = writer.extend("odk-index", _index, indexes[path]) if path in indexes else None
        steps.append(f"{name}[position() = {index}]" if index else name)
    return NODES, "/".join(steps)


def _index(_: Any, value: Any) -> float:
    given = number(plain(value))
    return float(max(math.trunc(given), 1)) if abs(given) < 1e9 else 1.0


def _pulldata(writer: Writing, node: Call) -> Written:
    require(node, len(node.arguments) == 4)
    table = lookup_table(writer.lists, node)
    return TEXT, _table_call(writer, table, node.arguments[3])


def _choice_name(writer: Writing, node: Call) -> Written:
    require(node, len(node.arguments) == 2)
    labels = choice_labels(writer.tree, writer.lists, writer.context, node.arguments[1])
    return TEXT, _table_call(writer, labels, node.arguments[0])


def _table_call(writer: Writing, table: dict[str, str], key: Node) -> str:
    name = f"odk-table-{len(writer.extensions)}"
    return writer.extend(name, lambda _, value: table.get(text(plain(value)), ""), writer.write(key)[1])


def _instance(writer: Writing, node: Call) -> Written:
    require(node, len(node.arguments) == 1 and isinstance(node.arguments[0], Literal))
    (identity,) = (one.value for one in node.arguments if isinstance(one, Literal))
    if identity not in writer.lists.declared:
        raise ExpressionFault("expression_path", f"There is no instance “{identity}” in the form.")
    rows = writer.lists.rows(identity)
    if rows is None:
        unknown(identity)
    element = _instance_element(rows)
    return NODES, writer.extend(f"odk-instance-{len(writer.extensions)}", lambda _: [element])


def _instance_element(rows: Sequence[Row]) -> etree._Element:
    instance = etree.Element("instance")
    root = etree.SubElement(instance, "root")
    for row in rows:
        item = etree.SubElement(root, "item")
        for column, cell in row.items():
            if _XML_NAME(column):
                etree.SubElement(item, column).text = cell or None
    return instance


def _weighted_checklist(writer: Writing, node: Call) -> Written:
    require(node, len(node.arguments) >= 2 and len(node.arguments) % 2 == 0)
    return BOOLEAN, writer.extend(
        "odk-weighted-checklist", _weighted, *(writer.write(argument)[1] for argument in node.arguments)
    )


def _weighted(_: Any, least: Any, most: Any, *rest: Any) -> bool:
    values = [plain(value) for value in rest]
    factors = [one for value in values[::2] for one in _coerced("B", value)]
    weights = [one for value in values[1::2] for one in _coerced("N", value)]
    return weighted_checklist(number(plain(least)), number(plain(most)), list(zip(factors, weights, strict=False)))


SPECIAL_CALLS: dict[str, Special] = {
    "boolean": _core(BOOLEAN),
    "not": _core(BOOLEAN),
    "number": lambda writer, node: (NUMBER, writer.number(_own(writer, node))),
    "string": lambda writer, node: (TEXT, f"string({writer.text(_own(writer, node))})"),
    "if": _if,
    "coalesce": _coalesce,
    "once": _coalesce,
    "depend": lambda writer, node: writer.write(node.arguments[0]),
    "today": _constant(lambda _: "$today"),
    "now": _constant(lambda _: "$now"),
    "version": _constant(_version),
    "current": lambda _, __: (NODES, "$current"),
    "count": _count,
    "position": _position,
    "indexed-repeat": _indexed_repeat,
    "pulldata": _pulldata,
    "jr:choice-name": _choice_name,
    "instance": _instance,
    "weighted-checklist": _weighted_checklist,
}
