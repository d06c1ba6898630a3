"""What an XForm's body says about each node: its control, label, hint, choices."""

from dataclasses import dataclass, field

from fieldsync.core.forms import Texts
from fieldsync.core.itext import Translations
from fieldsync.core.xform_xml import NAMESPACE_JAVAROSA, Element, attribute, children, local_name

CONTROLS = {"input", "secret", "select", "select1", "rank", "upload", "trigger", "range"}
SHOWN = CONTROLS | {"group", "repeat"}


@dataclass(frozen=True)
class Control:
    """A question's control; `kind` is its element's local name."""

    kind: str
    element: Element
    labels: Texts
    hints: Texts
    appearance: str


@dataclass
class Body:
    """Controls, labels of groups, repeats with their count, each by path; `hollow` groups and repeats show nothing."""

    controls: dict[str, Control] = field(default_factory=dict)
    group_labels: dict[str, Texts] = field(default_factory=dict)
    repeat_counts: dict[str, str | None] = field(default_factory=dict)
    hollow: list[str] = field(default_factory=list)


def resolve(reference: str, context: str, root: str) -> str | None:
    """The path (without the root) that a node reference means from a context path; None where it leaves the form."""
    text = reference.strip()
    steps = [] if text.startswith("/") or not context else context.split("/")
    parts = [part for part in text.split("/") if part]
    if text.startswith("/"):
        if not parts or _local(parts[0]) != root:
            return None
        parts = parts[1:]
    for part in parts:
        if part == "..":
            if not steps:
                return None
            steps.pop()
        elif part != ".":
            steps.append(_local(part))
    return "/".join(steps)


def _local(step: str) -> str:
    prefix = "@" if step.startswith("@") else ""
    return prefix + step.removeprefix("@").rpartition(":")[2]


def read_body(body: Element | None, root: str, bind_ids: dict[str, str], texts: Translations) -> Body:
    """Walk the body once; `bind_ids` maps a bind's id to its path."""
    found = Body()
    if body is not None:
        _Walk(found, root, bind_ids, texts).children_of(body, "", {})
    return found


class _Walk:
    def __init__(self, found: Body, root: str, bind_ids: dict[str, str], texts: Translations) -> None:
        self.found = found
        self.root = root
        self.bind_ids = bind_ids
        self.texts = texts

    def children_of(self, element: Element, context: str, labels: Texts) -> None:
        for inner in children(element):
            kind = local_name(inner)
            if kind in CONTROLS:
                self._control(inner, kind, context)
            elif kind == "group":
                self._group(inner, context)
            elif kind == "repeat":
                self._repeat(inner, context, labels)

    def _path(self, element: Element, context: str) -> str | None:
        bound = attribute(element, "bind")
        if bound is not None:
            return self.bind_ids.get(bound)
        reference = attribute(element, "ref") or attribute(element, "nodeset")
        return resolve(reference, context, self.root) if reference is not None else None

    def _control(self, element: Element, kind: str, context: str) -> None:
        path = self._path(element, context)
        if path:
            self.found.controls.setdefault(
                path,
                Control(
                    kind,
                    element,
                    self.texts.of_child(element, "label"),
                    self.texts.of_child(element, "hint"),
                    attribute(element, "appearance") or "",
                ),
            )

    def _group(self, element: Element, context: str) -> None:
        path = self._path(element, context)
        labels = self.texts.of_child(element, "label")
        if path:
            self.found.group_labels.setdefault(path, labels)
        self._inside(element, path or context, labels)

    def _inside(self, element: Element, path: str, labels: Texts) -> None:
        if not any(local_name(inner) in SHOWN for inner in children(element)):
            self.found.hollow.append(path)
        self.children_of(element, path, labels)

    def _repeat(self, element: Element, context: str, labels: Texts) -> None:
        path = self._path(element, context)
        if path:
            count = attribute(element, "count", NAMESPACE_JAVAROSA)
            self.found.repeat_counts.setdefault(path, count)
            own = self.texts.of_child(element, "label") or labels
            if own:
                self.found.group_labels[path] = self.found.group_labels.get(path) or own
        self._inside(element, path or context, {})
