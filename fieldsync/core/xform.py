"""XForm XML to a Form: what an XForm says, as values. Bad input gives findings, never an exception."""

from dataclasses import dataclass, field

from fieldsync.core.copied_classes import INSTANCE_NAME, with_copied_classes
from fieldsync.core.forms import (
    OCCURRENCE_NODE,
    Choice,
    EntityDeclaration,
    Finding,
    Form,
    Group,
    Itemset,
    Question,
    Repeat,
    Texts,
    blanks,
)
from fieldsync.core.itext import Translations, plain_text
from fieldsync.core.xform_binds import Bind, Binds, read_actions, read_binds
from fieldsync.core.xform_body import Body, Control, read_body
from fieldsync.core.xform_choices import ChoiceLists, read_instance
from fieldsync.core.xform_entities import entity_paths, read_declaration, with_properties
from fieldsync.core.xform_xml import (
    NAMESPACE_ENTITIES,
    NAMESPACE_OPENROSA,
    Element,
    attribute,
    child,
    children,
    error,
    local_name,
    parse_xform,
)

MAX_QUESTIONS = 10_000
"""Nodes of the primary instance; bounds the paths and rules that are built from them."""

META_PATHS = ("meta/instanceID", INSTANCE_NAME, "meta/deprecatedID")

_BIND_TYPES = {
    "int": "integer",
    "integer": "integer",
    "long": "integer",
    "short": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "float": "decimal",
    "date": "date",
    "time": "time",
    "dateTime": "dateTime",
    "geopoint": "geopoint",
    "geotrace": "geotrace",
    "geoshape": "geoshape",
    "binary": "file",
    "boolean": "boolean",
    "rank": "rank",
    "select1": "select_one",
    "select": "select_multiple",
}

ACKNOWLEDGED = Choice("OK")
"""What a trigger (XLSForm: acknowledge) holds once somebody has ticked it."""

_CONTROL_TYPES = {"select1": "select_one", "select": "select_multiple", "rank": "rank", "upload": "file"}


def read_form(xform: bytes) -> Form | list[Finding]:
    """The form in an XForm, or the errors that make it unreadable. Doubts beyond that: `form_findings`."""
    root = parse_xform(xform)
    if isinstance(root, Finding):
        return [root]
    model = next(root.iter("{*}model"), None)
    primary = _primary_node(model)
    if model is None or primary is None:
        return [error("no_form", "The file is XML but holds no XForm.", "Choose a form exported as XForm.")]
    return _read_model(root, model, primary)


def _primary_node(model: Element | None) -> Element | None:
    instance = child(model, "instance") if model is not None else None
    return next(children(instance), None) if instance is not None else None


def _read_model(root: Element, model: Element, primary: Element) -> Form | list[Finding]:
    keys = (attribute(submission, "base64RsaPublicKey") for submission in children(model, "submission"))
    texts = Translations(child(model, "itext"))
    binds = read_binds(model, local_name(primary), texts)
    body_element = next((found for found in children(root, "body")), None)
    if body_element is not None:
        read_actions(body_element, local_name(primary), binds)
    body = read_body(body_element, local_name(primary), binds.by_id, texts)
    instances = tuple(read_instance(element) for element in list(children(model, "instance"))[1:])
    reading = _Reading(binds, body, ChoiceLists(instances, texts))
    reading.walk(primary, "", (), (), None)
    entities, lost = with_properties(
        reading.entities, {question.path: question.save_to for question in reading.questions if question.save_to}
    )
    findings = [*reading.findings, *_lost_references(reading, lost)]
    if findings:
        return findings
    sources = [instance.source for instance in instances if instance.source]
    form = Form(
        id=attribute(primary, "id") or "",
        version=attribute(primary, "version") or attribute(primary, "version", NAMESPACE_OPENROSA) or "",
        title=_title(root),
        root=local_name(primary),
        languages=texts.languages,
        default_language=texts.default_language,
        questions=tuple(reading.questions),
        repeats=tuple(reading.repeats),
        entities=entities,
        instances=instances,
        namespaces={prefix or "": str(uri) for prefix, uri in root.nsmap.items()},
        groups=tuple(reading.groups),
        meta_paths=tuple(dict.fromkeys((*META_PATHS, *reading.meta_paths))),
        media=tuple(dict.fromkeys((*sources, *texts.media))),
        entities_version=attribute(model, "entities-version", NAMESPACE_ENTITIES) or "",
        hollow=tuple(path for path in body.hollow if path),
        public_key="".join((next(filter(None, keys), None) or "").split()),
        instance_name=binds.of(INSTANCE_NAME).calculate,
    )
    return with_copied_classes(form)


def _title(root: Element) -> str:
    title = next(root.iter("{*}title"), None)
    return plain_text(title) if title is not None else ""


def _lost_references(reading: "_Reading", unsaved: tuple[str, ...]) -> list[Finding]:
    findings = [
        error("save_to_without_entity", "{path} is saved to an entity, but no entity is declared around it.",
              "Declare the entity list on the entities sheet.", detail=blanks(path=path))
        for path in unsaved
    ]  # fmt: skip
    known = reading.known
    for nodeset in reading.binds.lost:
        findings.append(
            error(
                "unknown_node",
                "A bind names {nodeset}, which is not in the form.",
                "Correct its nodeset.",
                detail=blanks(nodeset=nodeset),
            )
        )
    for path in (*reading.binds.by_path, *reading.body.controls, *reading.body.repeat_counts):
        if path and "@" not in path and path not in known:
            findings.append(
                error(
                    "unknown_node",
                    "{path} is used but is not in the form.",
                    "Correct or remove it.",
                    detail=blanks(path=path),
                )
            )
    return list(dict.fromkeys(findings))


@dataclass
class _Reading:
    """One walk over the primary instance and what it has found."""

    binds: Binds
    body: Body
    choice_lists: ChoiceLists
    questions: list[Question] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    entities: list[EntityDeclaration] = field(default_factory=list)
    meta_paths: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def walk(
        self,
        parent: Element,
        path: str,
        repeats: tuple[str, ...],
        relevant: tuple[tuple[str, str], ...],
        sensitivity: str | None,
    ) -> None:
        """Read the nodes below `parent`; what stands around them is inherited."""
        seen: set[str] = set()
        for node in children(parent):
            own = f"{path}/{local_name(node)}" if path else local_name(node)
            if own in seen:
                self._second(own)
                continue
            seen.add(own)
            self.known.add(own)
            if local_name(node) == "meta":
                self._meta(node, own, repeats)
            elif own in self.meta_paths:
                continue
            elif not self._is_full():
                self._node(node, own, repeats, relevant, sensitivity)

    def _second(self, path: str) -> None:
        """A second node of one name: another occurrence of a repeat, or a mistake."""
        if path not in self.body.repeat_counts:
            self.findings.append(
                error(
                    "duplicate_name",
                    "{path} stands twice in the form.",
                    "Rename one of the two.",
                    detail=blanks(path=path),
                )
            )

    def _is_full(self) -> bool:
        if len(self.known) <= MAX_QUESTIONS:
            return False
        finding = error(
            "too_large",
            "The form has more than {max_questions} nodes.",
            "Split it in several forms.",
            detail=blanks(max_questions=MAX_QUESTIONS),
        )
        if finding not in self.findings:
            self.findings.append(finding)
        return True

    def _node(
        self,
        node: Element,
        path: str,
        repeats: tuple[str, ...],
        relevant: tuple[tuple[str, str], ...],
        sensitivity: str | None,
    ) -> None:
        bind = self.binds.of(path)
        rules = (*relevant, (path, bind.relevant)) if bind.relevant is not None else relevant
        klass = bind.sensitivity or sensitivity
        labels = self.body.group_labels.get(path, {})
        if path in self.body.repeat_counts:
            count = self.body.repeat_counts[path]
            occurrence = self._occurrence(node, path)
            self.repeats.append(Repeat(path, labels, count, rules, klass or "P2", klass is not None, occurrence))
            self.walk(node, path, (*repeats, path), rules, klass)
        elif len(node) or path in self.body.group_labels:
            self.groups.append(Group(path, labels, rules, klass or "P2", klass is not None))
            self.walk(node, path, repeats, rules, klass)
        else:
            self.questions.append(self._question(node, bind, repeats, rules, klass))

    def _occurrence(self, node: Element, path: str) -> str:
        """The path of the node that holds an occurrence's UUID; a submission may write it, nobody answers it."""
        if child(node, OCCURRENCE_NODE) is None:
            return ""
        self.meta_paths.append(f"{path}/{OCCURRENCE_NODE}")
        return self.meta_paths[-1]

    def _question(
        self,
        node: Element,
        bind: Bind,
        repeats: tuple[str, ...],
        relevant: tuple[tuple[str, str], ...],
        sensitivity: str | None,
    ) -> Question:
        control = self.body.controls.get(bind.path)
        default = (node.text or "").strip() or None
        choices, itemset = self._choices(control) if control is not None else ((), None)
        labels: Texts = control.labels if control is not None else {}
        return Question(
            path=bind.path,
            type=self._type(bind, control, default),
            repeats=repeats,
            labels=labels,
            hints=control.hints if control is not None else {},
            required=bind.required,
            required_message=bind.required_message,
            relevant=relevant,
            constraint=bind.constraint,
            constraint_message=bind.constraint_message,
            calculate=bind.calculate,
            readonly=bind.readonly,
            default=default,
            initial=self.binds.initial.get(bind.path),
            save_to=bind.save_to,
            sensitivity=sensitivity or "P2",
            declared_sensitivity=sensitivity is not None,
            protective=bind.protective,
            key=bind.key,
            place=bind.place,
            part=bind.part,
            project=bind.project,
            keep_metadata=bind.keep_metadata,
            choices=choices,
            itemset=itemset,
            appearance=control.appearance if control is not None else "",
        )

    def _choices(self, control: Control) -> tuple[tuple[Choice, ...], Itemset | None]:
        return ((ACKNOWLEDGED,), None) if control.kind == "trigger" else self.choice_lists.of_control(control.element)

    def _type(self, bind: Bind, control: Control | None, default: str | None) -> str:
        stated = _BIND_TYPES.get(bind.type, "text")
        if control is None:
            return "calculate" if bind.calculate is not None else stated
        if control.kind == "trigger":
            return stated if stated != "text" else "select_one"
        if control.kind == "range" and stated == "text":
            return "decimal"
        if control.kind in _CONTROL_TYPES:
            return _CONTROL_TYPES[control.kind]
        return "note" if self._is_note(bind, stated, default) else stated

    def _is_note(self, bind: Bind, stated: str, default: str | None) -> bool:
        """An input that nobody and nothing can fill."""
        fixed = bind.readonly in ("true()", "1", "true")
        filled = bind.calculate is not None or default is not None or bind.path in self.binds.set_by_action
        return stated == "text" and fixed and not filled

    def _meta(self, meta: Element, path: str, repeats: tuple[str, ...]) -> None:
        """The nodes that describe the submission: identity, entity declarations, audit file."""
        for node in children(meta):
            own = f"{path}/{local_name(node)}"
            self.known.update((own, f"{own}/label"))
            if local_name(node) == "entity":
                self.entities.append(read_declaration(node, own, repeats, self.binds))
                self.meta_paths.extend(entity_paths(own))
            elif self.binds.of(own).type == "binary":
                bind = self.binds.of(own)
                self.questions.append(self._question(node, bind, repeats, (), bind.sensitivity))
            elif own not in self.meta_paths:
                self.meta_paths.append(own)
