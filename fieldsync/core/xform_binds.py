"""What an XForm's binds say about each node: type, rules, and this program's own attributes."""

from dataclasses import dataclass, field

from fieldsync.core.forms import Texts
from fieldsync.core.itext import Translations
from fieldsync.core.xform_body import resolve
from fieldsync.core.xform_xml import (
    NAMESPACE_ENTITIES,
    NAMESPACE_FORM,
    NAMESPACE_JAVAROSA,
    Element,
    attribute,
    children,
)


@dataclass(frozen=True)
class Bind:
    """One bind; expressions are XPath, None where absent."""

    path: str
    type: str = ""
    required: str | None = None
    relevant: str | None = None
    constraint: str | None = None
    calculate: str | None = None
    readonly: str | None = None
    required_message: Texts = field(default_factory=dict)
    constraint_message: Texts = field(default_factory=dict)
    save_to: str | None = None
    sensitivity: str | None = None
    protective: tuple[str, ...] = ()
    key: bool = False
    place: bool = False
    part: str = ""
    project: bool = False
    keep_metadata: bool = False


@dataclass
class Binds:
    """Binds by path, paths by a bind's id, dynamic defaults by path, and binds that name no node of a form."""

    by_path: dict[str, Bind] = field(default_factory=dict)
    by_id: dict[str, str] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    set_by_action: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)

    def of(self, path: str) -> Bind:
        """The bind of a path, or one that says nothing."""
        return self.by_path.get(path) or Bind(path)


_FIRST_LOAD = {"odk-instance-first-load", "odk-new-repeat", "odk-instance-load", "xforms-ready"}


def read_binds(model: Element, root: str, texts: Translations) -> Binds:
    """Every bind and every dynamic default (setvalue) of the model."""
    found = Binds()
    for element in children(model, "bind"):
        nodeset = attribute(element, "nodeset") or attribute(element, "ref") or ""
        path = resolve(nodeset, "", root)
        if path is None:
            found.lost.append(nodeset)
            continue
        found.by_path.setdefault(path, _bind(element, path, texts))
        identity = attribute(element, "id")
        if identity is not None:
            found.by_id[identity] = path
    read_actions(model, root, found)
    return found


def read_actions(element: Element, root: str, found: Binds) -> None:
    """Add the setvalue actions anywhere below an element."""
    for action in element.iter("{*}setvalue", "{*}setgeopoint"):
        path = resolve(attribute(action, "ref") or "", "", root)
        if path is None:
            continue
        found.set_by_action.add(path)
        events = set((attribute(action, "event") or "").split())
        value = attribute(action, "value")
        if value is not None and events & _FIRST_LOAD:
            found.initial.setdefault(path, value)


def _bind(element: Element, path: str, texts: Translations) -> Bind:
    return Bind(
        path=path,
        type=(attribute(element, "type") or "").rpartition(":")[2],
        required=attribute(element, "required"),
        relevant=attribute(element, "relevant"),
        constraint=attribute(element, "constraint"),
        calculate=attribute(element, "calculate"),
        readonly=attribute(element, "readonly"),
        required_message=texts.of_attribute(attribute(element, "requiredMsg", NAMESPACE_JAVAROSA)),
        constraint_message=texts.of_attribute(attribute(element, "constraintMsg", NAMESPACE_JAVAROSA)),
        save_to=attribute(element, "saveto", NAMESPACE_ENTITIES),
        sensitivity=attribute(element, "class", NAMESPACE_FORM),
        protective=tuple((attribute(element, "protective", NAMESPACE_FORM) or "").split()),
        key=_is_yes(attribute(element, "key", NAMESPACE_FORM)),
        place=_is_yes(attribute(element, "place", NAMESPACE_FORM)),
        part=attribute(element, "part", NAMESPACE_FORM) or "",
        project=_is_yes(attribute(element, "project", NAMESPACE_FORM)),
        keep_metadata=_is_yes(attribute(element, "keep_metadata", NAMESPACE_FORM)),
    )


def _is_yes(text: str | None) -> bool:
    return text is not None and text.lower() in ("yes", "true", "true()", "1")
