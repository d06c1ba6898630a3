"""The program's own files: served for a year under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Response, request

from fieldsync.config import program_folder
from fieldsync.core.problems import Problem
from fieldsync.routes.errors import Refused

FOLDER: Path = program_folder("web") / "static"

YEAR_SECONDS = 365 * 24 * 3600
COMPRESSED = {".css", ".js", ".svg", ".txt"}
TYPES = {".woff2": "font/woff2", ".js": "text/javascript"}


@dataclass(frozen=True)
class Asset:
    """A file, and its gzipped twin where that is smaller."""

    body: bytes
    packed: bytes | None
    content_type: str


@cache
def assets() -> Mapping[str, Asset]:
    """Every file by its path below the folder; some 250 KB in all, read once."""
    return {str(path.relative_to(FOLDER)): _read(path) for path in sorted(FOLDER.rglob("*")) if path.is_file()}


@cache
def edition() -> str:
    """A digest of all of them: it stands in their addresses, so that a new release is fetched anew."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(f"{name}\0{len(asset.body)}\0".encode() + asset.body)
    return digest.hexdigest()[:12]


def address(name: str) -> str:
    """The address of a file; a name that is not there is a mistake of ours."""
    assert name in assets(), name
    return f"/static/{edition()}/{name}"


def serve(asked_edition: str, filename: str) -> Response:
    """A file; one asked for by an address of an earlier release is the present one, and not kept."""
    asset = assets().get(filename)
    if asset is None:
        raise Refused(Problem("not_found"))
    response = Response(asset.body, content_type=asset.content_type)
    if asset.packed is not None:
        response.headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.set_data(asset.packed)
            response.headers["Content-Encoding"] = "gzip"
    fresh = f"public, max-age={YEAR_SECONDS}, immutable"
    response.headers["Cache-Control"] = fresh if asked_edition == edition() else "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or path.suffix == ".svg"
    packed = gzip.compress(body, mtime=0) if path.suffix in COMPRESSED else None
    return Asset(body, packed, f"{kind}; charset=utf-8" if text else kind)
