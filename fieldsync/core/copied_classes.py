"""The class of what is made of other answers: the highest of all that it refers to, through chains of calculations.

An entity's label, a submission's own name and what a form works out show the texts of other answers. A label and a name
are as strict as the strictest answer behind them. What else a form works out has the class that its designer gave it,
since a number of women is not their names; but what comes from a restricted answer is restricted, unless it is marked
as projected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from fieldsync.core.declarations import LABEL
from fieldsync.core.forms import Form, Question
from fieldsync.core.masking import RESTRICTED
from fieldsync.core.references import references

INSTANCE_NAME = "meta/instanceName"
CLASSES = ("P3", "P2", "P1")
"""The strictest first; whatever refers to none of them is P0."""

ANY = "*"
"""In place of a property: all of a list, where an expression does not say which."""


class Node(NamedTuple):
    """Something that is shown: a path of a form (by its number here), or a property of an entity list (number -1)."""

    form: int
    of: str
    name: str


class CopiedClasses:
    """The classes of everything that some forms, all versions together, ask, work out and write to entity lists."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self._readers: dict[Node, list[Node]] = {}
        for number, form in enumerate(forms):
            for reader, source in _edges(number, form):
                self._readers.setdefault(source, []).append(reader)
        self._highest = self._spread()
        self._properties: dict[str, dict[str, str]] = {}
        for number, form in enumerate(forms):
            self._add_properties(number, form)

    def answers(self, number: int) -> Mapping[str, str]:
        """Path → class of a form, by its number: its questions, the labels that it gives, its own name."""
        form = self._forms[number]
        copies = (INSTANCE_NAME, *(f"{each.path}/{LABEL}" for each in form.entities))
        asked = {each.path: self._of_question(number, each) for each in form.questions}
        return asked | {path: self._highest.get(Node(number, "", path), "P0") for path in copies}

    def properties(self, list_name: str) -> Mapping[str, str]:
        """Property → class of an entity list, its label with them; empty where no form writes to it."""
        return self._properties.get(list_name, {})

    @property
    def lists(self) -> frozenset[str]:
        """The entity lists that the forms write to."""
        return frozenset(self._properties)

    def _spread(self) -> dict[Node, str]:
        """The highest class that reaches each node: the strictest class first, on to whatever refers to it."""
        found: dict[Node, str] = {}
        for sensitivity in CLASSES:
            waiting = [
                Node(number, "", question.path)
                for number, form in enumerate(self._forms)
                for question in form.questions
                if question.sensitivity == sensitivity
            ]
            while waiting:
                node = waiting.pop()
                if node not in found:
                    found[node] = sensitivity
                    waiting += self._readers.get(node, ())
        return found

    def _of_question(self, number: int, question: Question) -> str:
        reached = self._highest.get(Node(number, "", question.path), "P0")
        return RESTRICTED if reached == RESTRICTED and not question.project else question.sensitivity

    def _add_properties(self, number: int, form: Form) -> None:
        asked = {each.path: each for each in form.questions}
        for declaration in form.entities:
            known = self._properties.setdefault(declaration.list, {})
            known[LABEL] = self._highest.get(_property(declaration.list, LABEL), "P0")
            for name, path in declaration.properties.items():
                if path in asked:
                    known[name] = max(known.get(name, "P0"), self._of_question(number, asked[path]))


def with_copied_classes(form: Form) -> Form:
    """A form whose questions have the classes that follow from what they copy."""
    classes = CopiedClasses((form,)).answers(0)
    questions = tuple(msgspec.structs.replace(each, sensitivity=classes[each.path]) for each in form.questions)
    return msgspec.structs.replace(form, questions=questions)


def _edges(number: int, form: Form) -> Iterator[tuple[Node, Node]]:
    """(what shows something, what it refers to). Whoever refers to a group refers to all that is in it."""
    for question in form.questions:
        own = Node(number, "", question.path)
        yield from (
            (own, source) for text in _worked_out(question) for source in _sources(number, form, own.name, text)
        )
        yield from _within(number, question.path)
    if form.instance_name is not None:
        own = Node(number, "", INSTANCE_NAME)
        yield from ((own, source) for source in _sources(number, form, own.name, form.instance_name))
    for declaration in form.entities:
        saved = {name: [Node(number, "", path)] for name, path in declaration.properties.items()}
        path = f"{declaration.path}/{LABEL}"
        given = list(_sources(number, form, path, declaration.label)) if declaration.label is not None else []
        yield from ((Node(number, "", path), source) for source in given)
        for name, sources in (*saved.items(), (LABEL, given)):
            yield _property(declaration.list, ANY), _property(declaration.list, name)
            yield from ((_property(declaration.list, name), source) for source in sources)


def _within(number: int, path: str) -> Iterator[tuple[Node, Node]]:
    while path:
        around = path.rpartition("/")[0]
        yield Node(number, "", around), Node(number, "", path)
        path = around


def _worked_out(question: Question) -> Iterable[str]:
    """The expressions whose values become an answer."""
    chosen = question.itemset.nodeset if question.itemset and not question.itemset.instance else None
    return filter(None, (question.calculate, question.initial, chosen))


def _sources(number: int, form: Form, context: str, expression: str) -> Iterator[Node]:
    found = references(expression, context, form.root)
    for node in found.nodes:
        yield Node(number, "", node.path or "")
    for list_name, column in found.columns:
        yield _property(list_name, column)
    told = {list_name for list_name, _ in found.columns}
    for list_name in found.instances:
        if list_name not in told:
            yield _property(list_name, ANY)


def _property(list_name: str, name: str) -> Node:
    return Node(-1, list_name, name)
