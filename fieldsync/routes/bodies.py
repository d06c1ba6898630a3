"""Request bodies and answers on a thin link: gzip and zstd, both ways, with a cap on what is unpacked."""

import gzip
import io
import zlib

import msgspec
import zstandard
from flask import Response, request

from fieldsync.core.problems import Problem

COMPRESS_FROM_BYTES = 400
"""Smaller answers gain nothing."""

WINDOW_BYTES_MAX = 8 * 1024 * 1024
"""The largest memory that a zstd body may ask for."""

GZIP_MEMBERS_MAX = 64
"""Members of one gzip body: writers make one, or one for each flush; unpacking thousands of empty ones takes long."""


def read_body(packed_max: int, unpacked_max: int) -> bytes | Problem:
    """The unpacked body of the present request, or why it is refused; never more than the limits in memory."""
    if (request.content_length or 0) > packed_max:
        return _too_large(packed_max, unpacked_max)
    packed = request.stream.read(packed_max + 1)
    if len(packed) > packed_max:
        return _too_large(packed_max, unpacked_max)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        unpacked: bytes | None = packed
    elif encoding in ("gzip", "x-gzip"):
        unpacked = _gunzip(packed, unpacked_max)
    elif encoding == "zstd":
        unpacked = _unzstd(packed, unpacked_max)
    else:
        return Problem("unsupported_encoding")
    if unpacked is None:
        return Problem("not_json")
    return _too_large(packed_max, unpacked_max) if len(unpacked) > unpacked_max else unpacked


def json_response(content: object, status: int = 200) -> Response:
    """An answer as JSON, compressed as the caller accepts."""
    response = Response(status=status, mimetype="application/json")
    fill(response, msgspec.json.encode(content))
    response.headers["Cache-Control"] = "no-store"
    return response


def fill(response: Response, body: bytes) -> None:
    """Put a body into an answer, compressed as the caller accepts."""
    accepted = request.headers.get("Accept-Encoding", "")
    if len(body) >= COMPRESS_FROM_BYTES and "zstd" in accepted:
        body, response.headers["Content-Encoding"] = zstandard.ZstdCompressor(level=3).compress(body), "zstd"
    elif len(body) >= COMPRESS_FROM_BYTES and "gzip" in accepted:
        body, response.headers["Content-Encoding"] = gzip.compress(body, compresslevel=6, mtime=0), "gzip"
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    response.set_data(body)


def _too_large(packed_max: int, unpacked_max: int) -> Problem:
    limits = f"{packed_max // 1024} KiB packed, {unpacked_max // 1024} KiB unpacked"
    return Problem("too_large", detail={"limit": limits})


def _gunzip(packed: bytes, unpacked_max: int) -> bytes | None:
    unpacked = bytearray()
    for _ in range(GZIP_MEMBERS_MAX):
        inflater = zlib.decompressobj(wbits=31)
        try:
            unpacked += inflater.decompress(packed, unpacked_max + 1 - len(unpacked))
        except zlib.error:
            return None
        if len(unpacked) > unpacked_max:
            return bytes(unpacked)
        if not inflater.eof:
            return None
        packed = inflater.unused_data
        if not packed:
            return bytes(unpacked)
    return None


def _unzstd(packed: bytes, unpacked_max: int) -> bytes | None:
    reader = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX).stream_reader(io.BytesIO(packed))
    try:
        return reader.read(unpacked_max + 1)
    except zstandard.ZstdError:
        return None
