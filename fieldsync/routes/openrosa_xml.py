"""What OpenRosa clients read: form list, manifest and messages as XML, and the headers that they expect."""

import gzip
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from flask import Response, request
from lxml import etree

from fieldsync.core.problems import Problem, render
from fieldsync.routes.bodies import fill
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.openrosa_signing import SIGNED
from fieldsync.services.openrosa_forms import Offered

PREFIX = "/v1/key/"
PREFIXES = (PREFIX, SIGNED)
"""Everything below is spoken to OpenRosa clients: an error there is XML too."""

CONTENT_TYPE = "text/xml; charset=utf-8"
"""Collect takes no other type for lists and manifests."""

_DECLARED = "<?xml version='1.0' encoding='UTF-8'?>\n"
_RESPONSE = "http://openrosa.org/http/response"
_FORMS = "http://openrosa.org/xforms/xformsList"
_MANIFEST = "http://openrosa.org/xforms/xformsManifest"
_EVERY_NETWORK = ("//0.0.0.0", "//[::]")


def is_spoken_here() -> bool:
    """Whether the present request came to an address for OpenRosa clients."""
    return request.path.startswith(PREFIXES)


def said(problem: Problem, status: int) -> Response:
    """A message in the reader's language; Collect and Enketo show it."""
    return said_in(reader_language(), problem, status, context().settings.openrosa_bytes_max)


def said_in(language: str, problem: Problem, status: int, accepted: int) -> Response:
    """`said`, to a request that Flask does not know. `accepted`: bytes that a request may have."""
    body = _message(problem, language) if problem.detail or problem.said else _bare_message(problem.code, language)
    headers = [
        ("Content-Type", CONTENT_TYPE),
        *_marks(accepted),
        ("Content-Language", language),
        ("Cache-Control", "no-store"),
    ]
    return Response(body, status=status, headers=headers)


class _Ready(Response):
    """An answer that is put together once and given many times, to requests that are not HEAD; nobody changes it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.get_data(), response.status, response.headers)
        self._start = (self.status, self.get_wsgi_headers({}).to_wsgi_list())
        self._body = [self.get_data()]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response(*self._start)
        return self._body


_BECAME = {"applied": "submission_received", "held": "submission_waits", "quarantined": "submission_set_apart"}


@lru_cache(maxsize=256)
def received(status: str, language: str, accepted: int) -> Response:
    """That a submission is here, with what became of it: the same for all who read a language.

    `accepted`: bytes that a request may have.
    """
    return _Ready(said_in(language, Problem(_BECAME[status]), 201, accepted))


@lru_cache(maxsize=256)
def _bare_message(code: str, language: str) -> bytes:
    """What nearly every answer says: the same for everybody who reads a language."""
    return _message(Problem(code), language)


def _message(problem: Problem, language: str) -> bytes:
    text = escape(render(problem, language))
    body = f'{_DECLARED}<OpenRosaResponse xmlns="{_RESPONSE}"><message>{text}</message></OpenRosaResponse>'
    return body.encode()


def form_list(key: str, forms: Sequence[Offered]) -> Response:
    """The forms to download, with absolute addresses; the client may ask whether it changed."""
    root = _root("xforms", _FORMS)
    for each in forms:
        base = f"{_base(key)}/forms/{each.name}"
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


def manifest(key: str, name: str, files: Mapping[str, str], lists: Mapping[str, str]) -> Response:
    """A form's files by name, with their MD5, and the entity lists that it reads, each with what changes with it."""
    root = _root("manifest", _MANIFEST)
    for file, md5 in files.items():
        address = f"{_base(key)}/forms/{name}/media/{quote(file, safe='')}"
        _add(root, "mediaFile", {"filename": file, "hash": f"md5:{md5}", "downloadUrl": address}, _MANIFEST)
    for each, md5 in lists.items():
        base = f"{_base(key)}/lists/{quote(each, safe='')}"
        members = {"filename": f"{each}.csv", "hash": f"md5:{md5}", "downloadUrl": f"{base}/entities.csv"}
        element = _add(root, "mediaFile", {**members, "integrityUrl": f"{base}/integrity"}, _MANIFEST)
        element.set("type", "entityList")
    return _changing(root)


def integrity(deleted: Mapping[str, bool]) -> Response:
    """Whether entities are gone; this document has no namespace."""
    root = etree.Element("data")
    entities = etree.SubElement(root, "entities")
    for uuid, is_deleted in deleted.items():
        entity = etree.SubElement(entities, "entity", id=uuid)
        etree.SubElement(entity, "deleted").text = "true" if is_deleted else "false"
    response = _document(root, 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def download(data: bytes, content_type: str) -> Response:
    """Bytes as they are stored."""
    response = Response(content_type=content_type)
    fill(response, data)
    response.headers["Cache-Control"] = "private, no-cache"
    return mark(response)


def packed_csv(packed: bytes, etag: str) -> Response:
    """A list, packed as it is kept wherever the client takes that."""
    response = Response(content_type="text/csv; charset=utf-8")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.set_data(gzip.decompress(packed))
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = "attachment"
    response.set_etag(etag)
    return mark(response)


def mark(response: Response) -> Response:
    """The headers without which Collect takes a server for something else."""
    response.headers.extend(_marks(context().settings.openrosa_bytes_max))
    return response


def _marks(accepted: int) -> list[tuple[str, str]]:
    return [("X-OpenRosa-Version", "1.0"), ("X-OpenRosa-Accept-Content-Length", str(accepted))]


def _root(name: str, namespace: str) -> etree._Element:
    return etree.fromstring(f'<{name} xmlns="{namespace}"/>')


def _add(root: etree._Element, name: str, members: Mapping[str, str], namespace: str) -> etree._Element:
    element = etree.SubElement(root, f"{{{namespace}}}{name}")
    for member, text in members.items():
        etree.SubElement(element, f"{{{namespace}}}{member}").text = text
    return element


def _changing(root: etree._Element) -> Response:
    response = _document(root, 200)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Language"] = reader_language()
    response.add_etag()
    response.make_conditional(request)
    return response


def _document(root: etree._Element, status: int) -> Response:
    body = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return mark(Response(body, status=status, content_type=CONTENT_TYPE))


def _base(key: str) -> str:
    """The address under which the client reaches this server; an address that means every network names none."""
    public = context().settings.public_url.rstrip("/")
    if not public or any(each in public for each in _EVERY_NETWORK):
        public = request.host_url.rstrip("/")
    prefix = next(each for each in PREFIXES if request.path.startswith(each))
    return f"{public}{prefix}{quote(key, safe='')}"
