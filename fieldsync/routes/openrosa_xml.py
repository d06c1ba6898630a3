"""What OpenRosa clients read: form list, manifest and messages as XML, and the headers that they expect."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from flask import Response, request
from lxml import etree

from fieldsync.core.problems import Problem, render
from fieldsync.routes.bodies import fill
from fieldsync.routes.context import context, reader_language
from fieldsync.services.openrosa_forms import Offered

PREFIX = "/v1/key/"
"""Everything below is spoken to OpenRosa clients: an error there is XML too."""

CONTENT_TYPE = "text/xml; charset=utf-8"
"""Collect takes no other type for lists and manifests."""

_RESPONSE = "http://openrosa.org/http/response"
_FORMS = "http://openrosa.org/xforms/xformsList"
_MANIFEST = "http://openrosa.org/xforms/xformsManifest"
_EVERY_NETWORK = ("//0.0.0.0", "//[::]")


def is_spoken_here() -> bool:
    """Whether the present request came to an address for OpenRosa clients."""
    return request.path.startswith(PREFIX)


def said(problem: Problem, status: int) -> Response:
    """A message in the reader's language; Collect and Enketo show it."""
    root = _root("OpenRosaResponse", _RESPONSE)
    etree.SubElement(root, f"{{{_RESPONSE}}}message").text = render(problem, reader_language())
    response = _document(root, status)
    response.headers["Content-Language"] = reader_language()
    response.headers["Cache-Control"] = "no-store"
    return response


def form_list(token: str, forms: Sequence[Offered]) -> Response:
    """The forms to download, with absolute addresses; the client may ask whether it changed."""
    root = _root("xforms", _FORMS)
    for each in forms:
        base = f"{_base(token)}/forms/{each.name}"
        members = {
            "formID": each.form,
            "name": each.title or each.form,
            "version": each.version,
            "hash": f"md5:{each.md5}",
            "downloadUrl": f"{base}/form.xml",
            **({"manifestUrl": f"{base}/manifest"} if each.has_files else {}),
        }
        _add(root, "xform", members, _FORMS)
    return _changing(root)


def manifest(token: str, name: str, files: Mapping[str, str]) -> Response:
    """A form's files by name, with their MD5."""
    root = _root("manifest", _MANIFEST)
    for file, md5 in files.items():
        address = f"{_base(token)}/forms/{name}/media/{quote(file, safe='')}"
        _add(root, "mediaFile", {"filename": file, "hash": f"md5:{md5}", "downloadUrl": address}, _MANIFEST)
    return _changing(root)


def download(data: bytes, content_type: str) -> Response:
    """Bytes as they are stored."""
    response = Response(content_type=content_type)
    fill(response, data)
    response.headers["Cache-Control"] = "private, no-cache"
    return mark(response)


def mark(response: Response) -> Response:
    """The headers without which Collect takes a server for something else."""
    response.headers["X-OpenRosa-Version"] = "1.0"
    response.headers["X-OpenRosa-Accept-Content-Length"] = str(context().settings.openrosa_bytes_max)
    return response


def _root(name: str, namespace: str) -> etree._Element:
    return etree.fromstring(f'<{name} xmlns="{namespace}"/>')


def _add(root: etree._Element, name: str, members: Mapping[str, str], namespace: str) -> None:
    element = etree.SubElement(root, f"{{{namespace}}}{name}")
    for member, text in members.items():
        etree.SubElement(element, f"{{{namespace}}}{member}").text = text


def _changing(root: etree._Element) -> Response:
    response = _document(root, 200)
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _document(root: etree._Element, status: int) -> Response:
    body = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return mark(Response(body, status=status, content_type=CONTENT_TYPE))


def _base(token: str) -> str:
    """The address under which the client reaches this server; an address that means every network names none."""
    public = context().settings.public_url.rstrip("/")
    if not public or any(each in public for each in _EVERY_NETWORK):
        public = request.host_url.rstrip("/")
    return f"{public}{PREFIX}{quote(token, safe='')}"
