"""What ODK Web Forms' engine saw of a record, held against what this server sees of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from lxml import etree

from fieldsync.core.answer_paths import occurrences_of
from fieldsync.core.answer_text import text_of
from fieldsync.core.expressions import environment_of
from fieldsync.core.form_filling import Filling
from fieldsync.core.forms import OCCURRENCE_NODE, Form, Question
from fieldsync.core.instance import from_xml, to_xml
from fieldsync.core.operations import Value
from fieldsync.core.validation import PROGRAMME_ZONE, CompiledForm

Json = dict[str, Any]
NOT_THE_ENGINES = "bad_entity"
"""What is wrong with a record's entities; the engine makes none, and does not look."""
CONTROLS = ("input", "select", "rank", "upload", "range", "trigger")
_STEP = re.compile(r"([^/\[]+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Difference:
    """One thing that the engine and this server see differently."""

    what: str
    path: str
    engine: object
    server: object


@dataclass
class Record:
    """A record as the engine sent it, and everything that this server makes of it."""

    compiled: CompiledForm
    line: Json
    stamp_ms: int
    hidden: Mapping[str, Value] = field(default_factory=dict)
    """Answers that are not in the XML and count all the same."""
    fields: Mapping[str, Value] = field(init=False)

    def __post_init__(self) -> None:
        numbers = count(1)
        new_uuid = lambda: f"00000000-0000-4000-8000-{next(numbers):012}"  # noqa: E731
        self.form: Form = self.compiled.form
        self.fields = {**from_xml(self.form, self.line["xml"].encode(), new_uuid), **self.hidden}
        self.filling = Filling(self.compiled)
        self.environment = environment_of(self.fields, self.stamp_ms, PROGRAMME_ZONE)
        self.occurrences = occurrences_of(self.fields)
        self.questions = {question.path: question for question in self.form.questions}
        self.around = {group.path: group.relevant for group in self.form.groups}
        self.around |= {repeat.path: repeat.relevant for repeat in self.form.repeats}
        broken = self.compiled.broken_rules(self.fields, self.stamp_ms)
        known = [problem for problem in broken if problem.code != NOT_THE_ENGINES]
        self.broken = {(problem.path or "", problem.code): problem for problem in known}

    def with_hidden_files(self) -> "Record":
        """The record with the files that the engine counts and does not send, as their questions do not apply."""
        addresses = [self.address(reference)[1] for reference in self.line["hidden"]]
        hidden: dict[str, Value] = {address: {"file": "hidden"} for address in addresses if address is not None}
        return Record(self.compiled, self.line, self.stamp_ms, hidden)

    def differences(self) -> Iterator[Difference]:
        """Everything on which the two disagree."""
        told = set()
        for node in self.line["nodes"]:
            path, address = self.address(node["reference"])
            if address is None:
                continue
            yield from self._of_node(node, path, address)
            told |= {(address, "required"), (address, "constraint")}
        for key in sorted(self.broken.keys() - told):
            yield Difference(key[1], key[0], None, key)
        plain = {path: value for path, value in self.fields.items() if not _is_file(value)}
        for problem in self.compiled.wrong_in_itself(plain):
            yield Difference("type", problem.path or "", plain.get(problem.path or ""), problem.code)

    def lost(self) -> set[tuple[str, str]]:
        """What stands in one of two XMLs only: the engine's, and the one that is made of its fields again."""
        return set(_leaves(etree.fromstring(self.line["xml"].encode()))) ^ set(_leaves(to_xml(self.form, self.fields)))

    def address(self, reference: str) -> tuple[str, str | None]:
        """The path and the address of a node; no address in an occurrence that is not in the record."""
        path, address = "", ""
        for name, position in _STEP.findall(reference)[1:]:
            path, address = f"{path}/{name}".lstrip("/"), f"{address}/{name}".lstrip("/")
            if position:
                found = self.occurrences.get(address, [])
                if int(position) > len(found):
                    return path, None
                address = found[int(position) - 1]
        return path, address

    def _of_node(self, node: Json, path: str, address: str) -> Iterator[Difference]:
        question = self.questions.get(path)
        relevant = question.relevant if question else self.around.get(path)
        if relevant is None:
            return
        applies = self.filling.is_relevant(relevant, self.environment, address)
        if applies != node["relevant"]:
            yield Difference("relevant", address, node["relevant"], applies)
        elif applies and question is not None:
            yield from self._of_question(node, question, address)

    def _of_question(self, node: Json, question: Question, address: str) -> Iterator[Difference]:
        if node["type"] in CONTROLS:
            yield from self._of_control(node, question, address)
        written = text_of(self.fields.get(address))
        if question.type in ("geotrace", "geoshape"):
            written = written.replace("; ", ";")
        if written != node["value"]:
            yield Difference("value", address, node["value"], written)
        if question.calculate is not None:
            result = self.filling.result(question, self.environment, address)
            if result is not None and result != node["value"]:
                yield Difference("calculate", address, node["value"], result)

    def _of_control(self, node: Json, question: Question, address: str) -> Iterator[Difference]:
        violation = next((code for code in ("required", "constraint") if (address, code) in self.broken), None)
        if violation != node["violation"]:
            yield Difference("violation", address, node["violation"], violation)
        elif violation is not None:
            said = self.broken[address, violation].said.get(self.form.default_language)
            if said != node["message"]:
                yield Difference("message", address, node["message"], said)
        required = self.filling.is_required(question, self.environment, address)
        if required != node["required"]:
            yield Difference("required", address, node["required"], required)
        readonly = self.filling.is_readonly(question, self.environment, address)
        if readonly != node["readonly"]:
            yield Difference("readonly", address, node["readonly"], readonly)
        offered = self.filling.offered(question, self.environment, address)
        if node["offered"] is not None and offered is not None and list(offered) != node["offered"]:
            yield Difference("offered", address, node["offered"], list(offered))


def _is_file(value: Value) -> bool:
    return isinstance(value, dict) and "file" in value


def _leaves(root: etree._Element, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text and attribute that says something, by its path with positions."""
    numbers: dict[str, int] = {}
    for child in root:
        name = etree.QName(child).localname
        if name == OCCURRENCE_NODE:
            continue  # the engine leaves it empty where a repeat did not apply at first; the server names it then
        numbers[name] = numbers.get(name, 0) + 1
        inner = f"{path}/{name}[{numbers[name]}]"
        yield from (
            (f"{inner}/@{key!s}", str(text)) for key, text in child.attrib.items() if text and key != "occurrence"
        )
        yield from _leaves(child, inner)
        if len(child) == 0 and child.text:
            yield inner, child.text.replace("; ", ";")
