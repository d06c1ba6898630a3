"""Where a select's choices come from: inline items, secondary instances, files, cascades."""

import re
from collections.abc import Mapping

from fieldsync.core.forms import Choice, Instance, Itemset
from fieldsync.core.itext import Translations, plain_text
from fieldsync.core.xform_xml import Element, attribute, child, children, local_name

_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]*)['\"]\s*\)")
_ITEXT_COLUMN = re.compile(r"^\s*jr:itext\(\s*([\w.-]+)\s*\)\s*$")


def read_instance(element: Element) -> Instance:
    """A secondary instance: its rows, or the address of its file."""
    identity = attribute(element, "id") or ""
    source = attribute(element, "src")
    if source is not None:
        return Instance(identity, source=source)
    root = next(children(element), None)
    rows = [_row(item) for item in children(root)] if root is not None else []
    return Instance(identity, tuple(rows))


def _row(item: Element) -> Mapping[str, str]:
    return {local_name(column): (column.text or "").strip() for column in children(item)}


class ChoiceLists:
    """Reads each list of choices once, however many questions use it."""

    def __init__(self, instances: tuple[Instance, ...], texts: Translations) -> None:
        self._instances = {instance.id: instance for instance in instances}
        self._texts = texts
        self._read: dict[tuple[str, str, str], tuple[Choice, ...]] = {}

    def of_control(self, control: Element) -> tuple[tuple[Choice, ...], Itemset | None]:
        """A select's choices, and its itemset where it has one. Choices of a file or a repeat are not known here."""
        itemset = child(control, "itemset")
        if itemset is None:
            return self._inline(control), None
        source = read_itemset(itemset)
        label = child(itemset, "label")
        reference = (attribute(label, "ref") or "") if label is not None else ""
        return self._of_instance(source, reference), source

    def _inline(self, control: Element) -> tuple[Choice, ...]:
        choices = []
        for item in children(control, "item"):
            value = child(item, "value")
            if value is not None:
                choices.append(Choice(plain_text(value), self._texts.of_child(item, "label")))
        return tuple(choices)

    def _of_instance(self, source: Itemset, label_reference: str) -> tuple[Choice, ...]:
        instance = self._instances.get(source.instance)
        if instance is None or instance.source is not None:
            return ()
        key = (source.instance, source.value, label_reference)
        if key not in self._read:
            self._read[key] = tuple(self._choice(row, source.value, label_reference) for row in instance.rows)
        return self._read[key]

    def _choice(self, row: Mapping[str, str], value: str, label_reference: str) -> Choice:
        translated = _ITEXT_COLUMN.match(label_reference)
        label = translated.group(1) if translated else label_reference
        text = row.get(label, "")
        labels = self._texts.of_id(text) if translated else ({"": text} if text else {})
        columns = {name: cell for name, cell in row.items() if name not in (value, label)}
        return Choice(row.get(value, ""), labels, columns)


def read_itemset(itemset: Element) -> Itemset:
    """Instance, predicate and columns of an itemset element."""
    nodeset = attribute(itemset, "nodeset") or ""
    found = _INSTANCE.search(nodeset)
    label = child(itemset, "label")
    value = child(itemset, "value")
    label_reference = (attribute(label, "ref") or "") if label is not None else ""
    translated = _ITEXT_COLUMN.match(label_reference)
    return Itemset(
        instance=found.group(1) if found else "",
        filter=predicate(nodeset[found.end() :] if found else nodeset),
        value=((attribute(value, "ref") or "") if value is not None else "") or "name",
        label="label" if translated else label_reference or "label",
        nodeset=nodeset,
    )


def predicate(path: str) -> str | None:
    """The text in the first pair of square brackets (several become one with "and"); None where there is none."""
    parts: list[str] = []
    depth, start, quote = 0, 0, ""
    for position, character in enumerate(path):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "[":
            start = position + 1 if depth == 0 else start
            depth += 1
        elif character == "]":
            depth -= 1
            if depth == 0:
                parts.append(path[start:position].strip())
    if len(parts) > 1:
        return " and ".join(f"({part})" for part in parts)
    return parts[0] if parts else None
