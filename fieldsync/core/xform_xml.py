"""XForm bytes to an XML tree, safely: UTF-8 only, no document type, no entities, bounded in size, marks and depth."""

import re
from collections.abc import Iterator

from lxml import etree

from fieldsync.core.forms import Blanks, Finding, blanks

MAX_XFORM_BYTES = 8 * 1024 * 1024
"""Bytes. The largest public form that we know (verbal autopsy, 500 questions, 7 languages) is under 3 MB."""

MAX_XFORM_MARKS = 1_000_000
"""Characters `<` and `=` together: bounds the memory of the tree (about 100 bytes a mark)."""

MAX_XFORM_DEPTH = 60
"""Nested elements. XLSForms stay under 20; the walk over the tree is recursive."""

MAX_NODE_NAME = 128
"""Characters in one element name; paths are made of them."""

_DECLARED_ENCODING = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_ACCEPTED_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii"}

NAMESPACE_FORM = "urn:fieldsync:form"
NAMESPACE_JAVAROSA = "http://openrosa.org/javarosa"
NAMESPACE_ENTITIES = "http://www.opendatakit.org/xforms/entities"
NAMESPACE_OPENROSA = "http://openrosa.org/xforms"

Element = etree._Element


def parse_xform(data: bytes) -> Element | Finding:
    """The root element, or the finding that says why there is none."""
    refused = _refuse_bytes(data)
    if refused is not None:
        return refused
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        return _syntax_finding(error)
    return _refuse_tree(root, data) or root


def _refuse_bytes(data: bytes) -> Finding | None:
    if len(data) > MAX_XFORM_BYTES:
        return error(
            "too_large",
            "The XForm is larger than {max_xform_bytes} bytes.",
            "Move long choice lists to a CSV file.",
            detail=blanks(max_xform_bytes=MAX_XFORM_BYTES),
        )
    if not data.strip():
        return error("empty", "The file is empty.", "Choose the form's file again.")
    if not _is_utf8(data):
        return error("encoding", "The XForm is not UTF-8 text.", "Save it again with the encoding UTF-8.")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return error(
            "doctype", "The XForm has a document type declaration.", "Remove the lines that start with <!DOCTYPE."
        )
    if data.count(b"<") + data.count(b"=") > MAX_XFORM_MARKS:
        return error("too_large", "The XForm has too many elements.", "Move long choice lists to a CSV file.")
    return None


def _is_utf8(data: bytes) -> bool:
    declared = _DECLARED_ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared.group(1).decode("ascii", "replace").lower() not in _ACCEPTED_ENCODINGS:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _syntax_finding(failure: etree.XMLSyntaxError) -> Finding:
    line = failure.lineno or 0
    if getattr(failure, "code", None) == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        return _too_deep()  # the bytes are bounded already
    return error(
        "not_xml",
        "The file is not well-formed XML (line {line}).",
        "Export the form again.",
        row=line or None,
        detail=blanks(line=line),
    )


_IS_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_XFORM_DEPTH + 1) + ")")
_HAS_LONG_NAME = etree.XPath(f"boolean(//*[string-length(local-name()) > {MAX_NODE_NAME}])")


_LONG_NAME = re.compile(rb"<[^\s/>]{%d}" % (MAX_NODE_NAME + 1)).search
"""Where this finds nothing, no element has a long name, and the tree need not be asked."""


def _too_deep() -> Finding:
    return error(
        "too_deep",
        "The form is nested deeper than {max_xform_depth} levels.",
        "Use fewer groups in groups.",
        detail=blanks(max_xform_depth=MAX_XFORM_DEPTH),
    )


def _refuse_tree(root: Element, data: bytes) -> Finding | None:
    if data.count(b"</") >= MAX_XFORM_DEPTH and _IS_TOO_DEEP(root):  # each element around another ends in one
        return _too_deep()
    if _LONG_NAME(data) is not None and _HAS_LONG_NAME(root):
        return error(
            "name_too_long",
            "A name is longer than {max_node_name} characters.",
            "Shorten it.",
            detail=blanks(max_node_name=MAX_NODE_NAME),
        )
    return None


def error(code: str, message: str, advice: str = "", row: int | None = None, detail: Blanks = ()) -> Finding:
    """A finding that stops the form from being published."""
    return Finding("error", code, message, advice, row=row, detail=detail)


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str | None = None) -> Iterator[Element]:
    """Child elements, all or those of one local name."""
    yield from element.iterchildren("{*}*" if name is None else f"{{*}}{name}")


def child(element: Element, name: str) -> Element | None:
    """The first child element of that local name."""
    return next(children(element, name), None)


def attribute(element: Element, name: str, namespace: str = "") -> str | None:
    """An attribute's text without the space around it; None where absent or blank."""
    text = element.get(f"{{{namespace}}}{name}" if namespace else name)
    return (text.strip() or None) if text is not None else None
