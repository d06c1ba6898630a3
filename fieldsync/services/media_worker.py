"""The films' and sounds' own process: what recorders write into a file is taken out of it, within limits.

Run as `python -m fieldsync.services.media_worker PATH SECONDS MEMORY_MIB`. It changes the file, and says `cleaned` on
standard output; of a file that it does not understand it says `unknown`. What it reads is anybody's file.
"""

import os
import resource
import sys
from collections.abc import Mapping
from typing import IO

from fieldsync.services.media_boxes import BEGINNINGS, Cleaner, NotUnderstoodError
from fieldsync.services.media_boxes import clean as clean_boxes

HEAD_BYTES = 16
CLEANED, UNKNOWN = b"cleaned", b"unknown"

_CHUNK = 1 << 20
_RIFF_KEPT = (b"fmt ", b"data", b"fact")
_FLAC_KEPT = (0, 3)
"""Types of FLAC's blocks: what the stream is, where to seek."""
_FLAC_PADDING = 1

_OTHERS = (
    *(b"OggS", b"\x1a\x45\xdf\xa3", b"GIF8", b"II*\0", b"MM\0*", b"\xff\x0a", b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL "),
    *(b"\x30\x26\xb2\x75", b"FLV\x01", b"RIFF", b"FORM", b"\0\0\x01\xba", b"\0\0\x01\xb3"),
)
"""How media begin that may tell a place, and that nobody here reads."""


def cleaner_of(head: bytes) -> Cleaner | None:
    """What cleans a file that begins so; None for what is no picture, film or sound."""
    if head[4:8] in BEGINNINGS:
        return clean_boxes
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _clean_wave
    if head.startswith(b"fLaC"):
        return _clean_flac
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] >= b"\xe0" and head[:3] != b"\xff\xd8\xff"):
        return _clean_mpeg
    if head.startswith(b"#!AMR"):
        return _leave
    return _refuse if head.startswith(_OTHERS) else None


def _leave(_file: IO[bytes]) -> None:
    """A kind of file that holds nothing but sound."""


def _refuse(_file: IO[bytes]) -> None:
    raise NotUnderstoodError


def _clean_wave(file: IO[bytes]) -> None:
    end = min(8 + int.from_bytes(_at(file, 4, 4), "little"), file.seek(0, os.SEEK_END))
    start = 12
    while start + 8 <= end:
        kind, size = _at(file, start, 4), int.from_bytes(_at(file, start + 4, 4), "little")
        following = min(start + 8 + size + size % 2, end)
        if kind not in _RIFF_KEPT:
            file.seek(start)
            file.write(b"JUNK")
            _zero(file, start + 8, following)
        start = following
    file.truncate(end)


def _clean_flac(file: IO[bytes]) -> None:
    start, is_last = 4, False
    while not is_last:
        head = int.from_bytes(_at(file, start, 4))
        kind, size, is_last = head >> 24 & 127, head & 0xFFFFFF, bool(head >> 31)
        if kind not in _FLAC_KEPT:
            file.seek(start)
            file.write(bytes([_FLAC_PADDING | is_last << 7]))
            _zero(file, start + 4, start + 4 + size)
        start += 4 + size
    if start > file.seek(0, os.SEEK_END):
        raise NotUnderstoodError
    file.truncate(_end_of_sound(file))


def _clean_mpeg(file: IO[bytes]) -> None:
    """Sound between the tags before it and behind it."""
    start = 0
    while _at(file, start, 3) == b"ID3":
        flags, *size = _at(file, start + 5, 5)
        start += 10 + sum(each << shift for each, shift in zip(size, (21, 14, 7, 0), strict=True))
        start += 10 if flags & 0x10 else 0
    end = _end_of_sound(file)
    head = _at(file, start, 2)
    if head[0] != 0xFF or head[1] < 0xE0 or start >= end:
        raise NotUnderstoodError
    _keep(file, start, end)


def _end_of_sound(file: IO[bytes]) -> int:
    """Where the tags behind a sound begin."""
    end = file.seek(0, os.SEEK_END)
    if end >= 128 and _at(file, end - 128, 3) == b"TAG":
        end -= 128
    if end >= 32 and _at(file, end - 32, 8) == b"APETAGEX":
        size, flags = (int.from_bytes(_at(file, end - at, 4), "little") for at in (20, 12))
        end -= size + (32 if flags >> 31 else 0)
    if end < 0 or (end >= 9 and _at(file, end - 9, 6) == b"LYRICS"):
        raise NotUnderstoodError
    return end


def _keep(file: IO[bytes], start: int, end: int) -> None:
    """Cut a file down to a part of it."""
    to = 0
    while start < end:
        data = _at(file, start, min(_CHUNK, end - start))
        file.seek(to)
        file.write(data)
        start, to = start + len(data), to + len(data)
    file.truncate(to)


def _zero(file: IO[bytes], start: int, end: int) -> None:
    if end > file.seek(0, os.SEEK_END):
        raise NotUnderstoodError
    file.seek(start)
    for at in range(start, end, _CHUNK):
        file.write(bytes(min(_CHUNK, end - at)))


def _at(file: IO[bytes], start: int, count: int) -> bytes:
    file.seek(start)
    data = file.read(count)
    if len(data) != count:
        raise NotUnderstoodError
    return data


def cleaned(file: IO[bytes]) -> bytes:
    """Take out of a file what its recorder wrote; `CLEANED`, or `UNKNOWN`, and it is worthless then."""
    file.seek(0)
    cleaner = cleaner_of(file.read(HEAD_BYTES))
    if cleaner is None:
        return UNKNOWN
    try:
        cleaner(file)
    except NotUnderstoodError:
        return UNKNOWN
    return CLEANED


LIMITS: Mapping[int, int] = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 64}


def main() -> None:
    """Open, change, say; whatever goes wrong ends the process with a status."""
    path, seconds, memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) * 1024 * 1024
    for limit, value in {**LIMITS, resource.RLIMIT_CPU: seconds, resource.RLIMIT_AS: memory}.items():
        resource.setrlimit(limit, (value, value))
    with open(path, "r+b") as file:
        sys.stdout.buffer.write(cleaned(file))


if __name__ == "__main__":
    main()
