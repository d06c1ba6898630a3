"""A record's fields as an answer sheet (the XForm's primary instance), and back."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from lxml import etree

from fieldsync.core.answer_paths import OCCURRENCE, Occurrences, occurrence_id, occurrences_of
from fieldsync.core.answer_text import UnknownValueError, text_of, value_from_text
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import OCCURRENCE_NODE, Form
from fieldsync.core.operations import Value

SHEET_NODES_MAX = 50_000
"""Elements read from one answer sheet; several times the largest form with full repeats."""
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OCCURRENCE_ATTRIBUTE = "occurrence"


class AnswerSheet:
    """An answer sheet as XML, and its elements by answer path ("" is the root, "members[…]" an occurrence).

    `is_sealed` says that some answer could not be written because it is sealed.
    """

    __slots__ = ("is_sealed", "nodes", "root")

    def __init__(self, tree: FormTree, fields: Mapping[str, Value], occurrences: Occurrences | None = None) -> None:
        """Every question has its element, answered or not; a repeat has those of its occurrences, in order."""
        self.is_sealed = False
        self.root = etree.Element(tree.form.root, id=tree.form.id, version=tree.form.version)
        self.nodes: dict[str, etree._Element] = {"": self.root}
        self._fill(tree, fields, occurrences_of(fields) if occurrences is None else occurrences)

    def _fill(self, tree: FormTree, fields: Mapping[str, Value], occurrences: Occurrences) -> None:
        waiting = [("", "")]
        while waiting:
            path, address = waiting.pop()
            for child in tree.children.get(path, ()):
                inner = address + child[len(path) :] if path else child
                if "@" in child:
                    self._set_attribute(self.nodes[address], child, fields.get(inner))
                    continue
                prefixes = occurrences.get(inner, []) if child in tree.repeats else [inner]
                for prefix in prefixes:
                    element = etree.SubElement(self.nodes[address], child.rpartition("/")[2])
                    self.nodes[prefix] = element
                    waiting.append((child, prefix))
                    if child in tree.leaves:
                        element.text = self._text(fields.get(prefix)) or None

    def _set_attribute(self, element: etree._Element, path: str, value: Value) -> None:
        text = self._text(value)
        if text:
            element.set(path.rpartition("@")[2], text)

    def _text(self, value: Value) -> str:
        try:
            return _NOT_XML.sub("\ufffd", text_of(value))
        except UnknownValueError:
            self.is_sealed = True
            return ""


def to_xml(form: Form, fields: Mapping[str, Value]) -> etree._Element:
    """The answer sheet of a record. Occurrences bear their UUID as attribute `occurrence`; sealed answers are empty."""
    sheet = AnswerSheet(FormTree(form), fields)
    for path, element in sheet.nodes.items():
        if path.endswith("]"):
            element.set(_OCCURRENCE_ATTRIBUTE, occurrence_id(path))
            hidden = sheet.nodes.get(f"{path}/{OCCURRENCE_NODE}")
            if hidden is not None:
                hidden.text = occurrence_id(path)
    return sheet.root


def _file_named(name: str) -> Value:
    return {"file": name}


def from_xml(
    form: Form, xml: bytes, new_uuid: Callable[[], str], file_named: Callable[[str], Value] = _file_named
) -> dict[str, Value]:
    """The fields of an answer sheet: what is empty is absent, namespaces are left out, order keys count from 1.

    `new_uuid` names occurrences that have no UUID of their own; `file_named` gives the value of a file by its name.
    What the form does not know is kept as text under its path. Raises ValueError for what is no readable XML.
    """
    return read_answers(FormTree(form), _root(xml), new_uuid, file_named).fields


class Answers(NamedTuple):
    """The fields of an answer sheet, and the first path that it answers twice although the form does not repeat it."""

    fields: dict[str, Value]
    twice: str | None


def read_answers(
    tree: FormTree,
    root: etree._Element,
    new_uuid: Callable[[], str],
    file_named: Callable[[str], Value] = _file_named,
) -> Answers:
    """As `from_xml`, of a sheet that is read and a form whose tree is made."""
    fields: dict[str, Value] = {}
    answered, twice = set[str](), None
    waiting = [("", "", root)]
    while waiting:
        path, address, element = waiting.pop()
        counts: dict[str, int] = {}
        for child in element.iterchildren("*"):
            name = child.tag.rpartition("}")[2]
            inner_path, inner = f"{path}{name}", f"{address}{name}"
            repeats = inner_path in tree.repeats
            if repeats:
                counts[name] = counts.get(name, 0) + 1
                inner = _occurrence_prefix(inner, child, fields, new_uuid)
                fields[inner] = counts[name]
            if child.attrib:
                _read_attributes(tree, inner_path, inner, child, fields)
            if len(child):
                waiting.append((f"{inner_path}/", f"{inner}/", child))
                continue
            text = child.text
            if text and not repeats and name != OCCURRENCE_NODE:
                twice = twice or (inner_path if inner in answered and text.strip() else None)
                answered.add(inner)
                _read_answer(tree, inner_path, inner, text, file_named, fields)
    return Answers(fields, twice)


def _occurrence_prefix(
    repeat: str, element: etree._Element, fields: Mapping[str, Value], new_uuid: Callable[[], str]
) -> str:
    """The path of an occurrence, by the UUID that it bears; a UUID that is none, or stands twice, is not believed."""
    stated = element.get(_OCCURRENCE_ATTRIBUTE) or element.findtext(f"{{*}}{OCCURRENCE_NODE}") or ""
    prefix = f"{repeat}[{stated.strip()}]"
    if OCCURRENCE.fullmatch(prefix, len(repeat)) and prefix not in fields:
        return prefix
    return f"{repeat}[{new_uuid()}]"


def _root(xml: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not readable as XML: {error.msg}") from None
    if sum(1 for _ in root.iter()) > SHEET_NODES_MAX:
        raise ValueError(f"more than {SHEET_NODES_MAX} elements")
    return root


def _read_attributes(
    tree: FormTree, path: str, address: str, element: etree._Element, fields: dict[str, Value]
) -> None:
    for key, text in element.attrib.items():
        name = etree.QName(key).localname
        if text and f"{path}/@{name}" in tree.leaves:
            fields[f"{address}/@{name}"] = text


def _read_answer(
    tree: FormTree,
    path: str,
    address: str,
    text: str,
    file_named: Callable[[str], Value],
    fields: dict[str, Value],
) -> None:
    question = tree.questions.get(path)
    if question is not None and question.type == "file":
        value = file_named(text.strip()) if text.strip() else None
    else:
        value = value_from_text(question.type if question else "text", text)
    if value is not None:
        fields[address] = value
