"""Headers of tus 1.0 as values (the resumable upload protocol, extensions creation, checksum and expiration)."""

import base64
import binascii
import re
from dataclasses import dataclass

from fieldsync.core.answer_types import FILE_NAME_LENGTH_MAX
from fieldsync.core.problems import Problem

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "checksum", "expiration", "termination")
CHECKSUMS = ("sha1", "sha256")
BODY_TYPE = "application/offset+octet-stream"

METADATA_LENGTH_MAX = 4096
"""Characters of `Upload-Metadata`: a digest, a file's name and a record's UUID, in base64."""

_WHOLE = re.compile("[0-9]{1,15}").fullmatch
_SHA256 = re.compile("[0-9a-f]{64}").fullmatch
_RECORD = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_FORBIDDEN = re.compile("[\x00-\x1f\x7f/\\\\]")


@dataclass(frozen=True)
class Announced:
    """A file that is to come: SHA-256 in hexadecimal, size in bytes, plain name, the record that will name it."""

    sha256: str
    size: int
    name: str
    record: str | None = None


@dataclass(frozen=True)
class Checksum:
    """What the body of one request must add up to."""

    algorithm: str
    digest: bytes


def announced(length: str, metadata: str, size_max: int) -> Announced | Problem:
    """The file that a creation request announces by `Upload-Length` and `Upload-Metadata`, or what is wrong with it."""
    if not _WHOLE(length):
        return _wrong("Upload-Length")
    size = int(length)
    if size > size_max:
        return Problem("too_large", detail={"limit": f"{size_max // 1024} KiB"})
    said = _metadata(metadata)
    if said is None:
        return _wrong("Upload-Metadata")
    sha256, name, record = said.get("sha256", "").lower(), said.get("filename", ""), said.get("record", "").lower()
    if not _SHA256(sha256):
        return _wrong("Upload-Metadata sha256")
    if len(name) > FILE_NAME_LENGTH_MAX or _FORBIDDEN.search(name):
        return _wrong("Upload-Metadata filename")
    if record and not _RECORD(record):
        return _wrong("Upload-Metadata record")
    return Announced(sha256, size, name, record or None)


def metadata(said: Announced) -> str:
    """`Upload-Metadata` as it is told back."""
    told = {"sha256": said.sha256, "filename": said.name, "record": said.record or ""}
    pairs = {key: base64.b64encode(value.encode()).decode() for key, value in told.items() if value}
    return ",".join(f"{key} {value}" for key, value in pairs.items())


def offset(header: str) -> int | Problem:
    """The position in `Upload-Offset`."""
    return int(header) if _WHOLE(header) else _wrong("Upload-Offset")


def checksum(header: str) -> Checksum | Problem | None:
    """What `Upload-Checksum` asks for; None where it is absent."""
    if not header:
        return None
    algorithm, _, encoded = header.partition(" ")
    digest = _decoded(encoded.strip())
    if algorithm not in CHECKSUMS or digest is None:
        return _wrong("Upload-Checksum")
    return Checksum(algorithm, digest)


def _metadata(header: str) -> dict[str, str] | None:
    """Keys and values, each value text in base64; None where that cannot be read."""
    if len(header) > METADATA_LENGTH_MAX:
        return None
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        raw = _decoded(encoded.strip())
        try:
            found[key] = (raw or b"").decode()
        except UnicodeDecodeError:
            return None
        if raw is None:
            return None
    return found


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _wrong(header: str) -> Problem:
    return Problem("upload_wrong", detail={"where": header})
