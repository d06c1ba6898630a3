"""The parts of an OpenRosa submission, read as they come: small ones in memory, large ones on disk."""

import gzip
import io
import sys
import tempfile
import zlib
from dataclasses import dataclass
from typing import IO, Any, cast

import zstandard
from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from fieldsync.core.lone_part import first_part, lone_part
from fieldsync.core.problems import Problem
from fieldsync.routes.bodies import WINDOW_BYTES_MAX
from fieldsync.routes.context import context, present_request
from fieldsync.routes.errors import Refused
from fieldsync.services.openrosa_files import Part

RECORD = "xml_submission_file"

PARTS_MAX = 1000
"""Parts of one request; Collect sends at most a hundred files at a time."""

NAME_LENGTH_MAX = 255

IN_MEMORY_BYTES = 256 * 1024
"""A larger part goes to disk while it is read."""

DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Parts:
    """The record's bytes, and the files beside it. `left_out`: why the files are not here, where they are not."""

    record: bytes
    files: list[Part]
    left_out: Problem | None = None


def read_parts() -> Parts:
    """The parts of the present request; of one that is too large the record alone, where that came first."""
    asked, settings = present_request(), context().settings
    record_max = settings.request_unpacked_bytes_max
    try:
        body: Any = None
        asked.max_content_length = sys.maxsize  # bounded here, packed and unpacked; None would be the app's own
        size = asked.content_length or IN_MEMORY_BYTES
        if size < min(IN_MEMORY_BYTES, settings.openrosa_bytes_max) and "HTTP_CONTENT_ENCODING" not in asked.environ:
            whole = _as_announced(asked.environ["wsgi.input"], size)
            alone = lone_part(asked.environ.get("CONTENT_TYPE", ""), whole, RECORD)
            if alone is not None and len(alone) <= record_max:
                return Parts(alone, [])
            body = io.BytesIO(whole)
        parser = FormDataParser(_stream, max_form_memory_size=record_max, max_form_parts=PARTS_MAX)
        body = body or _body()
        _, form, files = parser.parse(body, asked.mimetype, None, dict(asked.mimetype_params))
    except (RequestEntityTooLarge, ValueError, ClientDisconnected):
        raise Refused(Problem("not_a_submission")) from None
    except (zlib.error, gzip.BadGzipFile, EOFError, zstandard.ZstdError):
        raise Refused(Problem("not_xml")) from None
    except _TooLarge:
        return _record_alone(body, record_max)
    records = [_record(each, record_max) for each in files.getlist(RECORD)]
    records += [each.encode() for each in form.getlist(RECORD)]
    if len(records) != 1:
        raise Refused(Problem("not_a_submission"))
    return Parts(records[0], [_file(each) for name, each in files.items(multi=True) if name != RECORD])


def _record_alone(body: Any, record_max: int) -> Parts:
    """What a request too large began with: its record, whose answers are not lost for a file that is too large."""
    alone = first_part(present_request().environ.get("CONTENT_TYPE", ""), bytes(body.begun), RECORD)
    limit = {"limit": f"{context().settings.openrosa_bytes_max // 1024} KiB"}
    if alone is None or len(alone) > record_max:
        raise Refused(Problem("too_large", detail=limit))
    return Parts(alone, [], Problem("request_left_out", detail=limit))


def _as_announced(stream: Any, size: int) -> bytes:
    """That many bytes, and none after them, of what came on the wire."""
    whole: bytes = stream.read(size)
    while len(whole) < size:
        more = stream.read(size - len(whole))
        if not more:
            raise ClientDisconnected
        whole += more
    return whole


def _stream(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> IO[bytes]:
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES))


def _record(part: FileStorage, bytes_max: int) -> bytes:
    part.stream.seek(0)
    data = part.stream.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise Refused(Problem("xml_too_large"))
    return data


def _file(part: FileStorage) -> Part:
    """A file under the name of its part, with its own name beside it."""
    name = part.name or part.filename or ""
    if not _is_name(name):
        raise Refused(Problem("not_a_submission"))
    part.stream.seek(0)
    own = part.filename or ""
    return Part(name, part.mimetype or DEFAULT_TYPE, part.stream, own if _is_name(own) else "")


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_LENGTH_MAX and "/" not in text and "\\" not in text


class _TooLarge(Exception):
    """More came than a request may hold, packed or unpacked."""


class _Bounded(io.RawIOBase):
    """Reads at most so many bytes of another stream; at one more it raises `_TooLarge`. `begun`: the first of them."""

    def __init__(self, stream: Any, bytes_max: int) -> None:
        self._stream = stream
        self._left = bytes_max
        self.begun = bytearray()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size if size >= 0 else self._left + 1)
        self._left -= len(data)
        if len(self.begun) < IN_MEMORY_BYTES:
            self.begun += data[: IN_MEMORY_BYTES - len(self.begun)]
        if self._left < 0:
            raise _TooLarge
        return data


def _body() -> _Bounded:
    bytes_max = context().settings.openrosa_bytes_max
    packed = _Bounded(request.stream, bytes_max)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return packed
    if encoding in ("gzip", "x-gzip"):
        return _Bounded(gzip.GzipFile(fileobj=cast(Any, packed)), bytes_max)
    if encoding == "zstd":
        opener = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        return _Bounded(opener.stream_reader(cast(Any, packed)), bytes_max)
    raise Refused(Problem("unsupported_encoding"))
