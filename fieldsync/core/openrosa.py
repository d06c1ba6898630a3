"""An OpenRosa submission as it is read: whose form, which instance, which edit of which (docs/openrosa.md)."""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping

import msgspec
from lxml import etree

from fieldsync.core.answer_paths import UUID
from fieldsync.core.instance import SHEET_NODES_MAX
from fieldsync.core.merge import RecordState
from fieldsync.core.occurrences import around, is_occurrence
from fieldsync.core.odk_encryption import Envelope, envelope_of
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.core.registers import same
from fieldsync.core.xform_xml import NAMESPACE_OPENROSA, Element, attribute, child, parse_xform

NAME_LENGTH_MAX = 255
"""Characters of a form's id, its version and an instance id; a longer instance id is known by its digest."""

_NAMES = uuid.UUID("3a0f6c1e-2f2b-5c1d-9d55-6c3f4f1f8f0a")
_INSTANCE_UUID = re.compile(rf"(?:uuid:)?({UUID})").fullmatch
_REFUSALS = {"doctype": "xml_forbidden", "too_large": "xml_too_large", "too_deep": "xml_too_large"}

_IS_LARGE = etree.XPath(f"boolean((//*)[{SHEET_NODES_MAX + 1}])")

Fields = Mapping[str, Value]


class Sheet(msgspec.Struct, frozen=True):
    """What a submission says of itself. `instance` and `deprecated` are as `instance_name` spells them.

    `xml` is the submission as it came, `root` its tree; `digest` is the SHA-256 of its canonical form (C14N, without
    comments), or of its bytes where it has none.
    `deprecated`: the instance that it replaces, or "". `envelope` is there where the answers are encrypted.
    """

    xml: bytes
    root: Element
    form: str
    version: str
    instance: str
    deprecated: str
    digest: bytes
    envelope: Envelope | None = None


def read_sheet(xml: bytes) -> Sheet | Problem:
    """The submission in these bytes, or why they are none."""
    root = parse_xform(xml)
    if not isinstance(root, etree._Element):
        return Problem(_REFUSALS.get(root.code, "not_xml"))
    if xml.count(b"<") > SHEET_NODES_MAX and _IS_LARGE(root):
        return Problem("xml_too_large")
    form = attribute(root, "id") or ""
    version = attribute(root, "version") or attribute(root, "version", NAMESPACE_OPENROSA) or ""
    if not form or len(form) > NAME_LENGTH_MAX or len(version) > NAME_LENGTH_MAX:
        return Problem("not_a_submission")
    envelope = envelope_of(root)
    if isinstance(envelope, Problem):
        return envelope
    digest = hashlib.sha256(_canonical(root, xml)).digest()
    instance = instance_name(_meta(root, "instanceID")) or f"sha256:{digest.hex()}"
    return Sheet(xml, root, form, version, instance, instance_name(_meta(root, "deprecatedID")), digest, envelope)


def _canonical(root: Element, xml: bytes) -> bytes:
    """What makes two submissions the same; C14N has no form for a namespace that is a relative URI."""
    try:
        return etree.tostring(root, method="c14n", with_comments=False)
    except etree.C14NError:
        return xml


def _meta(root: Element, name: str) -> str:
    meta = child(root, "meta")
    found = child(meta, name) if meta is not None else None
    return (found.text or "").strip() if found is not None else ""


def instance_name(stated: str) -> str:
    """How an instance id is remembered: a UUID bare and in lower case, anything else as it stands; "" for none."""
    match = _INSTANCE_UUID(stated)
    if match:
        return match[1].lower()
    if len(stated) > NAME_LENGTH_MAX:
        return f"sha256:{hashlib.sha256(stated.encode()).hexdigest()}"
    return stated


def record_of(association: str, form: str, instance: str) -> str:
    """The UUID of the record that begins with an instance: its own, or one made of (association, form, instance)."""
    return instance if _INSTANCE_UUID(instance) else str(uuid.uuid5(_NAMES, "\n".join((association, form, instance))))


def occurrence_names(record: str, digest: bytes) -> Callable[[], str]:
    """Names for occurrences that bear none: the same submission gets the same ones each time it is read."""
    numbers: Iterator[int] = iter(range(SHEET_NODES_MAX))
    return lambda: str(uuid.uuid5(_NAMES, f"{record}\n{digest.hex()}\n{next(numbers)}"))


def changes(before: Fields, after: Fields) -> dict[str, Value]:
    """What must be written over `before` so that it shows `after`; an occurrence that went takes its answers along."""
    writes = {path: value for path, value in after.items() if path not in before or not same(before[path], value)}
    gone = {path for path, value in before.items() if value is not None and path not in after}
    for path in sorted(gone):
        if not any(outer in gone for outer in around(path)):
            writes[path] = None
    return writes


def applied(before: Fields, writes: Fields) -> dict[str, Value]:
    """What `before` shows after these writes by the same hand."""
    after = {**before, **writes}
    removed = {path for path, value in writes.items() if value is None and is_occurrence(path)}
    return {
        path: value
        for path, value in after.items()
        if value is not None and not any(outer in removed for outer in around(path))
    }


def restored(before: RecordState, after: RecordState, writes: Fields) -> dict[str, Value]:
    """What puts back what a record showed `before` a late submission wrote `writes` over it and made it `after`.

    Whoever left an answer as the late submission has it changed nothing. Of several that were changed, one that is not
    seen any more is said again, so that people still find all of them.
    """
    unshown = {path for path, value in writes.items() if is_occurrence(path) and before.fields.get(path) is None}
    back: dict[str, Value] = {}
    for path, value in writes.items():
        changed = [each for each in _current(before, path) if not same(each, value)]
        if changed and not any(outer in unshown for outer in around(path)):
            seen = _current(after, path)
            back[path] = next((each for each in changed if not any(same(each, one) for one in seen)), changed[0])
    return back


def _current(state: RecordState, path: str) -> list[Value]:
    """What a path shows, and its other current values."""
    return [state.fields.get(path), *(each.value for each in state.conflicts.get(path, ()))]
