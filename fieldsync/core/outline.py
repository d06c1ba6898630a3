"""A form's questions, groups and repeats in the form's order, as people read them."""

from typing import NamedTuple, TypeAlias

from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Form, Question, Texts


class Branch(NamedTuple):
    """A group or a repeat with what lies in it; `repeat` is the path of the repeat, "" for a group."""

    path: str
    labels: Texts
    repeat: str
    inner: "tuple[Node, ...]"


Node: TypeAlias = Question | Branch


def outline(form: Form) -> tuple[Node, ...]:
    """What lies at the root of a form, in order; metadata and groups without questions are left out."""
    tree = FormTree(form)
    labels = {each.path: each.labels for each in form.groups} | {each.path: each.labels for each in form.repeats}
    return _inside(tree, labels, "")


def _inside(tree: FormTree, labels: dict[str, Texts], path: str) -> tuple[Node, ...]:
    found: list[Node] = []
    for child in tree.children.get(path, ()):
        if child in tree.questions:
            found.append(tree.questions[child])
        elif child not in tree.leaves:
            inner = _inside(tree, labels, child)
            if inner:
                found.append(Branch(child, labels.get(child, {}), child if child in tree.repeats else "", inner))
    return tuple(found)
