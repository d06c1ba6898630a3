"""Gives each repeat of an XForm a hidden UUID for its occurrences (docs/protocol.md, section 9)."""

from lxml import etree

from fieldsync.core.forms import OCCURRENCE_NODE, Finding
from fieldsync.core.xform_body import resolve
from fieldsync.core.xform_xml import Element, attribute, child, children, local_name, parse_xform

XFORMS = "http://www.w3.org/2002/xforms"


def with_occurrence_ids(xform: bytes) -> bytes:
    """The XForm with a UUID for each occurrence of each repeat; the same bytes where there is nothing to add.

    A node, a bind, and two actions that fill it once: for the first occurrence and for each new one. A node and not an
    attribute, because the web app's form engine drops attributes of repeats.
    """
    root = parse_xform(xform)
    if isinstance(root, Finding):
        return xform
    model = next(root.iter("{*}model"), None)
    instance = child(model, "instance") if model is not None else None
    primary = next(children(instance), None) if instance is not None else None
    if model is None or primary is None:
        return xform
    added = [_add(model, primary, repeat) for repeat in list(root.iter("{*}repeat"))]
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) if any(added) else xform


def _add(model: Element, primary: Element, repeat: Element) -> bool:
    nodeset = attribute(repeat, "nodeset") or ""
    path = resolve(nodeset, "", local_name(primary))
    if not path or not nodeset.startswith("/"):
        return False
    nodes = [primary]
    for step in path.split("/"):
        nodes = [inner for node in nodes for inner in children(node) if local_name(inner) == step]
    if not nodes or any(child(node, OCCURRENCE_NODE) is not None for node in nodes):
        return False
    for node in nodes:
        node.insert(0, node.makeelement(_beside(node, OCCURRENCE_NODE), {}))
    reference = f"{nodeset}/{OCCURRENCE_NODE}"
    etree.SubElement(model, f"{{{XFORMS}}}bind", {"nodeset": reference, "type": "string", "readonly": "true()"})
    first = {"ref": reference, "event": "odk-instance-first-load", "value": "uuid()"}
    etree.SubElement(model, f"{{{XFORMS}}}setvalue", first)
    etree.SubElement(repeat, f"{{{XFORMS}}}setvalue", {**first, "event": "odk-new-repeat"})
    return True


def _beside(node: Element, name: str) -> str:
    """The name in the namespace of its parent."""
    namespace = str(node.tag).rpartition("}")[0]
    return f"{namespace}}}{name}" if namespace else name
