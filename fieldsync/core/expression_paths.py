"""Where the paths of an expression lead in the form's primary instance."""

import msgspec

from fieldsync.core.expression_parser import Call, ExpressionFault, Path, Step
from fieldsync.core.form_tree import FormTree


class Reference(msgspec.Struct, frozen=True):
    """A node of the form. The first `bound` of the repeats around it are at the context's own occurrence."""

    path: str
    nest: tuple[str, ...]
    bound: int

    @property
    def is_single(self) -> bool:
        """Whether it is one node, and not one in each of several occurrences."""
        return self.bound == len(self.nest)


def resolve(tree: FormTree, context: str, path: Path, every_occurrence: bool = False) -> Reference | None:
    """The node that a plain path leads to from the context node; None for a path with predicates or other axes.

    An absolute path stays within the occurrences that the context stands in, as in JavaRosa, except where
    `every_occurrence` is asked. Raises ExpressionFault for a node that the form does not have.
    """
    if not _is_plain(path):
        return None
    if path.absolute:
        return _resolve_absolute(tree, context, path, every_occurrence)
    node, top = context, context
    for step in path.steps:
        node = _follow(tree, node, step, path)
        top = node if len(node) < len(top) else top
    nest = tree.nests[node]
    return Reference(node, nest, sum(1 for repeat in nest if top == repeat or top.startswith(f"{repeat}/")))


def _is_plain(path: Path) -> bool:
    if path.start is not None and path.start != Call("current"):
        return False
    return all(not step.predicates and _is_plain_step(step) for step in path.steps)


def _is_plain_step(step: Step) -> bool:
    if step.axis in ("self", "parent"):
        return step.test == "node()"
    return step.axis in ("child", "attribute") and step.test != "*" and not step.test.endswith(")")


def _resolve_absolute(tree: FormTree, context: str, path: Path, every_occurrence: bool) -> Reference:
    if not path.steps or local_name(path.steps[0].test) != tree.form.root:
        raise ExpressionFault("expression_path", f"The path {written(path)} does not begin at the form's root.")
    node = ""
    for step in path.steps[1:]:
        node = _follow(tree, node, step, path)
    nest = tree.nests[node]
    around = set(() if every_occurrence else tree.nests[context])
    return Reference(node, nest, sum(1 for repeat in nest if repeat in around))


def _follow(tree: FormTree, node: str, step: Step, path: Path) -> str:
    if step.axis == "self":
        return node
    if step.axis == "parent":
        if not node:
            raise ExpressionFault("expression_path", f"The path {written(path)} leads out of the form.")
        return node.rpartition("/")[0]
    name = ("@" if step.axis == "attribute" else "") + local_name(step.test)
    child = f"{node}/{name}" if node else name
    if child not in tree.nests:
        raise ExpressionFault("expression_path", f"There is no question at {written(path)}.")
    return child


def local_name(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def written(path: Path) -> str:
    """A path as a designer would write it, for messages."""
    short = {("self", "node()"): ".", ("parent", "node()"): ".."}
    steps = [
        short.get((step.axis, step.test), ("@" if step.axis == "attribute" else "") + step.test) for step in path.steps
    ]
    return ("/" if path.absolute else "") + "/".join(steps)
