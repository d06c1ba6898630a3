"""A gzip file put together from parts that were packed each by itself: what did not change is not packed again.

It is one member (RFC 1952), since Okio, with which ODK Collect unpacks, refuses whatever follows the first.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

LEVEL = 6

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"


def part(content: bytes) -> bytes:
    """Packed so that it may stand after any other part: blocks of deflate that end with a byte and are not the last."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)


def whole(parts: Iterable[bytes]) -> bytes:
    """The gzip file of such parts, one after the other."""
    found, check, size = [_HEAD], 0, 0
    for each in parts:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(each)
        check, size = zlib.crc32(content, check), size + len(content)
        found.append(each)
    return b"".join([*found, _LAST_BLOCK, struct.pack("<LL", check, size & 0xFFFFFFFF)])


def cut(packed: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The parts of such a file again, by their sizes in bytes."""
    ends = list(accumulate(sizes, initial=len(_HEAD)))
    return [packed[start:end] for start, end in pairwise(ends)]
